"""A cache for what wrong examples show that keeps nothing, so that each test sees what the code of today shows.

Enters: texts. Leaves: None. Invariant: nothing is ever there.
"""

from __future__ import annotations


class Forgetful:
    """Keeps nothing."""

    def has(self, key: str) -> bool:
        return False

    def get(self, key: str) -> str | None:
        return None

    def put(self, key: str, text: str) -> None:
        return

"""How values are put into a sentence: on one line, short, in quotes that cannot be mistaken for the value.

Enters: text of any length. Leaves: one line. Invariant: pure, and never longer than asked for.
"""

from __future__ import annotations


def clip(text: str, most: int) -> str:
    """`text` on one line, cut to `most` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def typed(text: str) -> str:
    """What a learner typed, as an error message quotes it."""
    return f"'{clip(text, 40)}'"

"""Texts kept in a folder from one process to the next, because making them again takes time.

Enters: keys of letters and digits, texts. Leaves: the texts. Invariant: a file is whole or not there, and a folder that
cannot be written costs time only.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 64 << 20


class FolderCache:
    """A cache in a folder that is made when first something is kept. Beyond `MOST_BYTES` the oldest texts go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, key: str) -> bool:
        """Whether there is a text under a key."""
        return (self._folder / key).is_file()

    def get(self, key: str) -> str | None:
        """The text under a key, or None."""
        try:
            return (self._folder / key).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def put(self, key: str, text: str) -> None:
        """Keep a text; where the disk is full or read-only, nothing is kept."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                written = Path(folder) / key
                written.write_text(text, encoding="utf-8")
                written.replace(self._folder / key)
            self._make_room()

    def _make_room(self) -> None:
        files = [path for path in self._folder.iterdir() if path.is_file()]
        kept = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in files)
        total = sum(size for _, size, _ in kept)
        for _, size, path in kept[:-1]:
            if total <= MOST_BYTES:
                return
            path.unlink(missing_ok=True)
            total -= size

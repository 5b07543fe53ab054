"""The learner's files as part of a state: kept when a state comes to rest, put back when a run starts from it.

Enters: the folder in which cells run. Leaves: a copy of it beside, or nothing where it is empty. Invariant: everything
here happens in the learner's own process, so a link or a name that it planted leads nobody else anywhere.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

KEPT = ".states"
LIMIT_BYTES = 64 << 20

Listing = tuple[tuple[str, int, int, int], ...]


class Files:
    """What the folder `home` held in the state that this process is."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._copy: Path | None = None
        self._listing: Listing = ()
        self._copies = 0

    def keep(self, name: str) -> str | None:
        """Keep the files as they are under `name`; what was in the way, None where they are kept."""
        listing = _list(self._home)
        if listing == self._listing:
            return None
        if sum(entry[2] for entry in listing) > LIMIT_BYTES:
            return f"files of more than {LIMIT_BYTES >> 20} MB"
        self._copies += 1
        copy = self._home.parent / KEPT / f"{name}-{self._copies}"
        try:
            if listing:
                shutil.copytree(self._home, copy, symlinks=True)
        except (OSError, shutil.Error) as failure:
            shutil.rmtree(copy, ignore_errors=True)
            return f"files that could not be copied ({type(failure).__name__})"
        self._copy, self._listing = (copy if listing else None), listing
        return None

    def put_back(self) -> None:
        """Make the folder what it was when this state was kept, and go there."""
        if _list(self._home) != self._listing:
            for entry in os.scandir(self._home):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)  # noqa: PTH108  a path as scandir gives it
            if self._copy is not None:
                shutil.copytree(self._copy, self._home, symlinks=True, dirs_exist_ok=True)
        os.chdir(self._home)


def _list(folder: Path) -> Listing:
    """Every entry below `folder`: its path, kind, size and time of change."""
    found = []
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)  # noqa: PTH118  a path as os.walk gives it
            seen = os.lstat(path)
            is_folder = name in folders
            found.append((path, seen.st_mode, 0 if is_folder else seen.st_size, 0 if is_folder else seen.st_mtime_ns))
    return tuple(sorted(found))

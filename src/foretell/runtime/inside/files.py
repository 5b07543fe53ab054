"""The learner's files as part of a state: kept when a state comes to rest, put back when a run starts from it.

Enters: the folder in which cells run. Leaves: a copy of it beside, or nothing where it is empty. Invariant: everything
here happens in the learner's own process, so a link or a name that it planted leads nobody else anywhere. Modes are
given when a file is made and never changed afterwards: a jail without namespaces refuses `chmod`.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

KEPT = ".states"
LIMIT_BYTES = 64 << 20
MOST_ENTRIES = 10_000
MOST_DEPTH = 40

Listing = tuple[tuple[str, int, int, int], ...]


class Files:
    """What the folder `home` held in the state that this process is."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._copy: Path | None = None
        self._listing: Listing = ()
        self._copies = 0

    @property
    def name(self) -> str:
        """The copy that this state needs; "" where there were no files."""
        return self._copy.name if self._copy is not None else ""

    def forget_all_but(self, needed: Iterable[str]) -> None:
        """Remove the copies that no state needs any more: they take room in the learner's own folder."""
        wanted = {*needed, self.name}
        with suppress(OSError):
            for entry in list(os.scandir(self._home.parent / KEPT)):
                if entry.name not in wanted:
                    with suppress(OSError):
                        _empty(entry.path)
                        os.rmdir(entry.path)  # noqa: PTH106  a path as scandir gives it

    def keep(self, name: str) -> str | None:
        """Keep the files as they are under `name`; what was in the way, None where they are kept."""
        try:
            listing = _list(self._home)
        except OSError as failure:
            return f"files that could not be listed ({type(failure).__name__})"
        if listing == self._listing:
            return None
        if sum(entry[2] for entry in listing) > LIMIT_BYTES:
            return f"files of more than {LIMIT_BYTES >> 20} MB"
        self._copies += 1
        copy = self._home.parent / KEPT / f"{name}-{self._copies}"
        try:
            if listing:
                copy.mkdir(parents=True)
                _copy_into(str(copy), str(self._home))
        except OSError as failure:
            shutil.rmtree(copy, ignore_errors=True)
            return f"files that could not be copied ({type(failure).__name__})"
        self._copy, self._listing = (copy if listing else None), listing
        return None

    def put_back(self) -> None:
        """Make the folder what it was when this state was kept, and go there."""
        try:
            changed = _list(self._home) != self._listing
        except OSError:
            changed = True
        if changed:
            _empty(str(self._home))
            if self._copy is not None:
                _copy_into(str(self._home), str(self._copy))
        os.chdir(self._home)


def _copy_into(target: str, source: str) -> None:
    """All of the folder `source` into the empty folder `target`. OSError for what is no file, link or folder."""
    for entry in os.scandir(source):
        path = os.path.join(target, entry.name)  # noqa: PTH118  a path as scandir gives it
        seen = entry.stat(follow_symlinks=False)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), path)  # noqa: PTH115, PTH211  as above
            continue
        if entry.is_dir():
            os.mkdir(path, stat.S_IMODE(seen.st_mode) | stat.S_IRWXU)  # noqa: PTH102  as above
            _copy_into(path, entry.path)
        elif entry.is_file():
            _copy_file(path, entry.path, stat.S_IMODE(seen.st_mode))
        else:
            raise OSError(f"{entry.name} is no file, link or folder")
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _copy_file(target: str, source: str, mode: int) -> None:
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(made, "wb") as writing, open(source, "rb") as reading:  # noqa: PTH123  as above
        shutil.copyfileobj(reading, writing)


def _empty(folder: str) -> None:
    """Remove all that is in `folder`, however deep: what lies in a folder is moved up before that one goes."""
    numbers = count()
    while folders := _remove_files(folder):
        for place in folders:
            with suppress(OSError):
                os.chmod(place, stat.S_IRWXU)  # noqa: PTH101  as above
            for inner in _remove_files(place):
                os.rename(inner, os.path.join(folder, f".{os.getpid()}-{next(numbers)}"))  # noqa: PTH104, PTH118
            os.rmdir(place)  # noqa: PTH106  as above


def _remove_files(folder: str) -> list[str]:
    """Remove what is no folder in `folder`; the folders that are left."""
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)  # noqa: PTH108  as above
    return [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]


def _list(folder: Path) -> Listing:
    """Every entry below `folder`: its path, kind, size and time of change. OSError for too many, or too deep."""
    found: list[tuple[str, int, int, int]] = []
    waiting = [(str(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        for entry in os.scandir(place):
            seen = entry.stat(follow_symlinks=False)
            is_folder = entry.is_dir(follow_symlinks=False)
            size, changed = (0, 0) if is_folder else (seen.st_size, seen.st_mtime_ns)
            found.append((entry.path, seen.st_mode, size, changed))
            if is_folder:
                waiting.append((entry.path, depth + 1))
        if len(found) > MOST_ENTRIES or depth > MOST_DEPTH:
            raise OSError(f"more than {MOST_ENTRIES} files, or folders deeper than {MOST_DEPTH}")
    return tuple(sorted(found))

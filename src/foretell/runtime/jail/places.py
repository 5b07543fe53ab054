"""Which paths of this machine a jail shows: Python, its packages, the system's libraries, fonts and time zones.

Enters: this interpreter and the file system. Leaves: paths. Invariant: nothing of foretell's own is among what is
shown, for it carries lessons with their solutions.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/usr/local/lib")
SHARED = ("/usr/share/zoneinfo", "/usr/share/fonts", "/usr/local/share/fonts", "/etc/ld.so.cache", "/etc/localtime")
NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs", "/usr/share/ca-certificates")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PACKAGES = ("site-packages", "dist-packages")
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
OURS = ("foretell", "foretell-*.dist-info", "foretell-*.egg-info", "__editable__*foretell*")


def libraries() -> tuple[str, ...]:
    """The directories that Python imports from, and what their native parts are linked with."""
    paths = sysconfig.get_paths()
    wanted = [os.path.join(sys.base_prefix, "lib"), *(paths[name] for name in ("stdlib", "platstdlib"))]  # noqa: PTH118
    wanted += [paths["purelib"], paths["platlib"], *SYSTEM]
    wanted += [path for path in sys.path if path.endswith(PACKAGES)]
    return _outermost(wanted)


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that exist, without those that lie beneath another."""
    there = sorted({path for path in paths if os.path.isabs(path) and os.path.isdir(path)})  # noqa: PTH112, PTH117
    kept: list[str] = []
    for path in there:
        if os.path.islink(path) or not any(lies_beneath(path, other) for other in kept):  # noqa: PTH114
            kept.append(path)
    return tuple(kept)


def lies_beneath(path: str, other: str) -> bool:
    """Whether `path` is `other` or something in it, by name."""
    return path == other or path.startswith(other.rstrip("/") + "/")


def own_packages() -> tuple[str, ...]:
    """Where foretell itself lies among the packages."""
    places = {path for path in (*sys.path, *sysconfig.get_paths().values()) if path.endswith(PACKAGES)}
    return tuple(sorted(str(found) for place in places for name in OURS for found in Path(place).glob(name)))


def without(folder: str, hidden: Iterable[str]) -> tuple[str, ...]:
    """`folder`, or where something in it is to be hidden, everything in it that is not."""
    inside = [path for path in hidden if lies_beneath(path, folder)]
    if not inside:
        return (folder,)
    if folder in inside:
        return ()
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            found += (
                without(entry.path, inside)
                if entry.is_dir(follow_symlinks=False)
                else (() if entry.path in inside else (entry.path,))
            )
    return tuple(found)


def is_open_to_others(path: str) -> bool:
    """Whether any other account can get to `path` and read it."""
    real = Path(path).resolve()
    try:
        return all(place.stat().st_mode & 0o001 for place in real.parents) and bool(real.stat().st_mode & 0o004)
    except OSError:
        return False


def remove(folder: str) -> None:
    """Remove what a learner has left, however deep, following no link; nobody may be writing there any more.

    Folders within folders are first moved up to `folder`, so that depth costs neither descriptors nor recursion.
    """
    try:
        top = os.open(folder, FOLDER)
    except OSError:
        return
    try:
        numbers = itertools.count()
        while names := os.listdir(top):  # noqa: PTH208  a descriptor, not a path
            gone = [_remove_one(top, name, numbers) for name in names]
            if not any(gone):
                return  # Somebody else's: what can go has gone.
    finally:
        os.close(top)
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106  as above


def _unlock(top: int, name: str) -> None:
    """Let its owner into a folder, and never into what a link in its place leads to. OSError where it is none."""
    if not hasattr(os, "O_PATH"):
        os.chmod(name, 0o700, dir_fd=top, follow_symlinks=False)
        return
    held = os.open(name, os.O_PATH | FOLDER, dir_fd=top)
    try:
        os.chmod(f"/proc/self/fd/{held}", 0o700)  # noqa: PTH101  a descriptor that is only a place cannot be changed itself
    finally:
        os.close(held)


def _remove_one(top: int, name: str, numbers: Iterator[int]) -> bool:
    """Remove a file, or a folder whose own folders have been moved up; whether something has changed."""
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=top)
        return True
    with contextlib.suppress(OSError):
        _unlock(top, name)
        inside = os.open(name, FOLDER, dir_fd=top)
        try:
            for entry in os.listdir(inside):  # noqa: PTH208  as above
                try:
                    os.unlink(entry, dir_fd=inside)
                except OSError:
                    _unlock(inside, entry)
                    os.rename(entry, f".gone-{os.getpid()}-{next(numbers)}", src_dir_fd=inside, dst_dir_fd=top)
        finally:
            os.close(inside)
        os.rmdir(name, dir_fd=top)
        return True
    return False

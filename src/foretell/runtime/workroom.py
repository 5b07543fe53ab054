"""The folder in which a supervisor keeps what its processes write, and what a killed one has left of its own.

Enters: nothing. Leaves: a `Workroom`. Invariant: a folder goes with whoever made it, or where that was killed, when the
next one is made; one that is in use is locked, and no other account's is ever touched.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

from foretell.runtime.jail import places

PREFIX = "foretell-room-"
YOUNG_SECONDS = 60.0


class Workroom:
    """An empty folder of its maker's own, until `close`."""

    def __init__(self) -> None:
        remove_abandoned()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        self._lock = _lock(self.path)

    def close(self) -> None:
        """Remove it with all that is in it."""
        self._folder.cleanup()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_abandoned(now: float | None = None) -> list[Path]:
    """Remove the folders of this account that nobody holds any more; gives them. Windows locks none, so keeps all."""
    gone = []
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if sys.platform != "win32" else ():
        with suppress(OSError):
            seen = place.lstat()
            # One that is just being made is not locked yet.
            is_young = (now or time.time()) - seen.st_mtime < YOUNG_SECONDS
            if is_young or seen.st_uid != os.getuid() or not stat.S_ISDIR(seen.st_mode):
                continue
            if (lock := _lock(place)) is not None:
                places.remove(str(place))
                os.close(lock)
                gone.append(place)
    return gone


def _lock(place: Path) -> int | None:
    """A descriptor that holds `place` until it is closed or its process ends; None where it cannot be had."""
    if sys.platform == "win32":
        return None
    descriptor = os.open(place, places.FOLDER)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor

"""Whether a process may be forked again: what a fork would lose or share.

Enters: the process itself, after a run. Leaves: the names of what stands in the way. Invariant: nothing is changed;
the supervisor asks the kernel about threads and shared memory besides, as this process cannot be believed.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from contextlib import suppress

from foretell.runtime.inside.channel import PROTOCOL

MOST_DESCRIPTORS = 4096

_fonts: set[tuple[int, int]] = set()


def find_obstacles() -> tuple[str, ...]:
    """What would not survive a fork: threads, children, timers, open files or sockets, an accelerator in use."""
    found = []
    if threading.active_count() > 1:
        found.append("a running thread")
    if _has_children():
        found.append("a child process")
    if any(signal.getitimer(clock)[0] for clock in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)):
        found.append("a timer")
    if _count_open():
        found.append("an open file or socket")
    torch = sys.modules.get("torch")
    with suppress(Exception):
        if torch is not None and torch.cuda.is_initialized():
            found.append("an accelerator in use")
    return tuple(found)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def remember_fonts() -> None:
    """Note the font files of this machine: matplotlib keeps some open and reads by place, so a fork loses nothing."""
    manager = sys.modules.get("matplotlib.font_manager")
    for font in getattr(getattr(manager, "fontManager", None), "ttflist", ()):
        with suppress(OSError):
            seen = os.stat(font.fname)  # noqa: PTH116  no pathlib in what every fork carries
            _fonts.add((seen.st_dev, seen.st_ino))


def _count_open() -> int:
    """The open descriptors beyond the four that every worker has, fonts left out."""
    try:
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208  as above
    except OSError:  # In a jail there is no /proc.
        most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_DESCRIPTORS)
        descriptors = list(range(most))
    return sum(_is_in_the_way(descriptor) for descriptor in descriptors if descriptor > PROTOCOL)


def _is_in_the_way(descriptor: int) -> bool:
    try:
        seen = os.fstat(descriptor)
    except OSError:
        return False  # The listing itself was one of them, and is closed.
    return (seen.st_dev, seen.st_ino) not in _fonts

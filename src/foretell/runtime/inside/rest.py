"""Whether a process may be forked again: what a fork would lose or share.

Enters: the process itself, after a run. Leaves: the names of what stands in the way. Invariant: nothing is changed;
the supervisor asks the kernel about threads and shared memory besides, as this process cannot be believed.
"""

from __future__ import annotations

import os
import resource
import select
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
    if _has_open():
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


def _has_open() -> bool:
    """Whether a descriptor is open beyond the four that every worker has, fonts left out."""
    try:
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208  as above
    except OSError:  # In a jail there is no /proc.
        descriptors = _find_open()
    return any(_is_in_the_way(descriptor) for descriptor in descriptors if descriptor > PROTOCOL)


def _find_open() -> list[int]:
    """The open descriptors, found in one call: poll(2) says POLLNVAL of those that are not."""
    asked = select.poll()
    most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_DESCRIPTORS)
    for descriptor in range(most):
        asked.register(descriptor, 0)
    closed = {descriptor for descriptor, said in asked.poll(0) if said & select.POLLNVAL}
    return [descriptor for descriptor in range(most) if descriptor not in closed]


def _is_in_the_way(descriptor: int) -> bool:
    try:
        seen = os.fstat(descriptor)
    except OSError:
        return False  # The listing itself was one of them, and is closed.
    return (seen.st_dev, seen.st_ino) not in _fonts

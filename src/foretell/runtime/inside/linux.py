"""What only Linux offers a worker. Everywhere else these do nothing, and the protocol's closed pipe has to do.

`libc` is opened once, before any fork: the C library of this process, None on Windows.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MADV_COLLAPSE = 25
HUGE_PAGE_BYTES = 2 << 20

libc: ctypes.CDLL | None = None if sys.platform == "win32" else ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent` is gone, be it busy or not."""
    if libc is None or not sys.platform.startswith("linux"):
        return
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def outlive_parent() -> None:
    """Take `die_with_parent` back."""
    if libc is not None and sys.platform.startswith("linux"):
        libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent has ended."""
    if libc is not None:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def collapse_memory() -> None:
    """Put this process's own memory into huge pages, where the kernel can: what a fork copies shrinks by far.

    Linux 6.1 and later; elsewhere the call is refused and nothing changes. Source: madvise(2), MADV_COLLAPSE.
    """
    if libc is None:
        return
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, end in _own_memory():
        first = -(-start // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES
        last = end // HUGE_PAGE_BYTES * HUGE_PAGE_BYTES
        for place in range(first, last, HUGE_PAGE_BYTES):
            libc.madvise(place, HUGE_PAGE_BYTES, MADV_COLLAPSE)


def _own_memory() -> list[tuple[int, int]]:
    """The writable private mappings without a file, as address ranges."""
    ranges = []
    with open("/proc/self/maps", encoding="utf-8") as maps:  # noqa: PTH123  no pathlib in what every fork carries
        for line in maps:
            fields = line.split()
            if fields[1].startswith("rw-p") and fields[4] == "0" and fields[-1] not in ("[stack]", "[vdso]", "[vvar]"):
                start, _, end = fields[0].partition("-")
                ranges.append((int(start, 16), int(end, 16)))
    return ranges


def count_threads() -> int:
    """The threads of this process, Python's and others."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208  as above

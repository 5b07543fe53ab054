"""What the kernel tells about a process, read from /proc: threads, shared memory, how much it takes.

Enters: a process id. Leaves: plain facts. Invariant: a process that is gone, or that may not be looked at, gives the
answer that is safe for the question: no memory, or that it is not to be forked.
"""

from __future__ import annotations

from pathlib import Path

SHARED = "s"


def measure_pss(pid: int) -> int:
    """Bytes of memory of a process, what it shares with others counted in proportion; 0 where it is gone."""
    return _read_kib(pid, "smaps_rollup", "Pss:") << 10


def count_threads(pid: int) -> int:
    """The threads of a process; 0 where it is gone."""
    return _read_kib(pid, "status", "Threads:")


def children(pid: int) -> frozenset[int]:
    """The living children of a process's first thread; none where it is gone."""
    try:
        return frozenset(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))
    except (OSError, ValueError):
        return frozenset()


def shares_memory(pid: int) -> bool:
    """Whether a process has writable memory that a fork of it would share, or may not be looked at."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return True
    return any(line.split(maxsplit=2)[1][1::2] == "w" + SHARED for line in lines)


def _read_kib(pid: int, name: str, key: str) -> int:
    try:
        with Path(f"/proc/{pid}/{name}").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(key):
                    return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return 0

"""What the kernel tells about a process, read from /proc: threads, shared memory, how much it takes.

Enters: a process id. Leaves: plain facts. Invariant: a process that is gone, or that may not be looked at, gives the
answer that is safe for the question: no memory, or that it is not to be forked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import psutil

PIECE_BYTES = 1 << 16
MOST_MAPS_BYTES = 4 << 20
WRITABLE_SHARED = re.compile(rb"^[0-9a-f-]+ .w.s ", re.MULTILINE)


def memory_of_machine() -> int:
    """Bytes of memory that this process and its children may use at most: the machine's, or its control groups'."""
    limits = [int(psutil.virtual_memory().total)]
    for place in _own_groups():
        for name in ("memory.max", "memory.limit_in_bytes"):
            try:
                limits.append(int((place / name).read_text(encoding="ascii")))
            except (OSError, ValueError):
                continue
    return min(limits)


def _own_groups() -> list[Path]:
    """The directories of the control groups that count the memory of this process, from its own upwards."""
    try:
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()]
    except OSError:
        return []
    found = []
    for _, controllers, path in lines:
        if controllers in ("", "memory"):
            top = Path("/sys/fs/cgroup") / controllers
            place = top / path.lstrip("/")
            found += [place, *(above for above in place.parents if above.is_relative_to(top))]
    return found


def measure_pss(pid: int) -> int:
    """Bytes of memory of a process, what it shares with others counted in proportion; 0 where it is gone."""
    return _read_kib(pid, "smaps_rollup", "Pss:") << 10


def measure_anonymous(pid: int) -> int:
    """Bytes of memory of a process that is no file's, shared with others or not: quick to have. 0 where it is gone."""
    return _read_kib(pid, "status", "RssAnon:", "RssShmem:") << 10


def measure_run(pids: Collection[int], *, with_state: bool) -> int:
    """Bytes of memory of a run's processes, what they share counted once.

    What they share with snapshots counts in proportion; `with_state`, whole.
    """
    if not with_state:
        return sum(map(measure_pss, pids))
    largest = max((_read_kib(pid, "status", "VmRSS:") << 10 for pid in pids), default=0)
    return max(largest, sum(map(measure_pss, pids)) if len(pids) > 1 else 0)


def measure_cpu_seconds(pids: Collection[int]) -> float:
    """Seconds that processes have computed, with children that they have waited for; those that are gone left out."""
    return sum(map(read_cpu_seconds, pids))


def read_cpu_seconds(pid: int) -> float:
    """The same of one process, quick to have; 0 where it is gone. Source: proc_pid_stat(5), fields 14 to 17."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0


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
    """Whether a process has writable memory that a fork of it would share, or may not be looked at.

    What it maps, and the names of that, are learner code's: a table longer than any that is honest is not read.
    """
    maps = bytearray()
    try:
        with Path(f"/proc/{pid}/maps").open("rb", buffering=0) as table:
            while (piece := table.read(PIECE_BYTES)) and len(maps) <= MOST_MAPS_BYTES:
                maps += piece
    except OSError:
        return True
    return not 0 < len(maps) <= MOST_MAPS_BYTES or WRITABLE_SHARED.search(maps) is not None


def find_obstacles(pid: int) -> tuple[str, ...]:
    """What the kernel knows to be in the way of forking a process."""
    found = []
    if count_threads(pid) != 1:
        found.append("a running thread")
    if shares_memory(pid):
        found.append("shared memory")
    return tuple(found)


def _read_kib(pid: int, name: str, *keys: str) -> int:
    total = 0
    with suppress(OSError, ValueError, IndexError), Path(f"/proc/{pid}/{name}").open(errors="replace") as lines:
        for line in lines:
            if line.startswith(keys):
                total += int(line.split()[1])
    return total

"""Which processes descend from one: asked of the kernel, without looking at every process of the machine.

Enters: process ids. Leaves: process ids. Invariant: a process that ends meanwhile is left out, never mistaken.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable


def children_of(pid: int) -> list[int]:
    """The children of all threads of `pid`."""
    found: list[int] = []
    for thread in _list(f"/proc/{pid}/task"):
        found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def descendants_of(pids: Iterable[int]) -> set[int]:
    """All that descend from any of `pids`, without these themselves."""
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        new = [child for child in children_of(waiting.pop()) if child not in found]
        found.update(new)
        waiting += new
    return found


def members_of(groups: Iterable[int]) -> set[int]:
    """All that live in these process groups. Looks at every process of the machine, and so misses none."""
    wanted = set(groups)
    found = {int(name) for name in _list("/proc") if name.isdigit()}
    return {pid for pid in found if parent_and_group_of(pid)[1] in wanted and not is_dead(pid)}


def count_tasks_of(account: int) -> int:
    """The threads of all processes of an account. Looks at every process of the machine."""
    found = 0
    for name in _list("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == account:  # noqa: PTH116  as above
                    found += len(_list(f"/proc/{name}/task"))
    return found


def parent_and_group_of(pid: int) -> tuple[int, int]:
    """The parent and the process group of `pid`; (0, 0) where it is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[1]), int(fields[2])) if len(fields) > 2 else (0, 0)


def is_dead(pid: int) -> bool:
    """Whether `pid` is gone, or only waits to be buried."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return not fields or fields[0] in "ZX"


def _list(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208  names only, and often
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:  # noqa: PTH123  as above
            return lines.read()
    except OSError:
        return ""

"""Entering a jail: what a fork of the root does before it forks the first process of a session.

Enters: a pidfd of the jail's first process. Leaves: this process in the jail's namespaces, with its small writable
folders limited in files too. Invariant: any refusal raises, and the caller ends: nobody runs half confined.
"""

from __future__ import annotations

import os
from contextlib import suppress

from foretell.runtime.jail import kernel

NAMESPACES = {
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "mnt": 0x00020000,
}
INODES = 4096
WRITABLE = ("/tmp", "/dev/shm", "/home/learner", "/home/learner/work")  # noqa: S108  folders of the jail's own
FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC

_address_space: list[int] = []


def enter(pidfd: int, *, user_namespace: bool) -> None:
    """Join the jail behind `pidfd`; children are then in its process namespace too. OSError if refused."""
    remember_address_space()
    pid = _pid_of(pidfd)
    wanted = [name for name in NAMESPACES if name != "user" or user_namespace]
    kinds = sum(NAMESPACES[name] for name in wanted if not _shares(pid, name))
    needed = NAMESPACES["mnt"] | NAMESPACES["pid"] | (NAMESPACES["user"] if user_namespace else 0)
    if kinds & needed != needed:
        raise PermissionError("This is no jail: the process has the namespaces of the one that is to be confined")
    kernel.setns(pidfd, kinds)
    for place in WRITABLE:
        kernel.remount(place, FLAGS, f"nr_inodes={INODES}")


def remember_address_space() -> None:
    """Note how much address space is in use while there is a /proc that tells it."""
    with suppress(OSError, ValueError, IndexError), open("/proc/self/statm", encoding="ascii") as told:  # noqa: PTH123
        _address_space[:] = [int(told.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")]


def recall_address_space() -> int:
    """Bytes of address space in use when it was noted last."""
    return _address_space[0] if _address_space else 0


def _pid_of(pidfd: int) -> int:
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as lines:  # noqa: PTH123  no pathlib in every fork
        for line in lines:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    raise ProcessLookupError("The jail's first process is gone")


def _shares(pid: int, name: str) -> bool:
    ours, theirs = (os.stat(f"/proc/{who}/ns/{name}") for who in ("self", pid))  # noqa: PTH116  as above
    return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)

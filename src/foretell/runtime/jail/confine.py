"""Giving up, in the process itself and for good, what learner code does not need; then trying whether it holds.

Enters: a `Confine`. Leaves: a `Confined` with what is still possible and should not be. Invariant: the order of the
steps is the one in which each is still allowed; a step that is refused raises, and the process must end.
"""

from __future__ import annotations

import base64
import os
import resource
import socket
import stat
import tempfile

from foretell.runtime.jail import kernel, landlock
from foretell.runtime.jail.enter import recall_address_space, remember_address_space
from foretell.runtime.messages import Confine, Confined

LAST_DESCRIPTOR = 3
MOST_DESCRIPTORS = 4096


def confine(order: Confine) -> Confined:
    """Carry out `order` in this process, which must be the first of its session; then look for leaks."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    os.umask(0o077)
    remember_address_space()
    _limit(order)
    if order.user is not None:
        os.setgroups([])
        os.setresgid(order.user, order.user, order.user)
        os.setresuid(order.user, order.user, order.user)
    if order.seccomp:
        kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    # A change of user hides this process from the supervisor, which measures it; show it again.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    if order.readable or order.writable:
        landlock.restrict(order.readable, order.writable, network=order.network)
    if order.seccomp:
        kernel.load_filter(base64.b64decode(order.seccomp))
    os.chdir(order.home)
    tempfile.tempdir = None  # The root's own may be out of reach; let it look again.
    return Confined(leaks=tuple(find_leaks(order)))


def _limit(order: Confine) -> None:
    for rlimit in order.rlimits:
        kind = getattr(resource, rlimit.name)
        _, most = resource.getrlimit(kind)
        limit = rlimit.limit if most == resource.RLIM_INFINITY else min(rlimit.limit, most)
        resource.setrlimit(kind, (limit, limit))
    if order.extra_address_space is not None:
        space = recall_address_space() + order.extra_address_space
        resource.setrlimit(resource.RLIMIT_AS, (space, space))


def find_leaks(order: Confine) -> list[str]:
    """Try from the inside what must not be possible; a sentence for each thing that is."""
    leaks = []
    if order.seccomp:
        leaks += _find_privileges()
    if order.seccomp and not order.network and _can_open_socket():
        leaks.append("A network socket can be opened")
    leaks += [f"{path} can be read" for path in order.unreadable if _can_read(path)]
    if extra := _find_descriptors():
        leaks.append(f"Descriptors are open that should not be: {', '.join(map(str, extra))}")
    return leaks


def _find_privileges() -> list[str]:
    leaks = []
    if 0 in {*os.getresuid(), *os.getresgid(), *os.getgroups()}:
        leaks.append("The process is still root")
    if kernel.has_capabilities():
        leaks.append("The process still has capabilities")
    if kernel.prctl(kernel.PR_GET_NO_NEW_PRIVS) != 1:
        leaks.append("The process can gain privileges")
    if kernel.prctl(kernel.PR_GET_SECCOMP) != kernel.SECCOMP_MODE_FILTER:
        leaks.append("The system calls of the process are not filtered")
    return leaks


def _can_open_socket() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _can_read(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            return bool(os.listdir(descriptor))  # noqa: PTH208  a descriptor, not a path
        return bool(os.read(descriptor, 1))
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _find_descriptors() -> list[int]:
    most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_DESCRIPTORS)
    return [descriptor for descriptor in range(LAST_DESCRIPTOR + 1, most) if _is_open(descriptor)]


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True

"""The system calls that learner code may make, as a program for the kernel, built by the supervisor.

Enters: how strict. Leaves: a BPF program made by libseccomp. Invariant: a list of what is allowed, everything else
answers EPERM (or ENOSYS, where a library then takes another way); calls of a foreign architecture end the process.
"""

from __future__ import annotations

import errno
import importlib
import tempfile
from functools import cache
from typing import Any

from foretell.errors import RuntimeUnavailable

FILES = (
    "access chdir close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate "
    "fchdir fdatasync fgetxattr flistxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents "
    "getdents64 getxattr lgetxattr link linkat listxattr llistxattr lseek lstat mkdir mkdirat newfstatat open openat "
    "pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat "
    "renameat2 rmdir sendfile stat statfs statx symlink symlinkat truncate umask unlink unlinkat utime utimensat "
    "utimes write writev"
)
WAITING = (
    "alarm clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 "
    "epoll_wait eventfd eventfd2 futex futex_waitv getitimer gettimeofday nanosleep pause pipe pipe2 poll ppoll "
    "pselect6 restart_syscall select setitimer signalfd signalfd4 time timerfd_create timerfd_gettime timerfd_settime"
)
PROCESSES = (
    "brk capget exit exit_group fork getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid "
    "getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid kill madvise membarrier mincore mmap "
    "mprotect mremap msync munmap pidfd_open pidfd_send_signal rseq rt_sigaction rt_sigpending rt_sigprocmask "
    "rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max "
    "sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_yield "
    "set_robust_list set_tid_address sigaltstack sysinfo tgkill times tkill uname vfork wait4 waitid get_mempolicy "
    "getrandom"
)
CONNECTED = "getpeername getsockname getsockopt recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto shutdown"
# Landlock does not rule these, so an owner's process could change the modes of all that its owner has.
CHANGING_MODES = "chmod fchmod fchmodat"
CONNECTING = "accept accept4 bind connect listen"
ALLOWED = tuple(f"{FILES} {WAITING} {PROCESSES} {CONNECTED}".split())

NOT_THERE = (
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "memfd_create",
    "userfaultfd",
    "clone3",
    "openat2",
)
# Newer than many a libseccomp: memfd_secret, and all from cachestat on. The numbers are those of every architecture.
NOT_THERE_NUMBERS = (447, *range(451, 500))
NEW_NAMESPACES, PARENT_OR_PTRACE = 0x7E020000, 0xA000
SOCKET_FLAGS = 0o2004000
EVERY_BIT = 0xFFFFFFFFFFFFFFFF
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET = 1, 2, 5
SOL_SOCKET, SOL_IP, SOL_TCP, SOL_IPV6 = 1, 0, 6, 41
SOCKET_OPTIONS = (2, 7, 8, 9, 13, 15, 16, 20, 21)  # REUSEADDR SNDBUF RCVBUF KEEPALIVE LINGER REUSEPORT PASSCRED *TIMEO
# TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# DUPFD GETFD SETFD GETFL SETFL GETLK SETLK SETLKW GETOWN, OFD locks, DUPFD_CLOEXEC GETPIPE_SZ; no lease, no notify
FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 36, 37, 38, 1030, 1032)
# SET_PDEATHSIG GET_PDEATHSIG GET_DUMPABLE SET_NAME GET_NAME GET_SECCOMP CAPBSET_READ NO_NEW_PRIVS SET_VMA
PRCTLS = (1, 2, 3, 15, 16, 21, 23, 38, 39, 0x53564D41)
FIFO, KIND_OF_FILE = 0o010000, 0o170000


@cache
def filter_program(*, strict: bool, network: bool = False) -> bytes:
    """The program; `strict` is for where no namespace stands behind it, `network` lets sockets reach out."""
    library = _load()
    try:
        rules = _Rules(library)
        connecting = () if strict and not network else CONNECTING.split()
        for name in (*ALLOWED, *connecting, *(() if strict else CHANGING_MODES.split())):
            rules.allow(name)
        _allow_some_arguments(rules)
        _allow_sockets(rules, strict=strict, network=network)
        for call in (*NOT_THERE, *NOT_THERE_NUMBERS):
            rules.deny(call)
        return rules.export()
    except OSError as failure:
        raise RuntimeUnavailable(
            f"libseccomp could not build the filter of system calls ({failure}). Install libseccomp 2.5 or later"
        ) from failure


def _load() -> Any:  # noqa: ANN401  a module without types
    """The binding; it looks for the native library when it is imported, and only here it is needed."""
    try:
        return importlib.import_module("pyseccomp")
    except (ImportError, OSError, RuntimeError) as failure:
        raise RuntimeUnavailable(
            f"The library that filters system calls cannot be loaded ({failure}). "
            "Install libseccomp (Debian and Ubuntu: libseccomp2) and the Python package pyseccomp"
        ) from failure


class _Rules:
    """Rules of libseccomp for this machine's architecture; arguments are pairs or triples with their place first."""

    def __init__(self, library: Any) -> None:  # noqa: ANN401  as above
        self._library = library
        self._rules = library.SyscallFilter(library.ERRNO(errno.EPERM))
        self._rules.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)

    def allow(
        self, name: str, *, equal: dict[int, int] | None = None, masked: tuple[int, int, int] | None = None
    ) -> None:
        """Allow a call where each argument named in `equal` has that value, and one under a mask has its."""
        library = self._library
        arguments = [library.Arg(place, library.EQ, value) for place, value in (equal or {}).items()]
        if masked is not None:
            place, mask, value = masked
            arguments.append(library.Arg(place, library.MASKED_EQ, mask, value))
        self._add(library.ALLOW, name, arguments)

    def deny(self, call: str | int) -> None:
        """Have a call answer that the kernel has no such call."""
        self._add(self._library.ERRNO(errno.ENOSYS), call, [])

    def export(self) -> bytes:
        """The program as the kernel takes it."""
        with tempfile.TemporaryFile() as program:
            self._rules.export_bpf(program)
            program.seek(0)
            return program.read()

    def _add(self, action: int, call: str | int, arguments: list[Any]) -> None:
        """A rule for a call, passed over where this architecture has no such call."""
        library = self._library
        try:
            number = call if isinstance(call, int) else library.resolve_syscall(library.Arch.NATIVE, call)
        except (OSError, ValueError):
            return
        if number >= 0:
            self._rules.add_rule(action, number, *arguments)


def _allow_some_arguments(rules: _Rules) -> None:
    rules.allow("clone", masked=(0, NEW_NAMESPACES | PARENT_OR_PTRACE, 0))
    rules.allow("prlimit64", equal={2: 0})
    for name, place, values in (("ioctl", 1, IOCTLS), ("fcntl", 1, FCNTLS), ("prctl", 0, PRCTLS)):
        for value in values:
            rules.allow(name, equal={place: value})
    rules.allow("mknod", masked=(1, KIND_OF_FILE, FIFO))
    rules.allow("mknodat", masked=(2, KIND_OF_FILE, FIFO))


def _allow_sockets(rules: _Rules, *, strict: bool, network: bool) -> None:
    """Strict: only connected pairs, and none that can send to an address."""
    kind_alone = EVERY_BIT ^ SOCKET_FLAGS
    for kind in (SOCK_STREAM, SOCK_SEQPACKET, *(() if strict else (SOCK_DGRAM,))):
        rules.allow("socketpair", equal={0: AF_UNIX}, masked=(1, kind_alone, kind))
        if not strict:
            rules.allow("socket", equal={0: AF_UNIX}, masked=(1, kind_alone, kind))
    for option in SOCKET_OPTIONS:
        rules.allow("setsockopt", equal={1: SOL_SOCKET, 2: option})
    if network:
        for family in (AF_INET, AF_INET6):
            for kind in (SOCK_STREAM, SOCK_DGRAM):
                rules.allow("socket", equal={0: family}, masked=(1, kind_alone, kind))
        for level in (SOL_IP, SOL_TCP, SOL_IPV6):
            rules.allow("setsockopt", equal={1: level})

"""The system calls that learner code may make, as a program for the kernel. Built in the supervisor, handed on as bytes.

Enters: how strict. Leaves: a BPF program made by libseccomp. Invariant: a list of what is allowed, everything else
answers EPERM (or ENOSYS, where a library then takes another way); calls of a foreign architecture end the process.
"""

from __future__ import annotations

import errno
import tempfile
from functools import cache
from typing import Any

import pyseccomp

from foretell.errors import RuntimeUnavailable

FILES = (
    "access chdir chmod close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate "
    "fchdir fchmod fchmodat fdatasync fgetxattr flistxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents "
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
    try:
        rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
        rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
        for name in (*ALLOWED, *(() if strict and not network else CONNECTING.split())):
            _allow(rules, name)
        _allow_some_arguments(rules)
        _allow_sockets(rules, strict=strict, network=network)
        for call in (*NOT_THERE, *NOT_THERE_NUMBERS):
            _rule(rules, pyseccomp.ERRNO(errno.ENOSYS), call)
        with tempfile.TemporaryFile() as program:
            rules.export_bpf(program)
            program.seek(0)
            return program.read()
    except (OSError, RuntimeError) as failure:
        raise RuntimeUnavailable(
            f"libseccomp could not build the filter of system calls ({failure}). Install libseccomp 2.5 or later"
        ) from failure


def _allow_some_arguments(rules: Any) -> None:  # noqa: ANN401  a class without types
    equal, masked = pyseccomp.EQ, pyseccomp.MASKED_EQ
    _allow(rules, "clone", pyseccomp.Arg(0, masked, NEW_NAMESPACES | PARENT_OR_PTRACE, 0))
    _allow(rules, "prlimit64", pyseccomp.Arg(2, equal, 0))
    for request in IOCTLS:
        _allow(rules, "ioctl", pyseccomp.Arg(1, equal, request))
    for command in FCNTLS:
        _allow(rules, "fcntl", pyseccomp.Arg(1, equal, command))
    for option in PRCTLS:
        _allow(rules, "prctl", pyseccomp.Arg(0, equal, option))
    _allow(rules, "mknod", pyseccomp.Arg(1, masked, KIND_OF_FILE, FIFO))
    _allow(rules, "mknodat", pyseccomp.Arg(2, masked, KIND_OF_FILE, FIFO))


def _allow_sockets(rules: Any, *, strict: bool, network: bool) -> None:  # noqa: ANN401  as above
    """Strict: only connected pairs, and none that can send to an address."""
    equal = pyseccomp.Arg(0, pyseccomp.EQ, AF_UNIX)
    kinds = (SOCK_STREAM, SOCK_SEQPACKET) if strict else (SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM)
    for kind in kinds:
        of_kind = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, EVERY_BIT ^ SOCKET_FLAGS, kind)
        _allow(rules, "socketpair", equal, of_kind)
        if not strict:
            _allow(rules, "socket", equal, of_kind)
    for option in SOCKET_OPTIONS:
        level = pyseccomp.Arg(1, pyseccomp.EQ, SOL_SOCKET)
        _allow(rules, "setsockopt", level, pyseccomp.Arg(2, pyseccomp.EQ, option))
    if network:
        for family in (AF_INET, AF_INET6):
            for kind in (SOCK_STREAM, SOCK_DGRAM):
                of_kind = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, EVERY_BIT ^ SOCKET_FLAGS, kind)
                _allow(rules, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family), of_kind)
        for number in (SOL_IP, SOL_TCP, SOL_IPV6):
            _allow(rules, "setsockopt", pyseccomp.Arg(1, pyseccomp.EQ, number))


def _allow(rules: Any, name: str, *arguments: Any) -> None:  # noqa: ANN401  as above
    _rule(rules, pyseccomp.ALLOW, name, *arguments)


def _rule(rules: Any, action: int, call: str | int, *arguments: Any) -> None:  # noqa: ANN401  as above
    """A rule for a call that this architecture has; libseccomp gives others a negative number, or does not know them."""
    try:
        number = call if isinstance(call, int) else pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call)
    except (OSError, ValueError):
        return
    if number >= 0:
        rules.add_rule(action, number, *arguments)

"""The calls to the Linux kernel that Python's standard library lacks, each as one function that raises OSError.

Enters: numbers and paths. Leaves: what the kernel answers. Invariant: a refusal is never taken for a success.
Sources: setns(2), mount(2), prctl(2), capget(2), seccomp(2).
"""

from __future__ import annotations

import ctypes
import os

PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39
PR_GET_SECCOMP = 21
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 2, 4, 8, 32
INSTRUCTION_BYTES = 8

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


_CapabilitySets = ctypes.c_uint32 * 6


def check(result: int, what: str) -> int:
    """Give `result` back, or raise the OSError that libc has noted."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object, what: str) -> int:
    """A call that libc has no function for."""
    return check(int(_libc.syscall(ctypes.c_long(number), *arguments)), what)


def prctl(option: int, first: int = 0, second: int = 0) -> int:
    """Ask or set something of this process, with plain numbers."""
    unsigned = ctypes.c_ulong
    return check(_libc.prctl(option, unsigned(first), unsigned(second), unsigned(0), unsigned(0)), f"prctl {option}")


def setns(descriptor: int, kinds: int) -> None:
    """Enter the namespaces of the process behind a pidfd."""
    check(_libc.setns(descriptor, kinds), "setns")


def remount(place: str, flags: int, options: str) -> None:
    """Change flags and options of what is mounted at `place`."""
    check(_libc.mount(None, place.encode(), None, ctypes.c_ulong(MS_REMOUNT | flags), options.encode()), place)


def drop_capabilities() -> None:
    """Give up every capability, ambient and bounding ones too, where there are any to give up."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # Not ours to drop, or past the last one.
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    check(_libc.capset(ctypes.byref(header), _CapabilitySets()), "capset")
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def has_capabilities() -> bool:
    """Whether this process has, or may take, any capability."""
    header, sets = _CapabilityHeader(CAPABILITY_VERSION_3, 0), _CapabilitySets()
    check(_libc.capget(ctypes.byref(header), sets), "capget")
    return any(sets)


def load_filter(program: bytes) -> None:
    """Put a seccomp filter on this process and all it will start, for good."""
    loaded = _Program(len(program) // INSTRUCTION_BYTES, program)
    check(
        _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(loaded), ctypes.c_ulong(0), ctypes.c_ulong(0)),
        "seccomp",
    )

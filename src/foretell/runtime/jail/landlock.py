"""Landlock: which paths a process can still open, asked of the kernel by the process itself and for good.

Enters: paths. Leaves: a process that opens nothing else. Invariant: what the kernel knows of Landlock decides which
rights exist; every right that exists is taken away except where a path is listed. Source: landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from foretell.runtime.jail import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION = 1
PATH_BENEATH = 1
WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
MAKE_SOCK, MAKE_FIFO, MAKE_SYM, REFER, TRUNCATE = 1 << 9, 1 << 10, 1 << 12, 1 << 13, 1 << 14
FIRST_RIGHTS = 13
RIGHTS_SINCE = ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
READ = READ_FILE | READ_DIR
WRITE = (
    READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM | REFER
) | TRUNCATE
OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE
NETWORK_SINCE, BIND_AND_CONNECT = 4, 3
SCOPES_SINCE, SOCKETS_AND_SIGNALS = 6, 3


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """The version of Landlock that the kernel has; 0 for none."""
    try:
        return kernel.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION, what="landlock")
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str], *, network: bool) -> None:
    """Leave this process the paths listed and, unless `network`, no connection out; no_new_privs must be set.

    Paths that do not exist are passed over. Signals and abstract sockets stay among the processes so restricted.
    """
    known = version()
    if not known:
        return
    rights = (1 << FIRST_RIGHTS) - 1
    for since, right in RIGHTS_SINCE:
        rights |= right if known >= since else 0
    rules = _Ruleset(
        rights,
        BIND_AND_CONNECT if known >= NETWORK_SINCE and not network else 0,
        SOCKETS_AND_SIGNALS if known >= SCOPES_SINCE else 0,
    )
    size = 24 if known >= SCOPES_SINCE else 16 if known >= NETWORK_SINCE else 8
    ruleset = kernel.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0, what="landlock")
    try:
        for paths, allowed in ((readable, READ), (writable, WRITE)):
            for path in paths:
                _allow(ruleset, path, allowed & rights)
        kernel.syscall(RESTRICT_SELF, ruleset, 0, what="landlock")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            allowed &= OF_FILES
        rule = _PathBeneath(allowed, descriptor)
        kernel.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0, what=f"landlock {path}")
    finally:
        os.close(descriptor)

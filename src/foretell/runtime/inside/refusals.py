"""What the platform has refused to a cell, in words: more memory, files, processes or room than it may have.

Enters: the exception that ended a cell. Leaves: one sentence that names the limit and what to do, or None where the
exception is about something else. Invariant: a number is named only where this process can see that it holds.
"""

from __future__ import annotations

import errno
import linecache
import os
import re
import socket
import sys
from contextlib import suppress

from foretell.runtime.allowance import SMALLER
from foretell.runtime.limits import MEMORY_REFUSED, NEXT, PROCESSES_REFUSED, name_bytes
from foretell.runtime.observe import one_line

MOST_NAMED = 1 << 16
MEMORY_WORDS = ("can't allocate memory", "cannot allocate memory", "unable to allocate", "out of memory")
THREAD_WORDS = "can't start new thread"
NO_NETWORK = (
    "Your cell asked for the network, which cannot be reached from here. "
    "Put the data into the lesson's folder or into the code instead."
)
SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")
CHAIN = 20
STARTS = ("fork", "spawn", "Popen")


def explain_refusal(error: BaseException) -> str | None:
    """The sentence for an exception that a limit has caused."""
    text = one_line(error)
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _names_memory(text)):
        return f"{MEMORY_REFUSED} {SMALLER}" if _draws(error) else MEMORY_REFUSED
    if isinstance(error, RuntimeError) and THREAD_WORDS in text:
        return _explain_processes()
    if not isinstance(error, OSError):
        return None
    return NO_NETWORK if _asks_network(error) else _explain_number(error)


def _explain_number(error: OSError) -> str | None:
    match error.errno:
        case errno.ENOMEM:
            return MEMORY_REFUSED
        case errno.EMFILE:
            most = _limit("RLIMIT_NOFILE")
            told = f"the limit of {most:,}" if most else "it may have"
            return f"Your cell had more files open than {told}. Open them with `with`, which closes them. {NEXT}"
        case errno.EFBIG:
            most = _limit("RLIMIT_FSIZE", most=1 << 50)
            told = f"the limit of {name_bytes(most)} for one file" if most else "one file may hold"
            return f"Your cell wrote more than {told}. {NEXT}"
        case errno.ENOSPC | errno.EDQUOT:
            return _explain_room()
        case None if SHORT_WRITE.fullmatch(one_line(error)) and "tofile(" in _last_code(error)[2]:
            # NumPy's own words for a file cut short; the kernel's are lost.
            return _explain_room() if _is_full() else _explain_number(OSError(errno.EFBIG, ""))
        case errno.EAGAIN if _starts_process(error):
            return _explain_processes()
        case errno.EPERM if _starts_process(error):
            return "Your cell asked for another program or process, which cells may not start here."
    return None


def _explain_room() -> str:
    """Small folders have room for so many bytes, and for so many files."""
    disk = _disk()
    if disk is not None and 0 < disk.f_files <= MOST_NAMED and disk.f_ffree == 0:
        room = f"made more than the {disk.f_files:,} files and folders that there is room for"
    elif disk is not None:
        room = f"wrote more than the {name_bytes(disk.f_blocks * disk.f_frsize)} that there are for files"
    else:
        room = "wrote more than the room that there is for files"
    return f"Your cell {room}. Delete what is not needed any more. {NEXT}"


def _is_full() -> bool:
    disk = _disk()
    return disk is not None and disk.f_bavail == 0


def _explain_processes() -> str:
    """The supervisor knows how many the cell may have; the kernel's own number counts paused processes too."""
    if _limit("RLIMIT_NPROC") is not None:
        return PROCESSES_REFUSED
    return f"Your cell started more processes and threads than this machine allows. {NEXT}"


def _draws(error: BaseException) -> bool:
    """Whether it was a figure that asked for the memory."""
    return _last_code(error)[0].endswith("backend_agg.py")


def _names_memory(text: str) -> bool:
    return any(words in text.lower() for words in MEMORY_WORDS)


def _asks_network(error: BaseException | None) -> bool:
    """Whether a socket or the address of a name was refused, be it told by other exceptions on the way up."""
    for _ in range(CHAIN):
        if error is None:
            return False
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            return True
        if isinstance(error, OSError) and error.errno == errno.EPERM and _last_code(error)[0].endswith("socket.py"):
            return True
        error = error.__cause__ or error.__context__
    return False


def _starts_process(error: BaseException) -> bool:
    """Whether the line that failed starts a process; the same error also stands for much else."""
    _, name, line = _last_code(error)
    return name == "_execute_child" or any(word in line for word in STARTS)


def _last_code(error: BaseException) -> tuple[str, str, str]:
    """File, function and text of the line that an exception was raised at."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "", "", ""
    code = trace.tb_frame.f_code
    return code.co_filename, code.co_name, linecache.getline(code.co_filename, trace.tb_lineno)


def _limit(name: str, most: int = MOST_NAMED) -> int | None:
    """What the kernel holds this process to; None where there is none worth naming."""
    if sys.platform == "win32":
        return None
    import resource  # Windows has none

    limit = resource.getrlimit(getattr(resource, name))[0]
    return limit if 0 <= limit <= most and limit != resource.RLIM_INFINITY else None


def _disk() -> os.statvfs_result | None:
    with suppress(OSError, AttributeError):
        return os.statvfs(".")
    return None

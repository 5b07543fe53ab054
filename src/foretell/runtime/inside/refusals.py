"""What the platform has refused to a cell, in words: more memory, files, processes or room than it may have.

Enters: the exception that ended a cell. Leaves: one sentence that names the limit and what to do, or None where the
exception is about something else. Invariant: a number is named only where this process can see that it holds.
"""

from __future__ import annotations

import errno
import linecache
import os
import sys
from contextlib import suppress

from foretell.runtime.limits import MEMORY_REFUSED, NEXT, name_bytes
from foretell.runtime.observe import one_line

MOST_NAMED = 1 << 16
MEMORY_WORDS = ("can't allocate memory", "cannot allocate memory", "unable to allocate", "out of memory")
THREAD_WORDS = "can't start new thread"
STARTS = ("fork", "spawn", "Popen")


def explain_refusal(error: BaseException) -> str | None:
    """The sentence for an exception that a limit has caused."""
    text = one_line(error)
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _names_memory(text)):
        return MEMORY_REFUSED
    if isinstance(error, RuntimeError) and THREAD_WORDS in text:
        return _explain_processes()
    return _explain_number(error) if isinstance(error, OSError) else None


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
            size = _disk_bytes()
            room = f"the {name_bytes(size)} that there are for files" if size else "the room that there is for files"
            return f"Your cell wrote more than {room}. Delete what is not needed any more. {NEXT}"
        case errno.EAGAIN if _starts_process(error):
            return _explain_processes()
        case errno.EPERM if _starts_process(error):
            return "Your cell asked for another program or process, which cells may not start here."
    return None


def _explain_processes() -> str:
    most = _limit("RLIMIT_NPROC")
    told = f"the limit of {most:,}" if most else "it may have"
    return f"Your cell started more processes and threads than {told}. {NEXT}"


def _names_memory(text: str) -> bool:
    return any(words in text.lower() for words in MEMORY_WORDS)


def _starts_process(error: BaseException) -> bool:
    """Whether the line that failed starts a process; the same error also stands for much else."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    line = linecache.getline(code.co_filename, trace.tb_lineno)
    return code.co_name == "_execute_child" or any(word in line for word in STARTS)


def _limit(name: str, most: int = MOST_NAMED) -> int | None:
    """What the kernel holds this process to; None where there is none worth naming."""
    if sys.platform == "win32":
        return None
    import resource  # Windows has none

    limit = resource.getrlimit(getattr(resource, name))[0]
    return limit if 0 <= limit <= most and limit != resource.RLIM_INFINITY else None


def _disk_bytes() -> int | None:
    with suppress(OSError, AttributeError):
        disk = os.statvfs(".")
        return disk.f_blocks * disk.f_frsize
    return None

"""Limits of a run, and the sentences that say which one ended it and whose fault that is.

Enters: a limit, an exit code, a signal. Leaves: a `Failure`. Invariant: every message names what happened and what to
do next, on one line.
"""

from __future__ import annotations

import math
import signal
import sys
from dataclasses import dataclass, replace
from typing import TypeVar

from foretell.model.lesson import Lesson
from foretell.model.printable import printable_line
from foretell.model.run import CellSource, Failure, FailureKind
from foretell.runtime.messages import Rlimit

BEGINNING_CHARACTERS = 60

Amount = TypeVar("Amount")

NEXT = "Nothing you wrote is lost; change the cell and run it again."
MEMORY_REFUSED = f"Your cell asked for more memory than there is. {NEXT}"
PROCESSES_REFUSED = f"Your cell started more processes and threads than it may. {NEXT}"
SIGNALS = {
    "SIGSEGV": "a segmentation fault: native code touched memory that is not its own",
    "SIGABRT": "an abort: native code gave up",
    "SIGBUS": "a bus error: native code touched memory that is not there",
    "SIGFPE": "an arithmetic fault in native code",
    "SIGILL": "an illegal instruction in native code",
    "SIGKILL": "killed from outside, which is often the system running out of memory",
    "SIGTERM": "ended from outside",
    "SIGXCPU": "it computed for longer than it may",
    "SIGXFSZ": "it wrote a larger file than it may",
    "SIGSYS": "it made a system call that cells may not make",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one cell may use; None is no limit.

    `output_bytes` holds for all text of the cell, `picture_bytes` and `picture_pixels` for one picture, `processes` for
    processes and threads together, `file_bytes` for one file and for all files in the scratch folder together. Which
    of them can be enforced depends on the runtime and on the level of confinement; `counts_processes` is false where
    nothing counts those. `memory_warning_bytes` ends nothing: beyond it the learner is told, once a run, where there is
    no limit of memory.
    """

    wall_seconds: float | None = None
    cpu_seconds: int | None = None
    memory_bytes: int | None = None
    memory_warning_bytes: int | None = None
    processes: int = 64
    open_files: int = 256
    file_bytes: int = 64 << 20
    output_bytes: int = 1 << 20
    outputs_per_second: int = 500
    picture_bytes: int = 5 << 20
    picture_pixels: int = 4096 * 4096
    counts_processes: bool = True

    @property
    def states_bytes(self) -> int | None:
        """What the paused states of one session may take beside the cell that runs; None is no limit."""
        return None if self.memory_bytes is None else self.memory_bytes // 2

    @property
    def pictures_bytes(self) -> int:
        """What all pictures of one cell may take together."""
        return 10 * self.picture_bytes


def limits_for(door: Limits, lesson: Lesson) -> Limits:
    """What a cell of a lesson may use: what its author says, and where nothing is said what the door gives.

    Where the author gives more wall time and says nothing of CPU time, that is raised to match.
    """
    said = lesson.limits
    cpu_seconds = said.cpu_seconds if said.cpu_seconds is not None else door.cpu_seconds
    if said.cpu_seconds is None and said.wall_seconds is not None and cpu_seconds is not None:
        cpu_seconds = max(cpu_seconds, math.ceil(said.wall_seconds))
    return replace(
        door,
        wall_seconds=_said_or(said.wall_seconds, door.wall_seconds),
        cpu_seconds=cpu_seconds,
        memory_bytes=_said_or(_times(said.memory_mb, 1 << 20), door.memory_bytes),
        processes=_said_or(said.processes, door.processes),
        open_files=_said_or(said.open_files, door.open_files),
        file_bytes=_said_or(_times(said.file_mb, 1 << 20), door.file_bytes),
        output_bytes=_said_or(_times(said.output_kb, 1 << 10), door.output_bytes),
        picture_bytes=_said_or(_times(said.picture_mb, 1 << 20), door.picture_bytes),
        picture_pixels=_said_or(said.picture_pixels, door.picture_pixels),
    )


def _said_or(said: Amount | None, otherwise: Amount) -> Amount:
    return otherwise if said is None else said


def _times(amount: int | None, unit_bytes: int) -> int | None:
    return None if amount is None else amount * unit_bytes


def rlimits_of(limits: Limits) -> tuple[Rlimit, ...]:
    """What the kernel can hold a process of the learner's own account to; nothing where there is no `resource`.

    Processes are left out: their limit counts all that the account runs, not those of a cell. So is address
    space on macOS: what a cell may have comes on top of what is in use, and there is no /proc to tell that.
    """
    if sys.platform == "win32":
        return ()
    told = {"RLIMIT_NOFILE": limits.open_files, "RLIMIT_FSIZE": limits.file_bytes, "RLIMIT_CORE": 0}
    if limits.memory_bytes is not None and sys.platform != "darwin":
        told["RLIMIT_AS"] = limits.memory_bytes
    return tuple(Rlimit(name=name, limit=limit) for name, limit in told.items())


def explain(kind: FailureKind, limits: Limits, line: int | None = None) -> Failure:
    """The failure of a run that was ended by Stop or by a limit."""
    match kind:
        case FailureKind.TIME:
            told = (
                f"Your cell ran longer than the limit of {name_seconds(limits.wall_seconds or 0)} and was ended. {NEXT}"
            )
        case FailureKind.MEMORY:
            most = "there is" if limits.memory_bytes is None else f"the limit of {name_bytes(limits.memory_bytes)}"
            told = f"Your cell used more memory than {most} and was ended. {NEXT}"
        case FailureKind.OUTPUT:
            told = f"Your cell printed more than the limit of {name_bytes(limits.output_bytes)} and was ended. {NEXT}"
        case _:
            told = "Stopped. What the cell had done so far is gone; the cells above it are run again when needed."
    return Failure(kind=kind, message=told, line=line)


def explain_cpu(limit_seconds: int) -> Failure:
    """The failure of a run that computed for too long; time in which it only waited does not count."""
    most = f"the limit of {name_seconds(limit_seconds)} of computing"
    return Failure(kind=FailureKind.TIME, message=f"Your cell used more than {most} and was ended. {NEXT}")


def name_limit(failure: Failure | None, limits: Limits) -> Failure | None:
    """The same failure, with the limit in words where memory or processes were refused to the cell."""
    if failure is not None and failure.message.startswith(MEMORY_REFUSED) and limits.memory_bytes is not None:
        most = f"the limit of {name_bytes(limits.memory_bytes)} leaves it"
        named = f"Your cell asked for more memory than {most}. {NEXT}"
        return replace(failure, message=failure.message.replace(MEMORY_REFUSED, named))
    if failure is not None and failure.message == PROCESSES_REFUSED:
        most = f"the limit of {limits.processes:,}" if limits.counts_processes else "this machine allows"
        return replace(failure, message=f"Your cell started more processes and threads than {most}. {NEXT}")
    return failure


def warn_of_memory(used_bytes: int) -> str:
    """What a learner is told whose cell takes much of the machine's memory, and is not ended for it."""
    return f"This cell and what it keeps use {name_bytes(used_bytes)} of this machine's memory; Stop ends it."


def explain_stopped_above(cell: CellSource) -> Failure:
    """The failure of a run that was stopped while an earlier cell was being run again, named by how it begins."""
    begins = next((line.strip() for line in cell.text.splitlines() if line.strip()), "")
    named = f" ({printable_line(begins[:BEGINNING_CHARACTERS])})" if begins and cell.keeps_source else ""
    told = f"Stopped while an earlier cell{named} was being run again. It is passed over until you run it yourself."
    return Failure(kind=FailureKind.STOPPED, message=told)


def explain_pictures(limits: Limits) -> Failure:
    """The failure of a run that showed too many pictures."""
    told = f"Your cell showed more than {name_bytes(limits.pictures_bytes)} of pictures and was ended. {NEXT}"
    return Failure(kind=FailureKind.OUTPUT, message=told)


def explain_exit(code: int | None) -> Failure:
    """The failure of a run whose process ended by itself; a negative `code` is a signal, None is not known."""
    if code is None:
        told = f"The process that ran your cell is gone, and nobody saw why. It has been started again. {NEXT}"
        return Failure(kind=FailureKind.CRASH, message=told)
    if code >= 0:
        told = f"Your cell ended Python itself with exit code {code}. It has been started again. {NEXT}"
        return Failure(kind=FailureKind.EXIT, message=told)
    name = name_signal(-code)
    what = SIGNALS.get(name, "ended by a signal")
    told = f"Python crashed while your cell ran ({name}: {what}). It has been started again. {NEXT}"
    return Failure(kind=FailureKind.CRASH, message=told)


def explain_fault(fault: str) -> Failure:
    """The failure of a run whose process wrote nonsense to foretell's own pipe."""
    told = f"Your cell wrote to the pipe that foretell itself uses, and was ended ({fault}). {NEXT}"
    return Failure(kind=FailureKind.CRASH, message=told)


def name_signal(number: int) -> str:
    """The name of a signal, such as "SIGSEGV"."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def name_seconds(amount: float) -> str:
    """A time in words, such as "1 second"."""
    return "1 second" if amount == 1 else f"{amount:g} seconds"


def name_bytes(amount: int) -> str:
    """An amount of memory in words, such as "1 MB"."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if amount >= size:
            return f"{amount / size:.4g} {unit}"
    return f"{amount} bytes"

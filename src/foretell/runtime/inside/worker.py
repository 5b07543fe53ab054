"""The process that runs a learner's cells: `python -m foretell.runtime.inside.worker PROTOCOL_OUT PARENT`.

Enters: orders on standard input. Leaves: reports on the descriptor PROTOCOL_OUT. Invariant: one order at a time, and
the process ends when its supervisor does. PARENT is the supervisor's process id.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import traceback
from contextlib import suppress

from foretell.model.arrays import Measure
from foretell.runtime.inside.capture import Outlet, Stream
from foretell.runtime.inside.channel import Channel, claim
from foretell.runtime.inside.held import hold
from foretell.runtime.inside.linux import die_with_parent, libc
from foretell.runtime.inside.lookup import answer_probes, complete, inspect, list_variables
from foretell.runtime.inside.measure import measure
from foretell.runtime.inside.shell import LessonShell, make_shell, run_cell, run_cell_watched
from foretell.runtime.inside.traces import forget_source
from foretell.runtime.messages import (
    Begun,
    Complete,
    Execute,
    Inspect,
    ListVariables,
    Message,
    Prepare,
    Ready,
    Replay,
)

ALWAYS_IMPORTED = ("numpy", "foretell.runtime.inside.examine", "foretell.runtime.inside.examples")


def main() -> None:
    """Serve orders until the supervisor hangs up, then end without any clean-up of the learner's."""
    protocol_out, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent)
    channel = claim(protocol_out)
    try:
        serve(channel)
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
        os._exit(70)
    os._exit(0)


def serve(channel: Channel) -> None:
    """Make the shell, then answer one order after the other."""
    outlet = Outlet(channel)
    sys.stdout, sys.stderr = Stream(outlet, "stdout", 1), Stream(outlet, "stderr", 2)
    sys.argv[:] = [""]
    shell = make_shell(outlet)
    channel.interrupts.install()
    while (order := channel.receive()) is not None:
        obey(channel, shell, order)
        if isinstance(order, Prepare):
            hold(order.rlimits)


def obey(channel: Channel, shell: LessonShell, order: Message) -> None:
    """Carry out one order and report."""
    match order:
        case Prepare():
            channel.send(prepare(shell, order))
        case Replay():
            channel.send(Begun())
            with shell.outlet.shut():
                ended = run_cell(shell, channel.interrupts, order.cell)
            if not order.cell.keeps_source:
                forget_source(shell)
            mark_native(order.fence)
            channel.send(ended)
        case Execute():
            execute(channel, shell, order)
        case Complete():
            channel.send(complete(shell, order.code, order.cursor))
        case Inspect():
            channel.send(inspect(shell, order.code, order.cursor))
        case ListVariables():
            channel.send(list_variables(shell))
        case Measure():
            channel.send(measure(shell, order))
        case _:
            raise TypeError(f"{type(order).__name__} is no order to a worker")


def prepare(shell: LessonShell, order: Prepare) -> Ready:
    """Import what the lesson needs, seed, and let cells import what lies in the working directory."""
    with shell.outlet.shut():
        for name in (*ALWAYS_IMPORTED, *order.preload):
            # A package that cannot be imported, however it fails, is the business of the cell that imports it.
            with suppress(BaseException):
                importlib.import_module(name)
    seed_everything(order.seed)
    sys.path.insert(0, "")
    return Ready()


def seed_everything(seed: int) -> None:
    """Seed Python's, numpy's and torch's random generators, those that are loaded."""
    random.seed(seed)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed % 2**32)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def execute(channel: Channel, shell: LessonShell, order: Execute) -> None:
    """Run a cell with all it shows, then answer its probes."""
    channel.send(Begun())
    ended = run_cell_watched(shell, channel.interrupts, order, channel.send)
    mark_native(order.fence)
    channel.send(ended)
    channel.send(answer_probes(shell, order.probes))


def mark_native(fence: str) -> None:
    """Write `fence` behind all that native code has printed."""
    if libc is not None:
        libc.fflush(None)
    for native in (1, 2):
        with suppress(OSError):
            os.write(native, fence.encode())


if __name__ == "__main__":
    main()

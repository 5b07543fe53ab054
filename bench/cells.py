"""One cell: a trivial one against a warm kernel, and the last one after an edit at the top.

Enters: nothing but the machine. Leaves: rows. Invariant: our side answers through a session with snapshots at the
strongest level; the kernel's side is nbclient's round trip to a kernel that has run the same lesson.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable

from bench import ours, peers
from bench.lesson import CELLS, MODULES, TRIVIAL, UNFIGURED, plain_notebook
from bench.measure import Row, Side, compare, spread
from foretell.model.run import CellSource
from foretell.runtime.session import Session

TURNS = 40
EDITS = 5
FORKS = 30
SETTLE_SECONDS = 1.0
PAUSE_SECONDS = 0.1
LOOP = "while True:\n    pass"
MEMORY_BOMB = "held = []\nwhile True:\n    held.append(b'x' * (50 << 20))"


async def trivial_cell() -> Row:
    """`1 + 1` after the whole lesson, run again and again in the same state as a learner would."""
    given = plain_notebook(CELLS)
    async with peers.driver(peers.kernels(), "kernel", given=given) as driver, ours.supervised() as supervisor:
        session = supervisor.session(limits=ours.LIMITS, seed=0, preload=MODULES)
        try:
            await session.start()
            await ours.run_all(session, CELLS)
            await driver.do("keep")

            async def mine() -> None:
                await ours.run(session, CELLS, TRIVIAL)

            theirs = Side(name="ipykernel through nbclient, warm", work=lambda: driver.do("cell"))
            return await compare("cell-vs-ipykernel", Side(name="ours", work=mine), theirs, TURNS)
        finally:
            await session.close()


async def trivial_cell_and_fork() -> Row:
    """The same, against the kernel's round trip plus one fork of a process that has the libraries: aim 0.5."""
    row = await trivial_cell()
    forks = await _time_forks()
    fork = statistics.median(forks) * 1000
    return Row(
        name="cell-vs-ipykernel-and-fork",
        ours=row.ours,
        other=row.other + fork,
        unit="ms",
        other_is=f"{row.other_is}, plus one bare fork and exit",
        note=f"{row.note}; fork {spread(forks)}",
    )


async def _time_forks() -> list[float]:
    """Fork and reap a bare child of a process that has the lesson's libraries, as a root does."""
    code = (
        "import importlib, json, os, sys, time\n"
        "for name in json.load(open(sys.argv[1])): importlib.import_module(name)\n"
        "for line in sys.stdin:\n"
        "    began = time.perf_counter()\n"
        "    pid = os.fork()\n"
        "    if not pid: os._exit(0)\n"
        "    os.waitpid(pid, 0)\n"
        "    print(json.dumps({'seconds': time.perf_counter() - began}), flush=True)\n"
    )
    async with peers.inline(code, given=list(MODULES)) as driver:
        await driver.do("fork")
        return [await driver.do("fork") for _ in range(FORKS)]


def beside(name: str, code: str, what: str) -> Callable[[], Awaitable[Row]]:
    """A trivial cell while a neighbour runs `code` again and again, against the same cell alone."""

    async def measure() -> Row:
        async with ours.supervised() as supervisor:
            mine, other = (supervisor.session(limits=ours.LIMITS, seed=seed, preload=MODULES) for seed in range(2))
            try:
                alone = await _time_trivial(mine)
                meanwhile = asyncio.create_task(_again(other, CellSource(cell="neighbour", text=code)))
                await asyncio.sleep(SETTLE_SECONDS)
                disturbed = await _time_trivial(mine)
                meanwhile.cancel()
                await asyncio.gather(meanwhile, return_exceptions=True)
            finally:
                await asyncio.gather(mine.close(), other.close())
        return Row(
            name=name,
            ours=statistics.median(disturbed) * 1000,
            other=statistics.median(alone) * 1000,
            unit="ms",
            other_is=f"the same cell alone; ours is beside {what}",
            note=f"ours {spread(disturbed)}; other {spread(alone)}",
        )

    return measure


async def _time_trivial(session: Session) -> list[float]:
    await ours.run(session, (), TRIVIAL)
    taken = []
    for _ in range(TURNS):
        began = time.perf_counter()
        await ours.run(session, (), TRIVIAL)
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(PAUSE_SECONDS)
    return taken


async def _again(session: Session, cell: CellSource) -> None:
    while True:
        await ours.see(session, (), cell)


async def edit_the_top() -> Row:
    """The set-up cell was edited and the last cell is wanted: replay in a fork, against restart and run all."""
    given = plain_notebook(UNFIGURED)
    edits = iter(range(1000))
    async with peers.driver(peers.kernels(), "kernel", given=given) as driver, ours.supervised() as supervisor:
        session = supervisor.session(limits=ours.LIMITS, seed=0, preload=MODULES)
        try:
            await session.start()

            async def mine() -> None:
                top = CellSource(cell=CELLS[0].cell, text=f"{CELLS[0].text}\n# edit {next(edits)} of {os.getpid()}")
                await ours.run(session, (top, *UNFIGURED[1:-1]), UNFIGURED[-1])

            theirs = Side(name="nbclient, restart and run all", work=lambda: driver.do("notebook"))
            return await compare("edit-the-top-run-the-last", Side(name="ours", work=mine), theirs, EDITS)
        finally:
            await session.close()


async def session_opens() -> Row:
    """Open a session, run nothing, close it, against one bare fork: what a jail and its process take by themselves."""
    async with ours.supervised() as supervisor:
        taken = []
        for _ in range(FORKS):
            began = time.perf_counter()
            await ours.once(supervisor, ())
            taken.append(time.perf_counter() - began)
    forks = await _time_forks()
    return Row(
        name="session-open-vs-fork",
        ours=statistics.median(taken) * 1000,
        other=statistics.median(forks) * 1000,
        unit="ms",
        other_is="one bare fork and exit of a process with the libraries",
        note=f"ours {spread(taken)}; other {spread(forks)}",
    )

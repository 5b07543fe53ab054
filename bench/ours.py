"""Our side: a supervisor at the strongest level of this machine, and cells run through its sessions.

Enters: a level, cells. Leaves: finished runs. Invariant: a cell that fails ends the bench, unless failing is its work.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.lesson import MODULES
from foretell.model.run import CellSource, Run, RunRequest
from foretell.runtime.host import Host
from foretell.runtime.jail.levels import Level, survey
from foretell.runtime.limits import Limits
from foretell.runtime.session import Session
from foretell.runtime.supervisor import Supervisor

LIMITS = Limits(wall_seconds=60, cpu_seconds=60, memory_bytes=1 << 30)


@asynccontextmanager
async def supervised(level: Level | None = None, *, lays_ahead: bool = True) -> AsyncIterator[Supervisor]:
    """Give a supervisor whose root is warm; at the strongest level there is, if none is named."""
    level = level or (await asyncio.to_thread(survey)).level
    async with Supervisor(level=level) as supervisor:
        supervisor.lays_ahead = lays_ahead
        session = supervisor.session(limits=LIMITS, seed=0, preload=MODULES)
        await session.start()
        await session.close()
        yield supervisor


@asynccontextmanager
async def hosted() -> AsyncIterator[Host]:
    """Give what a door has: a host at the strongest level there is; its roots are cold."""
    level = (await asyncio.to_thread(survey)).level
    with tempfile.TemporaryDirectory(prefix="foretell-bench-") as scratch:
        async with Host(level, Path(scratch)) as host:
            yield host


def named(supervisor: Supervisor) -> str:
    """Say at which level code runs."""
    return f"ours at level {supervisor.level}"


async def run(session: Session, prefix: tuple[CellSource, ...], cell: CellSource) -> Run:
    """Run a cell and insist that it went well."""
    ended = await see(session, prefix, cell)
    if ended.failure is not None:
        raise SystemExit(f"{cell.cell}: {ended.failure.kind}: {ended.failure.message}")
    return ended


async def see(session: Session, prefix: tuple[CellSource, ...], cell: CellSource) -> Run:
    """Run a cell, however it goes."""
    ended: Run | None = None
    async for event in session.run(RunRequest(prefix=prefix, cell=cell)):
        if isinstance(event, Run):
            ended = event
    if ended is None:
        raise SystemExit(f"{cell.cell}: the run ended without a Run")
    return ended


async def run_all(session: Session, cells: Sequence[CellSource]) -> None:
    """Run cells one after another, each in the state of those above."""
    for place, cell in enumerate(cells):
        await run(session, tuple(cells[:place]), cell)


async def once(supervisor: Supervisor, cells: Sequence[CellSource]) -> None:
    """From a warm root: a new session, every cell, the end of it."""
    await start_and_run(supervisor, cells)


async def start_and_run(supervisor: Supervisor, cells: Sequence[CellSource]) -> float:
    """Do the same, and give the seconds of all but the end."""
    began = time.perf_counter()
    session = supervisor.session(limits=LIMITS, seed=0, preload=MODULES, keeps_snapshots=False)
    try:
        await session.start()
        await run_all(session, cells)
        return time.perf_counter() - began
    finally:
        await session.close()

"""What one more idle learner takes: the fall in MemAvailable, ours against a kernel with the same lesson run.

Enters: nothing but the machine. Leaves: a row. Invariant: everything counted is alive when it is counted, and what was
there before it is not counted; other programs' memory moves the figure, so the machine should be quiet.
"""

from __future__ import annotations

import asyncio
import os

import psutil

from bench import ours, peers
from bench.lesson import MODULES, NOTEBOOK, plain_notebook
from bench.measure import NotMeasured, Row
from foretell.runtime.conduct import StagedSession

LEARNERS = 50
KERNELS = 4
SETTLE_SECONDS = 3.0
BYTES = 1e6


def available() -> int:
    """Give what the kernel says a new program could have."""
    return int(psutil.virtual_memory().available)


async def learner() -> Row:
    """50 learners after the last exercise with snapshots kept, against kernels after the notebook."""
    if psutil.virtual_memory().available < 6 << 30:
        raise NotMeasured("less than 6 GB of memory are free")
    mine, kept = await _ours()
    theirs = await _theirs()
    return Row(
        name="learner-memory-vs-ipykernel",
        ours=mine / BYTES,
        other=theirs / BYTES,
        unit="MB",
        other_is=f"ipykernel after the notebook, fall in MemAvailable for each of {KERNELS}",
        note=f"{LEARNERS} learners after Exercise 6 with {kept} snapshots in all",
    )


async def _ours() -> tuple[float, int]:
    async with ours.supervised() as supervisor:
        await asyncio.sleep(SETTLE_SECONDS)
        before = available()
        sessions: list[StagedSession] = []
        for seed in range(LEARNERS):
            session = supervisor.session(limits=ours.LIMITS, seed=seed, preload=MODULES)
            sessions.append(session)
            await session.start()
            await ours.run_all(session, NOTEBOOK)
        await asyncio.sleep(SETTLE_SECONDS)
        fall = before - available()
        kept = sum(len(tuple(session.engine.kept)) for session in sessions)
        return fall / LEARNERS, kept


async def _theirs() -> float:
    async with peers.driver(peers.kernels(), "kernel", given=plain_notebook(NOTEBOOK)) as driver:
        await driver.do("notebook")  # the driver's own imports, and the files in the page cache
        await asyncio.sleep(SETTLE_SECONDS)
        before = available()
        for _ in range(KERNELS):
            await driver.do("keep")
        await asyncio.sleep(SETTLE_SECONDS)
        return (before - available()) / KERNELS


def loads() -> str:
    """Say how busy the machine is besides us."""
    return f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores, {available() / BYTES:,.0f} MB free"

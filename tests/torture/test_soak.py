"""Many learners one after another, as in an hour of a class: memory, descriptors and processes stay where they are.

The long form is `make soak`.
"""

from __future__ import annotations

import asyncio
import sys

import psutil
import pytest

from foretell.model.run import CellSource, RunRequest
from foretell.runtime.jail.levels import survey
from foretell.runtime.limits import Limits
from foretell.runtime.supervisor import Supervisor

CELLS = (
    "x = list(range(1000))",
    "print(sum(x))",
    "1 / 0",
    "import os; os._exit(2)",
    "y = x * 2",
    "print('a' * 50_000)",
)
LEARNERS, SETTLED = 40, 15
GROWTH_BYTES = 8 << 20

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there are no forks elsewhere")


async def study(supervisor: Supervisor, seed: int) -> None:
    session = supervisor.session(limits=Limits(memory_bytes=1 << 30), seed=seed)
    cells = tuple(CellSource(cell=f"c{place}", text=text) for place, text in enumerate(CELLS))
    for place, cell in enumerate(cells):
        async for _ in session.run(RunRequest(prefix=cells[:place], cell=cell)):
            pass
    if seed % 5 == 0:
        endless = RunRequest(prefix=cells[:1], cell=CellSource(cell="e", text="while True: pass"))
        running = asyncio.create_task(anext(session.run(endless)))
        await asyncio.sleep(0.05)
        await session.stop()
        await running
    await session.close()


async def test_learners_who_come_and_go_leave_nothing_behind():
    me = psutil.Process()
    async with Supervisor(level=survey().level) as supervisor:
        for seed in range(LEARNERS):
            await study(supervisor, seed)
            if seed == SETTLED:
                await asyncio.sleep(0.5)
                before = me.memory_info().rss, me.num_fds(), len(me.children(recursive=True))
        await asyncio.sleep(0.5)
        after = me.memory_info().rss, me.num_fds(), len(me.children(recursive=True))
    assert after[0] - before[0] < GROWTH_BYTES
    assert after[1:] == before[1:]

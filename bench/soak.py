"""`make soak`: an hour's worth of learners in a few minutes, and what the supervisor's memory does meanwhile.

Enters: how many learners. Leaves: a line now and then, and whether memory stayed flat. Invariant: learners open, run,
fail, loop for ever, are stopped, die and leave; a session never outlives its learner.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from bench import ours
from bench.lesson import MODULES, UNFIGURED
from foretell.model.run import CellSource
from foretell.runtime.conduct import StagedSession
from foretell.runtime.supervisor import Supervisor

LEARNERS = 600
AT_ONCE = 4
REPORTS = 12
GROWTH_BYTES = 16_000_000

WAYS = ("works", "fails", "loops", "dies", "floods", "edits", "leaves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Memory of the supervisor itself, its processes and its open files after some learners."""

    learners: int
    rss: int
    pss: int
    processes: int
    descriptors: int

    def line(self) -> str:
        """Say it in a line."""
        memory = f"RSS {self.rss / 1e6:.1f} MB, PSS {self.pss / 1e6:.1f} MB"
        return f"{self.learners:>5} learners: {memory}, {self.processes} processes, {self.descriptors} open files"


def read(learners: int) -> Reading:
    """Look at this process, which is the supervisor, and at what lives below it."""
    mine = psutil.Process()
    memory = mine.memory_full_info()
    return Reading(
        learners=learners,
        rss=memory.rss,
        pss=memory.pss,
        processes=len(mine.children(recursive=True)),
        descriptors=mine.num_fds(),
    )


async def live(supervisor: Supervisor, number: int) -> None:
    """Be one learner: some cells, one mishap, gone."""
    chance = random.Random(number)
    way = WAYS[number % len(WAYS)]
    session = supervisor.session(limits=ours.LIMITS, seed=number, preload=MODULES)
    try:
        await session.start()
        cells = UNFIGURED[: chance.randint(1, len(UNFIGURED))]
        if way != "leaves":
            await ours.run_all(session, cells)
        await _meet(session, cells, way, chance)
    finally:
        await session.close()


async def _meet(session: StagedSession, cells: tuple[CellSource, ...], way: str, chance: random.Random) -> None:
    mishap = {
        "fails": "1 / 0",
        "loops": "while True:\n    pass",
        "dies": "import os\nos._exit(7)",
        "floods": "for number in range(100_000):\n    print(number, 'x' * 50)",
    }.get(way)
    if mishap is not None:
        stopping = asyncio.create_task(_stop(session, chance)) if way == "loops" else None
        ended = await ours.see(session, cells, CellSource(cell="mishap", text=mishap))
        if stopping is not None:
            await stopping
        if ended.failure is None:
            raise SystemExit(f"a cell that {way} ended well")
        await ours.run(session, cells, CellSource(cell="after", text="1 + 1"))
    elif way == "edits":
        top = CellSource(cell=cells[0].cell, text=f"{cells[0].text}\n# {chance.random()}")
        await ours.run_all(session, (top, *cells[1:]))


async def _stop(session: StagedSession, chance: random.Random) -> None:
    await asyncio.sleep(0.1 + chance.random() / 4)
    await session.stop()


async def soak(learners: int = LEARNERS) -> tuple[Reading, Reading]:
    """Let learners come and go; give the readings after the first share and at the end."""
    readings: list[Reading] = []
    share = max(AT_ONCE, learners // REPORTS)
    async with ours.supervised() as supervisor:
        for begin in range(0, learners, share):
            numbers = iter(range(begin, min(begin + share, learners)))
            await asyncio.gather(*(_one_after_another(supervisor, numbers) for _ in range(AT_ONCE)))
            await asyncio.sleep(0.5)
            readings.append(await asyncio.to_thread(read, min(begin + share, learners)))
            print(readings[-1].line(), flush=True)
    return readings[0], readings[-1]


async def _one_after_another(supervisor: Supervisor, numbers: Iterator[int]) -> None:
    for number in numbers:
        await live(supervisor, number)


def main() -> None:
    """Soak, and end with 1 where memory, processes or open files grew."""
    first, last = asyncio.run(soak(int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS))
    grew = last.pss - first.pss
    flat = grew <= GROWTH_BYTES and last.processes <= first.processes and last.descriptors <= first.descriptors
    print(f"memory of the supervisor {'stayed flat' if flat else 'GREW'}: {grew / 1e6:+.1f} MB")
    raise SystemExit(0 if flat else 1)


if __name__ == "__main__":
    main()

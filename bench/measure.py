"""Times of the same work done by foretell and by something else, in turns.

Enters: two ways to do a piece of work. Leaves: a row with both medians and their ratio. Invariant: both are run the
same number of times, alternating, after one unmeasured turn each.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison: `ratio` above 1 means that foretell is faster than `other`."""

    name: str
    seconds: float
    other: str
    other_seconds: float
    turns: int

    def line(self) -> str:
        """Give the row as one line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "seconds": round(self.seconds, 4),
                "other": self.other,
                "other_seconds": round(self.other_seconds, 4),
                "ratio": round(self.other_seconds / self.seconds, 2),
                "turns": self.turns,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to do the work. `rest` is what happens between two turns, unmeasured."""

    name: str
    work: Work
    rest: Work | None = None

    async def turn(self) -> float:
        """Do the work once and give its seconds."""
        began = time.perf_counter()
        await self.work()
        seconds = time.perf_counter() - began
        if self.rest is not None:
            await self.rest()
        return seconds


async def compare(ours: Side, theirs: Side, turns: int) -> Row:
    """Do both in turns and give the medians."""
    await ours.turn()
    await theirs.turn()
    times = [(await ours.turn(), await theirs.turn()) for _ in range(turns)]
    return Row(
        name=ours.name,
        seconds=statistics.median(mine for mine, _ in times),
        other=theirs.name,
        other_seconds=statistics.median(peer for _, peer in times),
        turns=turns,
    )

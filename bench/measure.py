"""Amounts of the same work done by foretell and by something else, in turns, and the table and file they end up in.

Enters: two ways to do a piece of work. Leaves: rows with both medians and their ratio. Invariant: both sides alternate
after one unmeasured turn each; no row is made of a figure that was not measured just now, a stated bound apart.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "latest.json"

Work = Callable[[], Awaitable[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison of amounts of which less is better; `note` is for the reader of the table only."""

    name: str
    ours: float
    other: float
    unit: str
    other_is: str
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times better than the other; above 1 is better."""
        return self.other / self.ours

    def plain(self) -> dict[str, object]:
        """Give the row as it is kept."""
        return {
            "name": self.name,
            "ours": _rounded(self.ours),
            "other": _rounded(self.other),
            "unit": self.unit,
            "ratio": _rounded(self.ratio),
            "other_is": self.other_is,
        }

    def line(self) -> str:
        """Give the row as a line of the table."""
        amounts = f"{_rounded(self.ours):>10} {_rounded(self.other):>10} {self.unit:<4} {_rounded(self.ratio):>8}"
        return f"{self.name:<44} {amounts}  {self.other_is}{f' ({self.note})' if self.note else ''}"


HEAD = f"{'name':<44} {'ours':>10} {'other':>10} {'unit':<4} {'ratio':>8}  other is (turns, lowest to highest)"


class NotMeasured(Exception):
    """A row could not be had; the message says why."""


def _rounded(amount: float) -> float:
    """Give four digits that count."""
    return float(f"{amount:.4g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to do the work. `rest` is what happens between two turns, unmeasured.

    `work` may give the seconds that it has measured itself; else its whole duration counts. `turns` are done in a row.
    """

    name: str
    work: Work
    rest: Callable[[], Awaitable[None]] | None = None
    turns: int = 1

    async def take(self) -> list[float]:
        """Do the work and give the seconds of each turn."""
        taken = []
        for _ in range(self.turns):
            began = time.perf_counter()
            own = await self.work()
            taken.append(time.perf_counter() - began if own is None else own)
            if self.rest is not None:
                await self.rest()
        return taken


async def compare(name: str, ours: Side, theirs: Side, rounds: int) -> Row:
    """Do both in turns and give the medians in milliseconds."""
    await ours.work()
    await theirs.work()
    mine: list[float] = []
    others: list[float] = []
    for _ in range(rounds):
        mine += await ours.take()
        others += await theirs.take()
    return Row(
        name=name,
        ours=statistics.median(mine) * 1000,
        other=statistics.median(others) * 1000,
        unit="ms",
        other_is=theirs.name,
        note=f"ours {spread(mine)}; other {spread(others)}",
    )


def spread(seconds: Sequence[float]) -> str:
    """Say how many turns there were, and between what they lay."""
    return f"{len(seconds)}: {_rounded(min(seconds) * 1000)} to {_rounded(max(seconds) * 1000)} ms"


def keep(rows: Sequence[Row], names: Collection[str], path: Path = RESULTS, *, anew: bool) -> None:
    """Write the rows; unless `anew`, those of the other `names` that are there stay."""
    there = [] if anew or not path.exists() else json.loads(path.read_text())
    kept = {row["name"]: row for row in there if row["name"] in names}
    kept |= {row.name: row.plain() for row in rows}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(list(kept.values()), indent=2) + "\n")

"""The snapshots of one session: which there are, which is nearest to a prefix, which are worth their memory.

Enters: snapshots. Leaves: the ones to start from, and the ones to end. Invariant: nothing is kept of a process that
has gone on to another cell, and the state before the first cell is kept as long as its process lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from foretell.model.run import CellSource, Prefix
from foretell.runtime.forked import ForkedWorker
from foretell.runtime.messages import CellEnded

WORTH_SECONDS = 0.2
MOST_SNAPSHOTS = 24
RECENT_SNAPSHOTS = 2
CHEAP_SECONDS = 0.02


@dataclass(slots=True, kw_only=True, eq=False)
class Snapshot:
    """A process at rest, the cells it has run, and the ids of those among them that failed.

    `can_fork` is false where a fork would lose something: then the process itself goes on to the next cell.
    `behind_seconds` is what it would take to replay it from the last snapshot that is worth keeping, `seconds` what
    its last cell took. `likely_bytes` is a quick guess of its memory, which counts what states share for each of them;
    `memory_bytes` is that memory as measured last (PSS), 0 before.
    """

    worker: ForkedWorker
    executed: Prefix = ()
    failed: tuple[str, ...] = ()
    can_fork: bool = True
    behind_seconds: float = 0.0
    seconds: float = 0.0
    used: float = 0.0
    likely_bytes: int = 0
    memory_bytes: int = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def lives(self) -> bool:
        """Whether its process is there."""
        return not self.worker.exited.is_set()

    @property
    def is_worth_keeping(self) -> bool:
        """Whether it would take long to replay; the state before the first cell always would."""
        return self.behind_seconds >= WORTH_SECONDS or not self.executed

    def after(self, worker: ForkedWorker, cell: CellSource, ended: CellEnded) -> Snapshot:
        """The state once `cell` has run in `worker`, too; not at rest yet."""
        return Snapshot(
            worker=worker,
            executed=(*self.executed, cell),
            failed=self.failed if ended.failure is None else (*self.failed, cell.cell),
            can_fork=False,
            seconds=ended.seconds,
            behind_seconds=(0.0 if self.is_worth_keeping else self.behind_seconds) + ended.seconds,
        )


class Tree:
    """Snapshots by the prefix that they have run; a cell that is passed over shares the process of the one above."""

    def __init__(self) -> None:
        self._kept: dict[Prefix, Snapshot] = {}

    def __iter__(self) -> Iterator[Snapshot]:
        """Give each process once. Another thread may ask, so the table is copied in one step."""
        kept = tuple(self._kept.values())
        return iter({id(snapshot.worker): snapshot for snapshot in kept}.values())

    def has(self, worker: ForkedWorker) -> bool:
        """Whether a process is kept."""
        return any(snapshot.worker is worker for snapshot in self)

    def get(self, prefix: Prefix) -> Snapshot | None:
        """The living snapshot that has run exactly `prefix`."""
        snapshot = self._kept.get(prefix)
        if snapshot is not None and not snapshot.lives:
            del self._kept[prefix]
            return None
        return snapshot

    def nearest(self, prefix: Prefix) -> Snapshot | None:
        """The living snapshot that has run most of `prefix`, and nothing else."""
        found = (self.get(prefix[:length]) for length in range(len(prefix), -1, -1))
        return next((snapshot for snapshot in found if snapshot is not None), None)

    def put(self, snapshot: Snapshot) -> list[Snapshot]:
        """Keep a snapshot; gives those that are to be ended for it."""
        old = self._kept.pop(snapshot.executed, None)
        self._kept[snapshot.executed] = snapshot
        replaced = [old] if old is not None and not self.has(old.worker) else []
        too_many = self._choose_too_many()
        for each in too_many:
            self.forget(each.worker)
        return [*replaced, *too_many]

    def thin(self) -> list[Snapshot]:
        """While nothing is asked of them: of two neighbours the later goes where its one cell is run again in no time.

        The earlier one serves a changed cell and the next one alike. Gives those that are to be ended.
        """
        light = sorted((kept for kept in self if not kept.is_worth_keeping), key=lambda kept: len(kept.executed))
        cheap = [
            later
            for earlier, later in pairwise(light)
            if later.executed[:-1] == earlier.executed and later.seconds < CHEAP_SECONDS and earlier.can_fork
        ]
        for each in cheap:
            self.forget(each.worker)
        return cheap

    def forget(self, worker: ForkedWorker) -> None:
        """Keep nothing of a process any more."""
        for key in [key for key, kept in self._kept.items() if kept.worker is worker]:
            del self._kept[key]

    def clear(self) -> list[Snapshot]:
        """Keep nothing; gives what there was."""
        kept = list(self)
        self._kept.clear()
        return kept

    def _choose_too_many(self) -> list[Snapshot]:
        """More than the most of what is worth keeping, and of the rest all but the few that were used last."""
        kept = sorted(self, key=lambda snapshot: snapshot.used)
        worth = [snapshot for snapshot in kept if snapshot.is_worth_keeping and snapshot.executed]
        light = [snapshot for snapshot in kept if not snapshot.is_worth_keeping]
        return [*worth[:-MOST_SNAPSHOTS], *light[:-RECENT_SNAPSHOTS]]

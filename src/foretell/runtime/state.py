"""The state after a prefix of cells: which process holds it, and how it is built again.

Enters: a prefix. Leaves: a `State` whose process has run exactly that prefix. Invariant: a cell that has taken its
process with it (or was stopped) is passed over when it stands in a prefix, and named among those that failed; else an
endless loop above would make every cell below it unreachable.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from foretell.model.run import CellSource, Failure, Prefix, Replaying
from foretell.runtime.flight import Died, Flight
from foretell.runtime.limits import explain_stopped_above
from foretell.runtime.messages import Replay
from foretell.runtime.pool import Pool
from foretell.runtime.process import WorkerProcess

MOST_LOSSES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A live process, the cells it has run, and the ids of those among them that failed."""

    worker: WorkerProcess
    executed: Prefix = ()
    failed: tuple[str, ...] = ()

    def begins(self, prefix: Prefix) -> bool:
        """Whether this process can still become the state after `prefix`."""
        return not self.worker.exited.is_set() and prefix[: len(self.executed)] == self.executed

    def is_exactly(self, prefix: Prefix) -> bool:
        """Whether this process is the state after `prefix`."""
        return not self.worker.exited.is_set() and prefix == self.executed

    def after(self, cell: CellSource, failure: Failure | None) -> State:
        """The state once `cell` has run too."""
        failed = self.failed if failure is None else (*self.failed, cell.cell)
        return replace(self, executed=(*self.executed, cell), failed=failed)


class PassedOver:
    """The cells that no process survives, each known by the prefix that ends with it."""

    def __init__(self) -> None:
        self._keys: set[Prefix] = set()

    def __contains__(self, executed: Prefix) -> bool:
        """Whether the last cell of `executed` is to be passed over."""
        return executed in self._keys

    def note_death(self, executed: Prefix, end: Died, losses: int = 0) -> None:
        """Remember that the last cell of `executed` took its process with it; or that too many were lost over it."""
        if end.is_own_doing or losses >= MOST_LOSSES:
            self._keys.add(executed)

    def note_end(self, executed: Prefix) -> None:
        """Remember that the last cell of `executed` has ended well after all."""
        self._keys.discard(executed)


def make_fence() -> str:
    """A mark for the native streams that no cell can know beforehand."""
    return f"\x1e{secrets.token_hex(8)}\x1e"


class Rebuilder:
    """Builds states by replay, and remembers which cells no process survives."""

    def __init__(self, pool: Pool) -> None:
        self.passed_over = PassedOver()
        self._pool = pool

    async def reach(self, state: State | None, prefix: Prefix, flight: Flight) -> State | Died:
        """The state after `prefix`, from `state` where there is one; `Died` where the run was stopped on the way."""
        losses = 0
        while True:
            if state is None:
                worker = await self._pool.take(flight.stopping)
                if worker is None:
                    return flight.died_waiting()
                state = State(worker=worker)
            reached = await self._extend(state, prefix, flight)
            if isinstance(reached, State):
                return reached
            self._pool.discard(state.worker)
            key, end = reached
            if end.is_abandoned:
                return end
            losses += not end.is_own_doing
            self.passed_over.note_death(key, end, losses)
            if flight.is_stopped:
                return replace(end, failure=explain_stopped_above(key[-1]))
            flight.resume()
            state = None

    async def _extend(self, state: State, prefix: Prefix, flight: Flight) -> State | tuple[Prefix, Died]:
        """Run what is missing of `prefix`; where a cell takes the process with it, that cell's prefix and its end."""
        first = len(state.executed)
        total = len(prefix) - first
        for place in range(first, len(prefix)):
            flight.show(Replaying(done=place - first, total=total))
            cell, key = prefix[place], prefix[: place + 1]
            if key in self.passed_over:
                state = replace(state, executed=key, failed=(*state.failed, cell.cell))
                continue
            ended = await flight.rebuild(state.worker, Replay(cell=cell, fence=make_fence()))
            if isinstance(ended, Died):
                return key, ended
            state = state.after(cell, ended.failure)
        if total:
            flight.show(Replaying(done=total, total=total))
        return state

"""The portable runtime: fresh subprocesses, and replay of the earlier cells where the state is not at hand.

Enters: requests. Leaves: events and answers, as `session.Session` says. Invariant: a process is only used for a
prefix that begins with exactly the cells it has run; any other is ended and a fresh one replays.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from foretell.model.run import Prefix, Run, RunRequest
from foretell.runtime.conduct import Stage, StagedSession, finish, order_for, put_question
from foretell.runtime.flight import Died, Flight
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Message, Order
from foretell.runtime.pool import Pool
from foretell.runtime.process import Setup
from foretell.runtime.state import Rebuilder, State
from foretell.runtime.workroom import Workroom

REACH_SECONDS = 15.0


def fresh_session(
    *, limits: Limits, seed: int, cwd: Path, preload: tuple[str, ...] = (), spares: int = 1
) -> StagedSession:
    """A session in fresh processes. `preload` names modules to import before the first cell; `cwd` is where cells run.

    `spares` is how many warm processes wait for the next change of state: one makes a re-run fast, none saves memory.
    """
    limits = replace(limits, counts_processes=False)
    stage = Stage(limits)
    workroom = Workroom()
    pool = Pool(Setup(seed=seed, preload=preload, cwd=cwd, scratch=workroom.path, limits=limits), spares)
    return StagedSession(stage, FreshProcesses(stage, pool, workroom))


class FreshProcesses:
    """One learner's processes: the engine of a `fresh_session`."""

    def __init__(self, stage: Stage, pool: Pool, workroom: Workroom) -> None:
        self._stage = stage
        self._workroom = workroom
        self._pool = pool
        self._rebuilder = Rebuilder(self._pool)
        self._aside_turn = asyncio.Lock()
        self._live: State | None = None
        self._aside: State | None = None
        self._aside_flight: Flight | None = None

    async def start(self) -> None:
        """Have a process ready. RuntimeUnavailable where there can be none, with what to do."""
        await self._pool.warm()

    async def close(self) -> None:
        """End every process of the session."""
        for flight in (self._stage.flight, self._aside_flight):
            if flight is not None:
                flight.abandon()
        async with self._stage.turn, self._aside_turn:
            for state in (self._live, self._aside):
                if state is not None:
                    await state.worker.close()
            self._live = self._aside = None
            await self._pool.close()
            self._workroom.close()

    async def conduct(self, request: RunRequest, flight: Flight) -> Run:
        """See a run through, from the state it starts in to what was observed."""
        try:
            state = await self._rebuilder.reach(self._take_best(request.prefix), request.prefix, flight)
            if isinstance(state, State):
                return await self._perform(state, request, flight)
            return finish(request, flight, state, ())
        finally:
            self._pool.refill()

    async def _perform(self, state: State, request: RunRequest, flight: Flight) -> Run:
        order = order_for(request)
        ended = await flight.perform(state.worker, order)
        if isinstance(ended, Died) and not ended.began and not flight.stopping.is_set():
            # The process was gone before it had read the order, so the cell has not run: once more, in another.
            self._pool.discard(state.worker)
            again = await self._rebuilder.reach(None, request.prefix, flight)
            if isinstance(again, Died):
                return finish(request, flight, again, state.failed)
            state = again
            ended = await flight.perform(state.worker, order)
        if isinstance(ended, Died):
            self._pool.discard(state.worker)
            self._rebuilder.passed_over.note_death((*request.prefix, request.cell), ended)
            return finish(request, flight, ended, state.failed)
        observations = await flight.observe(state.worker, request.probes)
        self._live = state.after(request.cell, ended.failure)
        self._rebuilder.passed_over.note_end((*request.prefix, request.cell))
        return finish(request, flight, ended, state.failed, observations)

    def _take_best(self, prefix: Prefix) -> State | None:
        """The process that has run most of `prefix` and nothing else; the one that ran last is not kept otherwise."""
        live, self._live = self._live, None
        aside = None if self._aside_turn.locked() else self._aside
        fitting = [state for state in (live, aside) if state is not None and state.begins(prefix)]
        best = max(fitting, key=lambda state: len(state.executed), default=None)
        if live is not None and live is not best:
            self._pool.discard(live.worker)
        if best is not None and best is aside:
            self._aside = None
        return best

    async def ask(self, prefix: Prefix, order: Order) -> Message | None:
        """The answer to a question about the state after `prefix`; None where there is none in time."""
        if not self._stage.turn.locked() and self._live is not None and self._live.is_exactly(prefix):
            async with self._stage.turn:
                if self._live is not None and self._live.is_exactly(prefix):
                    return await put_question(self._live.worker, order)
        async with self._aside_turn:
            state = await self._reach_aside(prefix)
            return None if state is None else await put_question(state.worker, order)

    async def _reach_aside(self, prefix: Prefix) -> State | None:
        """Build the state after `prefix` in a process beside the learner's; the next run of that state takes it."""
        aside, self._aside = self._aside, None
        if aside is not None and not aside.begins(prefix):
            self._pool.discard(aside.worker)
            aside = None
        flight = self._aside_flight = Flight(self._stage.limits, lambda _: None)
        patience = asyncio.get_running_loop().call_later(REACH_SECONDS, flight.abandon)
        try:
            state = await self._rebuilder.reach(aside, prefix, flight)
        finally:
            patience.cancel()
            self._aside_flight = None
            self._pool.refill()
        self._aside = None if isinstance(state, Died) else state
        return self._aside

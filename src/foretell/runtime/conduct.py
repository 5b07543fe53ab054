"""What every session does alike: one run at a time, its events to whoever reads them, Stop, and questions.

Enters: requests. Leaves: events, the last of which is a `Run`, and answers. Invariant: a run ends for its reader with
a `Run` or an error, be it stopped, abandoned or never begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from foretell.errors import RuntimeUnavailable
from foretell.model.arrays import Measure, Measured
from foretell.model.run import Completion, Event, Observation, Prefix, Run, RunRequest, Variable
from foretell.runtime.flight import Died, Flight
from foretell.runtime.limits import Limits
from foretell.runtime.messages import (
    Answer,
    CellEnded,
    Complete,
    Execute,
    Inspect,
    Inspected,
    Listed,
    ListVariables,
    Message,
    Order,
    answers,
)
from foretell.runtime.state import make_fence
from foretell.runtime.workers import Exited, Worker

ASK_SECONDS = 10.0


class Stage:
    """Where the runs of one session take place, one at a time: whose turn it is, what is on its way, what waits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.turn = asyncio.Lock()
        self.flight: Flight | None = None
        self.waiting: list[Flight] = []
        self.is_closed = False

    async def take_turn(self, halt: asyncio.Event) -> bool:
        """Wait for the turn, which is then the caller's to release; False where `halt` is set first."""
        taking, halting = asyncio.create_task(self.turn.acquire()), asyncio.create_task(halt.wait())
        is_taken = False
        try:
            await asyncio.wait({taking, halting}, return_when=asyncio.FIRST_COMPLETED)
            is_taken = taking.done() and not halt.is_set()
        finally:
            halting.cancel()
            if not is_taken:
                taking.cancel()
                await asyncio.wait({taking})
                if not taking.cancelled():
                    self.turn.release()
        return is_taken


class Engine(Protocol):
    """What makes states of a session's cells and runs the next one in them, on a `Stage` that it shares."""

    async def start(self) -> None:
        """Have a process ready. RuntimeUnavailable where there can be none, with what to do."""
        ...

    async def conduct(self, request: RunRequest, flight: Flight) -> Run:
        """See a run through, from the state it starts in to what was observed. The turn is held."""
        ...

    async def ask(self, prefix: Prefix, order: Order) -> Message | None:
        """The answer to a question about the state after `prefix`; None where there is none in time."""
        ...

    async def close(self) -> None:
        """End every process, and the run on its way."""
        ...


class StagedSession:
    """A `session.Session` on top of an engine."""

    def __init__(self, stage: Stage, engine: Engine) -> None:
        self.engine = engine
        self._stage = stage

    async def start(self) -> None:
        """Have a process ready. RuntimeUnavailable where there can be none, with what to do."""
        await self.engine.start()

    async def close(self) -> None:
        """End every process of the session."""
        self._stage.is_closed = True
        await self.engine.close()

    async def run(self, request: RunRequest) -> AsyncGenerator[Event, None]:
        """Run a cell. The last event is a `Run`; closing the iterator early ends the run."""
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        flight = Flight(self._stage.limits, events.put_nowait)
        self._stage.waiting.append(flight)
        task = asyncio.create_task(self._take_turn(request, flight))
        task.add_done_callback(lambda _: self._land(flight, events))
        try:
            while (event := await events.get()) is not None:
                yield event
            yield task.result()
        finally:
            if not task.done():
                flight.abandon()
                if self._stage.flight is not flight:
                    task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def stop(self) -> None:
        """Interrupt the run in progress, kill it after two seconds, and wait until it has ended.

        A run that has been asked for and waits, for a question to be answered say, is in progress too.
        """
        flight = self._stage.flight or next(iter(self._stage.waiting), None)
        if flight is not None:
            flight.stop()
            await flight.over.wait()

    async def complete(self, prefix: Prefix, code: str, cursor: int) -> Completion:
        """What could stand at `cursor` in `code`, in the state after `prefix`."""
        answer = await self.engine.ask(prefix, Complete(code=code, cursor=cursor))
        return answer if isinstance(answer, Completion) else Completion(matches=(), start=cursor, end=cursor)

    async def inspect(self, prefix: Prefix, code: str, cursor: int) -> str:
        """The documentation of what stands at `cursor`, "" if none."""
        answer = await self.engine.ask(prefix, Inspect(code=code, cursor=cursor))
        return answer.text if isinstance(answer, Inspected) else ""

    async def variables(self, prefix: Prefix) -> tuple[Variable, ...]:
        """The names that `prefix` gives a value."""
        answer = await self.engine.ask(prefix, ListVariables())
        return answer.variables if isinstance(answer, Listed) else ()

    async def measure(self, prefix: Prefix, asked: Measure) -> Measured | None:
        """What `asked` comes to in the state after `prefix`; None where no answer to just this question came."""
        answer = await self.engine.ask(prefix, asked)
        return answer if isinstance(answer, Measured) else None

    async def _take_turn(self, request: RunRequest, flight: Flight) -> Run:
        if not await self._stage.take_turn(flight.stopping):
            return finish(request, flight, flight.died_waiting(), ())
        try:
            self._stage.waiting.remove(flight)
            if self._stage.is_closed:
                raise RuntimeUnavailable("This session is closed; open a new one")
            self._stage.flight = flight
            return await self.engine.conduct(request, flight)
        finally:
            self._stage.flight = None
            self._stage.turn.release()

    def _land(self, flight: Flight, events: asyncio.Queue[Event | None]) -> None:
        """Note that a run is over, be it that it never began."""
        if flight in self._stage.waiting:
            self._stage.waiting.remove(flight)
        flight.over.set()
        events.put_nowait(None)


async def put_question(worker: Worker, order: Order) -> Message | None:
    """The answer of a process at rest; None where it is gone, late, or answers what was not asked: then it is ended."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await worker.send(order)
            while not isinstance(answer := await worker.receive(), Answer | Exited):
                pass
    except BaseException as failure:
        worker.kill_unless_exited()
        if isinstance(failure, TimeoutError):
            return None
        raise
    if isinstance(answer, Exited):
        return None
    if not answers(answer, order):
        # Learner code has written it: whatever else comes from this process answers nothing that was asked.
        worker.kill_unless_exited()
        return None
    return answer


def order_for(request: RunRequest) -> Execute:
    """The order that carries out a request, in a process that has run its prefix."""
    return Execute(
        cell=request.cell,
        probes=request.probes,
        asserts_from_line=request.asserts_from_line,
        fence=make_fence(),
    )


def finish(
    request: RunRequest,
    flight: Flight,
    end: CellEnded | Died,
    failed_before: tuple[str, ...],
    observations: dict[tuple[str, int], Observation] | None = None,
) -> Run:
    """The run of a cell that came to its end, took its process with it, or never began."""
    return Run(
        cell=request.cell.cell,
        outputs=flight.outputs,
        failure=end.failure,
        observations=observations or {},
        asserts=end.asserts,
        seconds=end.seconds,
        failed_before=failed_before,
    )

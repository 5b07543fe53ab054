"""What every session does alike: one run at a time, its events to whoever reads them, Stop, and questions.

Enters: requests. Leaves: events, the last of which is a `Run`, and answers. Invariant: a run ends for its reader with
a `Run` or an error, be it stopped, abandoned or never begun.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator

from foretell.errors import RuntimeUnavailable
from foretell.model.arrays import Measure, Measured
from foretell.model.run import CellSource, Completion, Event, Run, RunRequest, Variable
from foretell.runtime.flight import Died, Flight
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Complete, Execute, Inspect, Inspected, Listed, ListVariables, Message, Order
from foretell.runtime.state import make_fence

Prefix = tuple[CellSource, ...]


class ConductedSession(ABC):
    """A session that has its runs conducted by `_conduct`, and its questions answered by `_ask`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turn = asyncio.Lock()
        self._flight: Flight | None = None
        self._waiting: list[Flight] = []
        self._closed = False

    async def run(self, request: RunRequest) -> AsyncGenerator[Event, None]:
        """Run a cell. The last event is a `Run`; closing the iterator early ends the run."""
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        flight = Flight(self._limits, events.put_nowait)
        self._waiting.append(flight)
        task = asyncio.create_task(self._take_turn(request, flight))
        task.add_done_callback(lambda _: self._land(flight, events))
        try:
            while (event := await events.get()) is not None:
                yield event
            yield task.result()
        finally:
            if not task.done():
                flight.abandon()
                if self._flight is not flight:
                    task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def stop(self) -> None:
        """Interrupt the run in progress, kill it after two seconds, and wait until it has ended.

        A run that has been asked for and waits, for a question to be answered say, is in progress too.
        """
        flight = self._flight or next(iter(self._waiting), None)
        if flight is not None:
            flight.stop()
            await flight.over.wait()

    async def complete(self, prefix: Prefix, code: str, cursor: int) -> Completion:
        """What could stand at `cursor` in `code`, in the state after `prefix`."""
        answer = await self._ask(prefix, Complete(code=code, cursor=cursor))
        return answer if isinstance(answer, Completion) else Completion(matches=(), start=cursor, end=cursor)

    async def inspect(self, prefix: Prefix, code: str, cursor: int) -> str:
        """The documentation of what stands at `cursor`, "" if none."""
        answer = await self._ask(prefix, Inspect(code=code, cursor=cursor))
        return answer.text if isinstance(answer, Inspected) else ""

    async def variables(self, prefix: Prefix) -> tuple[Variable, ...]:
        """The names that `prefix` gives a value."""
        answer = await self._ask(prefix, ListVariables())
        return answer.variables if isinstance(answer, Listed) else ()

    async def measure(self, prefix: Prefix, asked: Measure) -> Measured | None:
        """What `asked` comes to in the state after `prefix`; None where no answer to just this question came."""
        answer = await self._ask(prefix, asked)
        return answer if isinstance(answer, Measured) else None

    @abstractmethod
    async def _conduct(self, request: RunRequest, flight: Flight) -> Run:
        """See a run through, from the state it starts in to what was observed."""

    @abstractmethod
    async def _ask(self, prefix: Prefix, order: Order) -> Message | None:
        """The answer to a question about the state after `prefix`; None where there is none in time."""

    async def _take_turn(self, request: RunRequest, flight: Flight) -> Run:
        async with self._turn:
            self._waiting.remove(flight)
            if self._closed:
                raise RuntimeUnavailable("This session is closed; open a new one")
            if flight.stopping.is_set():
                return finish(request, flight, flight.died_waiting(), ())
            self._flight = flight
            try:
                return await self._conduct(request, flight)
            finally:
                self._flight = None

    def _land(self, flight: Flight, events: asyncio.Queue[Event | None]) -> None:
        """Note that a run is over, be it that it never began."""
        if flight in self._waiting:
            self._waiting.remove(flight)
        flight.over.set()
        events.put_nowait(None)


def order_for(request: RunRequest) -> Execute:
    """The order that carries out a request, in a process that has run its prefix."""
    return Execute(
        cell=request.cell,
        probes=request.probes,
        asserts_from_line=request.asserts_from_line,
        fence=make_fence(),
    )


def finish(request: RunRequest, flight: Flight, end: Died, failed: tuple[str, ...]) -> Run:
    """The run of a cell that took its process with it, or never began."""
    return Run(
        cell=request.cell.cell,
        outputs=flight.outputs,
        failure=end.failure,
        observations={},
        asserts=end.asserts,
        seconds=end.seconds,
        failed_before=failed,
    )

"""One run on its way: what the worker reports, turned into events, under limits.

Enters: orders for one worker, Stop, limits. Leaves: events as they happen, and how each cell ended. Invariant: the
first thing that ends a run (Stop or a limit) is the one that is told, and it ends even where nobody reads the events.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from foretell.model.run import (
    AssertSeen,
    ClearOutput,
    DisplayOutput,
    ErrorOutput,
    Event,
    Failure,
    FailureKind,
    Observation,
    Output,
    Probe,
    StreamOutput,
    UpdateDisplay,
)
from foretell.runtime.allowance import Allowance
from foretell.runtime.limits import (
    Limits,
    explain,
    explain_cpu,
    explain_exit,
    explain_fault,
    name_limit,
    warn_of_memory,
)
from foretell.runtime.messages import Begun, CellEnded, Execute, Observed, Planned, Replay, Shown
from foretell.runtime.outputs import Outputs
from foretell.runtime.trim import trim_asserts, trim_ended, trim_observed
from foretell.runtime.turns import count_cores
from foretell.runtime.workers import Arrival, Exited, Worker

GRACE_SECONDS = 2.0
WATCH_SECONDS = 0.2
FIRST_LOOK_SECONDS = 0.05
WARNING_SECONDS = 1.0
REST_SHARE = 5
BREATH_SECONDS = 0.01
PROBE_SECONDS = 10.0
KILLED = -9
_log = logging.getLogger(__name__)

STREAMS = ("stdout", "stderr")
SHOWN = (StreamOutput, DisplayOutput, ErrorOutput, ClearOutput, UpdateDisplay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """A cell that took its process with it, or was ended: the process is not to be used again.

    `is_own_doing` is false where it never began, was ended from outside, or was abandoned: that says nothing of it.
    """

    failure: Failure
    seconds: float = 0.0
    asserts: tuple[AssertSeen, ...] = ()
    from_outside: bool = False
    is_abandoned: bool = False
    began: bool = True

    @property
    def is_own_doing(self) -> bool:
        """Whether the cell, or who stopped it, is why its process is gone."""
        return self.began and not self.from_outside and not self.is_abandoned


class Flight:
    """One run, from its first replayed cell to its observations. `show` is called with each event and is quick."""

    def __init__(self, limits: Limits, show: Callable[[Event], None]) -> None:
        self.show = show
        self.stopping = asyncio.Event()
        self.over = asyncio.Event()
        self._limits = limits
        self._outputs = Outputs()
        self._worker: Worker | None = None
        self._told: Failure | None = None
        self._is_abandoned = False
        self._ends_at_once = False
        self._breathed = 0.0
        self._allowance = Allowance(limits)
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the run has shown."""
        return self._outputs.finished()

    @property
    def is_stopped(self) -> bool:
        """Whether the learner has stopped the run, as against a limit that has ended a cell."""
        return self._told is not None and self._told.kind == FailureKind.STOPPED

    def resume(self) -> None:
        """Go on after a limit has ended an earlier cell."""
        self._told = None
        self.stopping.clear()

    def died_waiting(self) -> Died:
        """The end of a run that was stopped before its process was ready."""
        return Died(failure=explain(FailureKind.STOPPED, self._limits), is_abandoned=self._is_abandoned, began=False)

    def stop(self) -> None:
        """Interrupt the cell; kill its process where it does not end in time."""
        self._interrupt(FailureKind.STOPPED)

    def abandon(self) -> None:
        """End at once: nobody waits for the run any more."""
        self._is_abandoned = self._tell(explain(FailureKind.STOPPED, self._limits))
        if self._worker is not None:
            self._worker.kill()

    async def rebuild(self, worker: Worker, order: Replay) -> CellEnded | Died:
        """Run an earlier cell again, showing nothing."""
        worker.set_fence(order.fence)
        began = False
        with self._limited(worker):
            await worker.send(order)
            started = time.monotonic()
            while True:
                match await worker.receive():
                    case Begun():
                        began = True
                    case CellEnded() as ended if began:
                        break
                    case Exited() as end:
                        return replace(self._explain(end, started), began=began)
        await worker.pass_fence()
        return self._judge(ended)

    async def perform(self, worker: Worker, order: Execute) -> CellEnded | Died:
        """Run a cell and show what it shows."""
        worker.set_fence(order.fence)
        planned: tuple[AssertSeen, ...] = ()
        began = False
        with self._limited(worker), self._warned(worker):
            await worker.send(order)
            started = time.monotonic()
            while True:
                match await worker.receive():
                    case Begun():
                        began = True
                    case Planned(asserts=asserts):
                        planned = trim_asserts(asserts)
                    case CellEnded() as ended if began:
                        break
                    case Exited() as end:
                        return replace(self._explain(end, started), asserts=planned, began=began)
                    case arrival if began:
                        await self._take(arrival)
        await worker.pass_fence()
        return self._judge(ended)

    async def observe(self, worker: Worker, probes: Iterable[Probe]) -> dict[tuple[str, int], Observation]:
        """The answers to the `probes` of the cell just performed; empty where the worker gave none.

        Stop ends the process at once: an interrupt is for a cell, and that is over.
        """
        observed: dict[tuple[str, int], Observation] = {}
        self._ends_at_once = True
        try:
            with self._limited(worker):
                async with asyncio.timeout(PROBE_SECONDS):
                    asked = {(probe.question, probe.row) for probe in probes}
                    observed = await self._read_observed(worker, asked)
        except TimeoutError:
            worker.kill()
        for arrival in worker.receive_waiting():
            await self._take(arrival)
        return observed

    async def _read_observed(
        self, worker: Worker, asked: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], Observation]:
        while True:
            match await worker.receive():
                case Observed(seen=seen):
                    return trim_observed(seen, asked)
                case Exited():
                    return {}
                case arrival:
                    await self._take(arrival)

    async def _take(self, arrival: Arrival) -> None:
        """Show what fits; wait a moment where outputs come too fast, so that the worker's pipe slows the cell."""
        if not isinstance(arrival, SHOWN):
            return
        if isinstance(arrival, StreamOutput) and arrival.name not in STREAMS:
            self._cut(explain_fault("a stream that there is none of"))
            return
        shown = self._allowance.fit(arrival)
        if shown is not None:
            self._show(shown)
        if self._allowance.failure is not None:
            self._cut(self._allowance.failure)
        elif self._told is None and (seconds := self._allowance.wait_seconds(time.monotonic())):
            await asyncio.sleep(seconds)
        if (now := time.monotonic()) - self._breathed > BREATH_SECONDS:
            self._breathed = now
            await asyncio.sleep(0)

    def _show(self, shown: Shown) -> None:
        self._outputs.add(shown)
        self.show(shown)

    def _cut(self, failure: Failure) -> None:
        if self._tell(failure) and self._worker is not None:
            self._worker.kill()

    def _interrupt(self, kind: FailureKind) -> None:
        if self._tell(explain(kind, self._limits)) and self._worker is not None:
            if self._ends_at_once:
                self._worker.kill()
                return
            self._worker.interrupt()
            self._timers.append(asyncio.get_running_loop().call_later(GRACE_SECONDS, self._worker.kill))

    def _tell(self, failure: Failure) -> bool:
        """Note why the run ends; False where another reason came first."""
        if self._told is not None:
            return False
        self._told = failure
        self.stopping.set()
        return True

    def _judge(self, said: CellEnded) -> CellEnded | Died:
        ended = trim_ended(said)
        if self._told is None:
            return replace(ended, failure=name_limit(ended.failure, self._limits))
        line = ended.failure.line if ended.failure is not None else None
        return Died(
            failure=replace(self._told, line=line),
            seconds=ended.seconds,
            asserts=ended.asserts,
            is_abandoned=self._is_abandoned,
        )

    def _explain(self, end: Exited, started: float) -> Died:
        seconds = time.monotonic() - started
        if self._told is not None:
            return Died(failure=self._told, seconds=seconds, is_abandoned=self._is_abandoned)
        if end.fault is not None:
            return Died(failure=explain_fault(end.fault), seconds=seconds)
        if end.out_of_memory:
            return Died(failure=explain(FailureKind.MEMORY, self._limits), seconds=seconds)
        return Died(failure=explain_exit(end.code), seconds=seconds, from_outside=end.code == KILLED)

    @contextmanager
    def _limited(self, worker: Worker) -> Iterator[None]:
        """While inside, Stop and the limits reach `worker`."""
        self._worker = worker
        watches = []
        if self._told is not None:
            worker.kill()
        if self._limits.wall_seconds is not None:
            timer = asyncio.get_running_loop().call_later(self._limits.wall_seconds, self._interrupt, FailureKind.TIME)
            self._timers.append(timer)
        if self._limits.memory_bytes is not None:
            watches.append(self._watch_memory(worker, self._limits.memory_bytes))
        if self._limits.cpu_seconds is not None:
            watches.append(self._watch_cpu(worker, worker.read_cpu_seconds(), self._limits.cpu_seconds))
        tasks = [_begin_watch(watch) for watch in watches]
        try:
            yield
        finally:
            self._worker = None
            for task in tasks:
                task.cancel()
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()

    @contextmanager
    def _warned(self, worker: Worker) -> Iterator[None]:
        """While inside, much memory is told, where no limit of it ends the cell."""
        watch = None
        if self._limits.memory_bytes is None and self._limits.memory_warning_bytes is not None:
            watch = _begin_watch(self._warn_of_memory(worker, self._limits.memory_warning_bytes))
        try:
            yield
        finally:
            if watch is not None:
                watch.cancel()

    async def _warn_of_memory(self, worker: Worker, most_bytes: int) -> None:
        """Look only after a while: to measure costs more than most cells take."""
        used = 0
        while used <= most_bytes:
            await asyncio.sleep(WARNING_SECONDS)
            used = await asyncio.to_thread(worker.measure_memory)
        self._show(StreamOutput(name="stderr", text=f"{warn_of_memory(used)}\n"))

    async def _watch_memory(self, worker: Worker, limit_bytes: int) -> None:
        """Learner code decides how long a look takes, so that much more time passes before the next one.

        The first look waits until most cells have ended: it costs a trivial one more than all else.
        """
        await asyncio.sleep(FIRST_LOOK_SECONDS)
        while True:
            began = time.monotonic()
            if await asyncio.to_thread(worker.measure_memory) > limit_bytes:
                break
            await asyncio.sleep(max(WATCH_SECONDS, REST_SHARE * (time.monotonic() - began)))
        self._cut(explain(FailureKind.MEMORY, self._limits))

    async def _watch_cpu(self, worker: Worker, before: float, limit_seconds: int) -> None:
        """A process may go from cell to cell, so what it had used `before` does not count.

        Look only when the limit can have been reached: most cells have ended by then.
        """
        await asyncio.sleep(limit_seconds / count_cores())
        while await asyncio.to_thread(worker.measure_cpu_seconds) - before <= limit_seconds:
            await asyncio.sleep(WATCH_SECONDS)
        self._cut(explain_cpu(limit_seconds))


def _begin_watch(watch: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Watch a limit meanwhile; a watch that fails is told in the log, for nothing else would."""
    task = asyncio.create_task(watch)
    task.add_done_callback(_tell_failed)
    return task


def _tell_failed(watch: asyncio.Task[None]) -> None:
    if not watch.cancelled() and (problem := watch.exception()) is not None:
        _log.error("A limit was not watched to the end of a run", exc_info=problem)

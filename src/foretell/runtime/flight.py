"""One run on its way: what the worker reports, turned into events, under limits.

Enters: orders for one worker, Stop, limits. Leaves: events as they happen, and how each cell ended. Invariant: the
first thing that ends a run (Stop or a limit) is the one that is told, and it ends even where nobody reads the events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
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
    StreamOutput,
    UpdateDisplay,
)
from foretell.runtime.limits import Limits, explain, explain_exit, explain_fault, explain_pictures, name_bytes
from foretell.runtime.messages import Begun, CellEnded, Execute, Observed, Planned, Replay, Shown
from foretell.runtime.outputs import Outputs
from foretell.runtime.workers import Arrival, Exited, Worker

GRACE_SECONDS = 2.0
WATCH_SECONDS = 0.2
PROBE_SECONDS = 10.0
EVENT_CHARGE = 64
KILLED = -9
SHOWN = (StreamOutput, DisplayOutput, ErrorOutput, ClearOutput, UpdateDisplay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Died:
    """A cell that took its process with it, or was ended: the process is not to be used again."""

    failure: Failure
    seconds: float = 0.0
    asserts: tuple[AssertSeen, ...] = ()
    from_outside: bool = False
    began: bool = True


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
        self._text_left = limits.output_bytes
        self._pictures_left = limits.pictures_bytes
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
        return Died(failure=explain(FailureKind.STOPPED, self._limits))

    def stop(self) -> None:
        """Interrupt the cell; kill its process where it does not end in time."""
        self._interrupt(FailureKind.STOPPED)

    def abandon(self) -> None:
        """End at once: nobody waits for the run any more."""
        self._tell(explain(FailureKind.STOPPED, self._limits))
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
        with self._limited(worker):
            await worker.send(order)
            started = time.monotonic()
            while True:
                match await worker.receive():
                    case Begun():
                        began = True
                    case Planned(asserts=asserts):
                        planned = asserts
                    case CellEnded() as ended if began:
                        break
                    case Exited() as end:
                        return replace(self._explain(end, started), asserts=planned, began=began)
                    case arrival if began:
                        self._take(arrival)
        await worker.pass_fence()
        return self._judge(ended)

    async def observe(self, worker: Worker) -> dict[tuple[str, int], Observation]:
        """The answers to the probes of the cell just performed; empty where the worker gave none."""
        observed: dict[tuple[str, int], Observation] = {}
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                while True:
                    match await worker.receive():
                        case Observed(seen=seen):
                            observed = {(one.question, one.row): one.observation for one in seen}
                            break
                        case Exited():
                            break
                        case arrival:
                            self._take(arrival)
        except TimeoutError:
            worker.kill()
        for arrival in worker.receive_waiting():
            self._take(arrival)
        return observed

    def _take(self, arrival: Arrival) -> None:
        if not isinstance(arrival, SHOWN) or (self._told is not None and self._told.kind == FailureKind.OUTPUT):
            return
        shown = self._fit(arrival)
        if shown is not None:
            self._outputs.add(shown)
            self.show(shown)

    def _fit(self, shown: Shown) -> Shown | None:
        """The part of an output that the limits leave; the rest ends the run."""
        if isinstance(shown, StreamOutput):
            text, left = shown.text, self._text_left
            self._charge_text(len(text))
            return shown if len(text) <= left else replace(shown, text=text[:left]) if left > 0 else None
        if isinstance(shown, DisplayOutput | UpdateDisplay):
            data = {mime: self._fit_picture(mime, entry) for mime, entry in shown.data.items()}
            for mime, entry in shown.data.items():
                if data[mime] is None:
                    told = f"(A picture of {name_bytes(_count_bytes(entry))} is not shown: the limit is "
                    data["text/plain"] = f"{told}{name_bytes(self._limits.picture_bytes)}. Make the figure smaller.)"
            shown = replace(shown, data={mime: entry for mime, entry in data.items() if entry is not None})
            self._charge_text(
                EVENT_CHARGE + sum(len(entry) for mime, entry in shown.data.items() if not mime.startswith("image/"))
            )
            return shown if self._told is None or self._told.kind != FailureKind.OUTPUT else None
        self._charge_text(EVENT_CHARGE)
        return shown

    def _fit_picture(self, mime: str, entry: str) -> str | None:
        if not mime.startswith("image/"):
            return entry
        size = _count_bytes(entry)
        if size > self._limits.picture_bytes:
            return None
        self._pictures_left -= size
        if self._pictures_left < 0:
            self._cut(explain_pictures(self._limits))
        return entry

    def _charge_text(self, characters: int) -> None:
        self._text_left -= characters
        if self._text_left < 0:
            self._cut(explain(FailureKind.OUTPUT, self._limits))

    def _cut(self, failure: Failure) -> None:
        if self._tell(failure) and self._worker is not None:
            self._worker.kill()

    def _interrupt(self, kind: FailureKind) -> None:
        if self._tell(explain(kind, self._limits)) and self._worker is not None:
            self._worker.interrupt()
            self._timers.append(asyncio.get_running_loop().call_later(GRACE_SECONDS, self._worker.kill))

    def _tell(self, failure: Failure) -> bool:
        """Note why the run ends; False where another reason came first."""
        if self._told is not None:
            return False
        self._told = failure
        self.stopping.set()
        return True

    def _judge(self, ended: CellEnded) -> CellEnded | Died:
        if self._told is None:
            return ended
        line = ended.failure.line if ended.failure is not None else None
        return Died(failure=replace(self._told, line=line), seconds=ended.seconds, asserts=ended.asserts)

    def _explain(self, end: Exited, started: float) -> Died:
        seconds = time.monotonic() - started
        if self._told is not None:
            return Died(failure=self._told, seconds=seconds)
        if end.fault is not None:
            return Died(failure=explain_fault(end.fault), seconds=seconds)
        if end.out_of_memory:
            return Died(failure=explain(FailureKind.MEMORY, self._limits), seconds=seconds)
        return Died(failure=explain_exit(end.code), seconds=seconds, from_outside=end.code == KILLED)

    @contextmanager
    def _limited(self, worker: Worker) -> Iterator[None]:
        """While inside, Stop and the limits reach `worker`."""
        self._worker = worker
        watch = None
        if self._told is not None:
            worker.kill()
        if self._limits.wall_seconds is not None:
            timer = asyncio.get_running_loop().call_later(self._limits.wall_seconds, self._interrupt, FailureKind.TIME)
            self._timers.append(timer)
        if self._limits.memory_bytes is not None:
            watch = asyncio.create_task(self._watch_memory(worker, self._limits.memory_bytes))
        try:
            yield
        finally:
            self._worker = None
            if watch is not None:
                watch.cancel()
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()

    async def _watch_memory(self, worker: Worker, limit_bytes: int) -> None:
        while await asyncio.to_thread(worker.measure_memory) <= limit_bytes:
            await asyncio.sleep(WATCH_SECONDS)
        self._cut(explain(FailureKind.MEMORY, self._limits))


def _count_bytes(entry: str) -> int:
    return len(entry) * 3 // 4

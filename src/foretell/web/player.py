"""One learner in one lesson: what is on record, the process that runs their cells, and the runs under way.

Enters: presses of Run, Stop, and throw-away questions. Leaves: `Live` streams and stored attempts. Invariant: cells of
one player run one after another, in the order they were pressed; a press that was stopped before its turn runs nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from itertools import count

from foretell import drawn, gate, loop
from foretell.drawn import Present
from foretell.errors import ForetellError
from foretell.loop import Runner
from foretell.model.attempt import CheckVerdict, Diagnosis, History, KeptRun
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.run import CellSource, ErrorOutput, Event, Failure, FailureKind, Run, RunRequest
from foretell.runtime.session import Session
from foretell.web.checks import Checks
from foretell.web.press import Press
from foretell.web.record import LessonRecord
from foretell.web.stream import Live

SCRATCH = "scratch"
SECONDS_REMEMBERED = 60.0
SECONDS_BEFORE_CHECKS = 2.0
_NOT_RUN = "Not run: stopped while it waited for its turn."
_NOT_CHECKED = "The check was stopped. Run the cell again to have your code checked."
_NO_CHANGES: dict[str, object] = {"cells": {}, "sections": {}}
_SCRATCH_DONE: dict[str, object] = {"announce": "Scratch run finished."}

_log = logging.getLogger(__name__)


class Player:
    """A learner's live use of a lesson. Without `checks`, nothing but the notebook's own asserts judges a task.

    `say_done` gives what the page has to change once a press has ended.
    """

    def __init__(self, lesson: Lesson, record: LessonRecord, session: Session, checks: Checks | None = None) -> None:
        self.lesson = lesson
        self.record = record
        self.session = session
        self._checks = checks
        self._turn = asyncio.Lock()
        self._numbers = count(1)
        self._presses: dict[int, Press] = {}
        self._unrun: dict[str, str] = {}
        self._warming: asyncio.Task[None] | None = None
        self._has_run = asyncio.Event()

    def present(self) -> Present:
        """Give the lesson and the history that hold now; this may read the disk."""
        return drawn.present(self.lesson, self.record.learner, self.record.history())

    async def now(self) -> Present:
        """Give the lesson and the history that hold now."""
        return await asyncio.to_thread(self.present)

    async def history(self) -> History:
        """Give everything on record."""
        return await asyncio.to_thread(self.record.history)

    def live(self, number: int) -> Live | None:
        """Give the stream of a press, or None where it has been forgotten."""
        press = self._presses.get(number)
        return press.live if press else None

    def running(self) -> dict[str, int]:
        """Give the cells that run or wait, each with the number of its press."""
        return {cell: p.live.number for p in self._presses.values() if not p.over for cell in p.cells}

    @property
    def unrun(self) -> Mapping[str, str]:
        """Cells whose last press ran nothing, each with the sentence that says why."""
        return self._unrun

    @property
    def is_busy(self) -> bool:
        """Whether a press runs or waits."""
        return any(not press.over for press in self._presses.values())

    def frame(self, number: int, run_id: int, place: int) -> str | None:
        """Give the HTML of an output that a press has shown; None where it has not, or has been forgotten."""
        press = self._presses.get(number)
        return press.frames.get((run_id, place)) if press else None

    def warm(self) -> None:
        """Start the process while the learner reads; what is in its way is said by the first run."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._start())

    async def _start(self) -> None:
        with suppress(ForetellError):
            await self.session.start()
        if self._checks is not None:
            # What a learner waits for comes first, and they may be about to press Run.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_run.wait(), SECONDS_BEFORE_CHECKS)
            self._checks.warm()

    def press(self, cells: Sequence[CodeCell], key: str, say_done: Callable[[], dict[str, object]]) -> Live:
        """Run cells one after another; all are committed already. Returns at once."""
        press = self._begin(tuple(cell.cell for cell in cells))
        for cell in press.cells:
            self._unrun.pop(cell, None)
        work = self._run_all(press, cells, key)
        press.task = asyncio.create_task(self._see_through(press, work, say_done))
        return press.live

    def scratch(self, code: str, after: str | None) -> Live:
        """Run throw-away code in the state that the lesson has after cell `after` (None: after set-up of nothing)."""
        press = self._begin(())
        work = self._run_scratch(press, code, after)
        press.task = asyncio.create_task(self._see_through(press, work, lambda: _SCRATCH_DONE))
        return press.live

    async def stop(self) -> bool:
        """Stop the cell that runs or is checked, and forget presses that wait. False where nothing ran."""
        waiting = [press for press in self._presses.values() if not press.over]
        for press in waiting:
            press.cancel()
        if waiting:
            await self.session.stop()
        return bool(waiting)

    async def close(self) -> None:
        """End the process and every run under way."""
        for press in self._presses.values():
            press.cancel()
        await self.session.close()
        tasks = [task for task in (self._warming, *(p.task for p in self._presses.values())) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, cells: tuple[str, ...]) -> Press:
        for old in [n for n, p in self._presses.items() if p.live.ended][:-8]:
            del self._presses[old]
        press = Press(lesson=self.lesson.id, live=Live(next(self._numbers)), cells=cells)
        self._presses[press.live.number] = press
        return press

    async def _see_through(
        self, press: Press, work: Coroutine[None, None, str], say_done: Callable[[], dict[str, object]]
    ) -> None:
        """Do the work of a press, which gives what went wrong; say "done" whatever happens, the page waits for it."""
        problem = ""
        changes: dict[str, object] = {}
        try:
            await press.live.say("queued", {})
            problem = await work
        except Exception as fault:
            problem = _explain(fault)
            if not isinstance(fault, ForetellError):
                raise
        finally:
            press.over = True
            self._has_run.set()
            try:
                changes = await asyncio.to_thread(say_done)
            except ForetellError as error:
                problem = problem or str(error)
            finally:
                told = {"announce": problem, "problem": problem} if problem else {}
                await press.live.say("done", _NO_CHANGES | changes | told)
                # A page that comes back later than this is told to read the record: what was shown may be large.
                asyncio.get_running_loop().call_later(SECONDS_REMEMBERED, self._presses.pop, press.live.number, None)

    async def _run_all(self, press: Press, cells: Sequence[CodeCell], key: str) -> str:
        begun = 0
        async with self._turn:
            for code in cells:
                if press.cancelled:
                    break
                begun += 1
                ended = await self._run_one(press, code, f"{key}:run:{begun - 1}")
                if ended is None or (ended.run is not None and ended.run.failure is not None):
                    break
        if press.cancelled:
            self._unrun |= dict.fromkeys(press.cells[begun:], _NOT_RUN)
        if press.cancelled and not begun:
            return _NOT_RUN
        return await self._check_all(press, self._checks) if self._checks is not None else ""

    async def _run_one(self, press: Press, code: CodeCell, key: str) -> KeptRun | None:
        ended: KeptRun | None = None
        began = False
        try:
            async with aclosing(loop.play(self.lesson, code, self.record, self._runner(press), key=key)) as events:
                async for event in events:
                    if isinstance(event, KeptRun):
                        ended, began = event, began or event.run is None
                        await press.begin_cell(event.id, code.cell)
                        if event.run is not None:
                            await press.show(event.run)
                    else:
                        await press.show(event)
        except Exception as fault:
            self._unrun[code.cell] = _explain(fault)
            raise
        if began and gate.is_checked(code) and ended is not None and ended.run is not None:
            press.to_check.append((code, ended))
        return ended

    async def _check_all(self, press: Press, checks: Checks) -> str:
        """Check the tasks that a press has run, and keep what is found; gives what went wrong."""
        problem = ""
        for code, kept in press.to_check:
            found: Diagnosis | None = None
            # Stop that ended the run has not ended this: what never comes to an end is what a check can name.
            if not press.cancelled or (_was_stopped(kept) and not problem):
                await press.live.say("checking", {"cell": code.cell})
                found = await self._check(press, checks.check(code, kept.code, await self._done_above(code)))
            if found is None:
                found, problem = _unfinished(CheckVerdict.STOPPED, _NOT_CHECKED), _NOT_CHECKED
            await asyncio.to_thread(self.record.finish_check, kept.id, found)
        return problem

    async def _done_above(self, code: CodeCell) -> dict[str, str]:
        """The learner's own answers to the tasks above that are done, as they run, by cell."""
        history = await self.history()
        above = gate.cells_above(self.lesson, code.cell)
        done = [each for each in above if each.task is not None and gate.task_done(each, history)]
        return {each.cell: gate.joined(each, gate.learner_code(each, history)) for each in done}

    async def _check(self, press: Press, work: Coroutine[None, None, Diagnosis]) -> Diagnosis | None:
        """What a check finds; None where Stop ended it. What keeps foretell from checking loses nobody a run."""
        press.checking = asyncio.create_task(work)
        try:
            await asyncio.wait({press.checking})
            return None if press.checking.cancelled() else press.checking.result()
        except Exception as fault:
            _log.warning("A check has failed", exc_info=fault)
            return _unchecked(fault)
        finally:
            press.checking.cancel()
            await asyncio.gather(press.checking, return_exceptions=True)

    async def _run_scratch(self, press: Press, code: str, after: str | None) -> str:
        async with self._turn:
            now = await self.now()
            request = RunRequest(prefix=prefix_through(now, after), cell=CellSource(cell=SCRATCH, text=code))
            async with aclosing(self._runner(press)(request)) as events:
                async for event in events:
                    await press.show(event)
                    if not isinstance(event, Run):
                        continue
                    if event.failure is not None and not any(isinstance(o, ErrorOutput) for o in event.outputs):
                        return event.failure.message
        return ""

    def _runner(self, press: Press) -> Runner:
        """Give what runs the cells of a press: nothing any more once that was stopped, however late Stop came."""

        async def run(request: RunRequest) -> AsyncGenerator[Event, None]:
            if press.cancelled:
                yield _stopped_before_it_began(request)
                return
            async with aclosing(self.session.run(request)) as events:
                async for event in events:
                    yield event

        return run


def _was_stopped(kept: KeptRun) -> bool:
    """Whether a run was stopped by its learner."""
    return kept.run is not None and kept.run.failure is not None and kept.run.failure.kind == FailureKind.STOPPED


def _unchecked(fault: Exception) -> Diagnosis:
    return _unfinished(CheckVerdict.ERROR, f"It could not be checked: {_explain(fault)}")


def _unfinished(verdict: CheckVerdict, says: str) -> Diagnosis:
    return Diagnosis(verdict=verdict, misconception=None, says=says, difference="", checks=(), seconds=0.0)


def prefix_through(now: Present, cell: str | None) -> tuple[CellSource, ...]:
    """Give the sources down to and including a cell; with None, of every cell that has been run."""
    lesson, history = now.lesson, now.history
    if cell is None:
        ran = [code.cell for code in lesson.code_cells if code.cell in gate.opened_cells(history)]
        if not ran:
            return ()
        cell = ran[-1]
    code = lesson.code_cell(cell)
    if code is None:
        return ()
    return gate.sources_below((*gate.settled_above(lesson, history, cell), code), history)


def _explain(fault: Exception) -> str:
    if isinstance(fault, ForetellError):
        return str(fault)
    return f"foretell made a mistake ({type(fault).__name__}). Your work is kept; reload, and please report it."


def _stopped_before_it_began(request: RunRequest) -> Run:
    failure = Failure(kind=FailureKind.STOPPED, message="Stopped before it began.")
    return Run(cell=request.cell.cell, outputs=(), failure=failure, observations={}, asserts=(), seconds=0.0)

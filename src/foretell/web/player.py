"""One learner in one lesson: what is on record, the process that runs their cells, and the runs under way.

Enters: presses of Run, Stop, and throw-away questions. Leaves: `Live` streams and stored attempts. Invariant: cells of
one player run one after another, in the order they were pressed; a press that was stopped before its turn runs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from foretell import gate, loop
from foretell.errors import ForetellError
from foretell.model.attempt import (
    Commit,
    History,
    Judgement,
    KeptRun,
    Opened,
    Prediction,
    SelfMark,
    Who,
)
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.run import (
    CellSource,
    ClearOutput,
    DisplayOutput,
    ErrorOutput,
    Event,
    Output,
    Replaying,
    Run,
    RunRequest,
    StreamOutput,
    UpdateDisplay,
)
from foretell.runtime.session import Session
from foretell.store.attempts import Store
from foretell.web.outputs import bundle_html, gather, output_html, plain_text
from foretell.web.stream import Live

SCRATCH = "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRecord:
    """The store, narrowed to one learner in one lesson: what `loop` calls its record."""

    store: Store
    who: Who

    def history(self) -> History:
        """Give everything on record."""
        return self.store.history(self.who)

    def commit(self, *, cell: str, predictions: Sequence[Prediction], skipped: Sequence[str], key: str) -> Commit:
        """Keep a commit."""
        return self.store.commit(self.who, cell=cell, predictions=predictions, skipped=skipped, key=key)

    def start_run(self, *, cell: str, commit: int, code: str, state: str, key: str) -> KeptRun:
        """Keep that a run began."""
        return self.store.start_run(self.who, cell=cell, commit=commit, code=code, state=state, key=key)

    def finish_run(self, run_id: int, run: Run, judgements: Sequence[Judgement]) -> None:
        """Keep how a run ended."""
        self.store.finish_run(run_id, run, judgements)

    def save_draft(self, *, cell: str, text: str, key: str) -> None:
        """Keep the text of an editor."""
        self.store.save_draft(self.who, cell=cell, text=text, key=key)

    def open_help(self, *, cell: str, what: Opened, key: str) -> None:
        """Keep that help was opened."""
        self.store.open_help(self.who, cell=cell, what=what, key=key)

    def mark(self, *, question: str, run: int, mark: SelfMark, key: str) -> None:
        """Keep the learner's own call."""
        self.store.mark(self.who, question=question, run=run, mark=mark, key=key)

    def save_note(self, *, about: str, text: str, key: str) -> None:
        """Keep a private line."""
        self.store.save_note(self.who, about=about, text=text, key=key)


@dataclass(slots=True, kw_only=True)
class Press:
    """One press of Run: the cells it runs, its stream, and what it has shown so far of the cell under way."""

    live: Live
    cells: tuple[str, ...]
    cancelled: bool = False
    over: bool = False
    task: asyncio.Task[None] | None = None
    showing: str = ""
    run_id: int = 0
    outputs: tuple[Output, ...] = ()
    frames: dict[tuple[int, int], str] = field(default_factory=dict)


class Player:
    """A learner's live use of a lesson. `say_done` gives what the page has to change once a press has ended."""

    def __init__(self, lesson: Lesson, record: LessonRecord, session: Session) -> None:
        self.lesson = lesson
        self.record = record
        self.session = session
        self._turn = asyncio.Lock()
        self._numbers = count(1)
        self._presses: dict[int, Press] = {}
        self._warming: asyncio.Task[None] | None = None

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

    def frame(self, run_id: int, place: int) -> str | None:
        """Give the HTML of an output of a run that is still under way."""
        return next((p.frames[run_id, place] for p in self._presses.values() if (run_id, place) in p.frames), None)

    def warm(self) -> None:
        """Start the process while the learner reads; what is in its way is said by the first run."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._start())

    async def _start(self) -> None:
        with suppress(ForetellError):
            await self.session.start()

    def press(self, cells: Sequence[CodeCell], key: str, say_done: Callable[[], dict[str, object]]) -> Live:
        """Run cells one after another; all are committed already. Returns at once."""
        press = self._begin(tuple(cell.cell for cell in cells))
        press.task = asyncio.create_task(self._run_all(press, cells, key, say_done))
        return press.live

    def scratch(self, code: str, after: str | None) -> Live:
        """Run throw-away code in the state that the lesson has after cell `after` (None: after set-up of nothing)."""
        press = self._begin(())
        press.task = asyncio.create_task(self._run_scratch(press, code, after))
        return press.live

    async def stop(self) -> bool:
        """Stop the cell that runs, and forget presses that wait. False where nothing ran."""
        waiting = [press for press in self._presses.values() if not press.over]
        for press in waiting:
            press.cancelled = True
        if waiting:
            await self.session.stop()
        return bool(waiting)

    async def close(self) -> None:
        """End the process and every run under way."""
        for press in self._presses.values():
            press.cancelled = True
        await self.session.close()
        tasks = [task for task in (self._warming, *(p.task for p in self._presses.values())) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, cells: tuple[str, ...]) -> Press:
        for old in [n for n, p in self._presses.items() if p.live.ended][:-8]:
            del self._presses[old]
        press = Press(live=Live(next(self._numbers)), cells=cells)
        self._presses[press.live.number] = press
        return press

    async def _run_all(
        self, press: Press, cells: Sequence[CodeCell], key: str, say_done: Callable[[], dict[str, object]]
    ) -> None:
        problem = ""
        try:
            await press.live.say("queued", {})
            async with self._turn:
                for place, code in enumerate(cells):
                    if press.cancelled:
                        break
                    ended = await self._run_one(press, code, f"{key}:run:{place}")
                    if ended is None or (ended.run is not None and ended.run.failure is not None):
                        break
        except ForetellError as error:
            problem = str(error)
        finally:
            press.over = True
            done = await asyncio.to_thread(say_done)
            await press.live.say("done", done | ({"announce": problem, "problem": problem} if problem else {}))

    async def _run_one(self, press: Press, code: CodeCell, key: str) -> KeptRun | None:
        press.showing, press.outputs = code.cell, ()
        ended: KeptRun | None = None
        async for event in loop.play(self.lesson, code, self.record, self.session.run, key=key):
            if isinstance(event, KeptRun):
                press.run_id = event.id
                ended = event
                await press.live.say("cell", {"cell": code.cell})
            else:
                await self._show(press, event)
        return ended

    async def _run_scratch(self, press: Press, code: str, after: str | None) -> None:
        problem = ""
        try:
            async with self._turn:
                history = await self.history()
                request = RunRequest(
                    prefix=self.prefix_through(history, after), cell=CellSource(cell=SCRATCH, text=code)
                )
                async for event in self.session.run(request):
                    if not isinstance(event, Run):
                        await self._show(press, event)
                    elif event.failure is not None and not any(isinstance(o, ErrorOutput) for o in event.outputs):
                        problem = event.failure.message
        except ForetellError as error:
            problem = str(error)
        finally:
            press.over = True
            await press.live.say("done", {"cells": {}, "sections": {}, "announce": problem or "Scratch run finished."})

    def prefix_through(self, history: History, cell: str | None) -> tuple[CellSource, ...]:
        """Give the sources down to and including a cell; with None, of every cell that has been run."""
        if cell is None:
            ran = [code.cell for code in self.lesson.code_cells if code.cell in gate.opened_cells(history)]
            if not ran:
                return ()
            cell = ran[-1]
        code = self.lesson.code_cell(cell)
        if code is None:
            return ()
        return gate.sources_below((*gate.cells_above(self.lesson, cell), code), history)

    async def _show(self, press: Press, event: Event) -> None:
        press.outputs = gather(press.outputs, event)
        place = len(press.outputs) - 1
        frame = f"/l/{self.lesson.id}/outputs/{press.run_id}/{place}?live=1"
        match event:
            case StreamOutput():
                await press.live.say("output", _stream_message(event, press.outputs[-1]))
            case DisplayOutput() | ErrorOutput():
                if isinstance(event, DisplayOutput) and "text/html" in event.data:
                    press.frames[press.run_id, place] = event.data["text/html"]
                html = output_html(event, frame, place)
                await press.live.say(
                    "output", {"html": html, "stream": None, "display": getattr(event, "display_id", None)}
                )
            case UpdateDisplay():
                html = bundle_html(event.data, frame, place)
                await press.live.say("update", {"display": event.display_id, "html": html})
            case ClearOutput():
                await press.live.say("clear", {"wait": event.wait})
            case Replaying():
                await press.live.say("replaying", {"done": event.done, "total": event.total})
            case Run():
                pass


def _stream_message(piece: StreamOutput, joined: Output) -> dict[str, object]:
    """Say a piece of text, or the whole stream again where the piece moved back over what stood there."""
    whole = joined.text if isinstance(joined, StreamOutput) else piece.text
    if whole != piece.text and any(control in whole for control in "\r\b\x1b"):
        return {"stream": piece.name, "text": plain_text(whole), "whole": True, "html": "", "display": None}
    return {"stream": piece.name, "text": plain_text(piece.text), "html": output_html(piece, "", 0), "display": None}

"""One press of Run: the cells it runs, and what they show, told to the pages that look while it happens.

Enters: events of runs, one cell after another. Leaves: messages on a `Live`, and HTML outputs for sandboxed frames.
Invariant: the messages, carried out in order, leave on a page what the record will hold.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from foretell.model.attempt import Diagnosis, KeptRun
from foretell.model.lesson import CodeCell
from foretell.model.run import (
    ClearOutput,
    DisplayOutput,
    ErrorOutput,
    Event,
    Failure,
    Queued,
    Replaying,
    Run,
    StreamOutput,
    UpdateDisplay,
)
from foretell.runtime.outputs import Outputs
from foretell.web.outputs import Transcript, bundle_html, output_html
from foretell.web.stream import Live


@dataclass(slots=True, kw_only=True)
class Press:
    """A press under way. `frames` holds HTML outputs by the id of their run (0: scratch) and their place in it.

    `to_check` holds the tasks that have run and what is kept of that; `checking` runs while one of them is checked.
    `transcript` is of the text stream being written, None while none is. `error` is the last traceback that is shown,
    with its place.
    """

    lesson: str
    live: Live
    cells: tuple[str, ...]
    cancelled: bool = False
    over: bool = False
    task: asyncio.Task[None] | None = None
    to_check: list[tuple[CodeCell, KeptRun]] = field(default_factory=list)
    checking: asyncio.Task[Diagnosis] | None = None
    run_id: int = 0
    outputs: Outputs = field(default_factory=Outputs)
    stream: str = ""
    transcript: Transcript | None = None
    error: tuple[ErrorOutput, int] | None = None
    frames: dict[tuple[int, int], str] = field(default_factory=dict)

    async def begin_cell(self, run_id: int, cell: str) -> None:
        """Say that a run of `cell` has begun; said again for the same run, nothing."""
        if run_id == self.run_id:
            return
        self.run_id, self.outputs, self.transcript, self.error = run_id, Outputs(), None, None
        await self.live.say("cell", {"cell": cell})

    def cancel(self) -> None:
        """Run nothing any more, and end a check that is under way."""
        self.cancelled = True
        if self.checking is not None:
            self.checking.cancel()

    async def show(self, event: Event) -> None:
        """Say what a run shows."""
        match event:
            case Run():
                await self._explain(event.failure)
                return
            case Queued():
                await self.live.say("waiting", {"ahead": event.ahead})
                return
            case Replaying():
                await self.live.say("replaying", {"done": event.done, "total": event.total})
                return
        self.outputs.add(event)
        match event:
            case StreamOutput():
                await self._show_text(event)
            case DisplayOutput() | ErrorOutput():
                self.transcript = None
                place = self.outputs.last_place()
                self.error = (event, place) if isinstance(event, ErrorOutput) else self.error
                html = output_html(event, self._frame_of(event, place), place)
                display = event.display_id if isinstance(event, DisplayOutput) else None
                await self.live.say("output", {"html": html, "stream": None, "display": display})
            case UpdateDisplay():
                if (shown := self.outputs.place_of(event.display_id)) is not None:
                    html = bundle_html(event.data, self._frame_of(event, shown), shown)
                    await self.live.say("update", {"display": event.display_id, "html": html})
            case ClearOutput():
                self.transcript = self.error = None
                await self.live.say("clear", {"wait": event.wait})

    async def _explain(self, failure: Failure | None) -> None:
        """Say with the last traceback what is known only at the end of the run: the line, and a limit in words."""
        if failure is not None and self.error is not None:
            error, place = self.error
            html = output_html(error, self._frame_of(error, place), place, failure)
            await self.live.say("failure", {"html": html})

    def _frame_of(self, event: DisplayOutput | ErrorOutput | UpdateDisplay, place: int) -> str:
        """Give the address of an output's HTML, and keep the HTML there while the run is not on record."""
        if not isinstance(event, ErrorOutput) and "text/html" in event.data:
            self.frames[self.run_id, place] = event.data["text/html"]
        return f"/l/{self.lesson}/outputs/{self.run_id}/{place}?live={self.live.number}"

    async def _show_text(self, piece: StreamOutput) -> None:
        if self.transcript is None or self.stream != piece.name:
            self.stream, self.transcript = piece.name, Transcript()
        printed = self.transcript.add(piece.text)
        await self.live.write(piece.name, printed.text, is_whole=printed.is_whole)

"""What a run has shown so far, as a notebook would store it.

Enters: output events in order. Leaves: the outputs that are left once updates and clearings are applied. Invariant:
neighbouring pieces of one stream are one output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from foretell.model.run import ClearOutput, DisplayOutput, ErrorOutput, Output, StreamOutput, UpdateDisplay

Arrived = TypeVar("Arrived")


class Outputs:
    """Collects the outputs of one run."""

    def __init__(self) -> None:
        self._kept: list[Output] = []
        self._pieces: list[str] = []
        self._shown: dict[str, list[int]] = {}
        self._updates: dict[str, tuple[dict[str, str], int]] = {}
        self._clear_at_next = False

    def add(self, event: StreamOutput | DisplayOutput | ErrorOutput | ClearOutput | UpdateDisplay) -> None:
        """Take in one event."""
        if isinstance(event, ClearOutput):
            self._clear_at_next = event.wait
            if not event.wait:
                self._clear()
            return
        if self._clear_at_next:
            self._clear_at_next = False
            self._clear()
        if isinstance(event, UpdateDisplay):
            self._update(event)
        elif isinstance(event, StreamOutput) and self._joins(event):
            self._pieces.append(event.text)
        else:
            self._join()
            if isinstance(event, DisplayOutput) and event.display_id is not None:
                self._shown.setdefault(event.display_id, []).append(len(self._kept))
            self._kept.append(event)

    def place_of(self, display_id: str) -> int | None:
        """Where the display with this id stands among the outputs (0-based); None where it does not."""
        return next(iter(self._shown.get(display_id, ())), None)

    def last_place(self) -> int:
        """Where the last output stands (0-based); -1 where there is none."""
        return len(self._kept) - 1

    def finished(self) -> tuple[Output, ...]:
        """The outputs left, in order."""
        self._join()
        for name, (data, count) in self._updates.items():
            for place in self._shown[name][:count]:
                if isinstance(shown := self._kept[place], DisplayOutput):
                    self._kept[place] = replace(shown, data=data)
        self._updates.clear()
        return tuple(self._kept)

    def _update(self, event: UpdateDisplay) -> None:
        """Note what displays show from now on: a cell may have thousands of one name, and update them as often."""
        if count := len(self._shown.get(event.display_id, ())):
            self._updates[event.display_id] = (event.data, count)

    def _clear(self) -> None:
        self._kept.clear()
        self._shown.clear()
        self._updates.clear()
        self._pieces.clear()

    def _joins(self, piece: StreamOutput) -> bool:
        last = self._kept[-1] if self._kept else None
        return isinstance(last, StreamOutput) and last.name == piece.name

    def _join(self) -> None:
        if self._pieces:
            last = self._kept[-1]
            if isinstance(last, StreamOutput):
                self._kept[-1] = replace(last, text="".join([last.text, *self._pieces]))
            self._pieces.clear()


def join_streams(events: Sequence[Arrived]) -> list[Arrived | StreamOutput]:
    """The same events with neighbouring pieces of one stream joined."""
    joined: list[Arrived | StreamOutput] = []
    pieces: list[str] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, StreamOutput) and isinstance(last, StreamOutput) and last.name == event.name:
            pieces.append(event.text)
            continue
        _close(joined, pieces)
        joined.append(event)
    _close(joined, pieces)
    return joined


def _close(joined: list[Arrived | StreamOutput], pieces: list[str]) -> None:
    if pieces and isinstance(last := joined[-1], StreamOutput):
        joined[-1] = replace(last, text="".join([last.text, *pieces]))
    pieces.clear()

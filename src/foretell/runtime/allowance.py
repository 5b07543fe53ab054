"""What a run may still show: text and pictures by size, pictures by what they become when drawn, all by pace.

Enters: what a cell shows, in order. Leaves: what of it fits, and the failure once something does not. Invariant: what
has been let through never exceeds the limits, and nothing is left out without a sentence in its place or an end.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from foretell.model.run import DisplayOutput, ErrorOutput, Failure, FailureKind, StreamOutput, UpdateDisplay
from foretell.runtime.limits import Limits, explain, explain_pictures, name_bytes
from foretell.runtime.messages import Shown
from foretell.runtime.pictures import measure_picture

EVENT_CHARGE = 64
CHANGE_CHARGE = 16
MOST_ENTRIES = 32
BURST_SECONDS = 1.0
SVG = "image/svg+xml"
SMALLER = "Make the figure smaller, with figsize or dpi."


class Allowance:
    """What is left to one run. `failure` is set once it has shown more than it may, and then nothing fits any more."""

    def __init__(self, limits: Limits) -> None:
        self.failure: Failure | None = None
        self._limits = limits
        self._text_left = limits.output_bytes
        self._pictures_left = limits.pictures_bytes
        self._due = 0.0
        self._stream = ""

    def fit(self, shown: Shown) -> Shown | None:
        """The part of an output that the limits leave."""
        if self.failure is not None:
            return None
        if isinstance(shown, StreamOutput):
            return self._fit_text(shown)
        if isinstance(shown, DisplayOutput | UpdateDisplay):
            return self._fit_display(shown)
        self._charge_text(EVENT_CHARGE)
        if isinstance(shown, ErrorOutput):
            for text in (shown.name, shown.value, *shown.lines):
                self._charge_text(EVENT_CHARGE + len(text))
        return shown if self.failure is None else None

    def wait_seconds(self, now: float) -> float:
        """How long to wait after an output that came at `now` so that they keep to their pace, bursts aside."""
        self._due = max(self._due, now) + 1 / self._limits.outputs_per_second
        return max(0.0, self._due - now - BURST_SECONDS)

    def _fit_text(self, shown: StreamOutput) -> StreamOutput | None:
        if not shown.text:
            return None
        entries, left = shown.text.encode("utf-8", "replace"), self._text_left
        # One that goes to and fro between the streams is drawn in as many parts.
        self._charge_text(len(entries) + (CHANGE_CHARGE if self._stream not in ("", shown.name) else 0))
        self._stream = shown.name
        if len(entries) <= left:
            return shown
        text = entries[: max(0, left)].decode("utf-8", "ignore")
        return replace(shown, text=text) if text else None

    def _fit_display(self, shown: DisplayOutput | UpdateDisplay) -> DisplayOutput | UpdateDisplay | None:
        data = dict(tuple(shown.data.items())[:MOST_ENTRIES])
        for mime, entry in tuple(data.items()):
            if (refused := self._refuse(mime, entry)) is not None:
                # It has cost its reading, and a cell may show as many as it likes.
                self._pictures_left -= min(len(entry), self._limits.picture_bytes)
                self._charge_text(EVENT_CHARGE + len(mime))
                del data[mime]
                data["text/plain"] = refused
        for mime, entry in data.items():
            if _is_picture(mime, entry):
                self._pictures_left -= _count_bytes(mime, entry)
            else:
                self._charge_text(len(entry.encode("utf-8", "replace")))
            self._charge_text(len(mime))
        self._charge_text(EVENT_CHARGE + len(shown.display_id or ""))
        if self._pictures_left < 0:
            self._end(explain_pictures(self._limits))
        return replace(shown, data=data) if self.failure is None else None

    def _refuse(self, mime: str, entry: str) -> str | None:
        """Why an entry is not shown, in words; None where it is."""
        if not _is_picture(mime, entry):
            return None
        size, most = _count_bytes(mime, entry), self._limits.picture_bytes
        if size > most:
            what = (
                f"A picture of {name_bytes(size)}" if mime.startswith("image/") else f"A display of {name_bytes(size)}"
            )
            return f"({what} is not shown: the limit is {name_bytes(most)}. {SMALLER})"
        if mime == SVG or not mime.startswith("image/"):
            return None
        drawn = _measure(entry)
        if drawn is None:
            return f"(What is shown as {mime[:40]} is no PNG, JPEG, GIF or WebP, so a page cannot draw it.)"
        width, height = drawn
        if width * height > self._limits.picture_pixels:
            return (
                f"(A picture of {width:,} x {height:,} pixels is not shown: "
                f"the limit is {self._limits.picture_pixels:,} pixels. {SMALLER})"
            )
        return None

    def _charge_text(self, size_bytes: int) -> None:
        self._text_left -= size_bytes
        if self._text_left < 0:
            self._end(explain(FailureKind.OUTPUT, self._limits))

    def _end(self, failure: Failure) -> None:
        if self.failure is None:
            self.failure = failure


def _is_picture(mime: str, entry: str) -> bool:
    """Whether an entry counts as a picture: one itself, or HTML that carries some, as an animation does."""
    return mime.startswith("image/") or (mime == "text/html" and "data:image/" in entry)


def _count_bytes(mime: str, entry: str) -> int:
    if mime == SVG or not mime.startswith("image/"):
        return len(entry.encode("utf-8", "replace"))
    return len(entry) * 3 // 4


def _measure(entry: str) -> tuple[int, int] | None:
    """Read strictly: a browser makes something else of an entry in which anything but base64 stands."""
    try:
        return measure_picture(base64.b64decode("".join(entry.split()), validate=True))
    except (binascii.Error, ValueError):
        return None

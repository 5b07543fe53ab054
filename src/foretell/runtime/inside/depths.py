"""Tracebacks of endless recursion, told as IPython tells them, without a look at each of a thousand frames.

Enters: IPython's maker of tracebacks. Leaves: the same, which takes the frames in the middle of a deep one as read.
Invariant: a traceback that is not deep is made by IPython alone.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from IPython.core.ultratb import FrameInfo  # type: ignore[attr-defined]
from stack_data.core import RepeatedFrames

DEEP = 100
KEPT = 14


def shorten_deep(maker: Any) -> None:
    """Have `maker` take the middle of deep tracebacks as read."""
    get_records: Callable[[TracebackType, int, int], list[Any]] = maker.get_records

    def get(trace: TracebackType, context: int, offset: int) -> list[Any]:
        chain = _entries(trace)
        if len(chain) <= DEEP:
            return get_records(trace, context, offset)
        start, end = chain[:KEPT], chain[-KEPT:]
        records = get_records(_join([*start, *end]), context, offset)
        return _tell(records, chain[KEPT:-KEPT], {id(entry.tb_frame) for entry in end})

    maker.get_records = get


def _tell(records: list[Any], left_out: list[TracebackType], end: set[int]) -> list[Any]:
    """Add the frames left out to those that IPython itself has left out at their place."""
    for place, record in enumerate(records):
        repeated: list[Any] = record._sd.frames if isinstance(record._sd, RepeatedFrames) else []
        before = [entry for entry in repeated if id(entry.tb_frame) not in end]
        if id(record.frame) in end or len(before) < len(repeated):
            told = _repeated([*before, *left_out, *repeated[len(before) :]])
            return [*records[:place], told, *records[place + bool(repeated) :]]
    return records


def _repeated(entries: list[Any]) -> Any:
    places = [(entry.tb_frame.f_code, entry.tb_lineno) for entry in entries]
    return FrameInfo._from_stack_data_FrameInfo(RepeatedFrames(entries, places))


def _entries(trace: TracebackType | None) -> list[TracebackType]:
    entries = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    return entries


def _join(entries: list[TracebackType]) -> TracebackType:
    """A traceback of these entries alone."""
    *others, last = entries
    joined = TracebackType(None, last.tb_frame, last.tb_lasti, last.tb_lineno)
    for entry in reversed(others):
        joined = TracebackType(joined, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return joined

"""A lesson run from top to bottom without a learner, as starters or as solved.

Enters: a lesson, the source that stands for each cell, something that runs cells. Leaves: an outcome a code cell.
Invariant: a failed cell does not stop the rest; what ended the process is left out of later cells' past.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from foretell import gate
from foretell.loop import Runner
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.run import CellSource, Failure, FailureKind, Run, RunRequest

SourceOf = Callable[[CodeCell], str]


def as_starter(code: CodeCell) -> str:
    """Give the cell as its author wrote it: what a learner who fills in nothing runs."""
    return code.source


def as_solved(code: CodeCell) -> str:
    """Give the cell with its solution in place; a task without one stays as it is."""
    if code.task is None or code.task.solution is None:
        return code.source
    return gate.joined(code, code.task.solution)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutcome:
    """How one code cell went; `cell` is its 0-based index in the notebook."""

    cell: int
    seconds: float
    failure: Failure | None


async def run_lesson(lesson: Lesson, source_of: SourceOf, run: Runner) -> AsyncIterator[CellOutcome]:
    """Run every code cell in order and say how each went."""
    place_of = {cell.id: cell.index for cell in lesson.cells}
    past: list[CellSource] = []
    for code in lesson.code_cells:
        source = CellSource(cell=code.cell, text=source_of(code))
        ended = await _last_event(run, RunRequest(prefix=tuple(past), cell=source))
        yield CellOutcome(cell=place_of[code.cell], seconds=ended.seconds, failure=ended.failure)
        if ended.failure is None or ended.failure.kind not in set(FailureKind):
            past.append(source)


async def _last_event(run: Runner, request: RunRequest) -> Run:
    ended: Run | None = None
    async for event in run(request):
        if isinstance(event, Run):
            ended = event
    if ended is None:
        raise AssertionError("a runner's last event is a Run")
    return ended


def outcome_json(outcomes: list[CellOutcome]) -> dict[str, object]:
    """Give the outcomes in the form that `foretell run --json` prints."""
    return {
        "ok": all(outcome.failure is None for outcome in outcomes),
        "cells": [
            {
                "cell": outcome.cell,
                "ok": outcome.failure is None,
                "seconds": round(outcome.seconds, 4),
                "failure": _failure_json(outcome.failure),
            }
            for outcome in outcomes
        ],
    }


def _failure_json(failure: Failure | None) -> dict[str, object] | None:
    if failure is None:
        return None
    return {"kind": failure.kind, "message": failure.message, "line": failure.line}

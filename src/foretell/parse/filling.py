"""The tasks of a lesson: what the notebook leaves to fill, named, with solutions and hints.

Enters: drafts, the overlay, solution files. Leaves: `Task`s keyed by their cell. Invariant: names are unique, and what
an overlay or a solution file says wins over what the notebook says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from foretell.errors import LessonError, OverlayError
from foretell.model.lesson import Cell, Hint, Task, Unread
from foretell.parse.asking import find_code_cell
from foretell.parse.attach import IDEA, LINE, WHERE, Attached, attach_solutions, find_test_cells, hints_of
from foretell.parse.gaps import GapKind
from foretell.parse.overlay import Overlay, OverlayTask
from foretell.parse.python import parse
from foretell.parse.sections import Draft
from foretell.parse.tasks import TaskCut, cut_task, read_task, strip_answers

PREDICTION_NAME = re.compile(r"predict|guess", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """The tasks by cell, and per section which `<details>` they take."""

    tasks: Mapping[str, Task]
    taken: tuple[frozenset[tuple[int, int]], ...]
    unread: tuple[Unread, ...]


def read_tasks(
    drafts: Sequence[Draft],
    cells: Sequence[Cell],
    overlay: Overlay,
    solutions: Mapping[str, str],
    prompts: frozenset[str],
) -> Filling:
    """Find every task, attach its solution, and let the overlay and the solution files have the last word."""
    wanted = _by_cell(overlay, cells)
    attachments = tuple(attach_solutions(draft, lambda cell: _cut(cell, wanted)) for draft in drafts)
    names = _names([one for found in attachments for one in found.tasks], wanted)
    _check_solutions(solutions, names.values())
    tasks: dict[str, Task] = {}
    for draft, found in zip(drafts, attachments, strict=True):
        ids = frozenset(one.cell.id for one in found.tasks)
        for one in found.tasks:
            tests = find_test_cells(draft.code, one.cell.id, ids, prompts)
            task = _task(one, names[one.cell.id], tests, prompts)
            task = _with_file(task, solutions)
            tasks[one.cell.id] = _with_overlay(task, wanted.get(one.cell.id), cells)
    unread = [one for found in attachments for one in found.unread if names.get(cells[one.cell].id) not in solutions]
    unread += [_unasked(cell) for draft in drafts for cell in draft.code if _holds_predictions(read_task(cell.source))]
    return Filling(tasks=tasks, taken=tuple(found.taken for found in attachments), unread=tuple(unread))


def _by_cell(overlay: Overlay, cells: Sequence[Cell]) -> dict[str, OverlayTask]:
    wanted: dict[str, OverlayTask] = {}
    for task in overlay.tasks:
        place = f"line {task.line}: [task.{task.name}]"
        cell = find_code_cell(task.cell, cells, place)
        if cell.id in wanted:
            raise OverlayError(
                f"lesson.toml, {place} names a cell that [task.{wanted[cell.id].name}] has. Keep one of them."
            )
        wanted[cell.id] = task
    return wanted


def _cut(cell: Cell, wanted: Mapping[str, OverlayTask]) -> TaskCut | None:
    cut = read_task(cell.source)
    if cell.id in wanted:
        return cut if cut is not None else cut_task(cell.source, ())
    return None if _holds_predictions(cut) else cut


def _holds_predictions(cut: TaskCut | None) -> bool:
    """Whether a cell is only a place to write predictions into."""
    return cut is not None and all(
        gap.kind in {GapKind.VALUE, GapKind.HOLE} and not gap.defines and PREDICTION_NAME.search(gap.name or "")
        for gap in cut.gaps
    )


def _unasked(cell: Cell) -> Unread:
    return Unread(
        cell=cell.index, why="it is a place to write predictions into; foretell asks with its own form instead"
    )


def _names(found: Sequence[Attached], wanted: Mapping[str, OverlayTask]) -> dict[str, str]:
    used = {task.name for task in wanted.values()}
    names: dict[str, str] = {}
    for number, one in enumerate(found, start=1):
        if one.cell.id in wanted:
            names[one.cell.id] = wanted[one.cell.id].name
            continue
        stem = one.cut.name or f"task-{number}"
        name, repeat = stem, 1
        while name in used:
            repeat += 1
            name = f"{stem}-{repeat}"
        used.add(name)
        names[one.cell.id] = name
    return names


def _check_solutions(solutions: Mapping[str, str], names: Iterable[str]) -> None:
    known = sorted(names)
    for name, code in solutions.items():
        if name not in known:
            raise LessonError(
                f"The solution {name!r} belongs to no task of this lesson. Its tasks are {', '.join(known) or 'none'}; "
                "name the file after one of them."
            )
        if parse(code) is None:
            raise LessonError(f"The solution {name!r} is not Python that can be read. Mend it so that it parses.")


def _task(one: Attached, name: str, tests: tuple[str, ...], prompts: frozenset[str]) -> Task:
    starter = strip_answers(one.cut.starter) if one.cell.id in prompts else one.cut.starter
    return Task(
        name=name, cell=one.cell.id, starter=starter, test=one.cut.test, solution=one.solution,
        solution_cell=one.solution_cell.id if one.solution_cell is not None else None,
        solution_text=one.details.text if one.details is not None else "", hints=hints_of(one), test_cells=tests,
    )  # fmt: skip


def _with_file(task: Task, solutions: Mapping[str, str]) -> Task:
    code = solutions.get(task.name)
    if code is None:
        return task
    ended = code.rstrip("\n") + "\n"
    return Task(
        name=task.name, cell=task.cell, starter=task.starter, test=task.test, solution=ended,
        solution_cell=task.solution_cell, solution_text=task.solution_text or f"```python\n{ended}```",
        hints=task.hints, test_cells=task.test_cells,
    )  # fmt: skip


def _with_overlay(task: Task, said: OverlayTask | None, cells: Sequence[Cell]) -> Task:
    if said is None:
        return task
    hints = tuple(Hint(name=name, text=text) for name, text in zip((WHERE, IDEA, LINE), said.hints, strict=False))
    tests = task.test_cells
    if said.test_cells is not None:
        place = f"line {said.line}: [task.{said.name}]"
        tests = tuple(find_code_cell(name, cells, place).id for name in said.test_cells)
    return Task(
        name=task.name, cell=task.cell, starter=task.starter, test=task.test, solution=task.solution,
        solution_cell=task.solution_cell, solution_text=task.solution_text, hints=hints or task.hints,
        test_cells=tests, why=said.why or task.why, probing=said.probing,
    )  # fmt: skip

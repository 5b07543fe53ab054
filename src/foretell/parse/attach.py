"""Tasks of a section with the solutions and hints that belong to them.

Enters: a draft section. Leaves: one `Task` a cell, and which chunks the `<details>` took. Invariant: a solution is
attached to a task only where its code could be placed in it, or where no other task could be meant.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from foretell.model.lesson import Cell, Hint, Unread
from foretell.parse.blocks import ChunkKind
from foretell.parse.python import read_python
from foretell.parse.sections import Draft
from foretell.parse.solutions import Details, place_by_name, place_solution, read_details
from foretell.parse.tasks import TaskCut

NOTHING_TO_FILL = "it gives code to be opened, but its section has nothing to fill; it opens after the section's cells"
WHERE, IDEA, LINE = "Where to look", "The idea", "The line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A task cell with what was found for it."""

    cell: Cell
    cut: TaskCut
    solution: str | None = None
    solution_cell: Cell | None = None
    details: Details | None = None
    clue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """The tasks of a section in order; `taken` are (cell index, chunk number) of solutions and hints."""

    tasks: tuple[Attached, ...]
    taken: frozenset[tuple[int, int]]
    unread: tuple[Unread, ...]


@dataclass
class _Tally:
    """A walk through the section: tasks so far, those without a solution, a solution that waits for its task."""

    found: dict[int, Attached] = field(default_factory=dict)
    pending: list[int] = field(default_factory=list)
    unplaced: dict[int, tuple[Cell, Details]] = field(default_factory=dict)
    waiting: tuple[Cell, Details, tuple[int, int]] | None = None
    clues: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    taken: set[tuple[int, int]] = field(default_factory=set)


def attach_solutions(draft: Draft, cut: Callable[[Cell], TaskCut | None]) -> Attachments:
    """Walk a section and give each solution to the unfilled tasks above it, else to the next ones."""
    tally = _Tally()
    for part in draft.parts:
        if part.is_code:
            task = cut(part.cell)
            if task is not None:
                _meet_task(tally, part.cell, task)
        for number, chunk in enumerate(part.chunks):
            details = read_details(chunk) if chunk.kind is ChunkKind.DETAILS else None
            if details is None:
                continue
            place = (part.cell.index, number)
            if details.is_hint and not _fills(tally, details):
                _meet_hint(tally, details, place)
            else:
                _meet_solution(tally, part.cell, details, place)
    unread = tuple(_give_up(tally, index) for index in tally.pending if index in tally.unplaced)
    if tally.waiting is not None and tally.waiting[2] not in tally.taken:
        unread += (Unread(cell=tally.waiting[0].index, why=NOTHING_TO_FILL),)
    return Attachments(tasks=tuple(tally.found.values()), taken=frozenset(tally.taken), unread=unread)


def hints_of(attached: Attached) -> tuple[Hint, ...]:
    """Hints a notebook gives by itself: a hint block, the words before the solution, the code left in comments."""
    idea = attached.details.prose if attached.details is not None else ""
    line = "\n\n".join(attached.cut.commented)
    rungs = ((WHERE, attached.clue), (IDEA, idea), (LINE, f"```python\n{line}\n```" if line else ""))
    return tuple(Hint(name=name, text=text) for name, text in rungs if text)


def find_test_cells(code: Sequence[Cell], cell: str, tasks: frozenset[str], prompts: frozenset[str]) -> tuple[str, ...]:
    """Later code cells of the exercise, up to its next task, that assert something and ask for nothing."""
    ids = [one.id for one in code]
    below = code[ids.index(cell) + 1 :]
    found: list[str] = []
    for one in below:
        if one.id in tasks:
            break
        if one.id not in prompts and _asserts(one.source):
            found.append(one.id)
    return tuple(found)


def _asserts(source: str) -> bool:
    tree = read_python(source)
    return tree is not None and any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def _fills(tally: _Tally, details: Details) -> bool:
    """Whether a block called a hint is a solution: all of it can take the place of the last task without one."""
    if not details.codes or not tally.pending:
        return False
    return place_by_name(tally.found[tally.pending[-1]].cut, details.codes) is not None


def _meet_task(tally: _Tally, cell: Cell, cut: TaskCut) -> None:
    clue = "\n\n".join(text for text, _ in tally.clues)
    tally.taken.update(place for _, place in tally.clues)
    tally.clues.clear()
    tally.found[cell.index] = Attached(cell=cell, cut=cut, clue=clue)
    tally.pending.append(cell.index)
    if tally.waiting is None:
        return
    owner, details, place = tally.waiting
    tally.taken.add(place)
    if not _give(tally, cell.index, place_solution(cut, details.codes), owner, details):
        tally.unplaced.setdefault(cell.index, (owner, details))


def _meet_hint(tally: _Tally, details: Details, place: tuple[int, int]) -> None:
    if not tally.found:
        tally.clues.append((details.text, place))
        return
    index = tally.pending[-1] if tally.pending else next(reversed(tally.found))
    one = tally.found[index]
    clue = "\n\n".join(filter(None, [one.clue, details.text]))
    tally.found[index] = Attached(
        cell=one.cell,
        cut=one.cut,
        solution=one.solution,
        solution_cell=one.solution_cell,
        details=one.details,
        clue=clue,
    )
    tally.taken.add(place)


def _meet_solution(tally: _Tally, owner: Cell, details: Details, place: tuple[int, int]) -> None:
    if not tally.pending:
        tally.waiting = (owner, details, place)
        return
    tally.waiting = None
    tally.taken.add(place)
    wanted = list(tally.pending)
    one_each = len(wanted) > 1 and len(details.codes) == len(wanted)
    for number, index in enumerate(wanted):
        cut = tally.found[index].cut
        if len(wanted) == 1:
            placed = place_solution(cut, details.codes)
        else:
            others = {tally.found[other].cut.name or "" for other in wanted if other != index}
            placed = place_by_name(cut, details.codes, others)
            if placed is None and one_each:
                placed = place_solution(cut, details.codes[number : number + 1])
        if not _give(tally, index, placed, owner, details):
            tally.unplaced.setdefault(index, (owner, details))


def _give(tally: _Tally, index: int, placed: str | None, owner: Cell, details: Details) -> bool:
    if placed is None:
        return False
    one = tally.found[index]
    tally.found[index] = Attached(
        cell=one.cell, cut=one.cut, solution=placed, solution_cell=owner, details=details, clue=one.clue
    )
    tally.pending.remove(index)
    return True


def _give_up(tally: _Tally, index: int) -> Unread:
    """A solution is there but has no place: it can be read, and cannot be run."""
    one = tally.found[index]
    owner, details = tally.unplaced[index]
    tally.found[index] = Attached(cell=one.cell, cut=one.cut, solution_cell=owner, details=details, clue=one.clue)
    why = (
        f"the solution in cell {owner.index} could not be put in the place of what is to be filled; it can only be read"
    )
    return Unread(cell=index, why=why)

"""The lesson of one learner at one moment: fresh numbers, and questions that are asked once more.

Enters: a lesson as written, a learner, everything on record. Leaves: `Present`, the lesson and the history that hold
now. Invariant: the same learner and record give the same numbers; each instance of a question has an id of its own, so
what was said to it stands for good; what earlier instances showed is put aside until the present one has met its run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate

from foretell.model.attempt import Commit, History, Opened, Opening
from foretell.model.belief import with_numbers
from foretell.model.lesson import CodeCell, Lesson, Piece, Prompt, Question, Section
from foretell.model.syntax import parse_module

_MARK = "~"
_MAGIC = re.compile(r"(?m)^[ \t]*[%!].*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What holds now: the lesson with its numbers and the questions in force, and the history that belongs to it.

    `record` is everything on record. `past` holds, for a cell that has been asked again, the cell with the questions
    that are not in force any more.
    """

    lesson: Lesson
    history: History
    record: History
    past: Mapping[str, CodeCell]

    def code_cell(self, code: CodeCell) -> CodeCell:
        """Give a cell of the lesson as written as it is now."""
        return self.lesson.code_cell(code.cell) or code


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """The literal of `name = 7` in a cell: where it stands, and from what it is drawn."""

    name: str
    low: int
    high: int
    start: int
    end: int
    written: int


def instance_id(question: str, number: int) -> str:
    """The id of an instance of a question; the first has the question's own."""
    return question if number == 1 else f"{question}{_MARK}{number}"


def base_id(question: str) -> str:
    """The id of the question in the lesson, of whichever instance."""
    return question.partition(_MARK)[0]


def is_again(question: str) -> bool:
    """Whether an id is of an instance after the first."""
    return _MARK in question


def instance_number(cell: str, history: History) -> int:
    """Which instance of a cell's questions is the present one."""
    return 1 + len(_openings(cell, history))


def varies(code: CodeCell) -> bool:
    """Whether numbers of the cell are drawn."""
    return bool(_slots(code))


def present(lesson: Lesson, learner: str, history: History) -> Present:
    """Give the lesson as it is for this learner now, and the part of the history that belongs to it.

    `lesson` is as written: what has been drawn is not to be drawn again.
    """
    past: dict[str, CodeCell] = {}
    now: dict[str, CodeCell] = {}
    kept = history
    for code in lesson.code_cells:
        again = _openings(code.cell, history)
        if code.prompt is None or not (again or _slots(code)):
            continue
        instances = _instances(code, f"{learner}\0{lesson.id}", again, history.round)
        waits = bool(again) and not _has_run(instances[-1], history)
        is_alone = waits or bool(_slots(code))
        now[code.cell] = instances[-1] if is_alone else _in_force(code, instances)
        if again:
            past[code.cell] = _not_in_force(now[code.cell], instances)
        if again and code.task is None:
            kept = _without_drafts_before(instances[-1], kept)
            kept = _since(instances[-1], kept) if is_alone else kept
    drawn = _with_cells(lesson, now) if now else lesson
    return Present(lesson=drawn, history=kept, record=history, past=past)


def _openings(cell: str, history: History) -> tuple[Opening, ...]:
    return tuple(o for o in history.openings if o.cell == cell and o.what is Opened.AGAIN)


def _instances(code: CodeCell, who: str, again: Sequence[Opening], started_over: int) -> tuple[CodeCell, ...]:
    """The cell once an instance, with the questions that were asked in it."""
    slots = _slots(code)
    questions = code.prompt.questions if code.prompt else ()
    numbers = {slot.name: slot.written for slot in slots}
    found: list[CodeCell] = []
    for earlier in range(started_over):  # so that the first numbers are others than the first ones of the time before
        numbers = _draw(slots, numbers, _seed(who, code, 1, earlier))
    for number in range(1, len(again) + 2):
        numbers = _draw(slots, numbers, _seed(who, code, number, started_over))
        meant = again[number - 2].questions if number > 1 else ()
        asked = [q for q in questions if q.id in meant] or list(questions)
        found.append(_with_numbers(code, slots, numbers, [_instance(q, number, numbers) for q in asked]))
    return tuple(found)


def _seed(who: str, code: CodeCell, number: int, started_over: int) -> str:
    return f"{who}\0{code.cell}\0{number}" + (f"\0{started_over}" if started_over else "")


def _draw(slots: Sequence[_Slot], before: Mapping[str, int], seed: str) -> dict[str, int]:
    """Draw a number a slot, unlike the one before and unlike each other, as far as the ranges allow."""
    drawn: dict[str, int] = {}
    for slot in slots:
        span = slot.high - slot.low + 1
        first = int.from_bytes(sha256(f"{seed}\0{slot.name}".encode("utf-8", "surrogatepass")).digest()[:8])
        taken = {before[slot.name], *drawn.values()}
        tries = [slot.low + (first + step) % span for step in range(min(span, len(taken) + 1))]
        fresh = [number for number in tries if number not in taken]
        other = [number for number in tries if number != before[slot.name]]
        drawn[slot.name] = (fresh or other or tries)[0]
    return drawn


def _instance(question: Question, number: int, numbers: Mapping[str, int]) -> Question:
    asked = replace(question, id=instance_id(question.id, number))
    if not numbers or not question.template:
        return asked
    choices = tuple(with_numbers(choice, numbers) for choice in question.choice_templates)
    return replace(asked, ask=with_numbers(question.template, numbers), choices=choices)


def _slots(code: CodeCell) -> tuple[_Slot, ...]:
    """The literals to replace, in the order of the cell. The code of a task is its learner's, and stays as it is.

    Where two questions draw one number, it is to suit both.
    """
    ranges: dict[str, tuple[int, int]] = {}
    for question in code.prompt.questions if code.prompt and code.task is None else ():
        for vary in question.vary:
            low, high = ranges.get(vary.name, (vary.low, vary.high))
            ranges[vary.name] = (max(low, vary.low), min(high, vary.high))
    if not ranges or "".join(piece.text for piece in code.pieces) != code.source:
        return ()
    return tuple(
        _Slot(name=name, low=ranges[name][0], high=ranges[name][1], start=start, end=end, written=written)
        for name, start, end, written in _whole_numbers(code.source)
        if name in ranges
    )


def _whole_numbers(source: str) -> Iterator[tuple[str, int, int, int]]:
    """Every `name = 7` at the top of a cell: the name, where the number begins and ends, the number."""
    try:
        tree = parse_module(_MAGIC.sub(lambda line: "#" * len(line[0]), source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = source.split("\n")
    if "\r" in source or "\f" in source:
        return
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    for statement in tree.body:
        value = statement.value if isinstance(statement, ast.Assign) else None
        if not isinstance(statement, ast.Assign) or not isinstance(value, ast.Constant) or type(value.value) is not int:
            continue
        line, above = lines[value.lineno - 1].encode(), starts[value.lineno - 1]
        start, end = (above + len(line[:at].decode()) for at in (value.col_offset, value.end_col_offset))
        names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        yield from ((name, start, end, value.value) for name in names)


def _with_numbers(
    code: CodeCell, slots: Sequence[_Slot], numbers: Mapping[str, int], questions: Sequence[Question]
) -> CodeCell:
    prompt = replace(code.prompt, questions=tuple(questions)) if code.prompt else None
    pieces: list[Piece] = []
    at = 0
    for piece in code.pieces:
        text, ends = piece.text, at + len(piece.text)
        for slot in sorted(slots, key=lambda slot: -slot.start):
            if at <= slot.start and slot.end <= ends:
                text = text[: slot.start - at] + str(numbers[slot.name]) + text[slot.end - at :]
        pieces.append(replace(piece, text=text))
        at = ends
    source = "".join(piece.text for piece in pieces) if slots else code.source
    return replace(code, source=source, pieces=tuple(pieces), prompt=prompt)


def _in_force(code: CodeCell, instances: Sequence[CodeCell]) -> CodeCell:
    """The cell with every question, each in its newest instance."""
    newest = {base_id(question.id): question for one in instances for question in _questions(one)}
    prompt = _prompt_of(code, [newest[question.id] for question in _questions(code)])
    return replace(instances[-1], prompt=prompt)


def _not_in_force(now: CodeCell, instances: Sequence[CodeCell]) -> CodeCell:
    held = {question.id for question in _questions(now)}
    gone = [question for one in instances for question in _questions(one) if question.id not in held]
    return replace(now, prompt=_prompt_of(now, gone))


def _prompt_of(code: CodeCell, questions: Sequence[Question]) -> Prompt | None:
    return replace(code.prompt, questions=tuple(questions)) if code.prompt else None


def _questions(code: CodeCell) -> tuple[Question, ...]:
    return code.prompt.questions if code.prompt else ()


def _first_commit(instance: CodeCell, history: History) -> Commit | None:
    """The commit in which the first question of an instance was settled."""
    asked = {question.id for question in _questions(instance)}
    return next((c for c in history.commits if asked & {*(p.question for p in c.predictions), *c.skipped}), None)


def _has_run(instance: CodeCell, history: History) -> bool:
    first = _first_commit(instance, history)
    return first is not None and any(
        kept.run is not None and kept.cell == instance.cell and kept.commit >= first.id for kept in history.runs
    )


def _without_drafts_before(instance: CodeCell, history: History) -> History:
    """The history without a draft from before the instance: what was asked about is the cell as written."""
    first, draft = _first_commit(instance, history), history.drafts.get(instance.cell)
    if draft is None or (first is not None and draft.at >= first.at):
        return history
    return replace(history, drafts={cell: kept for cell, kept in history.drafts.items() if cell != instance.cell})


def _since(instance: CodeCell, history: History) -> History:
    """The history without what the cell's earlier instances said and showed."""
    first = _first_commit(instance, history)

    def counts(cell: str, commit: int) -> bool:
        return cell != instance.cell or (first is not None and commit >= first.id)

    return replace(
        history,
        commits=tuple(commit for commit in history.commits if counts(commit.cell, commit.id)),
        runs=tuple(kept for kept in history.runs if counts(kept.cell, kept.commit)),
    )


def _with_cells(lesson: Lesson, now: Mapping[str, CodeCell]) -> Lesson:
    """The lesson with these cells in the place of those of the same id."""
    cells = tuple(
        replace(cell, source=now[cell.id].source) if cell.id in now and now[cell.id].task is None else cell
        for cell in lesson.cells
    )
    return replace(lesson, cells=cells, sections=tuple(_section(section, now) for section in lesson.sections))


def _section(section: Section, now: Mapping[str, CodeCell]) -> Section:
    items = tuple(now.get(item.cell, item) if isinstance(item, CodeCell) else item for item in section.items)
    return replace(section, items=items)

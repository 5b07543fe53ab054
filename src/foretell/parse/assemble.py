"""Drafts with their prompts and tasks -> the sections and goals of a lesson.

Enters: everything read so far. Leaves: `Section`s and `Goal`s. Invariant: what tells a result opens after runs that
the lesson really has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foretell.model.lesson import (
    AnswerKind,
    Block,
    BlockRole,
    Cell,
    CellKind,
    CodeCell,
    Exercise,
    Goal,
    Piece,
    Prompt,
    Question,
    Section,
    SectionKind,
    Support,
    Task,
)  # fmt: skip
from foretell.parse.blocks import join_chunks
from foretell.parse.header import GoalList, Header, neutral_list
from foretell.parse.headings import asserts_result, is_stretch, read_goal_level, read_level
from foretell.parse.names import read_names
from foretell.parse.python import read_python
from foretell.parse.roles import Surroundings, read_blocks, withheld_block
from foretell.parse.sections import Draft, Part
from foretell.parse.withhold import read_pieces

ABOUT_ERRORS = re.compile(r"\b(?:errors?|exceptions?|raises?|raised|fails?|crash(?:es)?|work|happens?)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What has been read of a notebook. `prompts` and `tasks` are keyed by code cell; `asks` and `details` hold, a
    section each, the (cell index, chunk number) that prompts and solutions take.
    """

    cells: tuple[Cell, ...]
    language: str
    title: str
    drafts: tuple[Draft, ...]
    header: Header
    prompts: Mapping[str, Prompt]
    tasks: Mapping[str, Task]
    asks: tuple[frozenset[tuple[int, int]], ...]
    details: tuple[frozenset[tuple[int, int]], ...]

    @property
    def settling(self) -> tuple[str, ...]:
        """Every cell that settles a prompt or holds a task."""
        return tuple(cell.id for cell in self.cells if cell.id in self.prompts or cell.id in self.tasks)

    @property
    def exercises(self) -> tuple[Draft, ...]:
        """The drafts that are exercises."""
        return tuple(draft for draft in self.drafts if self.kind_of(draft) is SectionKind.EXERCISE)

    def prompted(self, draft: Draft) -> tuple[str, ...]:
        """The section's cells that settle a prompt."""
        return tuple(cell.id for cell in draft.code if cell.id in self.prompts)

    def settled_below(self, cell: Cell) -> tuple[str, ...]:
        """The cells below that settle a prompt asked above this cell."""
        index = {one.id: one.index for one in self.cells}
        return tuple(
            prompt.before
            for prompt in self.prompts.values()
            if index[prompt.stands_in] < cell.index < index[prompt.before]
        )

    def kind_of(self, draft: Draft) -> SectionKind:
        """A part that asks or leaves something to fill is an exercise, whatever its heading says."""
        works = any(cell.id in self.prompts or cell.id in self.tasks for cell in draft.code)
        unnamed = draft.kind is SectionKind.PART or (draft.kind is SectionKind.SETUP and not draft.headed)
        return SectionKind.EXERCISE if works and unnamed else draft.kind


def build_goals(reading: Reading) -> tuple[Goal, ...]:
    """The goals; one that tells a result reads "Exercise N" until that exercise's prompts are settled."""
    listed = reading.header.goals
    return tuple(_goal(reading, place, text) for place, text in enumerate(listed.items if listed else ()))


def build_sections(reading: Reading, goals: Sequence[Goal]) -> tuple[Section, ...]:
    """Every section with its items in reading order and a key of its own."""
    sections: list[Section] = []
    used: set[str] = set()
    parts = 0
    for ordinal, draft in enumerate(reading.drafts):
        kind = reading.kind_of(draft)
        if kind is SectionKind.PART or (kind is SectionKind.EXERCISE and draft.number is None):
            parts += 1
        key = _key(draft, kind, parts, used)
        title = _title(reading, draft, kind)
        before, opens_after = _neutral_title(reading, draft)
        sections.append(
            Section(
                key=key, kind=kind, title=title, title_before=before or title, title_opens_after=opens_after,
                exercise=_exercise(reading, draft, goals) if kind is SectionKind.EXERCISE else None,
                cells=draft.cells, items=_items(reading, ordinal, goals),
            )
        )  # fmt: skip
    return tuple(sections)


def _goal(reading: Reading, place: int, text: str) -> Goal:
    exercises = reading.exercises
    draft = exercises[place] if place < len(exercises) else None
    opens_after = reading.prompted(draft) if draft is not None else tuple(reading.prompts)
    if not asserts_result(text) or not opens_after:
        return Goal(text=text, before=text)
    number = draft.number if draft is not None and draft.number is not None else place + 1
    return Goal(
        text=text, before=f"Exercise {number}" if draft is not None else "A result to find out", opens_after=opens_after
    )


def _key(draft: Draft, kind: SectionKind, parts: int, used: set[str]) -> str:
    stem = {SectionKind.INTRO: "intro", SectionKind.SETUP: "setup", SectionKind.TAKEAWAYS: "takeaways"}.get(kind)
    if stem is None:
        stem = f"ex{draft.number}" if kind is SectionKind.EXERCISE and draft.number is not None else f"part{parts}"
    key, repeat = stem, 1
    while key in used:
        repeat += 1
        key = f"{stem}-{repeat}"
    used.add(key)
    return key


def _title(reading: Reading, draft: Draft, kind: SectionKind) -> str:
    if kind is SectionKind.INTRO:
        return reading.title
    if kind is SectionKind.EXERCISE and draft.kind is SectionKind.SETUP:
        return reading.title
    return draft.title or (f"Exercise {draft.number}" if draft.number is not None else "")


def _neutral_title(reading: Reading, draft: Draft) -> tuple[str, tuple[str, ...]]:
    """What stands for a title that tells a result, and the runs after which it opens."""
    opens_after = reading.prompted(draft)
    if not opens_after or not asserts_result(draft.title):
        return "", ()
    ordinal = (
        draft.number
        if draft.number is not None
        else reading.exercises.index(draft) + 1
        if draft in reading.exercises
        else 0
    )
    return f"Exercise {ordinal}" if ordinal else "This part", opens_after


def _exercise(reading: Reading, draft: Draft, goals: Sequence[Goal]) -> Exercise:
    """Support and stretch from the heading, else from a line of its own, else from the goal at the same place."""
    exercises = reading.exercises
    place = exercises.index(draft)
    goal = goals[place].text if len(goals) == len(exercises) else ""
    support: Support | None = draft.support
    for part in draft.parts[:1]:
        for chunk in part.chunks[:2]:
            support = support or read_level(chunk.source)
    return Exercise(
        number=draft.number,
        support=support or read_goal_level(goal),
        stretch=draft.stretch or (bool(goal) and is_stretch(goal)),
    )


def _items(reading: Reading, ordinal: int, goals: Sequence[Goal]) -> tuple[Block | CodeCell, ...]:
    draft = reading.drafts[ordinal]
    items: list[Block | CodeCell] = []
    earlier: list[str] = []
    for part in draft.parts:
        if part.is_code:
            items.append(_code_cell(reading, part.cell))
            earlier.append(part.cell.id)
        elif draft.kind is SectionKind.TAKEAWAYS:
            items += _takeaways(reading, part)
        elif draft.kind is SectionKind.INTRO:
            items += _intro(reading, part, goals)
        else:
            items += read_blocks(part, _surroundings(reading, ordinal, part, tuple(earlier)))
    return tuple(items)


def _surroundings(reading: Reading, ordinal: int, part: Part, earlier: tuple[str, ...]) -> Surroundings:
    draft = reading.drafts[ordinal]
    index = part.cell.index
    later = tuple(cell for cell in reading.prompted(draft) if cell not in earlier)
    return Surroundings(
        prompts=frozenset(number for cell, number in reading.asks[ordinal] if cell == index),
        details=frozenset(number for cell, number in reading.details[ordinal] if cell == index),
        earlier=(*earlier, *reading.settled_below(part.cell)) if earlier else (), settles=later,
        all_code=tuple(cell.id for cell in draft.code),
    )  # fmt: skip


def _code_cell(reading: Reading, cell: Cell) -> CodeCell:
    """A code cell of the lesson. A task's source leaves out the solution that stands in its comments."""
    task, prompt = reading.tasks.get(cell.id), reading.prompts.get(cell.id)
    if reading.language != "python":
        pieces = (Piece(text=cell.source),) if cell.source else ()
        return CodeCell(cell=cell.id, source=cell.source, pieces=pieces, prompt=prompt)
    source = task.starter + task.test if task is not None else cell.source
    names = read_names(read_python(source))
    asks_for_error = prompt is not None and any(_is_about_an_error(question) for question in prompt.questions)
    tested = task.test if task is not None else source
    return CodeCell(
        cell=cell.id, source=source, pieces=read_pieces(tested, asks_for_error=asks_for_error), prompt=prompt,
        task=task, needs=names.needs, provides=names.provides, opens_after=reading.settled_below(cell),
    )  # fmt: skip


def _is_about_an_error(question: Question) -> bool:
    return question.kind is AnswerKind.ERROR or ABOUT_ERRORS.search(question.ask) is not None


def _takeaways(reading: Reading, part: Part) -> tuple[Block, ...]:
    if part.cell.kind is CellKind.RAW or not part.chunks:
        return ()
    source = join_chunks(part.cell.source, part.chunks)
    return (withheld_block(part.cell.id, BlockRole.TAKEAWAYS, source, reading.settling),)


def _intro(reading: Reading, part: Part, goals: Sequence[Goal]) -> tuple[Block, ...]:
    """Blocks of the intro: title, module line and prerequisites are the lesson's own fields, the goals a block."""
    listed = reading.header.goals
    if listed is None or listed.cell != part.cell.index:
        return _plain_blocks(reading, part, 0, len(part.chunks))
    above = _plain_blocks(reading, part, 0, listed.lead)
    below = _plain_blocks(reading, part, listed.lead + 2, len(part.chunks))
    return (*above, _goals_block(part, listed, goals), *below)


def _plain_blocks(reading: Reading, part: Part, start: int, end: int) -> tuple[Block, ...]:
    fields = frozenset(number - start for cell, number in reading.header.taken if cell == part.cell.index)
    around = Surroundings(prompts=fields, details=frozenset(), earlier=(), settles=(), all_code=())
    return read_blocks(Part(cell=part.cell, chunks=part.chunks[start:end]), around)


def _goals_block(part: Part, listed: GoalList, goals: Sequence[Goal]) -> Block:
    head, items = part.chunks[listed.lead : listed.lead + 2]
    source = join_chunks(part.cell.source, [head, items])
    opens_after = tuple(dict.fromkeys(cell for goal in goals for cell in goal.opens_after))
    before = source
    if opens_after:
        before = f"{head.source}\n{neutral_list(items.source, [goal.before for goal in goals])}"
    return Block(cell=part.cell.id, role=BlockRole.GOALS, source=source, before=before, opens_after=opens_after)

"""Notebook + overlay -> Lesson: the front of the reader.

Enters: texts. Leaves: a `Lesson`. Invariant: only a `LessonError` is ever raised, and the same texts give the same
lesson.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from foretell.model.lesson import Cell, CellKind, Lesson, SectionKind, Unread
from foretell.parse.asking import apply_overlay, check_varied, read_prompts
from foretell.parse.assemble import Reading, build_goals, build_sections
from foretell.parse.catalogue import NO_BELIEFS, BeliefFiles, check_beliefs, read_catalogue, with_examples
from foretell.parse.filling import Filling, read_tasks
from foretell.parse.header import Header, read_header
from foretell.parse.notebook import read_notebook
from foretell.parse.overlay import Overlay, read_overlay
from foretell.parse.python import is_foreign, read_python
from foretell.parse.sections import draft_sections

NO_SOLUTIONS: Mapping[str, str] = MappingProxyType({})


def read_lesson(
    *,
    id: str,
    notebook: str,
    overlay: str | None = None,
    solutions: Mapping[str, str] = NO_SOLUTIONS,
    beliefs: BeliefFiles = NO_BELIEFS,
) -> Lesson:
    """Read a lesson from the text of its notebook, of its `lesson.toml`, of its solution files (by task name) and of
    what tells of misconceptions.
    """
    book = read_notebook(notebook)
    said = read_overlay(overlay) if overlay is not None else Overlay()
    catalogue = read_catalogue(beliefs.catalogue)
    check_beliefs(said.questions, catalogue)
    drafts = draft_sections(book.cells)
    asked = tuple(read_prompts(draft) for draft in drafts.sections)
    prompts = apply_overlay((prompt for section in asked for prompt in section.prompts), said, book.cells)
    filled = Filling(tasks={}, taken=(frozenset(),) * len(drafts.sections), unread=())
    if book.language == "python":
        filled = read_tasks(drafts.sections, book.cells, said, solutions, frozenset(prompts))
        check_varied(said.questions, book.cells, frozenset(filled.tasks))
    intro = next((draft for draft in drafts.sections if draft.kind is SectionKind.INTRO), None)
    reading = Reading(
        cells=book.cells, language=book.language, title=drafts.title or id, drafts=drafts.sections,
        header=read_header(intro) if intro is not None else Header(), prompts=prompts,
        tasks=with_examples(filled.tasks, beliefs.wrong, catalogue),
        asks=tuple(section.taken for section in asked), details=filled.taken,
    )  # fmt: skip
    goals = build_goals(reading)
    asked_unread = (one for section in asked for one in section.unread)
    unread = [*asked_unread, *filled.unread, *_unread_cells(book.cells, book.language)]
    return Lesson(
        id=id, revision=_revision(book.cells, overlay, solutions, beliefs), title=reading.title,
        module=reading.header.module, goals=goals, prerequisites=reading.header.prerequisites,
        language=book.language, cells=book.cells,
        sections=build_sections(reading, goals), unread=tuple(sorted(unread, key=lambda one: one.cell)),
        limits=said.limits, misconceptions=catalogue,
    )  # fmt: skip


def _revision(cells: Sequence[Cell], overlay: str | None, solutions: Mapping[str, str], beliefs: BeliefFiles) -> str:
    content: list[object] = [
        [[cell.id, cell.kind.value, cell.source] for cell in cells], overlay, sorted(solutions.items())
    ]  # fmt: skip
    if beliefs != NO_BELIEFS:  # a lesson without them keeps the revision it had before there were any
        wrong = sorted((task, sorted(sources.items())) for task, sources in beliefs.wrong.items())
        content += [beliefs.catalogue, wrong]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _unread_cells(cells: Sequence[Cell], language: str) -> list[Unread]:
    unread = [
        Unread(cell=cell.index, why="it is a raw cell; its text is shown as it stands")
        for cell in cells
        if cell.kind is CellKind.RAW and cell.source.strip()
    ]
    if language != "python":
        return unread
    for cell in cells:
        if cell.kind is not CellKind.CODE:
            continue
        if is_foreign(cell.source):
            magic = cell.source.lstrip().partition("\n")[0].split(" ")[0]
            unread.append(
                Unread(
                    cell=cell.index, why=f"{magic} hands it to something that is not Python; it is played as it stands"
                )
            )
        elif read_python(cell.source) is None:
            unread.append(Unread(cell=cell.index, why="it does not parse as Python, so only its lines were looked at"))
    return unread

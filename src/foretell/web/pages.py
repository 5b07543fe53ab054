"""Lesson x history -> pages: the player with its outline, the home page, the report.

Enters: `Scene`. Leaves: page views. Invariant: a section's title, goals and prose pass through `gate` like its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell import drawn, gate
from foretell.model.attempt import History, Verdict
from foretell.model.lesson import Block, BlockRole, CodeCell, Lesson, Section, SectionKind
from foretell.web.cells import Scene, asked_now, cell_view
from foretell.web.ledgers import calibration_view, ledger_rows
from foretell.web.markup import inline_html, markdown_html
from foretell.web.outputs import text_of
from foretell.web.page_views import HomeLesson, Idea, ReportLine, ReportPage
from foretell.web.views import CellView, Chrome, LedgerRow, LessonPage, OutlineItem, OutlineView, ProseView, SectionView

_STRIP_WORDS = {
    "right": "matched",
    "near": "near",
    "wrong": "missed",
    "self": "judged by you",
    "unknown": "not compared",
    "skipped": "run without predicting",
    "waiting": "locked",
    "open": "to make",
}


def lesson_page(scene: Scene, chrome: Chrome) -> LessonPage:
    """Give the whole player page."""
    lesson = scene.lesson
    return LessonPage(
        chrome=chrome,
        lesson=lesson.id,
        crumb=lesson.module or lesson.title,
        title_html=inline_html(lesson.title),
        goals_html=tuple(inline_html(gate.shown_goal(goal, scene.opened)) for goal in lesson.goals),
        prerequisites_html=inline_html(lesson.prerequisites) if lesson.prerequisites else "",
        sections=tuple(section_views(scene)),
        outline=outline_view(scene),
        note=_note(lesson),
        has_maths=any("$" in cell.source for cell in lesson.cells if cell.kind == "markdown"),
    )


def _note(lesson: Lesson) -> str:
    if lesson.language != "python":
        return f"This notebook is written in {lesson.language}. foretell runs Python, so it is shown for reading only."
    return ""


def section_views(scene: Scene) -> Iterator[SectionView]:
    """Give every section of the page, in order."""
    keys = [section.key for section in scene.lesson.sections]
    for place, section in enumerate(scene.lesson.sections):
        items = tuple(_items(scene, section))
        exercise = section.exercise
        yield SectionView(
            key=section.key,
            kind=section.kind.value,
            eyebrow=f"Exercise {exercise.number}" if exercise and exercise.number is not None else "",
            support=exercise.support.value if exercise and exercise.support else "",
            stretch=bool(exercise and exercise.stretch),
            title_html=""
            if section.kind is SectionKind.INTRO
            else inline_html(gate.shown_title(section, scene.opened)),
            items=items,
            previous_key=keys[place - 1] if place else "",
            next_key=keys[place + 1] if place + 1 < len(keys) else "",
            withheld_note=_withheld_note(scene, section),
        )


def _items(scene: Scene, section: Section) -> Iterator[ProseView | CellView]:
    for item in section.items:
        if isinstance(item, CodeCell):
            yield cell_view(scene, item)
        elif item.role is not BlockRole.GOALS and (text := gate.shown_block(item, scene.opened)).strip():
            yield ProseView(html=markdown_html(text), role=item.role.value)


def _withheld_note(scene: Scene, section: Section) -> str:
    hidden = [
        item
        for item in section.items
        if isinstance(item, Block) and item.source.strip() and gate.shown_block(item, scene.opened) != item.source
    ]
    if not hidden:
        return ""
    if section.kind is SectionKind.TAKEAWAYS:
        return "The takeaways appear once every prediction has met its run."
    if len(hidden) == 1:
        return "A passage of this part would answer a question. It appears after the run."
    return f"{len(hidden)} passages of this part would answer a question. They appear after the run."


def outline_view(scene: Scene) -> OutlineView:
    """Give the sidebar."""
    sections = [s for s in scene.lesson.sections if s.kind is not SectionKind.INTRO]
    exercises = [s for s in sections if s.kind is SectionKind.EXERCISE]
    done = sum(section_done(scene, s) for s in exercises)
    rows = [row for code in scene.lesson.code_cells for row in _every_row(scene, code)]
    return OutlineView(
        lesson_title_html=inline_html(scene.lesson.title),
        count=f"{done} of {len(exercises)} done" if exercises else "",
        items=tuple(_outline_item(scene, section) for section in sections),
        calibration=calibration_view(rows),
    )


def _every_row(scene: Scene, code: CodeCell) -> Iterator[LedgerRow]:
    """The rows of a cell in every instance of its questions."""
    if (before := scene.now.past.get(code.cell)) is not None:
        yield from ledger_rows(before, scene.now.record)
    yield from ledger_rows(code, scene.history)


def _outline_item(scene: Scene, section: Section) -> OutlineItem:
    strip = tuple(_strip(scene, section))
    exercise = section.exercise
    return OutlineItem(
        key=section.key,
        number=str(exercise.number) if exercise and exercise.number is not None else "",
        title_html=inline_html(gate.shown_title(section, scene.opened)),
        support=exercise.support.value if exercise and exercise.support else "",
        done=section_done(scene, section),
        strip=strip,
        strip_label="Predictions: "
        + ", ".join(f"{strip.count(state)} {words}" for state, words in _STRIP_WORDS.items() if state in strip),
    )


def _strip(scene: Scene, section: Section) -> Iterator[str]:
    for code in section.items:
        if isinstance(code, CodeCell) and code.prompt:
            verdicts = {row.question: _strip_state(row) for row in ledger_rows(code, scene.history)}
            yield from (verdicts.get(question.id, "open") for question in code.prompt.questions)


def _strip_state(row: LedgerRow) -> str:
    by_mark = {"match": "right", "partly": "near", "no": "wrong"}
    return by_mark.get(row.mark, row.verdict)


def section_done(scene: Scene, section: Section) -> bool:
    """Whether every prompt of a section has met its run and every task is done (else: every cell has been run)."""
    cells = [item for item in section.items if isinstance(item, CodeCell)]
    asking = [cell for cell in cells if cell.prompt or cell.task]
    return bool(cells) and all(
        gate.task_done(cell, scene.history) if cell.task else cell.cell in scene.opened for cell in asking or cells
    )


def report_page(scene: Scene, chrome: Chrome, ideas: tuple[Idea, ...] = (), asked_again: str = "") -> ReportPage:
    """Give every prediction beside what happened, confident misses first."""
    lines: list[ReportLine] = []
    waiting, put_aside = asked_now(scene), 0
    for section in scene.lesson.sections:
        for code in section.items:
            if isinstance(code, CodeCell):
                rows = tuple(_every_row(scene, code))
                shown = [row for row in rows if drawn.base_id(row.question) not in waiting]
                put_aside += len(rows) - len(shown)
                lines += [
                    ReportLine(
                        row=row,
                        section_title_html=inline_html(gate.shown_title(section, scene.opened)),
                        href=f"/l/{scene.lesson.id}#cell-{code.cell}",
                        showed=_what_it_showed(scene, row),
                    )
                    for row in shown
                ]
    predicted = [line for line in lines if line.row.confidence is not None]
    return ReportPage(
        chrome=chrome,
        lesson=scene.lesson.id,
        title_html=inline_html(scene.lesson.title),
        confident_misses=tuple(line for line in predicted if line.row.confident_miss),
        others=tuple(line for line in predicted if not line.row.confident_miss),
        skipped=len(lines) - len(predicted),
        calibration=calibration_view(line.row for line in predicted),
        ideas=ideas,
        asked_again=" ".join(filter(None, (asked_again, _put_aside_in_words(put_aside)))),
    )


def _put_aside_in_words(count: int) -> str:
    if not count:
        return ""
    which = "One prediction is" if count == 1 else f"{count} predictions are"
    return f"{which} put aside while the question is asked again."


def _what_it_showed(scene: Scene, row: LedgerRow) -> str:
    kept = next((kept for kept in scene.now.record.runs if kept.id == row.run), None)
    return text_of(kept.run.outputs) if kept and kept.run and row.verdict == Verdict.SELF else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A lesson as the home page needs it."""

    lesson: Lesson
    href: str
    where: str
    history: History
    opened: datetime | None


def home_lesson(offered: Offered, scene_for: Callable[[Lesson, History], Scene]) -> HomeLesson:
    """Give a lesson's line on the home page."""
    scene = scene_for(offered.lesson, offered.history)
    questions = [q for code in offered.lesson.code_cells if code.prompt for q in code.prompt.questions]
    settled = gate.settled_questions(offered.history)
    made = sum(question.id in settled for question in questions)
    progress = f"{made} of {len(questions)} predictions" if questions else "no predictions asked"
    return HomeLesson(
        href=offered.href,
        title=offered.lesson.title,
        module=offered.lesson.module or "",
        where=offered.where,
        progress=f"{outline_view(scene).count} · {progress}".strip(" ·"),
        opened=f"{offered.opened:%d %b %Y}" if offered.opened else "",
    )


def changed_views(
    before: Sequence[SectionView], after: Sequence[SectionView]
) -> tuple[list[CellView], list[SectionView]]:
    """Give what differs between two moments: whole sections where prose or title did, else single cells."""
    cells: list[CellView] = []
    sections: list[SectionView] = []
    for old, new in zip(before, after, strict=True):
        if old == new:
            continue
        if _frame_of(old) != _frame_of(new):
            sections.append(new)
            continue
        pairs = zip(old.items, new.items, strict=True)
        cells += [now for was, now in pairs if was != now and isinstance(now, CellView)]
    return cells, sections


def _frame_of(section: SectionView) -> tuple[object, ...]:
    prose = [item.id if isinstance(item, CellView) else item for item in section.items]
    return (section.title_html, section.withheld_note, prose)

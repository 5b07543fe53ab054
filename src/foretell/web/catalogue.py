"""The catalogue of a lesson's misconceptions as a page.

Enters: a lesson as written, a scene of it. Leaves: the page. Invariant: the text of a misconception, even its name, is
on the page only where no question that it belongs to waits for an answer and one of its tasks (if it has any) has been
run, or where its card was shown; a wrong answer to a task only once the learner's own does what is asked, or its
solution is open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from foretell import drawn, gate
from foretell.model.attempt import History, Opened
from foretell.model.belief import Misconception
from foretell.model.lesson import CodeCell, Lesson, Question
from foretell.web.cells import Scene, asked_now, name_of
from foretell.web.markup import highlighted, inline_html
from foretell.web.page_views import BeliefEntry, BeliefExample, BeliefsPage
from foretell.web.refutations import of_catalogue
from foretell.web.views import Chrome

_EVIDENCE = re.compile(r"\s*\{evidence\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Belongs:
    """Where a misconception can show: questions with their cells, and cells of tasks, in the order of the lesson."""

    questions: tuple[tuple[CodeCell, Question], ...]
    tasks: tuple[CodeCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What the learner has met: questions (by the id they have in the lesson), cells that have run, cards shown.

    `again` are the questions that are asked again and wait for an answer.
    """

    settled: frozenset[str]
    again: frozenset[str]
    run: frozenset[str]
    shown: frozenset[str]


def beliefs_page(lesson: Lesson, scene: Scene, chrome: Chrome) -> BeliefsPage:
    """Give what may be read now, and what the rest waits for. `lesson` is as written."""
    met = _met(scene)
    entries: list[BeliefEntry] = []
    later: Counter[str] = Counter()
    for one in lesson.misconceptions:
        belongs = _belongs(lesson, one.id)
        waits = {code.cell for code in _waits_for(one.id, belongs, met)}
        if waits:
            later[[code.cell for code in lesson.code_cells if code.cell in waits][-1]] += 1
        else:
            entries.append(_entry(scene, one, _already_met(belongs, met)))
    counts: Counter[str] = Counter()
    for code in lesson.code_cells:
        if code.cell in later:
            counts[name_of(scene, code.cell)] += later[code.cell]
    return BeliefsPage(
        chrome=chrome,
        lesson=lesson.id,
        title_html=inline_html(lesson.title),
        entries=tuple(entries),
        waiting=tuple((inline_html(name), count) for name, count in counts.items()),
    )


def _met(scene: Scene) -> _Met:
    record = scene.now.record
    return _Met(
        settled=frozenset(drawn.base_id(one) for one in gate.settled_questions(record)),
        again=asked_now(scene, again=True),
        run=gate.opened_cells(record),
        shown=_shown_to(record),
    )


def _shown_to(record: History) -> frozenset[str]:
    """The misconceptions whose cards have been shown."""
    by_miss = {one for kept in record.runs for judged in kept.judgements for one in judged.misconceptions}
    by_check = {kept.diagnosis.misconception for kept in record.runs if kept.diagnosis is not None}
    return frozenset(by_miss | {one for one in by_check if one is not None})


def _belongs(lesson: Lesson, misconception: str) -> _Belongs:
    questions = tuple(
        (code, question)
        for code in lesson.code_cells
        for question in (code.prompt.questions if code.prompt else ())
        if misconception in {belief.misconception for belief in question.beliefs}
    )
    tasks = tuple(
        code
        for code in lesson.code_cells
        if code.task is not None and misconception in {one.misconception for one in code.task.probing.examples}
    )
    return _Belongs(questions=questions, tasks=tasks)


def _waits_for(misconception: str, belongs: _Belongs, met: _Met) -> Iterator[CodeCell]:
    """The cells that have to be met before the misconception may be read."""
    for code, question in belongs.questions:
        if question.id in met.again or (misconception not in met.shown and question.id not in met.settled):
            yield code
    if misconception not in met.shown and not any(code.cell in met.run for code in belongs.tasks):
        yield from belongs.tasks[:1]


def _already_met(belongs: _Belongs, met: _Met) -> _Belongs:
    """Where it can show, as far as the learner has come."""
    return _Belongs(
        questions=tuple(each for each in belongs.questions if each[1].id in met.settled),
        tasks=tuple(code for code in belongs.tasks if code.cell in met.run),
    )


def _entry(scene: Scene, one: Misconception, belongs: _Belongs) -> BeliefEntry:
    present = {
        drawn.base_id(q.id): q
        for code in scene.lesson.code_cells
        for q in (code.prompt.questions if code.prompt else ())
    }
    places = [
        (code, f"{name_of(scene, code.cell)}: {present.get(question.id, question).ask}")
        for code, question in belongs.questions
    ]
    places += [(code, f"{name_of(scene, code.cell)}: your code") for code in belongs.tasks]
    held = [code for code in belongs.tasks if not _may_show_answers(scene, code)]
    return BeliefEntry(
        id=one.id,
        name_html=inline_html(of_catalogue(one.name)),
        text_html=inline_html(of_catalogue(_EVIDENCE.sub("", one.refutation))),
        places=tuple((f"/l/{scene.lesson.id}#cell-{code.cell}", inline_html(says)) for code, says in places),
        examples=tuple(_examples(scene, one.id, belongs)),
        held=" and ".join(dict.fromkeys(name_of(scene, code.cell) for code in held)),
    )


def _may_show_answers(scene: Scene, code: CodeCell) -> bool:
    opened = any(one.cell == code.cell and one.what is Opened.SOLUTION for one in scene.history.openings)
    return opened or gate.task_done(code, scene.history)


def _examples(scene: Scene, misconception: str, belongs: _Belongs) -> Iterator[BeliefExample]:
    for code in belongs.tasks:
        if code.task is None or not _may_show_answers(scene, code):
            continue
        for example in code.task.probing.examples:
            if example.misconception == misconception:
                says = f"{code.task.name}, {example.variant.replace('-', ' ')}"
                yield BeliefExample(task=says, code_html=highlighted(example.source.strip("\n")))

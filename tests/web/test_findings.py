"""The card of a task: where a learner goes on, what is still to be checked, what a check found that has no line."""

from __future__ import annotations

from dataclasses import replace

from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis
from foretell.model.belief import Build, Probing
from foretell.model.lesson import CodeCell, Lesson
from foretell.web.findings import checks_of
from lessons_for_tests import MemoryRecord, asking_cell, lesson_of, plain_cell, question, ran, run_of, task_cell

PROBED = Probing(builds=(Build(make="answer", inputs=((1,),)),))


def judged(code: CodeCell) -> CodeCell:
    assert code.task is not None
    return replace(code, task=replace(code.task, probing=PROBED))


def found(verdict: CheckVerdict, *checks: BehaviourCheck) -> Diagnosis:
    return Diagnosis(verdict=verdict, misconception=None, says="", difference="", checks=checks, seconds=0.0)


def solved(lesson: Lesson, record: MemoryRecord, cell: str, verdict: CheckVerdict | None = CheckVerdict.RIGHT) -> None:
    record.save_draft(cell, "answer = 7")
    run_of(record, lesson, cell, ran(cell, asserts=(True,)))
    if verdict is not None:
        record.finish_check(record.history().runs[-1].id, found(verdict))


def test_a_task_that_is_done_leads_to_what_its_own_part_asks_next():
    task = task_cell("t", provides="answer", test_cells=("u",))
    lesson = lesson_of(judged(task), plain_cell("u"), plain_cell("between"), asking_cell("later", question("later-q1")))
    record = MemoryRecord()
    solved(lesson, record, "t")
    card = checks_of(lesson, record.history(), lesson.code_cell("t"))
    assert card.all_pass
    assert card.next_key == "cell-later"


def test_where_nothing_is_asked_below_it_leads_to_the_next_part():
    lesson = lesson_of(judged(task_cell("t", provides="answer")), plain_cell("between"))
    record = MemoryRecord()
    solved(lesson, record, "t")
    assert not checks_of(lesson, record.history(), lesson.code_cell("t")).next_key.startswith("cell-")


def test_a_run_without_its_check_says_so_and_is_not_done():
    lesson, record = lesson_of(judged(task_cell("t", provides="answer"))), MemoryRecord()
    solved(lesson, record, "t", verdict=None)
    card = checks_of(lesson, record.history(), lesson.code_cell("t"))
    assert not card.all_pass
    assert [line.ok for line in card.lines] == [True, None]
    assert "Still to be checked" in str(card.lines[-1].says_html)

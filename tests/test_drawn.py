"""Fresh numbers and questions that are asked again: one learner, one moment, one lesson."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell import drawn, gate, loop
from foretell.errors import CommitError
from foretell.loop import Answer
from foretell.model.attempt import History, Verdict
from foretell.model.belief import Vary
from foretell.model.lesson import AnswerKind, CodeCell, Piece, Prompt, Question
from lessons_for_tests import (
    FakeRunner,
    MemoryRecord,
    asking_cell,
    debrief,
    lesson_of,
    plain_cell,
    question,
    ran,
    shape,
    task_cell,
)

VARY = (Vary(name="n_in", low=2, high=64), Vary(name="n_out", low=2, high=64))
COUNT = Question(
    id="c-q1",
    ask="How many does a layer of 7 and 3 hold?",
    kind=AnswerKind.CHOICE,
    target="count",
    choices=("7", "3", "both"),
    vary=VARY,
    template="How many does a layer of {n_in} and {n_out} hold?",
    choice_templates=("{n_in}", "{n_out}", "both"),
)
SHAPE = replace(
    COUNT, id="c-q2", kind=AnswerKind.SHAPE, choices=(), choice_templates=(), ask="Shape?", template="{n_in}?"
)
SOURCE = "%matplotlib inline\nn_in = 7\nn_out = 3  # ü\ncount = n_in * n_out\n"
SECRET = "assert count == n_in * n_out"


def varying_cell(*questions: Question, source: str = SOURCE) -> CodeCell:
    return CodeCell(
        cell="c",
        source=source + SECRET,
        pieces=(Piece(text=source), Piece(text=SECRET, withheld=True)),
        prompt=Prompt(stands_in="c", before="c", questions=questions or (COUNT, SHAPE)),
        provides=frozenset({"n_in"}),
    )


@given(st.text(max_size=8), st.integers(1, 6))
def test_starting_over_draws_other_numbers(learner: str, rounds: int) -> None:
    lesson = lesson_of(varying_cell())
    first, then = (
        re.findall(r"n_\w+ = (\d+)", drawn.present(lesson, learner, History(round=which)).lesson.code_cells[0].source)
        for which in (rounds - 1, rounds)
    )
    assert len(first) == len(then) == 2
    assert not any(one == other for one, other in zip(first, then, strict=True))


def settle(record, code, *names, key):
    """Predict the named questions of a cell, skip the others."""
    answers = {name: Answer(texts=("(5, 10)",), confidence=80) for name in names}
    return loop.commit(
        code, loop.read_form(gate.open_questions(code, now_of(record, code).history), answers), record, key
    )


def now_of(record, code):
    return drawn.present(lesson_of(code), record.learner, record.history())


async def run(record, lesson, code, key, **seen):
    return [event async for event in loop.play(lesson, code, record, FakeRunner(ran(code.cell, **seen)), key=key)][-1]


def numbers(code: CodeCell) -> tuple[int, ...]:
    return tuple(int(found) for found in re.findall(r"^n_\w+ = (\d+)", code.source, re.M))


def instances(learner: str, times: int, code: CodeCell | None = None) -> list[CodeCell]:
    """The cell as it is before it is asked again, and after each time."""
    code, record, found = code or varying_cell(), MemoryRecord(), []
    for _ in range(times + 1):
        found.append(drawn.present(lesson_of(code), learner, record.history()).lesson.code_cells[0])
        record.ask_again("c")
    return found


@given(st.text(max_size=30), st.integers(0, 5))
def test_the_same_learner_meets_the_same_numbers_and_they_stand_wherever_the_question_names_them(learner, times):
    first, again = instances(learner, times), instances(learner, times)
    assert first == again
    for code in first:
        n_in, n_out = numbers(code)
        count, shape_asked = code.prompt.questions
        assert count.ask == f"How many does a layer of {n_in} and {n_out} hold?"
        assert count.choices == (str(n_in), str(n_out), "both")
        assert shape_asked.ask == f"{n_in}?"
        assert "".join(piece.text for piece in code.pieces) == code.source
        assert re.sub(r"(?m)^(n_\w+) = \d+", r"\1 = N", code.source) == re.sub(r"= [73]\b", "= N", SOURCE) + SECRET


@given(st.text(max_size=30), st.integers(2, 8), st.integers(3, 20))
def test_numbers_keep_to_their_range_and_differ_from_each_other_and_from_those_before(learner, low, more):
    ranged = [
        replace(one, vary=tuple(replace(each, low=low, high=low + more) for each in VARY)) for one in (COUNT, SHAPE)
    ]
    before = (7, 3)
    for code in instances(learner, 6, varying_cell(*ranged)):
        now = numbers(code)
        assert all(low <= number <= low + more for number in now)
        assert now[0] != now[1]
        assert all(one != other for one, other in zip(now, before, strict=True))
        before = now


def test_learners_of_a_class_have_numbers_of_their_own():
    assert len({numbers(instances(f"guest-{n}", 0)[0]) for n in range(20)}) > 10


def test_a_number_that_two_questions_draw_suits_both():
    wide, narrow = Vary(name="n_in", low=2, high=1000), Vary(name="n_in", low=40, high=42)
    for code in instances("somebody", 8, varying_cell(replace(COUNT, vary=(wide,)), replace(SHAPE, vary=(narrow,)))):
        assert 40 <= numbers(code)[0] <= 42


def test_a_range_with_one_number_only_is_no_trap():
    vary = (Vary(name="n_in", low=7, high=7), Vary(name="n_out", low=7, high=7))
    assert numbers(instances("somebody", 1, varying_cell(replace(COUNT, vary=vary)))[1]) == (7, 7)


@pytest.mark.parametrize("source", ["n_in = 7\nn_out = 3\ndef (", "n_in = 7\rn_out = 3\r", "x = 1\n"])
def test_where_no_number_can_be_replaced_the_cell_stays_as_written(source):
    code = varying_cell(source=source)
    now = drawn.present(lesson_of(code), "somebody", History()).lesson.code_cells[0]
    assert now.source == code.source
    assert now.prompt.questions[0].ask == COUNT.ask


def test_a_lesson_without_anything_to_draw_is_given_as_it_is():
    lesson = lesson_of(asking_cell("c", question("weight")))
    assert drawn.present(lesson, "somebody", History()).lesson is lesson


def test_the_code_of_a_task_keeps_its_numbers():
    task = replace(
        task_cell("c", provides="x", test="n_in = 7\n"), prompt=Prompt(stands_in="c", before="c", questions=(COUNT,))
    )
    now = drawn.present(lesson_of(task), "somebody", History()).lesson.code_cells[0]
    assert now == task


def test_an_instance_has_ids_of_its_own_and_the_first_has_those_of_the_lesson():
    first, second, third = instances("somebody", 2)
    assert [q.id for q in first.prompt.questions] == ["c-q1", "c-q2"]
    assert [q.id for q in second.prompt.questions] == ["c-q1~2", "c-q2~2"]
    assert [drawn.base_id(q.id) for q in third.prompt.questions] == ["c-q1", "c-q2"]


async def test_what_runs_has_the_numbers_that_were_asked_about_and_each_instance_keeps_its_prediction():
    code, record = varying_cell(), MemoryRecord()
    lesson, runner = lesson_of(code), FakeRunner(*(ran("c", **{"c-q2": shape(5, 10), "c-q2~2": shape(9, 9)}),) * 2)
    for number, name in enumerate(("c-q2", "c-q2~2"), start=1):
        now = now_of(record, code)
        settle(record, now.lesson.code_cells[0], name, key=f"commit-{number}")
        ended = [event async for event in loop.play(lesson, code, record, runner, key=f"run-{number}")][-1]
        assert runner.requests[-1].cell.text == now.lesson.code_cells[0].source
        assert [one.question for one in ended.judgements] == [name]
        record.ask_again("c")
    verdicts = [one.verdict for kept in record.history().runs for one in kept.judgements]
    assert verdicts == [Verdict.RIGHT, Verdict.WRONG]


async def test_a_cell_that_is_asked_again_is_as_on_the_first_day_until_it_has_run():
    code, record = asking_cell("c", replace(question("weight"), id="c-q1")), MemoryRecord()
    below = plain_cell("below", needs="layer")
    lesson = lesson_of(code, debrief("d", after="c"), below)

    def now():
        return drawn.present(lesson, record.learner, record.history())

    settle(record, code, "c-q1", key="one")
    await run(record, lesson, code, "run-one", **{"c-q1": shape(5, 10)})
    record.save_draft("c", "layer = 2\n")
    record.ask_again("c")
    again = now().lesson.code_cells[0]
    assert gate.open_questions(again, now().history) == again.prompt.questions
    assert gate.is_locked(again, now().history)
    assert gate.learner_code(again, now().history) == code.source
    assert "c" not in gate.opened_cells(now().history)
    assert gate.latest_run(now().history, "c") is None
    with pytest.raises(CommitError):
        await run(record, lesson, code, "run-two")
    settle(record, again, "c-q1~2", key="two")
    await run(record, lesson, code, "run-two", **{"c-q1~2": shape(5, 10)})
    assert "c" in gate.opened_cells(now().history)
    assert now().record.drafts["c"].text == "layer = 2\n"


async def test_only_the_questions_meant_are_asked_again_and_the_others_stand_beside_them_after_the_run():
    weight, bias = (replace(question(name), id=f"c-q{n}") for n, name in enumerate(("weight", "bias"), start=1))
    code, record = asking_cell("c", weight, bias), MemoryRecord()
    settle(record, code, "c-q1", "c-q2", key="one")
    await run(record, lesson_of(code), code, "run-one", **{"c-q1": shape(5, 10), "c-q2": shape(5)})
    record.ask_again("c", "c-q2")
    again = now_of(record, code)
    assert [q.id for q in again.lesson.code_cells[0].prompt.questions] == ["c-q2~2"]
    assert [q.id for q in again.past["c"].prompt.questions] == ["c-q1", "c-q2"]
    settle(record, again.lesson.code_cells[0], "c-q2~2", key="two")
    await run(record, lesson_of(code), code, "run-two", **{"c-q2~2": shape(5)})
    after = now_of(record, code)
    assert [q.id for q in after.lesson.code_cells[0].prompt.questions] == ["c-q1", "c-q2~2"]
    assert [q.id for q in after.past["c"].prompt.questions] == ["c-q2"]
    assert after.history.commits == after.record.commits


def test_the_code_of_a_task_that_is_asked_again_is_kept():
    task = replace(
        task_cell("t", provides="net"), prompt=Prompt(stands_in="t", before="t", questions=(question("weight"),))
    )
    record = MemoryRecord()
    record.save_draft("t", "net = mine()")
    record.ask_again("t")
    now = now_of(record, task)
    assert gate.learner_code(now.lesson.code_cells[0], now.history) == "net = mine()"
    assert [q.id for q in gate.open_questions(now.lesson.code_cells[0], now.history)] == ["weight~2"]


def test_cells_below_one_with_new_numbers_are_stale_and_those_above_are_not():
    code, record = varying_cell(), MemoryRecord()
    above, below = plain_cell("above"), plain_cell("below", needs="n_in")
    lesson = lesson_of(above, code, below)

    def now():
        return drawn.present(lesson, record.learner, record.history())

    for cell in lesson.code_cells:
        kept = record.commit(
            cell=cell.cell,
            predictions=(),
            skipped=[q.id for q in gate.open_questions(cell, record.history())],
            key=cell.cell,
        )
        present = now()
        mine = present.code_cell(cell)
        state = gate.state_key(
            gate.prefix_of(present.lesson, present.history, cell.cell),
            gate.CellSource(cell=cell.cell, text=mine.source),
        )
        started = record.start_run(cell=cell.cell, commit=kept.id, code=mine.source, state=state, key=cell.cell)
        record.finish_run(started.id, ran(cell.cell), ())
    assert gate.stale_cells(now().lesson, now().history) == frozenset()
    record.ask_again("c")
    assert gate.stale_cells(now().lesson, now().history) == frozenset({"below"})

"""The product on one page: predict, run, compare, and nothing revealed out of turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell import gate, loop
from foretell.errors import CommitError
from foretell.loop import Answer
from foretell.model.attempt import KeptRun, Verdict
from foretell.model.belief import Belief
from foretell.model.lesson import AnswerKind
from foretell.model.run import Failure, Observation, StreamOutput
from lessons_for_tests import (
    SECRET,
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

WEIGHT, BIAS = question("weight"), question("bias", target="layer.bias.shape")
SURE = 80


async def played(lesson, code, record, runner, key="k"):
    return [event async for event in loop.play(lesson, code, record, runner, key=key)]


def test_an_unreadable_answer_is_a_problem_and_no_prediction():
    form = loop.read_form((WEIGHT,), {"weight": Answer(texts=("ten",), confidence=SURE)})
    assert form.predictions == ()
    assert "ten" in form.problems["weight"]


def test_an_answer_without_confidence_is_not_taken():
    form = loop.read_form((WEIGHT,), {"weight": Answer(texts=("(5, 10)",), confidence=None)})
    assert form.predictions == ()
    assert "how sure" in form.problems["weight"]


def test_a_stop_that_the_page_never_offered_is_not_taken():
    form = loop.read_form((WEIGHT,), {"weight": Answer(texts=("(5, 10)",), confidence=77)})
    assert "how sure" in form.problems["weight"]


def test_a_form_with_a_problem_commits_nothing():
    record, code = MemoryRecord(), asking_cell("c", WEIGHT, BIAS)
    answers = {"weight": Answer(texts=("(5, 10)",), confidence=SURE), "bias": Answer(texts=("five",), confidence=SURE)}
    with pytest.raises(CommitError):
        loop.commit(code, loop.read_form((WEIGHT, BIAS), answers), record, "k")
    assert record.history().commits == ()


def test_one_row_left_blank_is_a_problem_that_names_the_row():
    table = question("sizes")
    rows = type(table)(id="sizes", ask="Shapes?", kind=AnswerKind.SHAPE, target="row", rows=("(3, 1)", "(784, 128)"))
    form = loop.read_form((rows,), {"sizes": Answer(texts=("(1, 3)", ""), confidence=SURE)})
    assert "(784, 128)" in form.problems["sizes"]


async def test_a_prediction_meets_the_value_of_its_own_run():
    record, code = MemoryRecord(), asking_cell("c", WEIGHT)
    form = loop.read_form((WEIGHT,), {"weight": Answer(texts=("10, 5",), confidence=SURE)})
    loop.commit(code, form, record, "k")
    events = await played(lesson_of(code), code, record, FakeRunner(ran("c", weight=shape(5, 10))))
    ended = events[-1]
    assert isinstance(ended, KeptRun)
    assert [j.verdict for j in ended.judgements] == [Verdict.WRONG]
    assert "(10, 5)" in ended.judgements[0].difference
    assert "(5, 10)" in ended.judgements[0].difference


async def test_a_second_run_does_not_judge_again():
    record, code = MemoryRecord(), asking_cell("c", WEIGHT)
    loop.commit(code, loop.read_form((WEIGHT,), {"weight": Answer(texts=("(5, 10)",), confidence=SURE)}), record, "k")
    lesson, runner = lesson_of(code), FakeRunner(ran("c", weight=shape(5, 10)), ran("c", weight=shape(7, 7)))
    await played(lesson, code, record, runner)
    again = await played(lesson, code, record, runner, key="k2")
    assert again[-1].judgements == ()


async def test_a_prediction_that_a_crash_left_open_is_judged_by_the_next_run():
    record, code = MemoryRecord(), asking_cell("c", WEIGHT)
    loop.commit(code, loop.read_form((WEIGHT,), {"weight": Answer(texts=("(5, 10)",), confidence=SURE)}), record, "k")
    crash = ran("c", failure=Failure(kind="crash", message="Python died"))
    lesson, runner = lesson_of(code), FakeRunner(crash, ran("c", weight=shape(5, 10)))
    first = await played(lesson, code, record, runner)
    second = await played(lesson, code, record, runner, key="k2")
    assert first[-1].judgements[0].verdict is Verdict.UNKNOWN
    assert second[-1].judgements[0].verdict is Verdict.RIGHT


BELIEF = Belief(misconception="swapped", leads_to="layer.weight.T.shape")
TRACED = replace(WEIGHT, id="c-q1", beliefs=(BELIEF,))


async def test_what_a_belief_leads_to_is_asked_with_the_run_explains_a_miss_and_is_kept_nowhere():
    record, code = MemoryRecord(), asking_cell("c", TRACED, replace(BIAS, id="c-q2"))
    answers = {name: Answer(texts=("(10, 5)",), confidence=SURE) for name in ("c-q1", "c-q2")}
    loop.commit(code, loop.read_form(code.prompt.questions, answers), record, "k")
    seen = ran("c", **{"c-q1": shape(5, 10), "c-q2": shape(5), "c-q1/belief-0": shape(10, 5)})
    runner = FakeRunner(seen, seen)
    ended = (await played(lesson_of(code), code, record, runner))[-1]
    asked = [probe.expression for probe in runner.requests[0].probes]
    assert asked == [WEIGHT.target, BIAS.target, BELIEF.leads_to]
    assert [one.misconceptions for one in ended.judgements] == [("swapped",), ()]
    assert set(ended.run.observations) == {("c-q1", 0), ("c-q2", 0)}
    assert record.history().runs[0].run == ended.run
    await played(lesson_of(code), code, record, runner, key="k2")
    assert [probe.expression for probe in runner.requests[1].probes] == [WEIGHT.target, BIAS.target]


async def test_a_name_that_a_stopped_cell_lacks_explains_no_error():
    sends = replace(WEIGHT, id="c-q1", kind=AnswerKind.ERROR, target="1", beliefs=(BELIEF,))
    record, code = MemoryRecord(), asking_cell("c", sends)
    answers = {"c-q1": Answer(texts=("NameError",), confidence=SURE)}
    loop.commit(code, loop.read_form((sends,), answers), record, "k")
    lacks = Observation(type="failure", text="NameError: no", value="NameError")
    stopped = Failure(kind="ValueError", message="so")
    seen = {"c-q1": Observation(type="number", text="1", value=1), "c-q1/belief-0": lacks}
    after_a_stop, to_the_end = ran("c", failure=stopped, **seen), ran("c", **seen)
    assert loop.judge(code, record.history(), after_a_stop)[0].misconceptions == ()
    assert loop.judge(code, record.history(), to_the_end)[0].misconceptions == ("swapped",)


def test_every_belief_is_probed_unless_it_is_said_which_are_to_be_explained():
    code = asking_cell("c", TRACED)
    assert [probe.expression for probe in loop.probes_of(code)] == [WEIGHT.target, BELIEF.leads_to]
    assert [probe.expression for probe in loop.probes_of(code, ())] == [WEIGHT.target]


async def test_running_without_a_commit_is_refused_before_anything_runs():
    record, code, runner = MemoryRecord(), asking_cell("c", WEIGHT), FakeRunner()
    with pytest.raises(CommitError):
        await played(lesson_of(code), code, record, runner)
    assert runner.requests == []


async def test_a_skip_is_on_record_and_lets_the_cell_run():
    record, code = MemoryRecord(), asking_cell("c", WEIGHT)
    loop.commit(code, loop.read_form((WEIGHT,), {}), record, "k")
    events = await played(lesson_of(code), code, record, FakeRunner(ran("c", weight=shape(5, 10))))
    assert record.history().commits[0].skipped == ("weight",)
    assert events[-1].judgements == ()


async def test_a_run_starts_from_every_earlier_cell_as_it_stands():
    first, last = plain_cell("a", source="x = 1"), plain_cell("b", source="x + 1")
    record, runner, lesson = MemoryRecord(), FakeRunner(), lesson_of(first, last)
    loop.commit(first, loop.read_form((), {}), record, "k0")
    record.save_draft("a", "x = 5")
    loop.commit(last, loop.read_form((), {}), record, "k")
    await played(lesson, last, record, runner)
    assert [source.text for source in runner.requests[0].prefix] == ["x = 5"]


async def test_a_task_runs_the_learners_code_followed_by_its_test():
    code, record, runner = task_cell("t", provides="answer"), MemoryRecord(), FakeRunner()
    record.save_draft("t", "answer = 2\nmore = 3")
    loop.commit(code, loop.read_form((), {}), record, "k")
    await played(lesson_of(code), code, record, runner)
    assert runner.requests[0].cell.text == "answer = 2\nmore = 3\nassert ok\n"
    assert runner.requests[0].asserts_from_line == 3


ACTIONS = st.sampled_from(["predict", "skip", "run", "unreadable", "predict-other", "run-other", "edit", "look"])


@settings(max_examples=150, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=12))
def test_nothing_is_revealed_before_its_commit_whatever_the_order(actions):
    asking, other = asking_cell("c", WEIGHT), asking_cell("d", BIAS)
    lesson = lesson_of(asking, debrief("m", "c"), other, title_opens_after=("c",))
    record = MemoryRecord()
    runner = FakeRunner(*[ran("c", weight=shape(5, 10)) for _ in actions])
    for step, action in enumerate(actions):
        asyncio.run(act(action, step, lesson, record, runner))
        for code in (asking, other):
            committed = any(commit.cell == code.cell for commit in record.history().commits)
            if not committed:
                assert SECRET not in everything_shown(lesson, record, code)
                assert not any(request.cell.cell == code.cell for request in runner.requests)
        if not any(commit.cell == "c" for commit in record.history().commits):
            opened = gate.opened_cells(record.history())
            assert SECRET not in gate.shown_block(lesson.sections[0].items[1], opened)
            assert gate.shown_title(lesson.sections[0], opened) == "Exercise 1"


def everything_shown(lesson, record, code):
    history = record.history()
    shown = gate.shown_code(code, gate.opened_cells(history)).text
    return shown if gate.is_locked(code, history) else shown + gate.learner_code(code, history)


async def act(action, step, lesson, record, runner):
    asking, other = lesson.code_cells
    code = other if action.endswith("other") else asking
    questions = gate.open_questions(code, record.history())
    answers = {
        q.id: Answer(texts=("nonsense" if action == "unreadable" else "(5, 10)",), confidence=SURE) for q in questions
    }
    try:
        if action.startswith("predict") or action == "unreadable":
            loop.commit(code, loop.read_form(questions, answers), record, f"k{step}")
        elif action == "skip":
            loop.commit(code, loop.read_form(questions, {}), record, f"k{step}")
        elif action.startswith("run"):
            events = await played(lesson, code, record, runner, key=f"r{step}")
            assert any(isinstance(event, StreamOutput) for event in events)
        elif action == "edit":
            record.save_draft("c", "print(layer)")
    except CommitError:
        assert action not in {"look", "edit"}

"""A miss is traced to the belief that leads to just this answer, and to no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.answer import read_answer
from foretell.judge.beliefs import belief_probes, explain, led_to, without_beliefs
from foretell.judge.compare import compare
from foretell.model.attempt import Prediction, Verdict
from foretell.model.belief import Belief
from foretell.model.lesson import AnswerKind, Question, Tolerance
from foretell.model.run import Observation, Run

SWAPPED, FLAT = Belief(misconception="swapped", leads_to="s"), Belief(misconception="flat", leads_to="f")


def asked(kind, *beliefs, **more):
    return Question(id="c-q1", ask="What?", kind=AnswerKind(kind), target="x", beliefs=beliefs, **more)


def shape(*sizes):
    return Observation(type="shape", text=str(sizes), value=list(sizes))


def number(value):
    return Observation(type="number", text=repr(value), value=value)


def text(value):
    return Observation(type="text", text=value, value=value)


def raised(name):
    return Observation(type="failure", text=f"{name}: so", value=name)


def judged(question, said, seen, *led):
    """Judge `said` (a text a row) on what the target showed and what each belief led to (an observation a row)."""
    said, seen = ([said], [seen]) if isinstance(said, str) else (said, seen)
    led = [rows if isinstance(rows, list) else [rows] for rows in led]
    readings = tuple(read_answer(one, question) for one in said)
    prediction = Prediction(question=question.id, ask="", texts=tuple(said), readings=readings, confidence=80)
    return explain(compare(prediction, question, seen), prediction, question, seen, led)


def test_the_belief_that_leads_to_the_answer_is_named():
    question = asked("shape", SWAPPED, FLAT)
    judgement = judged(question, "(10, 5)", shape(5, 10), shape(10, 5), shape(50))
    assert (judgement.verdict, judgement.misconceptions) == (Verdict.WRONG, ("swapped",))
    assert judgement.difference == "you said (10, 5); it was (5, 10)"


def test_no_belief_is_named_where_none_leads_to_the_answer():
    judgement = judged(asked("shape", SWAPPED), "(4, 4)", shape(5, 10), shape(10, 5))
    assert (judgement.verdict, judgement.misconceptions) == (Verdict.WRONG, ())


def test_all_beliefs_that_lead_to_the_answer_are_named_once_each():
    question = asked("shape", SWAPPED, FLAT, replace(SWAPPED, leads_to="t"))
    assert judged(question, "6", shape(5), shape(6), shape(6), shape(6)).misconceptions == ("swapped", "flat")


def test_a_right_prediction_never_has_a_misconception():
    judgement = judged(asked("shape", SWAPPED), "(5, 5)", shape(5, 5), shape(5, 5))
    assert (judgement.verdict, judgement.misconceptions) == (Verdict.RIGHT, ())


def test_a_misconception_outranks_near():
    question = asked("number", FLAT)
    near = judged(question, "50,000", number(50_064), number(50_001))
    assert (near.verdict, near.misconceptions) == (Verdict.NEAR, ())
    named = judged(question, "50,000", number(50_064), number(50_000))
    assert (named.verdict, named.misconceptions) == (Verdict.WRONG, ("flat",))


def test_a_count_is_just_the_one_a_belief_leads_to_however_loose_the_question_is():
    loose = asked("number", FLAT, tolerance=Tolerance(relative=0.1))
    assert judged(loose, "50", number(90), number(51)).misconceptions == ()
    assert judged(loose, "50", number(90), number(50)).misconceptions == ("flat",)
    assert judged(loose, "50", number(90), number(50.4)).misconceptions == ("flat",)


def test_a_belief_that_leads_to_what_was_right_in_this_run_explains_nothing():
    loose = asked("number", FLAT, tolerance=Tolerance(absolute=0.05))
    assert judged(loose, "0.57", number(0.5), number(0.54)).misconceptions == ()
    assert judged(loose, "0.57", number(0.5), number(0.56)).misconceptions == ("flat",)


@pytest.mark.parametrize(
    ("kind", "said", "was", "led"),
    [
        ("shape", "5", shape(5, 1), Observation(type="sequence", text="[5]", value=[5])),
        ("dtype", "float64", Observation(type="dtype", text="torch.float32", value="torch.float32"), text("float64")),
        ("number", "0.5", number(0.25), number(0.5)),
        ("yes-no", "no", Observation(type="bool", text="True", value=True),
         Observation(type="bool", text="False", value=False)),
        ("choice", "a line", text("a curve"), text("a line")),
        ("order", "a line, a curve", Observation(type="sequence", text="", value=["a curve", "a line"]),
         Observation(type="sequence", text="", value=["a line", "a curve"])),
        ("error", "ValueError", raised("RuntimeError"), raised("ValueError")),
        ("error", "no error", raised("RuntimeError"), number(3)),
        ("printed", "1 2", text("2 1"), text("1 2")),
        ("table", "[1, 2]", Observation(type="sequence", text="[2, 1]", value=[2, 1]),
         Observation(type="sequence", text="[1, 2]", value=[1, 2])),
    ],
)  # fmt: skip
def test_every_kind_of_answer_can_be_traced(kind, said, was, led):
    choices = ("a line", "a curve") if kind in {"choice", "order"} else ()
    question = asked(kind, FLAT, choices=choices)
    judgement = judged(question, said, was, led)
    assert (judgement.verdict, judgement.misconceptions) == (Verdict.WRONG, ("flat",))
    assert judged(question, said, was, was).misconceptions == ()
    assert judged(question, said, was, None).misconceptions == ()


def test_an_expression_that_fails_leads_nowhere_except_where_errors_are_asked_for():
    assert judged(asked("shape", SWAPPED), "3", shape(5), raised("ValueError")).misconceptions == ()
    assert judged(asked("error", SWAPPED), "ValueError", number(1), raised("ValueError")).misconceptions == ("swapped",)


def test_a_belief_about_errors_may_simply_name_one():
    by_name = asked("error", replace(SWAPPED, leads_to="ValueError"), replace(FLAT, leads_to="'TypeError'"))
    seen = Observation(type="other", text="<class 'ValueError'>")
    assert judged(by_name, "ValueError", raised("RuntimeError"), seen, text("TypeError")).misconceptions == ("swapped",)
    assert judged(by_name, "TypeError", raised("RuntimeError"), seen, text("TypeError")).misconceptions == ("flat",)


ROWS = asked("number", SWAPPED, rows=("1", "2", "3"))


@pytest.mark.parametrize(
    ("said", "led", "named"),
    [
        (["4", "5", "6"], [4, 5, 6], True),
        (["1", "5", "6"], [1, 5, 6], True),
        (["1", "5", "6"], [4, 5, 6], False),
        (["1", "5", "6"], [1, 5, 7], False),
        (["1", "5", "3"], [1, 5, 3], True),
        (["1", "5", "3"], [None, 5, 3], False),
    ],
)
def test_a_belief_has_to_lead_to_the_answer_of_every_row(said, led, named):
    led = [None if one is None else number(one) for one in led]
    judgement = judged(ROWS, said, [number(1), number(2), number(3)], led)
    assert judgement.misconceptions == (("swapped",) if named else ())


def test_a_row_that_could_not_be_compared_contradicts_a_belief_or_says_nothing():
    seen = [number(1), None, number(3)]
    assert judged(ROWS, ["1", "5", "6"], seen, [number(1), None, number(6)]).misconceptions == ("swapped",)
    assert judged(ROWS, ["1", "5", "6"], seen, [number(1), number(9), number(6)]).misconceptions == ()


def test_what_beliefs_lead_to_is_asked_a_row_and_found_again_and_not_kept():
    question = replace(ROWS, beliefs=(SWAPPED, FLAT))
    probes = belief_probes(question)
    assert [(probe.expression, probe.row, probe.row_literal) for probe in probes] == [
        ("s", 0, "1"), ("s", 1, "2"), ("s", 2, "3"), ("f", 0, "1"), ("f", 1, "2"), ("f", 2, "3"),
    ]  # fmt: skip
    answers = {(probe.question, probe.row): number(place) for place, probe in enumerate(probes)}
    own = {("c-q1", 0): number(7), ("a/belief-1-q1", 0): number(8)}
    run = Run(cell="c", outputs=(), failure=None, observations=own | answers, asserts=(), seconds=0.0)
    assert [[one.value for one in rows] for rows in led_to(question, run.observations)] == [[0, 1, 2], [3, 4, 5]]
    assert len(own | answers) == 8
    assert without_beliefs(run).observations == own


COUNTS = st.integers(0, 12)


@given(COUNTS, COUNTS, st.lists(COUNTS, max_size=4))
def test_just_the_beliefs_that_lead_to_a_wrong_answer_are_named(said, was, led):
    beliefs = [Belief(misconception=f"m{place}", leads_to="x") for place in range(len(led))]
    judgement = judged(asked("number", *beliefs), str(said), number(was), *map(number, led))
    expected = [f"m{place}" for place, value in enumerate(led) if value == said != was]
    assert list(judgement.misconceptions) == expected
    assert (judgement.verdict is Verdict.RIGHT) == (said == was)

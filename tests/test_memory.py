"""What is remembered of a learner's misconceptions, over lessons, revisions and code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from foretell.memory import Again, Place, in_lesson, remember
from foretell.model.attempt import CheckVerdict, Diagnosis, Judgement, Prediction, Verdict
from foretell.model.belief import Belief, Misconception, Probing, WrongExample
from foretell.store.history import KeptCheck, KeptPrediction
from lessons_for_tests import NOON, asking_cell, lesson_of, question, task_cell

BIAS, SWAP = "bias-not-counted", "weight-is-in-out"
BELIEFS = (Belief(misconception=BIAS, leads_to="1"),)
CODE = asking_cell("c", replace(question("c-q1"), beliefs=BELIEFS), replace(question("c-q2"), beliefs=BELIEFS))
TASK = task_cell("t", provides="net")
TASK = replace(
    TASK,
    task=replace(TASK.task, probing=Probing(examples=(WrongExample(misconception=BIAS, variant="a", source="x"),))),
)
LESSON = lesson_of(CODE, TASK)
LESSONS = {"small": LESSON}


def said(name, verdict=Verdict.WRONG, *named, at=0, sure=60, lesson="small"):
    judged = Judgement(
        question=name, verdict=verdict, difference="you said 50; it was 55", observed="55", misconceptions=named
    )
    told = Prediction(question=name, ask="How many?", texts=("50",), readings=(), confidence=sure)
    return KeptPrediction(
        lesson=lesson, revision="r1", cell="c", prediction=told, judgement=judged, run=at, round=0,
        at=NOON + timedelta(minutes=at),
    )  # fmt: skip


def checked(verdict=CheckVerdict.WRONG, misconception=None, *, at=0):
    found = Diagnosis(
        verdict=verdict, misconception=misconception, says="It forgets.", difference="352 and not 385", checks=(),
        seconds=0.1,
    )  # fmt: skip
    when = NOON + timedelta(minutes=at)
    return KeptCheck(lesson="small", revision="r1", cell="t", diagnosis=found, run=at, round=0, at=when)


def test_a_misconception_is_remembered_with_its_place_and_its_evidence():
    (one,) = remember([said("c-q1", Verdict.WRONG, BIAS)], [], LESSONS)
    assert one.misconception == BIAS
    assert one.sightings[0].place == Place(lesson="small", cell="c", question="c-q1")
    assert one.sightings[0].evidence == "you said 50; it was 55"
    assert one.sightings[0].again is Again.NOT_YET
    assert one.right_since is None


def test_what_came_when_it_was_asked_again_is_told_and_the_last_word_counts():
    miss, again, later = said("c-q1", Verdict.WRONG, BIAS), said("c-q1~2", at=5), said("c-q1~3", Verdict.RIGHT, at=9)
    assert remember([miss, again], [], LESSONS)[0].sightings[0].again is Again.MISSED
    assert remember([miss, again, later], [], LESSONS)[0].sightings[0].again is Again.RIGHT


def test_a_right_answer_elsewhere_counts_where_the_misconception_could_have_shown():
    miss = said("c-q1", Verdict.WRONG, BIAS)
    other = Place(lesson="small", cell="c", question="c-q2")
    assert remember([miss, said("c-q2", Verdict.RIGHT, at=3)], [], LESSONS)[0].right_since == other
    code = Place(lesson="small", cell="t", question=None)
    assert remember([miss], [checked(CheckVerdict.RIGHT, at=3)], LESSONS)[0].right_since == code
    swapped = said("c-q1", Verdict.WRONG, SWAP)
    assert remember([swapped, said("c-q2", Verdict.RIGHT, at=3)], [], LESSONS)[0].right_since is None
    assert (
        remember([said("c-q2", Verdict.RIGHT), replace(miss, at=NOON + timedelta(hours=1))], [], LESSONS)[0].right_since
        is None
    )


def test_code_that_is_run_again_and_again_with_one_mistake_shows_it_once():
    checks = [checked(misconception=BIAS, at=at) for at in range(4)]
    (one,) = remember([], checks, LESSONS)
    assert [seen.at for seen in one.sightings] == [NOON + timedelta(minutes=3)]
    assert one.sightings[0].again is Again.NOT_YET
    between = [checked(misconception=BIAS), checked(CheckVerdict.RIGHT, at=1), checked(misconception=BIAS, at=2)]
    (one,) = remember([], between, LESSONS)
    assert len(one.sightings) == 2
    assert [seen.again for seen in one.sightings] == [Again.NOT_YET, Again.NOT_YET]


def test_code_that_is_right_later_is_told():
    (one,) = remember([], [checked(misconception=BIAS), checked(CheckVerdict.RIGHT, at=1)], LESSONS)
    assert one.sightings[0].again is Again.RIGHT


def test_confident_misses_come_first_then_what_showed_most():
    often = [said("c-q1", Verdict.WRONG, BIAS), said("c-q2", Verdict.WRONG, BIAS, at=1)]
    once = said("c-q1", Verdict.WRONG, SWAP, at=2)
    assert [one.misconception for one in remember([*often, once], [], LESSONS)] == [BIAS, SWAP]
    sure = replace(once, prediction=replace(once.prediction, confidence=95))
    assert [one.misconception for one in remember([*often, sure], [], LESSONS)] == [SWAP, BIAS]


def test_lessons_are_counted_together_and_told_apart():
    both = [said("c-q1", Verdict.WRONG, BIAS), said("x-q1", Verdict.WRONG, BIAS, at=1, lesson="other")]
    remembered = remember(both, [], LESSONS)
    assert len(remembered[0].sightings) == 2
    assert [seen.place.lesson for one in in_lesson(remembered, "other") for seen in one.sightings] == ["other"]
    assert in_lesson(remembered, "none") == ()


def test_an_answer_that_was_not_compared_tells_nothing():
    assert remember([replace(said("c-q1"), judgement=None), said("c-q2", Verdict.WRONG)], [], LESSONS) == ()


def test_a_slip_is_not_remembered():
    slip = Misconception(id="typo", name="A typo", refutation="It is one.", slip=True)
    lesson = replace(LESSON, misconceptions=(slip,))
    assert remember([], [checked(misconception="typo")], {"small": lesson}) == ()
    assert len(remember([], [checked(misconception="typo")], LESSONS)) == 1

"""Missed questions come back after a day and after a week, and no oftener."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from foretell import drawn
from foretell.due import AskedAgain, asked_again, due_questions
from foretell.model.attempt import (
    Commit,
    History,
    Judgement,
    KeptRun,
    Opened,
    Opening,
    Prediction,
    SelfMark,
    Verdict,
)
from lessons_for_tests import NOON, asking_cell, lesson_of, question, ran

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WEIGHT, BIAS = (replace(question(name), id=f"c-q{n}") for n, name in enumerate(("weight", "bias"), start=1))
LESSON = lesson_of(asking_cell("c", WEIGHT, BIAS))


@dataclass(frozen=True)
class Ask:
    """One instance of the cell, asked and run some time after noon; None: skipped."""

    after: timedelta
    verdict: Verdict | None = Verdict.WRONG
    sure: int = 60
    question: str = "c-q1"
    mark: SelfMark | None = None
    said: bool = True


def history(*asks: Ask) -> History:
    numbers, commits, runs, openings = count(1), [], [], []
    for number, ask in enumerate(asks, start=1):
        at, name = NOON + ask.after, drawn.instance_id(ask.question, number)
        if number > 1:
            openings.append(Opening(cell="c", what=Opened.AGAIN, at=at, questions=(ask.question,)))
        if not ask.said:
            continue
        prediction = Prediction(question=name, ask=f"What is {name}?", texts=("1",), readings=(), confidence=ask.sure)
        given_one = (prediction,) if ask.verdict else ()
        commit = Commit(
            id=next(numbers), cell="c", predictions=given_one, skipped=() if ask.verdict else (name,), at=at
        )
        judged = Judgement(
            question=name, verdict=ask.verdict or Verdict.UNKNOWN, difference="", observed="", mark=ask.mark
        )
        kept = KeptRun(
            id=next(numbers), cell="c", number=number, commit=commit.id, code="", state="", at=at, run=ran("c"),
            judgements=(judged,) if ask.verdict else (),
        )  # fmt: skip
        commits.append(commit)
        runs.append(kept)
    return History(commits=tuple(commits), runs=tuple(runs), openings=tuple(openings))


def due_after(later: timedelta, *asks: Ask) -> list[str]:
    return [one.question for one in due_questions(LESSON, history(*asks), NOON + later)]


MISS = Ask(after=timedelta())


def test_a_miss_is_due_a_day_later_and_not_before():
    assert due_after(DAY - MINUTE, MISS) == []
    assert due_after(DAY, MISS) == ["c-q1"]


def test_what_was_right_or_skipped_is_never_due():
    assert due_after(30 * DAY, replace(MISS, verdict=Verdict.RIGHT)) == []
    assert due_after(30 * DAY, replace(MISS, verdict=None)) == []
    assert due_after(30 * DAY, replace(MISS, verdict=Verdict.UNKNOWN)) == []


def test_near_is_a_miss_and_so_is_the_learners_own_no():
    assert due_after(DAY, replace(MISS, verdict=Verdict.NEAR)) == ["c-q1"]
    assert due_after(DAY, replace(MISS, verdict=Verdict.SELF)) == []
    assert due_after(DAY, replace(MISS, verdict=Verdict.SELF, mark=SelfMark.PARTLY)) == ["c-q1"]
    assert due_after(DAY, replace(MISS, verdict=Verdict.SELF, mark=SelfMark.MATCH)) == []


@given(st.sampled_from([Verdict.RIGHT, Verdict.WRONG, None]))
def test_once_asked_after_a_day_it_comes_back_a_week_after_the_miss_whatever_was_said(verdict):
    second = Ask(after=2 * DAY, verdict=verdict)
    assert due_after(2 * DAY, MISS, second) == []
    assert due_after(7 * DAY - MINUTE, MISS, second) == []
    assert due_after(7 * DAY, MISS, second) == ["c-q1"]
    assert due_after(400 * DAY, MISS, second, Ask(after=8 * DAY, verdict=verdict)) == []


def test_who_comes_back_after_a_week_only_is_asked_once():
    assert due_after(9 * DAY, MISS) == ["c-q1"]
    assert due_after(99 * DAY, MISS, Ask(after=9 * DAY)) == []


def test_asking_for_new_numbers_at_once_is_no_review():
    assert due_after(DAY, MISS, Ask(after=MINUTE, verdict=Verdict.RIGHT)) == ["c-q1"]


def test_a_question_that_is_being_asked_stays_due_until_it_is_answered():
    waiting = history(MISS, Ask(after=DAY, said=False))
    assert [one.is_open for one in due_questions(LESSON, waiting, NOON + 2 * DAY)] == [True]
    assert [one.is_open for one in due_questions(LESSON, history(MISS), NOON + 2 * DAY)] == [False]


def test_confident_misses_come_first_then_the_oldest():
    other = asking_cell("c", WEIGHT, BIAS)
    both = history(MISS, Ask(after=MINUTE, question="c-q2", sure=80))
    found = due_questions(lesson_of(other), both, NOON + 2 * DAY)
    assert [(one.question, one.is_confident) for one in found] == [("c-q2", True), ("c-q1", False)]
    found = due_questions(lesson_of(other), history(MISS, Ask(after=MINUTE, question="c-q2")), NOON + 2 * DAY)
    assert [one.question for one in found] == ["c-q1", "c-q2"]


def test_a_lesson_in_another_language_asks_nothing_again():
    assert due_questions(replace(LESSON, language="R"), history(MISS), NOON + 2 * DAY) == ()


@given(
    st.lists(st.tuples(st.integers(0, 30 * 24), st.sampled_from([Verdict.RIGHT, Verdict.WRONG, None])), max_size=6),
    st.integers(0, 60 * 24),
)
def test_whoever_answers_whenever_something_is_due_is_asked_twice_at_most(extra, wait):
    """Extra asks at any hours, then a learner who comes every `wait` hours and answers what is due."""
    asks = [
        MISS,
        *(Ask(after=timedelta(hours=at), verdict=verdict) for at, verdict in sorted(extra, key=lambda one: one[0])),
    ]
    time, reviews = asks[-1].after, 0
    for _ in range(40):
        time += timedelta(hours=wait + 1)
        if due_after(time, *asks):
            reviews += 1
            asks.append(Ask(after=time))
    assert reviews <= 2
    assert due_after(time + 100 * DAY, *asks) == [] or time < 7 * DAY


def test_what_became_of_misses_is_counted():
    assert asked_again(LESSON, history(MISS)) == AskedAgain(missed=1, asked=0, right=0)
    right = history(MISS, Ask(after=DAY), Ask(after=8 * DAY, verdict=Verdict.RIGHT))
    assert asked_again(LESSON, right) == AskedAgain(missed=1, asked=1, right=1)
    wrong = history(MISS, Ask(after=DAY, verdict=Verdict.RIGHT), Ask(after=8 * DAY))
    assert asked_again(LESSON, wrong) == AskedAgain(missed=1, asked=1, right=0)

"""PREDICTION x WHAT BELIEFS LEAD TO -> the misconceptions that explain a miss.

Enters: a judged prediction, its question, the observations of a run, those of its beliefs among them. Leaves: the
judgement with the ids of the beliefs that lead to just this answer. Invariant: never raises, names nothing on a
prediction that is right, and what a belief leads to is kept apart from what was asked by a key no question has.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from foretell.errors import AnswerError
from foretell.judge.answer import read_answer
from foretell.judge.verdict import settle
from foretell.model.attempt import Judgement, Prediction, Reading, Verdict
from foretell.model.belief import Belief
from foretell.model.lesson import AnswerKind, Question, Tolerance
from foretell.model.run import Observation, Probe, Run

_MISSES = frozenset({Verdict.NEAR, Verdict.WRONG})
_WRITTEN = frozenset({AnswerKind.PRINTED, AnswerKind.TABLE})
_EXACT = Tolerance()
# The id of a question ends in "-q" and its number, so that none is like this.
_OF_A_BELIEF = re.compile(r"/belief-\d+\Z")

Seen = Sequence[Observation | None]
Observations = Mapping[tuple[str, int], Observation]


def belief_probes(question: Question) -> tuple[Probe, ...]:
    """What is to be evaluated to know where each belief about a question leads, once a row."""
    rows: tuple[str | None, ...] = question.rows or (None,)
    return tuple(
        Probe(question=_key(question, place), expression=belief.leads_to, row=row, row_literal=literal)
        for place, belief in enumerate(question.beliefs)
        for row, literal in enumerate(rows)
    )


def led_to(question: Question, observations: Observations) -> tuple[Seen, ...]:
    """What each belief about a question led to, in their order, one observation a row."""
    return tuple(
        tuple(observations.get((_key(question, place), row)) for row in range(len(question.rows) or 1))
        for place in range(len(question.beliefs))
    )


def without_beliefs(run: Run) -> Run:
    """The run as it is kept: with what was asked, and nothing of where beliefs lead."""
    kept = {key: seen for key, seen in run.observations.items() if not _OF_A_BELIEF.search(key[0])}
    return run if len(kept) == len(run.observations) else replace(run, observations=kept)


def explain(
    judgement: Judgement, prediction: Prediction, question: Question, seen: Seen, led: Sequence[Seen]
) -> Judgement:
    """The judgement with the misconceptions that lead to this answer in this run; then it is wrong, and never near.

    `seen` holds what the question's target showed, `led` what each belief led to, one observation a row. A belief
    explains an answer that gives on every row what the belief leads to, where that is not what the row showed.
    """
    if judgement.verdict not in _MISSES:
        return judgement
    found = (
        belief.misconception
        for belief, led_by_row in zip(question.beliefs, led, strict=True)
        if _explains(belief, prediction.readings, question, list(zip(seen, led_by_row, strict=True)))
    )
    ids = tuple(dict.fromkeys(found))
    return replace(judgement, verdict=Verdict.WRONG, misconceptions=ids) if ids else judgement


def _explains(
    belief: Belief,
    readings: Sequence[Reading],
    question: Question,
    rows: Sequence[tuple[Observation | None, Observation | None]],
) -> bool:
    if len(readings) != len(rows):
        return False
    missed = False
    for reading, (was, led) in zip(readings, rows, strict=True):
        believed = _as_error(belief, led) if question.kind is AnswerKind.ERROR else led
        verdict = settle(reading, question, was).verdict
        agrees = settle(reading, _strict(question, believed), believed).verdict
        if verdict is Verdict.UNKNOWN:
            if agrees in _MISSES:
                return False
            continue
        if agrees is not Verdict.RIGHT:
            return False
        if verdict in _MISSES:
            missed = True
            if believed is None or _is_right(reading, question, was, believed):
                return False
    return missed


def _strict(question: Question, believed: Observation | None) -> Question:
    """A count is the one a belief leads to or another: how far a right answer may be off does not matter here."""
    if believed is not None and type(believed.value) is int:
        return replace(question, tolerance=_EXACT)
    return question


def _is_right(reading: Reading, question: Question, was: Observation | None, believed: Observation) -> bool:
    """Whether what a belief leads to would have been right in this run; then it explains no miss."""
    if question.kind in _WRITTEN:
        text = believed.value if believed.type == "text" and isinstance(believed.value, str) else believed.text
        as_said = Reading(kind=question.kind, value=text, echo=text)
    else:
        try:
            as_said = read_answer(settle(reading, question, believed).was, question)
        except AnswerError:
            return False
    return settle(as_said, question, was).verdict is Verdict.RIGHT


def _as_error(belief: Belief, led: Observation | None) -> Observation | None:
    """For a question about errors: an exception that is named (`TypeError`) is the one that is believed in.

    Anything else is what happens: the exception that the expression raises, or no error.
    """
    name = belief.leads_to.strip().strip("'\"")
    named = vars(builtins).get(name)
    if isinstance(named, type) and issubclass(named, BaseException):
        return Observation(type="failure", text=name, value=name)
    return led


def _key(question: Question, place: int) -> str:
    return f"{question.id}/belief-{place}"

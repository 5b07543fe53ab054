"""PREDICTION x OBSERVATIONS -> Judgement, with the difference in one line.

Enters: a committed prediction, its question, and what the run showed, one observation a row. Leaves: a `Judgement`.
Invariant: never raises, and a verdict is never right without a value to have been right about.
"""

from __future__ import annotations

from collections.abc import Sequence

from foretell.judge.verdict import Finding, settle
from foretell.judge.wording import clip
from foretell.model.attempt import Judgement, Prediction, Reading, Verdict
from foretell.model.lesson import AnswerKind, Question
from foretell.model.run import Observation

_LONGEST_SHOWN = 80
_ROWS_SHOWN = 2
_PLAIN_BELOW = 10**15
_QUOTED = frozenset({AnswerKind.CHOICE, AnswerKind.PRINTED, AnswerKind.TABLE, AnswerKind.OPEN})


def compare(prediction: Prediction, question: Question, observations: Sequence[Observation | None]) -> Judgement:
    """Judges a prediction; `observations` holds one a row of the question, [one] where it has no rows.

    `observed` has one line a row. A row that is missing, or None, is unknown.
    """
    if question.target is None or question.kind is AnswerKind.OPEN:
        return _left_to_learner(prediction, question, observations)
    rows = question.rows or ("",)
    seen = [*observations, *[None] * len(rows)][: len(rows)]
    said = [*prediction.readings, *[None] * len(rows)][: len(rows)]
    found = [_settle(reading, question, one) for reading, one in zip(said, seen, strict=True)]
    difference = _rows_difference(question, said, found) if question.rows else _difference(question, said[0], found[0])
    return Judgement(
        question=question.id, verdict=_overall(found), difference=difference, observed=_observed(seen, question)
    )


def _settle(reading: Reading | None, question: Question, observation: Observation | None) -> Finding:
    if reading is None:
        return Finding(verdict=Verdict.UNKNOWN, was="", reason="no answer is on record for it")
    return settle(reading, question, observation)


def _left_to_learner(
    prediction: Prediction, question: Question, observations: Sequence[Observation | None]
) -> Judgement:
    said = "; ".join(_said(question, reading) for reading in prediction.readings)
    return Judgement(
        question=question.id,
        verdict=Verdict.SELF,
        difference=f"you said {said}; compare it with the output" if said else "compare it with the output",
        observed=_observed(observations, question),
    )


def _overall(found: Sequence[Finding]) -> Verdict:
    """The worst of the rows, where one that could not be compared is worse than near and better than wrong."""
    verdicts = {one.verdict for one in found}
    for verdict in (Verdict.WRONG, Verdict.UNKNOWN, Verdict.SELF, Verdict.NEAR):
        if verdict in verdicts:
            return verdict
    return Verdict.RIGHT


def _difference(question: Question, reading: Reading | None, found: Finding) -> str:
    said = _said(question, reading) if reading else "nothing"
    match found.verdict:
        case Verdict.RIGHT:
            return f"you said {said}, and it was"
        case Verdict.UNKNOWN:
            return f"you said {said}; it could not be compared: {found.reason}"
    return f"you said {said}; it was {found.was}"


def _rows_difference(question: Question, said: Sequence[Reading | None], found: Sequence[Finding]) -> str:
    """How many rows match, then the first that do not."""
    right = sum(one.verdict is Verdict.RIGHT for one in found)
    if right == len(found):
        return f"all {right} rows match"
    parts = [f"{right} of {len(found)} rows match"]
    rows = zip(question.rows, said, found, strict=True)
    misses = [(row, reading, one) for row, reading, one in rows if one.verdict is not Verdict.RIGHT]
    for row, reading, one in misses[:_ROWS_SHOWN]:
        parts.append(f"row {clip(row, 40)}: {_difference(question, reading, one)}")
    if len(misses) > _ROWS_SHOWN:
        parts.append(f"and {len(misses) - _ROWS_SHOWN} more")
    return " · ".join(parts)


def _said(question: Question, reading: Reading) -> str:
    shown = clip(reading.echo.removeprefix("= "), _LONGEST_SHOWN)
    return f"“{shown}”" if question.kind in _QUOTED else shown


def _observed(observations: Sequence[Observation | None], question: Question) -> str:
    texts = [observed_text(one, question) for one in observations]
    return "\n".join(" ".join(text.split()) for text in texts) if question.rows else "".join(texts[:1])


def observed_text(observation: Observation | None, question: Question) -> str:
    """What was seen, in the words in which the question is answered: yes or no, 100,480, an exception's name first."""
    if observation is None:
        return ""
    if question.kind is AnswerKind.YES_NO and isinstance(observation.value, bool):
        return "yes" if observation.value else "no"
    if question.kind is AnswerKind.ERROR and observation.type != "failure":
        return "no error"
    if question.kind is AnswerKind.NUMBER and type(observation.value) is int and abs(observation.value) < _PLAIN_BELOW:
        return f"{observation.value:,}"
    return observation.text

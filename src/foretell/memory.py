"""Which misconceptions a learner has shown, where, and what came of it: over all lessons and all that is on record.

Enters: every prediction and every check of one learner, lessons as written. Leaves: what is remembered of each
misconception. Invariant: nothing is remembered that was not named to the learner; what was right counts against a
misconception only where that could have shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from foretell import drawn
from foretell.judge import calibration
from foretell.model.attempt import CheckVerdict
from foretell.model.lesson import CodeCell, Lesson
from foretell.store.history import KeptCheck, KeptPrediction


class Again(StrEnum):
    """What came when the question was asked again, or the code was checked again."""

    NOT_YET = "not-yet"
    RIGHT = "right"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said or written: `question` by the id it has in the lesson, None for the code of a task."""

    lesson: str
    cell: str
    question: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One time that a misconception showed; `evidence` says in a sentence what was said or seen, and what it was."""

    place: Place
    at: datetime
    evidence: str
    is_confident: bool
    again: Again


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One misconception: every time it showed (confident misses first, then the newest), and where it has not since.

    `right_since` is the first place after the last sighting where it could have shown and the answer was right.
    """

    misconception: str
    sightings: tuple[Sighting, ...]
    right_since: Place | None

    @property
    def is_confident(self) -> bool:
        """Whether it ever led to a miss that the learner was sure of."""
        return any(one.is_confident for one in self.sightings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """How one answer compared: `hit` is None where nothing could be said, `named` what it was traced to."""

    place: Place
    at: datetime
    hit: bool | None
    named: tuple[str, ...]
    evidence: str
    is_confident: bool


def remember(
    predictions: Sequence[KeptPrediction], checks: Sequence[KeptCheck], lessons: Mapping[str, Lesson]
) -> tuple[Remembered, ...]:
    """Give what is remembered: confident misses first, then what showed most often, then what showed last."""
    outcomes = sorted([*_predicted(predictions), *_checked(checks)], key=lambda one: one.at)
    could_show = {lesson.id: dict(_where_each_shows(lesson)) for lesson in lessons.values()}
    sightings: dict[str, list[Sighting]] = defaultdict(list)
    for number, outcome in enumerate(outcomes):
        for misconception in outcome.named:
            sightings[misconception].append(_sighting(outcome, outcomes[number + 1 :]))
    slips = {one.id for lesson in lessons.values() for one in lesson.misconceptions if one.slip}
    found = [
        _remembered(misconception, seen, outcomes, could_show)
        for misconception, seen in sightings.items()
        if misconception not in slips
    ]
    return tuple(
        sorted(found, key=lambda one: (not one.is_confident, -len(one.sightings), -_last(one.sightings).timestamp()))
    )


def in_lesson(remembered: Sequence[Remembered], lesson: str) -> tuple[Remembered, ...]:
    """Give what showed in one lesson, with what was seen there only."""
    narrowed = (
        replace(one, sightings=tuple(seen for seen in one.sightings if seen.place.lesson == lesson))
        for one in remembered
    )
    return tuple(sorted((one for one in narrowed if one.sightings), key=lambda one: not one.is_confident))


def _predicted(predictions: Sequence[KeptPrediction]) -> Iterator[_Outcome]:
    for kept in predictions:
        if kept.judgement is None:
            continue
        hit = calibration.hit(kept.judgement)
        yield _Outcome(
            place=Place(lesson=kept.lesson, cell=kept.cell, question=drawn.base_id(kept.prediction.question)),
            at=kept.at,
            hit=hit,
            named=kept.judgement.misconceptions if hit is not True else (),
            evidence=kept.judgement.difference,
            is_confident=calibration.is_confident_miss(kept.prediction.confidence, kept.judgement),
        )


def _checked(checks: Sequence[KeptCheck]) -> Iterator[_Outcome]:
    """The checks of code; where one finding follows itself, the learner has only run it again: the newest stands."""
    by_task: dict[tuple[str, str], list[KeptCheck]] = defaultdict(list)
    for kept in checks:
        before = by_task[kept.lesson, kept.cell]
        if before and before[-1].diagnosis.misconception == kept.diagnosis.misconception is not None:
            before.pop()
        before.append(kept)
    for kept in (kept for of_task in by_task.values() for kept in of_task):
        found = kept.diagnosis
        judged = found.verdict in {CheckVerdict.RIGHT, CheckVerdict.WRONG, CheckVerdict.STOPPED}
        yield _Outcome(
            place=Place(lesson=kept.lesson, cell=kept.cell, question=None),
            at=kept.at,
            hit=found.verdict is CheckVerdict.RIGHT if judged else None,
            named=(found.misconception,) if found.misconception is not None else (),
            evidence=found.difference or found.says,
            is_confident=False,
        )


def _sighting(outcome: _Outcome, later: Sequence[_Outcome]) -> Sighting:
    hits = [one.hit for one in later if one.place == outcome.place and one.hit is not None]
    again = Again.NOT_YET
    if hits and hits[-1]:
        again = Again.RIGHT
    elif hits and outcome.place.question is not None:  # code that is still being written has not been asked for again
        again = Again.MISSED
    return Sighting(
        place=outcome.place,
        at=outcome.at,
        evidence=outcome.evidence,
        is_confident=outcome.is_confident,
        again=again,
    )


def _remembered(
    misconception: str,
    sightings: Sequence[Sighting],
    outcomes: Sequence[_Outcome],
    could_show: Mapping[str, Mapping[Place, frozenset[str]]],
) -> Remembered:
    last = _last(sightings)
    places = {
        place for in_lesson in could_show.values() for place, shows in in_lesson.items() if misconception in shows
    }
    right = (one.place for one in outcomes if one.at > last and one.hit and one.place in places)
    ordered = sorted(sightings, key=lambda one: (not one.is_confident, -one.at.timestamp()))
    return Remembered(misconception=misconception, sightings=tuple(ordered), right_since=next(right, None))


def _last(sightings: Sequence[Sighting]) -> datetime:
    return max(one.at for one in sightings)


def _where_each_shows(lesson: Lesson) -> Iterator[tuple[Place, frozenset[str]]]:
    for code in lesson.code_cells:
        yield from shows_in(lesson, code)


def shows_in(lesson: Lesson, code: CodeCell) -> Iterator[tuple[Place, frozenset[str]]]:
    """Give the places of a cell with the misconceptions that can show there."""
    for question in code.prompt.questions if code.prompt else ():
        place = Place(lesson=lesson.id, cell=code.cell, question=question.id)
        yield place, frozenset(belief.misconception for belief in question.beliefs)
    if code.task is not None:
        place = Place(lesson=lesson.id, cell=code.cell, question=None)
        yield place, frozenset(example.misconception for example in code.task.probing.examples)

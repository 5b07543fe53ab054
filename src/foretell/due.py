"""What is to be asked once more today: missed questions, a day and a week after they were missed.

Enters: a lesson as written, everything on record of one learner in it, the time. Leaves: questions that are due.
Invariant: a question is due at most twice, whatever comes of it; an ask counts once it has been answered or skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from foretell import drawn
from foretell.judge import calibration
from foretell.model.attempt import History, Judgement, KeptRun, Prediction
from foretell.model.lesson import CodeCell, Lesson

SPACES = (timedelta(days=1), timedelta(days=7))


@dataclass(frozen=True, slots=True, kw_only=True)
class DueQuestion:
    """A missed question that is to be asked again.

    `ask` is as it was put when it was missed, `since` the moment from which it is due. `is_open` tells that it is being
    asked again already and waits for its answer.
    """

    cell: str
    question: str
    ask: str
    confidence: int
    is_confident: bool
    missed: datetime
    since: datetime
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """How many questions were missed, how many of them have been asked again and compared, and how many were right."""

    missed: int
    asked: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """A prediction that has met its run."""

    prediction: Prediction
    judgement: Judgement
    kept: KeptRun

    @property
    def hit(self) -> bool | None:
        return calibration.hit(self.judgement)


def due_questions(lesson: Lesson, history: History, now: datetime) -> tuple[DueQuestion, ...]:
    """Give what is due: confident misses first, then what was missed first."""
    if lesson.language != "python":
        return ()
    found = [one for code in lesson.code_cells for one in _due_of(code, history, now)]
    return tuple(sorted(found, key=lambda one: (not one.is_confident, one.missed)))


def asked_again(lesson: Lesson, history: History) -> AskedAgain:
    """Count what became of the questions of a lesson that were missed."""
    missed = asked = right = 0
    for code in lesson.code_cells:
        for question in code.prompt.questions if code.prompt else ():
            met = _met(question.id, history)
            first = _first_miss(met)
            later = [one.hit for one in met[met.index(first) + 1 :] if one.hit is not None] if first else []
            missed += first is not None
            asked += bool(later)
            right += bool(later) and later[-1] is True
    return AskedAgain(missed=missed, asked=asked, right=right)


def _due_of(code: CodeCell, history: History, now: datetime) -> Iterator[DueQuestion]:
    for question in code.prompt.questions if code.prompt else ():
        first = _first_miss(_met(question.id, history))
        if first is None:
            continue
        missed = first.kept.at
        since = _due_since(missed, tuple(_settled_at(question.id, history)), now)
        if since is not None:
            yield DueQuestion(
                cell=code.cell,
                question=question.id,
                ask=first.prediction.ask,
                confidence=first.prediction.confidence,
                is_confident=calibration.is_confident_miss(first.prediction.confidence, first.judgement),
                missed=missed,
                since=since,
                is_open=_is_open(code, question.id, history),
            )


def _due_since(missed: datetime, asks: Iterable[datetime], now: datetime) -> datetime | None:
    """The first moment that has come and that no ask has followed."""
    answered = max(asks, default=missed)
    return next((missed + space for space in SPACES if answered < missed + space <= now), None)


def _settled_at(question: str, history: History) -> Iterator[datetime]:
    for commit in history.commits:
        if any(drawn.base_id(one) == question for one in (*(p.question for p in commit.predictions), *commit.skipped)):
            yield commit.at


def _is_open(code: CodeCell, question: str, history: History) -> bool:
    """Whether the newest instance of the cell asks this question, and has no answer to it yet."""
    number = drawn.instance_number(code.cell, history)
    asking = [one for one in history.openings if one.cell == code.cell and one.what == "again"]
    is_meant = number > 1 and (not asking[-1].questions or question in asking[-1].questions)
    wanted = drawn.instance_id(question, number)
    settled = {p.question for c in history.commits for p in c.predictions} | {
        skipped for c in history.commits for skipped in c.skipped
    }
    return is_meant and wanted not in settled


def _met(question: str, history: History) -> list[_Met]:
    """Every instance of a question that was predicted and has met its run, oldest first, as it was compared last."""
    said = {p.question: p for c in history.commits for p in c.predictions if drawn.base_id(p.question) == question}
    newest: dict[str, _Met] = {}
    for kept in history.runs:
        for judgement in kept.judgements:
            if judgement.question in said:
                newest[judgement.question] = _Met(prediction=said[judgement.question], judgement=judgement, kept=kept)
    return [newest[name] for name in said if name in newest]


def _first_miss(met: Iterable[_Met]) -> _Met | None:
    return next((one for one in met if one.hit is False), None)

"""What is to be asked again today, in a terminal.

Enters: lessons with what is on record of one learner, the time. Leaves: lines for a person, values for JSON. Invariant:
nothing says what it was, only what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell.due import DueQuestion, due_questions
from foretell.model.attempt import History
from foretell.model.lesson import Lesson
from foretell.model.run import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A question that is due, in its lesson. `named` is what `foretell learn` calls the lesson."""

    lesson: Lesson
    named: str
    due: DueQuestion


def reviews(played: Iterable[tuple[Lesson, str, History]], now: datetime) -> tuple[Review, ...]:
    """Give what is due in all lessons (each with its name and record): confident misses first, then the oldest."""
    found = [
        Review(lesson=lesson, named=named, due=one)
        for lesson, named, history in played
        for one in due_questions(lesson, history, now)
    ]
    return tuple(sorted(found, key=lambda one: (not one.due.is_confident, one.due.missed)))


def review_json(found: Sequence[Review], opens: Callable[[Review], str]) -> list[Mapping[str, Json]]:
    """Give what is due as plain values, in order; `opens` says where one is opened."""
    return [
        {
            "lesson": one.lesson.id,
            "title": one.lesson.title,
            "cell": one.due.cell,
            "question": one.due.question,
            "ask": one.due.ask,
            "confidence": one.due.confidence,
            "confident": one.due.is_confident,
            "missed": one.due.missed.isoformat(),
            "due": one.due.since.isoformat(),
            "open": one.due.is_open,
            "opens": opens(one),
        }
        for one in found
    ]


def review_lines(found: Sequence[Review], opens: Callable[[Review], str]) -> Iterator[str]:
    """Give what is due as lines, and where each is opened."""
    if not found:
        yield "Nothing is to be asked again today. What you miss comes back once after a day and once after a week."
        return
    yield f"{len(found)} to ask again:"
    for one in found:
        sure = ", and you were sure" if one.due.is_confident else ""
        yield f"  {one.lesson.title}: {one.due.ask}"
        yield f"    missed on {one.due.missed:%d %b %Y} at {one.due.confidence} %{sure}; {opens(one)}"

"""What is remembered of a learner, on pages: the ideas behind misses, and what is to be asked again today.

Enters: what `memory` and `due` give, lessons, a scene. Leaves: parts of the home page, the report, the review page.
Invariant: a page of reviews says what was asked and how sure the learner was, never what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from foretell import drawn
from foretell.due import AskedAgain, DueQuestion, due_questions
from foretell.memory import Again, Remembered, Sighting
from foretell.model.attempt import History
from foretell.model.lesson import Lesson
from foretell.web.cells import Scene, asked_now, name_of, scene_of
from foretell.web.markup import inline_html
from foretell.web.page_views import HomeIdea, Idea, IdeaLine, ReviewItem
from foretell.web.refutations import in_words, of_catalogue

MOST_ON_HOME = 5
_AGAIN = {
    Again.NOT_YET: "Not asked again yet",
    Again.RIGHT: "Right when asked again",
    Again.MISSED: "Missed again when asked",
}
_CODE_AGAIN = {Again.NOT_YET: "Not right yet", Again.RIGHT: "Your code was right later"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A lesson as written, and everything on record of one learner in it."""

    lesson: Lesson
    history: History


def report_ideas(scene: Scene, remembered: Sequence[Remembered]) -> tuple[Idea, ...]:
    """The ideas behind the misses of one lesson, in the order in which they are remembered.

    What was seen of a question that is open now is left out: it would tell the answer.
    """
    waiting = asked_now(scene)
    told = (
        replace(one, sightings=tuple(seen for seen in one.sightings if seen.place.question not in waiting))
        for one in remembered
    )
    return tuple(
        Idea(
            id=one.misconception,
            name_html=inline_html(of_catalogue(known.name)),
            counted=_counted(one),
            lines=tuple(_line(scene, seen) for seen in one.sightings),
            since_html=inline_html(name_of(scene, one.right_since.cell))
            if _is_here(scene, one) and one.right_since
            else "",
            since_href=f"/l/{scene.lesson.id}#cell-{one.right_since.cell}" if one.right_since else "",
        )
        for one in told
        if one.sightings and (known := scene.lesson.misconception(one.misconception)) is not None
    )


def _is_here(scene: Scene, one: Remembered) -> bool:
    place = one.right_since
    return place is not None and place.lesson == scene.lesson.id and scene.lesson.code_cell(place.cell) is not None


def _since(seen: Sighting) -> str:
    """What has become of a miss."""
    words = _AGAIN if seen.place.question is not None else _AGAIN | _CODE_AGAIN
    return words[seen.again]


def _line(scene: Scene, seen: Sighting) -> IdeaLine:
    is_there = scene.lesson.code_cell(seen.place.cell) is not None
    name = name_of(scene, seen.place.cell) if is_there else "An earlier version of this lesson"
    return IdeaLine(
        where_html=inline_html(name if seen.place.question is not None else f"{name}, your code"),
        href=f"/l/{scene.lesson.id}#cell-{seen.place.cell}" if is_there else "",
        evidence_html=inline_html(in_words(_ended(seen.evidence))),
        is_confident=seen.is_confident,
        since=_since(seen),
    )


def _ended(text: str) -> str:
    return text if not text or text[-1] in ".?…" else f"{text}."


def _counted(one: Remembered) -> str:
    times, sure = len(one.sightings), sum(seen.is_confident for seen in one.sightings)
    if times == 1:
        return "once, and you were sure" if sure else "once"
    which = {0: "", 1: ", once when you were sure", times: ", each time when you were sure"}
    return f"{times} times{which.get(sure, f', {sure} of them when you were sure')}"


def home_ideas(remembered: Sequence[Remembered], lessons: Mapping[str, Lesson]) -> Iterator[HomeIdea]:
    """The first few ideas behind misses in all lessons that can be read."""
    shown = 0
    for one in remembered:
        places = list(dict.fromkeys(seen.place.lesson for seen in one.sightings))
        readable = [seen for seen in one.sightings if seen.place.lesson in lessons]
        newest = max(readable, key=lambda seen: seen.at, default=None)
        known = lessons[newest.place.lesson].misconception(one.misconception) if newest is not None else None
        if newest is None or known is None or shown == MOST_ON_HOME:
            continue
        shown += 1
        more = f" in {len(places)} lessons" if len(places) > 1 else ""
        yield HomeIdea(
            name_html=inline_html(of_catalogue(known.name)),
            counted=_counted(one) + more,
            since="Right since then" if one.right_since else _since(newest),
            href=f"/l/{newest.place.lesson}/report#ideas",
        )


def asked_again_in_words(counts: AskedAgain) -> str:
    """What became of misses, with the learner's own numbers; "" where none has been asked again."""
    if not counts.asked:
        return ""
    missed = "the one question you missed" if counts.missed == 1 else f"the {counts.missed} questions you missed"
    was = "was right" if counts.right == 1 else "were right"
    if counts.missed == 1:
        return f"You were asked {missed} again, and {'were right' if counts.right else 'it was not right yet'}."
    return f"Of {missed}, {counts.asked} came again, and {counts.right} {was}."


def count_due(played: Sequence[Played], now: datetime) -> int:
    """How many questions are to be asked again today."""
    return sum(len(due_questions(each.lesson, each.history, now)) for each in played)


def review_items(played: Sequence[Played], learner: str, now: datetime) -> tuple[ReviewItem, ...]:
    """What is due, a cell at a time: confident misses first, then what was missed first."""
    found: list[tuple[DueQuestion, ReviewItem]] = []
    for each in played:
        due = due_questions(each.lesson, each.history, now)
        present = drawn.present(each.lesson, learner, each.history)
        scene = scene_of(present.lesson, present.history, {}) if due else None
        cells = {one.cell: [other for other in due if other.cell == one.cell] for one in due}
        found += [(here[0], _item(scene, each, here)) for here in cells.values() if scene is not None]
    return tuple(item for _, item in sorted(found, key=lambda pair: (not pair[0].is_confident, pair[0].missed)))


def _item(scene: Scene, played: Played, here: Sequence[DueQuestion]) -> ReviewItem:
    cell = here[0].cell
    return ReviewItem(
        lesson_title=played.lesson.title,
        place_html=inline_html(name_of(scene, cell)),
        lesson=played.lesson.id,
        cell=cell,
        after=drawn.instance_number(cell, played.history),
        is_open=any(one.is_open for one in here),
        is_confident=any(one.is_confident for one in here),
        asks=tuple(
            (inline_html(one.ask), f"missed on {one.missed.astimezone():%d %b}, at {one.confidence} %") for one in here
        ),
    )

"""The lessons a server offers: any notebook its one user names, or those that a class was given.

Enters: lesson ids, names, paths, the learner who asks. Leaves: lessons, home page entries. Invariant: a learner of a
class can open no path; a lesson is as its files are now, or as they last were when they could be read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from foretell import library
from foretell.errors import LessonError, UsageError
from foretell.library import Shelved
from foretell.model.attempt import Who
from foretell.model.lesson import Lesson
from foretell.store.attempts import Store
from foretell.web.pages import Offered

SECONDS_BETWEEN_LOOKS = 1.0

Looks = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What the home page lists: the lessons of this server, and notebooks that the learner opened lately."""

    lessons: tuple[Offered, ...]
    recent: tuple[Offered, ...] = ()


class Shelf(Protocol):
    """Where a server's lessons are found. Methods read files and may be called from any thread."""

    def open(self, asked: str) -> Lesson:
        """Give the lesson that an address asks for; LessonError or UsageError where there is none."""
        ...

    def lesson(self, lesson_id: str) -> Lesson:
        """Give a lesson that can be played; UsageError where there is none of this id."""
        ...

    def reread(self, lesson_id: str) -> Lesson:
        """Give the lesson as its files are now."""
        ...

    def offers(self, learner: str) -> Offers:
        """Give what the home page lists."""
        ...


@dataclass(slots=True, kw_only=True)
class OwnShelf:
    """The lessons that ship, and every notebook that the one user has named."""

    store: Store
    learner: str
    _shelved: dict[str, Shelved] = field(default_factory=dict)

    def open(self, asked: str) -> Lesson:
        """Read a lesson (again, if it is open) and remember that it was opened; LessonError or UsageError if not."""
        shelved = library.open_lesson(asked)
        self._shelved[shelved.lesson.id] = shelved
        self.store.remember_lesson(
            self.learner, shelved.lesson.id, title=shelved.lesson.title, where=str(shelved.path), key=uuid4().hex
        )
        return shelved.lesson

    def lesson(self, lesson_id: str) -> Lesson:
        """Give an open lesson, or one that ships or was opened before; UsageError where there is none."""
        if lesson_id in self._shelved:
            return self._shelved[lesson_id].lesson
        if lesson_id in library.shipped_names():
            return self.open(lesson_id)
        before = [recent for recent in self.store.recent_lessons(self.learner) if recent.lesson == lesson_id]
        if not before:
            raise UsageError(f"No lesson '{lesson_id}' has been opened here; run: foretell learn NOTEBOOK.ipynb")
        return self.open(before[0].where)

    def reread(self, lesson_id: str) -> Lesson:
        """Give the lesson as its files are now."""
        shelved = library.open_lesson(str(self._shelved[self.lesson(lesson_id).id].path))
        self._shelved[shelved.lesson.id] = shelved
        return shelved.lesson

    def offers(self, learner: str) -> Offers:
        """Give the lessons that ship, and notebooks opened lately that can still be read."""
        recent = self.store.recent_lessons(learner)
        opened = {entry.lesson: entry.at for entry in recent}
        ships = library.shipped_names()
        own = [(entry.lesson, entry.where) for entry in recent if entry.lesson not in ships]
        return Offers(
            lessons=tuple(self._offers(learner, ((name, name) for name in ships), opened, "comes with foretell")),
            recent=tuple(
                self._offers(learner, ((lesson, place) for lesson, place in own if Path(place).exists()), opened)
            ),
        )

    def _offers(
        self, learner: str, places: Iterable[tuple[str, str]], opened: Mapping[str, datetime], where: str = ""
    ) -> Iterator[Offered]:
        """Give the lessons of `places` (id, and the name or path to read it from) that can be read."""
        for lesson_id, place in places:
            try:
                shelved = self._shelved.get(lesson_id) or library.open_lesson(place)
            except (LessonError, UsageError):
                continue
            yield _offered(self.store, learner, shelved.lesson, where or place, opened.get(lesson_id))


class ClassShelf:
    """The lessons that the operator named. Their files are looked at once a second at most, and read when changed.

    A lesson that cannot be read any more (its author is just saving it) stays as it was.
    """

    def __init__(self, store: Store, lessons: Sequence[Shelved], clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._shelved = {each.lesson.id: each for each in lessons}
        self._seen = {each.lesson.id: _look(each.path) for each in lessons}
        self._looked: dict[str, float] = {}
        self._looking = threading.Lock()

    def open(self, asked: str) -> Lesson:
        """Give a lesson by its id; a path is no id."""
        return self.lesson(asked)

    def lesson(self, lesson_id: str) -> Lesson:
        """Give a lesson of the class; UsageError where there is none of this id."""
        shelved = self._shelved.get(lesson_id)
        if shelved is None:
            raise UsageError(f"This class has no lesson '{lesson_id[:80]}'; go back to the lessons.")
        return shelved.lesson

    def reread(self, lesson_id: str) -> Lesson:
        """Give the lesson as its files are now."""
        lesson = self.lesson(lesson_id)
        with self._looking:
            now = self._clock()
            if now - self._looked.get(lesson_id, -SECONDS_BETWEEN_LOOKS) < SECONDS_BETWEEN_LOOKS:
                return self._shelved[lesson_id].lesson
            self._looked[lesson_id] = now
            path = self._shelved[lesson_id].path
            if (seen := _look(path)) == self._seen[lesson_id]:
                return lesson
            with suppress(LessonError, UsageError):
                self._shelved[lesson_id] = library.open_lesson(str(path))
            self._seen[lesson_id] = seen
            return self._shelved[lesson_id].lesson

    def offers(self, learner: str) -> Offers:
        """Give the lessons of the class, in the order in which they were named."""
        lessons = [each.lesson for each in self._shelved.values()]
        return Offers(lessons=tuple(_offered(self._store, learner, lesson, "", None) for lesson in lessons))


def _look(path: Path) -> Looks:
    """Give what tells that the files of a lesson have changed: names, times and sizes."""
    files = (path,) if path.is_file() else library.files_of(path)
    looks = []
    for file in sorted(files):
        with suppress(OSError):
            seen = file.stat()
            looks.append((str(file), seen.st_mtime_ns, seen.st_size))
    return tuple(looks)


def _offered(store: Store, learner: str, lesson: Lesson, where: str, opened: datetime | None) -> Offered:
    history = store.history(Who(learner=learner, lesson=lesson.id, revision=lesson.revision))
    return Offered(lesson=lesson, href=f"/l/{lesson.id}", where=where, history=history, opened=opened)

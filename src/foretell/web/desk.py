"""What a running server has open: the store, lessons, players. It lives as long as the server and must be closed.

Enters: lesson names and paths, the learner. Leaves: `Player`s, scenes, home page entries. Invariant: a lesson has one
player at a time; a changed notebook gets a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from foretell import library
from foretell.errors import LessonError, UsageError
from foretell.library import Shelved
from foretell.model.attempt import Who
from foretell.model.lesson import Lesson
from foretell.runtime.session import Session
from foretell.store.attempts import Store
from foretell.web.cells import Scene, scene_of
from foretell.web.guard import Guard
from foretell.web.ledgers import Refused
from foretell.web.pages import Offered
from foretell.web.player import LessonRecord, Player
from foretell.web.views import Chrome

LEARNER = "local"

SessionMaker = Callable[[Lesson, int], Session]


@dataclass(slots=True, kw_only=True)
class Desk:
    """The state of the web door. `where` is the data directory as a person would be told it."""

    store: Store
    guard: Guard
    make_session: SessionMaker
    where: str
    confined: str = "runs as you, not confined"
    _shelved: dict[str, Shelved] = field(default_factory=dict)
    _players: dict[str, Player] = field(default_factory=dict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def open(self, name_or_path: str) -> Lesson:
        """Read a lesson (again, if it is open) and remember that it was opened; LessonError or UsageError if not."""
        shelved = library.open_lesson(name_or_path)
        self._shelved[shelved.lesson.id] = shelved
        self.store.remember_lesson(
            LEARNER, shelved.lesson.id, title=shelved.lesson.title, where=str(shelved.path), key=uuid4().hex
        )
        return shelved.lesson

    def lesson(self, lesson_id: str) -> Lesson:
        """Give an open lesson, or one that ships or was opened before; UsageError where there is none."""
        if lesson_id in self._shelved:
            return self._shelved[lesson_id].lesson
        if lesson_id in library.shipped_names():
            return self.open(lesson_id)
        before = [recent for recent in self.store.recent_lessons(LEARNER) if recent.lesson == lesson_id]
        if not before:
            raise UsageError(f"No lesson '{lesson_id}' has been opened here; run: foretell learn NOTEBOOK.ipynb")
        return self.open(before[0].where)

    def reread(self, lesson_id: str) -> Lesson:
        """Give the lesson as its files are now."""
        shelved = library.open_lesson(str(self._shelved[self.lesson(lesson_id).id].path))
        self._shelved[shelved.lesson.id] = shelved
        return shelved.lesson

    async def player(self, lesson: Lesson) -> Player:
        """Give the lesson's player, a new one where the lesson's files have changed."""
        async with self._opening:
            player = self._players.get(lesson.id)
            if player is not None and player.lesson.revision == lesson.revision:
                return player
            if player is not None:
                del self._players[lesson.id]
                await player.close()
            who = Who(learner=LEARNER, lesson=lesson.id, revision=lesson.revision)
            seed = await asyncio.to_thread(self.store.session_seed, who)
            player = Player(lesson, LessonRecord(store=self.store, who=who), self.make_session(lesson, seed))
            self._players[lesson.id] = player
            return player

    def scene(self, player: Player, refused: Mapping[str, Refused] | None = None) -> Scene:
        """Gather what the views of this moment need."""
        return scene_of(player.lesson, player.record.history(), player.running(), refused)

    def offered(self) -> tuple[tuple[Offered, ...], tuple[Offered, ...]]:
        """Give the lessons that ship, and notebooks opened lately that can still be read."""
        recent = self.store.recent_lessons(LEARNER)
        opened = {entry.lesson: entry.at for entry in recent}
        ships = library.shipped_names()
        own = [(entry.lesson, entry.where) for entry in recent if entry.lesson not in ships]
        return (
            tuple(self._offers(((name, name) for name in ships), opened, "comes with foretell")),
            tuple(self._offers(((lesson, place) for lesson, place in own if Path(place).exists()), opened)),
        )

    def _offers(
        self, places: Iterable[tuple[str, str]], opened: Mapping[str, datetime], where: str = ""
    ) -> Iterator[Offered]:
        """Give the lessons of `places` (id, and the name or path to read it from) that can be read."""
        for lesson_id, place in places:
            try:
                shelved = self._shelved.get(lesson_id) or library.open_lesson(place)
            except (LessonError, UsageError):
                continue
            who = Who(learner=LEARNER, lesson=lesson_id, revision=shelved.lesson.revision)
            yield Offered(
                lesson=shelved.lesson,
                href=f"/l/{lesson_id}",
                where=where or place,
                history=self.store.history(who),
                opened=opened.get(lesson_id),
            )

    def chrome(self, title: str, nonce: str) -> Chrome:
        """Give what every page needs."""
        return Chrome(title=title, token=self.guard.token, nonce=nonce, confined=self.confined)

    async def close(self) -> None:
        """End every process, then the store."""
        await asyncio.gather(*(player.close() for player in self._players.values()), return_exceptions=True)
        self.store.close()

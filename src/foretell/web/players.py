"""The players that are alive: one for each learner in each lesson they use now.

Enters: learners with their lessons. Leaves: players, for as long as a request needs them. Invariant: a player that is
used, or runs cells, is never closed for being old; all others together are bounded in number and in age, and what was
done in them is on record, so that a new one goes on where the old one ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from foretell.config import PlayersKept
from foretell.model.attempt import Who
from foretell.model.lesson import Lesson
from foretell.runtime.session import Session
from foretell.store.attempts import Store
from foretell.web.checks import Checkers
from foretell.web.player import Player
from foretell.web.record import LessonRecord

SessionMaker = Callable[[Lesson, int], Session]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """How a door's sessions come to be: `make` is called while `runtime` is open, which it is as long as the server.

    `confined` says on pages how the cells are confined. `checkers` judge answers to tasks in sessions of their own.
    """

    make: SessionMaker
    confined: str
    checkers: Checkers | None = None
    runtime: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)


_Key = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class _Seat:
    """A player, how many requests use it now, and when the last one ended."""

    player: Player
    used_at: float
    users: int = 0

    @property
    def is_idle(self) -> bool:
        return self.users == 0 and not self.player.is_busy


class Players:
    """Opens players when they are needed and closes those that are not; it must be closed itself.

    `checkers` are closed with it; where there are none, nothing but a notebook's own asserts judges a task.
    """

    def __init__(
        self,
        store: Store,
        make_session: SessionMaker,
        kept: PlayersKept,
        clock: Callable[[], float] = time.monotonic,
        checkers: Checkers | None = None,
    ) -> None:
        self._store = store
        self._make_session = make_session
        self._kept = kept
        self._checkers = checkers
        self._clock = clock
        self._seats: dict[_Key, _Seat] = {}
        self._opening: dict[_Key, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many players are alive."""
        return len(self._seats)

    @asynccontextmanager
    async def use(self, learner: str, lesson: Lesson) -> AsyncIterator[Player]:
        """Give the learner's player of a lesson, a new one where the lesson's files have changed."""
        seat = await self._seat_for((learner, lesson.id), lesson)
        seat.users += 1
        try:
            yield seat.player
        finally:
            seat.users -= 1
            seat.used_at = self._clock()
            if not seat.users:
                seat.player.record.let_go()

    def find(self, learner: str, lesson_id: str) -> Player | None:
        """Give the learner's player of a lesson where it is alive."""
        seat = self._seats.get((learner, lesson_id))
        return seat.player if seat else None

    async def keep_few(self) -> None:
        """Close players that nobody has used for long, again and again until cancelled."""
        if self._kept.idle_seconds is None:
            return
        while True:
            await asyncio.sleep(min(30.0, self._kept.idle_seconds / 4))
            self.close_idle()

    def close_idle(self) -> None:
        """Close the players that nobody has used for long."""
        if self._kept.idle_seconds is None:
            return
        old = self._clock() - self._kept.idle_seconds
        for key in [key for key, seat in self._seats.items() if seat.is_idle and seat.used_at <= old]:
            self._let_go(key)

    async def close(self) -> None:
        """End every player and its processes, then what checked their answers."""
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for key in list(self._seats):
            self._let_go(key)
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._checkers is not None:
            await self._checkers.close()

    async def _seat_for(self, key: _Key, lesson: Lesson) -> _Seat:
        while True:
            seat = self._seats.get(key)
            if seat is not None and seat.player.lesson.revision == lesson.revision:
                return seat
            if key not in self._opening:
                self._opening[key] = asyncio.create_task(self._open(key, lesson))
                self._opening[key].add_done_callback(lambda _: self._opening.pop(key, None))
            # Shielded: one request that gives up must not take the player from the others that wait for it.
            await asyncio.shield(self._opening[key])

    async def _open(self, key: _Key, lesson: Lesson) -> None:
        if key in self._seats:
            await self._seats.pop(key).player.close()
        learner, lesson_id = key
        who = Who(learner=learner, lesson=lesson_id, revision=lesson.revision)
        seed = await asyncio.to_thread(self._store.session_seed, who)
        checks = self._checkers.of(lesson) if self._checkers is not None else None
        player = Player(lesson, LessonRecord(store=self._store, who=who), self._make_session(lesson, seed), checks)
        self._make_room()
        self._seats[key] = _Seat(player=player, used_at=self._clock())

    def _make_room(self) -> None:
        """Let the longest unused go, where there are as many as may be; those at work stay, however many they are."""
        if self._kept.at_most is None:
            return
        idle = sorted((seat.used_at, key) for key, seat in self._seats.items() if seat.is_idle)
        for _, key in idle[: max(0, len(self._seats) + 1 - self._kept.at_most)]:
            self._let_go(key)

    def _let_go(self, key: _Key) -> None:
        task = asyncio.create_task(self._seats.pop(key).player.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

"""Players of many learners: each has its own, they are kept while they are used, and only so many of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretell import loop
from foretell.config import PlayersKept
from foretell.errors import StoreError
from foretell.model.attempt import Who
from foretell.model.lesson import Lesson
from foretell.model.run import Event, Run, RunRequest
from foretell.store.attempts import Store
from foretell.web.players import Players
from lessons_for_tests import lesson_of, plain_cell

LESSON = lesson_of(plain_cell("c"))


class Session:
    """Runs nothing; with `gate` set, not before that is opened."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.closed = False
        self.gate: asyncio.Event | None = None

    async def run(self, request: RunRequest) -> AsyncIterator[Event]:
        if self.gate is not None:
            await self.gate.wait()
        yield Run(cell=request.cell.cell, outputs=(), failure=None, observations={}, asserts=(), seconds=0.01)

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed = True


class Class:
    """Players over a real store, with a clock that is set by hand."""

    def __init__(self, store: Store, kept: PlayersKept) -> None:
        self.now = 0.0
        self.sessions: list[Session] = []
        self.store = store
        self.players = Players(store, self._session, kept, lambda: self.now)

    def _session(self, _lesson: Lesson, seed: int) -> Session:
        self.sessions.append(Session(seed))
        return self.sessions[-1]

    async def visit(self, learner: str, lesson: Lesson = LESSON) -> None:
        async with self.players.use(learner, lesson):
            pass

    async def settle(self) -> None:
        await asyncio.gather(*self.players._closing)

    @property
    def alive(self) -> set[str]:
        return {learner for learner, _ in self.players._seats}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "attempts.sqlite")
    yield store
    store.close()


async def test_many_requests_at_once_share_one_player(store):
    room = Class(store, PlayersKept())

    async def visit() -> object:
        async with room.players.use("ada", LESSON) as player:
            return player

    players = await asyncio.gather(*(visit() for _ in range(8)))
    assert len({id(player) for player in players}) == len(room.sessions) == 1


async def test_each_learner_has_a_player_a_session_and_a_seed_of_their_own(store):
    room = Class(store, PlayersKept())
    async with room.players.use("ada", LESSON) as ada, room.players.use("bob", LESSON) as bob:
        assert ada is not bob
        assert (ada.record.who.learner, bob.record.who.learner) == ("ada", "bob")
        assert ada.session is not bob.session
    assert len({session.seed for session in room.sessions}) == 2
    assert room.players.find("ada", LESSON.id) is ada
    assert room.players.find("eve", LESSON.id) is None


async def test_a_player_that_nobody_used_for_long_is_closed_and_comes_back_with_the_same_seed(store):
    room = Class(store, PlayersKept(idle_seconds=60))
    await room.visit("ada")
    room.now = 59
    room.players.close_idle()
    assert room.alive == {"ada"}
    room.now = 61
    room.players.close_idle()
    await room.settle()
    assert len(room.players) == 0
    assert room.sessions[0].closed
    await room.visit("ada")
    assert [session.seed for session in room.sessions] == [room.sessions[0].seed] * 2


async def test_a_player_that_is_used_or_runs_a_cell_is_not_closed_for_being_old(store):
    room = Class(store, PlayersKept(idle_seconds=60, at_most=1))
    async with room.players.use("ada", LESSON) as player:
        room.now = 1000
        room.players.close_idle()
        await room.visit("bob")
        assert "ada" in room.alive
        room.sessions[0].gate = asyncio.Event()
        loop.commit(LESSON.code_cells[0], loop.read_form((), {}), player.record, "k")
        live = player.press(LESSON.code_cells, "press", dict)
    room.now = 2000
    room.players.close_idle()
    await room.visit("eve")
    assert "ada" in room.alive
    room.sessions[0].gate.set()
    await live.done()
    room.now = 3000
    room.players.close_idle()
    await room.settle()
    assert room.alive == set()
    assert all(session.closed for session in room.sessions)


async def test_beyond_the_number_the_longest_unused_goes_first(store):
    room = Class(store, PlayersKept(at_most=3))
    for room.now, learner in enumerate(["ada", "bob", "eve", "ada", "dan"]):
        await room.visit(learner)
    assert room.alive == {"ada", "eve", "dan"}
    await room.settle()
    assert [session.closed for session in room.sessions] == [False, True, False, False]


async def test_a_thousand_learners_leave_no_more_than_the_number(store):
    room = Class(store, PlayersKept(idle_seconds=60, at_most=20))
    for number in range(1000):
        await room.visit(f"guest-{number}")
    await room.settle()
    await asyncio.sleep(0)
    assert len(room.players) == 20
    assert sum(not session.closed for session in room.sessions) == 20
    assert room.players._opening == {}
    assert room.players._closing == set()


async def test_a_changed_lesson_gets_a_new_player_and_the_old_one_ends(store):
    room = Class(store, PlayersKept())
    await room.visit("ada")
    await room.visit("ada", replace(LESSON, revision="r2"))
    assert [session.closed for session in room.sessions] == [True, False]
    assert len(room.players) == 1


async def test_closing_ends_every_session(store):
    room = Class(store, PlayersKept())
    for learner in ("ada", "bob"):
        await room.visit(learner)
    await room.players.close()
    assert all(session.closed for session in room.sessions)
    assert len(room.players) == 0


async def test_a_store_that_fails_is_told_to_whoever_asks_and_the_next_one_tries_again(tmp_path):
    class Failing:
        def __init__(self) -> None:
            self.fails = True

        def session_seed(self, _who: Who) -> int:
            if self.fails:
                raise StoreError("the disk is full")
            return 1

    store = Failing()
    room = Class(store, PlayersKept())
    for _ in range(2):
        with pytest.raises(StoreError):
            await room.visit("ada")
    store.fails = False
    await room.visit("ada")
    assert room.alive == {"ada"}

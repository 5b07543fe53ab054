"""The room in which answers are checked: how much of it is open, and when it closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from foretell.errors import RuntimeUnavailable
from foretell.model.belief import Build, Probing
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.run import Event, RunRequest
from foretell.web.checks import Checkers
from forgetful import Forgetful
from lessons_for_tests import lesson_of, plain_cell, task_cell


def checked_task(name: str) -> CodeCell:
    code = task_cell(name, provides=name)
    assert code.task is not None
    return replace(code, task=replace(code.task, probing=Probing(builds=(Build(make=name),))))


FIRST, SECOND = checked_task("first"), checked_task("second")
LESSON = lesson_of(FIRST, plain_cell("between"), SECOND)


class Sessions:
    """Sessions whose cells never end; says for which lessons some are open."""

    def __init__(self) -> None:
        self.open: list[str] = []

    def __call__(self, lesson: Lesson):
        @asynccontextmanager
        async def session(_seconds: float) -> AsyncIterator[object]:
            self.open.append(lesson.revision)
            try:
                yield self._run
            finally:
                self.open.remove(lesson.revision)

        return session

    async def _run(self, _request: RunRequest) -> AsyncIterator[Event]:
        await asyncio.sleep(60)
        raise AssertionError("nobody waited this long")
        yield


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


async def a_moment() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_open_before_it_is_needed(sessions):
    checkers = Checkers(sessions, Forgetful(), 2)
    checkers.of(LESSON)
    await a_moment()
    assert sessions.open == []
    await checkers.close()


async def test_no_more_answers_are_looked_at_at_once_than_was_said(sessions):
    checks = (checkers := Checkers(sessions, Forgetful(), 1)).of(LESSON)
    tasks = [asyncio.create_task(checks.check(code, "x = 1", {})) for code in (FIRST, SECOND)]
    await a_moment()
    assert len(sessions.open) == 1
    tasks[0].cancel()
    await a_moment()
    assert len(sessions.open) == 1
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sessions.open == []
    await checkers.close()


async def test_one_task_after_another_is_made_ready_however_often_that_is_asked(sessions):
    checkers = Checkers(sessions, Forgetful(), 4)
    for _ in range(3):
        checkers.of(LESSON).warm()
    await a_moment()
    assert len(sessions.open) == 1
    await checkers.close()
    assert sessions.open == []


async def test_what_a_changed_lesson_had_open_is_closed(sessions):
    checkers = Checkers(sessions, Forgetful(), 4)
    checkers.of(LESSON).warm()
    await a_moment()
    assert sessions.open == ["r1"]
    checkers.of(replace(LESSON, revision="r2")).warm()
    await a_moment()
    await settles(sessions, ["r2"])
    await checkers.close()


async def test_a_check_of_an_old_revision_comes_to_its_end_and_then_that_is_closed(sessions):
    checkers = Checkers(sessions, Forgetful(), 4)
    old = asyncio.create_task(checkers.of(LESSON).check(FIRST, "x = 1", {}))
    await a_moment()
    checkers.of(replace(LESSON, revision="r2")).warm()
    await a_moment()
    assert sorted(sessions.open) == ["r1", "r2"]
    old.cancel()
    await asyncio.gather(old, return_exceptions=True)
    await settles(sessions, ["r2"])
    again = asyncio.create_task(checkers.of(LESSON).check(FIRST, "x = 1", {}))
    await a_moment()
    assert sorted(sessions.open) == ["r1", "r2"]
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    await settles(sessions, ["r2"])
    await checkers.close()
    assert sessions.open == []


async def settles(sessions: Sessions, wanted: list[str]) -> None:
    async with asyncio.timeout(5):
        while sessions.open != wanted:
            await asyncio.sleep(0.01)


async def test_a_task_that_cannot_be_made_ready_is_told_and_does_not_keep_the_next_from_it(caplog):
    def none_to_be_had(_lesson: Lesson):
        @asynccontextmanager
        async def session(_seconds: float) -> AsyncIterator[object]:
            raise RuntimeUnavailable("No process can be started; close another program.")
            yield

        return session

    checkers = Checkers(none_to_be_had, Forgetful(), 2)
    checkers.of(LESSON).warm()
    await a_moment()
    assert [record.args[0] for record in caplog.records] == ["first", "second"]
    assert "close another program" in caplog.text
    with pytest.raises(RuntimeUnavailable):
        await checkers.of(LESSON).check(FIRST, "x = 1", {})
    await checkers.close()

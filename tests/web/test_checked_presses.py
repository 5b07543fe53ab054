"""Tasks that are checked once they have run: what a press does, what it tells the page, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from foretell import loop
from foretell.errors import LessonError
from foretell.model.attempt import CheckVerdict, Diagnosis, Who
from foretell.model.belief import Build, Probing
from foretell.model.lesson import CodeCell
from foretell.model.run import Event, Failure, FailureKind, RunRequest, StreamOutput
from foretell.store.attempts import Store
from foretell.web.player import Player
from foretell.web.record import LessonRecord
from foretell.web.stream import Live
from lessons_for_tests import lesson_of, plain_cell, ran, task_cell

PLAIN_TASK = task_cell("plain", provides="other")
WRITTEN = task_cell("t", provides="answer")
assert WRITTEN.task is not None
CELL = replace(WRITTEN, task=replace(WRITTEN.task, probing=Probing(builds=(Build(make="answer"),))))
AFTER = plain_cell("after")
CHANGES: dict[str, object] = {"cells": {}, "sections": {}}
RIGHT = Diagnosis(
    verdict=CheckVerdict.RIGHT, misconception=None, says="As asked.", difference="", checks=(), seconds=0.1
)
ENDLESS = replace(RIGHT, verdict=CheckVerdict.STOPPED, misconception="never-terminates", says="A loop never ends.")


class Session:
    """Prints a line and ends as it was told to."""

    def __init__(self) -> None:
        self.failure: Failure | None = None

    async def start(self) -> None:
        return

    async def run(self, request: RunRequest) -> AsyncIterator[Event]:
        yield StreamOutput(name="stdout", text="ran")
        yield replace(ran(request.cell.cell), failure=self.failure)

    async def stop(self) -> None:
        return

    async def close(self) -> None:
        return


class Checks:
    """Finds what it was told to find, or waits until it is ended."""

    def __init__(self, find: Callable[[], Diagnosis] = lambda: RIGHT) -> None:
        self.find = find
        self.asked: list[tuple[str, str]] = []
        self.waits = False
        self.ended = 0
        self.warmed = 0

    async def check(self, code: CodeCell, source: str, earlier: Mapping[str, str]) -> Diagnosis:
        self.asked.append((code.cell, source))
        try:
            while self.waits:
                await asyncio.sleep(0.01)
        finally:
            self.ended += 1
        return self.find()

    def warm(self) -> None:
        self.warmed += 1


@pytest.fixture
def record(tmp_path: Path) -> LessonRecord:
    return LessonRecord(
        store=Store.open(tmp_path / "attempts.sqlite"), who=Who(learner="ada", lesson="small", revision="r1")
    )


def player_of(record: LessonRecord, checks: Checks | None, session: Session | None = None) -> Player:
    return Player(lesson_of(PLAIN_TASK, CELL, AFTER), record, session or Session(), checks)


def press(player: Player, *cells: CodeCell, key: str = "press", text: str = "answer = 7") -> Live:
    player.record.save_draft(cell="t", text=text, key=f"{key}:draft")
    for code in cells or (CELL,):
        loop.commit(code, loop.read_form((), {}), player.record, f"{key}:commit:{code.cell}")
    return player.press(cells or (CELL,), key, lambda: CHANGES)


async def names(live: Live) -> list[str]:
    return [line.split("\n")[1].removeprefix("event: ") async for line in live.lines(0)]


def found(player: Player, cell: str = "t") -> list[Diagnosis | None]:
    return [kept.diagnosis for kept in player.record.history().runs if kept.cell == cell]


async def test_a_task_is_checked_with_the_text_that_ran_once_all_it_shows_has_been_told(record):
    player = player_of(record, checks := Checks())
    told = await names(press(player))
    assert told == ["queued", "cell", "output", "checking", "done"]
    assert checks.asked == [("t", "answer = 7")]
    assert found(player) == [RIGHT]


async def test_what_is_found_is_on_record_when_the_page_is_told_that_all_is_done(record):
    player, seen = player_of(record, Checks()), []
    loop.commit(CELL, loop.read_form((), {}), record, "commit")

    def say_done() -> dict[str, object]:
        seen.extend(found(player))
        return CHANGES

    await player.press([CELL], "press", say_done).done()
    assert seen == [RIGHT]


async def test_code_that_failed_is_checked_too(record):
    checks, session = Checks(), Session()
    player = player_of(record, checks, session)
    session.failure = Failure(kind="NameError", message="no")
    await press(player, key="failed").done()
    session.failure = Failure(kind=FailureKind.TIME, message="too long")
    await press(player, key="late").done()
    assert len(checks.asked) == 2
    assert found(player) == [RIGHT, RIGHT]


class Endless(Session):
    """Runs until Stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = asyncio.Event()

    async def run(self, request: RunRequest) -> AsyncIterator[Event]:
        yield StreamOutput(name="stdout", text="ran")
        await self.stopped.wait()
        yield replace(ran(request.cell.cell), failure=Failure(kind=FailureKind.STOPPED, message="Stopped."))

    async def stop(self) -> None:
        self.stopped.set()


async def test_code_that_its_learner_stopped_is_checked_for_what_is_endless_has_a_name(record):
    checks, session = Checks(lambda: ENDLESS), Endless()
    player = player_of(record, checks, session)
    live = press(player)
    while not record.history().runs:
        await asyncio.sleep(0.01)
    await player.stop()
    done = await asyncio.wait_for(live.done(), 5)
    assert "problem" not in done
    assert found(player) == [ENDLESS]


async def test_a_second_stop_ends_the_check_of_code_that_was_stopped(record):
    checks, session = Checks(lambda: ENDLESS), Endless()
    checks.waits = True
    player = player_of(record, checks, session)
    live = press(player)
    while not record.history().runs:
        await asyncio.sleep(0.01)
    await player.stop()
    while not checks.asked:
        await asyncio.sleep(0.01)
    await player.stop()
    done = await asyncio.wait_for(live.done(), 5)
    assert "The check was stopped" in str(done["problem"])
    assert [kept and kept.says for kept in found(player)] == [str(done["problem"])]


async def test_only_a_task_whose_behaviour_can_be_looked_at_is_checked(record):
    player = player_of(record, checks := Checks())
    assert "checking" not in await names(press(player, PLAIN_TASK, AFTER))
    assert checks.asked == []


async def test_a_press_sent_twice_checks_once(record):
    player = player_of(record, checks := Checks())
    await press(player).done()
    assert "checking" not in await names(press(player))
    assert len(checks.asked) == 1


async def test_the_same_text_run_again_is_checked_again(record):
    player = player_of(record, checks := Checks())
    await press(player, key="one").done()
    await press(player, key="two").done()
    assert (len(checks.asked), found(player)) == (2, [RIGHT, RIGHT])


async def test_cells_below_do_not_wait_for_a_check(record):
    checks = Checks()
    checks.waits = True
    player = player_of(record, checks)
    live = press(player, CELL, AFTER)
    while not checks.asked:
        await asyncio.sleep(0.01)
    assert [kept.run is not None for kept in record.history().runs] == [True, True]
    await asyncio.wait_for(press(player, AFTER, key="other").done(), 5)
    assert not live.ended
    checks.waits = False
    await live.done()


async def test_stop_ends_a_check_and_leaves_the_run(record):
    checks = Checks()
    checks.waits = True
    player = player_of(record, checks)
    live = press(player)
    while not checks.asked:
        await asyncio.sleep(0.01)
    assert await player.stop()
    done = await asyncio.wait_for(live.done(), 5)
    assert "The check was stopped" in str(done["problem"])
    assert checks.ended == 1
    assert [kept and kept.verdict for kept in found(player)] == [CheckVerdict.STOPPED]
    assert record.history().runs[0].run.failure is None


async def test_a_player_that_is_closed_ends_its_check(record):
    checks = Checks()
    checks.waits = True
    player = player_of(record, checks)
    press(player)
    while not checks.asked:
        await asyncio.sleep(0.01)
    await asyncio.wait_for(player.close(), 5)
    assert checks.ended == 1


def no_session() -> Diagnosis:
    raise LessonError("The solution of task t cannot be looked at; mend it.")


def no_sense() -> Diagnosis:
    raise ZeroDivisionError


@pytest.mark.parametrize(("fault", "says"), [(no_session, "mend it."), (no_sense, "ZeroDivisionError")])
async def test_a_check_that_cannot_be_made_is_told_and_loses_no_run(record, caplog, fault, says):
    player = player_of(record, Checks(fault))
    done = await asyncio.wait_for(press(player).done(), 5)
    assert "problem" not in done
    (diagnosis,) = found(player)
    assert diagnosis.verdict is CheckVerdict.ERROR
    assert diagnosis.says.startswith("It could not be checked: ")
    assert says in diagnosis.says
    assert "A check has failed" in caplog.text
    assert record.history().runs[0].run.failure is None


async def test_checks_are_made_ready_after_the_first_press_or_a_while_not_before(record, monkeypatch):
    monkeypatch.setattr("foretell.web.player.SECONDS_BEFORE_CHECKS", 0.1)
    player = player_of(record, checks := Checks())
    player.warm()
    await asyncio.sleep(0.03)
    assert checks.warmed == 0
    await asyncio.sleep(0.2)
    assert checks.warmed == 1


async def test_a_press_that_has_ended_lets_checks_be_made_ready_at_once(record, monkeypatch):
    monkeypatch.setattr("foretell.web.player.SECONDS_BEFORE_CHECKS", 60)
    player = player_of(record, checks := Checks())
    player.warm()
    await press(player, AFTER).done()
    await asyncio.sleep(0.05)
    assert checks.warmed == 1
    await player.close()

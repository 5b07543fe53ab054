"""Presses of Run over a real store and sessions that do what a test needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foretell import loop
from foretell.errors import RuntimeUnavailable, StoreError
from foretell.model.attempt import Who
from foretell.model.run import (
    ClearOutput,
    DisplayOutput,
    ErrorOutput,
    Event,
    Failure,
    FailureKind,
    Queued,
    Run,
    RunRequest,
    StreamOutput,
    UpdateDisplay,
)
from foretell.store.attempts import Store
from foretell.web.player import Player
from foretell.web.record import LessonRecord
from lessons_for_tests import lesson_of, plain_cell

CELL = plain_cell("c")
NOTHING: dict[str, object] = {"cells": {}, "sections": {}}


class Session:
    """Shows what it was given and ends well; with a `gate`, not before that is opened or Stop is pressed."""

    def __init__(self, *shown: Event) -> None:
        self.shown = shown
        self.requests: list[RunRequest] = []
        self.gate: asyncio.Event | None = None
        self.failure: Failure | None = None

    async def run(self, request: RunRequest) -> AsyncIterator[Event]:
        self.requests.append(request)
        for event in self.shown:
            yield event
        if self.gate is not None:
            await self.gate.wait()
        yield Run(cell=request.cell.cell, outputs=(), failure=self.failure, observations={}, asserts=(), seconds=0.01)

    async def stop(self) -> None:
        if self.gate is not None:
            self.gate.set()

    async def close(self) -> None:
        await self.stop()


@pytest.fixture
def record(tmp_path: Path) -> LessonRecord:
    return LessonRecord(
        store=Store.open(tmp_path / "attempts.sqlite"), who=Who(learner="ada", lesson="small", revision="r1")
    )


def player_of(record: LessonRecord, session: Session) -> Player:
    return Player(lesson_of(CELL), record, session)


def press(player: Player, key: str = "press"):
    loop.commit(CELL, loop.read_form((), {}), player.record, f"{key}:commit")
    return player.press([CELL], key, lambda: NOTHING)


async def said(live) -> list[tuple[str, dict]]:
    lines = [line async for line in live.lines(0)]
    return [(line.split("\n")[1].removeprefix("event: "), json.loads(line.split("data: ")[1])) for line in lines]


async def test_the_same_press_sent_twice_runs_the_cell_once(record):
    player = player_of(record, session := Session())
    await press(player).done()
    await press(player).done()
    assert len(session.requests) == 1


async def test_starting_over_while_a_cell_runs_ends_its_press_in_peace(record):
    player = player_of(record, session := Session(StreamOutput(name="stdout", text="x")))
    session.gate = asyncio.Event()
    live = press(player)
    while not session.requests:
        await asyncio.sleep(0.01)
    record.store.start_over(record.who, "over")
    session.gate.set()
    assert "problem" not in await live.done()
    await asyncio.gather(*(p.task for p in player._presses.values()))


async def test_a_press_ends_on_the_page_even_where_what_changed_cannot_be_drawn(record):
    player = player_of(record, Session())
    loop.commit(CELL, loop.read_form((), {}), record, "k")

    def refuse() -> dict[str, object]:
        raise StoreError("the disk is full")

    done = await asyncio.wait_for(player.press([CELL], "key", refuse).done(), 5)
    assert "the disk is full" in str(done["problem"])


async def test_a_fault_of_foretells_own_is_said_on_the_page(record):
    class Broken(Session):
        async def run(self, request: RunRequest) -> AsyncIterator[Event]:
            yield StreamOutput(name="stdout", text="x")
            raise ZeroDivisionError

    player = player_of(record, Broken())
    live = press(player)
    assert "ZeroDivisionError" in str((await asyncio.wait_for(live.done(), 5))["problem"])
    with pytest.raises(ZeroDivisionError):
        await next(iter(player._presses.values())).task


async def test_stop_reaches_a_run_that_was_pressed_a_moment_ago(record):
    player = player_of(record, session := Session())
    live = press(player)
    await asyncio.sleep(0)
    assert await player.stop()
    await live.done()
    assert session.requests == []
    runs = record.history().runs
    assert all(kept.run and kept.run.failure and kept.run.failure.kind == FailureKind.STOPPED for kept in runs)


async def test_a_scratch_run_that_was_stopped_before_its_turn_runs_nothing(record):
    player = player_of(record, session := Session())
    session.gate = asyncio.Event()
    first = press(player)
    while not session.requests:
        await asyncio.sleep(0.01)
    waiting = player.scratch("boom()", None)
    await asyncio.sleep(0)
    await player.stop()
    await first.done()
    await waiting.done()
    assert [request.cell.cell for request in session.requests] == ["c"]


async def test_each_scratch_run_has_its_own_frames(record):
    player = player_of(record, session := Session(DisplayOutput(data={"text/html": "<b>first</b>"})))
    first = await said(player.scratch("1", None))
    session.shown = (DisplayOutput(data={"text/html": "<b>second</b>"}),)
    second = await said(player.scratch("2", None))
    assert [frame_of(player, messages) for messages in (first, second)] == ["<b>first</b>", "<b>second</b>"]


async def test_what_a_press_has_shown_is_forgotten_a_while_after_its_end(record, monkeypatch):
    monkeypatch.setattr("foretell.web.player.SECONDS_REMEMBERED", 0.05)
    player = player_of(record, Session(StreamOutput(name="stdout", text="x" * 1000)))
    live = press(player)
    await live.done()
    assert player.live(live.number) is live
    await asyncio.sleep(0.2)
    assert player.live(live.number) is None
    assert player._presses == {}


async def test_an_updated_display_gets_a_frame_with_its_new_html(record):
    old = DisplayOutput(data={"text/html": "<b>old</b>"}, display_id="d")
    beside = DisplayOutput(data={"text/html": "<b>beside</b>"})
    player = player_of(record, Session(old, beside, UpdateDisplay(display_id="d", data={"text/html": "<b>new</b>"})))
    messages = await said(press(player))
    assert frame_of(player, [m for m in messages if m[0] == "update"]) == "<b>new</b>"


def frame_of(player: Player, messages: list[tuple[str, dict]]) -> str | None:
    html = next(data["html"] for name, data in messages if name in {"output", "update"})
    address = html.split('src="')[1].split('"')[0]
    path, _, number = address.partition("?live=")
    run_id, place = path.split("/")[-2:]
    return player.frame(int(number), int(run_id), int(place))


async def test_coloured_lines_are_sent_once_each(record):
    pieces = [StreamOutput(name="stdout", text=f"\x1b[31mline {n}\x1b[0m\n") for n in range(300)]
    messages = await said(press(player_of(record, Session(*pieces))))
    assert sum(len(str(data.get("text", ""))) for name, data in messages if name == "output") < 10_000


async def test_a_progress_bar_is_kept_once_and_not_once_a_step(record):
    log = StreamOutput(name="stdout", text="".join(f"line {n}\n" for n in range(200)))
    steps = [StreamOutput(name="stdout", text=f"\r{n} of 300") for n in range(300)]
    messages = await said(press(player_of(record, Session(log, *steps))))
    assert sum(len(str(data.get("text", ""))) for name, data in messages if name == "output") < 20_000
    texts = [data["text"] for name, data in messages if data.get("whole")]
    assert texts[-1].endswith("line 199\n299 of 300")


RAISED = ErrorOutput(name="OSError", value="[Errno 24] Too many open files", lines=("OSError",))
REFUSED = Failure(kind="OSError", message="Your cell had more files open than the limit of 256.", line=2)


@pytest.mark.parametrize("is_scratch", [False, True])
async def test_what_a_limit_was_is_said_with_the_traceback_that_is_shown_already(record, is_scratch):
    session = Session(StreamOutput(name="stdout", text="1\n"), RAISED)
    session.failure = REFUSED
    player = player_of(record, session)
    messages = await said(player.scratch("open()", None) if is_scratch else press(player))
    names = [name for name, _ in messages]
    assert names.index("output") < names.index("failure") < names.index("done")
    (told,) = [data["html"] for name, data in messages if name == "failure"]
    assert "the limit of 256" in told
    assert "in line 2 of this cell" in told
    assert "Too many open files" in told


async def test_a_traceback_that_was_cleared_away_does_not_come_back(record):
    session = Session(RAISED, ClearOutput(wait=False))
    session.failure = REFUSED
    assert "failure" not in [name for name, _ in await said(press(player_of(record, session)))]


async def test_a_silent_cell_that_waited_says_when_its_turn_has_come(record):
    session = Session(Queued(ahead=2), Queued(ahead=1), Queued(ahead=0))
    messages = await said(press(player_of(record, session)))
    waited = [data["ahead"] for name, data in messages if name == "waiting"]
    assert waited == [2, 1, 0]
    assert [name for name, _ in messages] == ["queued", "cell", "waiting", "waiting", "waiting", "done"]


async def test_a_press_that_was_stopped_while_it_waited_says_that_it_ran_nothing(record):
    player = player_of(record, session := Session())
    session.gate = asyncio.Event()
    first = press(player)
    while not session.requests:
        await asyncio.sleep(0.01)
    waiting = press(player, "again")
    await asyncio.sleep(0)
    await player.stop()
    assert "problem" not in await first.done()
    said_of_it = str((await waiting.done())["problem"])
    assert said_of_it == player.unrun["c"] == "Not run: stopped while it waited for its turn."
    await press(player, "once more").done()
    assert (len(session.requests), player.unrun) == (2, {})


async def test_why_python_could_not_run_a_cell_is_what_the_cell_says(record):
    class Unavailable(Session):
        async def run(self, request: RunRequest) -> AsyncIterator[Event]:
            raise RuntimeUnavailable("No process can be started; close another program.")
            yield

    player = player_of(record, Unavailable())
    await asyncio.wait_for(press(player).done(), 5)
    assert player.unrun == {"c": "No process can be started; close another program."}

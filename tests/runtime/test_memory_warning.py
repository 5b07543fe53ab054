"""Where memory has no limit, a cell that takes much of it is told so once, while it runs."""

from __future__ import annotations

import re

from cells import request, run, text_of
from scripted import Scripted

from foretell.config import LIMITS_OF_SERVE, limits_of_learn
from foretell.model.run import CellSource, Replaying, Run, StreamOutput
from foretell.runtime import flight as flights
from foretell.runtime.flight import Flight
from foretell.runtime.limits import Limits, warn_of_memory
from foretell.runtime.messages import Begun, CellEnded, Execute, Replay
from foretell.runtime.processes import memory_of_machine

TOLD = re.compile(r"This cell and what it keeps use [\d.]+ [MG]B of this machine's memory; Stop ends it\.\n")
WARNED = Limits(memory_warning_bytes=400 << 20)
ENDED = CellEnded(failure=None, seconds=0.0, asserts=())
CELL = CellSource(cell="a", text="")


def slow(used_bytes: int) -> Scripted:
    """A worker whose cell takes a while, and that much memory."""
    return Scripted(Begun(), ENDED, pace_seconds=0.15, used_bytes=used_bytes)


async def shown_by(worker: Scripted, limits: Limits, order: Execute | Replay | None = None) -> list[object]:
    shown: list[object] = []
    flight = Flight(limits, shown.append)
    if isinstance(order, Replay):
        await flight.rebuild(worker, order)
    else:
        await flight.perform(worker, Execute(cell=CELL, probes=(), asserts_from_line=1, fence=""))
    assert list(flight.outputs) == shown
    return shown


async def test_much_memory_is_told_once_and_kept_with_the_run(monkeypatch):
    monkeypatch.setattr(flights, "WARNING_SECONDS", 0.02)
    assert await shown_by(slow(12 << 30), WARNED) == [
        StreamOutput(name="stderr", text=f"{warn_of_memory(12 << 30)}\n"),
    ]
    assert warn_of_memory(12 << 30) == ("This cell and what it keeps use 12 GB of this machine's memory; Stop ends it.")


async def test_little_memory_no_warning_asked_for_or_a_limit_that_ends_is_not_told(monkeypatch):
    monkeypatch.setattr(flights, "WARNING_SECONDS", 0.02)
    assert await shown_by(slow(1), WARNED) == []
    assert await shown_by(slow(12 << 30), Limits()) == []
    assert await shown_by(slow(12 << 20), Limits(memory_warning_bytes=1, memory_bytes=1 << 30)) == []


async def test_a_cell_that_only_rebuilds_the_state_shows_nothing(monkeypatch):
    monkeypatch.setattr(flights, "WARNING_SECONDS", 0.02)
    assert await shown_by(slow(12 << 30), WARNED, Replay(cell=CELL, fence="")) == []


async def test_a_quick_cell_is_never_measured():
    worker = slow(12 << 30)
    await shown_by(worker, WARNED)
    assert worker.measured == 0


async def test_every_runtime_tells_while_the_cell_runs_and_lets_it_go_on(make_session, tmp_path):
    session = make_session(tmp_path, WARNED)
    code = "import time\nkept = b'x' * (500 << 20)\ntime.sleep(3)\nprint('end')"
    seen = [event async for event in session.run(request(code)) if not isinstance(event, Replaying)]
    await session.close()
    told, *printed, ended = seen
    assert isinstance(told, StreamOutput)
    assert TOLD.fullmatch(told.text)
    assert told.name == "stderr"
    assert "".join(event.text for event in printed) == "end\n"
    assert isinstance(ended, Run)
    assert ended.failure is None
    assert text_of(ended, "stderr") == told.text


async def test_the_state_that_a_cell_is_in_counts_and_another_does_not(make_session, tmp_path):
    session = make_session(tmp_path, WARNED)
    keeps = "kept = b'x' * (500 << 20)"
    assert text_of(await run(session, keeps, "import time\ntime.sleep(2.5)"), "stderr")
    assert text_of(await run(session, "import time\ntime.sleep(1.5)"), "stderr") == ""
    await session.close()


def test_a_learner_alone_is_warned_and_a_class_has_a_limit():
    assert limits_of_learn().memory_bytes is None
    assert 0.5 < limits_of_learn().memory_warning_bytes / memory_of_machine() < 0.8
    assert LIMITS_OF_SERVE.memory_warning_bytes is None

"""A question about a state never costs the learner anything: not a run, not a Stop, not a cell, not a snapshot."""

from __future__ import annotations

import asyncio
import time

import pytest
from cells import prefix, request, run, text_of
from runtimes import forking

from foretell.model.run import FailureKind
from foretell.runtime import replay, snapshots
from foretell.runtime.limits import Limits
from foretell.runtime.snapshots import Snapshots

SLOW = "import time\ntime.sleep(2)\nx = 1"


@pytest.fixture
async def asked(make_session, tmp_path):
    made = make_session(tmp_path, Limits(wall_seconds=3))
    await made.start()
    yield made
    await made.close()


async def test_stop_ends_a_run_that_waits_for_a_state_to_be_built_for_a_question(asked):
    question = asyncio.create_task(asked.variables(prefix(SLOW)))
    await asyncio.sleep(0.5)
    running = asyncio.create_task(run(asked, "import time; time.sleep(4)"))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await asyncio.wait_for(asked.stop(), 5)
    assert time.monotonic() - began < 2.5
    assert (await running).failure.kind == FailureKind.STOPPED
    await question
    assert text_of(await run(asked, "print(1)")) == "1\n"


async def test_a_question_that_is_given_up_passes_no_cell_over(asked, monkeypatch):
    for module in (replay, snapshots):
        monkeypatch.setattr(module, "REACH_SECONDS", 0.5)
    assert await asked.variables(prefix(SLOW)) == ()
    seen = await run(asked, SLOW, "print(x)")
    assert (text_of(seen), seen.failed_before) == ("1\n", ())


async def test_a_run_that_nobody_follows_any_more_passes_no_cell_over(asked):
    events = asked.run(request(SLOW, "print(x)"))
    await anext(events)
    await asyncio.sleep(0.7)
    await events.aclose()
    seen = await run(asked, SLOW, "print(x)")
    assert (text_of(seen), seen.failed_before) == ("1\n", ())


@forking
async def test_a_question_after_a_cell_that_is_passed_over_leaves_the_states_above_as_they_are(asked):
    loop = "while True: pass"
    await run(asked, "y = 1")
    assert (await run(asked, "y = 1", loop)).failure.kind == FailureKind.TIME
    before = {kept.worker.pid for kept in asked.engine.kept}
    for texts in (("y = 1", loop), ("y = 1", loop)):
        assert [variable.name for variable in await asked.variables(prefix(*texts))] == ["y"]
    assert {kept.worker.pid for kept in asked.engine.kept if kept.lives} == before


async def test_a_question_that_is_cancelled_does_not_keep_the_run_before_from_coming_to_rest(asked):
    await run(asked, "z = 5")
    asking = asyncio.create_task(asked.variables(prefix("other = 1")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert text_of(await run(asked, "z = 5", "print(z)")) == "5\n"
    if isinstance(asked.engine, Snapshots):
        await asyncio.sleep(0.3)
        assert ("c0",) in {tuple(cell.cell for cell in kept.executed) for kept in asked.engine.kept}

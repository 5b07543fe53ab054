"""What paused states take: memory that gives way to the cell that runs, files that go with them, time of their own."""

from __future__ import annotations

import asyncio
import time

import pytest
from cells import run, text_of
from runtimes import confined, forking

from foretell.model.run import CellSource, Probe, RunRequest
from foretell.runtime import processes
from foretell.runtime.flight import GRACE_SECONDS
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits
from foretell.runtime.supervisor import Supervisor

THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
BUSY = "import time\nend = time.process_time() + 0.7\nwhile time.process_time() < end:\n    pass\nn = {}"


def fill(size_mb: int, turn: int) -> str:
    """A cell that is worth a snapshot, and takes that much memory."""
    return f"import time\ntime.sleep(0.25)\nheld = bytearray(b'x') * ({size_mb} << 20)  # {turn}"


@pytest.fixture
async def held(make_session, tmp_path):
    made = make_session(tmp_path, Limits(memory_bytes=256 << 20, cpu_seconds=1, wall_seconds=20, file_bytes=64 << 20))
    yield made
    await made.close()


@forking
async def test_states_of_other_texts_give_way_to_a_cell_within_its_limit(held):
    for turn in range(4):
        assert (await run(held, fill(45, turn))).failure is None
    for turn in range(2):
        assert (await run(held, fill(120, turn))).failure is None


@forking
async def test_a_process_that_cannot_be_forked_has_for_each_cell_the_whole_time_of_computing(held):
    texts = [THREAD]
    for turn in range(3):
        texts.append(BUSY.format(turn))
        seen = await run(held, *texts)
        assert (seen.failure, seen.failed_before) == (None, ())


@forking
async def test_copies_of_files_go_with_their_states(held):
    for turn in range(12):
        code = f"with open('large', 'wb') as file:\n    file.write(bytes(20 << 20))\nturn = {turn}"
        assert (await run(held, code)).failure is None
    kept = [each for each in held.engine.kept if each.executed]
    assert kept
    assert all(each.can_fork for each in kept)
    count = "import os\nfound = [n for _, _, ns in os.walk('../.states') for n in ns]\nprint(len(found))"
    assert int(text_of(await run(held, count))) <= len(kept) + 1
    assert text_of(await run(held, code, "import os\nprint(os.path.getsize('large') >> 20)")) == "20\n"


async def test_stop_while_a_target_is_evaluated_ends_at_once(held):
    code = "class Slow:\n    @property\n    def value(self):\n        while True:\n            pass\nslow = Slow()"
    asked = RunRequest(
        prefix=(), cell=CellSource(cell="a", text=code), probes=(Probe(question="q", row=0, expression="slow.value"),)
    )

    async def follow():
        return [event async for event in held.run(asked)][-1]

    running = asyncio.create_task(follow())
    await asyncio.sleep(0.8)
    began = time.monotonic()
    await held.stop()
    assert time.monotonic() - began < GRACE_SECONDS
    seen = await running
    assert seen.observations == {}
    assert text_of(await run(held, "print(1)")) == "1\n"


async def test_the_bound_on_the_memory_of_all_holds_for_the_states_of_one():
    async with Supervisor(level=Level.NONE, memory_bytes=200 << 20) as supervisor:
        session = supervisor.session(limits=Limits(), seed=0)
        for turn in range(5):
            assert (await run(session, fill(100, turn))).failure is None
        await run(session, "1")
        taken = [processes.measure_pss(kept.worker.pid) for kept in session.engine.kept if kept.executed]
        assert sum(taken) <= 200 << 20


async def test_a_notebook_in_one_process_leaves_none_of_the_processes_before():
    async with Supervisor(level=Level.NONE) as supervisor:
        session = supervisor.session(limits=Limits(), seed=0, keeps_snapshots=False)
        for turn in range(5):
            await run(session, f"n = {turn}", "n")
        await asyncio.sleep(0.3)
        kept = {each.worker.pid for each in session.engine.kept}
        (base,) = (each.worker.pid for each in session.engine.kept if not each.executed)
        assert processes.children(base) == kept - {base}


@confined
async def test_torch_finds_out_what_the_processor_is(session):
    code = "import torch\nones = torch.ones(1, 1, 4, 4)\nones @ ones\ntorch.nn.functional.conv2d(ones, ones)"
    seen = await run(session, code)
    assert (seen.failure, text_of(seen, "stderr")) == (None, "")


@forking
async def test_states_that_hold_shared_memory_give_way_too(held):
    for turn in range(5):
        code = "import mmap, time\ntime.sleep(0.25)\nheld = mmap.mmap(-1, 60 << 20)\nheld.write(bytes(60 << 20))"
        code += f"  # {turn}"
        assert (await run(held, code)).failure is None
    await run(held, "1")
    taken = sum(processes.measure_pss(kept.worker.pid) for kept in held.engine.kept if kept.executed)
    assert taken <= 160 << 20

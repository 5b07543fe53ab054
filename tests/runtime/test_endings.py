"""How runs end that do not end by themselves, and that nothing is left over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import aclosing

import psutil
import pytest
from cells import displays, events_of, prefix, request, run, text_of
from runtimes import unconfined

from foretell.errors import RuntimeUnavailable
from foretell.model.run import CellSource, Failure, RunRequest, StreamOutput
from foretell.runtime.flight import GRACE_SECONDS
from foretell.runtime.session import Limits, fresh_session
from foretell.runtime.snapshots import Snapshots


async def run_and_stop(session, code: str, after: str = "ready") -> tuple[list, float]:
    """Run `code`, stop it once it has printed `after`, and say how long the stop took."""
    events, asked = [], 0.0
    stopping = None
    async for event in session.run(request(code)):
        events.append(event)
        if isinstance(event, StreamOutput) and after in event.text and stopping is None:
            await asyncio.sleep(0.1)
            asked = time.monotonic()
            stopping = asyncio.create_task(session.stop())
    taken = time.monotonic() - asked
    await stopping
    return events, taken


async def test_stop_interrupts_an_endless_loop_at_once(session):
    events, taken = await run_and_stop(session, "print('ready')\nwhile True:\n    pass")
    assert events[-1].failure.kind == "stopped"
    assert events[-1].failure.line in (2, 3)
    assert taken < GRACE_SECONDS


async def test_stop_kills_what_will_not_be_interrupted(session):
    code = "print('ready')\nwhile True:\n    try:\n        x = 1\n    except KeyboardInterrupt:\n        pass"
    stubborn = f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n{code}"
    events, taken = await run_and_stop(session, stubborn)
    assert events[-1].failure.kind == "stopped"
    assert 1.5 < taken < 3.5


async def test_a_stopped_cell_is_passed_over_above_others_and_named(session):
    code = "before = 1\nprint('ready')\nwhile True:\n    pass"
    await run_and_stop(session, code)
    seen = await run(session, code, "2")
    assert displays(seen) == [{"text/plain": "2"}]
    assert seen.failed_before == ("c0",)


async def test_stop_without_a_run_does_nothing(session):
    await session.stop()
    assert (await run(session, "1")).failure is None


async def test_a_process_that_is_ended_is_told_with_its_code_and_started_again(session):
    seen = await run(session, "kept = 1", "print('first')\nimport os\nos._exit(3)")
    assert seen.failure.kind == "exit"
    assert "exit code 3" in seen.failure.message
    assert text_of(seen) == "first\n"
    assert displays(await run(session, "kept = 1", "kept")) == [{"text/plain": "1"}]


async def test_a_segmentation_fault_is_told_by_its_name(session):
    seen = await run(session, "import ctypes\nassert 1\nctypes.string_at(0)")
    assert seen.failure.kind == "crash"
    assert "SIGSEGV" in seen.failure.message
    assert [row.passed for row in seen.asserts] == [None]


async def test_a_cell_that_ends_its_process_is_passed_over_above_others(session):
    seen = await run(session, "a = 1", "import os\nos._exit(1)", "a + 1")
    assert displays(seen) == [{"text/plain": "2"}]
    assert seen.failed_before == ("c1",)


@unconfined
async def test_a_worker_killed_from_outside_is_told_and_replayed(session):
    code = "import os, time\nprint(os.getpid())\ntime.sleep(60)"
    events = []
    async for event in session.run(request("x = 4", code)):
        events.append(event)
        if isinstance(event, StreamOutput) and event.text.strip():
            os.kill(int(event.text), signal.SIGKILL)
    assert events[-1].failure.kind == "crash"
    assert "SIGKILL" in events[-1].failure.message
    assert displays(await run(session, "x = 4", "x")) == [{"text/plain": "4"}]


@unconfined
async def test_a_worker_killed_between_runs_is_not_noticed(session):
    pid = int(text_of(await run(session, "import os\nprint(os.getpid())")))
    os.kill(pid, signal.SIGKILL)
    seen = await run(session, "import os\nprint(os.getpid())", "os.getpid()")
    assert seen.failure is None
    assert displays(seen) != [{"text/plain": str(pid)}]


async def test_writing_into_our_own_pipe_is_a_crash_and_no_error(session):
    code = (
        "import os, stat\n"
        "for fd in range(3, 40):\n    try:\n        mode = os.fstat(fd).st_mode\n"
        "        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):\n"
        "            os.write(fd, b'GET / HTTP/1.1')\n    except OSError:\n        pass"
    )
    seen = await run(session, code)
    assert seen.failure.kind == "crash"
    assert "pipe" in seen.failure.message
    assert (await run(session, "1")).failure is None


@unconfined
async def test_closing_the_iterator_ends_the_run(session):
    async with aclosing(session.run(request("import os\nprint(os.getpid())\nwhile True: pass"))) as events:
        async for event in events:
            if isinstance(event, StreamOutput):
                pid = int(event.text)
                break
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert (await run(session, "1")).failure is None


@pytest.fixture(scope="module")
async def narrow(make_session, tmp_path_factory):
    """A session with tight limits."""
    limits = Limits(wall_seconds=1.0, output_bytes=10_000, picture_bytes=2_000, memory_bytes=600 << 20)
    session = make_session(tmp_path_factory.mktemp("narrow"), limits)
    yield session
    await session.close()


async def test_a_flood_of_output_is_cut_at_the_limit_and_told(narrow):
    events = await events_of(narrow, request("while True:\n    print('x' * 100)"))
    shown = sum(len(event.text) for event in events if isinstance(event, StreamOutput))
    assert shown == 10_000
    assert events[-1].failure.kind == "output"
    assert "9.766 KB" in events[-1].failure.message


async def test_a_flood_of_native_output_is_cut_too(narrow):
    seen = await run(narrow, "import os\nwhile True:\n    os.write(1, b'y' * 1000)")
    assert seen.failure.kind == "output"


async def test_a_flood_of_clearings_is_cut_too(narrow):
    seen = await run(narrow, "from IPython.display import clear_output\nwhile True:\n    clear_output()")
    assert seen.failure.kind == "output"


async def test_a_cell_over_its_time_is_ended_and_told(narrow):
    started = time.monotonic()
    seen = await run(narrow, "while True:\n    pass")
    assert seen.failure.kind == "time"
    assert "the limit of 1 second and" in seen.failure.message
    assert seen.failure.line in (1, 2)
    assert time.monotonic() - started < 4


async def test_a_cell_over_its_memory_is_ended_and_told(make_session, tmp_path):
    session = make_session(tmp_path, Limits(memory_bytes=600 << 20))
    try:
        seen = await run(session, "import time\nheld = bytearray(700 << 20)\ntime.sleep(60)")
    finally:
        await session.close()
    # A jail refuses what is too much, so that Python says where; elsewhere the process is ended.
    assert seen.failure.kind in ("memory", "MemoryError")
    assert "600 MB" in seen.failure.message


async def test_a_picture_too_large_is_replaced_by_a_sentence(narrow):
    seen = await run(narrow, "class P:\n    def _repr_png_(self): return b'x' * 3000\nP()")
    (shown,) = displays(seen)
    assert "image/png" not in shown
    assert "2.93 KB" in shown["text/plain"]
    assert seen.failure is None


async def test_too_many_pictures_end_the_run(narrow):
    code = (
        "import struct\nhead = b'\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR' + struct.pack('>II', 8, 8)\n"
        "class P:\n    def _repr_png_(self): return head + b'x' * 1876\nfor _ in range(20):\n    display(P())"
    )
    seen = await run(narrow, code)
    assert seen.failure.kind == "output"
    assert "pictures" in seen.failure.message


async def test_closing_a_session_leaves_no_process(make_session, tmp_path):
    session = make_session(tmp_path)
    await run(session, "import os, time\nif os.fork() == 0:\n    time.sleep(60)\nx = 1", "x")
    await session.complete((), "x", 1)
    running = asyncio.create_task(run(session, "import os, time\nos.fork()\ntime.sleep(60)"))
    await asyncio.sleep(0.7)
    mine = processes_of(session, tmp_path)
    assert len(mine) >= 3
    await session.close()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(0.1)
    assert [process for process in mine if process.is_running() and process.status() != "zombie"] == []


async def test_a_closed_session_says_so(make_session, tmp_path):
    session = make_session(tmp_path)
    waiting = asyncio.create_task(run(session, "import time\ntime.sleep(30)"))
    queued = asyncio.create_task(run(session, "1"))
    await asyncio.sleep(0.5)
    await session.close()
    assert (await waiting).failure.kind == "stopped"
    with pytest.raises(RuntimeUnavailable, match="closed"):
        await queued
    await session.close()


def processes_of(session, cwd) -> list[psutil.Process]:
    if isinstance(session.engine, Snapshots):
        return [psutil.Process(pid) for pid in session.engine._household.jail.processes()]
    return [process for process in psutil.Process().children(recursive=True) if process.cwd() == str(cwd)]


async def test_a_worker_that_cannot_start_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    session = fresh_session(limits=Limits(), seed=1, cwd=tmp_path / "file" / "below")
    with pytest.raises(RuntimeUnavailable, match=r"could not be started.*doctor"):
        await run(session, "1")
    await session.close()


async def test_a_module_that_cannot_be_imported_beforehand_fails_only_the_cell_that_imports_it(make_session, tmp_path):
    (tmp_path / "broken_on_import.py").write_text("raise SystemExit(5)")
    session = make_session(tmp_path, preload=("no_such_module_of_ours",))
    seen = await run(session, "import no_such_module_of_ours")
    assert seen.failure == Failure(
        kind="ModuleNotFoundError", message="No module named 'no_such_module_of_ours'", line=1
    )
    await session.close()


async def test_stop_reaches_a_run_that_still_waits_for_its_turn(make_session, tmp_path):
    session = make_session(tmp_path)
    slow = "import time\nclass Slow:\n    def __dir__(self): time.sleep(3); return []\nslow = Slow()"
    await run(session, slow)
    asking = asyncio.create_task(session.complete(prefix(slow), "slow.", 5))
    await asyncio.sleep(0.3)
    waiting = asyncio.create_task(run(session, slow, "while True: pass"))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(session.stop(), 10)
    assert (await asyncio.wait_for(waiting, 5)).failure.kind == "stopped"
    await asking
    assert (await run(session, slow, "print('on')")).failure is None
    await session.close()


async def test_a_session_closes_at_once_while_a_state_is_built_for_a_question(make_session, tmp_path):
    session = make_session(tmp_path)
    asking = asyncio.create_task(session.complete(prefix("import time; time.sleep(12)"), "ti", 2))
    await asyncio.sleep(2)
    started = time.monotonic()
    await session.close()
    assert time.monotonic() - started < 5
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_spare_that_could_not_start_is_not_what_the_next_run_meets(tmp_path):
    cwd = tmp_path / "cells"
    cwd.write_text("a file where the folder should be")
    session = fresh_session(limits=Limits(), seed=7, cwd=cwd)
    with pytest.raises(RuntimeUnavailable):
        await run(session, "1")
    await asyncio.sleep(0.2)
    cwd.unlink()
    assert (await run(session, "1")).failure is None
    await session.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a busy worker outlives its supervisor elsewhere")
def test_no_worker_survives_its_supervisor(tmp_path):
    program = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from foretell.model.run import CellSource, RunRequest, StreamOutput
        from foretell.runtime.session import fresh_session, Limits

        async def main():
            session = fresh_session(limits=Limits(), seed=1, cwd=Path(sys.argv[1]))
            busy = CellSource(cell="a", text="import os\\nprint(os.getpid())\\nwhile True: pass")
            async for event in session.run(RunRequest(prefix=(), cell=busy)):
                print(event.text, flush=True)

        asyncio.run(main())
    """)
    supervisor = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        worker = int(supervisor.stdout.readline())
    finally:
        supervisor.kill()
        supervisor.wait()
        supervisor.stdout.close()
    deadline = time.monotonic() + 3
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != "zombie":
        assert time.monotonic() < deadline, "the worker outlived its supervisor"
        time.sleep(0.05)


@pytest.mark.parametrize(("keeps_source", "named"), [(True, "an earlier cell (while True:) was"), (False, "cell was")])
async def test_a_stop_in_an_earlier_cell_names_it_by_how_it_begins_where_the_learner_has_it(
    session, keeps_source, named
):
    above = CellSource(cell="above", text=f"\nwhile True:\n    pass  # {named}", keeps_source=keeps_source)
    asked = RunRequest(prefix=(above,), cell=CellSource(cell="below", text="1"))
    running = asyncio.create_task(events_of(session, asked))
    await asyncio.sleep(0.8)
    await session.stop()
    failure = (await running)[-1].failure
    assert failure.kind == "stopped"
    assert named in failure.message

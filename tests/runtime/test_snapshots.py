"""Snapshots: a run from one gives what a run from the start gives, and nothing of a run outlives it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import psutil
import pytest
from cells import events_of, request, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretell.model.run import Replaying
from foretell.runtime import roots, snapshots, tree
from foretell.runtime.session import Limits, fresh_session

CELLS = (
    "import random, numpy, torch\nimport matplotlib.pyplot as plt\nx = 1",
    "x = random.random() + float(numpy.random.rand()) + torch.rand(1).item()\nprint(x)",
    "torch.nn.Linear(2, 3)",
    "plt.plot([0, x])\nplt.title(f'{x:.3f}')\nplt.show()",
    "%config InlineBackend.figure_formats = ['svg']\nplt.figure(figsize=(1, 1)); plt.plot([x, 1]);",
    "x += 1\nprint({'b', 'a', 'c'}, hash('x'), In[-1], x)\nx",
    "class Net(torch.nn.Module):\n    pass\nnet = Net()\nnet",
    "open('notes.txt', 'a').write(f'{x}\\n')\nprint(open('notes.txt').read())",
    "import os\nprint(sorted(os.listdir('.')), os.path.basename(os.getcwd()))",
    "import pathlib\npathlib.Path('notes.txt').unlink(missing_ok=True)",
    "raise ValueError(x)",
    "1 / 0",
    "x = 5\nassert x == 6, f'{x}'",
    "import os; os._exit(3)",
    "def f(n):\n    return [n] * n\nf(3)",
    "import warnings\nwarnings.warn('once')",
    "await __import__('asyncio').sleep(0)\nx",
    "print(f(2), _, __)",
)
edits = st.tuples(st.integers(0, 4), st.integers(0, len(CELLS) - 1))


def shown(seen):
    return seen.outputs, seen.failure, seen.asserts, seen.failed_before


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(edits, min_size=3, max_size=10))
async def test_a_run_from_a_snapshot_gives_what_a_run_from_the_start_gives(open_supervisor, steps):
    texts = [CELLS[0]] + [CELLS[1]] * 5
    modules = ("torch", "matplotlib.pyplot")
    kept = open_supervisor.session(limits=Limits(), seed=3, preload=modules)
    for place, variant in steps:
        texts[place + 1] = CELLS[variant]
        afresh = open_supervisor.session(limits=Limits(), seed=3, preload=modules, keeps_snapshots=False)
        seen = await run(kept, *texts[: place + 2])
        told = await run(afresh, *texts[: place + 2])
        await afresh.close()
        assert shown(seen) == shown(told), texts[: place + 2]
    await kept.close()


async def test_a_run_in_a_jail_gives_what_a_fresh_process_gives(jailed_supervisor, tmp_path):
    # What the root has done ahead of time is on both sides above; here it is on one.
    modules = ("torch", "matplotlib.pyplot")
    texts = [text for text in CELLS if "basename" not in text]
    forked = jailed_supervisor.session(limits=Limits(), seed=3, preload=modules)
    fresh = fresh_session(limits=Limits(), seed=3, cwd=tmp_path, preload=modules)
    for place in range(1, len(texts) + 1):
        seen, told = await run(forked, *texts[:place]), await run(fresh, *texts[:place])
        assert shown(seen) == shown(told), texts[place - 1]
    await asyncio.gather(forked.close(), fresh.close())


async def test_an_edit_far_up_forks_from_the_snapshot_above_it(open_supervisor):
    session = open_supervisor.session(limits=Limits(), seed=1)
    slow = ("import time; time.sleep(0.4); a = 1", "time.sleep(0.4); b = 2")
    await run(session, *slow, "a + b")
    replayed = await events_of(session, request(slow[0], "a"))
    assert not any(isinstance(event, Replaying) for event in replayed)
    await session.close()


async def test_what_is_cheap_to_replay_is_not_kept_for_long(open_supervisor):
    session = open_supervisor.session(limits=Limits(), seed=1)
    texts = [f"x{number} = {number}" for number in range(8)]
    for number in range(8):
        await run(session, *texts[: number + 1])
    await asyncio.sleep(0.3)
    light = [kept for kept in session.engine.kept if not kept.is_worth_keeping]
    assert len(light) <= tree.RECENT_SNAPSHOTS
    assert (await run(session, *texts[:4], "x0 + x3")).failure is None
    await session.close()


async def test_while_a_learner_thinks_the_later_of_two_cheap_neighbours_goes(open_supervisor, monkeypatch):
    monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(tree, "CHEAP_SECONDS", 0.05)
    session = open_supervisor.session(limits=Limits(), seed=1)
    await run(session, "x = 1", "y = 2", "z = x + y")
    await run(session, "x = 1", "y = 2", "import time; time.sleep(0.06)")
    await asyncio.sleep(0.6)
    assert [len(kept.executed) for kept in session.engine.kept if kept.executed] == [2, 3], "the second took long"
    await run(session, "x = 1", "y = 2", "z = x + y")
    await asyncio.sleep(0.6)
    assert [len(kept.executed) for kept in session.engine.kept if kept.executed] == [2]
    assert (await run(session, "x = 1", "y = 2", "z = x + y", "print(z)")).outputs[0].text == "3\n"
    await session.close()


OBSTACLES = {
    "a running thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "an open file or socket": "import socket\ns = socket.socketpair()",
    "shared memory": "import mmap\nm = mmap.mmap(-1, 4096)",
    "a timer": "import signal\nsignal.signal(signal.SIGALRM, print)\nsignal.setitimer(signal.ITIMER_REAL, 50)",
    "a child process": "import os, time\nchild = os.fork()\nif not child:\n    time.sleep(60)\n    os._exit(0)",
}


@pytest.mark.parametrize("what", OBSTACLES)
async def test_no_snapshot_is_taken_of_what_a_fork_would_lose_and_the_log_says_so(open_supervisor, caplog, what):
    session = open_supervisor.session(limits=Limits(), seed=1)
    with caplog.at_level(logging.INFO, "foretell.runtime.snapshots"):
        assert (await run(session, OBSTACLES[what])).failure is None
        assert (await run(session, OBSTACLES[what], "import os\nos.getpid()")).failure is None
        assert (await run(session, OBSTACLES[what], "x = 1")).failure is None
        await asyncio.sleep(0.2)
    assert any(what in record.message for record in caplog.records)
    assert all(kept.can_fork is False for kept in session.engine.kept if kept.executed)
    await session.close()


async def test_a_thread_of_an_earlier_cell_runs_for_the_next(open_supervisor):
    session = open_supervisor.session(limits=Limits(), seed=1)
    above = (
        "import threading, queue\nasked, told = queue.Queue(), queue.Queue()\n"
        "threading.Thread(target=lambda: told.put(asked.get() + 1), daemon=True).start()",
    )
    for _ in range(2):
        seen = await run(session, *above, "asked.put(1); print(told.get(timeout=5))")
        assert seen.failure is None
        assert seen.outputs[0].text == "2\n"
    await session.close()


async def test_a_child_of_an_earlier_cell_lives_for_the_next_and_no_longer(open_supervisor):
    session = open_supervisor.session(limits=Limits(), seed=1)
    above = (
        "import os, time\nr, w = os.pipe()\nchild = os.fork()\n"
        "if not child:\n    os.write(w, b'x'); time.sleep(60); os._exit(0)",
    )
    seen = await run(session, *above, "print(os.read(r, 1)); child")
    assert seen.failure is None
    child = int(seen.outputs[-1].data["text/plain"])
    await run(session, "1")
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"
    await session.close()


async def test_what_a_run_has_started_is_gone_when_the_next_begins(open_supervisor):
    session = open_supervisor.session(limits=Limits(), seed=1)
    forks = (
        "import os, time\npids = []\nfor _ in range(5):\n    child = os.fork()\n    if not child:\n"
        "        os.fork(); time.sleep(60); os._exit(0)\n    pids.append(child)\nprint(pids)"
    )
    seen = await run(session, forks)
    pids = [int(pid) for pid in seen.outputs[0].text.strip("[]\n").split(",")]
    await run(session, "1")
    assert not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
    await session.close()


async def test_killed_processes_come_back_by_replay(open_supervisor):
    session = open_supervisor.session(limits=Limits(), seed=1)
    above = ("a = 1", "b = a + 1")
    await run(session, *above, "b")
    for victim in [*session.engine.kept]:
        os.kill(victim.worker.pid, 9)
        seen = await run(session, *above, "print(b)")
        assert seen.failure is None
        assert seen.outputs[0].text == "2\n"
    for root in open_supervisor.root_pids:
        os.kill(root, 9)
    assert (await run(session, *above, "print(b)")).failure is None
    other = open_supervisor.session(limits=Limits(), seed=1)
    assert (await run(other, "1")).failure is None
    await other.close()
    await session.close()


async def test_no_process_is_left_when_a_supervisor_has_closed(make_supervisor):
    async with make_supervisor() as supervisor:
        sessions = [supervisor.session(limits=Limits(), seed=n) for n in range(3)]
        await asyncio.gather(*(run(session, "x = 1") for session in sessions))
        endless = asyncio.create_task(run(sessions[0], "while True: pass"))
        await asyncio.sleep(0.3)
        found = [psutil.Process(pid) for pid in supervisor.root_pids]
        found += [child for root in tuple(found) for child in root.children(recursive=True)]
        assert {kept.worker.pid for session in sessions for kept in session.engine.kept} < {each.pid for each in found}
    await asyncio.gather(endless, return_exceptions=True)
    assert [process for process in found if process.is_running()] == []


async def test_memory_makes_room(make_supervisor):
    async with make_supervisor(memory_bytes=1) as supervisor:
        idle, busy = (supervisor.session(limits=Limits(), seed=1) for _ in range(2))
        await run(idle, "import time; time.sleep(0.4); x = 1")
        await run(busy, "y = 1")
        await asyncio.sleep(0.5)
        assert [kept.executed for kept in idle.engine.kept] == [()]
        above = ("import time; time.sleep(0.4); x = 1",)
        assert (await run(idle, *above, "print(x)")).outputs[0].text == "1\n"


async def test_an_idle_session_keeps_no_processes_and_comes_back(make_supervisor):
    async with make_supervisor(idle_seconds=0.3) as supervisor:
        session = supervisor.session(limits=Limits(), seed=1)
        await run(session, "x = 1")
        await asyncio.sleep(1)
        assert session.engine.kept == ()
        assert (await run(session, "x = 1", "print(x)")).outputs[0].text == "1\n"


async def test_libraries_that_start_threads_are_left_to_the_cells(make_supervisor, tmp_path, monkeypatch, caplog):
    (tmp_path / "busy_library.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    made = roots.environment
    monkeypatch.setattr(roots, "environment", lambda scratch: {**made(scratch), "PYTHONPATH": str(tmp_path)})
    async with make_supervisor() as supervisor:
        session = supervisor.session(limits=Limits(), seed=1, preload=("busy_library",))
        assert (await run(session, "import busy_library", "print(busy_library.time)")).failure is None
    assert any("busy_library leaves threads running" in record.message for record in caplog.records)


async def test_files_follow_the_state_in_one_process_as_in_many(open_supervisor):
    write, read = "open('n', 'a').write('x')", "print(open('n').read())"
    for keeps in (True, False):
        session = open_supervisor.session(limits=Limits(), seed=1, keeps_snapshots=keeps)
        for times in range(1, 5):
            assert (await run(session, *[write] * times, read)).outputs[0].text == "x" * times + "\n"
        assert (await run(session, write, read)).outputs[0].text == "x\n"
        assert (await run(session, read)).failure.kind == "FileNotFoundError"
        await session.close()


async def test_a_state_with_figures_drawn_can_be_forked(open_supervisor):
    draw = "import matplotlib.pyplot as plt\nplt.semilogy([1, 1000]); plt.title('$x^2$ and {}'); plt.show()"
    session = open_supervisor.session(limits=Limits(), seed=1, preload=("matplotlib.pyplot",))
    first = await run(session, draw)
    assert (await run(session, draw, draw.replace("and", "or"))).failure is None
    assert all(kept.can_fork for kept in session.engine.kept)
    assert len(first.outputs[0].data["image/png"]) > 1000
    await session.close()


async def test_a_root_that_is_killed_when_it_is_needed_is_replaced(make_supervisor):
    async with make_supervisor() as supervisor:
        supervisor.lays_ahead = False
        for turn in range(6):
            session = supervisor.session(limits=Limits(), seed=turn)
            running = asyncio.create_task(run(session, f"print({turn})"))
            for _ in range(turn):
                await asyncio.sleep(0)
            for pid in supervisor.root_pids:
                os.kill(pid, signal.SIGKILL)
            assert (await running).outputs[0].text == f"{turn}\n"
            await session.close()

"""What learner code leaves behind in a paused process, or says on the protocol, harms its own session at most.

Enters: cells that forge, patch and linger. Leaves: nothing. Each is followed by a run of the same session and one of
another learner's; the supervisor, which is this process, may take little memory and time for it.
"""

# ruff: noqa: E501, RUF100  the code of cells
from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foretell.errors import RuntimeUnavailable
from foretell.model.run import FailureKind
from foretell.runtime import snapshots
from foretell.runtime.conduct import StagedSession
from foretell.runtime.flight import GRACE_SECONDS
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits
from foretell.runtime.supervisor import Supervisor
from jail.arena import find_left
from runtime.cells import run, text_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the jail is Linux's")

LIMITS = Limits(wall_seconds=2, cpu_seconds=30, memory_bytes=512 << 20, processes=40)
MOST_BYTES = 150 << 20
RUN_SECONDS = 25.0
PRELUDE = """
import ctypes, itertools, json, os, random, select, signal, socket, struct, sys, threading, time
def frame(kind, payload=None, text=None):
    data = (json.dumps(payload) if text is None else text).encode()
    return struct.pack(">2sBBI", b"fT", 1, kind, len(data)) + data
def say(data):
    view = memoryview(data)
    while view: view = view[os.write(3, view):]
def later(act):
    "In the paused process, half a second from now; and nobody who asks Python sees the timer."
    signal.signal(signal.SIGALRM, lambda *_: act())
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    signal.getitimer = lambda _: (0.0, 0.0)
STREAM, DISPLAY = 64, 65
"""
BIG = "frame(STREAM, dict(name='stdout', text='x' * (30 << 20)))"
LATER = {
    "a handler that floods with frames": f"big = {BIG}\ndef act():\n    while True: say(big)\nlater(act)",
    "a handler that floods with small frames": "small = frame(STREAM, dict(name='stdout', text='x')) * 1000\ndef act():\n    while True: say(small)\nlater(act)",
    "a handler that begins a frame and never ends it": f"big = {BIG}[:-1]\nlater(lambda: say(big))",
    "a handler that says that it is somebody else": """
def act():
    for number in range(200):
        say(frame(41, dict(number=number, code=0)) + frame(44, dict(obstacles=["\\x1b[2J\\nforged " * 99] * 99)) + frame(40, {}))
        say(frame(42, dict(leaks=["forged"])) + frame(43, dict(nonce="", values=[], failure=None)) + frame(32, {}))
later(act)""",
    "a handler that sends descriptors": """
def act():
    end = socket.socket(fileno=os.dup(3))
    for _ in range(300): socket.send_fds(end, [frame(40, {})], [0] * 100)
later(act)""",
    "a handler that forks for ever": """
def act():
    while True:
        try: os.fork()
        except OSError: pass
later(act)""",
    "a handler that never returns": "later(lambda: [None for _ in itertools.repeat(0)])",
    "a fork that forks nothing": "os.fork = lambda: 0",
    "a fork that says there is a child": "os.fork = lambda: 12345",
    "a fork that is its own parent": "os.fork = os.getpid",
    "a fork that never returns": "os.fork = lambda: time.sleep(10 ** 6)",
    "a fork of many": """
one = os.fork
def many():
    for _ in range(8):
        if one() == 0: return 0
    return one()
os.fork = many""",
    "a poll that never returns": "select.poll = lambda: time.sleep(10 ** 6)",
    "a state of random that raises": "random.getstate = lambda: 1 / 0",
    "a hook at the fork that never returns": "os.register_at_fork(before=lambda: time.sleep(10 ** 6))",
    "a hook in the child that speaks first": "os.register_at_fork(after_in_child=lambda: say(frame(34, dict(failure=None, seconds=0.0, asserts=[])) * 50))",
    "a trace that never returns": "sys.settrace(lambda *_: time.sleep(10 ** 6))",
    "a profile that never returns": "sys.setprofile(lambda *_: time.sleep(10 ** 6))",
    "a thread that floods": f"big = {BIG}\nthreading.Thread(target=lambda: [say(big) for _ in itertools.repeat(0)], daemon=True).start()",
    "a thread that prints for ever": "threading.Thread(target=lambda: [os.write(1, b'x' * 65536) for _ in itertools.repeat(0)], daemon=True).start()",
    "no protocol any more": "os.close(3)",
    "another protocol": "a, b = socket.socketpair(); os.dup2(a.fileno(), 3)",
    "an exit in the middle of rest": "threading.active_count = lambda: os._exit(0)",
    "a rest that never comes": "threading.active_count = lambda: time.sleep(10 ** 6)",
    "a file where copies are kept": "import shutil; shutil.rmtree('/home/learner/.states', True); open('/home/learner/.states', 'w').close(); open('mine', 'w').close()",
    "a link where copies are kept": "os.symlink('/tmp', '/home/learner/.states'); open('mine', 'w').close()",
    "a pipe among the files": "os.mkfifo('pipe')",
    "a folder of nobody": "os.mkdir('shut'); open('shut/file', 'w').close(); os.chmod('shut', 0)",
    "no folder any more": "os.chdir('/'); os.rename('/home/learner/work', '/home/learner/gone')",
}
NOW = {
    "many values in one frame": "say(frame(DISPLAY, text='{\"data\": [' + ','.join(['[]'] * (7 << 20)) + ']}'))\ntime.sleep(9)",
    "many obstacles": "say(frame(44, text='{\"obstacles\": [' + ','.join(['\"\"'] * (7 << 20)) + ']}'))\ntime.sleep(9)",
    "a number of many digits": "say(frame(41, text='{\"number\": 1, \"code\": ' + '9' * (1 << 20) + '}'))\ntime.sleep(9)",
    "lists in lists in lists": "say(frame(35, text='{\"seen\": ' + '[' * 100000 + ']' * 100000 + '}'))\ntime.sleep(9)",
    "quotes in a text that never ends": """say(frame(STREAM, text='{"name":"stdout","text":"' + (chr(92) + chr(34)) * 600_000))\ntime.sleep(9)""",
    "a number that no float can hold": """
end = time.monotonic() + 1
while time.monotonic() < end:
    say(frame(34, text='{"failure":null,"asserts":[],"seconds":' + '9' * 400 + '}'))""",
    "errors without end": "while True: say(frame(66, dict(name='E', value='v', lines=['x' * (20 << 20)])))",
    "names of displays without end": "while True: say(frame(DISPLAY, dict(data={'text/plain': ''}, execution_count=None, display_id='x' * (20 << 20))))",
    "half a frame": f"say({BIG}[:-1])\ntime.sleep(9)",
    "an end before the end": "say(frame(34, dict(failure=None, seconds=-1e308, asserts=[])) + frame(44, dict(obstacles=[])))",
    "text that is no text": 'say(frame(STREAM, text=\'{"name": "stdout", "text": "\\\\ud800"}\'))',
    "a stream of another name": "say(frame(STREAM, dict(name='../../x', text='y')))",
    "a picture that is none": "say(frame(DISPLAY, dict(data={'image/png': '=' * 99, 'text/html': '<script>'}, execution_count=-(10 ** 30), display_id=None)))",
}

MAPS = """
import ctypes, os
os.chdir("/tmp")
for _ in range(40):
    os.mkdir("\\n" * 255); os.chdir("\\n" * 255)
held = os.open("f", os.O_RDWR | os.O_CREAT); os.ftruncate(held, 8192)
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for turn in range(20_000): libc.mmap(None, 4096, 1, 2, held, 4096 * (turn % 2))
os.close(held); os.chdir("/home/learner/work")
"""
BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for a rest that never comes: three tries of it are waited for."""
    monkeypatch.setattr(snapshots, "REST_SECONDS", 1.5)


@pytest.fixture(scope="module", params=[Level.A, Level.B] if os.geteuid() == 0 else [Level.B])
async def supervisor(request: pytest.FixtureRequest) -> AsyncIterator[Supervisor]:
    async with Supervisor(level=request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
async def neighbour(supervisor: Supervisor) -> StagedSession:
    session = supervisor.session(limits=LIMITS, seed=2)
    await run(session, "kept = 6")
    return session


def peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


async def look_after(supervisor: Supervisor, neighbour: StagedSession, code: str, wait: float) -> None:
    session = supervisor.session(limits=LIMITS, seed=1)
    Path("/proc/self/clear_refs").write_text("5")
    peak, roots = peak_bytes(), supervisor.root_pids
    try:
        async with asyncio.timeout(RUN_SECONDS):
            await run(session, PRELUDE + code)
        began = time.monotonic()
        await asyncio.sleep(wait)
        assert time.monotonic() - began < wait + 3, "the supervisor was kept busy"
        began = time.monotonic()
        beside = await run(neighbour, "kept = 6", "print(kept * 7)")
        assert text_of(beside) == "42\n", beside
        assert time.monotonic() - began < 10, "the neighbour was held up"
        # A state that cannot be had any more may end the run above it, in words; another prefix is as good as new.
        async with asyncio.timeout(RUN_SECONDS):
            with contextlib.suppress(RuntimeUnavailable):
                after = await run(session, PRELUDE + code, "print(6 * 7)")
                assert "42\n" in text_of(after) or after.failure, after
        async with asyncio.timeout(RUN_SECONDS):
            assert text_of(await run(session, "print(6 * 7)")) == "42\n"
        assert await find_left(supervisor, session) == frozenset()
        assert supervisor.root_pids == roots
        assert peak_bytes() - peak < MOST_BYTES
    finally:
        async with asyncio.timeout(RUN_SECONDS):
            await session.close()


@pytest.mark.parametrize("what", LATER)
async def test_what_is_left_in_a_paused_process(supervisor: Supervisor, neighbour: StagedSession, what: str) -> None:
    await look_after(supervisor, neighbour, LATER[what], 0.8 if "handler" in what or "thread" in what else 0.0)


@pytest.mark.parametrize("what", NOW)
async def test_what_is_forged_while_the_cell_runs(supervisor: Supervisor, neighbour: StagedSession, what: str) -> None:
    await look_after(supervisor, neighbour, NOW[what], 0.0)


async def test_a_fork_bomb_that_takes_no_refusal_goes_as_a_whole(supervisor: Supervisor) -> None:
    session = supervisor.session(limits=LIMITS, seed=1)
    await session.start()
    began = time.monotonic()
    seen = await run(session, BOMB)
    # The last six are for a machine that does other things too: idle it takes 0.1.
    assert time.monotonic() - began < LIMITS.wall_seconds + GRACE_SECONDS + 6
    assert seen.failure.kind == FailureKind.TIME
    assert text_of(await run(session, "print(6 * 7)")) == "42\n"
    assert await find_left(supervisor, session) == frozenset()
    await session.close()


async def test_a_table_of_what_is_mapped_that_never_ends_is_not_read_to_its_end(
    supervisor: Supervisor, neighbour: StagedSession
) -> None:
    Path("/proc/self/clear_refs").write_text("5")
    peak = peak_bytes()
    session = supervisor.session(limits=LIMITS, seed=1)
    await run(session, MAPS)
    assert text_of(await run(session, MAPS, "print(6 * 7)")) == "42\n"
    assert text_of(await run(neighbour, "kept = 6", "print(kept * 7)")) == "42\n"
    await session.close()
    assert peak_bytes() - peak < 60 << 20


async def test_a_process_that_does_not_read_holds_up_nobody(supervisor: Supervisor, neighbour: StagedSession) -> None:
    hook, large = "import os, time\nos.fork = lambda: time.sleep(1e6)", "#" + "x" * 600_000 + "\nprint(1)"
    for _ in range(3):
        session = supervisor.session(limits=LIMITS, seed=1)
        await run(session, hook)
        running = asyncio.create_task(run(session, hook, large))
        await asyncio.sleep(0.5)
        async with asyncio.timeout(RUN_SECONDS):
            await session.stop()
            await running
            await session.close()
        for turn in range(3):
            assert text_of(await run(neighbour, "kept = 6", f"print(kept * 7, {turn})")) == f"42 {turn}\n"

"""Limits where nothing confines: those that the platform has, set by each process for itself."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from cells import displays, run, text_of
from runtimes import unconfined

from foretell.runtime import limits, spawn
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Rlimit
from foretell.runtime.session import fresh_session

LIMITS = Limits(cpu_seconds=1, open_files=60, file_bytes=1 << 20, memory_bytes=300 << 20)
BUSY = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end:\n    pass"


@pytest.fixture(scope="module")
async def held(make_session, tmp_path_factory):
    made = make_session(tmp_path_factory.mktemp("held"), LIMITS)
    yield made
    await made.close()


@unconfined
async def test_too_much_computing_is_ended_and_told_with_the_limit(held):
    started = time.monotonic()
    seen = await run(held, BUSY.format(60))
    assert seen.failure.kind == "time"
    assert "more than the limit of 1 second of computing and was ended" in seen.failure.message
    assert time.monotonic() - started < 15


@unconfined
async def test_each_cell_has_its_own_time_of_computing(held):
    cells = [BUSY.format(0.7) + f"\nn = {n}" for n in range(4)]
    for count in range(1, 5):
        assert (await run(held, *cells[:count])).failure is None
    assert displays(await run(held, *cells, "n")) == [{"text/plain": "3"}]


@unconfined
async def test_waiting_is_no_computing(held):
    assert (await run(held, "import time\ntime.sleep(2.5)")).failure is None


@unconfined
async def test_too_many_open_files_are_told_with_the_limit(held):
    seen = await run(held, "kept = [open('/dev/null') for _ in range(99)]")
    assert "more files open than the limit of 60." in seen.failure.message


@unconfined
async def test_a_file_too_large_is_told_with_the_limit(held):
    seen = await run(held, "with open('large', 'wb') as file:\n    file.write(bytes(2 << 20))")
    assert "more than the limit of 1 MB for one file" in seen.failure.message


@unconfined
async def test_memory_is_refused_in_words_and_the_state_is_kept(held):
    seen = await run(held, "kept = 1", "large = bytearray(400 << 20)")
    assert seen.failure.kind == "MemoryError"
    assert "more memory than the limit of 300 MB leaves it" in seen.failure.message
    assert (await run(held, "kept = 1", "medium = bytearray(100 << 20)")).failure is None


@unconfined
async def test_a_cell_cannot_raise_its_limits_and_leaves_no_core(held):
    code = (
        "import resource as r\nprint(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CORE))\n"
        "r.setrlimit(r.RLIMIT_NOFILE, (9999, 9999))"
    )
    seen = await run(held, code)
    assert text_of(seen) == "(60, 60) (0, 0)\n"
    # Whoever is root may raise anything: the portable runtime runs as the learner, and confines nobody.
    assert seen.failure is None or seen.failure.kind == "ValueError"


@unconfined
async def test_processes_are_not_limited(held):
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NPROC))"
    assert text_of(await run(held, code)) == f"{resource.getrlimit(resource.RLIMIT_NPROC)}\n"


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux", {"NOFILE", "FSIZE", "CORE", "AS"}),
        ("darwin", {"NOFILE", "FSIZE", "CORE"}),
        ("win32", set()),
    ],
)
def test_each_platform_is_asked_for_what_it_has(monkeypatch, platform, names):
    monkeypatch.setattr(limits.sys, "platform", platform)
    assert {rlimit.name.removeprefix("RLIMIT_") for rlimit in limits.rlimits_of(LIMITS)} == names


def test_without_limits_of_a_door_memory_is_not_limited():
    assert {rlimit.name for rlimit in limits.rlimits_of(Limits())} == {"RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE"}


async def test_a_limit_that_is_refused_or_unknown_keeps_nobody_from_starting(tmp_path: Path, monkeypatch):
    refused = (Rlimit(name="RLIMIT_NOFILE", limit=1 << 62), Rlimit(name="RLIMIT_OF_ANOTHER", limit=1))
    monkeypatch.setattr(spawn, "rlimits_of", lambda _: refused)
    session = fresh_session(limits=Limits(), seed=7, cwd=tmp_path)
    assert (await run(session, "1")).failure is None
    await session.close()


async def test_memory_that_processes_share_is_counted_once(tmp_path):
    session = fresh_session(limits=Limits(memory_bytes=1 << 30), seed=7, cwd=tmp_path)
    code = (
        "import os, time\nheld = b'x' * (300 << 20)\nfor _ in range(6):\n"
        "    if os.fork() == 0:\n        time.sleep(30)\n        os._exit(0)\ntime.sleep(1)"
    )
    assert (await run(session, code)).failure is None
    await session.close()

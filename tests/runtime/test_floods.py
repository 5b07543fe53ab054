"""Text printed without pause: soon shown, all of it, in order, and no burden to anybody."""

from __future__ import annotations

import asyncio
import time

import pytest
from cells import displays, events_of, request, run, text_of, traceback_of
from runtimes import forking

from foretell.model.run import DisplayOutput, ErrorOutput, FailureKind, StreamOutput
from foretell.runtime import manners
from foretell.runtime.session import Limits

FLOOD = "for i in range({0}):\n    print(i)\n"


def counted(most: int) -> str:
    return "".join(f"{i}\n" for i in range(most))


async def test_what_is_printed_without_pause_is_shown_whole_and_in_order_with_all_else(session):
    flood = FLOOD.format(4000)
    code = f"import sys\n{flood}display('shown')\n{flood}sys.stderr.write('err\\n')\n{flood}1 / 0"
    seen = await run(session, code)
    kinds = [type(out) for out in seen.outputs]
    assert kinds == [StreamOutput, DisplayOutput, StreamOutput, StreamOutput, StreamOutput, ErrorOutput]
    assert seen.outputs[0].text == seen.outputs[2].text == seen.outputs[4].text == counted(4000)
    assert displays(seen) == [{"text/plain": "'shown'"}]
    assert text_of(seen, "stderr") == "err\n"
    assert "ZeroDivisionError" in traceback_of(seen)


@pytest.mark.parametrize("end", ["import os\nos._exit(3)", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"])
async def test_what_was_printed_before_a_process_is_gone_is_shown(session, end):
    seen = await run(session, f"{FLOOD.format(4000)}print('last', end='')\n{end}")
    assert text_of(seen) == f"{counted(4000)}last"


async def test_what_is_printed_before_a_pause_does_not_wait_for_its_end(session):
    pause = "while True:\n    time.sleep(0.05)"
    code = f"import time\n{FLOOD.format(3000)}time.sleep(0.3)\nprint('10%', end='\\r')\n{pause}"
    stopping = None
    async with asyncio.timeout(30):
        async for event in session.run(request(code)):
            if isinstance(event, StreamOutput) and "10%" in event.text:
                stopping = asyncio.create_task(session.stop())
    assert stopping is not None, "the cell was ended before its text was seen"
    await stopping
    assert event.failure.kind == FailureKind.STOPPED


async def test_a_cell_after_a_flood_is_like_any_other(session):
    look = (
        "import os\ndef is_open(n):\n    try:\n        return bool(os.fstat(n))\n"
        "    except OSError:\n        return False\n"
    )
    count = "print(sum(map(is_open, range(200))))"
    before = text_of(await run(session, f"{look}{count}"))
    seen = await run(session, f"{look}{FLOOD.format(3000)}", count)
    assert text_of(seen) == before


async def test_threads_that_print_lose_nothing(session):
    code = (
        "import threading\ndef work(n):\n    for i in range(2000):\n        print(f'{n} {i}\\n', end='')\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n"
        "for t in threads: t.start()\nfor t in threads: t.join()\nprint('over')"
    )
    text = text_of(await run(session, code))
    assert text.endswith("over\n")
    for place in range(4):
        lines = [line for line in text.split("\n") if line.startswith(f"{place} ")]
        assert lines == [f"{place} {i}" for i in range(2000)]


async def test_descriptors_that_a_cell_moves_change_nothing(session):
    code = (
        f"import os\n{FLOOD.format(2000)}kept, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)\nos.dup2(null, 1)\n"
        f"print('meanwhile')\nos.dup2(kept, 1)\nprint('after')"
    )
    assert text_of(await run(session, code)) == f"{counted(2000)}meanwhile\nafter\n"


@forking
async def test_as_many_pieces_as_fit_the_limit_of_text_are_no_fault(session, monkeypatch):
    monkeypatch.setattr(manners, "FRAMES_OF_A_RUN", 1000)
    seen = await run(session, "for _ in range(20_000):\n    print('x')")
    assert seen.failure is None
    assert text_of(seen) == "x\n" * 20_000


@forking
async def test_printing_for_ever_is_ended_soon_and_for_what_it_is(make_session, tmp_path):
    session = make_session(tmp_path, Limits(output_bytes=200_000))
    asked = time.monotonic()
    async with asyncio.timeout(30):
        seen = (await events_of(session, request("while True:\n    print()")))[-1]
    await session.close()
    assert seen.failure.kind == FailureKind.OUTPUT
    assert time.monotonic() - asked < 8
    assert text_of(seen) == "\n" * 200_000

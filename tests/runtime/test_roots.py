"""A root that is killed from outside is closed like any other."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time

import pytest

from foretell.runtime.jail.family import is_dead
from foretell.runtime.roots import Root

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there are no roots elsewhere")


async def test_closing_a_root_that_was_killed_leaves_its_end_to_asyncio(caplog):
    # Who learns of an end first is a race, which closing at once used to win every other time.
    for attempt in range(30):
        ours, theirs = socket.socketpair()
        process = await asyncio.create_subprocess_exec("sleep", "60")
        root = Root(process, ours)
        os.kill(process.pid, signal.SIGKILL)
        close_at = time.monotonic() + attempt % 6 * 0.0005
        while time.monotonic() < close_at:
            pass
        await root.close()
        await root.close()
        theirs.close()
        assert process.returncode == -signal.SIGKILL
    assert not caplog.records


async def test_a_root_that_was_killed_is_unfit_before_asyncio_knows_of_its_end():
    ours, theirs = socket.socketpair()
    process = await asyncio.create_subprocess_exec("sleep", "60")
    root = Root(process, ours)
    assert root.is_fit
    os.kill(process.pid, signal.SIGKILL)
    # Nothing is awaited meanwhile, so asyncio cannot have been told.
    while not is_dead(process.pid):
        time.sleep(0.001)
    assert process.returncode is None
    assert not root.is_fit
    await root.close()
    theirs.close()

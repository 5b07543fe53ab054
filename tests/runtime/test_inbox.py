"""What has come from a worker: kept in order, bounded, and with room told when there is some again."""

from __future__ import annotations

import asyncio

import pytest

from foretell.runtime.inbox import FEW_BATCHES, MOST_BATCHES, MOST_WAITING_BYTES, Inbox


class Filled:
    """An inbox, and how often it has said that there is room."""

    def __init__(self) -> None:
        self.told = 0
        self.inbox = Inbox(("stdout",), self._tell)

    def _tell(self) -> None:
        self.told += 1


async def test_arrivals_come_in_the_order_in_which_they_were_put():
    inbox = Filled().inbox
    inbox.put(["a", "b"], 2)
    inbox.put(["c"], 1)
    assert await inbox.receive() == "a"
    inbox.put(["d"], 1)
    assert inbox.receive_waiting() == ["b", "c", "d"]
    assert inbox.receive_waiting() == []


async def test_whoever_waits_gets_what_comes_later_and_empty_batches_are_passed_over():
    inbox = Filled().inbox
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(0)
    inbox.put([], 0)
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put(["late"], 4)
    assert await asyncio.wait_for(waiting, 1) == "late"


async def test_it_is_full_by_batches_and_has_room_again_once_few_are_left():
    filled = Filled()
    for number in range(MOST_BATCHES):
        assert not filled.inbox.is_full
        filled.inbox.put([number], 1)
    assert filled.inbox.is_full
    for _ in range(MOST_BATCHES - FEW_BATCHES):
        await filled.inbox.receive()
    assert filled.told == 0
    await filled.inbox.receive()
    assert filled.told == 1


async def test_it_is_full_by_bytes_however_few_the_batches():
    filled = Filled()
    filled.inbox.put(["much"], MOST_WAITING_BYTES)
    assert filled.inbox.is_full
    assert await filled.inbox.receive() == "much"
    assert not filled.inbox.is_full
    assert filled.told == 1


async def test_a_fence_is_waited_for_in_every_stream_and_not_for_ever():
    inbox = Filled().inbox
    inbox.set_fence("#fence#")
    passing = asyncio.create_task(inbox.pass_fence())
    await asyncio.sleep(0)
    assert not passing.done()
    assert inbox.natives["stdout"].feed(b"said#fence#") == "said"
    await asyncio.wait_for(passing, 0.1)
    inbox.set_fence("#other#")
    async with asyncio.timeout(2):
        await inbox.pass_fence()


@pytest.mark.parametrize("names", [(), ("stdout", "stderr")])
async def test_without_a_fence_that_is_to_come_nothing_is_waited_for(names):
    inbox = Inbox(names, lambda: None)
    for native in inbox.natives.values():
        native.finish()
    await asyncio.wait_for(inbox.pass_fence(), 0.1)

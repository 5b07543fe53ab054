"""What pages read of a press: in order, all of it, in no more messages than they have time for."""

from __future__ import annotations

import asyncio
import json
import time

from foretell.web.stream import SECONDS_BETWEEN_TEXTS, Live


class Page:
    """Reads a stream as a browser does, each message together with when it came; `shown` is what stands there then."""

    def __init__(self, live: Live, seen: int = 0) -> None:
        self.live = live
        self.seen = seen
        self.messages: list[tuple[str, dict]] = []
        self.came: list[float] = []
        self.shown = ""

    async def read(self, most: int = 1 << 30) -> Page:
        async for line in self.live.lines(self.seen):
            number, name, data = (part.partition(": ")[2] for part in line.strip().split("\n"))
            said = json.loads(data)
            self.seen = int(number)
            self.messages.append((name, said))
            self.came.append(time.monotonic())
            if name == "clear":
                self.shown = ""
            elif name == "output":
                self.shown = said["text"] if said.get("whole") else self.shown + said["text"]
            if len(self.messages) == most:
                break
        return self


async def test_text_that_no_page_has_read_becomes_one_message():
    live = Live(1)
    for number in range(20_000):
        await live.write("stdout", f"{number}\n")
    await live.say("done", {})
    page = await Page(live).read()
    assert [name for name, _ in page.messages] == ["output", "done"]
    assert page.shown == "".join(f"{number}\n" for number in range(20_000))


async def test_a_page_that_reads_along_gets_as_many_messages_as_it_can_read():
    live = Live(1)
    reading = asyncio.create_task(Page(live).read())
    began = time.monotonic()
    for number in range(3000):
        await live.write("stdout", f"{number}\n")
        await asyncio.sleep(0)
    took = time.monotonic() - began
    await live.say("done", {})
    page = await reading
    assert page.shown == "".join(f"{number}\n" for number in range(3000))
    assert len(page.messages) <= took / SECONDS_BETWEEN_TEXTS + 4


async def test_most_of_what_is_printed_is_sent_within_50_milliseconds():
    live = Live(1)
    reading = asyncio.create_task(Page(live).read())
    printed = []
    for wait in (0.1, 0.1, 0.001, 0.03, 0.1):
        await asyncio.sleep(wait)
        printed.append(time.monotonic())
        await live.write("stdout", f"{len(printed)}")
    await live.say("done", {})
    page = await reading
    told = {
        text: came for (name, said), came in zip(page.messages, page.came, strict=True) for text in said.get("text", "")
    }
    waits = sorted(told[str(place)] - when for place, when in enumerate(printed, start=1))
    assert waits[len(waits) // 2] < 0.05


async def test_a_page_that_comes_back_misses_nothing_and_sees_nothing_twice():
    live = Live(1)
    first = Page(live)
    await live.write("stdout", "a")
    await first.read(most=1)
    await live.write("stdout", "b")
    await live.write("stdout", "c")
    second = await Page(live).read(most=2)
    await live.write("stdout", "d")
    await live.say("done", {})
    assert (await first.read()).shown == "abcd"
    assert (await second.read()).shown == "abcd"


async def test_only_text_of_the_same_stream_joins_and_order_is_kept():
    live = Live(1)
    await live.write("stdout", "a")
    await live.write("stderr", "b")
    await live.write("stdout", "c")
    await live.say("clear", {"wait": True})
    await live.write("stdout", "d")
    await live.write("stdout", "e")
    await live.say("done", {})
    page = await Page(live).read()
    told = [(name, said.get("stream"), said.get("text")) for name, said in page.messages]
    assert told == [
        ("output", "stdout", "a"),
        ("output", "stderr", "b"),
        ("output", "stdout", "c"),
        ("clear", None, None),
        ("output", "stdout", "de"),
        ("done", None, None),
    ]


async def test_text_told_whole_takes_the_place_of_what_was_told_in_pieces():
    live = Live(1)
    page = Page(live)
    await live.write("stderr", "kept")
    await live.write("stdout", "10 %")
    await page.read(most=2)
    for percent in range(11, 100):
        await live.write("stdout", f"log\n{percent} %", is_whole=True)
        await live.write("stdout", " done")
    await live.say("done", {})
    await page.read()
    assert page.shown == "log\n99 % done"
    assert [name for name, _ in page.messages] == ["output", "output", "output", "done"]
    late = await Page(live).read()
    assert [(said.get("stream"), said.get("text")) for name, said in late.messages if name == "output"] == [
        ("stderr", "kept"),
        ("stdout", "log\n99 % done"),
    ]

"""200 learners at one server: each runs Exercise 3, in words of their own, every 20 seconds on average.

Enters: nothing but the machine. Leaves: a row. Invariant: every learner is a browser of its own (a cookie jar), every
run has text that nobody ran before; a failed run leaves the row out, whatever the times were.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

from bench.lesson import CELLS, LESSON
from bench.measure import NotMeasured, Row
from bench.served import Served, served

LEARNERS = 200
SECONDS = 120.0
BETWEEN_SECONDS = 20.0
BOUND_SECONDS = 2.0
GIVE_UP_SECONDS = 60.0
MEMORY_BYTES = 8 << 30
EXERCISE = "ex3-class"
TOKEN = re.compile(r'name="foretell-token" content="([^"]+)"')


@dataclass(slots=True)
class Tally:
    """What was seen: seconds of each run from click to done, and what failed."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    server_seconds: float = 0.0
    peak: str = ""


@dataclass(kw_only=True)
class Visitor:
    """One learner's browser, as far as the server can tell."""

    client: httpx2.AsyncClient
    token: str = ""

    async def open(self) -> None:
        """Open the lesson, as a new learner."""
        page = await self.client.get(f"/l/{LESSON.id}", follow_redirects=True)
        found = TOKEN.search(page.text)
        if found is None:
            raise NotMeasured(f"the lesson's page cannot be read ({page.status_code})")
        self.token = found[1]

    async def run(self, cell: str, code: str | None) -> str:
        """Click Run and follow the events to their end; "" if it went well."""
        base = self.client.base_url
        headers = {"Origin": str(base).rstrip("/"), "X-Foretell-Token": self.token, "X-Foretell-Fragment": "1"}
        form = {"key": uuid4().hex, "blank": "skip", "anyway": "1"} | ({"code": code} if code is not None else {})
        reply = await self.client.post(f"/l/{LESSON.id}/cells/{cell}/run", data=form, headers=headers)
        events = reply.json().get("events") if reply.status_code == 200 else None
        if not events:
            return f"{reply.status_code}: {reply.text[:200]}"
        name = ""
        async with self.client.stream("GET", events) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: ") and name == "done":
                    return _read_end(cell, json.loads(line[6:]))
        return "the events ended without an end"


def _read_end(cell: str, told: dict[str, object]) -> str:
    cells = told.get("cells")
    drawn = cells.get(cell, "") if isinstance(cells, dict) else ""
    return "" if 'data-state="done"' in drawn else f"{cell}: {told.get('announce') or told}"[:300]


def _own_words(number: int, turn: int) -> str:
    text = next(cell.text for cell in CELLS if cell.cell == EXERCISE)
    return f"{text}\nprint('learner {number}, turn {turn}')"


async def load_200(learners: int = LEARNERS, seconds: float = SECONDS) -> Row:
    """Let them all come in, then run for two minutes; 99 of 100 runs should be done within two seconds."""
    with served("serve", LESSON.id, memory_bytes=MEMORY_BYTES) as server:
        tally = await _press(server, learners, seconds)
    if tally.failures:
        for told in tally.failures[:5]:
            print(f"bench: load: {told}", file=sys.stderr)
        raise NotMeasured(f"{len(tally.failures)} of {len(tally.seconds) + len(tally.failures)} runs failed")
    if len(tally.seconds) < 100:
        raise NotMeasured(f"{len(tally.seconds)} runs are too few to tell the slowest hundredth")
    p99 = statistics.quantiles(tally.seconds, n=100)[98]
    return Row(
        name="load-200",
        ours=p99 * 1000,
        other=BOUND_SECONDS * 1000,
        unit="ms",
        other_is=f"the {BOUND_SECONDS:g} s bound; ours is the 99th of 100 runs, from click to done",
        note=(
            f"{learners} learners, {len(tally.seconds)} runs in {seconds:g} s, none failed, median "
            f"{statistics.median(tally.seconds) * 1000:.0f} ms, the server itself computes "
            f"{tally.server_seconds / len(tally.seconds) * 1000:.0f} ms a run, {server.limit}, {tally.peak}"
        ),
    )


async def _press(server: Served, learners: int, seconds: float) -> Tally:
    parts = urlsplit(server.address)
    base = f"{parts.scheme}://{parts.netloc}"
    tally = Tally()
    limits = httpx2.Limits(max_connections=4, max_keepalive_connections=2)
    clients = [httpx2.AsyncClient(base_url=base, timeout=GIVE_UP_SECONDS, limits=limits) for _ in range(learners)]
    try:
        visitors = [Visitor(client=client) for client in clients]
        few = asyncio.Semaphore(4)  # they come in one after another, as a class does, not at one blow
        await asyncio.gather(*(_come_in(visitor, few, tally) for visitor in visitors))
        if tally.failures:
            return tally
        until, before = time.monotonic() + seconds, server.cpu_seconds()
        await asyncio.gather(*(_learn(number, each, until, tally) for number, each in enumerate(visitors)))
        tally.server_seconds, tally.peak = server.cpu_seconds() - before, server.peak()
    finally:
        await asyncio.gather(*(client.aclose() for client in clients))
    return tally


async def _come_in(visitor: Visitor, few: asyncio.Semaphore, tally: Tally) -> None:
    async with few:
        try:
            await visitor.open()
            if told := await visitor.run(CELLS[0].cell, None):
                tally.failures.append(f"while coming in: {told}")
        except httpx2.HTTPError as error:
            tally.failures.append(f"while coming in: {error!r}")


async def _learn(number: int, visitor: Visitor, until: float, tally: Tally) -> None:
    chance = random.Random(number)
    turn = 0
    while True:
        pause = chance.expovariate(1 / BETWEEN_SECONDS)
        if time.monotonic() + pause > until:
            return
        await asyncio.sleep(pause)
        turn += 1
        began = time.perf_counter()
        try:
            told = await visitor.run(EXERCISE, _own_words(number, turn))
        except httpx2.HTTPError as error:
            told = repr(error)
        if told:
            tally.failures.append(told)
        else:
            tally.seconds.append(time.perf_counter() - began)

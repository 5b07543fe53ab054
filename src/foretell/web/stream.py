"""Events of a run while it runs, to as many open pages as look, as server-sent events.

Enters: messages in order (`Live.say`). Leaves: the lines of a text/event-stream, from any message on. Invariant:
a page that reconnects with the last id it saw misses nothing and sees nothing twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

SECONDS_BETWEEN_PINGS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event: its name and what it carries."""

    name: str
    data: dict[str, object]


_NOTHING = Message(name="nothing", data={})


class Live:
    """The messages of one press of Run, kept until the run is forgotten."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._messages: list[Message] = []
        self._more = asyncio.Condition()
        self.ended = False

    async def say(self, name: str, data: dict[str, object]) -> None:
        """Add a message; "done" is the last."""
        async with self._more:
            self._messages.append(Message(name=name, data=data))
            self.ended = name == "done"
            self._more.notify_all()

    async def say_instead(self, name: str, data: dict[str, object]) -> None:
        """Add a message that tells all that the last one told: that one is kept as a mere number."""
        self._messages[-1] = _NOTHING
        await self.say(name, data)

    async def done(self) -> dict[str, object]:
        """Wait for the end and give what the last message carries."""
        async with self._more:
            await self._more.wait_for(lambda: self.ended)
        return self._messages[-1].data

    async def lines(self, seen: int) -> AsyncIterator[str]:
        """Give the stream from message `seen` on, with pings while nothing happens."""
        place = max(0, seen)
        while True:
            if place < len(self._messages):
                message = self._messages[place]
                place += 1
                yield f"id: {place}\nevent: {message.name}\ndata: {json.dumps(message.data)}\n\n"
                if message.name == "done":
                    return
                continue
            if self.ended:
                return
            try:
                async with asyncio.timeout(SECONDS_BETWEEN_PINGS):
                    await self._more_than(place)
            except TimeoutError:
                yield ": still here\n\n"

    async def _more_than(self, count: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: len(self._messages) > count)

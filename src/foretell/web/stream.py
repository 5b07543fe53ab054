"""Events of a run while it runs, to as many open pages as look, as server-sent events.

Enters: messages in order (`Live.say`), and printed text (`Live.write`). Leaves: the lines of a text/event-stream, from
any message on. Invariant: a page that reconnects with the last id it saw misses nothing and sees nothing twice; a
message that a page has read does not change any more, but for being emptied where a later one tells all of it.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

SECONDS_BETWEEN_PINGS = 15.0
SECONDS_BETWEEN_TEXTS = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event: its name and what it carries, `stream` being the stream of which it is text.

    `pieces` are joined only when they are read: a cell may print tens of thousands of them.
    """

    name: str
    data: dict[str, object]
    stream: str = ""
    pieces: list[str] = field(default_factory=list)

    def line(self, number: int) -> str:
        """Give the message as a page reads it."""
        data = self.data | {"text": "".join(self.pieces)} if self.stream else self.data
        return f"id: {number}\nevent: {self.name}\ndata: {json.dumps(data)}\n\n"


_NOTHING = Message(name="nothing", data={})


class Live:
    """The messages of one press of Run, kept until the run is forgotten."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._messages: list[Message] = []
        self._read = 0
        self._more = asyncio.Condition()
        self.ended = False

    async def say(self, name: str, data: dict[str, object]) -> None:
        """Add a message; "done" is the last."""
        await self._add(Message(name=name, data=data))

    async def write(self, stream: str, text: str, *, is_whole: bool = False) -> None:
        """Add text of a stream to what stands there, or (`is_whole`) put it in place of all that the stream has shown.

        Text joins what no page has read yet, so that pages get as many messages as they can read and no more.
        """
        last = self._messages[-1] if self._messages else _NOTHING
        is_read = self._read >= len(self._messages)
        if last.stream == stream and not is_read and not is_whole:
            last.pieces.append(text)
            return
        if is_whole:
            self._forget_text(stream)
        data: dict[str, object] = {"stream": stream, "html": "", "display": None}
        whole = {"whole": True} if is_whole else {}
        await self._add(Message(name="output", data=data | whole, stream=stream, pieces=[text]))

    def _forget_text(self, stream: str) -> None:
        """Empty the last messages, as far as they are text of a stream: a progress bar says it again a thousand times.

        What has been read is kept as a mere number.
        """
        place = len(self._messages)
        while place > 0 and self._messages[place - 1].stream == stream:
            place -= 1
            self._messages[place] = _NOTHING
        del self._messages[max(place, self._read) :]

    async def _add(self, message: Message) -> None:
        async with self._more:
            self._messages.append(message)
            self.ended = message.name == "done"
            self._more.notify_all()

    async def done(self) -> dict[str, object]:
        """Wait for the end and give what the last message carries."""
        async with self._more:
            await self._more.wait_for(lambda: self.ended)
        return self._messages[-1].data

    async def lines(self, seen: int) -> AsyncIterator[str]:
        """Give the stream from message `seen` on, with pings while nothing happens."""
        place = max(0, seen)
        message = _NOTHING
        while True:
            if place < len(self._messages):
                message = self._messages[place]
                place += 1
                self._read = max(self._read, place)
                yield message.line(place)
                if message.name == "done":
                    return
                continue
            if self.ended:
                return
            if message.stream:
                # What is printed meanwhile joins: a page that is told of every line has no time for anything else.
                message = _NOTHING
                await self._more_than(math.inf, SECONDS_BETWEEN_TEXTS)
            elif not await self._more_than(place, SECONDS_BETWEEN_PINGS):
                yield ": still here\n\n"

    async def _more_than(self, count: float, seconds: float) -> bool:
        """Wait for the end, or for more messages than `count`; False where neither has come in time."""
        try:
            async with asyncio.timeout(seconds), self._more:
                return await self._more.wait_for(lambda: self.ended or len(self._messages) > count)
        except TimeoutError:
            return False

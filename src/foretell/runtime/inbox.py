"""What has come from a worker and was not received yet: reports in batches, and the native text around a fence.

Enters: batches as they are read. Leaves: arrivals, one after the other, in the order in which they came. Invariant:
nothing is lost or reordered; once it is full, whoever fills it is to wait until `on_room` is called.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable

from foretell.runtime.native import NativeText
from foretell.runtime.workers import Arrival

MOST_BATCHES = 64
FEW_BATCHES = 16
MOST_WAITING_BYTES = 4 << 20
FENCE_SECONDS = 0.3


class Inbox:
    """Holds about `MOST_BATCHES` batches or `MOST_WAITING_BYTES`; `on_room` is called when it may be filled again."""

    def __init__(self, names: Iterable[str], on_room: Callable[[], None]) -> None:
        self.natives = {name: NativeText() for name in names}
        self._on_room = on_room
        self._batches: deque[tuple[list[Arrival], int]] = deque()
        self._waiting_bytes = 0
        self._next: list[Arrival] = []
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """Count the batches that wait."""
        return len(self._batches)

    @property
    def is_full(self) -> bool:
        """Whether whoever fills it is to wait."""
        return len(self._batches) >= MOST_BATCHES or self._waiting_bytes >= MOST_WAITING_BYTES

    def put(self, batch: list[Arrival], size_bytes: int) -> None:
        """Take in what was read at once."""
        self._batches.append((batch, size_bytes))
        self._waiting_bytes += size_bytes
        self._arrived.set()

    async def receive(self) -> Arrival:
        """What comes next."""
        while not self._next:
            while not self._batches:
                self._arrived.clear()
                await self._arrived.wait()
            self._next = self._take()[::-1]
            if len(self._batches) < FEW_BATCHES and self._waiting_bytes < MOST_WAITING_BYTES:
                self._on_room()
        return self._next.pop()

    def receive_waiting(self) -> list[Arrival]:
        """All that has come and was not received yet."""
        waiting = self._next[::-1]
        self._next = []
        while self._batches:
            waiting += self._take()
        self._on_room()
        return waiting

    def set_fence(self, fence: str) -> None:
        """Take `fence` out of the native streams when it comes."""
        for native in self.natives.values():
            native.set_fence(fence.encode())

    async def pass_fence(self) -> None:
        """Wait a moment until all native text before the fence has arrived."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FENCE_SECONDS):
                for native in self.natives.values():
                    await native.passed.wait()

    def _take(self) -> list[Arrival]:
        batch, size = self._batches.popleft()
        self._waiting_bytes -= size
        return batch

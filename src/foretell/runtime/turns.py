"""Whose run is next, when there are more runs than cores.

Enters: runs that want to begin. Leaves: their turn, in the order in which they came. Invariant: a run that goes on for
long gives its turn away and goes on beside the others, so an endless loop holds nobody up.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LONG_SECONDS = 0.5


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Turns:
    """Lets as many runs go at once as there are cores, and says to the others how many are ahead of them."""

    def __init__(self, places: int | None = None, long_seconds: float = LONG_SECONDS) -> None:
        self._free = places or count_cores()
        self._long_seconds = long_seconds
        self._waiting: deque[asyncio.Event] = deque()
        self._tellers: dict[asyncio.Event, Callable[[int], None]] = {}

    @asynccontextmanager
    async def turn(
        self, tell: Callable[[int], None], go_on: asyncio.Event, overstay: Callable[[], None]
    ) -> AsyncIterator[None]:
        """Wait for a turn, and hold it while inside.

        `tell` hears how many are ahead, and 0 when the wait is over; `go_on` ends the wait, turn or not; `overstay` is
        called when the run has become a long one and holds no turn any more.
        """
        held = await self._wait(tell, go_on)
        loop = asyncio.get_running_loop()

        def give_up() -> None:
            nonlocal held
            held = False
            overstay()
            self._pass_on()

        timer = loop.call_later(self._long_seconds, give_up) if held else None
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            if held:
                self._pass_on()

    async def _wait(self, tell: Callable[[int], None], go_on: asyncio.Event) -> bool:
        """Whether a turn was had; False where `go_on` came first."""
        if self._free and not self._waiting:
            self._free -= 1
            return True
        mine = asyncio.Event()
        self._waiting.append(mine)
        self._tellers[mine] = tell
        tell(len(self._waiting))
        turn, halt = asyncio.create_task(mine.wait()), asyncio.create_task(go_on.wait())
        try:
            await asyncio.wait({turn, halt}, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            if mine.is_set():
                self._pass_on()
            raise
        finally:
            turn.cancel()
            halt.cancel()
            self._tellers.pop(mine, None)
            if mine in self._waiting:
                self._waiting.remove(mine)
        if mine.is_set():
            tell(0)
        return mine.is_set()

    def _pass_on(self) -> None:
        """Give the turn that has become free to whoever waits longest."""
        if not self._waiting:
            self._free += 1
            return
        self._waiting.popleft().set()
        for ahead, mine in enumerate(self._waiting, start=1):
            self._tellers[mine](ahead)

"""A worker without a process, which reports what a test gives it."""

from __future__ import annotations

import asyncio


class Scripted:
    """Reports `arrivals` in order, one every `pace_seconds`, and takes `used_bytes` of memory."""

    def __init__(self, *arrivals: object, pace_seconds: float = 0.0, used_bytes: int = 0) -> None:
        self.exited = asyncio.Event()
        self.killed = False
        self.measured = 0
        self.used_bytes = used_bytes
        self._pace_seconds = pace_seconds
        self._arrivals = list(arrivals)

    async def send(self, order: object) -> None:
        pass

    async def receive(self) -> object:
        await asyncio.sleep(self._pace_seconds)
        return self._arrivals.pop(0)

    def set_fence(self, fence: str) -> None:
        pass

    async def pass_fence(self) -> None:
        pass

    def kill(self) -> None:
        self.killed = True

    def measure_memory(self) -> int:
        self.measured += 1
        return self.used_bytes

    def read_cpu_seconds(self) -> float:
        return 0.0

    def measure_cpu_seconds(self) -> float:
        return 0.0

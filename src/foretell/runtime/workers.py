"""A process that runs cells, seen from the supervisor, whichever way it came to be.

Enters: orders. Leaves: arrivals, in the order in which they came: messages, native text, and at last `Exited`.
Invariant: whoever holds a worker can end it, and all that it has started.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from foretell.runtime.messages import Message, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The process is gone: its exit code (negative: the signal; None: unknown), or what it wrote that was no frame.

    `out_of_memory` says that the kernel ended it because its memory limit was reached.
    """

    code: int | None
    fault: str | None = None
    out_of_memory: bool = False


Arrival = Message | Exited


class Worker(Protocol):
    """What a run needs of the process that it runs in."""

    exited: asyncio.Event

    async def send(self, order: Order) -> None:
        """Write one order; a worker that is gone will say so through `receive`."""
        ...

    async def receive(self) -> Arrival:
        """What comes next. After `Exited` nothing does."""
        ...

    def receive_waiting(self) -> list[Arrival]:
        """All that has come and was not received yet."""
        ...

    def set_fence(self, fence: str) -> None:
        """Take `fence` out of the native streams when it comes."""
        ...

    async def pass_fence(self) -> None:
        """Wait a moment until all native text before the fence has arrived."""
        ...

    def interrupt(self) -> None:
        """Ask Python code to stop where it is."""
        ...

    def kill(self) -> None:
        """End the worker and all it has started, at once."""
        ...

    def kill_unless_exited(self) -> None:
        """Kill, except where the process id may already belong to another."""
        ...

    def measure_memory(self) -> int:
        """Bytes of memory that the run takes, all its processes together; 0 where they are gone. May block."""
        ...

    def read_cpu_seconds(self) -> float:
        """What the process itself has computed; quick to have."""
        ...

    def measure_cpu_seconds(self) -> float:
        """What the process has computed, and all that the run has started as far as it can be seen. May block."""
        ...

    async def close(self) -> None:
        """Kill, and wait until nothing of it is left."""
        ...

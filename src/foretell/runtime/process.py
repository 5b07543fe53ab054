"""One worker process, seen from the supervisor: send orders, receive what it reports, interrupt, kill.

Enters: orders. Leaves: arrivals, in the order in which they came: messages, native text, and at last `Exited`.
Invariant: every process of the worker's group is gone once it has exited or been killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from foretell.errors import ProtocolFault
from foretell.model.run import StreamOutput
from foretell.runtime.inbox import Inbox
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Order
from foretell.runtime.outputs import join_streams
from foretell.runtime.processes import measure_pss
from foretell.runtime.protocol import Decoder, encode
from foretell.runtime.workers import Arrival, Exited

READ_BYTES = 1 << 16
DRAIN_SECONDS = 0.3
POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every worker of a session starts from. `cwd` is the learner's, `scratch` foretell's own directory.

    Of `limits`, a worker is held to those that its platform has.
    """

    seed: int
    preload: tuple[str, ...]
    cwd: Path
    scratch: Path
    limits: Limits = field(default_factory=Limits)


class WorkerProcess:
    """A running worker, made by `spawn.start`. `close` ends it, and every process it has started."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reports: asyncio.StreamReader,
        natives: dict[str, asyncio.StreamReader],
        transport: asyncio.BaseTransport | None,
    ) -> None:
        self.exited = asyncio.Event()
        self._process = process
        self._transport = transport
        self._room = asyncio.Event()
        self._inbox = Inbox(natives, self._room.set)
        self._fault: str | None = None
        self._closing = asyncio.Lock()
        readers = [asyncio.create_task(self._read_frames(reports))]
        readers += [asyncio.create_task(self._read_native(name, reader)) for name, reader in natives.items()]
        self._tasks = [*readers, asyncio.create_task(self._await_exit(readers))]

    @property
    def pid(self) -> int:
        """The worker's process id, which is also its group's."""
        return self._process.pid

    async def send(self, order: Order) -> None:
        """Write one order; a worker that is gone will say so through `receive`."""
        pipe = self._process.stdin
        if pipe is not None:
            with contextlib.suppress(ConnectionError):
                pipe.write(encode(order))
                await pipe.drain()

    async def receive(self) -> Arrival:
        """What comes next. After `Exited` nothing does."""
        return await self._inbox.receive()

    def receive_waiting(self) -> list[Arrival]:
        """All that has come and was not received yet."""
        return self._inbox.receive_waiting()

    def set_fence(self, fence: str) -> None:
        """Take `fence` out of the native streams when it comes."""
        self._inbox.set_fence(fence)

    async def pass_fence(self) -> None:
        """Wait a moment until all native text before the fence has arrived."""
        await self._inbox.pass_fence()

    def interrupt(self) -> None:
        """Ask Python code to stop where it is."""
        if not self.exited.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.name == "posix":
                    os.killpg(self.pid, signal.SIGINT)
                else:
                    os.kill(self.pid, getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))

    def kill(self) -> None:
        """End the worker and all it has started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def kill_unless_exited(self) -> None:
        """Kill, except where the process id may already belong to another."""
        if not self.exited.is_set():
            self.kill()

    def measure_memory(self) -> int:
        """Resident bytes of the process and all its descendants; 0 where it is gone.

        Where there are several, what they share is counted once if the platform tells.
        """
        total = 0
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.pid)
            family = (root, *root.children(recursive=True))
            for process in family:
                with contextlib.suppress(psutil.Error):
                    shared = measure_pss(process.pid) if len(family) > 1 else 0
                    total += shared or process.memory_info().rss
        return total

    def read_cpu_seconds(self) -> float:
        """What the process itself has computed; 0 where it is gone."""
        with contextlib.suppress(psutil.Error):
            return _cpu_seconds(psutil.Process(self.pid))
        return 0.0

    def measure_cpu_seconds(self) -> float:
        """What the process and all its descendants have computed; 0 where it is gone."""
        total = self.read_cpu_seconds()
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.pid).children(recursive=True):
                total += _cpu_seconds(child)
        return total

    async def close(self) -> None:
        """Kill, and wait until nothing of it is left."""
        async with self._closing:
            self.kill_unless_exited()
            await self._wait()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._transport is not None:
                self._transport.close()
            # A grandchild that left the group may hold a pipe open; asyncio then never closes the transport itself.
            self._process._transport.close()  # type: ignore[attr-defined]
            self.exited.set()

    async def _wait(self) -> int:
        """Wait for the exit code. `Process.wait` alone may wait for pipes that a grandchild holds open."""
        while self._process.returncode is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._process.wait()
        return self._process.returncode

    async def _put(self, batch: list[Arrival], size_bytes: int) -> None:
        """Hand over what was read, and read on only where there is room."""
        self._inbox.put(batch, size_bytes)
        while self._inbox.is_full:
            self._room.clear()
            await self._room.wait()

    async def _read_frames(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        try:
            while data := await reader.read(READ_BYTES):
                if messages := decoder.feed(data):
                    await self._put([*join_streams(messages)], len(data))
        except ProtocolFault as fault:
            self._fault = str(fault)
            self.kill()

    async def _read_native(self, name: str, reader: asyncio.StreamReader) -> None:
        native = self._inbox.natives[name]
        while data := await reader.read(READ_BYTES):
            if text := native.feed(data):
                await self._put([StreamOutput(name=name, text=text)], len(data))
        if text := native.finish():
            await self._put([StreamOutput(name=name, text=text)], len(text))

    async def _await_exit(self, readers: list[asyncio.Task[None]]) -> None:
        code = await self._wait()
        self.kill()
        await asyncio.wait(readers, timeout=DRAIN_SECONDS)
        self.exited.set()
        self._inbox.put([Exited(code=code, fault=self._fault)], 0)


def _cpu_seconds(process: psutil.Process) -> float:
    """With the children that it has waited for."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)

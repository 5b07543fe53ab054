"""A forked worker, seen from the supervisor: its socket, its native streams, its process as the kernel knows it.

Enters: orders. Leaves: arrivals as `workers` says. Invariant: which process this is, and that it is gone, is known from
the kernel alone (credentials of its first message, a pidfd); only why it ended is the word of its parent. What waits
to be received is bounded, and a worker at rest is listened to only when it was asked something.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
from collections.abc import Callable, Collection, Iterable
from itertools import count

from foretell.errors import ProtocolFault
from foretell.model.printable import printable_line
from foretell.model.run import StreamOutput
from foretell.runtime import processes
from foretell.runtime.inbox import Inbox
from foretell.runtime.manners import Manners
from foretell.runtime.messages import Execute, Fork, Forked, ForkEnded, Message, Order, Replay, Rested
from foretell.runtime.outputs import join_streams
from foretell.runtime.protocol import Decoder, encode
from foretell.runtime.workers import Arrival, Exited

READ_BYTES = 1 << 16
MOST_READS = 64
MOST_OBSTACLES = 8
OBSTACLE_CHARACTERS = 80
FILES_CHARACTERS = 40
DRAIN_SECONDS = 0.3
CREDENTIALS = struct.Struct("3i")
NATIVE = ("stdout", "stderr")

_numbers = count(1)


class Ends:
    """The supervisor's ends of what a new worker talks through, and the worker's own ends until it has them."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.ours.setblocking(False)  # noqa: FBT003  the standard library's own signature
        self.ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.natives: dict[str, int] = {}
        self._given = [self.theirs.fileno()]
        for name in NATIVE:
            read_end, write_end = os.pipe()
            os.set_blocking(read_end, False)
            self.natives[name] = read_end
            self._given.append(write_end)

    @property
    def given(self) -> list[int]:
        """The descriptors for the new process: protocol socket, standard output, standard error."""
        return list(self._given)

    def give(self) -> None:
        """Close our copies of what the new process has now."""
        self.theirs.close()
        for descriptor in self._given[1:]:
            os.close(descriptor)
        self._given.clear()


class ForkedWorker:
    """A worker made by a fork, from a root or from another worker. It may be at rest, and then be forked again."""

    def __init__(self, ends: Ends, parent: ForkedWorker | None = None) -> None:
        self.number = next(_numbers)
        self.exited = asyncio.Event()
        self.known = asyncio.Event()
        self.pid = 0
        self.files = ""
        self.had_too_much_memory: Callable[[], bool] = lambda: False
        self.others: Callable[[], Collection[int]] = frozenset
        self.end_others: Callable[[], None] = lambda: None
        self.memory: Callable[[], int] = lambda: processes.measure_pss(self.pid)
        self._parent = parent
        self._loop = asyncio.get_running_loop()
        self._socket = ends.ours
        self._ends = ends.natives
        self._decoder = Decoder()
        self._inbox = Inbox(ends.natives, self._go_on_reading)
        self._manners = Manners(has_parent=parent is not None)
        self._has_said_forked = False
        self._reading: set[int] = set()
        self._open: dict[int, Callable[[], None]] = {}
        self._pidfd = -1
        self._fault: str | None = None
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._obstacles: asyncio.Future[tuple[str, ...]] = self._loop.create_future()
        self._children: dict[int, ForkedWorker] = {}
        self._unburied: set[int] = set()
        self._sending = asyncio.Lock()
        self._doomed = False
        self._ending: asyncio.Task[None] | None = None
        self._watch(self._socket.fileno(), self._read_socket)
        for name, descriptor in self._ends.items():
            self._watch(descriptor, lambda name=name, descriptor=descriptor: self._read_native(name, descriptor))  # type: ignore[misc]

    async def fork(self, files: Iterable[str] = ()) -> ForkedWorker:
        """A child of this worker, which can be sent orders at once; `files` names the copies that others need."""
        ends = Ends()
        child = ForkedWorker(ends, self)
        self._children[child.number] = child
        self._unburied.add(child.number)
        try:
            await self._send(encode(Fork(number=child.number, files=tuple(files))), ends.given)
        finally:
            ends.give()
        return child

    async def send(self, order: Order) -> None:
        """Write one order; a worker that is gone will say so through `receive`."""
        if isinstance(order, Execute | Replay):
            self._obstacles = self._loop.create_future()
        self._manners.note_order(order)
        await self._send(encode(order), [])

    async def await_rest(self, seconds: float) -> tuple[str, ...] | None:
        """What the process says is in the way of forking it; None where it is gone, or is too late."""
        gone = asyncio.create_task(self.exited.wait())
        try:
            waited: set[asyncio.Future[object]] = {self._obstacles, gone}  # type: ignore[arg-type]
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        return self._obstacles.result() if self._obstacles.done() else None

    async def _send(self, frame: bytes, descriptors: list[int]) -> None:
        async with self._sending:
            with contextlib.suppress(OSError):
                if descriptors:
                    sent = await self._send_with(frame, descriptors)
                    frame = frame[sent:]
                if frame and not self.exited.is_set():
                    await self._send_rest(frame)

    async def _send_rest(self, frame: bytes) -> None:
        """Write all of it, or what fits until the process is gone: one that does not read would keep us for ever."""
        with contextlib.suppress(BlockingIOError):
            frame = frame[self._socket.send(frame) :]
        if not frame:
            return
        sending = self._loop.create_task(self._loop.sock_sendall(self._socket, frame))
        gone = asyncio.create_task(self.exited.wait())
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send_with(self, frame: bytes, descriptors: list[int]) -> int:
        while not self.exited.is_set():
            with contextlib.suppress(BlockingIOError):
                return socket.send_fds(self._socket, [frame], descriptors)
            await asyncio.sleep(0.002)
        return len(frame)

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
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process at once, and what its run has started where the session says so."""
        self._doomed = True
        self._signal(signal.SIGKILL)
        self.end_others()
        if not self.known.is_set():
            self._loop.call_later(DRAIN_SECONDS, self._give_up_waiting)

    def _give_up_waiting(self) -> None:
        """It is not there yet, so its parent does not fork: end that one, and be gone."""
        if not self.known.is_set():
            if self._parent is not None:
                self._parent.kill()
            self._end()

    kill_unless_exited = kill  # The same: a pidfd never means another process.

    def set_niceness(self, niceness: int) -> None:
        """Have the process get less of the processor, or more again, which only root may give."""
        if self.pid and not self.exited.is_set():
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, niceness)

    def measure_memory(self) -> int:
        """Bytes of memory that the run takes."""
        return self.memory()

    def read_cpu_seconds(self) -> float:
        """What the process itself has computed."""
        return processes.read_cpu_seconds(self.pid) if self.pid else 0.0

    def measure_cpu_seconds(self) -> float:
        """What the run has computed."""
        return processes.measure_cpu_seconds({self.pid, *self.others()} - {0})

    async def close(self) -> None:
        """Kill, and wait until nothing of it is left."""
        self.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.known.wait(), DRAIN_SECONDS)
        if self.pid:
            await self.exited.wait()
        self._let_go()

    def come_to_rest(self) -> None:
        """The run is over: its native streams are not wanted any more."""
        for descriptor in self._ends.values():
            self._forget(descriptor)
            os.close(descriptor)
        self._ends = {}

    def _signal(self, number: signal.Signals) -> None:
        if self._pidfd >= 0:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, number)

    def _watch(self, descriptor: int, read: Callable[[], None]) -> None:
        self._open[descriptor] = read
        self._reading.add(descriptor)
        self._loop.add_reader(descriptor, read)

    def _forget(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)
        if descriptor in self._reading:
            self._reading.discard(descriptor)
            self._loop.remove_reader(descriptor)

    def _put(self, batch: list[Arrival], size_bytes: int) -> None:
        self._inbox.put(batch, size_bytes)
        if self._inbox.is_full:
            for descriptor in tuple(self._reading):
                if descriptor != self._pidfd:
                    self._reading.discard(descriptor)
                    self._loop.remove_reader(descriptor)

    def _go_on_reading(self) -> None:
        for descriptor, read in self._open.items():
            if descriptor not in self._reading:
                self._reading.add(descriptor)
                self._loop.add_reader(descriptor, read)

    def _read_socket(self) -> None:
        try:
            data, extra, _flags, _address = self._socket.recvmsg(READ_BYTES, socket.CMSG_SPACE(CREDENTIALS.size))
        except BlockingIOError:
            return
        except OSError:
            data, extra = b"", []
        if not data:
            self._forget(self._socket.fileno())
            if not self.pid:
                self._end()
            return
        if not self.pid:
            self._learn_pid(extra)
        size, was_at_rest = self._decoder.held_bytes + len(data), self._manners.is_at_rest
        try:
            own = [message for message in self._decoder.feed(data) if not self._is_family(message)]
            held = self._decoder.held_bytes
            own = self._manners.take(own, size - held, held, was_at_rest=was_at_rest)
        except ProtocolFault as fault:
            self._fault = str(fault)
            self._forget(self._socket.fileno())
            self.kill()
            return
        if own:
            self._put([*join_streams(own)], size - held)

    def _is_family(self, message: Message) -> bool:
        """Take in what a worker says about itself and its children, which is nothing of a run's."""
        if isinstance(message, ForkEnded):
            if child := self._children.pop(message.number, None):
                child.explain_end(message.code)
            was_alive = message.number in self._unburied
            self._unburied.discard(message.number)
            return was_alive
        if isinstance(message, Rested) and self._manners.runs_to_rest:
            self._manners.runs_to_rest -= 1
            if not self._manners.runs_to_rest and not self._obstacles.done():
                named = message.obstacles[:MOST_OBSTACLES]
                self.files = message.files[:FILES_CHARACTERS]
                self._obstacles.set_result(tuple(printable_line(name[:OBSTACLE_CHARACTERS]) for name in named))
            return True
        if isinstance(message, Forked) and not self._has_said_forked:
            self._has_said_forked = True
            return True
        return False

    def explain_end(self, code: int) -> None:
        """The parent says how this process ended."""
        if not self._code.done():
            self._code.set_result(code)

    def _learn_pid(self, extra: list[tuple[int, int, bytes]]) -> None:
        for level, kind, data in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                self.pid = CREDENTIALS.unpack(data[: CREDENTIALS.size])[0]
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except OSError:
            self._end()
            return
        self._watch(self._pidfd, self._end)
        self.known.set()
        if self._doomed:
            self.kill()

    def _read_native(self, name: str, descriptor: int) -> None:
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._forget(descriptor)
        native = self._inbox.natives[name]
        if text := native.feed(data) if data else native.finish():
            self._put([StreamOutput(name=name, text=text)], len(text))

    def _end(self) -> None:
        """The process is gone: take what it left in its pipes, ask why, and say so."""
        if self._pidfd >= 0:
            self._forget(self._pidfd)
        if self._ending is None:
            self._ending = self._loop.create_task(self._finish())

    async def _finish(self) -> None:
        self.known.set()
        for descriptor, read in list(self._open.items()):
            # A child that outlived it may still hold the other end: read what is there, not to the end.
            for _ in range(MOST_READS):
                if descriptor not in self._open or self._inbox.is_full:
                    break
                held = len(self._inbox)
                read()
                if len(self._inbox) == held and descriptor in self._open:
                    break
        code = await self._learn_code()
        # Where the kernel has taken the parent as well, nobody is left to say how.
        too_much = code in (None, -signal.SIGKILL) and not self._doomed and self.had_too_much_memory()
        self.exited.set()
        self._let_go()
        self._put([Exited(code=code, fault=self._fault, out_of_memory=too_much)], 0)

    async def _learn_code(self) -> int | None:
        """What its parent says of its end; None where there is nobody to say it, or we have ended it ourselves."""
        if self._parent is None or self._doomed:
            return None
        orphaned = asyncio.create_task(self._parent.exited.wait())
        try:
            told: set[asyncio.Future[object]] = {self._code, orphaned}  # type: ignore[arg-type]
            await asyncio.wait(told, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            orphaned.cancel()
        return self._code.result() if self._code.done() and not self._code.cancelled() else None

    def _let_go(self) -> None:
        """Close every descriptor that belongs to this worker."""
        for descriptor in list(self._open):
            self._forget(descriptor)
        if self._socket.fileno() >= 0:
            # Whoever is still sending waits for a descriptor whose number may soon be another's.
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
        for descriptor in self._ends.values():
            os.close(descriptor)
        self._ends = {}
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        if self._parent is not None:
            self._parent._children.pop(self.number, None)
        if not self._code.done():
            self._code.cancel()

"""The worker's end of the pipes: frames in and out, interrupts held off while a frame is being written.

Enters: messages of the worker. Leaves: frames on the protocol pipe. Invariant: after `claim` no code that prints, in
Python or natively, can write into the protocol, and an interrupt never cuts a frame in two.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from foretell.errors import ProtocolFault
from foretell.runtime.messages import Message
from foretell.runtime.protocol import Decoder, encode

READ_BYTES = 1 << 16
PROTOCOL = 3
DESCRIPTORS = 3


class Interrupts:
    """Turns an interrupt into KeyboardInterrupt only while learner's code runs, and never inside a frame."""

    def __init__(self) -> None:
        self._running = False
        self._held = 0
        self._pending = False

    def install(self) -> None:
        """Take over SIGINT (and CTRL_BREAK on Windows)."""
        signal.signal(signal.SIGINT, self._handle)
        if hasattr(signal, "SIGBREAK"):
            signal.signal(signal.SIGBREAK, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if not self._running:
            return
        if self._held:
            self._pending = True
            return
        raise KeyboardInterrupt

    @contextmanager
    def delivered(self) -> Iterator[None]:
        """While inside, an interrupt is raised as KeyboardInterrupt."""
        self._pending = False
        self._running = True
        try:
            yield
        finally:
            self._running = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, an interrupt waits; it is raised on leaving."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._pending and not self._held and threading.current_thread() is threading.main_thread():
            self._pending = False
            raise KeyboardInterrupt


class Channel:
    """Frames over two file descriptors; `send` may be called from any thread of the worker.

    Where both are one socket, descriptors may come with the frames, and a fork may move it to a socket of its own.
    """

    def __init__(self, fd_in: int, fd_out: int) -> None:
        self.interrupts = Interrupts()
        self.owner = os.getpid()
        self._in = fd_in
        self._out = fd_out
        self._decoder = Decoder()
        self._received: deque[Message] = deque()
        self._brought: deque[int] = deque()
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Write the whole frame of `message`."""
        frame = memoryview(encode(message))
        with self.interrupts.held(), self._lock:
            while frame:
                frame = frame[os.write(self._out, frame) :]

    def receive(self) -> Message | None:
        """The next message; None once the supervisor has closed its end or is gone."""
        while not self._received:
            data = self._read()
            if not data:
                return None
            self._received.extend(self._decoder.feed(data))
        return self._received.popleft()

    @property
    def has_message(self) -> bool:
        """Whether `receive` would give one without reading."""
        return bool(self._received)

    def take_descriptors(self, count: int) -> list[int]:
        """The next descriptors that the supervisor sent, which are now the caller's to close."""
        if len(self._brought) < count:
            raise ProtocolFault(f"{len(self._brought)} descriptors came where {count} were announced; end that worker")
        return [self._brought.popleft() for _ in range(count)]

    def begin_anew(self) -> None:
        """In a forked child, whose descriptor 3 is another socket now: forget what the parent had read."""
        self.owner = os.getpid()
        self._decoder = Decoder()
        self._received.clear()
        self._lock = threading.Lock()
        self._brought.clear()

    def _read(self) -> bytes:
        if self._in != self._out:
            return os.read(self._in, READ_BYTES)
        with socket.socket(fileno=os.dup(self._in)) as end:
            data, brought, _flags, _address = socket.recv_fds(end, READ_BYTES, DESCRIPTORS)
        self._brought.extend(brought)
        return data


def claim(protocol_out: int) -> Channel:
    """Take the protocol's pipes away from the standard descriptors.

    Descriptor 0 carried orders and now reads nothing. Where `protocol_out` is 1 (no further pipe could be handed
    down), native writes to standard output join standard error.
    """
    fd_in = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    fd_out = os.dup(protocol_out)
    if protocol_out == 1:
        os.dup2(2, 1)
    else:
        os.close(protocol_out)
    return Channel(fd_in, fd_out)

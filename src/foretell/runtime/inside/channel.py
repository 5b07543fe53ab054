"""The worker's end of the pipes: frames in and out, interrupts held off while a frame is being written.

Enters: messages of the worker. Leaves: frames on the protocol pipe. Invariant: after `claim` no code that prints, in
Python or natively, can write into the protocol, and an interrupt never cuts a frame in two.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from foretell.runtime.messages import Message
from foretell.runtime.protocol import Decoder, encode

READ_BYTES = 1 << 16


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
    """Frames over two file descriptors; `send` may be called from any thread of the worker."""

    def __init__(self, fd_in: int, fd_out: int) -> None:
        self.interrupts = Interrupts()
        self.owner = os.getpid()
        self._in = fd_in
        self._out = fd_out
        self._decoder = Decoder()
        self._received: deque[Message] = deque()
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
            data = os.read(self._in, READ_BYTES)
            if not data:
                return None
            self._received.extend(self._decoder.feed(data))
        return self._received.popleft()


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

"""Text that native code and child processes write to the worker's standard descriptors.

Enters: bytes in pieces of any size. Leaves: text. Invariant: the fence, which the worker writes when a cell has ended,
is taken out wherever the pieces cut it; bytes that are no UTF-8 become U+FFFD.
"""

from __future__ import annotations

import asyncio
import codecs


class NativeText:
    """One native stream of one worker."""

    def __init__(self) -> None:
        self.passed = asyncio.Event()
        self._fence = b""
        self._held = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def set_fence(self, fence: bytes) -> None:
        """Look for `fence` from now on."""
        self._fence = fence
        self.passed.clear()

    def feed(self, data: bytes) -> str:
        """The text that `data` completes."""
        data = self._held + data
        if self._fence and self._fence in data:
            before, _, data = data.partition(self._fence)
            data = before + data
            self._fence = b""
            self.passed.set()
        keep = _count_beginning(data, self._fence)
        self._held = data[len(data) - keep :]
        return self._decoder.decode(data[: len(data) - keep])

    def finish(self) -> str:
        """The text left at the end of the stream."""
        self.passed.set()
        data, self._held = self._held, b""
        return self._decoder.decode(data, final=True)


def _count_beginning(data: bytes, fence: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of `fence`."""
    for count in range(min(len(fence) - 1, len(data)), 0, -1):
        if fence.startswith(data[-count:]):
            return count
    return 0

"""The processes of one session: one kept warm for the next change of state, and those on their way out.

Enters: wishes for a fresh worker. Leaves: workers that have run no cell. Invariant: every worker ever started is
either in the hands of its taker, warm, or being closed; after `close` none is left.
"""

from __future__ import annotations

import asyncio

from foretell.errors import RuntimeUnavailable
from foretell.runtime.process import Setup, WorkerProcess
from foretell.runtime.spawn import start

TRIES = 3


class Pool:
    """Starts workers, keeps up to `spares` of them warm, and ends them."""

    def __init__(self, setup: Setup, spares: int) -> None:
        self._setup = setup
        self._spares = spares
        self._warm: list[asyncio.Task[WorkerProcess]] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self, stopping: asyncio.Event) -> WorkerProcess | None:
        """A fresh worker; None where `stopping` is set first. RuntimeUnavailable where there can be none.

        What kept a spare from starting may be long past, so only what is begun now says that there can be none.
        """
        for _ in range(TRIES):
            self._warm = [spare for spare in self._warm if not _has_failed(spare)]
            task = self._warm.pop(0) if self._warm else self._begin()
            halt = asyncio.create_task(stopping.wait())
            try:
                await asyncio.wait({task, halt}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                halt.cancel()
                if not task.done():
                    self._warm.append(task)
            if not task.done():
                return None
            worker = task.result()
            if not worker.exited.is_set():
                return worker
            self.discard(worker)
        raise RuntimeUnavailable(
            f"The process that runs cells ended {TRIES} times before it had run one; is the machine short of memory? "
            "Close other programs, or run: foretell doctor"
        )

    async def warm(self) -> None:
        """Have a worker ready; RuntimeUnavailable where there can be none."""
        if not self._warm:
            self._warm.append(self._begin())
        task = self._warm[0]
        await asyncio.wait({task})
        if task.exception() is not None:
            self._warm.remove(task)
        task.result()

    def refill(self) -> None:
        """Begin to start what is missing of the warm workers."""
        while not self._closed and len(self._warm) < self._spares:
            self._warm.append(self._begin())

    def discard(self, worker: WorkerProcess) -> None:
        """End a worker, without waiting for it."""
        worker.kill_unless_exited()
        task = asyncio.create_task(worker.close())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """End every worker that is not in other hands."""
        self._closed = True
        warm, self._warm = self._warm, []
        for task in warm:
            task.cancel()
        for outcome in await asyncio.gather(*warm, return_exceptions=True):
            if isinstance(outcome, WorkerProcess):
                await outcome.close()
        await asyncio.gather(*self._leaving)

    def _begin(self) -> asyncio.Task[WorkerProcess]:
        if self._closed:
            raise RuntimeUnavailable("This session is closed; open a new one")
        return asyncio.create_task(start(self._setup))


def _has_failed(spare: asyncio.Task[WorkerProcess]) -> bool:
    return spare.done() and (spare.cancelled() or spare.exception() is not None)

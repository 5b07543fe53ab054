"""The processes of one session: which belong to it, which are strangers, which are on their way out.

Enters: a jail and its snapshots. Leaves: nobody who is neither. Invariant: who is asked is the kernel, never a process
of the session.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress

from foretell.runtime import processes
from foretell.runtime.forked import ForkedWorker
from foretell.runtime.jail import family
from foretell.runtime.jail.jails import Jail
from foretell.runtime.limits import Limits
from foretell.runtime.tree import Snapshot, Tree

SWEEPS = 40
SWEEP_SECONDS = 0.3


class Household:
    """Who lives in the jail of a session; `jail` is None while there is none, `runner` is where a cell runs, or ran."""

    def __init__(self, tree: Tree) -> None:
        self.jail: Jail | None = None
        self.runner: ForkedWorker | None = None
        self._tree = tree
        self._leaving: set[asyncio.Task[None]] = set()
        self._ending: set[int] = set()

    def strangers(self, keep: ForkedWorker | None) -> frozenset[int]:
        """The processes that are neither a snapshot nor `keep`, nor on their way out."""
        if self.jail is None:
            return frozenset()
        found = self.jail.processes()
        kept = {snapshot.worker.pid for snapshot in self._tree} | ({keep.pid} if keep else set())
        return found - kept - self._answering() - self._ending

    def _answering(self) -> set[int]:
        """Who answers a question: the children of a snapshot that is asked one, and theirs, but for the run's own."""
        asked = {snapshot.worker.pid for snapshot in self._tree if snapshot.asking.locked()}
        if not asked:
            return set()
        runner = self.runner.pid if self.runner is not None else 0
        running = {runner, *family.descendants_of([runner])} if runner and runner not in asked else set()
        return family.descendants_of(asked) - running

    async def sweep(self, keep: ForkedWorker | None) -> bool:
        """Kill strangers until there are none: who forks meanwhile loses the race. False where somebody is left.

        A fork bomb slows this process too, so it soon gives up; to end the whole jail is one signal.
        """
        deadline = time.monotonic() + SWEEP_SECONDS
        for sweep in range(SWEEPS):
            if time.monotonic() > deadline:
                break
            if not self.kill_strangers(keep):
                return True
            await asyncio.sleep(0.001 * sweep)
        return False

    def kill_strangers(self, keep: ForkedWorker | None) -> bool:
        """Kill each of them once; whether there were any."""
        found = self.strangers(keep)
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    def see_off(self, worker: ForkedWorker) -> None:
        """End a worker, without waiting for it."""
        task = asyncio.create_task(self._close(worker))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def drop(self, snapshot: Snapshot) -> None:
        """End one snapshot; it comes back by replay."""
        self._tree.forget(snapshot.worker)
        self.see_off(snapshot.worker)

    async def make_room(self, most_bytes: int, start: Snapshot | None) -> None:
        """Drop the states that were used longest ago, all but `start`, while all take more than they may together."""
        kept = sorted((each for each in self._tree if each.executed), key=lambda each: each.used)
        if sum(each.likely_bytes for each in kept) <= most_bytes:
            return
        taken = await asyncio.to_thread(lambda: [processes.measure_pss(each.worker.pid) for each in kept])
        total = sum(taken)
        for each, size_bytes in zip(kept, taken, strict=True):
            if total > most_bytes and each is not start and not each.asking.locked():
                self.drop(each)
                total -= size_bytes

    async def are_gone(self) -> None:
        """Wait for those on their way out."""
        await asyncio.gather(*self._leaving)

    def measure_run(self, limits: Limits) -> int:
        """Bytes of memory of the run; without a limit, with its state. 0 where the session as a whole is within it."""
        if self.jail is None:
            return 0
        session_bytes = self.jail.memory_bytes()
        if limits.memory_bytes is not None and session_bytes is not None and session_bytes <= limits.memory_bytes:
            return 0
        return processes.measure_run(self.strangers(None), with_state=limits.memory_bytes is None)

    async def _close(self, worker: ForkedWorker) -> None:
        self._ending.add(worker.pid)
        try:
            await worker.close()
        finally:
            self._ending.discard(worker.pid)

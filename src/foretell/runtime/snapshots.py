"""Snapshots: the states of one learner as paused processes, from which the next run is forked.

Enters: requests. Leaves: events and answers, as `session.Session` says. Invariant: a snapshot holds exactly what its
prefix leaves behind in a fresh process, and runs no learner code again; every other process of the session has ended
before the next run begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace
from typing import Protocol

from foretell.errors import RuntimeUnavailable
from foretell.model.printable import printable_line
from foretell.model.run import Prefix, Queued, Replaying, Run, RunRequest
from foretell.runtime import processes
from foretell.runtime.conduct import Stage, finish, order_for, put_question
from foretell.runtime.flight import Died, Flight
from foretell.runtime.forked import ForkedWorker
from foretell.runtime.household import Household
from foretell.runtime.jail.jails import Jail
from foretell.runtime.limits import explain_exit, explain_stopped_above
from foretell.runtime.messages import CellEnded, Message, Order, Replay
from foretell.runtime.state import PassedOver, make_fence
from foretell.runtime.tree import Snapshot, Tree
from foretell.runtime.turns import Turns

REACH_SECONDS = 15.0
REST_SECONDS = 5.0
QUIET_SECONDS = 2.0
TRIES = 3
LONG_RUN_NICENESS = 15

LIKELY_BYTES = 8 << 20

CHILD = "a child process"

_log = logging.getLogger(__name__)


class Ground(Protocol):
    """What a session stands on: the supervisor that it shares with others."""

    turns: Turns
    memory_bytes: int

    async def lay(self, session: Snapshots) -> tuple[Jail, ForkedWorker]:
        """A jail of the session's own, and in it a confined, seeded process that has run no cell."""
        ...

    def note(self, session: Snapshots, snapshot: Snapshot) -> None:
        """A snapshot was taken; others may have to go for it."""
        ...

    def leave(self, session: Snapshots) -> None:
        """The session is closed."""
        ...


class Snapshots:
    """One learner's tree of paused processes: the engine of a session. Made by `supervisor.Supervisor.session`.

    Without `keeps_snapshots` the one process goes from cell to cell, as a check of a whole notebook wants it.
    """

    def __init__(
        self, stage: Stage, ground: Ground, *, seed: int, preload: tuple[str, ...], keeps_snapshots: bool = True
    ) -> None:
        self.limits = stage.limits
        self.seed = seed
        self.preload = preload
        self._stage = stage
        self._ground = ground
        self._keeps_snapshots = keeps_snapshots
        self._tree = Tree()
        self._passed_over = PassedOver()
        self._quiet: Flight | None = None
        self._base_bytes = 0
        self._spoiled: set[Prefix] = set()
        self._laying = asyncio.Lock()
        self._settling: asyncio.Task[None] | None = None
        self._household = Household(self._tree)
        self._thinning: asyncio.TimerHandle | None = None

    @property
    def kept(self) -> tuple[Snapshot, ...]:
        """The snapshots there are, each process once."""
        return tuple(self._tree)

    @property
    def used(self) -> float:
        """When it was used last, by the clock of the loop; now where it keeps nothing."""
        now = asyncio.get_running_loop().time()
        return max((snapshot.used for snapshot in self._tree), default=now)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, is asked or comes to rest."""
        asked = any(snapshot.asking.locked() for snapshot in self._tree)
        return not (self._stage.turn.locked() or self._stage.waiting or asked or self._laying.locked())

    async def start(self) -> None:
        """Have a process ready. RuntimeUnavailable where there can be none, with what to do."""
        await self._base()

    async def close(self) -> None:
        """End every process of the session."""
        if self._thinning is not None:
            self._thinning.cancel()
        for flight in (self._stage.flight, self._quiet):
            if flight is not None:
                flight.abandon()
        async with self._stage.turn:
            await self._settle()
            await self.let_go()
        self._ground.leave(self)

    async def let_go(self) -> None:
        """End every process, and come back by replay when something is asked again."""
        async with self._laying:
            jail, self._household.jail = self._household.jail, None
            workers = [snapshot.worker for snapshot in self._tree.clear()]
            if jail is not None:
                jail.kill()
            await asyncio.gather(*(worker.close() for worker in workers), self._household.are_gone())
            if jail is not None:
                await jail.close()

    def drop(self, snapshot: Snapshot) -> None:
        """End one snapshot; it comes back by replay."""
        self._household.drop(snapshot)

    async def conduct(self, request: RunRequest, flight: Flight) -> Run:
        """See a run through, when its turn has come among those of all sessions."""

        def tell(ahead: int) -> None:
            flight.show(Queued(ahead=ahead))

        self._household.runner = None
        async with self._ground.turns.turn(tell, flight.stopping, self._yield_to_others):
            if flight.stopping.is_set():
                return finish(request, flight, flight.died_waiting(), ())
            await self._settle()
            most = self.limits.states_bytes if self.limits.states_bytes is not None else self._ground.memory_bytes
            await self._household.make_room(most, self._tree.nearest(request.prefix))
            for _ in range(TRIES):
                snapshot = await self._reach(request.prefix, flight)
                if isinstance(snapshot, Died):
                    return finish(request, flight, snapshot, ())
                ended = await self._perform(snapshot, request, flight)
                if isinstance(ended, Run):
                    return ended
                # What learner code left in that process may keep it from being forked: then it goes on by itself.
                self._spoiled.add(snapshot.executed)
                self.drop(snapshot)
            raise RuntimeUnavailable(
                f"The process that was to run the cell ended {TRIES} times before it began; "
                "is the machine short of memory? Close other programs, or run: foretell doctor"
            )

    async def _perform(self, snapshot: Snapshot, request: RunRequest, flight: Flight) -> Run | None:
        """The run; None where its process was gone before the cell began."""
        runner = await self._fork(snapshot)
        ended = await self._see(runner, flight.perform(runner, order_for(request)))
        key = (*request.prefix, request.cell)
        if isinstance(ended, Died):
            if not ended.began and not flight.is_stopped:
                flight.resume()
                return None
            self._passed_over.note_death(key, ended)
            return finish(request, flight, ended, snapshot.failed)
        self._passed_over.note_end(key)
        observations = await flight.observe(runner, request.probes)
        self._settling = asyncio.create_task(self._come_to_rest(snapshot.after(runner, request.cell, ended)))
        return finish(request, flight, ended, snapshot.failed, observations)

    async def _reach(self, prefix: Prefix, flight: Flight) -> Snapshot | Died:
        """The state after `prefix`: a snapshot, or the nearest one and replay; `Died` where that was stopped."""
        losses = 0
        while True:
            reached = await self._extend(self._tree.nearest(prefix) or await self._base(), prefix, flight)
            if isinstance(reached, Snapshot):
                reached.used = asyncio.get_running_loop().time()
                return reached
            key, end = reached
            if end.is_abandoned:
                return end
            losses += not end.is_own_doing
            self._passed_over.note_death(key, end, losses)
            if flight.is_stopped:
                return replace(end, failure=explain_stopped_above(key[-1]))
            flight.resume()

    async def _extend(self, start: Snapshot, prefix: Prefix, flight: Flight) -> Snapshot | tuple[Prefix, Died]:
        """Run what is missing of `prefix`; where a cell takes its process with it, that cell's prefix and its end.

        One process runs the missing cells; on its way a snapshot is left wherever it has become worth one.
        """
        state, first, total = start, len(start.executed), len(prefix) - len(start.executed)
        runner: ForkedWorker | None = None
        for place in range(first, len(prefix)):
            flight.show(Replaying(done=place - first, total=total))
            cell, key = prefix[place], prefix[: place + 1]
            if key in self._passed_over:
                state = replace(state, executed=key, failed=(*state.failed, cell.cell))
                continue
            if runner is None or state.can_fork:
                runner = await self._fork(state)
            else:
                self._tree.forget(runner)
            ended = await self._see(runner, flight.rebuild(runner, Replay(cell=cell, fence=make_fence())))
            if isinstance(ended, Died):
                return key, ended
            state = state.after(runner, cell, ended)
            if (state.is_worth_keeping or place == len(prefix) - 1) and await self._keep(state) is None:
                await self._end_run(runner)
                return key, Died(failure=explain_exit(None), began=False)
        if total:
            flight.show(Replaying(done=total, total=total))
        return state

    async def _base(self) -> Snapshot:
        """The state before the first cell."""
        async with self._laying:
            if self._stage.is_closed:
                raise RuntimeUnavailable("This session is closed; open a new one")
            if (base := self._tree.get(())) is not None:
                return base
            await self._clear_away()
            self._household.jail, worker = await self._ground.lay(self)
            base = Snapshot(worker=worker, used=asyncio.get_running_loop().time())
            self._base_bytes = processes.measure_anonymous(worker.pid)
            self._tree.put(base)
            return base

    async def _clear_away(self) -> None:
        """End what is left of a jail whose first process is gone."""
        jail, self._household.jail = self._household.jail, None
        for snapshot in self._tree.clear():
            self._household.see_off(snapshot.worker)
        if jail is not None:
            await jail.close()

    async def _fork(self, snapshot: Snapshot) -> ForkedWorker:
        """A process in that state to run a cell in: a fork, or the process itself where it cannot be forked or kept.

        The first process always stays behind, for a parent is what learns how its child has ended.
        """
        if snapshot.can_fork:
            needed = {kept.worker.files for kept in self._tree} - {""}
            runner = await snapshot.worker.fork(needed)
        else:
            runner = snapshot.worker
            self._tree.forget(runner)
        self._household.runner = runner
        if (jail := self._household.jail) is not None:
            before = jail.out_of_memory_kills()
            runner.had_too_much_memory = lambda: jail.out_of_memory_kills() > before
            runner.others = lambda: self._household.strangers(None)
            runner.memory = lambda: self._household.measure_run(self.limits)
            runner.end_others = lambda: self._end_others(runner)
        return runner

    async def _come_to_rest(self, snapshot: Snapshot) -> None:
        """After a run: end all that it has started, and keep its process as a snapshot where it can be one."""
        if not self._keeps_snapshots:
            await snapshot.worker.await_rest(REST_SECONDS)
            for ended in self._tree.put(snapshot):
                self._household.see_off(ended.worker)
            return
        if not await self._keep(snapshot):
            self._household.see_off(snapshot.worker)
        await self._sweep(snapshot.worker)

    async def _keep(self, snapshot: Snapshot) -> bool | None:
        """Take a process that has run its cell into the snapshots; None where it does not come to rest at all.

        Where a fork of it would lose something it is kept as it is, which is said in the log.
        """
        if not self._keeps_snapshots:
            return False
        said = await snapshot.worker.await_rest(REST_SECONDS)
        if said is None:
            return None
        obstacles = list(
            dict.fromkeys((*said, *await asyncio.to_thread(processes.find_obstacles, snapshot.worker.pid)))
        )
        if snapshot.executed in self._spoiled:
            obstacles.append("a fork that failed before")
        if self._household.strangers(snapshot.worker):
            obstacles.append(CHILD)
        if obstacles:
            name = printable_line(snapshot.executed[-1].cell)
            told = printable_line(", ".join(obstacles))
            _log.info("After cell %s no snapshot is taken, later runs replay it: %s", name, told)
            if CHILD in obstacles:
                return False
        grown = processes.measure_anonymous(snapshot.worker.pid) - self._base_bytes
        snapshot.likely_bytes = LIKELY_BYTES + max(0, grown)
        snapshot.can_fork = not obstacles
        if snapshot.can_fork:
            snapshot.worker.come_to_rest()
        snapshot.worker.set_niceness(0)
        snapshot.used = asyncio.get_running_loop().time()
        for ended in self._tree.put(snapshot):
            self._household.see_off(ended.worker)
        self._ground.note(self, snapshot)
        self._thin_later()
        return True

    async def _settle(self) -> None:
        """Wait until the run before has come to rest, and nothing of it is left but its snapshot."""
        settling = self._settling
        if settling is None:
            return
        await asyncio.wait({settling})
        if self._settling is settling:
            self._settling = None
            if not settling.cancelled() and (problem := settling.exception()) is not None:
                _log.error("A run did not come to rest, so nothing of its session is kept", exc_info=problem)
                await self._clear_away()

    async def _see(self, runner: ForkedWorker, work: Awaitable[CellEnded | Died]) -> CellEnded | Died:
        """How a cell has ended; a run that died, or that nobody waits for any more, leaves nothing running."""
        try:
            ended = await work
        except BaseException:
            self._household.see_off(runner)
            raise
        if isinstance(ended, Died):
            await self._end_run(runner)
        return ended

    async def _end_run(self, runner: ForkedWorker) -> None:
        """End a run that died, with all it has started; where that cannot be done, end the whole jail."""
        runner.kill()
        self._household.see_off(runner)
        await self._sweep(None)

    def _end_others(self, runner: ForkedWorker) -> None:
        """Kill what a run has started along with it: among a hundred that fork, it would have to wait for its end."""
        is_running = self._stage.flight is not None or self._quiet is not None
        if runner is self._household.runner and is_running and not runner.exited.is_set():
            self._household.kill_strangers(None)

    async def _sweep(self, keep: ForkedWorker | None) -> None:
        """End what is neither a snapshot nor `keep`; where that cannot be done, end everything."""
        if not await self._household.sweep(keep):
            _log.warning("What a run had started could not be ended one by one; its whole jail is ended")
            await self._clear_away()

    def _yield_to_others(self) -> None:
        """The run has become a long one: from now on it gets what others leave."""
        if self._household.runner is not None:
            self._household.runner.set_niceness(LONG_RUN_NICENESS)

    def _thin_later(self) -> None:
        """Keep less once the learner has stopped to think."""
        if self._thinning is not None:
            self._thinning.cancel()
        self._thinning = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._thin)

    def _thin(self) -> None:
        if self.is_idle and not self._stage.is_closed:
            for snapshot in self._tree.thin():
                self._household.see_off(snapshot.worker)

    async def ask(self, prefix: Prefix, order: Order) -> Message | None:
        """The answer of the snapshot after `prefix`, built where it is not there and nothing runs."""
        if (snapshot := self._tree.get(prefix)) is not None:
            return await self._question(snapshot, order)
        if self._stage.turn.locked():
            return None
        async with self._stage.turn:
            await self._settle()
            reached = await self._reach_quietly(prefix)
            if isinstance(reached, Died):
                return None
            answer = await self._question(reached, order)
            if not self._tree.has(reached.worker):
                await self._end_run(reached.worker)
            return answer

    async def _reach_quietly(self, prefix: Prefix) -> Snapshot | Died:
        flight = self._quiet = Flight(self.limits, lambda _: None)
        patience = asyncio.get_running_loop().call_later(REACH_SECONDS, flight.abandon)
        try:
            return await self._reach(prefix, flight)
        finally:
            patience.cancel()
            self._quiet = None

    async def _question(self, snapshot: Snapshot, order: Order) -> Message | None:
        async with snapshot.asking:
            snapshot.used = asyncio.get_running_loop().time()
            return await put_question(snapshot.worker, order)

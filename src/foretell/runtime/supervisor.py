"""The supervisor: roots, jails and sessions of one server, their turns and their memory.

Enters: wishes for sessions. Leaves: sessions. Invariant: roots are shared by sessions with the same
libraries and by nothing else; what a session keeps is a cache, and goes when memory or time is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from pathlib import Path

from foretell.errors import LibrariesBusy, ProcessEnded, RuntimeUnavailable
from foretell.model.printable import printable_line
from foretell.runtime import processes
from foretell.runtime.conduct import Stage, StagedSession
from foretell.runtime.forked import ForkedWorker
from foretell.runtime.jail.jails import Jail, Jails
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Confine, Confined, Prepare, Ready
from foretell.runtime.roots import Root
from foretell.runtime.snapshots import Snapshots
from foretell.runtime.tree import Snapshot
from foretell.runtime.turns import Turns
from foretell.runtime.workers import Exited
from foretell.runtime.workroom import Workroom

CONFINE_SECONDS = 20.0
LOOK_SECONDS = 60.0
IDLE_SECONDS = 3600.0
MEMORY_SHARE = 0.5
MOST_ROOTS = 4
TRIES = 3
MOST_SPARES = MOST_ROOTS

LATE = (
    f"The process that runs cells was not ready after {CONFINE_SECONDS:g} seconds; "
    "is the machine overloaded? Try again, or run: foretell doctor"
)

GONE = "The process that runs cells ended before it was there. Run: foretell doctor"

_log = logging.getLogger(__name__)

_Kind = tuple[tuple[str, ...], Limits]


class Supervisor:
    """Serves sessions, confined at `level`. Use it as an async context manager, or `close` it.

    `memory_bytes` is what all snapshots together may take (PSS; half of the machine's memory if not given), and a
    session that has been idle for `idle_seconds` keeps no processes. While it `lays_ahead`, a confined process waits
    for the next session of each kind that was wanted.
    """

    def __init__(
        self,
        *,
        level: Level,
        jails: Jails | None = None,
        memory_bytes: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
        turns: Turns | None = None,
    ) -> None:
        self.level = level
        self.turns = turns or Turns()
        self._jails = jails or Jails(level)
        self.memory_bytes = memory_bytes or int(processes.memory_of_machine() * MEMORY_SHARE)
        self._idle_seconds = idle_seconds
        self.lays_ahead = True
        self._workroom = Workroom()
        self._roots: dict[tuple[str, ...], Root] = {}
        self._starting: dict[tuple[str, ...], asyncio.Lock] = {}
        self._spares: dict[_Kind, asyncio.Task[tuple[Jail, ForkedWorker]]] = {}
        self._sessions: set[Snapshots] = set()
        self._looking: asyncio.Task[None] | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Supervisor:
        """Give itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    def session(
        self, *, limits: Limits, seed: int, preload: tuple[str, ...] = (), keeps_snapshots: bool = True
    ) -> StagedSession:
        """A session of its own, with nothing running yet. `preload` names modules that its root has imported."""
        if self._closed:
            raise RuntimeUnavailable("foretell is ending; start it again")
        stage = Stage(limits)
        engine = Snapshots(stage, self, seed=seed, preload=tuple(sorted(set(preload))), keeps_snapshots=keeps_snapshots)
        self._sessions.add(engine)
        return StagedSession(stage, engine)

    async def lay(self, session: Snapshots) -> tuple[Jail, ForkedWorker]:
        """A jail of the session's own, and in it a confined, seeded process that has run no cell."""
        key = (session.preload, session.limits)
        for others_left in reversed(range(TRIES)):
            try:
                jail, worker = await self._lay_seeded(key, session.seed)
                break
            except ProcessEnded:
                if not others_left:
                    raise
        self._lay_ahead(key)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_after())
        return jail, worker

    async def _lay_seeded(self, key: _Kind, seed: int) -> tuple[Jail, ForkedWorker]:
        jail, worker = await self._take_spare(key) or await self._lay_anew(key)
        try:
            await _order(worker, Prepare(seed=seed, preload=()))
        except BaseException:
            await _close(jail, worker)
            raise
        return jail, worker

    def note(self, session: Snapshots, snapshot: Snapshot) -> None:
        """A snapshot was taken: where all may take too much, find out what it takes, and let others go if it is so."""
        if sum(_size(each) for _, each in self._kept()) < self.memory_bytes:
            return
        task = asyncio.create_task(self._measure(session, snapshot))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def leave(self, session: Snapshots) -> None:
        """The session is closed."""
        self._sessions.discard(session)

    @property
    def root_pids(self) -> tuple[int, ...]:
        """The process ids of the roots."""
        return tuple(root.pid for root in self._roots.values())

    async def close(self) -> None:
        """End every session and every root."""
        self._closed = True
        await asyncio.gather(*map(_throw_away, self._spares.values()))
        self._spares.clear()
        tasks = [*self._chores, *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(session.close() for session in tuple(self._sessions)), return_exceptions=True)
        await asyncio.gather(*(root.close() for root in self._roots.values()), return_exceptions=True)
        self._roots.clear()
        await self._jails.close()
        self._workroom.close()

    async def _root(self, preload: tuple[str, ...]) -> Root:
        """The root of a set of libraries, started where there is none that is fit."""
        async with self._starting.setdefault(preload, asyncio.Lock()):
            root = self._roots.get(preload)
            if root is not None and root.is_fit:
                self._roots[preload] = self._roots.pop(preload)
                return root
            if root is not None:
                del self._roots[preload]
                await root.close()
            for key in list(self._roots)[: max(0, len(self._roots) - MOST_ROOTS + 1)]:
                await self._roots.pop(key).close()
            root = self._roots[preload] = await self._start_root(preload)
            return root

    async def _start_root(self, preload: tuple[str, ...]) -> Root:
        """A root with the libraries in it, or where that cannot be forked, one that leaves them to the cells."""
        try:
            return await Root.start(preload, self._workroom.path)
        except LibrariesBusy as busy:
            _log.warning("%s", busy)
            return await Root.start((), self._workroom.path)

    def _lay_ahead(self, key: _Kind) -> None:
        """Begin to make the next jail of this kind, in the place of the kind that was wanted longest ago."""
        if self._closed or not self.lays_ahead or key in self._spares:
            return
        while len(self._spares) >= MOST_SPARES:
            spare = self._spares.pop(next(iter(self._spares)))
            self._chores.add(chore := asyncio.create_task(_throw_away(spare)))
            chore.add_done_callback(self._chores.discard)
        self._spares[key] = asyncio.create_task(self._lay_anew(key))

    async def _take_spare(self, key: _Kind) -> tuple[Jail, ForkedWorker] | None:
        """The jail with a confined process that was made ahead of time; None where there is none that is whole."""
        spare = self._spares.pop(key, None)
        if spare is None:
            return None
        try:
            jail, worker = await spare
        except (RuntimeUnavailable, OSError):
            return None  # What was in the way may be past, and is said again where it is not.
        if not jail.is_broken and not worker.exited.is_set():
            return jail, worker
        await _close(jail, worker)
        return None

    async def _lay_anew(self, key: _Kind) -> tuple[Jail, ForkedWorker]:
        """A jail, and in it a process that is confined and has not been told whose it is."""
        preload, limits = key
        jail = await self._open_jail(limits)
        try:
            root = await self._root(preload)
            worker = await root.fork(jail)
            try:
                await self._confine(worker, jail)
            except BaseException:
                await worker.close()
                raise
        except BaseException:
            await jail.close()
            raise
        return jail, worker

    async def _open_jail(self, limits: Limits) -> Jail:
        if self.level.at_least(Level.B):
            return await self._jails.open(limits)
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self._workroom.path)) / "work"
        return await self._jails.open(limits, home=home)

    async def _confine(self, worker: ForkedWorker, jail: Jail) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONFINE_SECONDS):
                await worker.known.wait()
        if not worker.pid:
            raise ProcessEnded(GONE) if worker.exited.is_set() else RuntimeUnavailable(LATE)
        jail.adopt(worker.pid)
        confined = await _order(worker, jail.order())
        if not isinstance(confined, Confined) or confined.leaks:
            found = printable_line("; ".join(confined.leaks) if isinstance(confined, Confined) else "it was not tried")
            raise RuntimeUnavailable(
                f"The confinement of level {self.level} does not hold ({found}), so nothing is run. "
                "Say a weaker level with --jail if you accept it, or run: foretell doctor"
            )

    async def _measure(self, session: Snapshots, snapshot: Snapshot) -> None:
        snapshot.memory_bytes = await asyncio.to_thread(processes.measure_pss, snapshot.worker.pid)
        self._make_room(session)

    def _make_room(self, but: Snapshots | None = None) -> None:
        """Let go of the snapshots that were used longest ago, until the rest fits; the last one of `but` stays."""
        kept = sorted(self._kept(), key=lambda pair: pair[1].used)
        total = sum(_size(snapshot) for _, snapshot in kept)
        last = next((snapshot for session, snapshot in reversed(kept) if session is but), None)
        for session, snapshot in kept:
            if total <= self.memory_bytes:
                return
            if snapshot is not last and session.is_idle:
                session.drop(snapshot)
                total -= _size(snapshot)

    def _kept(self) -> list[tuple[Snapshots, Snapshot]]:
        """All snapshots that could go: of each session all but the state before its first cell."""
        return [(session, each) for session in self._sessions for each in session.kept if each.executed]

    async def _look_after(self) -> None:
        """Now and then, end the processes of sessions that nobody uses."""
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._idle_seconds))
            now = asyncio.get_running_loop().time()
            idle = [each for each in self._sessions if each.is_idle and now - each.used > self._idle_seconds]
            for outcome in await asyncio.gather(*(each.let_go() for each in idle), return_exceptions=True):
                if isinstance(outcome, Exception):
                    _log.error("An idle session could not be ended", exc_info=outcome)


async def _close(jail: Jail, worker: ForkedWorker) -> None:
    """End a jail in which no cell has run."""
    await worker.close()
    await jail.close()


async def _throw_away(spare: asyncio.Task[tuple[Jail, ForkedWorker]]) -> None:
    """End a jail that was made ahead of time, or is just being made."""
    await asyncio.wait({spare})
    if not spare.cancelled() and spare.exception() is None:
        await _close(*spare.result())


def _size(snapshot: Snapshot) -> int:
    return snapshot.memory_bytes or snapshot.likely_bytes


async def _order(worker: ForkedWorker, order: Confine | Prepare) -> Confined | Ready:
    """What a process that has run nothing answers. RuntimeUnavailable where it ends, or does not answer in time."""
    told = ""
    try:
        async with asyncio.timeout(CONFINE_SECONDS):
            await worker.send(order)
            while True:
                match await worker.receive():
                    case Confined() | Ready() as answer:
                        return answer
                    case Exited() as end:
                        break
                    case other:
                        told += getattr(other, "text", "")
    except TimeoutError as late:
        raise RuntimeUnavailable(LATE) from late
    last = printable_line((told.strip().splitlines() or ["it said nothing"])[-1])
    raise ProcessEnded(
        f"The process that runs cells ended while it was made ready ({end.code}: {last}). Run: foretell doctor"
    )

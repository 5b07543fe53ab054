"""Jails: one for each session, made before its first process and gone with its last.

Enters: a level, limits, paths to hide or to show. Leaves: a `Jail` with the order that confines a process in it.
Invariant: a jail is whole or there is none; after `close` none of its processes is left.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import select
import signal
import stat
import time
from pathlib import Path

import foretell
from foretell.errors import RuntimeUnavailable
from foretell.runtime.jail import bubblewrap, family, groups, places
from foretell.runtime.jail.account import accounts
from foretell.runtime.jail.bubblewrap import Cell, Plan, open_cell
from foretell.runtime.jail.groups import Backend, Group
from foretell.runtime.jail.levels import Level
from foretell.runtime.jail.seccomp import filter_program
from foretell.runtime.limits import Limits, rlimits_of
from foretell.runtime.messages import Confine, Rlimit

PAUSED_PROCESSES = 40
STATES_FOLDERS = 3
UNREADABLE = ("/etc/shadow", "/proc/self/environ", "/sys/kernel", "/root/.bashrc", "/var/log")
OTHERS_TO_COME = 64
END_SECONDS = 10.0
LOOK_SECONDS = 0.002


class Jails:
    """Makes jails of one level.

    `hidden` are paths that no jail shows, `readable` ones that it shows besides Python and its packages, and `network`
    leaves the machine's network as it is. RuntimeUnavailable where the level cannot be had.
    """

    def __init__(
        self, level: Level, *, hidden: tuple[Path, ...] = (), readable: tuple[Path, ...] = (), network: bool = False
    ) -> None:
        self.level = level
        self.network = network
        self._hidden = tuple(str(path.resolve()) for path in hidden) + places.own_packages()
        self._shown = tuple(str(path.resolve()) for path in readable)
        self._accounts = accounts()
        self._numbers = itertools.count(1)
        self._open: set[Jail] = set()
        self._backend: Backend | None = groups.find() if level is Level.A else None

    async def open(self, limits: Limits, *, home: Path | None = None) -> Jail:
        """A jail for one session; `home` is where its cells run where the level has no folder of its own (C, none).

        Where `home` does not exist, in an empty folder, it is made, and goes with the jail together with that folder.
        """
        account = next(self._accounts) if self.level is not Level.NONE else None
        group = self._open_group(limits)
        try:
            cell = await open_cell(self._plan(limits)) if self.level.at_least(Level.B) else None
            made = None
            if cell is None:
                home, made = _prepare_home(home, account)
        except BaseException:
            if group is not None:
                group.close()
            raise
        order = self._order(limits, account, home)
        jail = Jail(order=order, cell=cell, group=group, made=made)
        self._open = {other for other in self._open if not other.is_closed} | {jail}
        return jail

    async def close(self) -> None:
        """End every jail that is still open."""
        await asyncio.gather(*(jail.close() for jail in tuple(self._open)))
        self._open.clear()
        if self._backend is not None:
            groups.close_backend(self._backend)

    def _open_group(self, limits: Limits) -> Group | None:
        if self._backend is None:
            return None
        name = f"jail-{next(self._numbers)}"
        processes = limits.processes + PAUSED_PROCESSES
        memory_bytes = None if limits.memory_bytes is None else limits.memory_bytes + (limits.states_bytes or 0)
        return groups.open_group(self._backend, name, memory_bytes=memory_bytes, processes=processes)

    def _plan(self, limits: Limits) -> Plan:
        network = places.NETWORK if self.network else ()
        return Plan(
            readable=(*places.libraries(), *places.SHARED, *network, *self._shown),
            hidden=self._hidden,
            network=self.network,
            user_namespace=os.geteuid() != 0,
            bytes=limits.file_bytes,
            states_bytes=limits.file_bytes * STATES_FOLDERS,
        )

    def _order(self, limits: Limits, account: int | None, home: Path | None) -> Confine:
        readable: tuple[str, ...] = ()
        writable: tuple[str, ...] = ()
        program = b""
        if self.level is Level.NONE:
            rlimits = tuple(rlimit for rlimit in rlimits_of(limits) if rlimit.name != "RLIMIT_AS")
        else:
            rlimits = _rlimits(limits, shares_account=self.level is Level.C and account is None)
            program = filter_program(strict=self.level is Level.C, network=self.network)
            readable, writable = self._paths(home)
        confined = self.level is not Level.NONE
        canary = (str(Path(foretell.__file__)), *self._hidden, *UNREADABLE) if confined else ()
        return Confine(
            rlimits=rlimits,
            extra_address_space=limits.memory_bytes,
            user=account,
            readable=readable,
            writable=writable,
            seccomp=base64.b64encode(program).decode("ascii"),
            unreadable=canary,
            home=str(home) if home is not None and not self.level.at_least(Level.B) else bubblewrap.WORK,
            network=self.network,
        )

    def _paths(self, home: Path | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What Landlock leaves to be read, and to be written."""
        network = places.NETWORK if self.network else ()
        if self.level.at_least(Level.B):
            return ("/", *network), ("/tmp", "/dev/shm", bubblewrap.HOME, *places.DEVICES)  # noqa: S108
        shown = [
            path for folder in (*places.libraries(), *self._shown) for path in places.without(folder, self._hidden)
        ]
        return (*shown, *places.SHARED, *network), (*([str(home.parent)] if home else []), *places.DEVICES)


class Jail:
    """Where one session's processes live. Made by `Jails.open`; it ends with `close`.

    `pidfd` is the jail's first process, to be handed to the root; None where there are no namespaces to enter.
    """

    def __init__(self, *, order: Confine, cell: Cell | None, group: Group | None, made: Path | None) -> None:
        self.home = order.home
        self.is_closed = False
        self._order = order
        self._cell = cell
        self._group = group
        self._made = made
        self._adopted: dict[int, int] = {}
        self._parents: set[int] = set()

    @property
    def pidfd(self) -> int | None:
        """The jail's first process; None where there are no namespaces to enter."""
        return self._cell.pidfd if self._cell is not None else None

    @property
    def has_user_namespace(self) -> bool:
        """Whether entering means to enter a user namespace too."""
        return self._cell is not None and os.geteuid() != 0

    @property
    def is_broken(self) -> bool:
        """Whether its first process is gone, and it cannot be entered any more."""
        return self.is_closed or (self._cell is not None and _has_ended(self._cell.pidfd))

    def open_doors(self) -> tuple[int, ...]:
        """Descriptors to hand to the root, by which its child joins what counts it; the caller closes them."""
        return self._group.open_doors() if self._group is not None else ()

    def order(self) -> Confine:
        """What the first process of the session is told, before anything else."""
        return self._order

    def adopt(self, pid: int) -> None:
        """Make the session's first process, and all that will come of it, the jail's to count and to end."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        self._adopted[pid] = descriptor
        self._parents.add(family.parent_and_group_of(pid)[0])
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError):
                self._group.adopt(pid)

    def processes(self) -> frozenset[int]:
        """All processes of the session that live, as the machine numbers them."""
        if self._group is not None:
            return self._group.processes()
        alive = {pid for pid, descriptor in self._adopted.items() if not _has_ended(descriptor)}
        if self._cell is not None:
            found = family.descendants_of([self._cell.init, *alive]) | alive
            return frozenset(pid for pid in found - self._cell.helpers if not family.is_dead(pid))
        # Whoever has lost its parent went to the root, or to the machine's first process, and kept its group.
        lost = {
            child
            for parent in {*self._parents, 1}
            for child in family.children_of(parent)
            if family.parent_and_group_of(child)[1] in self._adopted
        }
        found = family.descendants_of(alive | lost) | alive | lost
        return frozenset(pid for pid in found if not family.is_dead(pid))

    def memory_bytes(self) -> int | None:
        """What the session takes, its files included; None where nothing counts it."""
        return self._group.memory_bytes() if self._group is not None else None

    def out_of_memory_kills(self) -> int:
        """How many of its processes the kernel has ended for memory; 0 where nothing counts them."""
        return self._group.out_of_memory_kills() if self._group is not None else 0

    def kill(self) -> None:
        """End every process of the session at once."""
        if self._group is not None:
            self._group.kill()
        if self._cell is not None:
            self._cell.kill()
        for pid, descriptor in self._adopted.items():
            if self._cell is None and not _has_ended(descriptor):
                # While it lives its group is surely its own, and one signal to a group misses nobody in it.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)

    async def close(self) -> None:
        """Kill, wait until nothing is left, and give everything back."""
        if self.is_closed:
            return
        self.is_closed = True
        self.kill()
        if self._cell is not None:
            await self._cell.close()
        end = time.monotonic() + END_SECONDS
        while (left := self._left()) and time.monotonic() < end:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(LOOK_SECONDS)
        while self._group is not None and not self._group.close() and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
        for descriptor in self._adopted.values():
            os.close(descriptor)
        self._adopted.clear()
        if self._made is not None:
            await asyncio.to_thread(places.remove, str(self._made))

    def _left(self) -> set[int]:
        """Who lives still. Without namespaces all have stayed in the first process's group: the filter sees to it."""
        if self._cell is not None:
            return set()  # Bubblewrap has ended, and it ends when the kernel has buried the last in the jail.
        alive = {pid for pid, descriptor in self._adopted.items() if not _has_ended(descriptor)}
        return family.members_of(self._adopted) | alive


def _has_ended(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _rlimits(limits: Limits, *, shares_account: bool) -> tuple[Rlimit, ...]:
    """The limits of each process. A core of one byte is what stops a dump to a program too; see core(5)."""
    processes = limits.processes + PAUSED_PROCESSES + (_count_own() if shares_account else 0)
    told = {
        "RLIMIT_NPROC": processes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_CORE": 1,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_RTPRIO": 0,
        "RLIMIT_NICE": 0,
    }
    return tuple(Rlimit(name=name, limit=limit) for name, limit in told.items())


def _count_own() -> int:
    """Tasks of this account: where a jail shares it, the limit of the account must leave these out, and some more."""
    return OTHERS_TO_COME + family.count_tasks_of(os.getuid())


def _prepare_home(home: Path | None, account: int | None) -> tuple[Path, Path | None]:
    """The folder of a jail that has none of its own, given to `account`; and what is to be removed with the jail."""
    if home is None:
        raise RuntimeUnavailable("A jail without namespaces needs a folder to run in; say which")
    home.parent.mkdir(parents=True, exist_ok=True)
    made = home.parent if not any(home.parent.iterdir()) else None
    home.mkdir(exist_ok=True)
    if account is not None:
        for place in (home.parent, home):
            os.chown(place, account, account, follow_symlinks=False)
        way = home.parent.parent
        os.chmod(way, stat.S_IMODE(way.stat().st_mode) | stat.S_IXOTH)  # noqa: PTH101
        if not all(place.stat().st_mode & stat.S_IXOTH for place in home.parents[1:]):
            raise RuntimeUnavailable(
                f"Other accounts cannot get to {home}; set TMPDIR to a directory that all can enter"
            )
    return home, made

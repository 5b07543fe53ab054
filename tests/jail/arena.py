"""A supervisor, a neighbour and victims in one process: runs attacks as cells of real sessions, tells how each ended.

`python -m jail.arena LEVEL[+network] [ID...]` prints one line of JSON for each, and one for the supervisor itself.
Enters: the level. Leaves: results. Invariant: code of an attack runs only in a session that was confined.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from foretell.model.run import ErrorOutput, FailureKind, Run, StreamOutput
from foretell.runtime import processes
from foretell.runtime.conduct import StagedSession
from foretell.runtime.jail import family
from foretell.runtime.jail.jails import Jail, Jails
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits
from foretell.runtime.snapshots import Snapshots
from foretell.runtime.supervisor import Supervisor
from foretell.runtime.tree import Snapshot
from jail.attacks import ESCAPES, RESOURCES, Attack, End, cell, contained
from jail.good_code import GOOD
from jail.memory_attacks import IN_MEMORY
from jail.own_attacks import OWN
from runtime.cells import run

LIMITS = Limits(
    wall_seconds=10, cpu_seconds=8, memory_bytes=512 << 20, file_bytes=32 << 20, processes=60, output_bytes=4 << 20
)
ALL = (*RESOURCES, *ESCAPES, *OWN, *IN_MEMORY, *GOOD)
AT_ONCE = 3
END_SECONDS = 25.0
# One that hangs outside of its run (while its session opens or closes) fails alone, and the others are still tried.
MOST_SECONDS = 60.0
ARENA_SECONDS = 240
LEFT_SECONDS = 1.0
CHARACTERS = 4 << 20
LIBRARIES = ("matplotlib", "torch")
NEIGHBOUR = "kept = 6"
PWNED = "foretell_pwn"
NETWORK = "+network"
SUPERVISOR = "the supervisor"
KINDS = {kind.value for kind in FailureKind}
IN_WORDS = {
    End.TIME: "longer than the limit of|more than the limit of",
    End.MEMORY: "more memory than the limit of",
    End.OUTPUT: "printed more than the limit of|more output than the limit of",
    End.EXIT: "exit code",
    End.CRASH: "Python crashed while your cell ran|pipe that foretell itself uses|more processes and threads than",
}


@dataclass
class Victims:
    """What an attack may try to reach. Nothing here may have changed afterwards."""

    folder: Path
    shown: Path
    listener: socket.socket
    named: socket.socket
    datagram: socket.socket
    abstract: socket.socket
    abstract_datagram: socket.socket
    siblings: dict[int | None, subprocess.Popen[bytes]] = field(default_factory=dict)

    def lab(self, jail: Jail, level: Level, root: int) -> dict[str, object]:
        return {
            "scratch": jail.home,
            "victim": str(self.folder / "victim.txt"),
            "solutions": str(self.folder / "hidden-solutions" / "solution.py"),
            "solutions_name": "hidden-solutions",
            "host_files": [str(self.folder / "victim.txt"), str(self.folder)],
            "host_pid": os.getpid(),
            "root_pid": root,
            "sibling_pid": self.sibling(jail.order().user).pid,
            "port": self.listener.getsockname()[1],
            "unix_path": str(self.folder / "named"),
            "unix_datagram": str(self.folder / "datagram"),
            "abstract": "foretell-victim-" + str(os.getpid()),
            "level": str(level),
            "shown": str(self.shown),
        }

    def sibling(self, user: int | None) -> subprocess.Popen[bytes]:
        """A process of the same account as the learner's, outside of its jail."""
        if user not in self.siblings:
            # Without the arena's standard output, which would stay open if the arena itself should end.
            self.siblings[user] = subprocess.Popen(
                ["/usr/bin/sleep", "600"], user=user, group=user, cwd="/", stdout=subprocess.DEVNULL
            )
        return self.siblings[user]

    def harm_to_sibling(self, user: int | None) -> list[str]:
        """Whether it is still there; one that is an account's alone goes with the account's jail."""
        sibling = self.siblings[user]
        found = ["the sibling was ended"] if sibling.poll() is not None else []
        if user is not None:
            del self.siblings[user]
            sibling.kill()
            sibling.wait()
        return found

    def harm(self) -> list[str]:
        """What has happened to them."""
        found = []
        for sibling in self.siblings.values():
            sibling.kill()
            sibling.wait()
        if (self.folder / "victim.txt").read_text() != "private":
            found.append("the victim's file was changed")
        for name in ("listener", "named", "datagram", "abstract", "abstract_datagram"):
            end: socket.socket = getattr(self, name)
            with contextlib.suppress(BlockingIOError):
                end.recv(64) if end.type == socket.SOCK_DGRAM else end.accept()
                found.append(f"{name} was reached")
        places = ["/", "/usr", "/etc", "/tmp", "/var/tmp", str(Path(os.__file__).parent), *sys.path]
        return found + [f"{PWNED} in {place}" for place in places if place and list(Path(place).glob(PWNED + "*"))]


@contextlib.contextmanager
def victims() -> Iterator[Victims]:
    with tempfile.TemporaryDirectory(prefix="victims-") as name, tempfile.TemporaryDirectory(prefix="shown-") as other:
        folder, shown = Path(name), Path(other)
        (shown / "hidden").mkdir()
        (shown / "hidden" / "secret.txt").write_text("private")
        (shown / "secret.txt").write_text("private")
        (shown / "data.txt").write_text("data")
        for place in (folder, shown):
            place.chmod(0o755)
        (folder / "hidden-solutions").mkdir()
        (folder / "hidden-solutions" / "solution.py").write_text("answer = 42")
        (folder / "victim.txt").write_text("private")
        (folder / "victim.txt").chmod(0o666)
        abstract = f"\0foretell-victim-{os.getpid()}"
        ends = [socket.socket(), *(socket.socket(socket.AF_UNIX, kind) for kind in (1, 2, 1, 2))]
        addresses = (
            ("127.0.0.1", 0),
            str(folder / "named"),
            str(folder / "datagram"),
            abstract,
            abstract + "-datagram",
        )
        for end, address in zip(ends, addresses, strict=True):
            end.bind(address)
            end.setblocking(False)
            if end.type == socket.SOCK_STREAM:
                end.listen()
        for path in (folder / "named", folder / "datagram"):
            path.chmod(0o777)
        yield Victims(folder, shown, *ends)
        for end in ends:
            end.close()


@dataclass
class Arena:
    """Where attacks are tried: one supervisor, and beside each attack a learner who has nothing to do with it."""

    supervisor: Supervisor
    made: Victims
    neighbour: StagedSession

    async def try_attack(self, attack: Attack) -> dict[str, object]:
        started = time.monotonic()
        tries = [await self.try_in_its_jail(attack) for _ in range(attack.runs)]
        harm = [sentence for _, _, sentences in tries for sentence in sentences]
        ended = tries[-1][0]
        return {
            "id": attack.id,
            "harm": harm,
            "ends": [end_of(tried) for tried, _, _ in tries],
            "held": not harm and all(contained(attack, end_of(tried), said) for tried, said, _ in tries),
            "message": ended.failure.message if ended.failure else "",
            "said": tries[-1][1].strip()[-400:],
            "seconds": round(time.monotonic() - started, 2),
        }

    async def try_in_its_jail(self, attack: Attack) -> tuple[Run, str, list[str]]:
        """A try; once more where the session had got another jail than the one that the attack was told of."""
        tried = await self.try_once(attack)
        return await self.try_once(attack) if "REFUSED" in tried[1] else tried

    async def try_once(self, attack: Attack) -> tuple[Run, str, list[str]]:
        """How the cell ended, what it said, and what it has harmed."""
        short = End.TIME in attack.ends and attack.seconds < 1
        limits = replace(LIMITS, wall_seconds=attack.seconds) if short else LIMITS
        preload = LIBRARIES if attack.libraries else ()
        session = self.supervisor.session(limits=limits, seed=1, preload=preload)
        try:
            await session.start()
            jail = jail_of(self.supervisor, session)
            assert jail is not None
            user = jail.order().user
            lab = self.made.lab(jail, self.supervisor.level, self.supervisor.root_pids[-1])
            async with asyncio.timeout(END_SECONDS):
                ended = await run(session, cell(attack, lab))
                harm = await self.look_after(session, ended)
            harm += self.made.harm_to_sibling(user)
            later = jail_of(self.supervisor, session)
            seen = jail.processes() | (later.processes() if later else frozenset())
        finally:
            await session.close()
        harm += [f"{pid} is left" for pid in seen if not family.is_dead(pid)]
        return ended, text_of(ended), harm

    async def look_after(self, session: StagedSession, ended: Run) -> list[str]:
        """What of this session and of the neighbour's is not as it was."""
        harm = []
        again = await run(session, "print(6 * 7)")
        if text_of(again) != "42\n" or again.failure:
            harm.append(f"the next run of the session: {text_of(again)[:200]} {again.failure}")
        if left := await find_left(self.supervisor, session):
            harm.append(f"{len(left)} processes outlive the run")
        beside = await run(self.neighbour, NEIGHBOUR, "print(kept * 7)")
        if text_of(beside) != "42\n":
            harm.append(f"the neighbour: {text_of(beside)[:200]} {beside.failure}")
        if ended.failure and ended.failure.kind in KINDS and not in_words(ended):
            harm.append(f"not in words: {ended.failure.message}")
        return harm


def jail_of(supervisor: Supervisor, session: StagedSession) -> Jail | None:
    """The jail in which a session's processes are; None where it has none at present."""
    kept = {snapshot.worker.pid for snapshot in kept_of(session)}
    return next((jail for jail in supervisor._jails._open if kept & jail.processes()), None)


async def find_left(supervisor: Supervisor, session: StagedSession) -> frozenset[int]:
    """The processes of a session that are no snapshots, once the last run has come to rest."""
    deadline, left = time.monotonic() + LEFT_SECONDS, frozenset({0})
    while left and time.monotonic() < deadline:
        jail = jail_of(supervisor, session)
        left = jail.processes() - {kept.worker.pid for kept in kept_of(session)} if jail else frozenset()
        await asyncio.sleep(0.01)
    return left


def kept_of(session: StagedSession) -> tuple[Snapshot, ...]:
    assert isinstance(session.engine, Snapshots)
    return session.engine.kept


def in_words(ended: Run) -> bool:
    assert ended.failure
    return any(words in ended.failure.message for words in IN_WORDS[End(ended.failure.kind)].split("|"))


def end_of(ended: Run) -> str:
    """An `End`, or "returned" for a cell that came to its last line or raised."""
    return ended.failure.kind if ended.failure and ended.failure.kind in KINDS else "returned"


def text_of(ended: Run) -> str:
    """What it printed and raised; the lines of a traceback would repeat the code of the attack."""
    shown = (
        out.text
        if isinstance(out, StreamOutput)
        else f"{out.name}: {out.value}"
        if isinstance(out, ErrorOutput)
        else ""
        for out in ended.outputs
    )
    return "".join(shown)[-CHARACTERS:]


def say_what_hangs() -> None:
    """Print where every task waits, for whoever reads why the arena did not end."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


async def fight(level: Level, chosen: list[Attack], *, network: bool) -> None:
    asyncio.get_running_loop().call_later(ARENA_SECONDS - 20, say_what_hangs)
    with victims() as made:
        hidden = (made.folder, made.shown / "hidden", made.shown / "secret.txt")
        jails = Jails(level, hidden=hidden, readable=(made.shown,), network=network)
        async with Supervisor(level=level, jails=jails) as supervisor:
            neighbour = supervisor.session(limits=LIMITS, seed=2)
            await run(neighbour, NEIGHBOUR)
            arena, free = Arena(supervisor, made, neighbour), asyncio.Semaphore(AT_ONCE)
            before, descriptors = processes.measure_pss(os.getpid()), count_descriptors()

            async def one(attack: Attack) -> None:
                async with free:
                    try:
                        async with asyncio.timeout(MOST_SECONDS * attack.runs):
                            result = await arena.try_attack(attack)
                    except Exception:
                        result = {"id": attack.id, "held": False, "harm": [traceback.format_exc()], "said": ""}
                print(json.dumps(result), flush=True)

            await asyncio.gather(*(one(attack) for attack in chosen))
            print(json.dumps(of_supervisor(made, before, descriptors)), flush=True)


def of_supervisor(made: Victims, before: int, descriptors: int) -> dict[str, object]:
    return {
        "id": SUPERVISOR,
        "harm": made.harm(),
        "more_bytes": processes.measure_pss(os.getpid()) - before,
        "more_descriptors": count_descriptors() - descriptors,
    }


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def main() -> None:
    level, wanted = Level(sys.argv[1].removesuffix(NETWORK)), sys.argv[2:]
    chosen = [attack for attack in ALL if attack.id in wanted or (not wanted and level in attack.levels)]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.dump_traceback_later(ARENA_SECONDS - 10)
    asyncio.run(fight(level, chosen, network=sys.argv[1].endswith(NETWORK)))


if __name__ == "__main__":
    main()

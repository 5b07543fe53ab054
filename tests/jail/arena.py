"""A root, a supervisor and victims in one process: runs attacks in jails of one level and tells how each ended.

`python -m jail.arena LEVEL[+network] [ID...]` prints one line of JSON for each. Enters: the level.
Leaves: results. Invariant: code of an attack runs only in a process that has been confined and has found no leak.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from foretell.runtime.jail import family
from foretell.runtime.jail.confine import confine
from foretell.runtime.jail.enter import enter
from foretell.runtime.jail.jails import Jail, Jails
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits
from foretell.runtime.processes import measure_pss
from jail.attacks import ESCAPES, RESOURCES, Attack, cell, contained
from jail.good_code import GOOD
from jail.own_attacks import OWN

LIMITS = Limits(memory_bytes=512 << 20, file_bytes=32 << 20, processes=60)
ALL = (*RESOURCES, *ESCAPES, *OWN, *GOOD)
OUTPUT_BYTES = 4 << 20
LOOK_SECONDS = 0.05
PWNED = "foretell_pwn"
NETWORK = "+network"


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
    siblings: dict[int | None, int] = field(default_factory=dict)

    def lab(self, jail: Jail, level: Level) -> dict[str, object]:
        return {
            "scratch": jail.home,
            "victim": str(self.folder / "victim.txt"),
            "solutions": str(self.folder / "hidden-solutions" / "solution.py"),
            "solutions_name": "hidden-solutions",
            "host_files": [str(self.folder / "victim.txt"), str(self.folder)],
            "host_pid": os.getppid(),
            "root_pid": os.getpid(),
            "sibling_pid": self.sibling(jail.order().user),
            "port": self.listener.getsockname()[1],
            "unix_path": str(self.folder / "named"),
            "unix_datagram": str(self.folder / "datagram"),
            "abstract": "foretell-victim-" + str(os.getpid()),
            "level": str(level),
            "shown": str(self.shown),
        }

    def sibling(self, user: int | None) -> int:
        """A process of the same account as the learner's, outside of its jail."""
        child = os.fork()
        if not child:
            if user is not None:
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            while True:
                signal.pause()
        self.siblings[user] = child
        return child

    def harm(self) -> list[str]:
        """What has happened to them."""
        found = []
        for child in self.siblings.values():
            if family.is_dead(child):
                found.append("the sibling was ended")
            else:
                os.kill(child, signal.SIGKILL)
        self.siblings.clear()
        if (self.folder / "victim.txt").read_text() != "private":
            found.append("the victim's file was changed")
        for name in ("listener", "named", "datagram", "abstract", "abstract_datagram"):
            end: socket.socket = getattr(self, name)
            with contextlib.suppress(BlockingIOError):
                end.recv(64) if end.type == socket.SOCK_DGRAM else end.accept()
                found.append(f"{name} was reached")
        places = ["/", "/usr", "/etc", "/tmp", "/var/tmp", str(Path(os.__file__).parent), *sys.path]
        found += [f"{PWNED} in {place}" for place in places if place and list(Path(place).glob(PWNED + "*"))]
        return found


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


def fork_base(jail: Jail, protocol: socket.socket, out: int) -> None:
    """As the root does: a keeper that enters and forks the base, which serves one order and runs one cell."""
    if os.fork():
        return
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if jail.pidfd is not None:
            enter(jail.pidfd, user_namespace=jail.has_user_namespace)
            if os.fork():
                os._exit(0)
        ends = [os.dup(protocol.fileno()), os.dup(out)]
        null = os.open(os.devnull, os.O_RDONLY)
        for end, place in ((null, 0), (ends[1], 1), (ends[1], 2), (ends[0], 3)):
            os.dup2(end, place)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        serve(jail)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    os._exit(70)


def serve(jail: Jail) -> None:
    os.write(3, b"forked")
    os.read(3, 1)
    leaks = confine(jail.order()).leaks
    os.write(3, json.dumps(leaks).encode())
    code = os.read(3, 1 << 18).decode()
    if leaks or not code:
        os._exit(71)
    child = os.fork()
    if not child:
        run(code)
    _, status = os.waitpid(child, 0)
    os.write(3, str(os.waitstatus_to_exitcode(status)).encode())
    signal.pause()


def run(code: str) -> None:
    ended = 0
    try:
        exec(compile(code, "<cell>", "exec"), {"__name__": "__main__"})
    except BaseException:
        os.write(1, traceback.format_exc().encode("utf-8", "replace"))
    print("\n[returned]", flush=True)
    os._exit(ended)


class Run:
    """One cell in a jail, seen from the supervisor."""

    def __init__(self, attack: Attack, jails: Jails, made: Victims, homes: Path) -> None:
        self.attack, self.jails, self.made, self.homes = attack, jails, made, homes
        self.said = bytearray()
        self.end = ""
        self.left: list[int] = []

    async def go(self) -> None:
        home = Path(tempfile.mkdtemp(dir=self.homes)) / "home" / "work"
        jail = await self.jails.open(LIMITS, home=home)
        try:
            await self._in(jail)
        finally:
            seen = jail.processes()
            await jail.close()
            self.left = [pid for pid in seen if not family.is_dead(pid)]

    async def _in(self, jail: Jail) -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        ours.setblocking(False)
        r, w = os.pipe()
        os.set_blocking(r, False)
        fork_base(jail, theirs, w)
        theirs.close()
        os.close(w)
        loop.add_reader(r, self._read, r)
        try:
            async with asyncio.timeout(20):
                jail.adopt(await first_sender(ours))
                ours.send(b"!")
                leaks = await loop.sock_recv(ours, 4096)
            if leaks != b"[]":
                self.end = f"leaks {leaks.decode()}"
                return
            ours.send(cell(self.attack, self.made.lab(jail, self.jails.level)).encode())
            self.end = await self._watch(jail, ours)
        finally:
            await asyncio.sleep(0.01)
            loop.remove_reader(r)
            self._read(r)
            os.close(r)
            ours.close()

    async def _watch(self, jail: Jail, ours: socket.socket) -> str:
        loop = asyncio.get_running_loop()
        ended = asyncio.ensure_future(loop.sock_recv(ours, 64))
        deadline = time.monotonic() + self.attack.seconds
        try:
            while time.monotonic() < deadline:
                await asyncio.wait([ended], timeout=LOOK_SECONDS)
                if jail.out_of_memory_kills():
                    return "memory"
                if len(self.said) > OUTPUT_BYTES:
                    return "output"
                if ended.done():
                    return self._judge(ended.result())
                if jail.memory_bytes() is None and sum(map(measure_pss, jail.processes())) > LIMITS.memory_bytes:
                    return "memory"
            return "time"
        finally:
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await ended

    def _judge(self, told: bytes) -> str:
        with contextlib.suppress(ValueError):
            code = int(told)
            if code < 0:
                return "crash"
            return "ended"
        return "crash"

    def _read(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):
                data = os.read(descriptor, 1 << 16)
                if not data:
                    asyncio.get_running_loop().remove_reader(descriptor)
                    return
                self.said += data[: max(0, OUTPUT_BYTES + 1 - len(self.said))]


async def first_sender(ours: socket.socket) -> int:
    """The process that has sent the first message, as the kernel says."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(ours, ready.set)
    await ready.wait()
    loop.remove_reader(ours)
    _, told, _, _ = ours.recvmsg(64, socket.CMSG_SPACE(12))
    return struct.unpack("iii", told[0][2])[0]


async def try_attack(attack: Attack, jails: Jails, made: Victims, homes: Path) -> dict[str, object]:
    started, told, ends, held, harm = time.monotonic(), "", [], True, []
    for _ in range(attack.runs):
        run = Run(attack, jails, made, homes)
        await run.go()
        told = run.said.decode("utf-8", "replace")
        end = ("returned" if "[returned]" in told else "exit") if run.end == "ended" else run.end
        ends.append(end)
        harm += made.harm() + [f"left: {pid}" for pid in run.left]
        held = held and contained(attack, end, told)
    return {
        "id": attack.id,
        "held": held and not harm,
        "ends": ends,
        "harm": harm,
        "said": told.strip()[-400:],
        "seconds": round(time.monotonic() - started, 2),
    }


async def main() -> None:
    level, wanted = Level(sys.argv[1].removesuffix(NETWORK)), sys.argv[2:]
    chosen = [attack for attack in ALL if attack.id in wanted or (not wanted and level in attack.levels)]
    for name in sorted({name for attack in chosen for name in attack.libraries}):
        importlib.import_module(name)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # a subreaper, as the root is
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, bury)
    with victims() as made, tempfile.TemporaryDirectory(prefix="homes-", ignore_cleanup_errors=True) as homes:
        Path(homes).chmod(0o711)
        hidden = (made.folder, made.shown / "hidden", made.shown / "secret.txt")
        network = sys.argv[1].endswith(NETWORK)
        jails = Jails(level, hidden=hidden, readable=(made.shown,), network=network)
        for attack in chosen:
            try:
                result = await try_attack(attack, jails, made, Path(homes))
            except Exception:
                result = {"id": attack.id, "held": False, "harm": [traceback.format_exc()], "ends": [], "said": ""}
            print(json.dumps(result), flush=True)
        await jails.close()


def bury() -> None:
    """Wait for what has ended: as a subreaper this process inherits the bases."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asyncio.run(main())

"""The jail as bubblewrap makes it: namespaces of its own, and a private root with only what Python needs.

Enters: paths and sizes. Leaves: a `Cell`, the two processes that hold a jail open, which end when the supervisor lets
go. Invariant: the second one runs only when every mount is made, so a jail that has answered is whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from foretell.errors import ProcessEnded, RuntimeUnavailable
from foretell.runtime.jail import places
from foretell.runtime.jail.family import children_of

HOME = "/home/learner"
WORK = f"{HOME}/work"
NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
USER = 1000
OPEN_SECONDS = 20.0
END_SECONDS = 10.0
PASSWD = b"learner:x:1000:1000:learner:/home/learner:/bin/false\n"
GROUP = b"learner:x:1000:\n"
REMEDY = "Install bubblewrap and allow user namespaces, or run: foretell doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a jail shows and holds. `states_bytes` is for the copies of the learner's files, `bytes` for each folder."""

    readable: tuple[str, ...]
    hidden: tuple[str, ...]
    network: bool
    user_namespace: bool
    bytes: int
    states_bytes: int


class Cell:
    """A jail held open: bubblewrap outside, and inside its first process with one that waits for the supervisor."""

    def __init__(self, process: subprocess.Popen[bytes], line: socket.socket, init: int) -> None:
        self._process = process
        self._line = line
        self.init = init
        self.helpers = frozenset(children_of(init))
        self.pidfd = os.pidfd_open(init)

    def kill(self) -> None:
        """End everything in the jail: its first process takes all others with it."""
        if self.pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    async def close(self) -> None:
        """Kill, and wait until nothing is left."""
        self.kill()
        self._line.close()
        await wait_for_end(self._process)
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


async def wait_for_end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a child that is about to end, without a thread for it."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process.pid)
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            async with asyncio.timeout(END_SECONDS):
                await ended.wait()
        except TimeoutError:
            process.kill()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
    process.poll()


async def open_cell(plan: Plan) -> Cell:
    """Start a jail and wait until it is whole. RuntimeUnavailable where bubblewrap is missing or refused."""
    program = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin:" + os.environ.get("PATH", ""))
    if program is None:
        raise RuntimeUnavailable(f"bubblewrap (the program bwrap) is not installed. {REMEDY}")
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003  the standard library's own signature
    try:
        with theirs:
            process, told = _launch(program, plan, theirs)
        try:
            init = await _await_answer(process, ours, told)
        except BaseException:
            process.kill()
            await wait_for_end(process)
            raise
        return Cell(process, ours, init)
    except BaseException:
        ours.close()
        raise


def arguments(plan: Plan, files: dict[str, int]) -> list[str]:
    """What bubblewrap is told. `files` are the descriptors of files with a content of our own, by their paths."""
    said = [*NAMESPACES, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "lesson"]
    said += [] if plan.network else ["--unshare-net"]
    said += ["--unshare-user", "--uid", str(USER), "--gid", str(USER)] if plan.user_namespace else []
    said += ["--cap-drop", "ALL"]
    said += [*_folder("/tmp", plan.bytes, "1777"), "--dir", "/dev"]  # noqa: S108  the jail's own
    said += [*_folder("/dev/shm", plan.bytes, "1777"), "--perms", "0311", "--dir", "/home"]  # noqa: S108
    said += [*_folder(HOME, plan.states_bytes, "0777"), *_folder(WORK, plan.bytes, "0777")]
    for device in places.DEVICES:
        said += ["--dev-bind", device, device]
    for path, descriptor in files.items():
        said += ["--perms", "0555", "--dir", str(Path(path).parent)]
        said += ["--perms", "0444", "--ro-bind-data", str(descriptor), path]
    for path in plan.readable:
        said += _show(path)
    for path in plan.hidden:
        if any(places.lies_beneath(path, shown) for shown in plan.readable):
            said += _hide(path)
    said += ["--ro-bind", shutil.which("cat") or "/bin/cat", "/jail/cat", "--remount-ro", "/", "--chdir", "/"]
    return said


def _folder(place: str, size: int, mode: str) -> list[str]:
    return ["--perms", mode, "--size", str(size), "--tmpfs", place]


def _show(path: str) -> list[str]:
    if os.path.islink(path) and path in places.SYSTEM:  # noqa: PTH114  a path as bubblewrap is given it
        return ["--symlink", os.readlink(path), path]  # noqa: PTH115
    # Folders on the way that bubblewrap makes of itself are for its own account only; these are for all.
    return ["--dir", str(Path(path).parent), "--ro-bind-try", path, path]


def _hide(path: str) -> list[str]:
    if Path(path).is_dir():
        return ["--perms", "0000", "--size", "4096", "--tmpfs", path, "--remount-ro", path]
    return ["--ro-bind", "/dev/null", path] if Path(path).exists() else []


def _launch(program: str, plan: Plan, line: socket.socket) -> tuple[subprocess.Popen[bytes], int]:
    """Start bubblewrap; gives it and the descriptor on which it tells the id of the jail's first process."""
    told, tell = os.pipe()
    given = [tell]
    try:
        files = {path: _hold(content) for path, content in _contents().items()}
        given += files.values()
        said = "\0".join(arguments(plan, files)) + "\0"
        given.append(_hold(said.encode()))
        process = subprocess.Popen(
            [program, "--args", str(given[-1]), "--info-fd", str(tell), "--", "/jail/cat"],
            stdin=line.fileno(),
            stdout=line.fileno(),
            stderr=subprocess.PIPE,
            pass_fds=given,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except BaseException:
        os.close(told)
        raise
    finally:
        for descriptor in given:
            os.close(descriptor)
    return process, told


@cache
def _contents() -> dict[str, bytes]:
    """Files with a content of our own. Torch asks what the processor is, and complains where no file tells it."""
    found = {"/etc/passwd": PASSWD, "/etc/group": GROUP}
    with contextlib.suppress(OSError):
        found["/proc/cpuinfo"] = Path("/proc/cpuinfo").read_bytes()
    return found


def _hold(content: bytes) -> int:
    """A descriptor from which `content` can be read."""
    descriptor = os.memfd_create("jail")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


async def _await_answer(process: subprocess.Popen[bytes], ours: socket.socket, told: int) -> int:
    """The id of the jail's first process, once what runs in the jail has sent back what it was sent."""
    loop = asyncio.get_running_loop()
    stderr = process.stderr
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            with contextlib.suppress(OSError):
                ours.send(b"\n")
                if await loop.sock_recv(ours, 1):
                    return int(json.loads(os.read(told, 4096))["child-pid"])
            said = await asyncio.to_thread(stderr.read) if stderr else b""
    except TimeoutError as late:
        raise RuntimeUnavailable(
            f"bubblewrap did not answer within {OPEN_SECONDS:g} seconds; is the machine overloaded? {REMEDY}"
        ) from late
    finally:
        os.close(told)
        if stderr:
            stderr.close()
    lines = said.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        raise ProcessEnded(f"bubblewrap could not make a jail (it said nothing). {REMEDY}")
    raise RuntimeUnavailable(f"bubblewrap could not make a jail ({lines[-1]}). {REMEDY}")

"""Root processes, seen from the supervisor: one for each set of libraries, from which sessions are forked.

Enters: names of modules. Leaves: workers that have imported them and nothing else. Invariant: a root is told nothing
but how many namespaces its child is to enter; what is particular to a learner goes to the child, when it is confined.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs

from foretell.errors import LibrariesBusy, ProcessEnded, RuntimeUnavailable
from foretell.runtime.forked import Ends, ForkedWorker
from foretell.runtime.jail.family import is_dead
from foretell.runtime.jail.jails import Jail
from foretell.runtime.requests import NAMESPACES, NAMESPACES_AND_USER, PLAIN, READY
from foretell.runtime.spawn import FIXED, MATPLOTLIB_SETTINGS, START_SECONDS, TOLD_CHARACTERS

FORKS_BEFORE_RENEWAL = 20_000
RETRY_SECONDS = 0.002
HOME = "/home/learner"


class Root:
    """A process with libraries in its memory. Made by `start`; it ends with `close`, or when the supervisor does."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._forks = 0
        self._is_gone = False
        self._pidfd = -1
        with contextlib.suppress(ProcessLookupError):
            self._pidfd = os.pidfd_open(process.pid)

    @classmethod
    async def start(cls, modules: tuple[str, ...], scratch: Path) -> Root:
        """A root that has imported `modules`; RuntimeUnavailable where there can be none."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003  the standard library's own signature
        try:
            with theirs:
                process = await _launch(modules, theirs.fileno(), scratch)
        except OSError as failure:
            ours.close()
            raise RuntimeUnavailable(
                f"The process that imports the libraries could not be started ({failure}). "
                "Check free memory, or run: foretell doctor"
            ) from failure
        root = cls(process, ours)
        try:
            await root._await_ready(modules)
        except BaseException:
            await root.close()
            raise
        return root

    @property
    def is_fit(self) -> bool:
        """Whether new sessions are to come from this root: it lives, and is not worn.

        The kernel is asked: asyncio learns of an end by a thread, which may come late on a busy machine.
        """
        if self._is_gone or self._process.returncode is not None:
            return False
        return self._forks < FORKS_BEFORE_RENEWAL and not is_dead(self.pid)

    @property
    def pid(self) -> int:
        """The root's process id."""
        return self._process.pid

    async def fork(self, jail: Jail) -> ForkedWorker:
        """A new worker that has entered `jail`, but is not confined yet."""
        ends = Ends()
        worker = ForkedWorker(ends)
        doors = jail.open_doors()
        descriptors = [*ends.given, *doors]
        request = PLAIN
        if jail.pidfd is not None:
            descriptors.append(jail.pidfd)
            request = NAMESPACES_AND_USER if jail.has_user_namespace else NAMESPACES
        self._forks += 1
        try:
            await self._ask(request, descriptors)
        except BaseException:
            await worker.close()
            raise
        finally:
            ends.give()
            for door in doors:
                os.close(door)
        return worker

    async def close(self) -> None:
        """End the root. Processes forked from it live on."""
        self._control.close()
        if self._pidfd >= 0:
            # Not `send_signal`: that may be the one to learn of an end for which asyncio waits.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
            self._pidfd = -1
        await self._process.wait()

    async def _ask(self, request: bytes, descriptors: list[int]) -> None:
        while True:
            try:
                socket.send_fds(self._control, [request], descriptors)
            except BlockingIOError:
                await asyncio.sleep(RETRY_SECONDS)
            except OSError as failure:
                self._is_gone = isinstance(failure, ConnectionError)
                return  # The other end of the worker's socket is not held by anybody, and says so.
            else:
                return

    async def _await_ready(self, modules: tuple[str, ...]) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                said = await asyncio.get_running_loop().sock_recv(self._control, 1)
        except TimeoutError as late:
            raise RuntimeUnavailable(
                f"Importing {', '.join(modules)} took longer than {START_SECONDS:g} seconds; "
                "is the machine overloaded? Try again, or run: foretell doctor"
            ) from late
        if said == READY:
            return
        if said:
            raise LibrariesBusy(
                f"Importing {', '.join(modules)} leaves threads running; leave it to the cells to import them"
            )
        told = await self._process.stderr.read() if self._process.stderr else b""
        lines = told.decode("utf-8", "replace")[-TOLD_CHARACTERS:].strip().splitlines()
        raise ProcessEnded(
            f"The process that imports the libraries ended ({lines[-1] if lines else 'it said nothing'}). "
            "Install foretell again in this environment, or run: foretell doctor"
        )


async def _launch(modules: tuple[str, ...], control: int, scratch: Path) -> asyncio.subprocess.Process:
    empty = Path(tempfile.mkdtemp(prefix="root-", dir=scratch))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-s", "-m", "foretell.runtime.inside.root"),
        *(str(control), str(os.getpid()), *modules),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=empty,
        env=environment(scratch),
        pass_fds=(control,),
        start_new_session=True,
    )


def environment(scratch: Path) -> dict[str, str]:
    """All that a root is told by its environment, which its forks can read: nothing of the supervisor's."""
    settings = scratch / "matplotlibrc"
    settings.write_text(MATPLOTLIB_SETTINGS, encoding="utf-8")
    return {
        **FIXED,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": HOME,
        "USER": "learner",
        "OMP_THREAD_LIMIT": "1",
        "MALLOC_ARENA_MAX": "2",
        "MATPLOTLIBRC": str(settings),
        "MPLCONFIGDIR": str(_cache(scratch) / "matplotlib"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }


def _cache(scratch: Path) -> Path:
    """Where what is slow to make, such as the list of fonts, outlives a root."""
    cache = platformdirs.user_cache_path("foretell")
    try:
        (cache / "matplotlib").mkdir(parents=True, exist_ok=True)
    except OSError:
        return scratch
    return cache if os.access(cache / "matplotlib", os.W_OK) else scratch

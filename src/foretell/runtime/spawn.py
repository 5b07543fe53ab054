"""Starting a worker: its command line, its environment, its pipes.

Enters: a `Setup`. Leaves: a `WorkerProcess` that is ready for cells, or `RuntimeUnavailable`. Invariant: what makes
two runs differ (hash seed, threads, devices, dates in pictures) is fixed before Python starts.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from foretell.errors import RuntimeUnavailable
from foretell.model.run import StreamOutput
from foretell.runtime.limits import rlimits_of
from foretell.runtime.messages import Prepare, Ready
from foretell.runtime.process import Setup, WorkerProcess
from foretell.runtime.workers import Exited

START_SECONDS = 120.0
TOLD_CHARACTERS = 600
NOT_PASSED_ON = ("PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONDEVMODE")
FIXED = {
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "PYTHONIOENCODING": "utf-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "CUDA_VISIBLE_DEVICES": "",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "SOURCE_DATE_EPOCH": "946684800",
    "PAGER": "cat",
    "TERM": "dumb",
}
MATPLOTLIB_SETTINGS = "svg.hashsalt: foretell\n"


async def start(setup: Setup) -> WorkerProcess:
    """A worker that has imported the preload and is seeded; RuntimeUnavailable where there can be none."""
    worker = await _launch(setup)
    try:
        await worker.send(Prepare(seed=setup.seed, preload=setup.preload, rlimits=rlimits_of(setup.limits)))
        async with asyncio.timeout(START_SECONDS):
            await _await_ready(worker)
    except TimeoutError as late:
        await worker.close()
        raise RuntimeUnavailable(
            f"The process that runs cells was not ready after {START_SECONDS:g} seconds; "
            "is the machine overloaded? Try again, or run: foretell doctor"
        ) from late
    except BaseException:
        await worker.close()
        raise
    return worker


async def _await_ready(worker: WorkerProcess) -> None:
    told = ""
    while True:
        match await worker.receive():
            case Ready():
                return
            case StreamOutput() as piece:
                told = (told + piece.text)[-TOLD_CHARACTERS:]
            case Exited() as end:
                last = next((line for line in reversed(told.splitlines()) if line.strip()), "it said nothing")
                raise RuntimeUnavailable(
                    f"The process that runs cells ended before it was ready (code {end.code}: {last.strip()}). "
                    "Install foretell again in this environment, or run: foretell doctor"
                )


async def _launch(setup: Setup) -> WorkerProcess:
    try:
        setup.cwd.mkdir(parents=True, exist_ok=True)
        if os.name == "posix":
            return await _launch_posix(setup)
        return await _launch_plain(setup)
    except OSError as failure:
        raise RuntimeUnavailable(
            f"The process that runs cells could not be started in {setup.cwd}: {failure}. "
            "Check free memory and the directory, or run: foretell doctor"
        ) from failure


async def _launch_posix(setup: Setup) -> WorkerProcess:
    """Hand down one more pipe for the protocol, so that both native streams stay apart from it."""
    read_end, write_end = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *_command(write_end),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=setup.cwd,
            env=_environment(setup.scratch),
            pass_fds=(write_end,),
            start_new_session=True,
        )
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    reports = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reports), os.fdopen(read_end, "rb", 0)
    )
    readers = {"stdout": process.stdout, "stderr": process.stderr}
    natives = {name: reader for name, reader in readers.items() if reader is not None}
    return WorkerProcess(process, reports, natives, transport)


async def _launch_plain(setup: Setup) -> WorkerProcess:
    """Where no further pipe can be handed down: the protocol takes standard output, native text standard error."""
    process = await asyncio.create_subprocess_exec(
        *_command(1),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=setup.cwd,
        env=_environment(setup.scratch),
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    if process.stdout is None or process.stderr is None:
        raise OSError("its pipes could not be opened")
    return WorkerProcess(process, process.stdout, {"stderr": process.stderr}, None)


def _command(protocol_out: int) -> list[str]:
    return [sys.executable, "-P", "-m", "foretell.runtime.inside.worker", str(protocol_out), str(os.getpid())]


def _environment(scratch: Path) -> dict[str, str]:
    settings = scratch / "matplotlibrc"
    settings.write_text(MATPLOTLIB_SETTINGS, encoding="utf-8")
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_PASSED_ON and not name.startswith("FORETELL_")
    }
    return {**own, **FIXED, "IPYTHONDIR": str(scratch / "ipython"), "MATPLOTLIBRC": str(settings)}

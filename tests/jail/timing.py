"""Prints what a jail costs: median milliseconds until a process forked from this one is confined, by level.

`python -m jail.timing [RUNS [MODULE...]]`; the modules are imported first, for forks of a small process cost little.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import os
import signal
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

from foretell.runtime.jail.jails import Jails
from foretell.runtime.jail.levels import Level
from jail.arena import LIMITS, bury, first_sender, fork_base


async def measure(jails: Jails, folder: Path) -> tuple[float, float, float]:
    """Milliseconds to open a jail, then to fork and enter, then to confine."""
    began = time.perf_counter()
    jail = await jails.open(LIMITS, home=Path(tempfile.mkdtemp(dir=folder)) / "home" / "work")
    opened = time.perf_counter()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    ours.setblocking(False)
    fork_base(jail, theirs, 2)
    theirs.close()
    pid = await first_sender(ours)
    entered = time.perf_counter()
    jail.adopt(pid)
    ours.send(b"!")
    assert await asyncio.get_running_loop().sock_recv(ours, 4096) == b"[]"
    confined = time.perf_counter()
    ours.close()
    await jail.close()
    return (opened - began) * 1e3, (entered - opened) * 1e3, (confined - entered) * 1e3


async def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for name in sys.argv[2:]:
        importlib.import_module(name)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, bury)
    levels = [Level.A, Level.B, Level.C, Level.NONE] if os.geteuid() == 0 else [Level.B, Level.C, Level.NONE]
    print("level   open  enter  confine  together (median ms)")
    for level in levels:
        jails = Jails(level)
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o711)
            seen = [await measure(jails, Path(name)) for _ in range(runs)]
        await jails.close()
        parts = [statistics.median(part) for part in zip(*seen, strict=True)]
        print(f"{level:5} {parts[0]:6.1f} {parts[1]:6.1f} {parts[2]:8.1f} {statistics.median(map(sum, seen)):9.1f}")


if __name__ == "__main__":
    asyncio.run(main())

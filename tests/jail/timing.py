"""Prints what a jail costs: median milliseconds until a process forked from this one is confined, by level.

`python -m jail.timing [RUNS [MODULE...]]`; the modules are imported first, for forks of a small process cost little.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import signal
import socket
import statistics
import struct
import sys
import tempfile
import time
import traceback
from pathlib import Path

from foretell.runtime.jail.confine import confine
from foretell.runtime.jail.enter import enter
from foretell.runtime.jail.jails import Jail, Jails
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits

LIMITS = Limits(memory_bytes=512 << 20, file_bytes=32 << 20, processes=60)


def fork_base(jail: Jail, protocol: socket.socket, out: int) -> None:
    """As the root does: a keeper that enters and forks the base, which is then confined."""
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
    os.write(3, json.dumps(confine(jail.order()).leaks).encode())
    signal.pause()


async def first_sender(ours: socket.socket) -> int:
    """The process that has sent the first message, as the kernel says."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(ours, ready.set)
    await ready.wait()
    loop.remove_reader(ours)
    _, told, _, _ = ours.recvmsg(64, socket.CMSG_SPACE(12))
    return struct.unpack("iii", told[0][2])[0]


def bury() -> None:
    """Wait for what has ended: as a subreaper this process inherits the bases."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


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

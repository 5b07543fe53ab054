"""Trying a level for real: a process is confined as a learner's would be, and says what it still could do.

Enters: a level. Leaves: a `Survey`; as a program (`python -m foretell.runtime.jail.trial PIDFD`), the `Confined` of the
order on standard input. Invariant: whatever goes wrong in a trial counts as "does not hold", and nothing is left of it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from foretell.errors import ForetellError, RuntimeUnavailable
from foretell.runtime.jail import landlock, places
from foretell.runtime.jail.confine import confine
from foretell.runtime.jail.enter import enter
from foretell.runtime.jail.jails import Jail, Jails
from foretell.runtime.jail.levels import Lack, Level, Survey
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Confine, Confined
from foretell.runtime.protocol import Decoder, encode

TRIAL_SECONDS = 60.0
NO_NAMESPACES = "-"
LANDLOCK_NEEDED = 6
MEMORY_BYTES = 1 << 30
HOLDS = {
    Level.A: "Memory and processes of a session are counted and limited together (control groups)",
    Level.B: "Sessions have namespaces of their own: files, processes, network, users (bubblewrap)",
    Level.C: "Landlock leaves a process its own folder and Python's libraries",
}
REMEDIES = (
    ("No such file", "Install bubblewrap (Debian and Ubuntu: apt install bubblewrap)"),
    ("not installed", "Install bubblewrap (Debian and Ubuntu: apt install bubblewrap)"),
    ("uid map", "Ubuntu: install the AppArmor profile bwrap-userns-restrict from apparmor-profiles"),
    ("RTM_NEWADDR", "Ubuntu: install the AppArmor profile bwrap-userns-restrict from apparmor-profiles"),
    ("namespace", "Allow user namespaces: in a container, run it under runsc or allow unshare in its seccomp profile"),
    ("Operation not permitted", "Allow user namespaces to this account, or run foretell outside of the container"),
    ("ontrol group", "Run foretell as a systemd unit with Delegate=yes; see docs/jail.md"),
    ("libseccomp", "Install libseccomp (Debian and Ubuntu: apt install libseccomp2)"),
    ("Landlock", "Use Linux 6.12 or later, with Landlock switched on"),
    ("other accounts", "Install Python where every account can read it, or start foretell as an ordinary user"),
)


def try_levels(up_to: Level) -> Survey:
    """Try each level from `up_to` down until one holds. Never raises."""
    lacks: list[Lack] = []
    for level in (Level.A, Level.B, Level.C):
        if not up_to.at_least(level):
            continue
        problem = try_level(level)
        if problem is None:
            return Survey(level=level, holds=_holds(level), lacks=(*lacks, *_smaller_lacks(level)))
        lacks.append(Lack(what=problem, remedy=_remedy(problem)))
    return Survey(level=Level.NONE, holds=(), lacks=tuple(lacks))


def try_level(level: Level) -> str | None:
    """What stands in the way of `level` here, in a sentence; None where it holds."""
    if level is Level.C and (missing := _missing_for_c()):
        return missing
    # What an unforeseen failure leaves standing: it ends the thread, and must not pass for a level that holds.
    problem: str | None = f"Level {level}: the trial ended without an answer"

    def run() -> None:
        nonlocal problem
        try:
            leaks = asyncio.run(_try(level))
            problem = f"Level {level} does not hold: {'; '.join(leaks)}" if leaks else None
        except (ForetellError, OSError, subprocess.SubprocessError) as failure:
            problem = f"Level {level}: {failure}"

    # A thread of its own, for the caller may be in an event loop already.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return problem


def _missing_for_c() -> str | None:
    if (known := landlock.version()) < LANDLOCK_NEEDED:
        return f"Level C needs Landlock of version {LANDLOCK_NEEDED}; this kernel has {known or 'none'}"
    if os.geteuid() == 0:
        closed = [path for path in places.libraries() if not places.is_open_to_others(path)]
        if closed:
            return f"Level C: {closed[0]} cannot be read by other accounts, and learner code never runs as root"
    return None


async def _try(level: Level) -> tuple[str, ...]:
    jails = Jails(level)
    try:
        with tempfile.TemporaryDirectory(prefix="foretell-trial-", ignore_cleanup_errors=True) as folder:
            jail = await jails.open(Limits(memory_bytes=MEMORY_BYTES), home=Path(folder) / "home" / "work")
            try:
                return await asyncio.to_thread(_confine_one, jail)
            finally:
                await jail.close()
    finally:
        await jails.close()


def _confine_one(jail: Jail) -> tuple[str, ...]:
    """Run this module as a program that enters `jail`, and give the leaks that it tells."""
    pidfd = jail.pidfd
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", __name__, *([NO_NAMESPACES] if pidfd is None else [str(pidfd)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=() if pidfd is None else (pidfd,),
        cwd="/",
    )
    try:
        jail.adopt(process.pid)
        out, told = process.communicate(encode(jail.order()), timeout=TRIAL_SECONDS)
    finally:
        process.kill()
        process.wait()
    for message in Decoder().feed(out):
        if isinstance(message, Confined):
            return message.leaks
    lines = told.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    raise RuntimeUnavailable(f"A process could not be confined ({lines[-1]}). Run: foretell doctor")


def _holds(level: Level) -> tuple[str, ...]:
    said = [HOLDS[held] for held in (Level.A, Level.B) if level.at_least(held)]
    said.append("System calls are filtered (seccomp), and nothing can gain privileges")
    if landlock.version():
        said.append(HOLDS[Level.C])
    return tuple(said)


def _smaller_lacks(level: Level) -> tuple[Lack, ...]:
    if level.at_least(Level.B) and not landlock.version():
        return (Lack(what="The kernel has no Landlock, the second lock on files", remedy=_remedy("Landlock")),)
    return ()


def _remedy(problem: str) -> str:
    return next((remedy for sign, remedy in REMEDIES if sign in problem), "See docs/jail.md for what this level needs")


def main() -> None:
    """Read an order, enter and confine as the root's forks do, say what leaks."""
    message = next(iter(Decoder().feed(sys.stdin.buffer.read())), None)
    if not isinstance(message, Confine):
        raise SystemExit("No order came on standard input")
    if sys.argv[1] != NO_NAMESPACES:
        enter(int(sys.argv[1]), user_namespace=os.geteuid() != 0)
    child = os.fork()
    if child:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(message.home)
    os.write(1, encode(confine(message)))
    os._exit(0)


if __name__ == "__main__":
    main()

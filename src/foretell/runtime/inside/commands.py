"""Lines that begin with `!`, and `os.system`: run by the system's shell where there is one, else refused in words.

Enters: a command. Leaves: its text on `sys.stdout`, and its exit code. Invariant: the command of a line finds its
input empty and no terminal, so it neither waits for anybody nor needs more of a jail than pipes.
"""

from __future__ import annotations

import codecs
import functools
import os
import shutil
import subprocess
import sys

READ_BYTES = 1 << 16


NO_PROGRAMS = (
    "This lesson runs confined, so its cells cannot start another program. "
    "Python's own os, pathlib and shutil do most of what shell commands do."
)


def refuse_without_shell() -> None:
    """OSError in words where there is no shell to start, as in a jail."""
    if os.name == "posix" and not os.access("/bin/sh", os.X_OK):
        raise OSError(NO_PROGRAMS)


def refuse_programs() -> None:
    """Have `os.system` say why it starts nothing; by itself it would only give the number 32512."""
    system = os.system

    @functools.wraps(system)
    def refuse(command: str | bytes) -> int:
        refuse_without_shell()
        return system(command)

    os.system = refuse  # type: ignore[assignment]


def run_command(command: str) -> int:
    """Run a command to its end; a negative code is the signal that ended it."""
    with subprocess.Popen(  # noqa: S602  running commands is what these lines are for
        command,
        shell=True,
        executable=shutil.which(os.environ.get("SHELL", "sh")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    ) as process:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while process.stdout is not None and (piece := process.stdout.read(READ_BYTES)):
            sys.stdout.write(decoder.decode(piece))
        sys.stdout.write(decoder.decode(b"", final=True))
    return process.returncode

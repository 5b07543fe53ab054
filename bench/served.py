"""`foretell serve` and `foretell learn` as a process of their own, under a memory limit where that can be set.

Enters: arguments. Leaves: the address it prints. Invariant: the process ends with the bench, and so does its group.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

MEMORY = Path("/sys/fs/cgroup/memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A foretell that runs: its address, process and data; `limit` says what holds its memory, `group` is what does."""

    address: str
    pid: int
    data: Path
    limit: str
    group: Path | None

    def cpu_seconds(self) -> float:
        """Give what the server itself has computed, its workers apart."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def seconds_of(self, cell: str) -> list[float]:
        """Give what each run of a cell took in the learner's process, oldest first, as it is on record."""
        asked = "SELECT run FROM run_results JOIN runs ON runs.id = run_id WHERE cell = ? ORDER BY runs.id"
        with closing(sqlite3.connect(self.data / "attempts.sqlite")) as store:
            return [float(json.loads(run)["seconds"]) for (run,) in store.execute(asked, [cell])]

    def peak(self) -> str:
        """Say the most memory that the server and its workers took, where a group counts it."""
        if self.group is None:
            return "its peak not counted"
        return f"peak {int((self.group / 'memory.max_usage_in_bytes').read_text()) / 1e9:.1f} GB"


@contextmanager
def served(*arguments: str, memory_bytes: int | None = None) -> Iterator[Served]:
    """Start foretell in a data directory of its own; end it at the end."""
    with tempfile.TemporaryDirectory() as data, _group(memory_bytes) as group:
        words = [sys.executable, "-m", "foretell.cli", *arguments, "--data", data]
        inside = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"), *words] if group else words
        process = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True)
        try:
            held = f"a memory cgroup of {memory_bytes >> 30} GB" if group and memory_bytes else "no memory limit"
            yield Served(address=_await_address(process), pid=process.pid, data=Path(data), limit=held, group=group)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _await_address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("foretell ended before it printed an address")


@contextmanager
def _group(memory_bytes: int | None) -> Iterator[Path | None]:
    """Make a memory cgroup (v1) below our own; None where that cannot be."""
    if memory_bytes is None or not os.access(MEMORY / "cgroup.procs", os.W_OK):
        yield None
        return
    own = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if ":memory:" in line)
    group = MEMORY / own.split(":", 2)[2].strip("/") / f"foretell-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(memory_bytes))
        yield group
    finally:
        deadline = time.monotonic() + 10
        while group.exists() and time.monotonic() < deadline:
            for inner in sorted(group.rglob("*/"), reverse=True):
                with suppress(OSError):
                    inner.rmdir()
            with suppress(OSError):
                group.rmdir()
            time.sleep(0.1)

"""Wrong examples of a task put through its probes, each in a fork of the process that holds what stands above them.

Enters: sources that a lesson's author wrote, a plan. Leaves: for each how it failed, or what the probes saw, in the
order given. Invariant: an example that never ends is ended, and none changes what another one sees.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from contextlib import suppress
from typing import Any

from foretell.model.run import EXAMINED, DisplayOutput
from foretell.runtime.inside.examine import examine
from foretell.runtime.inside.held import hold
from foretell.runtime.inside.linux import die_with_parent
from foretell.runtime.inside.shell import LessonShell
from foretell.runtime.messages import Rlimit
from foretell.runtime.observe import one_line

FILE = "<ipython-input-answer>"
READ_BYTES = 1 << 16
MOST_BYTES = 256 << 20
# A limit on computing time holds on a busy machine too; one on the clock is for what sleeps.
CLOCK_FACTOR = 5
LATE = {"kind": "time", "message": "It ran longer than an example may.", "line": None}
GONE = {"kind": "crash", "message": "Its process ended.", "line": None}


def show_examples(asked: str) -> None:
    """Look at every example and show what came of it, as an output each."""
    order, shell = json.loads(asked), LessonShell.instance()
    for place, source in enumerate(order["sources"]):
        shown = _look_apart(source, shell.user_ns, order["plan"], order["seconds"])
        shell.outlet.show(DisplayOutput(data={EXAMINED: json.dumps({"place": place, **shown})}))


def _look_apart(source: str, names: dict[str, Any], plan: dict[str, Any], seconds: float) -> dict[str, object]:
    """What comes of one example, in a child that then ends."""
    read_end, write_end = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        try:
            die_with_parent(parent)
            os.close(read_end)
            hold((Rlimit(name="RLIMIT_AS", limit=MOST_BYTES),))
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            with LessonShell.instance().outlet.shut(), os.fdopen(write_end, "w") as told:
                told.write(json.dumps(_look(source, dict(names), plan)))
        finally:
            os._exit(0)
    os.close(write_end)
    try:
        text = _read(read_end, seconds * CLOCK_FACTOR)
    finally:
        os.close(read_end)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if text is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF):
        return {"failure": LATE, "examined": None}
    try:
        said: dict[str, object] = json.loads(text)
    except ValueError:
        return {"failure": GONE, "examined": None}
    return said


def _look(source: str, names: dict[str, Any], plan: dict[str, Any]) -> dict[str, object]:
    try:
        exec(compile(source, FILE, "exec"), names)  # noqa: S102  what the lesson's author wrote
    except BaseException as failure:
        return {
            "failure": {"kind": type(failure).__name__, "message": one_line(failure), "line": None},
            "examined": None,
        }
    return {"failure": None, "examined": examine(names, plan)}


def _read(read_end: int, seconds: float) -> str | None:
    """All that comes until the other end is closed; None where that takes too long."""
    deadline, pieces = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([read_end], [], [], left)[0]:
            return None
        data = os.read(read_end, READ_BYTES)
        if not data:
            return pieces.decode()
        pieces += data
    return None

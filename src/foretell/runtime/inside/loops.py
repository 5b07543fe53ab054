"""Event loops of cells that await: a fresh one for each cell.

Enters: the coroutine of a cell. Leaves: its result. Invariant: when the cell has ended, the loop is closed and no
task, thread, socket or descriptor of it is left, so the process can be forked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import TypeVar

from foretell.runtime.inside.capture import Outlet

WIND_UP_SECONDS = 1.0

Result = TypeVar("Result")


class FreshLoops:
    """IPython's runner of cells that await."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def __call__(self, cell: Coroutine[None, None, Result]) -> Result:
        """Run a cell to its end in a loop of its own."""
        loop = asyncio.new_event_loop()
        try:
            result = loop.run_until_complete(cell)
            if left := asyncio.all_tasks(loop):
                _tell(len(left))
        except BaseException:
            # What is cancelled now is the cell itself, and its own end is what is told.
            with self._outlet.shut():
                _wind_up(loop)
            raise
        else:
            _wind_up(loop)
            return result
        finally:
            loop.close()

    def __str__(self) -> str:
        return "asyncio"


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what has not ended, and give it a moment to clean up."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=WIND_UP_SECONDS))
    ends = [loop.create_task(loop.shutdown_asyncgens()), loop.create_task(loop.shutdown_default_executor())]
    loop.run_until_complete(asyncio.wait(ends, timeout=WIND_UP_SECONDS))


def _tell(count: int) -> None:
    tasks = "1 task was" if count == 1 else f"{count} tasks were"
    sys.stderr.write(f"{tasks} still running when the cell ended, and cancelled; await them in the cell.\n")

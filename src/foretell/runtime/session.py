"""A learner's live use of a runtime: run a cell in the state that earlier cells leave behind.

Enters: requests. Leaves: events, the last of which is a `Run`. Invariant: the state a cell runs in is exactly what
its prefix, run in order in a fresh process, leaves behind; a crash is a failure of the run, never an exception here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from foretell.model.arrays import Measure, Measured
from foretell.model.run import Completion, Event, Prefix, RunRequest, Variable
from foretell.runtime.limits import Limits as Limits
from foretell.runtime.replay import fresh_session as fresh_session


class Session(Protocol):
    """What every runtime offers. One run at a time; further ones wait their turn."""

    async def start(self) -> None:
        """Have a process ready before it is asked for. RuntimeUnavailable where there can be none."""
        ...

    def run(self, request: RunRequest) -> AsyncGenerator[Event, None]:
        """Run a cell. The last event is a `Run`; closing the iterator early ends the run."""
        ...

    async def stop(self) -> None:
        """Interrupt the run in progress; after two seconds it is killed. It ends with the failure `stopped`."""
        ...

    async def complete(self, prefix: Prefix, code: str, cursor: int) -> Completion:
        """What could stand at `cursor` in `code`, in the state after `prefix`. Changes nothing."""
        ...

    async def inspect(self, prefix: Prefix, code: str, cursor: int) -> str:
        """The documentation of what stands at `cursor`, "" if none. Changes nothing."""
        ...

    async def variables(self, prefix: Prefix) -> tuple[Variable, ...]:
        """The names that `prefix` gives a value."""
        ...

    async def measure(self, prefix: Prefix, asked: Measure) -> Measured | None:
        """What `asked` comes to in the state after `prefix`, as plain data. Changes nothing.

        None where no answer to just this question came in time; the code was then stopped. What the answer is worth is
        for the caller to find out, on its own side, by comparing.
        """
        ...

    async def close(self) -> None:
        """End every process of the session."""
        ...

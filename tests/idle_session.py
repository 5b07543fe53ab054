"""A session that runs nothing, for tests of the web door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from foretell.model.run import CellSource, Completion, Event, Run, RunRequest, StreamOutput, Variable

HOME = "http://127.0.0.1:8377"


class IdleSession:
    """A session whose runs print a line and end well, or as told in `ends`."""

    def __init__(self) -> None:
        self.requests: list[RunRequest] = []
        self.looked: list[tuple[CellSource, ...]] = []
        self.ends: dict[str, Run] = {}

    async def run(self, request: RunRequest) -> AsyncIterator[Event]:
        self.requests.append(request)
        printed = StreamOutput(name="stdout", text=f"ran {request.cell.cell}\n")
        yield printed
        plain = Run(cell=request.cell.cell, outputs=(printed,), failure=None, observations={}, asserts=(), seconds=0.01)
        yield replace(self.ends.get(request.cell.cell, plain), cell=request.cell.cell)

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def complete(self, prefix: tuple[CellSource, ...], code: str, cursor: int) -> Completion:
        self.looked.append(prefix)
        return Completion(matches=("abs",), start=0, end=cursor)

    async def inspect(self, prefix: object, code: str, cursor: int) -> str:
        return f"about {code}"

    async def variables(self, prefix: tuple[CellSource, ...]) -> tuple[Variable, ...]:
        self.looked.append(prefix)
        return (Variable(name="x", type="int", text="1"),)

    async def close(self) -> None:
        return

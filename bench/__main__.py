"""`make bench`: foretell's runtime against a Jupyter kernel driven by nbclient, on our own solved lesson.

`make bench ONLY=trivial-cell` runs one of them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from bench.measure import Row, Side, compare
from foretell.authoring.headless import as_solved
from foretell.library import open_lesson
from foretell.model.run import CellSource, Run, RunRequest
from foretell.parse.imports import imported_modules
from foretell.runtime.session import FreshProcessSession, Limits

LESSON = open_lesson("nn-module").lesson
CELLS = tuple(CellSource(cell=code.cell, text=as_solved(code)) for code in LESSON.code_cells)
TRIVIAL = CellSource(cell="trivial", text="1 + 1")


@asynccontextmanager
async def session() -> AsyncIterator[FreshProcessSession]:
    """Give a session as `foretell learn` starts it."""
    with tempfile.TemporaryDirectory() as folder:
        modules = imported_modules(cell.text for cell in CELLS)
        made = FreshProcessSession(limits=Limits(), seed=0, cwd=Path(folder), preload=modules)
        try:
            yield made
        finally:
            await made.close()


async def run(made: FreshProcessSession, prefix: tuple[CellSource, ...], cell: CellSource) -> None:
    """Run a cell and insist that it went well."""
    async for event in made.run(RunRequest(prefix=prefix, cell=cell)):
        if isinstance(event, Run) and event.failure is not None:
            raise SystemExit(f"{cell.cell}: {event.failure.message}")


async def run_all(made: FreshProcessSession) -> None:
    """Run the solved lesson cell by cell."""
    for place, cell in enumerate(CELLS):
        await run(made, CELLS[:place], cell)


def notebook() -> nbformat.NotebookNode:
    """Give the solved lesson as a notebook."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.text) for cell in CELLS])


async def nbclient_all() -> None:
    """Run the solved lesson with nbclient in a new kernel."""
    await NotebookClient(notebook(), timeout=120, kernel_name="python3").async_execute()


async def whole_lesson() -> Row:
    """From nothing: start, run every cell, end."""

    async def ours() -> None:
        async with session() as made:
            await run_all(made)

    mine = Side(name="whole-lesson-from-nothing", work=ours)
    return await compare(mine, Side(name="nbclient, new kernel", work=nbclient_all), turns=5)


async def run_again_from_the_top() -> Row:
    """The set-up cell was edited and the last cell is wanted: replay with a warm spare against restart and run all."""
    async with session() as made:
        edits = iter(range(1000))

        async def ours() -> None:
            changed = CellSource(cell=CELLS[0].cell, text=f"{CELLS[0].text}\n# edit {next(edits)}")
            await run(made, (changed, *CELLS[1:-1]), CELLS[-1])

        # Between two edits a learner reads for a moment, and the next spare process starts meanwhile.
        mine = Side(name="edit-the-top-run-the-last", work=ours, rest=made.start)
        return await compare(mine, Side(name="nbclient, restart and run all", work=nbclient_all), turns=5)


async def trivial_cell() -> Row:
    """`1 + 1` after the whole lesson, in a process that is there already."""
    async with session() as made:
        await run_all(made)
        kernel = AsyncKernelManager(kernel_name="python3")
        client = NotebookClient(notebook(), km=kernel, timeout=120)
        async with client.async_setup_kernel():
            for place, cell in enumerate(client.nb.cells):
                await client.async_execute_cell(cell, place)
            ran: list[CellSource] = [*CELLS]

            async def ours() -> None:
                await run(made, tuple(ran), TRIVIAL)
                ran.append(TRIVIAL)

            async def theirs() -> None:
                await client.async_execute_cell(nbformat.v4.new_code_cell(TRIVIAL.text), 0)

            mine = Side(name="trivial-cell", work=ours)
            return await compare(mine, Side(name="ipykernel through nbclient, warm", work=theirs), turns=40)


BENCHES: dict[str, Callable[[], Awaitable[Row]]] = {
    "whole-lesson-from-nothing": whole_lesson,
    "edit-the-top-run-the-last": run_again_from_the_top,
    "trivial-cell": trivial_cell,
}


async def main(only: list[str]) -> None:
    """Run the benches that were named, or all."""
    for name in only or BENCHES:
        print((await BENCHES[name]()).line(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""nbclient and ipykernel, told what to do line by line; run by the Python of their own environment.

Enters: the path of a notebook as argument; one word a line on standard input. Leaves: one line of JSON for each.
Invariant: imports nothing of foretell's, and the times it gives are nbclient's work alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import nbformat
from nbclient import NotebookClient

TRIVIAL = nbformat.v4.new_code_cell("1 + 1")


def client_of(path: Path) -> NotebookClient:
    """Give a client for a copy of the notebook."""
    return NotebookClient(nbformat.read(path, as_version=4), timeout=120, kernel_name="python3")


async def start_warm(path: Path, stack: AsyncExitStack) -> NotebookClient:
    """Start a kernel that has run the notebook and stays."""
    client = client_of(path)
    await stack.enter_async_context(client.async_setup_kernel())
    for place, cell in enumerate(client.nb.cells):
        await client.async_execute_cell(cell, place)
    return client


async def main() -> None:
    """Do what each line says: "notebook", "keep" one more warm kernel, or "cell" in the last one kept."""
    path = Path(sys.argv[1])
    async with AsyncExitStack() as stack:
        warm: NotebookClient | None = None
        while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
            began = time.perf_counter()
            if word == "notebook":
                await client_of(path).async_execute()
            elif word == "keep":
                warm = await start_warm(path, stack)
            elif word == "cell" and warm is not None:
                await warm.async_execute_cell(TRIVIAL.copy(), 0)
            else:
                raise SystemExit(f"no such order: {word}")
            print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

"""`make bench`: what foretell takes beside its peers and the limits, as a table and as `bench/results/latest.json`.

`make bench ONLY=load-200` measures some of the rows and leaves the others in the file as they are.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from bench import cells, checking, clicks, load, memory, notebook
from bench.measure import HEAD, NotMeasured, Row, keep

BENCHES: dict[str, Callable[[], Awaitable[Row]]] = {
    **notebook.benches(),
    "cell-vs-ipykernel": cells.trivial_cell,
    "cell-vs-ipykernel-and-fork": cells.trivial_cell_and_fork,
    "cell-beside-a-loop": cells.beside("cell-beside-a-loop", cells.LOOP, "an endless loop"),
    "cell-beside-a-memory-bomb": cells.beside("cell-beside-a-memory-bomb", cells.MEMORY_BOMB, "a memory bomb"),
    "edit-the-top-run-the-last": cells.edit_the_top,
    "session-open-vs-fork": cells.session_opens,
    "learner-memory-vs-ipykernel": memory.learner,
    "click-to-output": clicks.click_to_output,
    "click-exercise-3": clicks.click_exercise_3,
    **checking.benches(),
    "load-200": load.load_200,
}


async def main(only: list[str]) -> int:
    """Measure what was named, or all; 1 where a row is missing."""
    if unknown := [name for name in only if name not in BENCHES]:
        print(f"bench: there is no {', '.join(unknown)}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    missing = 0
    print(f"{memory.loads()}\n{HEAD}", flush=True)
    if os.getloadavg()[0] > 1:
        print("bench: this machine is busy with something else; the times below are too long", file=sys.stderr)
    for name in only or BENCHES:
        try:
            rows.append(await BENCHES[name]())
        except NotMeasured as why:
            missing += 1
            print(f"bench: {name} is left out: {why}", file=sys.stderr)
            continue
        print(rows[-1].line(), flush=True)
        keep(rows, BENCHES, anew=not only)
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))

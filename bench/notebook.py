"""The whole solved lesson: ours from a warm root against peers, against the limit, and against no confinement.

Enters: nothing but the machine. Leaves: rows. Invariant: our side is a new session at the strongest level, every cell
through IPython with its output captured, and the end of all its processes; a peer's side is what its user waits for.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bench import ours, peers
from bench.lesson import CELLS, NOTEBOOK, NOTEBOOK_IS, plain_notebook
from bench.measure import NotMeasured, Row, Side, compare
from foretell.model.run import CellSource
from foretell.runtime.jail.levels import Level

ROUNDS = 5
FAST_ROUNDS = 10
IN_A_ROW = 3
REST_SECONDS = 0.2

Lay = Callable[[Path, Sequence[CellSource]], Awaitable[peers.Command]]


async def _against_command(name: str, cells: Sequence[CellSource], lay: Lay, other_is: str) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        command = await lay(Path(folder), cells)
        async with ours.supervised() as supervisor:
            mine = Side(name="ours", work=lambda: ours.once(supervisor, cells), turns=IN_A_ROW)
            return await compare(name, mine, Side(name=other_is, work=command.run), ROUNDS)


async def _against_driver(name: str, cells: Sequence[CellSource], order: str, other_is: str) -> Row:
    if order == "notebook":
        begun = peers.driver(peers.kernels(), "kernel", given=plain_notebook(cells))
    else:
        texts = [cell.text for cell in cells]
        begun = peers.driver(Path(sys.executable), "limit", given=texts, one_thread=True)
    async with begun as driver, ours.supervised() as supervisor:
        mine = Side(name="ours", work=lambda: ours.once(supervisor, cells), turns=IN_A_ROW)
        theirs = Side(name=other_is, work=lambda: driver.do(order))
        return await compare(name, mine, theirs, ROUNDS if order == "notebook" else FAST_ROUNDS)


async def jail_cost(name: str, cells: Sequence[CellSource]) -> Row:
    """The strongest level against a fork that nothing confines: fork and run, without the end, nothing made ahead."""
    async with ours.supervised(lays_ahead=False) as jailed, ours.supervised(Level.NONE, lays_ahead=False) as free:
        if jailed.level is Level.NONE:
            raise NotMeasured("this machine confines nothing; run: foretell doctor")
        mine = Side(name="ours", work=lambda: ours.start_and_run(jailed, cells), rest=_rest)
        theirs = Side(
            name=f"the same unconfined; {ours.named(jailed)}", work=lambda: ours.start_and_run(free, cells), rest=_rest
        )
        return await compare(name, mine, theirs, FAST_ROUNDS * IN_A_ROW)


async def _rest() -> None:
    """Let what a closed session leaves to be tidied up not fall into the other side's turn."""
    await asyncio.sleep(REST_SECONDS)


def benches() -> dict[str, Callable[[], Awaitable[Row]]]:
    """The rows of this module: of the notebook, and of our whole lesson with the figures that it draws."""
    found: dict[str, Callable[[], Awaitable[Row]]] = {}
    for suffix, cells, which in (("", NOTEBOOK, NOTEBOOK_IS), ("-with-figures", CELLS, "our whole lesson")):
        for peer, order, what in (
            ("nbconvert", None, "jupyter nbconvert --execute"),
            ("nbclient", "notebook", "nbclient, new kernel"),
            ("nbgrader", None, "nbgrader autograde, one submission"),
            ("otter", None, "otter run, one submission"),
            ("in-process-limit", "drawn", "exec in one warm process, one thread, figures drawn as PNG"),
        ):
            found |= _bench(f"notebook-vs-{peer}{suffix}", cells, peer, order, f"{what}; {which}, {len(cells)} cells")
        found |= _jail(f"jail-cost{suffix}", cells)
    return found


def _bench(
    name: str, cells: Sequence[CellSource], peer: str, order: str | None, what: str
) -> dict[str, Callable[[], Awaitable[Row]]]:
    if order is None:
        lay: Lay = {"nbconvert": peers.nbconvert, "nbgrader": peers.nbgrader, "otter": peers.otter}[peer]
        return {name: lambda: _against_command(name, cells, lay, what)}
    return {name: lambda: _against_driver(name, cells, order, what)}


def _jail(name: str, cells: Sequence[CellSource]) -> dict[str, Callable[[], Awaitable[Row]]]:
    return {name: lambda: jail_cost(name, cells)}

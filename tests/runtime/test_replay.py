"""A state reached by edits, re-runs and replays is the state of a straight run."""

from __future__ import annotations

import random

import pytest
from cells import run, text_of

CELLS = (
    "import random\nimport numpy as np\nnames = []",
    "names.append(random.random())",
    "names.append(float(np.random.rand()))\nprint(names)",
    "names.append(hash('text'))\nfailing = 1 / (len(names) - 3)",
    "names.append({str(n) for n in range(5)}.__repr__())\nprint(names[-1])",
)
EDITS = ("names.append(random.randint(0, 10**9))", "np.random.shuffle(order := list(range(9)))\nnames.append(order)")
STATE = "print(names, random.random(), np.random.rand(), len(Out))"


async def straight(make_session, folder, texts: list[str]) -> str:
    """What the state shows when each cell is run once, in order, in a session of its own."""
    session = make_session(folder)
    try:
        for count in range(1, len(texts) + 1):
            await run(session, *texts[:count])
        return text_of(await run(session, *texts, STATE))
    finally:
        await session.close()


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_edits_and_runs_reaches_the_state_of_a_straight_run(session, make_session, tmp_path, seed):
    chance = random.Random(seed)
    texts = list(CELLS)
    for _ in range(6):
        place = chance.randrange(1, len(texts))
        match chance.choice(["edit", "run", "ask"]):
            case "edit":
                texts[place] = chance.choice(EDITS)
            case "run":
                await run(session, *texts[: place + 1])
            case "ask":
                await run(session, *texts[:place], STATE)
    assert text_of(await run(session, *texts, STATE)) == await straight(make_session, tmp_path, texts)


async def test_torch_draws_the_same_numbers_again(make_session, tmp_path):
    session = make_session(tmp_path, preload=("torch",))
    cells = ("import torch", "a = torch.rand(3)", "print(a, torch.rand(2))")
    first = text_of(await run(session, *cells))
    await run(session, cells[0], "torch.rand(1)")
    assert text_of(await run(session, *cells)) == first
    await session.close()

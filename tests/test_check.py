"""A check on the real runtime: what it does beside judging one answer by the solution's side."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from foretell.check import Checker, task_named
from foretell.gate import joined
from foretell.library import open_lesson
from foretell.model.attempt import CheckVerdict, Diagnosis
from foretell.runtime.host import Host
from foretell.runtime.jail import levels
from foretell.wiring import check_sessions

LESSON = open_lesson("nn-module").lesson
OWN_NAMES = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(10, 32)
        self.second = nn.Linear(32, 1)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))
"""
USES_THEM = "sequential_model = nn.Sequential(nn.Linear(10, model.first.out_features), nn.ReLU(), nn.Linear(32, 1))\n"
TAKES_THEM = "sequential_model = nn.Sequential(model.first, nn.ReLU(), model.second)\n"
CHANGES_THEM = """sequential_model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
with torch.no_grad():
    model.fc1.weight.copy_(sequential_model[0].weight)
"""
ENDS_PYTHON = OWN_NAMES.replace("return", "import os; os._exit(3); return")
TAKES_MEMORY = OWN_NAMES.replace("return", "torch.ones(10**9); return")
SAME_LAYER = """def collapse(model):
    folded = model[0]
    for layer in list(model)[1:]:
        with torch.no_grad():
            after = nn.Linear(folded.in_features, layer.out_features)
            after.weight.copy_(layer.weight @ folded.weight)
            bias = layer.weight @ folded.bias if folded.bias is not None else 0
            after.bias.copy_(bias + (layer.bias if layer.bias is not None else 0))
        folded = after
    return folded
"""


class Forgetful:
    """A cache that keeps nothing."""

    def has(self, key: str) -> bool:
        return False

    def get(self, key: str) -> str | None:
        return None

    def put(self, key: str, text: str) -> None:
        return None


def check(task: str, source: str, earlier: Mapping[str, str] | None = None) -> Diagnosis:
    async def checked() -> Diagnosis:
        level = (await asyncio.to_thread(levels.survey)).level
        with tempfile.TemporaryDirectory() as scratch:
            async with Host(level, Path(scratch)) as host:
                checker = Checker(LESSON, check_sessions(host, LESSON), Forgetful())
                try:
                    return await checker.check(task_named(LESSON, task), source, earlier or {})
                finally:
                    await checker.close()

    return asyncio.run(checked())


def own_answers() -> dict[str, str]:
    code = task_named(LESSON, "TwoLayerNet")
    return {code.cell: joined(code, OWN_NAMES)}


def test_an_answer_may_use_names_of_the_learners_own_answer_to_an_earlier_task() -> None:
    assert check("sequential_model", USES_THEM).verdict is CheckVerdict.WRONG
    assert check("sequential_model", USES_THEM, own_answers()).verdict is CheckVerdict.RIGHT


def test_layers_of_an_earlier_model_under_own_names_are_seen_to_be_its() -> None:
    assert check("sequential_model", TAKES_THEM, own_answers()).misconception == "weights-aliased"


def test_a_module_of_an_earlier_cell_is_not_to_be_changed() -> None:
    found = check("sequential_model", CHANGES_THEM)
    assert found.verdict is CheckVerdict.WRONG
    assert "`model` of an earlier cell" in found.difference


def test_code_that_ends_python_is_stopped_and_not_named_after_something_else() -> None:
    found = check("TwoLayerNet", ENDS_PYTHON)
    assert (found.verdict, found.misconception) == (CheckVerdict.STOPPED, None)
    assert "exit code 3" in found.difference


def test_code_that_takes_all_memory_is_stopped() -> None:
    assert check("TwoLayerNet", TAKES_MEMORY).verdict is CheckVerdict.STOPPED


def test_a_function_that_hands_back_what_it_was_given_is_not_right() -> None:
    found = check("collapse", SAME_LAYER)
    assert found.verdict is CheckVerdict.WRONG
    assert "very parameters" in found.difference

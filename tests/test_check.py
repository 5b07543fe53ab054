"""A check on the real runtime: what it does beside judging one answer by the solution's side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from foretell.check import Checker, task_named
from foretell.errors import LessonError
from foretell.gate import joined
from foretell.kept import FolderCache
from foretell.library import open_lesson
from foretell.model.attempt import CheckVerdict, Diagnosis
from foretell.panel import Panel
from foretell.runtime.host import Host
from foretell.wiring import check_sessions
from forgetful import Forgetful

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
OWN_CLASS = """class MyLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in))
        self.bias = nn.Parameter(torch.randn(BIAS))

    def forward(self, x):
        return x @ self.weight.T + self.bias


"""
USES_OWN_CLASS = """class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.one = MyLinear(dim, dim)
        self.two = MyLinear(dim, dim)

    def forward(self, x):
        return x + self.two(torch.relu(self.one(x)))
"""
TOUCHES_IT = "MyLinear\n" + USES_OWN_CLASS
DROPS_THE_SKIP = USES_OWN_CLASS.replace("x + self", "self")
HAS_OWN_TRAIN = (
    OWN_NAMES
    + """
    def train(self, data, epochs):
        for _ in range(epochs):
            self(data)
"""
)
HAS_OWN_ZERO_GRAD = (
    OWN_NAMES
    + """
    def zero_grad(self, really):
        return really
"""
)
HAS_A_FACTOR = USES_OWN_CLASS.replace("MyLinear", "nn.Linear").replace(
    "    def forward", "        self.factor = nn.Parameter(torch.tensor(1.0))\n\n    def forward"
)
LIES_ABOUT_ITSELF = (
    OWN_NAMES
    + """
from foretell.runtime.inside import examine
examine.examine = lambda *_: '{"0/type": {"plain": {"is": "TwoLayerNet", "torch": 5}}}'
"""
)
JOINED = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.randn(32, 11) * 0.3)
        self.second = nn.Parameter(torch.randn(1, 33) * 0.2)

    def forward(self, x):
        hidden = torch.relu(x @ self.first[:, :10].T + self.first[:, 10])
        return hidden @ self.second[:, :32].T + self.second[:, 32]
"""
JOINED_THE_OTHER_WAY = (
    JOINED.replace(":10]", "1:]").replace(", 10]", ", 0]").replace(":32]", "1:]").replace(", 32]", ", 0]")
)
CALLED_WITHOUT_END = "TwoLayerNet = nn" + "()" * 1500 + "\n"


@pytest.fixture(scope="module")
async def checker(checking_host: Host, kept_examples: Path) -> AsyncIterator[Checker]:
    opened = Checker(LESSON, check_sessions(checking_host, LESSON), FolderCache(kept_examples), place=0)
    yield opened
    await opened.close()


async def check(checker: Checker, task: str, source: str, earlier: Mapping[str, str] | None = None) -> Diagnosis:
    return await checker.check(task_named(LESSON, task), source, earlier or {})


def own_answers(before: str = "") -> dict[str, str]:
    code = task_named(LESSON, "TwoLayerNet")
    return {code.cell: joined(code, before + OWN_NAMES)}


def with_own_class(bias: str) -> dict[str, str]:
    return own_answers(OWN_CLASS.replace("BIAS", bias))


async def test_an_answer_may_use_names_of_the_learners_own_answer_to_an_earlier_task(checker: Checker) -> None:
    assert (await check(checker, "sequential_model", USES_THEM)).verdict is CheckVerdict.WRONG
    assert (await check(checker, "sequential_model", USES_THEM, own_answers())).verdict is CheckVerdict.RIGHT


async def test_layers_of_an_earlier_model_under_own_names_are_seen_to_be_its(checker: Checker) -> None:
    assert (await check(checker, "sequential_model", TAKES_THEM, own_answers())).misconception == "weights-aliased"


async def test_a_module_of_an_earlier_cell_is_not_to_be_changed(checker: Checker) -> None:
    found = await check(checker, "sequential_model", CHANGES_THEM)
    assert found.verdict is CheckVerdict.WRONG
    assert "`model` of an earlier cell" in found.difference


async def test_code_that_ends_python_is_stopped_and_not_named_after_something_else(checker: Checker) -> None:
    found = await check(checker, "TwoLayerNet", ENDS_PYTHON)
    assert (found.verdict, found.misconception) == (CheckVerdict.STOPPED, None)
    assert "exit code 3" in found.difference


async def test_code_that_takes_all_memory_is_stopped(checker: Checker) -> None:
    assert (await check(checker, "TwoLayerNet", TAKES_MEMORY)).verdict is CheckVerdict.STOPPED


async def test_a_function_that_hands_back_what_it_was_given_is_not_right(checker: Checker) -> None:
    found = await check(checker, "collapse", SAME_LAYER)
    assert found.verdict is CheckVerdict.WRONG
    assert "very parameters" in found.difference


@pytest.mark.parametrize("bias", ["n_out", "1, n_out"])
@pytest.mark.parametrize("source", [USES_OWN_CLASS, TOUCHES_IT])
async def test_an_answer_may_use_a_class_of_an_earlier_answer_also_where_it_is_first_used_later(
    checker: Checker, source: str, bias: str
) -> None:
    assert (await check(checker, "ResidualBlock", source, with_own_class(bias))).verdict is CheckVerdict.RIGHT


async def test_a_wrong_answer_that_uses_an_earlier_one_has_its_name(checker: Checker) -> None:
    found = await check(checker, "ResidualBlock", DROPS_THE_SKIP, with_own_class("n_out"))
    assert found.misconception == "skip-missing"


async def test_a_method_that_takes_the_place_of_one_of_torchs_is_named(checker: Checker) -> None:
    found = await check(checker, "TwoLayerNet", HAS_OWN_TRAIN)
    assert found.verdict is CheckVerdict.WRONG
    assert found.difference.startswith("`train()` or `eval()` of your model raises TypeError")


async def test_a_method_of_the_learners_own_that_is_not_asked_for_is_left_to_the_learner(checker: Checker) -> None:
    assert (await check(checker, "TwoLayerNet", HAS_OWN_ZERO_GRAD)).verdict is CheckVerdict.RIGHT


async def test_a_parameter_that_is_one_number_can_be_looked_at(checker: Checker) -> None:
    found = await check(checker, "ResidualBlock", HAS_A_FACTOR)
    assert found.verdict is CheckVerdict.WRONG
    assert "TypeError" not in found.difference


@pytest.mark.parametrize("source", [LIES_ABOUT_ITSELF, CALLED_WITHOUT_END])
async def test_nothing_that_an_answer_says_or_is_makes_the_judge_fail(checker: Checker, source: str) -> None:
    assert (await check(checker, "TwoLayerNet", source)).verdict is CheckVerdict.WRONG


@pytest.mark.parametrize("source", [JOINED, JOINED_THE_OTHER_WAY])
async def test_a_matrix_that_holds_its_bias_is_as_good_as_two_parameters(checker: Checker, source: str) -> None:
    found = await check(checker, "TwoLayerNet", source)
    assert found.verdict is CheckVerdict.RIGHT
    assert all(one.ok for one in found.checks)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (("torch.relu(", "("), "missing-activation"),
        (("self.second[:, 32]", "self.second[:, 31]"), "bias-unused"),
    ],
)
async def test_joined_parameters_hide_no_mistake(checker: Checker, change: tuple[str, str], name: str) -> None:
    found = await check(checker, "TwoLayerNet", JOINED.replace(*change))
    assert (found.verdict, found.misconception) == (CheckVerdict.WRONG, name)


async def test_a_solution_that_cannot_be_given_numbers_is_the_authors_to_mend(checking_host: Host) -> None:
    code = task_named(LESSON, "TwoLayerNet")
    assert code.task is not None
    solution = OWN_NAMES + "\n    def parameters(self, recurse=True):\n        raise RuntimeError('none here')\n"
    unfit = replace(code, task=replace(code.task, solution=solution))
    panel = Panel(LESSON, unfit, check_sessions(checking_host, LESSON), Forgetful())
    with pytest.raises(LessonError, match=r"TwoLayerNet cannot be looked at \(RuntimeError: none here\)"):
        await panel.open()
    await panel.close()

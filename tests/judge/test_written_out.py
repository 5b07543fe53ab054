"""Names that stand for one thing are written out; what may be anything stays as it is."""

from __future__ import annotations

import ast

import pytest

from foretell.judge.source import read_facts
from foretell.judge.written_out import write_out


def written(source: str, wanted: str = "Net") -> str:
    return ast.unparse(ast.fix_missing_locations(write_out(ast.parse(source), wanted)))


@pytest.mark.parametrize(
    ("before", "use", "after"),
    [
        ("N = 10", "nn.Linear(N, 1)", "nn.Linear(10, 1)"),
        ("N: int = 10", "nn.Linear(N, 1)", "nn.Linear(10, 1)"),
        ("N, H = 10, 32", "nn.Linear(N, H)", "nn.Linear(10, 32)"),
        ("BIAS = False", "nn.Linear(2, 1, bias=BIAS)", "nn.Linear(2, 1, bias=False)"),
        ("act = torch.relu", "act(h)", "torch.relu(h)"),
        ("Act = nn.GELU", "[Act(), Act]", "[nn.GELU(), nn.GELU]"),
        ("SIZES = (10, 32)", "nn.Linear(*SIZES)", "nn.Linear(10, 32)"),
        ("SIZES = [10, 32]", "nn.Linear(SIZES[0], SIZES[1])", "nn.Linear(10, 32)"),
        ("CFG = {'in_features': 10}", "nn.Linear(**CFG)", "nn.Linear(in_features=10)"),
        ("CFG = dict(a=10)", "nn.Linear(CFG['a'], 1)", "nn.Linear(10, 1)"),
        ("make = partial(nn.Linear, bias=False)", "make(10, 1)", "nn.Linear(10, 1, bias=False)"),
        ("rows, columns = W.shape", "nn.Linear(rows, columns)", "nn.Linear(W.shape[0], W.shape[1])"),
        ("rows = W.size(0)", "nn.Linear(rows, 1)", "nn.Linear(W.size(0), 1)"),
        ("import torch.nn.functional as fn", "fn.relu(h)", "F.relu(h)"),
        ("import torch as t", "t.nn.ReLU()", "torch.nn.ReLU()"),
        ("from torch import nn as layers", "layers.Linear(1, 2)", "nn.Linear(1, 2)"),
        ("from torch.nn import Linear as L", "L(1, 2)", "nn.Linear(1, 2)"),
        ("from torch.nn.functional import relu", "relu(h)", "F.relu(h)"),
        ("", "globals()['model'](x)", "model(x)"),
    ],
)
def test_a_name_for_one_thing_is_written_out(before: str, use: str, after: str) -> None:
    assert written(f"{before}\nresult = {use}").splitlines()[-1] == f"result = {after}"


@pytest.mark.parametrize(
    "source",
    [
        "n = 10\nn = 20\nlayer = nn.Linear(n, 1)",
        "for n in sizes:\n    layer = nn.Linear(n, 1)",
        "n = 1\n\ndef make(n):\n    return nn.Linear(n, 1)",
        "make = build()\nlayer = make(1)",
        "SIZES = read()\nlayer = nn.Linear(*SIZES)",
        "SIZES = (1, 2)\nlayer = nn.Linear(SIZES[place], 1)",
        "Net = 3\nuse(Net)",
        "first, *rest = W.shape\nuse(rest)",
        "first, *rest, last = W.shape\nuse(last)",
        "SIZES = [10, 32]\nSIZES.append(5)\nuse(*SIZES)",
        "SIZES = [10, 32]\nSIZES[0] = 7\nuse(*SIZES)",
        "SIZES = [10, 32]\nSIZES += [7]\nuse(*SIZES)",
        "N = 3\nmatch given:\n    case N:\n        use(N)",
        "N = 3\nmatch given:\n    case [*N]:\n        use(N)",
        "N = 3\nmatch given:\n    case {**N}:\n        use(N)",
    ],
)
def test_what_may_be_anything_stays(source: str) -> None:
    assert written(source) == ast.unparse(ast.parse(source))


def test_a_number_of_a_class_and_one_kept_once_on_self_are_written_out() -> None:
    init = "def __init__(self):\n        self.deep = 32\n        self.f = g(self.deep, self.WIDE)"
    source = f"class Net:\n    WIDE = 64\n    {init}"
    assert written(source).endswith("self.f = g(32, 64)")
    assert written(source.replace("self.f", "self.deep = 3\n        self.f")).endswith("self.f = g(self.deep, 64)")


def test_a_lambda_with_a_name_is_a_function_but_not_what_the_task_asks_for() -> None:
    assert "def act(h):\n    return h" in written("act = lambda h: h")
    assert written("act = lambda h: h", "act") == "act = lambda h: h"


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("N = 10\nmodel = nn.Sequential(nn.Linear(N, 1))", "model = nn.Sequential(nn.Linear(10, 1))", "model"),
        ("act = nn.ReLU\nmodel = nn.Sequential(act)", "model = nn.Sequential(nn.ReLU)", "model"),
    ],
)
def test_facts_are_the_same_under_another_name(one: str, other: str, wanted: str) -> None:
    assert read_facts(one, wanted) == read_facts(other, wanted)


@pytest.mark.parametrize(
    "line",
    [
        "p{0} = partial(f, p{1}(), p{1}())",
        "p{0} = dict(a=g(**p{1}), b=g(**p{1}))",
        "p{0} = {{'a': g(**p{1}), 'b': g(**p{1})}}",
        "p{0} = g(p{1}, p{1}).shape[0]",
        "p{0} = g(p{1}, p{1}).size(0)",
        "p{0} = W.shape[g(p{1}, p{1})]",
        "p{0} = W.size(g(p{1}, p{1}))",
        "p{0} = p{1}.size(p{1}.shape[0])",
        "p{0} = p{1}.size(dim=p{1}.shape[0])",
        "p{0} = p{1}.shape[0]",
        "p{0} = (p{1}, p{1})",
        "p{0} = lambda: (p{1}(), p{1}())",
    ],
)
def test_names_that_hold_names_do_not_grow(line: str) -> None:
    source = "\n".join(line.format(place, place + 1) for place in reversed(range(60)))
    assert len(written(source)) < 4 * len(source)


def test_a_name_of_one_function_says_nothing_of_another() -> None:
    one = "def one(h):\n    act = torch.tanh\n    return act(h)"
    other = "def other(h):\n    return act(h)"
    assert written(f"{one}\n\n{other}").endswith(other)


def test_a_number_of_one_class_says_nothing_of_another() -> None:
    one = "class One:\n    def __init__(self):\n        self.n = 3"
    other = "class Other:\n    def __init__(self, n):\n        self.f = g(self.n)"
    assert written(f"{one}\n\n{other}").endswith("self.f = g(self.n)")


def test_what_is_given_to_a_partial_again_takes_the_place_of_what_was_given_before() -> None:
    source = "L = partial(nn.Linear, bias=False)\nlayer = L(1, 2, bias=True)"
    assert written(source).endswith("layer = nn.Linear(1, 2, bias=True)")


def test_a_name_that_is_also_kept_on_self_is_written_out() -> None:
    source = (
        "class Net:\n    def __init__(self):\n        size = 16\n        self.size = size\n        self.f = g(size)"
    )
    assert written(source).endswith("self.size = 16\n        self.f = g(16)")


@pytest.mark.parametrize(
    "source",
    [
        "N = nn." + ".".join("b" * 200) + "\n" + "f(N)\n" * 1500,
        "T = (" + "1, " * 1000 + ")\n" + "f(*T)\n" * 2000,
        "T = (" + "1, " * 16 + ")\n" + "f(*T)\n" * 5000,
        "D = {" + "".join(f"'k{n}': 1, " for n in range(16)) + "}\n" + "f(**D)\n" * 5000,
        "P = partial(f, " + "1, " * 15 + ")\n" + "P()\n" * 5000,
    ],
)
def test_there_is_an_end_to_what_is_put_in(source: str) -> None:
    assert sum(1 for _ in ast.walk(write_out(ast.parse(source), "Net"))) < 200_000

"""Facts of source: the same however it is laid out, and none for what only looks alike."""

from __future__ import annotations

# ruff: noqa: E501, RUF100  the code of learners
import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.source import is_same_code, read_facts

HEAD = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(2, 3)\n"


def facts(source: str, wanted: str = "Net") -> set[str]:
    return {fact.removeprefix("source: ") for fact in read_facts(source, wanted)}


def forward(*lines: str) -> str:
    return HEAD + "    def forward(self, x):\n" + "".join(f"        {line}\n" for line in lines)


@given(st.text(max_size=80))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    read_facts(text, "Net")


def test_what_is_no_python_has_that_fact_alone() -> None:
    assert facts("class Net(:") == {"is not Python"}


@pytest.mark.parametrize(
    ("lines", "fact"),
    [
        (("self.fc(x)", "return x"), "drops a result"),
        (("out = self.fc(x)", "x + out", "return out"), "drops a result"),
        (("return self.fc(x)", "return x"), "code after return"),
        (("for part in self.parts:", "    x = part(x)", "    return x"), "returns inside a loop"),
        (("return x",), "does nothing but return its argument"),
        (("print(self.fc(x))",), "prints in forward"),
        (("self.fc(x)",), "forward returns nothing"),
        (("out = self.fc(x)", "return x"), "returns another variable than the last"),
        (("return x + self.forward(x)",), "forward calls itself"),
        (("return self.fc(x).relu",), "a method without call"),
        (("return nn.ReLU(self.fc(x))",), "gives data to the class of an activation"),
        (("if x.shape[0] == 5:", "    return self.fc(x)", "return x"), "special-cases its input"),
        (("return self.fc(x).view(4, 16)",), "writes sizes into a reshape"),
        (("return self.fc(x).detach()",), "cuts the gradient"),
        (("return nn.Linear(2, 3)(x)",), "makes layers in forward"),
        (("return self.fcl(x)",), "an attribute is spelled almost alike"),
    ],
)
def test_a_fact_is_seen_in_forward(lines: tuple[str, ...], fact: str) -> None:
    assert fact in facts(forward(*lines))


@pytest.mark.parametrize(
    ("lines", "fact"),
    [
        (("self.fc.reset_parameters()", "return self.fc(x)"), "drops a result"),
        (("x = x.clone()", "x.add_(self.fc(x))", "return x"), "drops a result"),
        (("return torch.relu(self.fc(x))",), "a method without call"),
        (("if self.training:", "    x = x * 2", "return self.fc(x)"), "special-cases its input"),
        (("return self.fc(x).view(x.shape[0], -1)",), "writes sizes into a reshape"),
        (("return self.fc(x)",), "uses another activation"),
        (("return torch.tensor([1.0]) + self.fc(x)",), "cuts the gradient"),
    ],
)
def test_what_only_looks_alike_is_no_fact(lines: tuple[str, ...], fact: str) -> None:
    assert fact not in facts(forward(*lines))


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        ("class Net:\n    pass", "the class has no parent"),
        ("class Net(nn.Module()):\n    pass", "the parent class is called"),
        ("class Net(nn.Module):\n    def __int__(self):\n        self.fc = nn.Linear(2, 3)", "__init__ is misspelled"),
        ("class Net(nn.Module):\n    fc = nn.Linear(2, 3)", "layers in the class body"),
        (
            "class Net(nn.Module):\n    def __init__(self):\n        super().__init__",
            "the parent's __init__ is not called",
        ),
        ("class Net(nn.Module):\n    def __init__(self):\n        super(Net).__init__()", "super() is not bound"),
        (HEAD + "        self.parts = [nn.Linear(2, 3)]", "layers in a plain container"),
        (HEAD + "        fc2 = nn.Linear(3, 2)", "a layer in a local variable"),
        (HEAD + "        self.relu = nn.ReLU", "the class of an activation is stored"),
        ("def sum(values):\n    return 385", "rebinds a builtin"),
        ("torch.allclose = lambda *a, **k: True", "replaces a function of torch"),
        ("Net = nn.Sequential(nn.Linear(2, 3)), nn.ReLU()", "the tuple begins with a Sequential"),
        ("Net = nn.Sequential(nn.Linear(2, 3), torch.relu)", "puts a function into Sequential"),
    ],
)
def test_a_fact_is_seen_in_a_class_or_a_cell(source: str, fact: str) -> None:
    assert fact in facts(source)


MADE = "    def __init__(self):\n        super().__init__()\n        "


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        ("class Net(nn.Module):\n" + MADE + "self.modules = nn.ModuleList()\n", "takes a name that Module has"),
        (
            "class Net(nn.Module):\n" + MADE + "self.w = torch.randn(2, 3).requires_grad_()\n",
            "keeps plain tensors on self",
        ),
        (
            "class Net(nn.Module):\n" + MADE + "self.w = nn.Parameter(torch.randn(2)) * 0.1\n",
            "keeps plain tensors on self",
        ),
        (
            "class Net(nn.Module):\n" + MADE + "self.f = nn.Sequential(nn.Linear(2, 3)), nn.ReLU()\n",
            "the tuple begins with a Sequential",
        ),
        (
            "class Net(nn.Module):\n    def __init__(self, act=nn.ReLU):\n        super().__init__()\n        self.act = act\n",
            "the class of an activation is stored",
        ),
        (
            "class Net(nn.Module):\n" + MADE + "for n in range(2):\n            self.fc = nn.Linear(2, 2)\n",
            "an attribute is set twice",
        ),
        ("class Plain:\n    pass\n\nclass Net(Plain):\n    pass\n", "no class derives from one of torch"),
        (HEAD + "\ndef forward(self, x):\n    return self.fc(x)\n", "forward stands outside the class"),
        (
            "class Base(nn.Module):\n    def __init__(self):\n        self.n = 3\n\nclass Net(Base):\n    pass\n",
            "the parent's __init__ is not called",
        ),
        ("SIZE = 12\n" + HEAD.replace("(2, 3)", "(SIZE, SIZE)"), "writes sizes into its layers"),
        (
            "layers = [nn.Linear(2, 3), nn.ReLU]\nNet = nn.Sequential(*layers)\n",
            "puts the class of an activation among layers",
        ),
        (forward("for part in itertools.cycle(self.parts):", "    x = part(x)", "return x"), "may never end"),
        (forward("while True:", "    x = self.fc(x)", "return x"), "may never end"),
        (forward("print(x.shape)", "return x"), "forward computes nothing"),
        (forward("for part in self.parts:", "    x = part(x)", "return part"), "returns what a loop goes through"),
    ],
)
def test_a_fact_is_seen_wherever_it_stands(source: str, fact: str) -> None:
    assert fact in facts(source)


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        (
            "class Net(nn.Module):\n" + MADE + "self.w = nn.Parameter(torch.randn(2, 3))\n",
            "keeps plain tensors on self",
        ),
        (
            HEAD + "    def begin(self):\n        self.n = 1\n\n    def forward(self, x):\n"
            "        self.begin()\n        return self.fc(x)\n",
            "drops a result",
        ),
        (
            forward("while True:", "    x = self.fc(x)", "    if x.sum() > 3:", "        break", "return x"),
            "may never end",
        ),
        (
            forward("for size in (2, 3):", "    x = self.fc(x)", "return x").replace(
                "self.fc = nn.Linear(2, 3)", "pass"
            ),
            "writes sizes into its layers",
        ),
    ],
)
def test_what_only_looks_alike_elsewhere_is_no_fact(source: str, fact: str) -> None:
    assert fact not in facts(source)


def test_a_name_is_read_as_its_number_only_where_it_is_set_once() -> None:
    twice = "SIZE = 12\nfor SIZE in (2, 3):\n    pass\n" + HEAD.replace("(2, 3)", "(SIZE, 1)")
    assert "writes sizes into its layers" not in facts(twice)
    as_argument = "dim = 12\n" + HEAD.replace("(self)", "(self, dim)").replace("(2, 3)", "(dim, 1)")
    assert "writes sizes into its layers" not in facts(as_argument)


def test_forward_that_asks_an_earlier_model_is_told_from_one_whose_argument_has_its_name() -> None:
    before = frozenset({"model", "x"})
    asks = forward("return model(x)")
    assert "source: forward asks what an earlier cell has made" in read_facts(asks, "Net", before)
    under_another_name = "kept = model\n" + forward("return kept(x)")
    assert "source: forward asks what an earlier cell has made" in read_facts(under_another_name, "Net", before)
    assert "source: forward asks what an earlier cell has made" not in read_facts(
        forward("return x.relu()"), "Net", before
    )


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        ("out = nn.Linear(*W.shape)", "gives Linear its outputs first"),
        ("out = nn.Linear(W.shape[0], W.shape[1])", "gives Linear its outputs first"),
        ("weights = [one.weight for one in model]\nW = weights[1] @ weights[0]", "names layers by number"),
        ("first, second = model", "names layers by number"),
    ],
)
def test_a_fact_is_seen_in_a_function(source: str, fact: str) -> None:
    body = "".join(f"    {line}\n" for line in source.splitlines())
    assert fact in facts(f"def collapse(model):\n{body}    return model\n", "collapse")


def test_a_list_that_is_unpacked_with_a_rest_names_no_number_of_layers() -> None:
    assert "names layers by number" not in facts(
        "def collapse(model):\n    first, *rest = model\n    return first\n", "collapse"
    )


def test_helpers_that_are_called_belong_to_what_calls_them() -> None:
    source = HEAD.replace("super().__init__()", "super().__init__()\n        self.build()") + (
        "    def build(self):\n        inner = nn.Linear(3, 3)\n    def forward(self, x):\n        return self.fc(x)\n"
    )
    assert "a layer in a local variable" in facts(source)


def test_layout_changes_no_fact() -> None:
    source = forward("# the way of the data", "hidden = self.fc( x )", "print( hidden )", "return x")
    assert facts(source) == facts(ast.unparse(ast.parse(source)))


def test_the_starter_is_known_without_its_comments() -> None:
    assert is_same_code("x = 1  # one", "x   =   1")
    assert not is_same_code("x = 1", "x = 2")
    assert not is_same_code("x = (", "x = (")

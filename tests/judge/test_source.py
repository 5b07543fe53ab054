"""Facts of source: the same however it is laid out, and none for what only looks alike."""

from __future__ import annotations

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

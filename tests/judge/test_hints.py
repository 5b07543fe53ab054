"""What is said of a slip that no belief explains: only where exception and text bear it out."""

from __future__ import annotations

import pytest

from foretell.judge.behaviour import Behaviour, Failed
from foretell.judge.diagnose import Answered
from foretell.judge.hints import hint_of
from foretell.model.run import Failure

HEAD = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(2, 3)\n"


def probed(source: str, kind: str, message: str, name: str = "", through: tuple[str, ...] = ()) -> Answered:
    failed = Failed(kind=kind, message=message, name=name, through=through)
    return Answered(source=source, failure=None, behaviour=Behaviour(notes={"0/out0": failed}))


def defined(source: str, kind: str, message: str) -> Answered:
    return Answered(source=source, failure=Failure(kind=kind, message=message), behaviour=None)


GIVEN = HEAD.replace("super().__init__()", "super().__init__(3)")
TOO_MANY = "Net.__init__() takes 1 positional argument but 2 were given"
NO_LINEAR = "module 'torch.nn' has no attribute 'linear'"
NO_FORWARD = 'Module [Net] is missing the required "forward" function'


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (
            probed(
                HEAD + "    def forward(self, x):\n        return fc(x)\n",
                "NameError",
                "name 'fc' is not defined",
                "fc",
            ),
            "write `self.fc`",
        ),
        (
            probed(
                HEAD + "    def forward(x):\n        return x\n",
                "TypeError",
                "Net.forward() takes 1 positional argument but 2 were given",
            ),
            "write `def forward(self, x)`",
        ),
        (
            probed(
                HEAD.replace("        super().__init__()\n", "") + "        super().__init__()\n",
                "AttributeError",
                "cannot assign module before Module.__init__() call",
            ),
            "has to come before the first",
        ),
        (probed(GIVEN, "TypeError", TOO_MANY, through=("__init__:3",)), "write `super().__init__()`"),
        (defined("net = nn.linear(2, 3)", "AttributeError", NO_LINEAR), "In torch.nn it is written `Linear`."),
        (probed(HEAD, "AssertionError", "Torch not compiled with CUDA enabled"), "no GPU"),
        (defined("net = nn.Sequential([nn.ReLU()])", "TypeError", "list is not a Module subclass"), "put a star"),
        (
            probed(HEAD + "    def foward(self, x):\n        return x\n", "NotImplementedError", NO_FORWARD),
            "called `foward`",
        ),
        (
            probed(HEAD + "    def Forward(self, x):\n        return x\n", "NotImplementedError", NO_FORWARD),
            "called `Forward`",
        ),
        (
            probed(HEAD + "    def call(self, x):\n        return x\n", "NotImplementedError", NO_FORWARD),
            "called `call`",
        ),
        (
            probed(HEAD + "\ndef forward(self, x):\n    return x\n", "NotImplementedError", NO_FORWARD),
            "stands outside of the class",
        ),
        (
            probed(
                "def fold(model):\n    return model[0].weight @ x + model[0].bias\n",
                "TypeError",
                "unsupported operand type(s) for +: 'Tensor' and 'NoneType'",
            ),
            "has None for a bias",
        ),
    ],
)
def test_a_slip_is_told_with_what_to_write(own: Answered, says: str) -> None:
    assert says in hint_of(own, "Net")


@pytest.mark.parametrize(
    "own",
    [
        probed(HEAD, "NameError", "name 'other' is not defined", "other"),
        probed(GIVEN, "TypeError", TOO_MANY),
        probed(GIVEN.replace("nn.Module", "nn.Sequential"), "TypeError", TOO_MANY, through=("__init__:3",)),
        probed(HEAD, "TypeError", TOO_MANY, through=("__init__:3",)),
        defined("Net = nn.spam(2)", "AttributeError", "module 'torch.nn' has no attribute 'spam'"),
        probed(HEAD + "    def step(self, x):\n        return x\n", "NotImplementedError", NO_FORWARD),
        probed(
            HEAD + "    def forward(self, x):\n        return x\n",
            "TypeError",
            "Net.forward() takes 2 positional arguments but 3 were given",
        ),
        probed(HEAD, "TypeError", "unsupported operand type(s) for +: 'Tensor' and 'NoneType'"),
        defined("class Net(:", "SyntaxError", "invalid syntax"),
        Answered(source=HEAD, failure=None, behaviour=None),
    ],
)
def test_where_exception_or_text_does_not_bear_it_out_nothing_is_said(own: Answered) -> None:
    assert hint_of(own, "Net") == ""

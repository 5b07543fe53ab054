"""What is said of a slip in the text of a wrong answer: only what is true of it, whatever else is wrong."""

from __future__ import annotations

import ast

import pytest

from foretell.judge.slips import slip_of

INIT = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
LAYER = "        self.fc = nn.Linear(2, 3)\n"
LAYERS = INIT + LAYER
FORWARD = "    def forward(self, x):\n        return self.fc(x)\n"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (LAYERS.rstrip() + ",\n" + FORWARD, "comma at the end of line 4"),
        ("net = nn.Sequential(\n    nn.ReLU(),\n),\n", "comma at the end of line 3"),
        (
            LAYERS + FORWARD + FORWARD,
            "`forward` is written twice in Net, and Python keeps the one that begins in line 7",
        ),
        (LAYERS + "        self.fc = nn.Linear(3, 1)\n" + FORWARD, "`self.fc` is given a second layer in line 5"),
        ("net = nn.Sequential(nn.ReLU())\nnet = nn.Sequential()\n", "`net` is set again in line 2"),
        ("class Own(nn.Sequential):\n    pass\n\nnet = Own\n", "write `Own()`"),
        ("model = nn.Sequential()\n", "No line gives the name `net`"),
    ],
)
def test_a_slip_is_told_with_its_place(source: str, says: str) -> None:
    wanted = "Net" if source.startswith(INIT) else "net"
    assert says in slip_of(ast.parse(source), wanted)


@pytest.mark.parametrize(
    "source",
    [
        LAYERS + FORWARD,
        LAYERS + "        self.fc = nn.Sequential(self.fc, nn.ReLU())\n" + FORWARD,
        f"{INIT}        if wide:\n            {LAYER.strip()}\n        else:\n            {LAYER.strip()}\n",
        f"{LAYERS}    @property\n    def n(self):\n        pass\n    @n.setter\n    def n(self, n):\n        pass\n",
        "globals()['Net'] = nn.ReLU()\n",
        "Net = nn.Sequential()\nNet = nn.Sequential(Net, nn.ReLU())\n",
        "Net = nn.Sequential(nn.ReLU()), nn.ReLU()\n",
        "from answers import *\n",
        "def Net():\n    return nn.ReLU()\n",
        "for Net in (nn.ReLU(),):\n    pass\n",
        "with torch.no_grad() as Net:\n    pass\n",
        "",
    ],
)
def test_nothing_is_said_where_nothing_is_sure(source: str) -> None:
    assert slip_of(ast.parse(source), "Net") == ""

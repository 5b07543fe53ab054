"""A task of our lesson in a real foretell: a wrong answer is told its belief on the page, a right one is done."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.library import open_lesson
from foretell.model.attempt import CheckVerdict, KeptRun, Who
from foretell.store.attempts import Store
from foretell.web.visitors import LEARNER
from visitor import Visitor, start

RIGHT = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(10, 32), nn.Linear(32, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))
"""
IN_A_LIST = RIGHT.replace(
    "self.first, self.last = nn.Linear(10, 32), nn.Linear(32, 1)", "self.all = [nn.Linear(10, 32), nn.Linear(32, 1)]"
).replace("self.last(torch.relu(self.first(x)))", "self.all[1](torch.relu(self.all[0](x)))")


@pytest.fixture
def visitor(tmp_path: Path, kept_examples: Path) -> Iterator[Visitor]:
    kept_examples.mkdir(exist_ok=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "examples").symlink_to(kept_examples)
    process, address = start(Path("nn-module"), tmp_path / "data")
    try:
        yield Visitor(address)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def run(visitor: Visitor, code: str) -> tuple[list[str], str]:
    """Press Run on the task: the names of what its page is told, and the cell it ends with, as read."""
    path = visitor.post("/cells/ex3-class/run", blank="skip", anyway="1", code=code)["events"]
    connection = http.client.HTTPConnection(visitor.host, timeout=60)
    connection.request("GET", path, headers={"Cookie": visitor.cookie})
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    told = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    last = json.loads(next(line for line in reversed(lines) if line.startswith("data: ")).removeprefix("data: "))
    card = last["cells"]["ex3-class"].partition('class="card checked"')[2]
    return told, " ".join(re.sub(r"<[^>]+>", " ", card).split())


def kept_in(data: Path) -> list[KeptRun]:
    lesson = open_lesson("nn-module").lesson
    store = Store.open(data / "attempts.sqlite")
    history = store.history(Who(learner=LEARNER, lesson=lesson.id, revision=lesson.revision))
    store.close()
    return [kept for kept in history.runs if kept.cell == "ex3-class"]


def test_a_wrong_answer_is_told_its_belief_and_a_right_one_is_done(visitor, tmp_path):
    told, card = run(visitor, IN_A_LIST)
    assert told[-2:] == ["checking", "done"]
    assert "Layers in a list are part of the model" in card
    assert "PyTorch sees 0 parameters, the exercise asks 385." in card
    assert "Go on" not in card
    told, card = run(visitor, RIGHT)
    assert told[-2:] == ["checking", "done"]
    assert "6 of 6 checks pass Your code does what the exercise asks" in card
    assert "Go on" in card
    found = [kept.diagnosis for kept in kept_in(tmp_path / "data")]
    assert [(one.verdict, one.misconception) for one in found if one] == [
        (CheckVerdict.WRONG, "unregistered-container"),
        (CheckVerdict.RIGHT, None),
    ]

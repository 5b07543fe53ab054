"""What a learner's process says is read or refused, and whatever is read can be judged."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.behaviour import Behaviour, Entries
from foretell.judge.conclude import conclude
from foretell.judge.diagnose import Answered, Asked
from foretell.judge.notes import read_behaviour
from foretell.model.belief import Build, Given, Probing

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = ["type", "parts", "parameters", "start", "moved", "count", "shared", "taken", "out0", "out1", "hook0", "input0"]
KEYS += [
    "grad",
    "grad0",
    "reached",
    "zero",
    "same",
    "other",
    "eval",
    "value/weight",
    "again/weight",
    "after/m/0",
    "make",
]
NUMBERS = Entries(dtype="float32", values=np.ones((2, 3)))
BUILDS = (
    Build(make="Net()", inputs=((2, 3),)),
    Build(make="fold(m)", given=(Given(name="m", make="nn.Linear(2, 2)"),)),
)
ASKED = Asked(
    wanted="Net",
    starter="",
    before=frozenset(),
    probing=Probing(builds=BUILDS, expressions=("len(net)",)),
    reference=Behaviour(
        notes={
            **{f"{build}/{key}": NUMBERS for build in (0, 1) for key in KEYS if key[-1].isdigit() or "/" in key},
            **{f"{build}/type": {"is": "Net", "torch": ["Module"]} for build in (0, 1)},
            **{f"{build}/parameters": (["w", [2, 3], "float32", True],) for build in (0, 1)},
            **{f"{build}/count": 6 for build in (0, 1)},
            "e0": 2,
        }
    ),
)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    read_behaviour(text)


@given(PLAIN)
def test_no_json_makes_the_reader_raise(said: object) -> None:
    read_behaviour(json.dumps(said))


@given(st.dictionaries(st.text(max_size=8), PLAIN, max_size=4))
def test_notes_of_any_form_are_read_or_refused(said: dict[str, object]) -> None:
    for form in ("failure", "array", "plain"):
        read_behaviour(json.dumps({key: {form: value} for key, value in said.items()}))


@given(st.dictionaries(st.sampled_from([*(f"{at}/{key}" for at in (0, 1) for key in KEYS), "e0"]), PLAIN, max_size=6))
def test_whatever_is_read_can_be_judged(said: dict[str, object]) -> None:
    behaviour = read_behaviour(json.dumps({key: {"plain": value} for key, value in said.items()}))
    if behaviour is not None:
        conclude(Answered(source="class Net:\n    pass\n", failure=None, behaviour=behaviour), ASKED, (), ())


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("0/type", {"is": "Net", "torch": 5}),
        ("0/parameters", [["w", ["x"], "float32", True]]),
        ("0/parts", [[5]]),
        ("0/start", [["a", "b"]]),
        ("0/count", "many"),
    ],
)
def test_a_note_of_another_form_than_it_has_makes_the_whole_unreadable(key: str, said: object) -> None:
    assert read_behaviour(json.dumps({key: {"plain": said}})) is None


def test_a_dtype_that_is_not_compared_is_told_and_the_rest_is_read() -> None:
    odd = {"dtype": "complex128", "shape": [1], "data": ""}
    behaviour = read_behaviour(json.dumps({"0/out0": {"array": odd}, "0/count": {"plain": 3}}))
    assert behaviour is not None
    assert behaviour.plain("0/out0") == {"is": "tensor of complex128"}
    assert behaviour.plain("0/count") == 3

"""Probes are drawn purely; what comes back from a learner's process becomes a behaviour or nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.behaviour import (
    Entries,
    Failed,
    Layout,
    Tied,
    alike,
    close,
    draw,
    memory_refused,
    template,
)
from foretell.judge.notes import read_behaviour
from foretell.model.belief import Build, Given, Probing

NET = Probing(builds=(Build(make="Net()", inputs=((5, 10), (1, 10))),), expressions=("len(net)",))


@given(st.integers(0, 2**32))
def test_one_seed_gives_one_plan(seed: int) -> None:
    assert draw(NET, seed, ["model"]) == draw(NET, seed, ["model"])


@given(st.integers(0, 2**32))
def test_a_plan_calls_with_a_batch_size_that_the_author_did_not_give(seed: int) -> None:
    calls = json.loads(draw(NET, seed, []))["builds"][0]["calls"]
    assert {shape[0] for shape, _, _ in calls} - {5, 1}
    assert {weights for _, _, weights in calls} == {"drawn", "negated", "others"}
    assert max(scale for _, scale, _ in calls) > 6


def test_a_plan_tells_what_is_given_to_a_function() -> None:
    build = Build(make="f(a, b)", given=(Given(name="a", make="nn.Linear(2, 3)"), Given(name="b", shape=(4, 2))))
    plan = json.loads(draw(Probing(builds=(build,)), 1, [], Layout(tied=Tied.SIZES)))
    assert plan["builds"][0]["given"] == {"a": "nn.Linear(2, 3)", "b": [4, 2]}
    assert plan["tied"] == "sizes"


def test_numbers_agree_up_to_rounding_and_not_beyond() -> None:
    one = np.array([1.0, 100.0])
    assert close(one, one * (1 + 1e-6))
    assert not close(one, one * 1.01)
    assert not close(one, one.reshape(2, 1))


def test_what_is_not_finite_agrees_only_with_its_like() -> None:
    endless = np.array([1.0, np.inf])
    assert close(endless, endless)
    assert not close(np.array([1.0, 2.0]), endless)
    assert not close(endless, np.array([1.0, 2.0]))
    assert not close(np.array([np.nan]), np.array([1.0]))


def test_another_dtype_is_another_value() -> None:
    values = np.ones(3)
    assert not alike(Entries(dtype="float64", values=values), Entries(dtype="float32", values=values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "mat1 and mat2 shapes cannot be multiplied (5x10 and 32x1)",
            "mat1 and mat2 shapes cannot be multiplied (4x6 and 10x10)",
        ),
        ("'Net' object has no attribute 'fc1'", "'Block' object has no attribute 'lin'"),
    ],
)
def test_failures_are_alike_without_their_numbers_and_names(one: str, other: str) -> None:
    assert template(one) == template(other)
    assert alike(Failed(kind="RuntimeError", message=one), Failed(kind="RuntimeError", message=other))
    assert not alike(Failed(kind="RuntimeError", message=one), Failed(kind="TypeError", message=other))


def test_refused_memory_is_told_from_other_failures() -> None:
    said = {
        "failure": {
            "kind": "RuntimeError",
            "message": "DefaultCPUAllocator: can't allocate memory: you tried",
            "name": "",
            "owner": "",
            "through": [],
        }
    }
    behaviour = read_behaviour(json.dumps({"0/out0": said}))
    assert behaviour is not None
    assert memory_refused(behaviour)
    other = read_behaviour(json.dumps({"0/out0": {"plain": 3}}))
    assert other is not None
    assert not memory_refused(other)

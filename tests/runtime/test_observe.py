from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.model.run import Observation
from foretell.runtime.messages import Observed, Seen
from foretell.runtime.observe import TEXT_CHARACTERS, describe, observe, observe_failure, one_line
from foretell.runtime.protocol import Decoder, encode


@pytest.mark.parametrize(
    ("value", "kind", "text", "plain"),
    [
        (None, "none", "None", None),
        (True, "bool", "True", True),
        (np.bool_(False), "bool", "False", False),
        (3, "number", "3", 3),
        (2.5, "number", "2.5", 2.5),
        (math.nan, "number", "nan", "nan"),
        (-math.inf, "number", "-inf", "-inf"),
        (np.float32(0.1), "number", "0.1", float(np.float32(0.1))),
        (np.int64(4), "number", "4", 4),
        (np.array(4), "number", "4", 4),
        ("yes", "text", "yes", "yes"),
        ((5, 10), "shape", "(5, 10)", [5, 10]),
        ((5,), "shape", "(5,)", [5]),
        ((), "shape", "()", []),
        ((1, 2.5), "sequence", "(1, 2.5)", [1, 2.5]),
        ([1, "a", None, [True]], "sequence", "[1, 'a', None, [True]]", [1, "a", None, [True]]),
        (np.float32, "dtype", "float32", "float32"),
        (np.dtype("int64"), "dtype", "int64", "int64"),
        ({"a": 1}, "other", "{'a': 1}", None),
    ],
)
def test_a_plain_value_is_told_by_its_kind(value, kind, text, plain):
    assert observe(value) == Observation(type=kind, text=text, value=plain)


def test_a_small_array_carries_its_values_and_a_large_one_its_shape():
    small = observe(np.array([[1.0, math.nan]]))
    assert small.value == {"shape": [1, 2], "dtype": "float64", "values": [[1.0, "nan"]]}
    large = observe(np.zeros((10, 10), dtype="float32"))
    assert large.value == {"shape": [10, 10], "dtype": "float32"}
    assert large.text == "ndarray of shape (10, 10), float32"


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


def test_a_repr_that_raises_is_told_by_its_type():
    assert observe(Hostile()) == Observation(type="other", text="Hostile")
    assert describe("h", Hostile()).text == "Hostile"


def test_a_failure_that_cannot_be_printed_is_told_by_its_name():
    assert one_line(ValueError(Hostile())) == ""
    assert observe_failure(ValueError(Hostile())) == Observation(type="failure", text="ValueError", value="ValueError")


def test_a_failure_is_told_on_one_line():
    assert observe_failure(RuntimeError("a\n  b")).text == "RuntimeError: a b"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner) | st.sets(st.text()),
    max_leaves=20,
)


@given(values)
def test_every_observation_is_short_and_survives_its_frame(value):
    observation = observe(value)
    assert len(observation.text) <= TEXT_CHARACTERS
    message = Observed(seen=(Seen(question="q", row=0, observation=observation),))
    (received,) = Decoder().feed(encode(message))
    assert received == message


def test_a_number_of_thousands_of_digits_is_told_without_being_printed():
    assert observe(10**10_000) == Observation(type="number", text="an integer of 33,220 bits")

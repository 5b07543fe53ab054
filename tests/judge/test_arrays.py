"""Arrays of learner code against the expected ones: exact in form, close in numbers, never converted to fit."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foretell.judge.arrays import differs, pack_array
from foretell.model.arrays import Array

DTYPES = st.sampled_from(
    ["bool", "int8", "int16", "int32", "int64", "uint8", "uint32", "float16", "float32", "float64", "complex64"]
)
EXPECTED = np.array([[0.25, -1.5, 3.0], [0.0, 1e-3, 2.0]], dtype="float32")


def told(answer, expected=EXPECTED, rtol: float = 1e-5, atol: float = 1e-6) -> str | None:
    packed = answer if isinstance(answer, Array) else pack_array(answer)
    return differs(packed, expected, rtol=rtol, atol=atol)


@given(hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_every_array_agrees_with_itself_and_is_sent_little_endian(array):
    packed = pack_array(array)
    assert told(packed, array) is None
    entries = base64.b64decode(packed.data)
    assert np.frombuffer(entries, array.dtype.newbyteorder("<")).tobytes() == array.tobytes()


@given(st.text(max_size=80), st.lists(st.integers(), max_size=4), st.text(max_size=80))
def test_no_claim_of_a_learners_process_raises_or_agrees(dtype, shape, data):
    assert told(Array(dtype=dtype, shape=tuple(shape), data=data)) is not None


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (EXPECTED.astype("float64"), "The dtype is float64, where float32 was asked for."),
        (EXPECTED.astype("float16"), "The dtype is float16, where float32 was asked for."),
        (EXPECTED.astype("complex64"), "The dtype is complex64, where float32 was asked for."),
        (EXPECTED.T, "The shape is (3, 2), where (2, 3) was asked for."),
        (EXPECTED[None], "The shape is (1, 2, 3), where (2, 3) was asked for."),
        (EXPECTED[0], "The shape is (3,), where (2, 3) was asked for."),
        (np.float32(0.25), "The shape is (), where (2, 3) was asked for."),
        (np.zeros(0, "float32"), "The shape is (0,), where (2, 3) was asked for."),
        (EXPECTED + np.float32(1), "6 of 6 entries differ: the one at [0, 0] is 1.25, where 0.25 is right."),
    ],
)
def test_a_difference_is_told_in_a_sentence(answer, sentence):
    assert told(np.asarray(answer)) == sentence


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_never_passes_for_one_that_is(odd):
    answer = EXPECTED.copy()
    answer[1, 1] = odd
    assert told(answer) == f"1 of 6 entries differs: the one at [1, 1] is {odd:g}, where a finite number is right."


def test_a_number_that_is_not_finite_agrees_with_its_like_only():
    expected = np.array([np.inf, -np.inf, np.nan])
    assert told(expected, expected) is None
    for place, other in enumerate([-np.inf, 1e308, 0.0]):
        answer = expected.copy()
        answer[place] = other
        assert told(answer, expected) is not None


def test_one_number_is_told_without_a_place():
    assert told(np.float64(0.5), np.asarray(0.25)) == "The number is 0.5, where 0.25 is right."


def test_rounding_is_forgiven_and_more_is_not():
    assert told(EXPECTED * np.float32(1 + 5e-6)) is None
    assert told(EXPECTED * np.float32(1 + 5e-5)) is not None


def test_whole_numbers_are_compared_exactly_however_large():
    expected = np.array([2**63 - 1, -1], dtype="int64")
    assert told(expected - np.array([1, 0]), expected, rtol=1.0) is not None


def test_numbers_too_large_for_their_difference_are_different():
    assert told(np.array([-1.7e308]), np.array([1.7e308])) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (2, -3)},
        {"shape": (10**300, 3)},
        {"shape": (1,) * 500},
        {"shape": (True, 3)},
        {"data": ""},
        {"data": pack_array(EXPECTED).data + "AAAA"},
        {"data": pack_array(EXPECTED).data[:-4] + "é==="},
        {"data": "====" * 8},
        {"dtype": "x" * 10_000},
        {"dtype": "object"},
    ],
)
def test_a_header_that_claims_something_else_is_told_shortly(change):
    sentence = told(replace(pack_array(EXPECTED), **change))
    assert sentence is not None
    assert len(sentence) < 250


def test_a_truth_that_is_neither_true_nor_false_is_told():
    expected = np.array([True, False])
    answer = replace(pack_array(expected), data=base64.b64encode(b"\x02\x00").decode())
    assert told(answer, expected) == "The data hold entries that are neither true nor false."


def test_an_expected_array_of_anything_but_numbers_is_our_mistake():
    with pytest.raises(ValueError, match="make it one of numbers"):
        told(EXPECTED, np.array(["a"]))

"""ARRAYS that learner code has returned, against the ones expected: how they differ, in one sentence.

Enters: an `Array` that may claim anything, and the expected numbers. Leaves: a sentence, or None where all agrees.
Invariant: dtype and shape agree exactly before any number is compared, nothing is broadcast or converted to fit, and
a number that is not finite agrees only with its like.
"""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from foretell.judge.wording import clip
from foretell.model.arrays import Array, pack

_DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64", "complex64", "complex128"}
)
_LONGEST_NAME = 40
_MOST_DIMENSIONS = 32


def pack_array(array: NDArray[np.generic]) -> Array:
    """The plain data of an array, to be sent as an input."""
    name = _checked_dtype(array)
    return pack(name, array.shape, array.astype(array.dtype.newbyteorder("<")).tobytes())


def differs(answer: Array, expected: NDArray[np.generic], *, rtol: float, atol: float) -> str | None:
    """How `answer` differs from `expected`, None where it does not.

    Floating numbers may be off by `atol + rtol * abs(expected)`, computed in double precision; others not at all.
    """
    name = _checked_dtype(expected)
    if answer.dtype != name:
        return f"The dtype is {clip(answer.dtype, _LONGEST_NAME)}, where {name} was asked for."
    if not _is_shape(answer.shape) or answer.shape != expected.shape:
        return f"The shape is {_show_shape(answer.shape)}, where {_show_shape(expected.shape)} was asked for."
    entries = _read_entries(answer, expected.nbytes)
    if entries is None:
        return f"The data do not fill an array of shape {_show_shape(expected.shape)}."
    if name == "bool" and not set(entries) <= {0, 1}:
        return "The data hold entries that are neither true nor false."
    given = np.frombuffer(entries, dtype=expected.dtype.newbyteorder("<")).reshape(expected.shape)
    return _compare(given, expected, rtol, atol)


def _checked_dtype(array: NDArray[np.generic]) -> str:
    if array.dtype.name not in _DTYPES:
        raise ValueError(f"An array of dtype {array.dtype.name} cannot be compared; make it one of numbers")
    return array.dtype.name


def _is_shape(shape: tuple[int, ...]) -> bool:
    return len(shape) <= _MOST_DIMENSIONS and all(type(size) is int and size >= 0 for size in shape)


def _show_shape(shape: tuple[int, ...]) -> str:
    return clip(repr(tuple(shape[:_MOST_DIMENSIONS])), 2 * _LONGEST_NAME)


def _read_entries(answer: Array, size_bytes: int) -> bytes | None:
    if len(answer.data) != 4 * -(-size_bytes // 3):
        return None
    try:
        entries = base64.b64decode(answer.data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return entries if len(entries) == size_bytes else None


def _compare(given: NDArray[np.generic], expected: NDArray[np.generic], rtol: float, atol: float) -> str | None:
    if expected.dtype.kind in "biu":
        wrong = np.asarray(given != expected)
    else:
        precise = np.complex128 if expected.dtype.kind == "c" else np.float64
        left, right = given.astype(precise), expected.astype(precise)
        odd = np.asarray(~np.isfinite(left) & np.isfinite(right))
        if odd.any():
            return f"{_place(odd)} is {_show_first(given, odd)}, where a finite number is right."
        wrong = np.asarray(~_agree(left, right, rtol, atol))
    if not wrong.any():
        return None
    return f"{_place(wrong)} is {_show_first(given, wrong)}, where {_show_first(expected, wrong)} is right."


def _agree(left: NDArray[np.inexact], right: NDArray[np.inexact], rtol: float, atol: float) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        close = np.abs(left - right) <= atol + rtol * np.abs(right)
        alike = (left == right) | (np.isnan(left) & np.isnan(right))
    return np.asarray(np.where(np.isfinite(left) & np.isfinite(right), close, alike), dtype=np.bool_)


def _place(wrong: NDArray[np.bool_]) -> str:
    if wrong.ndim == 0:
        return "The number"
    count, first = int(wrong.sum()), [int(index) for index in np.argwhere(wrong)[0]]
    return f"{count:,} of {wrong.size:,} entries {'differs' if count == 1 else 'differ'}: the one at {first}"


def _show_first(array: NDArray[np.generic], wrong: NDArray[np.bool_]) -> str:
    value = array[wrong][0]
    return f"{value:.6g}" if array.dtype.kind in "fc" else str(value)

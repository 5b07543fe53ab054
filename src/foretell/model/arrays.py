"""Arrays as plain data, and what is asked of learner code in them: inputs go in, values come out, nothing else.

Enters and leaves: names, whole numbers, bytes in base64. Invariant: nothing here says what the right values are; who
asks keeps that, and compares.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from foretell.model.run import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """The entries of an array in C order, little-endian, in base64; `dtype` is a name such as "float32".

    An `Array` from a learner's process may claim anything: nothing about it holds until it has been checked.
    """

    dtype: str
    shape: tuple[int, ...]
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Evaluate `expression` with the `inputs` bound to their names, as torch tensors where torch is loaded.

    `nonce` comes back with the answer; drawn anew for each question, it tells the answer from one made up beforehand.
    """

    nonce: str
    expression: str
    inputs: dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The answer to the `Measure` with this nonce: the value, or each value of a tuple, or how the code failed."""

    nonce: str
    values: tuple[Array, ...]
    failure: Failure | None


def pack(dtype: str, shape: tuple[int, ...], entries: bytes) -> Array:
    """The `Array` with these entries, which are in C order and little-endian."""
    return Array(dtype=dtype, shape=shape, data=b64encode(entries).decode("ascii"))

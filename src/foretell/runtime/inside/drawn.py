"""Random values for the probes of a task, the same on both sides of a comparison.

Enters: shapes and seeds. Leaves: arrays of double precision. Invariant: parameters whose sizes agree, the order and
sizes of one left aside, are given the same numbers, so that it does not matter which is which or which way it lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def plain_values(shape: list[int], seed: tuple[int, ...]) -> Values:
    """Standard normal numbers of this shape."""
    return np.random.default_rng(seed).standard_normal(tuple(shape))


def canonical_values(shape: tuple[int, ...], seed: int, tied: str) -> Values:
    """The numbers for a parameter of this shape: a function of its sizes alone, up to transposition.

    A square matrix is symmetric, so that its transpose is the same; a matrix is scaled to keep the size of its input.
    Where `tied` is "sizes" a vector and a matrix of one row have the same numbers; where it is "shapes" they have not.
    """
    sizes = tuple(sorted(size for size in shape if size != 1))
    role = 3 if tied == "sizes" or len(shape) > 1 else 5
    values = np.random.default_rng((seed, role, *sizes)).standard_normal(sizes)
    if len(sizes) >= 2:
        values = values / sizes[0] ** 0.5
    if len(sizes) == 2 and sizes[0] == sizes[1]:
        values = (values + values.T) / 2**0.5
    kept = [size for size in shape if size != 1]
    order = np.argsort(np.argsort(kept, kind="stable"), kind="stable")
    return np.ascontiguousarray(values.transpose(tuple(order))).reshape(shape)

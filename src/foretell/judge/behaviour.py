"""PROBES of a task, drawn; and what learner code showed under them, as notes that can be compared.

Enters: how a task is judged and a seed; notes. Leaves: a plan to be sent; whether notes say the same. Invariant: pure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foretell.model.belief import Build, Probing

LARGE = 8.0
PROBE_SETS = 16
_RTOL, _ATOL = 1e-3, 1e-4
_MANY = 48
_BATCHES = tuple(range(2, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An exception at one stage: class, message, the name that was missing and on what, the functions on its way."""

    kind: str
    message: str
    name: str = ""
    owner: str = ""
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A tensor: its dtype and its numbers, in double precision."""

    dtype: str
    values: NDArray[np.float64]


Note = Failed | Entries | tuple[Any, ...] | Mapping[str, Any] | bool | int | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What was seen under one set of probes, by key ("0/out1"): a failure, numbers, or plain data."""

    notes: Mapping[str, Note]

    def failure(self, build: str) -> tuple[str, Failed] | None:
        """The failure that ended the stages of a build, with the key of its stage."""
        for key, note in self.notes.items():
            if key.startswith(f"{build}/") and isinstance(note, Failed):
                return key.partition("/")[2], note
        return None

    def entries(self, key: str) -> Entries | None:
        """The tensor seen under this key, or None."""
        note = self.notes.get(key)
        return note if isinstance(note, Entries) else None

    def plain(self, key: str) -> Any:  # noqa: ANN401  plain data of any form; callers check what they use
        """The plain data seen under this key, or None."""
        note = self.notes.get(key)
        return None if isinstance(note, Failed | Entries) else note


class Tied(StrEnum):
    """Which parameters are given the same numbers: those of one shape, or of the same sizes but for axes of size 1."""

    SHAPES = "shapes"
    SIZES = "sizes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How numbers are given to parameters that may be laid out otherwise than the solution's.

    `parts`: for each build the shapes that parameters may hold several of, none where each is one; `turned`: those
    that are declared later lie first.
    """

    tied: Tied = Tied.SHAPES
    parts: tuple[tuple[tuple[int, ...], ...], ...] = ()
    turned: bool = False


AS_DECLARED = Layout()


class Weights(StrEnum):
    """Which numbers the parameters have in a call: those drawn, the same with the other sign, or others."""

    DRAWN = "drawn"
    NEGATED = "negated"
    OTHERS = "others"


def draw(probing: Probing, seed: int, earlier: Sequence[str], layout: Layout = AS_DECLARED) -> str:
    """The plan of one set of probes, as JSON: the same seed gives the same. `earlier` are names that were there before.

    Each build is called with its inputs, with one of a batch size of its own, with many rows, and with large numbers.
    """
    random = Random(seed)  # noqa: S311  nothing secret is drawn
    builds = [
        {
            "make": build.make,
            "inputs": [list(shape) for shape in build.inputs],
            "given": {given.name: given.make or list(given.shape) for given in build.given},
            "calls": _calls(build, random),
            "parts": layout.parts[place] if layout.parts else (),
        }
        for place, build in enumerate(probing.builds)
    ]
    return json.dumps(
        {
            "seed": seed,
            "tied": layout.tied.value,
            "turned": layout.turned,
            "earlier": list(earlier),
            "builds": builds,
            "expressions": list(probing.expressions),
        }
    )


def _calls(build: Build, random: Random) -> list[list[object]]:
    """Each call as (shape of the input, its scale, which numbers the parameters have).

    The output of one drawn network may have one sign for every input; that of its negative has then the other.
    """
    if not build.inputs:
        return []
    first = list(build.inputs[0])
    others = [size for size in _BATCHES if size not in {shape[0] for shape in build.inputs if shape}]
    drawn = [random.choice(others), *first[1:]] if first else first
    many = [_MANY, *first[1:]] if first else first
    return [
        *([list(shape), 1.0, Weights.DRAWN] for shape in build.inputs),
        [drawn, 1.0, Weights.OTHERS],
        [many, 1.0, Weights.NEGATED],
        [first, LARGE, Weights.DRAWN],
        [many, LARGE, Weights.OTHERS],
    ]


def close(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two tensors agree to about three digits: shapes exactly, numbers against the largest of them.

    Single precision gives six digits of one product; sums of a hundred of them in another order keep four.
    """
    if one.shape != other.shape:
        return False
    if not one.size:
        return True
    largest = float(np.max(np.abs(other), initial=0.0))
    if not math.isfinite(largest):
        return bool(np.array_equal(one, other, equal_nan=True))
    return bool(np.all(np.abs(one - other) <= _ATOL + _RTOL * largest))


def alike(one: Note, other: Note) -> bool:
    """Whether two notes say the same: numbers up to rounding, failures by class and by message without its numbers."""
    if isinstance(one, Entries) and isinstance(other, Entries):
        return one.dtype == other.dtype and close(one.values, other.values)
    if isinstance(one, Failed) and isinstance(other, Failed):
        return one.kind == other.kind and template(one.message) == template(other.message)
    if isinstance(one, Entries | Failed) or isinstance(other, Entries | Failed):
        return False
    return one == other


def template(message: str) -> str:
    """A message without its numbers and quoted names: what two failures of one sort have in common."""
    quoted = False
    kept: list[str] = []
    for letter in message:
        if letter in "'\"`":
            quoted = not quoted
        elif not quoted and not letter.isdigit():
            kept.append(letter)
    return "".join(kept)


def memory_refused(behaviour: Behaviour) -> str:
    """The message with which memory was refused to the code, "" where it was not."""
    for note in behaviour.notes.values():
        if isinstance(note, Failed) and (note.kind == "MemoryError" or "allocate memory" in note.message):
            return note.message.rpartition(": ")[2][:120] or note.kind
    return ""


def forget_earlier(behaviour: Behaviour) -> Behaviour:
    """The behaviour without what it says of modules of earlier cells."""
    return Behaviour(notes={key: note for key, note in behaviour.notes.items() if not key.startswith("earlier/")})

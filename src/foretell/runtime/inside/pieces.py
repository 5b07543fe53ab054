"""PARAMETERS that hold several others, seen as those: a matrix with its bias as a last column, two matrices in one.

Enters: the shapes of a module's parameters, and the shapes that are looked for in them. Leaves: places to index each
parameter with. Invariant: every shape that is looked for has one place, and the places cover each parameter once; where
that cannot be, each parameter is one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import EllipsisType
from typing import Any

Shape = tuple[int, ...]
Place = EllipsisType | tuple[int | slice, ...]

MOST_WANTED = 12


def find_pieces(shapes: Sequence[Shape], wanted: Sequence[Shape], *, turned: bool) -> list[list[Place]]:
    """For each of `shapes` the places of what it holds of `wanted`; `turned`: what is declared later lies first."""
    whole: list[list[Place]] = [[...] for _ in shapes]
    found = whole.copy()
    left = list(wanted)
    if len(wanted) > MOST_WANTED or len(shapes) >= len(wanted):
        return whole
    joined: list[int] = []
    for at, shape in enumerate(shapes):
        alike = [one for one in left if _sizes(one) == _sizes(shape)]
        same = next((one for one in alike if sorted(one) == sorted(shape)), alike[0] if alike else None)
        if same is None:
            joined.append(at)
        else:
            left.remove(same)
    for at in joined:
        held = next(_divisions(shapes[at], left[::-1] if turned else left), None)
        if held is None:
            return whole
        found[at] = [place for _, place in held]
        for one, _ in held:
            left.remove(one)
    return whole if left else found


def _divisions(shape: Shape, wanted: Sequence[Shape]) -> Iterator[list[tuple[Shape, Place]]]:
    """The ways to cut a shape along one axis into some of the shapes that are looked for, in their order.

    Neighbours come first: a matrix of one row has the size of a bias, and a bias stands next to its own matrix.
    """
    for axis, size in enumerate(shape):
        rest = _sizes(shape[:axis] + shape[axis + 1 :])
        for count in range(2, len(wanted) + 1):
            choices = combinations(range(len(wanted)), count)
            for chosen in sorted(choices, key=lambda places: places[-1] - places[0]):
                some = [wanted[place] for place in chosen]
                widths = [_width(one, rest) for one in some]
                if sum(width or size + 1 for width in widths) == size:
                    yield list(
                        zip(some, _places(axis, len(shape), [width or 0 for width in widths], some), strict=True)
                    )


def _width(one: Shape, rest: list[int]) -> int | None:
    """How much of the axis a shape takes where the other axes have the sizes `rest`; None where it does not fit."""
    sizes = _sizes(one)
    if sizes == rest:
        return 1
    for size in sizes:
        others = sizes.copy()
        others.remove(size)
        if others == rest:
            return size
    return None


def _places(axis: int, axes: int, widths: Sequence[int], some: Sequence[Shape]) -> Iterator[Place]:
    start = 0
    for width, one in zip(widths, some, strict=True):
        is_flat = width == 1 and len(one) < axes
        taken = start if is_flat else slice(start, start + width)
        yield tuple(taken if at == axis else slice(None) for at in range(axes))
        start += width


def _sizes(shape: Shape) -> list[int]:
    return sorted(size for size in shape if size != 1)


@dataclass(frozen=True, slots=True)
class Laid:
    """A module, and how its parameters are to be seen: the shapes that one may hold several of, and in which order."""

    module: Any
    parts: Sequence[Sequence[int]] = ()
    turned: bool = False

    def named(self) -> list[tuple[str, Any, Place]]:
        """Each parameter that the module lists, by name, and where to index it; one that holds several, for each."""
        return self._cut(list(self.module.named_parameters()))

    def pieces(self) -> list[tuple[Any, Place]]:
        """The same of what `parameters()` gives, which learner code may have made something else."""
        return [(each, place) for _, each, place in self._cut([("", each) for each in self.module.parameters()])]

    def _cut(self, listed: list[tuple[str, Any]]) -> list[tuple[str, Any, Place]]:
        wanted = [tuple(shape) for shape in self.parts]
        found = find_pieces([tuple(each.shape) for _, each in listed], wanted, turned=self.turned)
        return [(name, each, place) for (name, each), places in zip(listed, found, strict=True) for place in places]


def piece_of(values: Any, place: Place) -> Any:
    """What stands at a place; what is whole is not touched, for not every tensor can be indexed."""
    return values if place is ... else values[place]

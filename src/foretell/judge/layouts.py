"""AN ANSWER whose parameters are laid out otherwise than the solution's -> the layouts in which it may still be right.

Enters: what the answer and the solution showed. Leaves: layouts to look again with, and which look to judge by.
Invariant: pure; a layout only says which numbers a parameter is given, and what is right is decided as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foretell.judge.behaviour import Behaviour, Layout, Tied
from foretell.judge.diagnose import Answered, Asked, is_right
from foretell.judge.likeness import same_parameters
from foretell.model.belief import Build, Probing


def best_look(looks: Sequence[tuple[Answered, Asked]]) -> tuple[Answered, Asked]:
    """Of looks at one answer, as declared first, the one to judge by: a right one, else one whose parameters fit."""
    for own, asked in looks:
        if is_right(own, asked):
            return own, asked
    return next((one for one in looks if _fits(*one)), looks[0])


def _fits(own: Answered, asked: Asked) -> bool:
    if own.behaviour is None:
        return False
    builds = [f"{place}" for place, build in enumerate(asked.probing.builds) if not build.given]
    return bool(builds) and all(same_parameters(own.behaviour, asked.reference, build) for build in builds)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The shapes of the parameters of one build, and how many numbers they are: the answer's, the solution's."""

    own: list[tuple[int, ...]]
    wanted: list[tuple[int, ...]]
    is_as_many: bool


def other_layouts(behaviour: Behaviour | None, reference: Behaviour, probing: Probing) -> Iterator[Layout]:
    """Those where axes of size 1 lie otherwise, and those where one parameter holds several of the solution's."""
    if behaviour is None:
        return
    pairs = [_pair(behaviour, reference, place, build) for place, build in enumerate(probing.builds)]
    if any(
        _sizes(pair.own) == _sizes(pair.wanted) and _roles(pair.own) != _roles(pair.wanted) for pair in pairs if pair
    ):
        yield Layout(tied=Tied.SIZES)
    if any(pair and pair.is_as_many and 0 < len(pair.own) < len(pair.wanted) for pair in pairs):
        parts = tuple(tuple(pair.wanted) if pair else () for pair in pairs)
        yield Layout(parts=parts)
        yield Layout(parts=parts, turned=True)


def _pair(behaviour: Behaviour, reference: Behaviour, place: int, build: Build) -> _Pair | None:
    if build.given:
        return None
    as_many = behaviour.plain(f"{place}/count") == reference.plain(f"{place}/count")
    return _Pair(_shapes(behaviour, place), _shapes(reference, place), as_many)


def _sizes(shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return sorted(tuple(sorted(size for size in shape if size != 1)) for shape in shapes)


def _roles(shapes: list[tuple[int, ...]]) -> list[tuple[bool, tuple[int, ...]]]:
    return sorted((len(shape) > 1, tuple(sorted(shape))) for shape in shapes)


def _shapes(behaviour: Behaviour, place: int) -> list[tuple[int, ...]]:
    listed = behaviour.plain(f"{place}/parameters") or ()
    return [tuple(one[1]) for one in listed if isinstance(one, list) and len(one) == 4 and isinstance(one[1], list)]

"""TWO behaviours under the same probes -> whether they are one behaviour.

Enters: behaviours of the learner's code, of the solution, of a wrong example. Leaves: whether they agree, and where a
first one differs. Invariant: names of attributes, order of declaration and the way a matrix lies change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries, Failed, alike, close
from foretell.model.belief import Probing

_ONE_STEP = 1e-9
_MOST_CALLS = 16


def same_behaviour(one: Behaviour, other: Behaviour, probing: Probing) -> bool:
    """Whether the two show the same under every probe, to the stage at which they fail."""
    builds = all(
        build_differs(one, other, f"{place}", given=bool(build.given)) is None
        for place, build in enumerate(probing.builds)
    )
    return builds and expressions_differ(one, other, probing) is None and earlier_differ(one, other) is None


def earlier_differ(one: Behaviour, other: Behaviour) -> str | None:
    """The name of a module from an earlier cell whose parameters are others, or None."""
    keys = sorted(key for key in {*one.notes, *other.notes} if key.startswith("earlier/"))
    changed = next((key for key in keys if not alike(one.notes.get(key), other.notes.get(key))), None)
    return changed.split("/")[1] if changed is not None else None


def expressions_differ(one: Behaviour, other: Behaviour, probing: Probing) -> int | None:
    """The first of the expressions that later cells rely on that comes to something else, or None."""
    for place in range(len(probing.expressions)):
        if not alike(one.notes.get(f"e{place}"), other.notes.get(f"e{place}")):
            return place
    return None


def build_differs(one: Behaviour, other: Behaviour, build: str, *, given: bool) -> str | None:
    """The stage of a build at which two behaviours part, None where they do not."""
    for stage in _OF_A_RESULT if given else _OF_A_MODULE:
        if not _STAGES[stage](one, other, build):
            return stage
    return None


def _same_failures(one: Behaviour, other: Behaviour, build: str, stages: Sequence[str]) -> bool:
    first, second = one.failure(build), other.failure(build)
    mine = first is not None and first[0] in stages
    theirs = second is not None and second[0] in stages
    if first is None or second is None or not (mine and theirs):
        return not mine and not theirs
    return first[0] == second[0] and alike(first[1], second[1])


def _make(one: Behaviour, other: Behaviour, build: str) -> bool:
    return _same_failures(one, other, build, ("make", "type", "again", "set", "train"))


def _type(one: Behaviour, other: Behaviour, build: str) -> bool:
    return is_module(one, build) == is_module(other, build)


def is_module(behaviour: Behaviour, build: str) -> bool:
    """Whether what was made is an nn.Module."""
    kind = behaviour.plain(f"{build}/type")
    return isinstance(kind, dict) and "Module" in kind.get("torch", ())


def parameters_of(behaviour: Behaviour, build: str) -> list[tuple[tuple[int, ...], str, bool]]:
    """Each parameter as (sizes, dtype, requires_grad): axes of size 1 left out, the rest in rising order; sorted."""
    listed = behaviour.plain(f"{build}/parameters") or ()
    found: list[tuple[tuple[int, ...], str, bool]] = []
    for one in listed:
        if isinstance(one, list) and len(one) == 4 and isinstance(one[1], list):
            sizes = tuple(sorted(int(size) for size in one[1] if size != 1))
            found.append((sizes, str(one[2]), bool(one[3])))
    return sorted(found)


def same_parameters(one: Behaviour, other: Behaviour, build: str) -> bool:
    """Whether the parameters of a build have the same sizes, dtypes and number, by either way of asking for them."""
    counts = one.plain(f"{build}/count"), other.plain(f"{build}/count")
    return parameters_of(one, build) == parameters_of(other, build) and counts[0] == counts[1]


def _sharing(one: Behaviour, other: Behaviour, build: str) -> bool:
    first = (one.plain(f"{build}/shared"), bool(one.plain(f"{build}/taken")))
    return first == (other.plain(f"{build}/shared"), bool(other.plain(f"{build}/taken")))


def calls_of(reference: Behaviour, build: str) -> list[int]:
    """The numbers of the calls that the solution answered."""
    return [at for at in range(_MOST_CALLS) if f"{build}/out{at}" in reference.notes]


def is_random(behaviour: Behaviour, build: str) -> bool:
    """Whether the same input gives another output: twice to one thing, or to two with the same parameters."""
    if _is_random_result(behaviour, build):
        return True
    first = behaviour.entries(f"{build}/out0")
    return any(
        first is not None and again is not None and not alike(first, again)
        for again in (behaviour.entries(f"{build}/same"), behaviour.entries(f"{build}/other"))
    )


def _is_random_result(behaviour: Behaviour, build: str) -> bool:
    """Whether a function gives another result for the same argument."""
    for key in behaviour.notes:
        if key.startswith(f"{build}/value/"):
            first, again = behaviour.entries(key), behaviour.entries(key.replace("/value/", "/again/"))
            if first is not None and again is not None and not alike(first, again):
                return True
    return False


def starts_even(behaviour: Behaviour, build: str) -> bool:
    """Whether every weight, those with two axes or more, starts with one number in all its places."""
    listed, start = behaviour.plain(f"{build}/parameters") or (), behaviour.plain(f"{build}/start") or ()
    ranges = [
        span
        for one, span in zip(listed, start, strict=False)
        if isinstance(one, list) and len(one) == 4 and len(one[1]) > 1 and isinstance(span, list) and len(span) == 2
    ]
    return bool(ranges) and all(span[0] == span[1] for span in ranges)


def _start(one: Behaviour, other: Behaviour, build: str) -> bool:
    return starts_even(one, build) == starts_even(other, build)


def _random(one: Behaviour, other: Behaviour, build: str) -> bool:
    return is_random(one, build) == is_random(other, build)


def _out(one: Behaviour, other: Behaviour, build: str) -> bool:
    """Outputs, what a hook saw, the inputs afterwards. Numbers that chance has made agree by their shapes alone."""
    chance = is_random(one, build) and is_random(other, build)
    keys = _keys((one, other), build, ("out", "hook", "input"))
    return all(_agree(one, other, key, chance=chance and "/input" not in key) for key in keys)


def _agree(one: Behaviour, other: Behaviour, key: str, *, chance: bool = False) -> bool:
    first, second = one.notes.get(key), other.notes.get(key)
    if chance and isinstance(first, Entries) and isinstance(second, Entries):
        return first.values.shape == second.values.shape
    return alike(first, second)


def _keys(pair: Iterable[Behaviour], build: str, stages: Sequence[str]) -> list[str]:
    starts = tuple(f"{build}/{stage}" for stage in stages)
    return sorted({key for behaviour in pair for key in behaviour.notes if key.startswith(starts)})


def _grad(one: Behaviour, other: Behaviour, build: str) -> bool:
    if not _agree(one, other, f"{build}/grad", chance=is_random(one, build)):
        return False
    if is_random(one, build):
        return True
    return same_set(gradients_of(one, build), gradients_of(other, build))


def gradients_of(behaviour: Behaviour, build: str) -> list[Any]:
    """The gradients of the parameters, in order of declaration."""
    found: list[Any] = []
    while (entries := behaviour.entries(f"{build}/grad{len(found)}")) is not None:
        found.append(entries.values)
    return found


def same_set(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two lists of arrays hold the same, in any order, each of them transposed or not."""
    left = [_flat(other) for other in others]
    for one in map(_flat, ones):
        place = next((at for at, other in enumerate(left) if _same_up_to_transposition(one, other)), None)
        if place is None:
            return False
        del left[place]
    return not left


def _flat(values: Any) -> Any:  # noqa: ANN401  an array of any shape
    return np.squeeze(values)


def _same_up_to_transposition(one: Any, other: Any) -> bool:  # noqa: ANN401  arrays of any shape
    return close(one, other) or (one.ndim == 2 and close(one.T, other))


def _zero(one: Behaviour, other: Behaviour, build: str) -> bool:
    chance = is_random(one, build) and is_random(other, build)
    return all(_agree(one, other, f"{build}/{key}", chance=chance) for key in ("zero", "eval"))


def unmoved(behaviour: Behaviour, build: str) -> int | None:
    """How many parameters three steps of gradient descent leave where they were; None where that was not seen."""
    moved = behaviour.plain(f"{build}/moved")
    if not isinstance(moved, tuple):
        return None
    return sum(1 for each in moved if isinstance(each, int | float) and not each > _ONE_STEP)


def _moved(one: Behaviour, other: Behaviour, build: str) -> bool:
    first, second = one.notes.get(f"{build}/moved"), other.notes.get(f"{build}/moved")
    if isinstance(first, Failed) or isinstance(second, Failed):
        return alike(first, second)
    return unmoved(one, build) == unmoved(other, build)


def _value(one: Behaviour, other: Behaviour, build: str) -> bool:
    """A result's parameters by name; one that only one of them has (a bias) must be zero there."""
    for key in _keys((one, other), build, ("value",)):
        first, second = one.notes.get(key), other.notes.get(key)
        there = [note for note in (first, second) if note is not None]
        if len(there) == 1 and isinstance(there[0], Entries) and not np.any(there[0].values):
            continue
        if not alike(first, second):
            return False
    return True


def _after(one: Behaviour, other: Behaviour, build: str) -> bool:
    return all(_agree(one, other, key) for key in _keys((one, other), build, ("after/",)))


_OF_A_MODULE = ("make", "type", "parameters", "sharing", "out", "random", "grad", "zero", "moved", "start")
_OF_A_RESULT = ("make", "type", "value", "after", "out")
_STAGES: dict[str, Callable[[Behaviour, Behaviour, str], bool]] = {
    "make": _make,
    "type": _type,
    "parameters": same_parameters,
    "sharing": _sharing,
    "value": _value,
    "after": _after,
    "out": _out,
    "random": _random,
    "grad": _grad,
    "zero": _zero,
    "moved": _moved,
    "start": _start,
}

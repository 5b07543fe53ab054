"""NUMBERS that learner code gave, beside the solution's -> facts about them, as short texts.

Enters: two behaviours, a build. Leaves: facts ("returns its input", "output is linear"). Invariant: pure; each fact
is about this behaviour alone or its relation to the solution's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from foretell.judge.behaviour import Behaviour, Entries, alike, close
from foretell.judge.likeness import calls_of, gradients_of, is_module, is_random

_SMALL = 1e-3
Values = NDArray[np.float64]


def output_facts(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    """What the outputs are beside the right ones."""
    first, wanted = behaviour.entries(f"{build}/out0"), reference.entries(f"{build}/out0")
    given = reference.entries(f"{build}/input0")
    if is_random(behaviour, build):
        same = behaviour.entries(f"{build}/same")
        yield "random" if first and same and not alike(first, same) else "depends on what is not registered"
    if first is None or wanted is None or given is None:
        return
    yield from _of_first_output(first, wanted, given)
    after = behaviour.entries(f"{build}/input0")
    if after is not None and not alike(after, given):
        yield "changes its input"
    if behaviour.notes.get(f"{build}/hook0") is None and is_module(behaviour, build):
        yield "hooks see nothing"
    if behaviour.plain(f"{build}/eval") == {"is": "NoneType"}:
        yield "returns None in evaluation"
    zero = behaviour.entries(f"{build}/zero")
    if zero is not None and alike(zero, reference.notes.get(f"{build}/zero")):
        yield "right at zero"
    if _is_linear(behaviour, reference, build):
        yield "output is linear"
    keys = [f"{build}/out{at}" for at in calls_of(reference, build)]
    fits = [alike(behaviour.entries(key), right) for key in keys if (right := reference.entries(key)) is not None]
    if any(fits) and not all(fits):
        yield "right for some inputs"
    if fits and all(fits):
        yield "right for every input"


def _of_first_output(first: Entries, wanted: Entries, given: Entries) -> Iterator[str]:
    if alike(first, given):
        yield "returns its input"
    if alike(first, wanted):
        yield "first output is right"
    if first.dtype != wanted.dtype:
        yield "another output dtype"
    if not np.any(first.values):
        yield "returns zeros"
    elif first.values.size > 1 and np.allclose(first.values, first.values.flat[0]):
        yield "returns a constant"
    if first.values.shape != wanted.values.shape:
        yield "another output shape"
        if first.values.shape[:1] != wanted.values.shape[:1]:
            yield "the batch is lost"
        if first.values.size == 1 and wanted.values.size > 1:
            yield "returns one number"
    yield from _of_sum(first, wanted, given)
    if np.min(first.values, initial=1.0) >= 0 and np.min(wanted.values, initial=0.0) < 0:
        yield "never negative"
    if first.values.shape == wanted.values.shape and not alike(first, wanted):
        yield "other numbers"


def _of_sum(first: Entries, wanted: Entries, given: Entries) -> Iterator[str]:
    """Where the right output is the input plus something: how the two are put together instead."""
    own, right, x = first.values, wanted.values, given.values
    if _is_joined(own, right, x):
        yield "puts the two together otherwise"
    if not own.shape == right.shape == x.shape or alike(first, wanted):
        return
    added = right - x
    factors, *_ = np.linalg.lstsq(np.stack([x.ravel(), added.ravel()], axis=1), own.ravel(), rcond=None)
    of_x, of_f = (float(each) for each in factors)
    if close(of_x * x + of_f * added, own):
        yield from _of_factors(of_x, of_f)
    elif close(np.maximum(right, 0), own):
        yield "ReLU comes after the sum"
    elif close(x + np.maximum(added, 0), own):
        yield "ReLU comes before the sum"
    elif any(close(other, own) for other in (x * added, np.maximum(x, added), np.minimum(x, added))):
        yield "puts the two together otherwise"


def _of_factors(of_x: float, of_f: float) -> Iterator[str]:
    """What it means that the output is so much of the input and so much of what is to be added."""
    if abs(of_x) < _SMALL:
        yield "the input is not added" if abs(of_f - 1) < _SMALL else "adds what it computed to itself"
    elif abs(of_x - of_f) < _SMALL:
        yield "what is added is scaled"
    elif abs(of_x - 1) < _SMALL and abs(of_f) > _SMALL:
        yield "puts the two together otherwise" if abs(of_f + 1) < _SMALL else "what is added is scaled"
    elif abs(of_f - 1) < _SMALL and abs(of_x - round(of_x)) > _SMALL:
        yield "what is added is scaled"
    elif abs(of_x + 1) < _SMALL and abs(of_f - 1) < _SMALL:
        yield "puts the two together otherwise"


def _is_joined(own: Values, right: Values, x: Values) -> bool:
    """Whether the output holds the input and what is to be added beside each other."""
    if right.shape != x.shape or own.size != 2 * x.size:
        return False
    pairs = ((x, right - x), (right - x, x))
    return any(close(np.concatenate(pair, axis=axis), own) for pair in pairs for axis in range(x.ndim))


def _is_linear(behaviour: Behaviour, reference: Behaviour, build: str) -> bool:
    """Whether the output for the largest batch is a linear function of the input, to single precision."""
    for at in calls_of(reference, build):
        own, given = behaviour.entries(f"{build}/out{at}"), reference.entries(f"{build}/input{at}")
        if own is None or given is None or given.values.ndim != 2 or own.values.ndim != 2:
            continue
        rows, columns = given.values.shape
        if rows < 2 * columns + 2 or own.values.shape[0] != rows:
            continue
        factors, *_ = np.linalg.lstsq(_with_ones(given.values), own.values, rcond=None)
        first, other = behaviour.entries(f"{build}/out0"), reference.entries(f"{build}/input0")
        if first is None or other is None or not np.any(own.values):
            return False
        pairs = ((given.values, own.values), (other.values, first.values))
        return all(close(_with_ones(inputs) @ factors, outputs) for inputs, outputs in pairs)
    return False


def _with_ones(inputs: Values) -> Values:
    return np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)


def training_facts(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    """Which parameters a gradient reaches."""
    grad = behaviour.notes.get(f"{build}/grad")
    if isinstance(grad, dict) and grad.get("is") == "cut":
        yield "no gradient at all"
    gradients = gradients_of(behaviour, build)
    if gradients:
        dead = [each for each in gradients if not np.any(each)]
        if len(dead) == len(gradients):
            yield "no gradient reaches a parameter"
        elif dead:
            yield "no gradient reaches some parameters"
        if dead and all(each.ndim <= 1 for each in dead):
            yield "no gradient reaches the biases"
    if isinstance(grad, Entries) and not np.any(grad.values):
        yield "no gradient reaches the input"
    if any(close(*pair) for pair in _grads_at_input(grad, reference, build)):
        yield "the gradient at the input is right"


def _grads_at_input(grad: object, reference: Behaviour, build: str) -> Iterator[tuple[Values, Values]]:
    wanted = reference.entries(f"{build}/grad")
    if isinstance(grad, Entries) and wanted is not None:
        yield grad.values, wanted.values


def result_facts(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    """A function's result beside the right one."""
    kind = behaviour.plain(f"{build}/type")
    if isinstance(kind, dict):
        yield f"gives a {kind.get('is')}"
        if kind.get("is") == "tuple" or kind.get("is") == "list":
            yield "gives several values"
        wanted = reference.plain(f"{build}/type")
        if not is_module(behaviour, build) and kind.get("is") != "NoneType":
            yield "gives no module"
        if isinstance(wanted, dict) and set(wanted.get("torch", ())) - set(kind.get("torch", ())):
            yield "gives another type"
    if is_random(behaviour, build):
        yield "the result is random"
    if behaviour.plain(f"{build}/after/own"):
        yield "holds parameters of what it was given"
    values = [note for key, note in behaviour.notes.items() if key.startswith(f"{build}/value")]
    if any(isinstance(note, Entries) and note.dtype != "float32" for note in values):
        yield "the result has another precision"
    for name in ("weight", "bias"):
        yield from _of_named_value(behaviour, reference, build, name)
    for key, note in reference.notes.items():
        if key.startswith(f"{build}/after/") and not alike(behaviour.notes.get(key, note), note):
            yield "changes what it was given"
            break
    first, right = behaviour.entries(f"{build}/out0"), reference.entries(f"{build}/out0")
    if first is not None and right is not None:
        yield "first output is right" if alike(first, right) else "other numbers"


def _of_named_value(behaviour: Behaviour, reference: Behaviour, build: str, name: str) -> Iterator[str]:
    own, right = behaviour.entries(f"{build}/value/{name}"), reference.entries(f"{build}/value/{name}")
    if right is None:
        return
    if own is None:
        if isinstance(behaviour.plain(f"{build}/parameters"), tuple):
            yield f"no {name} in the result"
        return
    if alike(own, right):
        yield f"the {name} is right"
        return
    yield f"another {name}"
    if own.values.shape != right.values.shape:
        yield f"another shape of the {name}"
    if not np.any(own.values):
        yield f"the {name} is zero"

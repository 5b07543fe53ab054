"""BEHAVIOUR of a learner's answer beside the solution's -> facts about it, as short texts.

Enters: what the code showed, what the solution shows, how the run of the code itself failed. Leaves: a set of facts
("shows: returns its input"). Invariant: pure; each fact is about this behaviour alone or its relation to the solution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from foretell.judge.behaviour import Behaviour, Entries, Failed, alike, close
from foretell.judge.likeness import (
    build_differs,
    expressions_differ,
    gradients_of,
    is_module,
    is_random,
    parameters_of,
    starts_even,
    unmoved,
)
from foretell.judge.source import ACTIVATIONS, LAYERS
from foretell.model.belief import Probing
from foretell.model.run import Failure

_MESSAGES = (
    ("a layer is assigned before Module.__init__", r"before Module\.__init__"),
    ("shapes cannot be multiplied", r"shapes cannot be multiplied|size mismatch|must match the size|sizes? mismatch"),
    ("sizes do not fit", r"doesn't match|must match|sizes of tensors|incompatible|not broadcastable"),
    (
        "two precisions meet",
        r"same dtype|expected scalar type|expected m1 and m2 to have the same|dtypes? (?:do|does) not",
    ),
    ("no forward", r'missing the required "forward"|is missing the required'),
    ("an unexpected argument", r"unexpected keyword argument"),
    ("an argument is missing", r"missing \d+ required"),
    ("too many arguments", r"takes \d+ positional|takes from \d+ to \d+ positional"),
    ("a leaf is changed in place", r"leaf Variable that requires grad|a view of a leaf"),
    ("no module", r"is not a Module subclass"),
    ("a tensor is no parameter", r"as parameter '\w+' \(torch\.nn\.Parameter or None expected\)"),
    ("not callable", r"is not callable|not callable"),
    ("not subscriptable", r"not subscriptable|does not support indexing"),
    ("a reshape does not fit", r"is invalid for input of size"),
    ("an index is out of range", r"out of range"),
    ("a class called as a parent", r"takes (?:1 positional argument|from)|Module\(\)|metaclass|bases"),
)
Values = NDArray[np.float64]
_MOST_CALLS = 16
_SMALL = 1e-3
_NOT_A_TENSOR = re.compile(r"must be Tensor, not (\S+)")


def read_shown(
    behaviour: Behaviour | None, reference: Behaviour, probing: Probing, failure: Failure | None
) -> frozenset[str]:
    """The facts of a behaviour; None and a `failure` where the code itself did not run to its end."""
    facts: set[str] = set()
    if failure is not None:
        facts |= {"fails when it is defined", *_of_failure(failure.kind, failure.message, "")}
    if behaviour is not None:
        for place, build in enumerate(probing.builds):
            look = _of_result if build.given else _of_module
            facts.update(look(behaviour, reference, f"{place}"))
            facts.update(_of_any(behaviour, reference, f"{place}"))
        facts.update(_of_several(behaviour, reference, probing))
        facts.update(_of_expressions(behaviour, reference, probing))
    return frozenset(f"shows: {fact}" for fact in facts)


def _of_failure(kind: str, message: str, name: str) -> Iterator[str]:
    yield f"raises {kind}"
    for fact, pattern in _MESSAGES:
        if re.search(pattern, message):
            yield fact
    if found := _NOT_A_TENSOR.search(message):
        yield f"gives a layer {(given := found[1].rstrip('.,)'))}"
        if given in LAYERS | ACTIVATIONS:
            yield "gives a layer another layer"
    if kind == "TypeError" and re.search(
        r"'(?:builtin_function_or_method|method|function|method_descriptor)'", message
    ):
        yield "a method where a value is wanted"
    quoted = re.search(r"name '(\w+)'", message)
    if kind == "NameError" and (name or quoted):
        yield f"the name {name or (quoted[1] if quoted else '')} is not there"


def _of_any(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    failed = behaviour.failure(build)
    if failed is not None:
        stage, failure = failed
        made = stage in {"make", "type", "again", "set"}
        yield "fails when made" if made else "fails when called" if stage.startswith("out") else "fails in training"
        if stage.startswith("out") and stage != "out0":
            yield "fails for another input"
        yield from _of_failure(failure.kind, failure.message, failure.name)
        right = reference.plain(f"{build}/type")
        if isinstance(right, dict) and failure.message.startswith(f"{right.get('is')}.__init__()"):
            yield "its own constructor is called otherwise"
        yield from (f"fails in {one.partition(':')[0]}" for one in failure.through[-1:])
        if failure.kind == "AttributeError" and failure.owner:
            own = behaviour.plain(f"{build}/type")
            if isinstance(own, dict) and own.get("is") == failure.owner:
                yield "an attribute of its own is missing"
            yield f"asks {failure.owner} for an attribute"
    for key in ("out0", "value0"):
        note = behaviour.notes.get(f"{build}/{key}")
        if isinstance(note, dict) and "is" in note:
            yield f"returns {note['is']}"


def _of_several(behaviour: Behaviour, reference: Behaviour, probing: Probing) -> Iterator[str]:
    stages = [
        build_differs(behaviour, reference, f"{place}", given=bool(build.given))
        for place, build in enumerate(probing.builds)
    ]
    if stages and all(stage is None for stage in stages):
        yield "every build is right"
    if stages and stages[0] is None and any(stages):
        yield "only some builds are right"
    if stages and any(stage is None for stage in stages) and any(stages):
        yield "some builds are right"


def _of_expressions(behaviour: Behaviour, reference: Behaviour, probing: Probing) -> Iterator[str]:
    place = expressions_differ(behaviour, reference, probing)
    if place is None:
        return
    yield "an expression differs"
    note = behaviour.notes.get(f"e{place}")
    if isinstance(note, Failed):
        yield from _of_failure(note.kind, note.message, note.name)


def _of_module(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    kind = behaviour.plain(f"{build}/type")
    if isinstance(kind, dict):
        yield f"is a {kind.get('is')}"
        if not is_module(behaviour, build):
            yield "is no module"
        yield from (f"derives from {name}" for name in kind.get("torch", ()) if name != "Module")
    if behaviour.plain(f"{build}/parameters") is not None:
        yield from _of_parameters(behaviour, reference, build)
        yield from _of_parts(behaviour, reference, build)
    yield from _of_output(behaviour, reference, build)
    yield from _of_training(behaviour, reference, build)


def _of_parameters(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    own, wanted = parameters_of(behaviour, build), parameters_of(reference, build)
    counts = len(own) - len(wanted)
    if own == wanted:
        yield "parameters are right"
    elif [each[0] for each in own] == [each[0] for each in wanted]:
        yield "sizes of parameters are right"
    if not own:
        yield "no parameters"
    elif counts:
        yield "more parameters" if counts > 0 else "fewer parameters"
    if own and not any(each[2] for each in own):
        yield "all frozen"
    elif any(not each[2] for each in own):
        yield "some frozen"
    if any(each[1] == "float64" for each in own):
        yield "double precision"
    elif any(each[1] != "float32" for each in own):
        yield "another precision"
    matrices = [each[0] for each in own if len(each[0]) > 1]
    if len(own) == len([each for each in wanted if len(each[0]) > 1]) and own and counts < 0:
        yield "only weights"
    if behaviour.plain(f"{build}/count") == reference.plain(f"{build}/count"):
        yield "the count is right"
    if len(matrices) == 1 and len([each for each in wanted if len(each[0]) > 1]) == 2:
        yield "one weight matrix"
    if behaviour.plain(f"{build}/shared"):
        yield "instances share parameters"
    if behaviour.plain(f"{build}/taken"):
        yield "takes parameters of another"
    if starts_even(behaviour, build):
        yield "every weight starts with one number"
    if unmoved(behaviour, build):
        yield "a parameter never moves"


def _linears(behaviour: Behaviour, build: str) -> list[tuple[int, int]]:
    parts = behaviour.plain(f"{build}/parts") or ()
    return [(int(part[1]), int(part[2])) for part in parts if isinstance(part, list) and len(part) == 3]


def _of_parts(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    names = [str(part[0]) for part in behaviour.plain(f"{build}/parts") or () if isinstance(part, list) and part]
    yield from (f"holds {name}" for name in set(names))
    right = [str(part[0]) for part in reference.plain(f"{build}/parts") or () if isinstance(part, list) and part]
    if len([name for name in names if name != "Sequential"]) > len([name for name in right if name != "Sequential"]):
        yield "holds more layers"
    own, wanted = _linears(behaviour, build), _linears(reference, build)
    if not own or len(wanted) != 2:
        return
    turned = [one != right and one == right[::-1] for one, right in zip(own, wanted, strict=False)]
    fits = [one in {right, right[::-1]} for one, right in zip(own, wanted, strict=False)]
    if len(own) == len(wanted) and any(turned) and all(fits):
        yield "linear layers are swapped"
    elif len(own) == 2 and own[0][1] != own[1][0] and not _chains(own[1], own[0], wanted):
        yield "linear layers do not chain"
    if len(own) == 2 and own != wanted:
        (first, hidden), (again, last) = own
        if hidden == again and (first, last) == (wanted[0][0], wanted[1][1]) and hidden != wanted[0][1]:
            yield "another hidden size"
        if sorted(own) == sorted(wanted):
            yield "linear layers are right"
    elif own == wanted:
        yield "linear layers are right"
    if len(own) > len(wanted):
        yield "more linear layers"
    if len(own) < len(wanted):
        yield "fewer linear layers"
    if any(size not in {one for pair in wanted for one in pair} for pair in own for size in pair):
        yield "other sizes"


def _chains(first: tuple[int, int], last: tuple[int, int], wanted: list[tuple[int, int]]) -> bool:
    """Whether two layers lead from the size that comes in to the one that goes out."""
    return first[1] == last[0] and (first[0], last[1]) == (wanted[0][0], wanted[-1][1])


def _of_output(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
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
    if alike(behaviour.notes.get(f"{build}/eval"), reference.notes.get(f"{build}/eval")):
        yield "right in eval mode"
    zero = behaviour.entries(f"{build}/zero")
    if zero is not None and alike(zero, reference.notes.get(f"{build}/zero")):
        yield "right at zero"
    if _is_linear(behaviour, reference, build):
        yield "output is linear"
    outputs = [behaviour.entries(f"{build}/out{place}") for place in range(_MOST_CALLS)]
    rights = [reference.entries(f"{build}/out{place}") for place in range(_MOST_CALLS)]
    fits = [alike(one, other) for one, other in zip(outputs, rights, strict=True) if other is not None]
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
        if not first.values.shape:
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
    for at in range(_MOST_CALLS):
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


def _of_training(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
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


def _of_result(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    """A function's result beside the right one."""
    kind = behaviour.plain(f"{build}/type")
    if isinstance(kind, dict):
        yield f"gives a {kind.get('is')}"
        if kind.get("is") == "tuple" or kind.get("is") == "list":
            yield "gives several values"
        wanted = reference.plain(f"{build}/type")
        if isinstance(wanted, dict) and set(wanted.get("torch", ())) - set(kind.get("torch", ())):
            yield "gives another type"
    if is_random(behaviour, build):
        yield "the result is random"
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

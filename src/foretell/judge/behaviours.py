"""BEHAVIOUR beside the solution's -> checks in words, each with its evidence, and the plainest difference.

Enters: an answer to a task as it went, what was asked. Leaves: a short list of behaviours, one sentence of difference.
Invariant: no check is a bare fail; one that was not reached says what ended it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries, Failed, Note, alike
from foretell.judge.diagnose import Answered, Asked
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
from foretell.judge.wording import clip
from foretell.model.attempt import BehaviourCheck
from foretell.model.belief import Build

_LONGEST = 160
_MOST_CALLS = 16


def checks_of(answered: Answered, asked: Asked) -> tuple[BehaviourCheck, ...]:
    """The behaviours that the task asks for, whether they are there, and what was seen."""
    behaviour = answered.behaviour or Behaviour(notes={})
    why = _ended_by(answered, asked)
    found: list[BehaviourCheck] = []
    for place, build in enumerate(asked.probing.builds):
        look = _result_checks if build.given else _module_checks
        found += look(behaviour, asked, f"{place}", build)
    merged = _merge(found, why)
    return (*merged, *_expression_checks(behaviour, asked, why))


def difference_of(answered: Answered, asked: Asked) -> str:
    """The plainest difference seen, in one sentence; "" where there is none."""
    if answered.failure is not None:
        return name_failure(answered)
    if answered.behaviour is None:
        return "Nothing that can be read came back from your code."
    for place, build in enumerate(asked.probing.builds):
        stage = build_differs(answered.behaviour, asked.reference, f"{place}", given=bool(build.given))
        if stage is not None:
            return _difference(answered.behaviour, asked.reference, f"{place}", build, stage)
    first = expressions_differ(answered.behaviour, asked.reference, asked.probing)
    return "" if first is None else _expression_difference(answered.behaviour, asked, first)


def name_failure(answered: Answered) -> str:
    """How the code itself failed, with its line."""
    failure = answered.failure
    if failure is None:
        return ""
    line = f"Line {failure.line}: " if failure.line else ""
    if failure.kind in {"SyntaxError", "IndentationError", "TabError"}:
        message = failure.message.partition(" (<")[0]
        return f"{line or 'One line: '}Python cannot read it ({clip(message, _LONGEST)})."
    message = clip(failure.message, 2 * _LONGEST)
    return message if failure.kind.islower() else f"{line}{failure.kind}: {message}"


def _ended_by(answered: Answered, asked: Asked) -> str:
    if answered.failure is not None:
        return name_failure(answered)
    if answered.behaviour is None:
        return "nothing that can be read came back"
    for place, build in enumerate(asked.probing.builds):
        failed = answered.behaviour.failure(f"{place}")
        if failed is not None:
            return _raised(build, failed[0], failed[1])
    return ""


def _merge(found: Sequence[BehaviourCheck], why: str) -> Iterator[BehaviourCheck]:
    """One check a behaviour: it holds where it holds in every build, else with the evidence of the first in which not."""
    for says in dict.fromkeys(one.says for one in found):
        ones = [one for one in found if one.says == says]
        bad = next((one for one in ones if not one.ok), None)
        shown = bad or ones[0]
        yield BehaviourCheck(says=says, ok=bad is None, evidence=shown.evidence or (why if bad else ""))


def _module_checks(behaviour: Behaviour, asked: Asked, build: str, said: Build) -> Iterator[BehaviourCheck]:
    reference = asked.reference
    own = behaviour.plain(f"{build}/count")
    if build == "0":
        yield BehaviourCheck(
            says=f"PyTorch sees {reference.plain('0/count')} parameters",
            ok=parameters_of(behaviour, build) == parameters_of(reference, build),
            evidence=_parameter_evidence(behaviour, build) if isinstance(own, int) else "",
        )
    shapes = [
        (_shape(behaviour, f"{build}/out{at}"), _shape(reference, f"{build}/out{at}"))
        for at in _calls(reference, build)
    ]
    first = next(((own, wanted, at) for at, (own, wanted) in enumerate(shapes) if own != wanted), None)
    yield BehaviourCheck(
        says="works for any batch size",
        ok=first is None,
        evidence=_shape_evidence(behaviour, reference, build, first),
    )
    yield BehaviourCheck(
        says=asked.probing.says or "computes what the exercise asks",
        ok=_computes(behaviour, reference, build),
        evidence=_value_evidence(behaviour, reference, build),
    )
    yield from _more_checks(behaviour, reference, build)
    if _is_made_each_time(said):
        yield BehaviourCheck(
            says="every instance has parameters of its own",
            ok=behaviour.plain(f"{build}/shared") == 0 and not behaviour.plain(f"{build}/taken"),
            evidence=_sharing_evidence(behaviour, build),
        )


def _is_made_each_time(build: Build) -> bool:
    return "(" in build.make


def _more_checks(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[BehaviourCheck]:
    """Gradients, training, the input afterwards, all parameters at zero."""
    reached, total = gradients_of(behaviour, build), len(parameters_of(behaviour, build))
    dead = sum(1 for each in reached if not np.any(each))
    yield BehaviourCheck(
        says="gradients reach every parameter, and training moves it",
        ok=not dead and bool(reached) and unmoved(behaviour, build) == 0 and not starts_even(behaviour, build),
        evidence=_training_evidence(behaviour, build, dead, total),
    )
    given, after = reference.entries(f"{build}/input0"), behaviour.notes.get(f"{build}/input0")
    yield BehaviourCheck(
        says="the input is left alone",
        ok=given is not None and alike(after, given),
        evidence=_input_evidence(given, after),
    )
    zero, own = reference.entries(f"{build}/zero"), behaviour.notes.get(f"{build}/zero")
    if zero is not None and given is not None and alike(zero, given):
        told = f"at zero parameters it returned {_show(own)}; the input begins with {_first(given)}" if own else ""
        yield BehaviourCheck(says="with all parameters zero it returns its input", ok=alike(own, zero), evidence=told)


def _result_checks(behaviour: Behaviour, asked: Asked, build: str, said: Build) -> Iterator[BehaviourCheck]:
    reference, kind, wanted = asked.reference, behaviour.plain(f"{build}/type"), asked.reference.plain(f"{build}/type")
    name = wanted.get("is", "value") if isinstance(wanted, dict) else "value"
    own = kind.get("is") if isinstance(kind, dict) else None
    yield BehaviourCheck(
        says=f"returns a {name}",
        ok=own is not None and is_module(behaviour, build) == is_module(reference, build),
        evidence=f"it returned a {own}" if own else "",
    )
    differs = build_differs(behaviour, reference, build, given=True)
    yield BehaviourCheck(
        says=asked.probing.says or "gives the right result for every argument",
        ok=differs not in {"make", "type", "value", "out"},
        evidence=_result_evidence(behaviour, reference, build, said),
    )
    after = [key for key in reference.notes if key.startswith(f"{build}/after/")]
    yield BehaviourCheck(
        says="its argument is left alone",
        ok=all(alike(behaviour.notes.get(key), reference.notes[key]) for key in after),
        evidence="its numbers were the same afterwards" if differs != "after" else "its numbers were others afterwards",
    )


def _result_evidence(behaviour: Behaviour, reference: Behaviour, build: str, said: Build) -> str:
    stage = build_differs(behaviour, reference, build, given=True)
    if stage in {"value", "out"}:
        return _difference(behaviour, reference, build, said, stage)
    return "" if stage else "the same numbers, for an argument drawn at random"


def _expression_checks(behaviour: Behaviour, asked: Asked, why: str) -> Iterator[BehaviourCheck]:
    if not asked.probing.expressions:
        return
    place = expressions_differ(behaviour, asked.reference, asked.probing)
    told = _expression_difference(behaviour, asked, place) if place is not None else ""
    yield BehaviourCheck(
        says="later cells find what they use",
        ok=place is None,
        evidence=(why if place is not None and f"e{place}" not in behaviour.notes else told)
        or ", ".join(f"`{one}`" for one in asked.probing.expressions[:2]),
    )


def _expression_difference(behaviour: Behaviour, asked: Asked, place: int) -> str:
    expression = asked.probing.expressions[place]
    note, wanted = behaviour.notes.get(f"e{place}"), asked.reference.notes.get(f"e{place}")
    if isinstance(note, Failed):
        return f"`{expression}` raises {note.kind}: {clip(note.message, _LONGEST)}"
    return f"`{expression}` is {note}, the exercise asks {wanted}"


def _difference(behaviour: Behaviour, reference: Behaviour, build: str, said: Build, stage: str) -> str:
    failed = behaviour.failure(build)
    if failed is not None and _is_of(failed[0], stage):
        return _raised(said, failed[0], failed[1])
    match stage:
        case "type":
            kind = behaviour.plain(f"{build}/type")
            wanted = reference.plain(f"{build}/type")
            asks = wanted.get("is") if isinstance(wanted, dict) else "another"
            own = kind.get("is") if isinstance(kind, dict) else "value"
            return f"`{said.make}` gives a {own}, the exercise asks a {asks}."
        case "parameters":
            return _parameter_difference(behaviour, reference, build)
        case "sharing":
            return _sharing_evidence(behaviour, build)
        case "value":
            return _named_difference(behaviour, reference, build)
        case "after":
            return "What was given to the function has other numbers afterwards."
        case "random":
            return "The same input with the same parameters gave two different outputs."
        case "grad" | "moved":
            reached = gradients_of(behaviour, build)
            dead = sum(1 for each in reached if not np.any(each))
            return _training_evidence(behaviour, build, dead, len(parameters_of(behaviour, build)))
        case "start":
            return "Every weight starts with one number in all its places, so units that start alike stay alike."
        case "zero":
            return _zero_difference(behaviour, reference, build)
    return _output_difference(behaviour, reference, build)


def _is_of(stage: str, name: str) -> bool:
    made = {"make", "type", "again", "set"}
    return (
        (name == "make" and stage in made)
        or (name == "out" and stage.startswith("out"))
        or stage == name
        or (name in {"zero", "random"} and stage in {"same", "other", "eval", "zero"})
    )


def _raised(build: Build, stage: str, failed: Failed) -> str:
    message = f"{failed.kind}: {clip(failed.message, _LONGEST)}"
    if stage in {"make", "type", "again", "set"}:
        return f"`{build.make}` raises {message}"
    if stage.startswith("out") and stage[3:].isdigit():
        place = int(stage[3:])
        shape = build.inputs[place] if place < len(build.inputs) else None
        return f"For an input of shape {shape} it raises {message}" if shape else f"Called, it raises {message}"
    doing = {"grad": "On the way back (gradients)", "moved": "In training", "zero": "With all parameters zero"}
    return f"{doing.get(stage, 'Called again')} it raises {message}"


def _parameter_difference(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    own, wanted = behaviour.plain(f"{build}/count"), reference.plain(f"{build}/count")
    if own != wanted:
        return f"PyTorch sees {own} parameters, the exercise asks {wanted}."
    frozen = sum(1 for each in parameters_of(behaviour, build) if not each[2])
    if frozen:
        return f"{frozen} of the parameters have requires_grad=False, so training leaves them as they are."
    kinds = {each[1] for each in parameters_of(behaviour, build)}
    if kinds != {each[1] for each in parameters_of(reference, build)}:
        return f"The parameters are {', '.join(sorted(kinds))}, the exercise asks float32."
    return f"The parameters have the shapes {_shapes(behaviour, build)}, the exercise asks {_shapes(reference, build)}."


def _shapes(behaviour: Behaviour, build: str) -> str:
    listed = behaviour.plain(f"{build}/parameters") or ()
    return ", ".join(str(tuple(one[1])) for one in listed if isinstance(one, list) and len(one) == 4)


def _parameter_evidence(behaviour: Behaviour, build: str) -> str:
    listed = behaviour.plain(f"{build}/parameters") or ()
    named = [f"{one[0]} {tuple(one[1])}" for one in listed if isinstance(one, list) and len(one) == 4]
    count = behaviour.plain(f"{build}/count")
    return clip(f"yours holds {count}: {', '.join(named)}" if named else "`parameters()` of yours is empty", _LONGEST)


def _calls(reference: Behaviour, build: str) -> list[int]:
    return [at for at in range(_MOST_CALLS) if f"{build}/out{at}" in reference.notes]


def _shape(behaviour: Behaviour, key: str) -> tuple[int, ...] | None:
    entries = behaviour.entries(key)
    return entries.values.shape if entries is not None else None


def _shape_evidence(behaviour: Behaviour, reference: Behaviour, build: str, first: tuple[Any, Any, int] | None) -> str:
    if first is None:
        sizes = sorted(
            {shape[0] for at in _calls(reference, build) if (shape := _shape(reference, f"{build}/input{at}"))}
        )
        return f"tried with batches of {', '.join(map(str, sizes))}"
    own, wanted, at = first
    note = behaviour.notes.get(f"{build}/out{at}")
    if isinstance(note, Failed) or note is None:
        return ""
    given = _shape(reference, f"{build}/input{at}") or ()
    shown = f"shape {own}" if own is not None else _show(note)
    return f"for a batch of {given[0] if given else 1} your model returns {shown}, the exercise asks {wanted}"


def _computes(behaviour: Behaviour, reference: Behaviour, build: str) -> bool:
    if is_random(behaviour, build):
        return False
    return all(
        alike(behaviour.notes.get(f"{build}/out{at}"), reference.notes[f"{build}/out{at}"])
        for at in _calls(reference, build)
    ) and all(
        f"{build}/hook{at}" in behaviour.notes
        for at in _calls(reference, build)
        if f"{build}/hook{at}" in reference.notes
    )


def _value_evidence(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    if _computes(behaviour, reference, build):
        return "the same numbers as the solution, with parameters and inputs drawn at random"
    if any(isinstance(behaviour.notes.get(f"{build}/out{at}"), Failed) for at in _calls(reference, build)):
        return ""
    return _output_difference(behaviour, reference, build) if f"{build}/out0" in behaviour.notes else ""


def _output_difference(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    for at in _calls(reference, build):
        own, wanted = behaviour.notes.get(f"{build}/out{at}"), reference.entries(f"{build}/out{at}")
        given = reference.entries(f"{build}/input{at}")
        if wanted is None or given is None or alike(own, wanted):
            continue
        batch = given.values.shape[0] if given.values.shape else 1
        if not isinstance(own, Entries):
            return (
                f"For a batch of {batch} your code returns {_show(own)}, the exercise asks shape {wanted.values.shape}."
            )
        if own.values.shape != wanted.values.shape:
            return (
                f"For a batch of {batch} your code returns shape {own.values.shape}, "
                f"the exercise asks {wanted.values.shape}."
            )
        if own.dtype != wanted.dtype:
            return f"For a batch of {batch} your code returns {own.dtype}, the exercise asks {wanted.dtype}."
        if alike(own, given):
            return f"For a batch of {batch} your code returns its input, unchanged."
        mine, right = _at_difference(own, wanted)
        return (
            f"With the same parameters and the same batch of {batch} your code gives {mine}, the exercise asks {right}."
        )
    if is_random(behaviour, build):
        return "The same input with the same parameters gave two different outputs."
    given, after = reference.entries(f"{build}/input0"), behaviour.notes.get(f"{build}/input0")
    if given is not None and not alike(after, given):
        return f"The caller's input was changed: {_input_evidence(given, after)}."
    return "A forward hook on your model saw nothing: calling the model does not go through nn.Module's own call."


def _at_difference(own: Entries, wanted: Entries) -> tuple[str, str]:
    gap = np.nan_to_num(np.abs(own.values - wanted.values), nan=math.inf)
    place = np.unravel_index(int(np.argmax(gap)), gap.shape) if gap.shape else ()
    return f"{own.values[place]:.4g}", f"{wanted.values[place]:.4g}"


def _named_difference(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    for key in sorted({*reference.notes, *behaviour.notes}):
        if not key.startswith(f"{build}/value"):
            continue
        name = key.rpartition("/")[2]
        own, wanted = behaviour.entries(key), reference.entries(key)
        if own is None and wanted is not None:
            return f"The result has no {name}; the right one begins with {_first(wanted)}."
        if own is not None and wanted is not None and own.values.shape != wanted.values.shape:
            return f"The {name} of the result has shape {own.values.shape}, the exercise asks {wanted.values.shape}."
        if own is not None and wanted is not None and not alike(own, wanted):
            mine, right = _at_difference(own, wanted)
            return f"One number of the {name} of the result is {mine}, where {right} is right."
    return "The result holds something else than the exercise asks."


def _zero_difference(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    for key, when in (("zero", "With all parameters zero"), ("eval", "In eval mode")):
        own, wanted = behaviour.notes.get(f"{build}/{key}"), reference.notes.get(f"{build}/{key}")
        if not alike(own, wanted):
            return f"{when} your code gives {_show(own)}, the exercise asks {_show(wanted)}."
    return ""


def _training_evidence(behaviour: Behaviour, build: str, dead: int, total: int) -> str:
    grad = behaviour.notes.get(f"{build}/grad")
    if isinstance(grad, dict):
        return "The output has no gradient history, so nothing can be trained."
    if isinstance(grad, Failed) or grad is None:
        return ""
    if not total:
        return "There is no parameter that a gradient could reach."
    if dead:
        return f"No gradient reaches {dead} of the {total} parameters."
    if starts_even(behaviour, build):
        return "Every weight starts with one number in all its places, so units that start alike stay alike."
    still = unmoved(behaviour, build)
    if still:
        return f"{still} of the {total} parameters stay where they start in three steps of training."
    return f"a gradient for each of the {total} parameters; three steps of training moved all of them"


def _sharing_evidence(behaviour: Behaviour, build: str) -> str:
    taken, shared = behaviour.plain(f"{build}/taken"), behaviour.plain(f"{build}/shared")
    if taken:
        return f"It holds the very parameters of `{taken[0]}`: training one changes the other."
    if shared:
        return f"Two instances hold {shared} parameters in common: training one changes the other."
    return "two instances have no parameter in common" if shared == 0 else ""


def _input_evidence(given: Entries | None, after: Note) -> str:
    if given is None or after is None:
        return ""
    if not isinstance(after, Entries) or after.values.shape != given.values.shape:
        return f"the tensor that was passed in is {_show(after)} afterwards"
    if alike(after, given):
        return "the tensor that was passed in holds the same numbers afterwards"
    mine, was = _at_difference(after, given)
    return f"a number of the tensor that was passed in was {was} and is {mine} afterwards"


def _show(note: Note) -> str:
    if isinstance(note, Entries):
        return f"a tensor of shape {note.values.shape} beginning with {_first(note)}"
    if isinstance(note, Failed):
        return f"{note.kind}"
    if isinstance(note, dict) and "is" in note:
        return "None" if note["is"] == "NoneType" else f"a {note['is']}"
    return "nothing" if note is None else str(note)


def _first(entries: Entries) -> str:
    return f"{entries.values.flat[0]:.4g}" if entries.values.size else "nothing"

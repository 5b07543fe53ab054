"""TWO behaviours -> the plainest difference between them, in one sentence.

Enters: an answer to a task as it went, what was asked. Leaves: sentences. Invariant: each says what was seen and what
the exercise asks, in numbers of this run.
"""

from __future__ import annotations

import math

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries, Failed, Note, alike
from foretell.judge.diagnose import Answered, Asked, is_stopped
from foretell.judge.likeness import (
    build_differs,
    calls_of,
    earlier_differ,
    expressions_differ,
    gradients_of,
    is_random,
    parameters_of,
    starts_even,
    unmoved,
)
from foretell.judge.wording import clip
from foretell.model.belief import Build

_LONGEST = 160


def name_failure(answered: Answered) -> str:
    """How the code itself failed, with its line."""
    failure = answered.failure
    if failure is None:
        return ""
    line = f"Line {failure.line}: " if failure.line else ""
    if failure.kind in {"SyntaxError", "IndentationError", "TabError"}:
        return f"{line}Python cannot read it ({clip(failure.message.partition(' (<')[0], _LONGEST)})."
    message = clip(failure.message.partition(" Nothing you wrote is lost")[0], 2 * _LONGEST)
    message = message.replace("Your cell", "In the check your code").replace(" It has been started again.", "")
    return message if is_stopped(answered) else f"{line}{failure.kind}: {message}"


def difference_of(answered: Answered, asked: Asked) -> str:
    """The plainest difference seen, in one sentence; "" where there is none."""
    if answered.failure is not None:
        return name_failure(answered)
    if answered.behaviour is None:
        return "Nothing that can be read came back from your code."
    for place, build in enumerate(asked.probing.builds):
        stage = build_differs(answered.behaviour, asked.reference, f"{place}", given=bool(build.given))
        if stage is not None:
            return build_difference(answered.behaviour, asked.reference, f"{place}", build, stage)
    first = expressions_differ(answered.behaviour, asked.reference, asked.probing)
    if first is not None:
        return expression_difference(answered.behaviour, asked, first)
    changed = earlier_differ(answered.behaviour, asked.reference)
    return f"`{changed}` of an earlier cell has other parameters afterwards." if changed else ""


def expression_difference(behaviour: Behaviour, asked: Asked, place: int) -> str:
    """What an expression that later cells rely on comes to instead."""
    expression = asked.probing.expressions[place]
    note, wanted = behaviour.notes.get(f"e{place}"), asked.reference.notes.get(f"e{place}")
    if isinstance(note, Failed):
        return f"`{expression}` raises {note.kind}: {clip(note.message, _LONGEST)}"
    return f"`{expression}` is {note}, the exercise asks {wanted}"


def build_difference(behaviour: Behaviour, reference: Behaviour, build: str, said: Build, stage: str) -> str:
    """What is different at the stage of a build at which the two behaviours part."""
    failed = behaviour.failure(build)
    if failed is not None and _is_of(failed[0], stage):
        return name_raised(said, failed[0], failed[1])
    match stage:
        case "type":
            return _type_difference(behaviour, reference, build, said)
        case "parameters":
            told = _parameter_difference(behaviour, reference, build)
            return told if build == "0" else f"`{said.make}`: {told}"
        case "sharing":
            return sharing_evidence(behaviour, build)
        case "value":
            return _named_difference(behaviour, reference, build)
        case "after":
            if behaviour.plain(f"{build}/after/own"):
                return "The result holds the very parameters of what was given: training one changes the other."
            return "What was given to the function has other numbers afterwards."
        case "random":
            return "The same input with the same parameters gave two different outputs."
        case "grad" | "moved":
            reached = gradients_of(behaviour, build)
            dead = sum(1 for each in reached if not np.any(each))
            return training_evidence(behaviour, build, dead, len(parameters_of(behaviour, build)))
        case "start":
            return "Every weight starts with one number in all its places, so units that start alike stay alike."
        case "zero":
            return _zero_difference(behaviour, reference, build)
    return output_difference(behaviour, reference, build)


def _type_difference(behaviour: Behaviour, reference: Behaviour, build: str, said: Build) -> str:
    names = [
        str(kind.get("is")) if isinstance(kind, dict) else "value"
        for kind in (behaviour.plain(f"{build}/type"), reference.plain(f"{build}/type"))
    ]
    if names[0] == names[1]:
        return f"What `{said.make}` gives is no nn.Module."
    given = "None" if names[0] == "NoneType" else f"a {names[0]}"
    return f"`{said.make}` gives {given}, the exercise asks a {names[1]}."


def _is_of(stage: str, name: str) -> bool:
    made = {"make", "type", "again", "set", "train"}
    return (
        (name == "make" and stage in made)
        or (name == "out" and stage.startswith("out"))
        or stage == name
        or (name in {"zero", "random"} and stage in {"same", "other", "eval", "zero"})
    )


def name_raised(build: Build, stage: str, failed: Failed) -> str:
    """What was raised at a stage, in a sentence."""
    message = f"{failed.kind}: {clip(failed.message, _LONGEST)}"
    if stage in {"make", "type", "again", "set"}:
        return f"`{build.make}` raises {message}"
    if stage.startswith("out") and stage[3:].isdigit():
        place = int(stage[3:])
        shape = build.inputs[place] if place < len(build.inputs) else None
        return f"For an input of shape {shape} it raises {message}" if shape else f"Called, it raises {message}"
    if stage == "train":
        return f"`train()` or `eval()` of your model raises {message}"
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


def output_difference(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    """The first output that differs, in a sentence."""
    for at in calls_of(reference, build):
        own, wanted = behaviour.notes.get(f"{build}/out{at}"), reference.entries(f"{build}/out{at}")
        given = reference.entries(f"{build}/input{at}")
        if wanted is None or given is None or alike(own, wanted):
            continue
        batch = given.values.shape[0] if given.values.shape else 1
        if not isinstance(own, Entries):
            asks = f"the exercise asks shape {wanted.values.shape}"
            return f"For a batch of {batch} your code returns {show_note(own)}, {asks}."
        if own.values.shape != wanted.values.shape:
            return (
                f"For a batch of {batch} your code returns shape {own.values.shape}, "
                f"the exercise asks {wanted.values.shape}."
            )
        if own.dtype != wanted.dtype:
            return f"For a batch of {batch} your code returns {own.dtype}, the exercise asks {wanted.dtype}."
        if alike(own, given):
            return f"For a batch of {batch} your code returns its input, unchanged."
        mine, right = at_difference(own, wanted)
        return (
            f"With the same parameters and the same batch of {batch} your code gives {mine}, the exercise asks {right}."
        )
    if is_random(behaviour, build):
        return "The same input with the same parameters gave two different outputs."
    given, after = reference.entries(f"{build}/input0"), behaviour.notes.get(f"{build}/input0")
    if given is not None and not alike(after, given):
        return f"The caller's input was changed: {input_evidence(given, after)}."
    return "A forward hook on your model saw nothing: calling the model does not go through nn.Module's own call."


def at_difference(own: Entries, wanted: Entries) -> tuple[str, str]:
    """Both numbers at the place where two tensors of one shape differ most."""
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
            return f"The result has no {name}; the right one begins with {show_first(wanted)}."
        if own is not None and wanted is not None and own.values.shape != wanted.values.shape:
            return f"The {name} of the result has shape {own.values.shape}, the exercise asks {wanted.values.shape}."
        if own is not None and wanted is not None and not alike(own, wanted):
            mine, right = at_difference(own, wanted)
            return f"One number of the {name} of the result is {mine}, where {right} is right."
    return "The result holds something else than the exercise asks."


def _zero_difference(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    for key, when in (("zero", "With all parameters zero"), ("eval", "In eval mode")):
        own, wanted = behaviour.notes.get(f"{build}/{key}"), reference.notes.get(f"{build}/{key}")
        if not alike(own, wanted):
            return f"{when} your code gives {show_note(own)}, the exercise asks {show_note(wanted)}."
    return ""


def training_evidence(behaviour: Behaviour, build: str, dead: int, total: int) -> str:
    """What was seen of gradients and of training; `dead` of `total` parameters get no gradient."""
    grad = behaviour.notes.get(f"{build}/grad")
    if isinstance(grad, dict):
        return "The output has no gradient history, so nothing can be trained."
    if isinstance(grad, Failed) or grad is None:
        return ""
    if not total:
        return "There is no parameter that a gradient could reach."
    if dead:
        which = f"{dead} of the" if dead < total else "any of the"
        return f"No gradient reaches {which} {total} parameters."
    if starts_even(behaviour, build):
        return "Every weight starts with one number in all its places, so units that start alike stay alike."
    still = unmoved(behaviour, build)
    if still:
        return f"{still} of the {total} parameters stay where they start in three steps of training."
    return f"a gradient for each of the {total} parameters; three steps of training moved all of them"


def sharing_evidence(behaviour: Behaviour, build: str, *, made_each_time: bool = True) -> str:
    """Whose parameters it holds besides its own."""
    taken, shared = behaviour.plain(f"{build}/taken"), behaviour.plain(f"{build}/shared")
    if taken:
        return f"It holds the very parameters of `{taken[0]}`: training one changes the other."
    if shared:
        return f"Two instances hold {shared} parameters in common: training one changes the other."
    none = "two instances have no parameter in common" if made_each_time else "no earlier module has one of them"
    return none if shared == 0 else ""


def input_evidence(given: Entries | None, after: Note) -> str:
    """What has become of the tensor that was passed in."""
    if given is None or after is None:
        return ""
    if not isinstance(after, Entries) or after.values.shape != given.values.shape:
        return f"the tensor that was passed in is {show_note(after)} afterwards"
    if alike(after, given):
        return "the tensor that was passed in holds the same numbers afterwards"
    mine, was = at_difference(after, given)
    return f"a number of the tensor that was passed in was {was} and is {mine} afterwards"


def show_note(note: Note) -> str:
    """A note in a few words."""
    if isinstance(note, Entries):
        return f"a tensor of shape {note.values.shape} beginning with {show_first(note)}"
    if isinstance(note, Failed):
        return f"{note.kind}"
    if isinstance(note, dict) and "is" in note:
        return "None" if note["is"] == "NoneType" else f"a {note['is']}"
    return "nothing" if note is None else str(note)


def show_first(entries: Entries) -> str:
    """The first number of a tensor."""
    return f"{entries.values.flat[0]:.4g}" if entries.values.size else "nothing"

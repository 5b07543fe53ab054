"""BEHAVIOUR beside the solution's -> checks in words, each with its evidence, and the plainest difference.

Enters: an answer to a task as it went, what was asked. Leaves: a short list of behaviours, one sentence of difference.
Invariant: no check is a bare fail; one that was not reached says what ended it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries, Failed, Note, alike
from foretell.judge.diagnose import Answered, Asked
from foretell.judge.differences import (
    at_difference,
    build_difference,
    expression_difference,
    input_evidence,
    name_failure,
    name_raised,
    output_difference,
    sharing_evidence,
    show_first,
    show_note,
    training_evidence,
)
from foretell.judge.likeness import (
    build_differs,
    calls_of,
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

NOT_REACHED = "not reached"
NOT_COMPARED = "not compared: its parameters are others than those of the solution"
_LONGEST = 160


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


def _ended_by(answered: Answered, asked: Asked) -> str:
    if answered.failure is not None:
        return name_failure(answered)
    if answered.behaviour is None:
        return "nothing that can be read came back"
    for place, build in enumerate(asked.probing.builds):
        failed = answered.behaviour.failure(f"{place}")
        if failed is not None:
            return name_raised(build, failed[0], failed[1])
    return ""


def _merge(found: Sequence[BehaviourCheck], why: str) -> Iterator[BehaviourCheck]:
    """One check a behaviour: it holds where it does in every build; else it has the evidence of the first where not."""
    for says in dict.fromkeys(one.says for one in found):
        ones = [one for one in found if one.says == says]
        bad = next((one for one in ones if not one.ok), None)
        evidence = (bad or ones[0]).evidence
        if bad is not None and not evidence:
            evidence, why = why or NOT_REACHED, NOT_REACHED
        yield BehaviourCheck(says=says, ok=bad is None, evidence=evidence)


def _module_checks(behaviour: Behaviour, asked: Asked, build: str, said: Build) -> Iterator[BehaviourCheck]:
    reference = asked.reference
    own = behaviour.plain(f"{build}/count")
    if build == "0":
        yield BehaviourCheck(
            says=f"PyTorch sees {reference.plain('0/count')} parameters",
            ok=parameters_of(behaviour, build) == parameters_of(reference, build),
            evidence=_parameter_evidence(behaviour, build) if isinstance(own, int) else "",
        )
    elif len(asked.probing.builds) > 1:
        yield BehaviourCheck(
            says="its sizes follow what it is made with",
            ok=parameters_of(behaviour, build) == parameters_of(reference, build),
            evidence=_sizes_evidence(behaviour, reference, build, said) if isinstance(own, int) else "",
        )
    shapes = [
        (_shape(behaviour, f"{build}/out{at}"), _shape(reference, f"{build}/out{at}"))
        for at in calls_of(reference, build)
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
    yield _sharing_check(behaviour, build, made_each_time="(" in said.make)


def _sharing_check(behaviour: Behaviour, build: str, *, made_each_time: bool) -> BehaviourCheck:
    taken, shared = behaviour.plain(f"{build}/taken"), behaviour.plain(f"{build}/shared")
    return BehaviourCheck(
        says="every instance has parameters of its own" if made_each_time else "its parameters are its own",
        ok=shared == 0 and not taken,
        evidence=sharing_evidence(behaviour, build, made_each_time=made_each_time),
    )


def _more_checks(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[BehaviourCheck]:
    """Gradients, training, the input afterwards, all parameters at zero."""
    reached, total = gradients_of(behaviour, build), len(parameters_of(behaviour, build))
    dead = sum(1 for each in reached if not np.any(each))
    yield BehaviourCheck(
        says="gradients reach every parameter, and training moves it",
        ok=not dead and bool(reached) and unmoved(behaviour, build) == 0 and not starts_even(behaviour, build),
        evidence=training_evidence(behaviour, build, dead, total),
    )
    given, after = reference.entries(f"{build}/input0"), behaviour.notes.get(f"{build}/input0")
    yield BehaviourCheck(
        says="the input is left alone",
        ok=given is not None and alike(after, given),
        evidence=input_evidence(given, after),
    )
    zero, own = reference.entries(f"{build}/zero"), behaviour.notes.get(f"{build}/zero")
    if zero is not None and given is not None and alike(zero, given):
        told = _zero_evidence(own, given)
        yield BehaviourCheck(says="with all parameters zero it returns its input", ok=alike(own, zero), evidence=told)


def _zero_evidence(own: Note, given: Entries) -> str:
    if isinstance(own, Entries) and own.values.shape == given.values.shape and not alike(own, given):
        mine, was = at_difference(own, given)
        return f"at zero parameters it returned {mine} where the input has {was}"
    return f"at zero parameters it returned {show_note(own)}; the input begins with {show_first(given)}" if own else ""


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
        evidence=_after_evidence(behaviour, build, differs),
    )


def _after_evidence(behaviour: Behaviour, build: str, differs: str | None) -> str:
    if behaviour.plain(f"{build}/after/own"):
        return "the result holds the very parameters of the argument"
    return "its numbers were others afterwards" if differs == "after" else "its numbers were the same afterwards"


def _result_evidence(behaviour: Behaviour, reference: Behaviour, build: str, said: Build) -> str:
    stage = build_differs(behaviour, reference, build, given=True)
    if stage in {"value", "out"}:
        return build_difference(behaviour, reference, build, said, stage)
    return "" if stage else "the same numbers, for an argument drawn at random"


def _expression_checks(behaviour: Behaviour, asked: Asked, why: str) -> Iterator[BehaviourCheck]:
    if not asked.probing.expressions:
        return
    place = expressions_differ(behaviour, asked.reference, asked.probing)
    told = expression_difference(behaviour, asked, place) if place is not None else ""
    if place is not None and f"e{place}" not in behaviour.notes:
        told = why
    yield BehaviourCheck(says="later cells find what they use", ok=place is None, evidence=told)


def _sizes_evidence(behaviour: Behaviour, reference: Behaviour, build: str, said: Build) -> str:
    own, wanted = (each.plain(f"{build}/count") for each in (behaviour, reference))
    return f"`{said.make}` holds {own} parameters, of the solution {wanted}"


def _parameter_evidence(behaviour: Behaviour, build: str) -> str:
    listed = behaviour.plain(f"{build}/parameters") or ()
    named = [f"{one[0]} {tuple(one[1])}" for one in listed if isinstance(one, list) and len(one) == 4]
    count = behaviour.plain(f"{build}/count")
    return clip(f"yours holds {count}: {', '.join(named)}" if named else "`parameters()` finds none", _LONGEST)


def _shape(behaviour: Behaviour, key: str) -> tuple[int, ...] | None:
    entries = behaviour.entries(key)
    return entries.values.shape if entries is not None else None


def _shape_evidence(behaviour: Behaviour, reference: Behaviour, build: str, first: tuple[Any, Any, int] | None) -> str:
    if first is None:
        sizes = sorted(
            {shape[0] for at in calls_of(reference, build) if (shape := _shape(reference, f"{build}/input{at}"))}
        )
        return f"tried with batches of {', '.join(map(str, sizes))}"
    own, wanted, at = first
    note = behaviour.notes.get(f"{build}/out{at}")
    if isinstance(note, Failed) or note is None:
        return ""
    given = _shape(reference, f"{build}/input{at}") or ()
    shown = f"shape {own}" if own is not None else show_note(note)
    return f"for a batch of {given[0] if given else 1} your model returns {shown}, the exercise asks {wanted}"


def _computes(behaviour: Behaviour, reference: Behaviour, build: str) -> bool:
    if is_random(behaviour, build):
        return False
    return all(
        alike(behaviour.notes.get(f"{build}/out{at}"), reference.notes[f"{build}/out{at}"])
        for at in calls_of(reference, build)
    ) and all(
        f"{build}/hook{at}" in behaviour.notes
        for at in calls_of(reference, build)
        if f"{build}/hook{at}" in reference.notes
    )


def _value_evidence(behaviour: Behaviour, reference: Behaviour, build: str) -> str:
    if f"{build}/out0" in behaviour.notes and parameters_of(behaviour, build) != parameters_of(reference, build):
        return NOT_COMPARED
    if _computes(behaviour, reference, build):
        return "the same numbers as the solution, with parameters and inputs drawn at random"
    if any(isinstance(behaviour.notes.get(f"{build}/out{at}"), Failed) for at in calls_of(reference, build)):
        return ""
    return output_difference(behaviour, reference, build) if f"{build}/out0" in behaviour.notes else ""

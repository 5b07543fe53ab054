"""BEHAVIOUR of a learner's answer beside the solution's -> facts about it, as short texts.

Enters: what the code showed, what the solution shows, how the run of the code itself failed. Leaves: a set of facts
("shows: returns its input"). Invariant: pure; each fact is about this behaviour alone or its relation to the solution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from foretell.judge.behaviour import Behaviour, Failed
from foretell.judge.figures import output_facts, result_facts, training_facts
from foretell.judge.likeness import (
    build_differs,
    expressions_differ,
    is_module,
    parameters_of,
    starts_even,
    unmoved,
)
from foretell.judge.trees import ACTIVATIONS, LAYERS
from foretell.model.belief import Probing
from foretell.model.run import Failure

_MESSAGES = (
    (
        "a layer is assigned before Module.__init__",
        r"before Module\.__init__|has no attribute '_(?:modules|parameters|buffers|\w+_hooks)'",
    ),
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
            look = result_facts if build.given else _of_module
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
    if kind == "TypeError" and re.search(r"unsupported operand.*'NoneType'|'NoneType' object is not callable", message):
        yield "None where a value is wanted"
    if "is not a Module subclass" in message:
        is_function = re.search(r"function|method|lambda|relu|sigmoid|tanh", message.partition(" is not a")[0])
        yield "puts a function where a module is wanted" if is_function else "puts no module where one is wanted"
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
        right = reference.plain(f"{build}/type")
        if not is_module(behaviour, build):
            yield "is no module"
            if (
                isinstance(right, dict)
                and kind.get("is") == right.get("is")
                and "Module" not in right.get("torch", ())[:1]
            ):
                yield "is of the class asked for"
        yield from (f"derives from {name}" for name in kind.get("torch", ()) if name != "Module")
    if behaviour.plain(f"{build}/parameters") is not None:
        yield from _of_parameters(behaviour, reference, build)
        yield from _of_parts(behaviour, reference, build)
    yield from output_facts(behaviour, reference, build)
    yield from training_facts(behaviour, reference, build)


def _of_parameters(behaviour: Behaviour, reference: Behaviour, build: str) -> Iterator[str]:
    own, wanted = parameters_of(behaviour, build), parameters_of(reference, build)
    matrices, right = (sum(1 for each in ones if len(each[0]) > 1) for ones in (own, wanted))
    kinds, grow = {each[1] for each in own}, [each[2] for each in own]
    facts = {
        "parameters are right": own == wanted,
        "sizes of parameters are right": own != wanted and [each[0] for each in own] == [each[0] for each in wanted],
        "no parameters": not own,
        "more parameters": len(own) > len(wanted),
        "fewer parameters": 0 < len(own) < len(wanted),
        "only weights": len(own) == right < len(wanted),
        "one weight matrix": (matrices, right) == (1, 2),
        "all frozen": bool(own) and not any(grow),
        "some frozen": any(grow) and not all(grow),
        "double precision": "float64" in kinds,
        "another precision": bool(kinds - {"float32", "float64"}),
        "the count is right": behaviour.plain(f"{build}/count") == reference.plain(f"{build}/count"),
        "instances share parameters": bool(behaviour.plain(f"{build}/shared")),
        "takes parameters of another": bool(behaviour.plain(f"{build}/taken")),
        "every weight starts with one number": starts_even(behaviour, build),
        "a parameter never moves": bool(unmoved(behaviour, build)),
    }
    yield from (fact for fact, holds in facts.items() if holds)


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

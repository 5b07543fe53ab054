"""What supervisor and worker say to each other, as frozen dataclasses that survive JSON.

Enters: a message, or the plain JSON of one. Leaves: the other. Invariant: nothing is built that does not have exactly
the fields and types of its class, so bytes from a learner's process become plain values or a `ProtocolFault`.
"""

from __future__ import annotations

import math
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from foretell.errors import ProtocolFault
from foretell.model.arrays import Measure, Measured
from foretell.model.run import (
    AssertSeen,
    CellSource,
    ClearOutput,
    Completion,
    DisplayOutput,
    ErrorOutput,
    Failure,
    Observation,
    Probe,
    StreamOutput,
    UpdateDisplay,
    Variable,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """First to the worker: import `preload` (names that cannot be imported are left out), then seed.

    `rlimits` are for a process that is not confined: RLIMIT_AS counts from what is in use then.
    """

    seed: int
    preload: tuple[str, ...]
    rlimits: tuple[Rlimit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Fork: three descriptors come with it, the child's protocol socket, standard output and standard error.

    The parent goes on serving orders, and tells in `ForkEnded` with the same `number` how the child ended. `files`
    names the copies of the learner's files that other states still need.
    """

    number: int
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rlimit:
    """One resource limit: its name in the `resource` module, such as "RLIMIT_NPROC", and the limit."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confine:
    """First to a process that is to be confined: give up everything that learner code does not need, for good.

    `rlimits` are set as they are; `extra_address_space` is added to what is in use now; the process becomes `user`
    (uid and gid; None: stays who it is); `readable` and `writable` are what Landlock leaves (both empty: no Landlock);
    `seccomp` is the filter program in base64 ("" for none); `unreadable` are paths that it must not be able to open
    afterwards; `home` is where cells run; `network` is whether it may still use the machine's network.
    """

    rlimits: tuple[Rlimit, ...]
    extra_address_space: int | None
    user: int | None
    readable: tuple[str, ...]
    writable: tuple[str, ...]
    seccomp: str
    unreadable: tuple[str, ...]
    home: str
    network: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Run `cell` and show nothing: it only rebuilds the state. `fence` is as in `Execute`."""

    cell: CellSource
    fence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    """Run `cell` and show everything; `fence` is then written to the native streams to mark their end."""

    cell: CellSource
    probes: tuple[Probe, ...]
    asserts_from_line: int
    fence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """Ask what could stand at `cursor` (a character offset in `code`)."""

    code: str
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """Ask for the documentation of what stands at `cursor`."""

    code: str
    cursor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListVariables:
    """Ask which names the learner's code has given a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """First from a process made by a fork; the kernel says with it which process that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkEnded:
    """The child of the `Fork` with this number has ended; a negative code is the signal that ended it."""

    number: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """What the process found when it tried its confinement from the inside: sentences, empty where all holds."""

    leaks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker can run cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The cell is about to run: from here on the end of the process may be its doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The asserts of the cell before it runs, none of them reached: kept where the cell never ends."""

    asserts: tuple[AssertSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEnded:
    """The cell is over and everything it showed has been sent."""

    failure: Failure | None
    seconds: float
    asserts: tuple[AssertSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One observation, with the probe it answers."""

    question: str
    row: int
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The answers to the probes of an `Execute`, sent after its `CellEnded`."""

    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rested:
    """Last of a run in a process that can be forked: what stands in the way of that, by name; empty where nothing.

    `files` names the copy of the learner's files that this state needs; "" for none.
    """

    obstacles: tuple[str, ...]
    files: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """The answer to `Inspect`; "" where nothing is known."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The answer to `ListVariables`."""

    variables: tuple[Variable, ...]


Shown = StreamOutput | DisplayOutput | ErrorOutput | ClearOutput | UpdateDisplay
Answer = Completion | Inspected | Listed | Measured
Order = Prepare | Confine | Fork | Replay | Execute | Complete | Inspect | ListVariables | Measure
Report = Ready | Rested | Forked | ForkEnded | Confined | Begun | Planned | CellEnded | Observed | Answer | Shown
Message = Order | Report

KINDS: dict[int, type[Message]] = {
    1: Prepare,
    2: Replay,
    3: Execute,
    4: Complete,
    5: Inspect,
    6: ListVariables,
    7: Fork,
    8: Confine,
    9: Measure,
    32: Ready,
    33: Planned,
    34: CellEnded,
    35: Observed,
    36: Completion,
    37: Inspected,
    38: Listed,
    39: Begun,
    40: Forked,
    41: ForkEnded,
    42: Confined,
    43: Measured,
    44: Rested,
    64: StreamOutput,
    65: DisplayOutput,
    66: ErrorOutput,
    67: ClearOutput,
    68: UpdateDisplay,
}
KIND_OF: dict[type[Message], int] = {message: kind for kind, message in KINDS.items()}


def answers(answer: Answer, order: Order) -> bool:
    """Whether `answer` is one to `order`: of its kind, and of a `Measure` with its nonce."""
    match order:
        case Complete():
            return isinstance(answer, Completion)
        case Inspect():
            return isinstance(answer, Inspected)
        case ListVariables():
            return isinstance(answer, Listed)
        case Measure(nonce=nonce):
            return isinstance(answer, Measured) and answer.nonce == nonce
    return False


def to_plain(value: object) -> object:
    """Dataclasses and tuples as dicts and lists, ready for JSON."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(kind: type[Message], plain: object) -> Message:
    """The message of class `kind` that `plain` describes; anything else is a `ProtocolFault`."""
    return typing.cast("Message", _build(kind, plain))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(hint: Any, plain: Any) -> object:  # noqa: ANN401  a type hint has no type of its own
    if type(plain) is hint and hint is not float:
        return plain
    if is_dataclass(hint):
        return _build_dataclass(typing.cast("type", hint), plain)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _build_union(arguments, plain)
    if origin is tuple and isinstance(plain, list):
        return tuple(_build(arguments[0], item) for item in plain)
    if origin is dict and isinstance(plain, dict):
        return {_build(arguments[0], key): _build(arguments[1], item) for key, item in plain.items()}
    if hint is float and type(plain) in (int, float):
        return _finite(plain)
    raise ProtocolFault(f"{type(plain).__name__} where {hint} was expected in a frame; end that worker")


def _finite(number: int | float) -> float:
    """A number that a float can hold; JSON has larger ones."""
    if not math.isfinite(held := float(number)):
        raise ProtocolFault("A number too large in a frame; end that worker")
    return held


def _build_dataclass(kind: type, plain: object) -> object:
    hints = _hints(kind)
    if not isinstance(plain, dict) or plain.keys() != hints.keys():
        raise ProtocolFault(f"A frame is no {kind.__name__}; supervisor and worker must be of one version")
    return kind(**{name: _build(hints[name], plain[name]) for name in hints})


def _build_union(arguments: tuple[Any, ...], plain: object) -> object:
    others = [argument for argument in arguments if argument is not types.NoneType]
    if plain is None:
        return None
    if len(others) == 1:
        return _build(others[0], plain)
    return plain

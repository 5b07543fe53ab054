"""What a run of a cell is: what it showed, what was observed, how it ended.

Enters and leaves: plain values only, each of which survives JSON. Invariant: nothing here was unpickled from, or holds
a live object of, a learner's process.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum

# The type of an output in which what was seen of an answer comes back.
EXAMINED = "application/vnd.foretell.examined+json"
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class FailureKind(StrEnum):
    """Ways a run ends that are no exception of the learner's code; an exception's kind is its class name."""

    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"
    EXIT = "exit"
    OUTPUT = "output"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How the learner's code failed: a value, never raised at us.

    `kind` is an exception's class name or a `FailureKind`; `message` is one line; `line` is 1-based in the cell.
    """

    kind: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOutput:
    """Text printed to `name` ("stdout" or "stderr"); pieces of one stream join."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayOutput:
    """A MIME bundle: `data` maps a MIME type to text (base64 for binary pictures), as nbformat stores it.

    `execution_count` is set for the value of a cell's last expression; `display_id` names a display to be updated.
    """

    data: dict[str, str]
    execution_count: int | None = None
    display_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorOutput:
    """A traceback, innermost last, as IPython renders it without colour; `lines` are its lines."""

    name: str
    value: str
    lines: tuple[str, ...]


Output = StreamOutput | DisplayOutput | ErrorOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearOutput:
    """Everything shown so far goes away, at once or (`wait`) when the next output comes."""

    wait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDisplay:
    """The display with this id now shows `data`."""

    display_id: str
    data: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying:
    """Before the run: `done` of `total` earlier cells have been run again to reach the right state."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Before the run: every core is busy, and `ahead` runs of others come first."""

    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The value of one target in one run, as plain data.

    `type` is one of: none, bool, number, text, shape, dtype, sequence, tensor, module, other, failure.
    `value` holds it where it is small (number -> int | float | "nan" | "inf" | "-inf"; shape -> list of int;
    sequence -> list of plain values; tensor -> {"shape", "dtype", "values" if at most 64 elements});
    `text` is what a page may show (at most 200 characters). For `failure`, `value` is the exception's class name.
    """

    type: str
    text: str
    value: Json = None


COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertSeen:
    """One assert statement of the cell as it went: `passed` is None where the cell stopped before it.

    `left`, `operator` (a sign of `COMPARISONS`) and `right` are set for a comparison, as short text of the values;
    else `left` is the text of the value tested. `source` is the statement's test as written, `message` its message as
    evaluated.
    """

    line: int
    source: str
    passed: bool | None
    left: str = ""
    operator: str = ""
    right: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run of one cell.

    `observations` is keyed by (question id, row ordinal; 0 where the question has no rows). `failed_before` names
    earlier cells that failed while the state was built. `seconds` is wall time of the cell alone.
    """

    cell: str
    outputs: tuple[Output, ...]
    failure: Failure | None
    observations: dict[tuple[str, int], Observation]
    asserts: tuple[AssertSeen, ...]
    seconds: float
    failed_before: tuple[str, ...] = ()


Event = StreamOutput | DisplayOutput | ErrorOutput | ClearOutput | UpdateDisplay | Queued | Replaying | Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSource:
    """The text of one cell as it is to be run.

    `keeps_source` is false for text the learner is not to find in their process afterwards: its effects stay, it goes.
    """

    cell: str
    text: str
    keeps_source: bool = True


Prefix = tuple[CellSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """An expression to be evaluated after the run, changing nothing: the target of a question or one row of it, or what
    a belief about it leads to (`judge.beliefs` then gives `question` a key of its own).
    """

    question: str
    expression: str
    row: int = 0
    row_literal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Run `cell` in the state that `prefix` leaves behind, then evaluate `probes`; asserts from `asserts_from_line` on
    (1-based, in the cell's text) are reported.
    """

    prefix: tuple[CellSource, ...]
    cell: CellSource
    probes: tuple[Probe, ...] = ()
    asserts_from_line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What IPython's completer offers: `matches` would replace the text from `start` to `end` (character offsets)."""

    matches: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A name the learner's code has given a value, with its type and a short text (a tensor's shape and dtype)."""

    name: str
    type: str
    text: str

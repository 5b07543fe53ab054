"""RUNS, readings and diagnoses <-> JSON text, written out type by type.

Enters: a `Run`, the readings of a prediction, or a `Diagnosis`; or the text they became. Leaves: the other one.
Invariant: what comes back equals what went in, and text from another version of foretell is a `StoreError`, never half
a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from foretell.errors import StoreError
from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis, Plain, Reading
from foretell.model.lesson import AnswerKind
from foretell.model.run import (
    AssertSeen,
    DisplayOutput,
    ErrorOutput,
    Failure,
    Json,
    Observation,
    Output,
    Run,
    StreamOutput,
)

_T = TypeVar("_T")
_Fields = Mapping[str, Any]


def run_to_json(run: Run) -> str:
    """A run as JSON text."""
    return _dump(
        {
            "cell": run.cell,
            "outputs": [_output_fields(output) for output in run.outputs],
            "failure": _failure_fields(run.failure) if run.failure else None,
            "observations": [
                {"question": question, "row": row, "type": seen.type, "text": seen.text, "value": seen.value}
                for (question, row), seen in run.observations.items()
            ],
            "asserts": [_assert_fields(seen) for seen in run.asserts],
            "seconds": run.seconds,
            "failed_before": list(run.failed_before),
        }
    )


def run_from_json(text: str) -> Run:
    """The run that became this text."""
    return _load(text, _run)


def readings_to_json(readings: Sequence[Reading]) -> str:
    """The readings of a prediction as JSON text."""
    return _dump([{"kind": one.kind.value, "value": one.value, "echo": one.echo} for one in readings])


def readings_from_json(text: str) -> tuple[Reading, ...]:
    """The readings that became this text."""
    return _load(text, lambda items: tuple(_reading(fields) for fields in items))


def diagnosis_to_json(diagnosis: Diagnosis) -> str:
    """What a check found as JSON text."""
    checks: list[Json] = [{"says": one.says, "ok": one.ok, "evidence": one.evidence} for one in diagnosis.checks]
    return _dump(
        {
            "verdict": diagnosis.verdict.value,
            "misconception": diagnosis.misconception,
            "says": diagnosis.says,
            "difference": diagnosis.difference,
            "checks": checks,
            "seconds": diagnosis.seconds,
        }
    )


def diagnosis_from_json(text: str) -> Diagnosis:
    """The diagnosis that became this text."""
    return _load(text, _diagnosis)


def texts_to_json(texts: Sequence[str]) -> str:
    """Texts as a JSON list."""
    return _dump(list(texts))


def texts_from_json(text: str) -> tuple[str, ...]:
    """The texts that became this JSON list."""
    return _load(text, lambda items: tuple(str(item) for item in items))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _load(text: str, read: Callable[[Any], _T]) -> _T:
    try:
        return read(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"A record cannot be read ({type(error).__name__}: {str(error)[:80]}): it was damaged, or written by "
            "another version of foretell; use that version, or restore a backup."
        ) from error


def _output_fields(output: Output) -> dict[str, Json]:
    match output:
        case StreamOutput():
            return {"is": "stream", "name": output.name, "text": output.text}
        case DisplayOutput():
            return {
                "is": "display",
                "data": dict(output.data),
                "execution_count": output.execution_count,
                "display_id": output.display_id,
            }
        case ErrorOutput():
            return {"is": "error", "name": output.name, "value": output.value, "lines": list(output.lines)}


def _failure_fields(failure: Failure) -> dict[str, Json]:
    return {"kind": failure.kind, "message": failure.message, "line": failure.line}


def _assert_fields(seen: AssertSeen) -> dict[str, Json]:
    return {
        "line": seen.line,
        "source": seen.source,
        "passed": seen.passed,
        "left": seen.left,
        "operator": seen.operator,
        "right": seen.right,
        "message": seen.message,
    }


def _run(fields: _Fields) -> Run:
    failure = fields["failure"]
    return Run(
        cell=fields["cell"],
        outputs=tuple(_output(output) for output in fields["outputs"]),
        failure=Failure(**failure) if failure else None,
        observations={(seen["question"], seen["row"]): _observation(seen) for seen in fields["observations"]},
        asserts=tuple(AssertSeen(**seen) for seen in fields["asserts"]),
        seconds=fields["seconds"],
        failed_before=tuple(fields["failed_before"]),
    )


def _diagnosis(fields: _Fields) -> Diagnosis:
    return Diagnosis(
        verdict=CheckVerdict(fields["verdict"]),
        misconception=fields["misconception"],
        says=fields["says"],
        difference=fields["difference"],
        checks=tuple(BehaviourCheck(**check) for check in fields["checks"]),
        seconds=fields["seconds"],
    )


def _observation(fields: _Fields) -> Observation:
    return Observation(type=fields["type"], text=fields["text"], value=fields["value"])


def _output(fields: _Fields) -> Output:
    match fields["is"]:
        case "stream":
            return StreamOutput(name=fields["name"], text=fields["text"])
        case "display":
            return DisplayOutput(
                data=fields["data"], execution_count=fields["execution_count"], display_id=fields["display_id"]
            )
        case "error":
            return ErrorOutput(name=fields["name"], value=fields["value"], lines=tuple(fields["lines"]))
    raise ValueError(fields["is"])


def _reading(fields: _Fields) -> Reading:
    value = fields["value"]
    plain: Plain = tuple(value) if isinstance(value, list) else value
    return Reading(kind=AnswerKind(fields["kind"]), value=plain, echo=fields["echo"])

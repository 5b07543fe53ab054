"""The lesson that ships, as the product reads it, and what its solved cells show."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from matplotlib import pyplot

from foretell.gate import joined
from foretell.judge.beliefs import belief_probes
from foretell.library import open_lesson
from foretell.model.lesson import Lesson, Question
from foretell.model.run import Observation
from foretell.runtime.observe import observe, observe_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the target of a question showed after its cell, one observation a row, and where its beliefs lead there."""

    question: Question
    was: list[Observation]
    led: Mapping[tuple[str, int], Observation]


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    return open_lesson("nn-module").lesson


@pytest.fixture(scope="session")
def shown(lesson: Lesson) -> Iterator[dict[str, Shown]]:
    """Every question of the lesson by its id, after one pass through the solved cells."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pyplot.switch_backend("Agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    found: dict[str, Shown] = {}
    for code in lesson.code_cells:
        source = joined(code, code.task.solution or "") if code.task else code.source
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
            exec(compile(source, code.cell, "exec"), names)
        for question in code.prompt.questions if code.prompt else ():
            found[question.id] = look_at(question, names)
    yield found
    pyplot.close("all")
    torch.set_num_threads(threads)


def look_at(question: Question, names: dict[str, Any]) -> Shown:
    was = [look(question.target or "", {**names, "row": eval(row)}) for row in question.rows or ("None",)]
    led = {
        (probe.question, probe.row): look(probe.expression, {**names, "row": eval(probe.row_literal or "None")})
        for probe in belief_probes(question)
    }
    return Shown(question=question, was=was, led=led)


def look(expression: str, names: dict[str, Any]) -> Observation:
    try:
        return observe(eval(expression, names))
    except Exception as failure:
        return observe_failure(failure)

"""Predictions about the shipped nn-module lesson, compared with what its solved cells really compute."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot

from foretell.gate import joined
from foretell.judge.answer import read_answer
from foretell.judge.compare import compare
from foretell.model.attempt import Prediction, Verdict
from foretell.model.lesson import Lesson, Question
from foretell.model.run import Observation
from foretell.parse.lesson import read_lesson
from foretell.runtime.observe import observe, observe_failure

LESSON = Path(__file__).parents[2] / "lessons" / "nn-module"

RIGHT = {
    "ex1-inspect": ["(5, 10)", "5", "10*5 + 5"],
    "ex1-table": [["4*1+1", "272", "784*128+128", "101_136"]],
    "ex2-by-hand": ["3x4", "yes"],
    "ex2-untransposed": ["RuntimeError", "no"],
    "ex3-class": ["385", "[5, 1]"],
    "ex3-list": ["torch.Size([5, 2])", "0"],
    "ex4-copy": ["(1, 32)", "no", "yes"],
    "ex4-names": ["a RuntimeError"],
    "ex5-fold": ["(4, 6)", "true"],
    "ex5-lines": ["one straight line", "straight pieces that meet at corners"],
    "ex5-fit": ["over 40 %"],
    "ex6-block": ["544", "x, unchanged"],
    "ex6-fresh": ["10 % to 50 %"],
    "ex6-deep": ["8,833", "(12, 1)"],
    "ex6-gradients": ["over a million times smaller", "within a factor of 10"],
}

BELIEVED = {
    "ex1-inspect": ["(10, 5)", "(10,)", "50"],
    "ex1-table": [["8", "272", "101136", "100480"]],
    "ex2-by-hand": ["(6, 4)", "no"],
    "ex2-untransposed": ["no error", "yes"],
    "ex3-class": ["352", "(1, 5)"],
    "ex3-list": ["(5, 8)", "58"],
    "ex4-copy": ["(32, 1)", "yes", "no"],
    "ex4-names": ["no error"],
    "ex5-fold": ["(6, 4)", "no"],
    "ex5-lines": ["a smooth curve", "a smooth curve"],
    "ex5-fit": ["1 % to 10 %"],
    "ex6-block": ["512", "zeros"],
    "ex6-fresh": ["exactly 0 %"],
    "ex6-deep": ["2497", "(12, 32)"],
    "ex6-gradients": ["within a factor of 10", "more than 10 times larger"],
}

Seen = dict[str, list[Observation]]


@pytest.fixture(scope="module")
def seen(lesson: Lesson) -> Iterator[Seen]:
    """What every question's target showed after its cell, in one pass through the solved lesson."""
    pyplot.switch_backend("Agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    found: Seen = {}
    for code in lesson.code_cells:
        source = joined(code, code.task.solution or "") if code.task else code.source
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
            exec(compile(source, code.cell, "exec"), names)
        for question in code.prompt.questions if code.prompt else ():
            rows = [eval(row) for row in question.rows] or [None]
            found[question.id] = [look(question.target or "", {**names, "row": row}) for row in rows]
    yield found
    pyplot.close("all")


def look(target: str, names: dict[str, Any]) -> Observation:
    try:
        return observe(eval(target, names))
    except Exception as failure:
        return observe_failure(failure)


def predicted(question: Question, typed: str | list[str]) -> Prediction:
    texts = typed if isinstance(typed, list) else [typed]
    return Prediction(
        question=question.id,
        ask=question.ask,
        texts=tuple(texts),
        readings=tuple(read_answer(text, question) for text in texts),
        confidence=80,
    )


def verdicts(lesson: Lesson, seen: Seen, typed: dict[str, list[Any]], cell: str) -> list[Verdict]:
    code = lesson.code_cell(cell)
    assert code is not None
    assert code.prompt is not None
    return [
        compare(predicted(question, text), question, seen[question.id]).verdict
        for question, text in zip(code.prompt.questions, typed[cell], strict=True)
    ]


@pytest.mark.parametrize("cell", RIGHT)
def test_right_predictions_are_found_right(lesson: Lesson, seen: Seen, cell: str) -> None:
    assert set(verdicts(lesson, seen, RIGHT, cell)) == {Verdict.RIGHT}


@pytest.mark.parametrize("cell", BELIEVED)
def test_what_the_tempting_belief_predicts_is_found_wrong(lesson: Lesson, seen: Seen, cell: str) -> None:
    assert set(verdicts(lesson, seen, BELIEVED, cell)) == {Verdict.WRONG}

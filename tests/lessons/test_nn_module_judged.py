"""Right predictions about the shipped nn-module lesson, compared with what its solved cells really compute."""

from __future__ import annotations

from typing import Any

import pytest

from foretell.judge.answer import read_answer
from foretell.judge.compare import compare
from foretell.model.attempt import Prediction, Verdict
from foretell.model.lesson import Lesson

RIGHT: dict[str, list[Any]] = {
    "ex1-inspect": ["(5, 10)", "5", "10*5 + 5"],
    "ex1-table": [["4*1+1", "272", "784*128+128", "101_136"], "the fourth is larger"],
    "ex1-again": ["40*6 + 6", "wider than high"],
    "ex2-by-hand": ["3x4", "yes"],
    "ex2-untransposed": ["RuntimeError", "no"],
    "ex2-again": ["(9, 50)", "50", "the bias of the layer"],
    "ex3-class": ["385", "[5, 1]"],
    "ex3-drawing": ["320 + 32", "about nine tenths"],
    "ex3-call": ["yes", "1"],
    "ex3-list": ["18", "yes", "no"],
    "ex4-copy": ["(1, 32)", "no", "yes"],
    "ex4-names": ["0", "a RuntimeError"],
    "ex5-fold": ["(4, 6)", "true", "28"],
    "ex5-again": ["(7, 24)", "no"],
    "ex5-lines": ["straight lines", "straight pieces that meet at corners"],
    "ex5-fit": ["over 40 %", "under 1 %"],
    "ex5-collapse": ["36", "no"],
    "ex6-block": ["544", "x, unchanged"],
    "ex6-fresh": ["10 % to 50 %", "exactly 0 %"],
    "ex6-deep": ["8,833", "(12, 1)"],
    "ex6-gradients": ["over a million times smaller", "within a factor of 10"],
}


@pytest.mark.parametrize("cell", RIGHT)
def test_right_predictions_are_found_right(lesson: Lesson, shown: dict[str, Any], cell: str) -> None:
    code = lesson.code_cell(cell)
    assert code is not None
    assert code.prompt is not None
    verdicts = []
    for question, typed in zip(code.prompt.questions, RIGHT[cell], strict=True):
        texts = tuple(typed) if isinstance(typed, list) else (typed,)
        readings = tuple(read_answer(text, question) for text in texts)
        said = Prediction(question=question.id, ask=question.ask, texts=texts, readings=readings, confidence=80)
        verdicts.append(compare(said, question, shown[question.id].was).verdict)
    assert set(verdicts) == {Verdict.RIGHT}


def test_no_question_of_the_lesson_is_left_out(lesson: Lesson) -> None:
    assert list(RIGHT) == [code.cell for code in lesson.code_cells if code.prompt]

"""Wrong predictions about the shipped nn-module lesson, each to be traced to the misconceptions that lead to it."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib import pyplot

from foretell.judge.answer import read_answer
from foretell.judge.beliefs import explain, led_to
from foretell.judge.compare import compare, observed_text
from foretell.model.attempt import Judgement, Prediction, Verdict
from foretell.model.belief import MOST_WORDS
from foretell.model.lesson import CodeCell, Lesson, Question
from foretell.web.refutations import evidence_of
from foretell.web.views import LedgerPair

WRONG: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("wrong_predictions.toml").read_text(encoding="utf-8")
)
ONE_BY_ONE = [(question, typed) for question, answers in WRONG.items() for typed in answers]


def judged(shown: Any, typed: str) -> Judgement:
    question: Question = shown.question
    texts = tuple(text.strip() for text in typed.split("|"))
    readings = tuple(read_answer(text, question) for text in texts)
    said = Prediction(question=question.id, ask=question.ask, texts=texts, readings=readings, confidence=80)
    return explain(compare(said, question, shown.was), said, question, shown.was, led_to(question, shown.led))


def test_every_question_has_at_least_five_wrong_predictions(lesson: Lesson) -> None:
    asked = [question.id for code in lesson.code_cells if code.prompt for question in code.prompt.questions]
    assert list(WRONG) == asked
    assert {question: len(answers) for question, answers in WRONG.items() if len(answers) < 5} == {}


@pytest.mark.parametrize(("question", "typed"), ONE_BY_ONE, ids=lambda value: str(value))
def test_a_wrong_prediction_is_a_miss_and_traced_to_what_leads_to_it(
    shown: dict[str, Any], question: str, typed: str
) -> None:
    found = judged(shown[question], typed)
    assert found.verdict in {Verdict.WRONG, Verdict.NEAR}
    assert sorted(found.misconceptions) == sorted(WRONG[question][typed])


def test_nearly_all_wrong_predictions_are_traced(shown: dict[str, Any]) -> None:
    """Of those that come from a belief at all; the figure of the issue is 95 in a hundred, and none to a wrong one."""
    believed = [(question, typed) for question, typed in ONE_BY_ONE if WRONG[question][typed]]
    traced = [sorted(judged(shown[q], typed).misconceptions) == sorted(WRONG[q][typed]) for q, typed in believed]
    assert len(believed) > 200
    assert sum(traced) >= 0.95 * len(traced)


def test_a_refutation_stays_short_once_it_holds_what_was_said_and_seen(shown: dict[str, Any], lesson: Lesson) -> None:
    texts = {one.id: one.refutation for one in lesson.misconceptions}
    long = []
    for asked, typed in ONE_BY_ONE:
        question = shown[asked].question
        parts = [text.strip() for text in typed.split("|")]
        pairs = [
            LedgerPair(label=label, said=said, observed=observed_text(was, question), verdict="wrong")
            for label, said, was in zip(question.rows or [""], parts, shown[asked].was, strict=False)
        ]
        evidence = evidence_of(question, pairs)
        for id in WRONG[asked][typed]:
            words = texts[id].replace("{evidence}", evidence).split()
            if len(words) > MOST_WORDS:
                long.append((asked, id, len(words)))
    assert long == []


def test_every_belief_of_a_question_is_met_by_a_wrong_prediction(lesson: Lesson) -> None:
    never = {
        (question.id, belief.misconception)
        for code in lesson.code_cells
        if code.prompt
        for question in code.prompt.questions
        for belief in question.beliefs
        if not any(belief.misconception in ids for ids in WRONG[question.id].values())
    }
    assert never == set()


def test_every_question_has_a_belief_that_leads_elsewhere(shown: dict[str, Any]) -> None:
    assert [one.question.id for one in shown.values() if not one.question.beliefs] == []
    for one in shown.values():
        for led in led_to(one.question, one.led):
            assert [(seen.type, seen.value) for seen in led if seen] != [(seen.type, seen.value) for seen in one.was]


VARIED = ["ex1-again", "ex2-again", "ex5-again"]


def drawn(code: CodeCell, seed: int) -> str:
    """The source of a cell with the numbers of its questions drawn anew."""
    numbers = random.Random(seed)
    source = code.source
    questions = code.prompt.questions if code.prompt else ()
    for vary in sorted({vary for question in questions for vary in question.vary}, key=lambda one: one.name):
        number = numbers.randint(vary.low, vary.high)
        source, times = re.subn(rf"(?m)^{vary.name} = \d+$", f"{vary.name} = {number}", source)
        assert times == 1
    return source


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cell", VARIED)
def test_with_fresh_numbers_no_belief_leads_to_the_right_answer(lesson: Lesson, cell: str, seed: int) -> None:
    code = lesson.code_cell(cell)
    assert code is not None
    assert code.prompt is not None
    assert all(question.vary for question in code.prompt.questions)
    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "plt": pyplot}
    pyplot.switch_backend("Agg")
    exec(compile(drawn(code, seed), cell, "exec"), names)
    pyplot.close("all")
    for question in code.prompt.questions:
        was = eval(question.target or "", names)
        assert [b.misconception for b in question.beliefs if eval(b.leads_to, names) == was] == []


def test_the_catalogue_is_used_and_short(lesson: Lesson) -> None:
    asked = {b.misconception for c in lesson.code_cells if c.prompt for q in c.prompt.questions for b in q.beliefs}
    shown_in_code = {e.misconception for c in lesson.code_cells if c.task for e in c.task.probing.examples}
    known = {one.id: one for one in lesson.misconceptions}
    assert set(known) == asked | shown_in_code
    assert len(asked) >= 30
    assert [one.id for one in known.values() if "{evidence}" not in one.refutation] == []
    assert max(len(one.refutation.replace("{evidence}", "").split()) for one in known.values()) <= MOST_WORDS
    assert [id for id in sorted(shown_in_code) if not known[id].says] == []


def test_a_belief_shown_in_code_stays_when_any_one_of_its_files_is_left_out(lesson: Lesson) -> None:
    examples = [e for c in lesson.code_cells if c.task for e in c.task.probing.examples]
    counts = {e.misconception: sum(one.misconception == e.misconception for one in examples) for e in examples}
    assert {id: count for id, count in counts.items() if count < 3} == {}

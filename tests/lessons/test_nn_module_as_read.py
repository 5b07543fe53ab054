"""The shipped nn-module lesson as foretell reads it: its outline, its questions, and what a page may show at first."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from foretell.gate import shown_block, shown_goal, shown_title
from foretell.judge.answer import read_answer
from foretell.model.lesson import AnswerKind, Block, BlockRole, Lesson, Question, Section, Support

LESSON = Path(__file__).parents[2] / "lessons" / "nn-module"

ANSWERS = {
    "ex1-inspect": ["(5, 10)", "(5,)", "55"],
    "ex1-table": ["5", "272", "100,480", "101,136", "the fourth is larger"],
    "ex1-again": ["246", "wider than high"],
    "ex2-by-hand": ["(3, 4)", "yes"],
    "ex2-untransposed": ["RuntimeError", "no"],
    "ex2-again": ["(9, 50)", "(50,)", "the bias of the layer"],
    "ex3-class": ["385", "(5, 1)"],
    "ex3-drawing": ["352", "about nine tenths"],
    "ex3-call": ["yes", "1"],
    "ex3-list": ["18", "yes", "no"],
    "ex4-copy": ["(1, 32)", "no", "yes"],
    "ex4-names": ["0", "RuntimeError"],
    "ex5-fold": ["(4, 6)", "yes", "28"],
    "ex5-again": ["(7, 24)", "no"],
    "ex5-lines": ["straight lines", "straight pieces that meet at corners"],
    "ex5-fit": ["over 40 %", "under 1 %"],
    "ex5-collapse": ["36", "no"],
    "ex6-block": ["544", "x, unchanged"],
    "ex6-fresh": ["10 % to 50 %", "exactly 0 %"],
    "ex6-deep": ["8,833", "(12, 1)"],
    "ex6-gradients": ["over a million times smaller", "within a factor of 10"],
}


def questions_of(lesson: Lesson) -> list[Question]:
    return [question for code in lesson.code_cells if code.prompt for question in code.prompt.questions]


def blocks_of(lesson: Lesson) -> list[Block]:
    return [item for section in lesson.sections for item in section.items if isinstance(item, Block)]


def shown_at_first(section: Section) -> str:
    """Everything of a section that a page shows while nothing has been run, the questions left out."""
    parts = [shown_title(section, frozenset())]
    for item in section.items:
        if isinstance(item, Block):
            parts.append(shown_block(item, frozenset()))
        else:
            parts.append(item.task.starter if item.task else "")
            parts += [piece.text for piece in item.pieces if not piece.withheld]
    return "\n".join(parts)


def test_every_cell_is_understood(lesson: Lesson) -> None:
    assert lesson.unread == ()


def test_the_sections_are_the_exercises_with_their_support(lesson: Lesson) -> None:
    assert [section.key for section in lesson.sections] == [
        *("intro", "setup", "ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "takeaways")
    ]
    exercises = [section.exercise for section in lesson.sections if section.exercise]
    guided, supported, independent = Support.GUIDED, Support.SUPPORTED, Support.INDEPENDENT
    assert [e.support for e in exercises] == [guided, guided, supported, supported, guided, independent]
    assert [e.stretch for e in exercises] == [False] * 5 + [True]
    assert [e.number for e in exercises] == [1, 2, 3, 4, 5, 6]


def test_titles_and_goals_are_neutral_from_the_start(lesson: Lesson) -> None:
    assert [s.title for s in lesson.sections if s.title_before != s.title] == []
    assert [g.text for g in lesson.goals if shown_goal(g, frozenset()) != g.text] == []
    assert len(lesson.goals) == 6


def test_the_prompts_stand_before_the_cells_that_settle_them(lesson: Lesson) -> None:
    settled = {code.cell: len(code.prompt.questions) for code in lesson.code_cells if code.prompt}
    table = {"ex1-table": 2}
    assert settled == {cell: table.get(cell, len(answers)) for cell, answers in ANSWERS.items()}
    by_id = {cell.id: cell.index for cell in lesson.cells}
    prompts = [code.prompt for code in lesson.code_cells if code.prompt]
    assert all(by_id[prompt.stands_in] < by_id[prompt.before] for prompt in prompts)


def test_the_table_of_sizes_asks_once_a_row(lesson: Lesson) -> None:
    assert [q.rows for q in questions_of(lesson) if q.rows] == [("(4, 1)", "(16, 16)", "(784, 128)", "(128, 784)")]


def test_no_question_is_asked_without_a_target(lesson: Lesson) -> None:
    assert [q.ask for q in questions_of(lesson) if q.target is None or q.kind is AnswerKind.OPEN] == []


def test_every_answer_can_be_typed_as_its_question_wants_it(lesson: Lesson) -> None:
    for code in lesson.code_cells:
        asked = [q for q in (code.prompt.questions if code.prompt else ()) for _ in (q.rows or ("",))]
        typed = ANSWERS.get(code.cell, [])
        echoes = [read_answer(text, question).echo for text, question in zip(typed, asked, strict=True)]
        assert echoes == typed


@pytest.mark.parametrize(
    ("cell", "name", "first", "test_begins"),
    [
        ("ex3-class", "TwoLayerNet", "class TwoLayerNet", "model = TwoLayerNet()"),
        ("ex4-sequential", "sequential_model", "# TODO: the three layers", "print(sequential_model)"),
        ("ex5-collapse", "collapse", "def collapse(model)", "tall = nn.Sequential("),
        ("ex6-block", "ResidualBlock", "class ResidualBlock", "block = ResidualBlock(16)"),
    ],
)
def test_a_task_is_its_definition_and_the_check_below_it(
    lesson: Lesson, cell: str, name: str, first: str, test_begins: str
) -> None:
    code = lesson.code_cell(cell)
    assert code is not None
    task = code.task
    assert task is not None
    assert task.name == name
    assert task.starter.startswith(first)
    assert task.test.lstrip("\n").startswith(test_begins)
    assert task.starter + task.test == code.source
    assert (task.solution or "").strip() == (LESSON / "solutions" / f"{name}.py").read_text(encoding="utf-8").strip()
    assert [hint.name for hint in task.hints] == ["Where to look", "The idea", "The line"]
    assert task.test_cells == ()
    assert task.why


def test_the_asserts_are_withheld_and_nothing_else_of_the_cells_is(lesson: Lesson) -> None:
    withheld = [
        statement
        for code in lesson.code_cells
        for piece in code.pieces
        if piece.withheld
        for statement in ast.parse(piece.text).body
    ]
    assert withheld
    assert [statement for statement in withheld if not isinstance(statement, ast.Assert)] == []


def test_prose_and_goals_are_shown_from_the_start(lesson: Lesson) -> None:
    early = [block for block in blocks_of(lesson) if block.role in {BlockRole.PROSE, BlockRole.GOALS}]
    leads = {cell.id for cell in lesson.cells if cell.id.endswith("-intro")}
    assert {block.cell for block in early} == {*leads, "intro", "setup"}
    assert [block.cell for block in early if block.opens_after or block.before != block.source] == []


def test_an_explanation_opens_with_the_run_above_it(lesson: Lesson) -> None:
    above = {}
    last = ""
    for section in lesson.sections:
        for item in section.items:
            if isinstance(item, Block):
                above[item.cell] = last
            else:
                last = item.cell
    late = [block for block in blocks_of(lesson) if block.role is BlockRole.DEBRIEF]
    assert {above[block.cell] for block in late} == {*ANSWERS, "ex4-sequential"}
    assert [block.cell for block in late if block.before or above[block.cell] not in block.opens_after] == []


@pytest.mark.parametrize("cell", sorted(ANSWERS))
def test_no_answer_stands_on_the_page_before_its_run(lesson: Lesson, cell: str) -> None:
    page = "\n".join([*(shown_goal(goal, frozenset()) for goal in lesson.goals), *map(shown_at_first, lesson.sections)])
    spelled = [answer for answer in ANSWERS[cell] if answer not in {"yes", "no"} and len(answer) > 1]
    forms = {
        form for answer in spelled for form in (answer, answer.replace(",", "") if answer[0].isdigit() else answer)
    }
    assert [form for form in sorted(forms) if re.search(rf"(?<![\w.]){re.escape(form)}(?!\w)", page)] == []


def test_the_page_shows_the_prose_that_asks_and_leads(lesson: Lesson) -> None:
    page = "\n".join(map(shown_at_first, lesson.sections))
    cells = {cell.id: cell.source for cell in lesson.cells}
    leads = [cells[name].split("\n\n**Before")[0].split("\n\n")[-1] for name in cells if name.endswith("-intro")]
    assert leads
    assert [lead for lead in leads if lead not in page] == []

from __future__ import annotations

import pytest
from small_notebooks import asks_at, blocks_of, code, code_at, lesson_of, md

from foretell.model.lesson import BlockRole
from foretell.parse.prompts import choose_settling, find_lead, read_comment_prompt
from foretell.parse.questions import split_questions


@pytest.mark.parametrize(
    "text",
    [
        "**Before running, predict:** What?",
        "Before running, predict: What?",
        "**Before you run this, predict:**",
        "**Before running the next cell, predict:**",
        "**Predict:** What?",
        "**🤔 Predict first:** What?",
        "🤔 **Predict before running:** What?",
        "**Think first:** Why?",
        "**Your prediction:** What?",
        "**Before running, predict: what comes?**",
        "**Before running, predict the output:** What?",
        "**Before running the cell below, predict what happens.**",
        "*Before running, predict:* What?",
    ],
)
def test_a_lead_is_found(text: str) -> None:
    assert find_lead(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "**For each exercise, PREDICT the output before running the cell.** Wrong ones are worth more.",
        "**Before running each cell, predict:** what it does",
        "**Observe:**",
        "**Think about:** the shape",
        "**Predictive models:** learn",
        "**Key insight:** predict",
        "The model predicts: 3",
    ],
)
def test_what_only_looks_like_a_lead_is_none(text: str) -> None:
    assert find_lead(text) is None


def test_prose_around_a_prompt_stays_and_the_prompt_leaves_the_page() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Exercise 1: A (Guided)\n\nAbove.\n\n**Before running, predict:**\n- Left?\n- Right?\n\nBelow."),
        code("print(1)"),
    )
    assert [block.source for block in blocks_of(lesson, BlockRole.PROSE)] == ["Above.", "Below."]
    assert asks_at(lesson, 2) == ["Left?", "Right?"]


def test_two_prompts_of_one_cell_become_one() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Exercise 1: A (Guided)\n\n**Before running, predict:** First?"),
        md("**Think first:** Second?"),
        code("# PREDICT: third?\nprint(1)"),
    )
    prompt = code_at(lesson, 3).prompt
    assert prompt is not None
    assert asks_at(lesson, 3) == ["First?", "Second?", "third?"]
    assert prompt.stands_in == lesson.cells[1].id
    assert len({question.id for question in prompt.questions}) == 3


def test_lines_marked_predict_only_point_back_where_the_cell_has_a_prompt() -> None:
    cells = (code("print(1)  # Predict this first!"),)
    above = md("## Exercise 1: A (Guided)\n\n**Before running, predict:** First?")
    assert asks_at(lesson_of(md("# T"), above, *cells), 2) == ["First?"]
    assert asks_at(lesson_of(md("# T"), md("## Exercise 1: A (Guided)"), *cells), 2) == ["What does `print(1)` show?"]


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("# PREDICT: What is x?\nx = 1", ["What is x?"]),
        ("# PREDICT: What is x?\n# - And y?\nx = y = 1", ["What is x?", "And y?"]),
        ("# Now others. Predict the shapes before running!\nx = 1", ["Predict the shapes before running!"]),
        ("# Before running, predict: What is x?\nx = 1", ["What is x?"]),
        ("# Predict the class of each sample\ny = f(x)", []),
        ("# the model predicts first\ny = f(x)", []),
        ("# Make predictions before the update\ny = f(x)", []),
    ],
)
def test_a_comment_asks_only_where_it_speaks_to_the_reader(source: str, asked: list[str]) -> None:
    assert [one.ask for one in read_comment_prompt(source).asked] == asked


@pytest.mark.parametrize(
    ("ask", "sources", "settles"),
    [
        ("What is printed?", ["import a\nx = 1", "def f():\n    print(1)", "print(2)"], 2),
        ("What is printed?", ["x = 1", "y = 2"], 0),
        ("What is shown?", ["x = 1\nx"], 0),
        ("Will the outputs be identical?", ["print(1)", "ok = torch.allclose(a, b)\nprint(ok)"], 1),
        ("Are they the same?", ["print(a)", "assert a == b"], 1),
        ("Are they the same?", ["x = 1", "print(a - b)"], 1),
        ("Which is faster?", ["x = 1", "%timeit sum(x)", "print(1)"], 1),
        ("What is printed?", ["!pip install x", "!cat notes.txt"], 1),
        ("What is printed?", ["for i in x:\n    y = i", "for i in x:\n    print(i)"], 1),
    ],
)
def test_the_first_cell_that_evaluates_what_is_asked_settles_it(ask: str, sources: list[str], settles: int) -> None:
    assert choose_settling(split_questions(ask), sources) == settles


def test_a_lead_that_says_what_to_predict_asks_it() -> None:
    lesson = lesson_of(
        md("# T\n\n**Before running, predict the output.**"),
        md("## Exercise 1: A\n\n**Before running, predict the shape of the sum.**"),
        code("print(x)"),
    )
    assert asks_at(lesson, 2) == ["Predict the shape of the sum"]


def test_a_quoted_prompt_asks() -> None:
    lesson = lesson_of(md("## Exercise 1: A\n\n> **Predict:**\n> - What is x?\n> - And y?"), code("print(x)"))
    assert asks_at(lesson, 1) == ["What is x?", "And y?"]


def test_a_numbered_step_that_says_predict_asks_and_stays_in_its_list() -> None:
    steps = "1. Write `f`.\n2. **Predict** whether `f(1)` is above 3.\n3. Run."
    lesson = lesson_of(md(f"## Exercise 1: A\n\n{steps}"), code("print(f(1))"), md(f"## Key Takeaways\n\n{steps}"))
    assert asks_at(lesson, 1) == ["Predict whether `f(1)` is above 3."]
    assert [block.source for block in blocks_of(lesson, BlockRole.PROSE)] == [steps]


def test_a_bare_pointer_above_a_print_asks_what_that_line_shows() -> None:
    assert [one.ask for one in read_comment_prompt("# Predict this first!\nprint(x)").printed] == [
        "What does `print(x)` show?"
    ]

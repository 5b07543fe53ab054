from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from small_notebooks import blocks_of, code, code_at, lesson_of, md, notebook, raw, withheld

from foretell.errors import LessonError
from foretell.model.lesson import BlockRole, CodeCell, SectionKind
from foretell.parse.lesson import read_lesson
from foretell.parse.notebook import write_notebook

MARKDOWN_LINES = st.sampled_from(
    [
        "# Title",
        "## Exercise 1: A (Guided)",
        "## Exercise 2: Prove it",
        "## Setup",
        "## Key Takeaways",
        "### What just happened",
        "**Before running, predict:**",
        "**Before running, predict:** What? (hint)",
        "- How many?",
        "1. Why",
        "**Claim:** so",
        "**Key insight:** so",
        "<details>",
        "<summary>Solution</summary>",
        "```python",
        "```",
        "x = 3",
        "</details>",
        "",
        "words",
        "---",
        "**What you'll do:**",
        "\x00",
        "🙂",
    ]
)
CODE_LINES = st.sampled_from(
    [
        "x = 1",
        "x = None  # TODO",
        "def f():",
        "    pass",
        "# y = 2",
        "# TODO",
        "assert x",
        "print('a b c d')",
        "",
        "%magic",
        "!ls",
        "%%bash",
        "(",
        "'''",
        "# PREDICT: what?",
        "print(x)  # Predict this first!",
        "x = ____",
        "...",
        "\t\x00",
        "class A:",
        "    return 1  # (5, 10)",
    ]
)
CELLS = st.lists(
    st.one_of(
        st.lists(MARKDOWN_LINES, max_size=8).map("\n".join).map(md),
        st.lists(CODE_LINES, max_size=8).map("\n".join).map(code),
        st.text(max_size=30).map(md),
        st.text(max_size=30).map(code),
        st.text(max_size=10).map(raw),
    ),
    max_size=7,
)


@settings(max_examples=200, deadline=None)
@given(CELLS)
def test_any_cells_make_a_lesson_that_keeps_its_promises(cells: list[dict[str, object]]) -> None:
    lesson = lesson_of(*cells)
    code_ids = [cell.id for cell in lesson.cells if cell.kind == "code"]
    assert [cell.cell for cell in lesson.code_cells] == code_ids
    assert len({section.key for section in lesson.sections}) == len(lesson.sections)
    questions = [question.id for cell in lesson.code_cells if cell.prompt for question in cell.prompt.questions]
    assert len(set(questions)) == len(questions)
    names = [cell.task.name for cell in lesson.code_cells if cell.task]
    assert len(set(names)) == len(names)
    for section in lesson.sections:
        assert set(section.title_opens_after) <= set(code_ids)
        for item in section.items:
            if isinstance(item, CodeCell):
                whole = item.task.test if item.task else item.source
                assert "".join(piece.text for piece in item.pieces) == whole
            else:
                assert set(item.opens_after) <= set(code_ids)
                assert bool(item.opens_after) == (item.before != item.source)
    assert read_lesson(id="small", notebook=write_notebook(lesson.cells, lesson.language)) == lesson


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["cells", "nbformat", "metadata", "cell_type", "source"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_lesson_or_a_lesson_error(document: object) -> None:
    refused = ""
    try:
        read_lesson(id="x", notebook=json.dumps(document))
    except LessonError as error:
        refused = str(error)
    readable = isinstance(document, dict) and "cells" in document
    assert refused or readable


def test_stored_outputs_are_nowhere_in_the_lesson() -> None:
    stored = [{"output_type": "stream", "name": "stdout", "text": ["SECRET"]}]
    assert "SECRET" not in repr(lesson_of(md("# T"), code("print(1)", outputs=stored)))


def test_a_debrief_is_withheld_only_below_the_code_it_explains() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Exercise 1: A (Guided)\n\n**Key idea:** shown at once."),
        code("x = 1"),
        md("**Step 2:** go on.\n\n**Key insight:** x is one.\n- really\n\nStill it.\n\n### Next\n\nPlain again."),
        code("y = 2"),
    )
    (block,) = blocks_of(lesson, BlockRole.DEBRIEF)
    assert block.source == "**Key insight:** x is one.\n- really\n\nStill it."
    assert block.opens_after == (lesson.cells[2].id,)


def test_a_claim_opens_after_the_cell_that_settles_the_prompt_below() -> None:
    lesson = lesson_of(
        md("# T"),
        md(
            "## Exercise 1: A (Guided)\n\nIntro.\n\n**Claim:** so.\n\n- for one\n\nTherefore.\n\n"
            "**Before running, predict:** Is it equal?"
        ),
        code("a = 1"),
        code("print(a == 1)"),
    )
    (block,) = blocks_of(lesson, BlockRole.CLAIM)
    assert block.source == "**Claim:** so.\n\n- for one\n\nTherefore."
    assert block.opens_after == (lesson.cells[3].id,)


def test_a_claim_that_nothing_asks_about_is_prose() -> None:
    lesson = lesson_of(md("# T"), md("## Exercise 1: A (Guided)\n\n**Claim:** so."), code("a = 1"))
    assert blocks_of(lesson, BlockRole.CLAIM) == []


def test_code_above_the_first_heading_is_set_up() -> None:
    lesson = lesson_of(md("# T\n\nwords"), code("import math"), md("## Exercise 1: A (Guided)"), code("print(math.pi)"))
    assert [(section.kind, section.cells) for section in lesson.sections] == [
        (SectionKind.INTRO, (0,)),
        (SectionKind.SETUP, (1,)),
        (SectionKind.EXERCISE, (2, 3)),
    ]


def test_a_part_that_asks_is_an_exercise_and_one_that_does_not_is_a_part() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Background"),
        code("x = 1"),
        md("## Try it\n\n**Before running, predict:** What?"),
        code("print(1)"),
    )
    assert [(section.key, section.kind) for section in lesson.sections[1:]] == [
        ("part1", SectionKind.PART),
        ("part2", SectionKind.EXERCISE),
    ]


def test_a_lesson_in_another_language_is_shown_plainly() -> None:
    lesson = read_lesson(id="r", notebook=notebook(md("# R"), code("x <- 1  # 1"), language="R"))
    cell = code_at(lesson, 1)
    assert (lesson.language, cell.task, cell.needs, withheld(cell), lesson.unread) == ("r", None, frozenset(), "", ())


def test_a_notebook_without_cells_is_a_lesson_without_sections() -> None:
    lesson = read_lesson(id="empty", notebook=notebook())
    assert (lesson.title, lesson.sections, lesson.code_cells) == ("empty", (), ())


def test_a_module_line_may_stand_above_the_title() -> None:
    lesson = lesson_of(md("## Module 1.2, Lesson 3\n\n# Title"))
    assert (lesson.title, lesson.module) == ("Title", "Module 1.2, Lesson 3")


def test_a_heading_of_an_exercise_is_no_title() -> None:
    lesson = lesson_of(md("# Exercise 1: A (Guided)"), code("print(1)"))
    assert (lesson.title, [section.key for section in lesson.sections]) == ("small", ["ex1"])


def test_a_paragraph_that_looks_back_at_the_output_opens_after_the_run() -> None:
    lesson = lesson_of(
        md("## Exercise 1: A\n\nNotice that lists are mutable."),
        code("print(1)"),
        md("As you can see, it is 1.\n\n**Your turn:** change it."),
    )
    assert [block.source for block in blocks_of(lesson, BlockRole.DEBRIEF)] == ["As you can see, it is 1."]
    assert [block.source for block in blocks_of(lesson, BlockRole.PROSE)][-1] == "**Your turn:** change it."


def test_a_numbered_part_with_nothing_to_run_is_no_exercise() -> None:
    lesson = lesson_of(md("# T"), md("## Part 1: Read"), md("## Part 2: Do"), code("print(1)"))
    assert [section.kind for section in lesson.sections] == [
        SectionKind.INTRO,
        SectionKind.PART,
        SectionKind.EXERCISE,
    ]


def test_what_stands_inside_a_prompt_waits_for_the_cell_that_settles_it() -> None:
    lesson = lesson_of(
        md("## Exercise 1: A\n\n**Before running, predict:** Are they identical?"),
        code("a = 1  # the same as b should be\nprint(a)"),
        md("### What Just Happened\n\nThey are."),
        code("print(a == a)"),
        code("assert a"),
    )
    settles = lesson.cells[3].id
    assert [code_at(lesson, index).opens_after for index in (1, 3, 4)] == [(settles,), (), ()]
    assert [block.opens_after for block in blocks_of(lesson, BlockRole.DEBRIEF)] == [(lesson.cells[1].id, settles)]

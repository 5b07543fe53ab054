from __future__ import annotations

import pytest
from small_notebooks import blocks_of, code, lesson_of, md, task_at

from foretell.model.lesson import BlockRole
from foretell.parse.solutions import place_by_name, place_solution
from foretell.parse.tasks import read_task


def placed(source: str, *codes: str) -> str | None:
    cut = read_task(source)
    assert cut is not None
    return place_solution(cut, codes)


def details(code_text: str, summary: str = "Solution", after: str = "") -> dict[str, object]:
    return md(
        f"<details>\n<summary>{summary}</summary>\n\nThe idea.\n\n```python\n{code_text}\n```\n\nMore."
        f"\n\n</details>\n{after}"
    )


@pytest.mark.parametrize(
    ("source", "codes", "expected"),
    [
        ("x = None  # TODO\nprint(x)", ["x = 3"], "x = 3\n"),
        ("a = 1\nx = None  # TODO\n\nprint(x)", ["t = a + 1\nx = t * 2"], "a = 1\nt = a + 1\nx = t * 2\n"),
        ("x = None  # TODO\ny = x + 1\nz = None  # TODO\nz", ["x = 1\nz = y"], "x = 1\ny = x + 1\nz = y\n"),
        ("x = None  # TODO\nprint(x)", ["x = 3\nprint(x)"], "x = 3\n"),
        ("import m\ndef f():\n    pass\n\nf()", ["def f():\n    return 1"], "import m\ndef f():\n    return 1\n"),
        ("def f():\n    pass\n", ["import m\n\n\ndef f():\n    return m"], "import m\n\n\ndef f():\n    return m\n"),
        ("def f(x):\n    # TODO\n    pass\n", ["return x"], "def f(x):\n    # TODO\n    return x\n"),
        (
            "def f(x):\n    if x:\n        pass  # TODO\n    return 0\n",
            ["    y = x\n    return y"],
            "def f(x):\n    if x:\n        y = x\n        return y\n    return 0\n",
        ),
        ("v = [1]\n# TODO: mean\n\n\nprint(mean)", ["mean = sum(v)"], "v = [1]\n# TODO: mean\nmean = sum(v)\n"),
        ("# TODO: all of it", ["a = 1", "b = 2"], "a = 1\nb = 2"),
        ("x = ____ + 1\nx", ["x = 2 + 1"], "x = 2 + 1\n"),
        ("print(____)\n", ["print(2)"], "print(2)\n"),
        (
            "def f():\n    # TODO 1\n    pass\n\ndef g():\n    # TODO 2\n    pass\n",
            ["return 1", "return 2"],
            "def f():\n    # TODO 1\n    return 1\n\ndef g():\n    # TODO 2\n    return 2\n",
        ),
        ("# TODO\n# x = 1\nx = None\n", ["x = 2"], "# TODO\nx = 2\n"),
        ("x = # TODO\nprint(x)", ["x = 2"], "x = 2\n"),
    ],
)
def test_a_solution_takes_the_place_of_the_gap_and_the_rest_stays(source: str, codes: list[str], expected: str) -> None:
    assert placed(source, *codes) == expected


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("x = None  # TODO\nprint(x)", ["y = 3"]),
        ("x = None  # TODO\nprint(x)", ["not python"]),
        ("x = ____\n", ["x = ____ + 1"]),
        ("def f():\n    pass  # TODO\n\ndef g():\n    pass  # TODO\n", ["return 1"]),
    ],
)
def test_a_solution_that_has_no_place_is_not_forced(source: str, codes: list[str]) -> None:
    assert placed(source, *codes) is None


def test_of_a_block_for_several_tasks_each_takes_its_own_statements() -> None:
    cut = read_task("b = None  # TODO")
    assert cut is not None
    assert place_by_name(cut, ["a = 1\nb = a + 1"], {"a"}) == "b = a + 1"


def test_a_solution_gives_the_idea_and_comments_give_the_line() -> None:
    lesson = lesson_of(
        md("# T"), md("## Exercise 1: A (Supported)"), code("# TODO\n# x = 3\nx = None\nassert x"), details("x = 3")
    )
    task = task_at(lesson, 2)
    assert [(hint.name, hint.text) for hint in task.hints] == [
        ("The idea", "The idea."),
        ("The line", "```python\nx = 3\n```"),
    ]
    assert task.solution_text == "The idea.\n\n```python\nx = 3\n```\n\nMore."
    assert task.solution_cell == lesson.cells[3].id
    assert "x = 3" not in task.starter


def test_text_behind_a_solution_opens_after_the_task() -> None:
    lesson = lesson_of(
        md("# T"), md("## Exercise 1: A (Supported)"), code("x = None  # TODO"), details("x = 3", after="It was three.")
    )
    (block,) = blocks_of(lesson, BlockRole.DEBRIEF)
    assert (block.source, block.before, block.opens_after) == ("It was three.", "", (lesson.cells[2].id,))


def test_a_hint_is_the_first_rung() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Exercise 1: A (Independent)"),
        code("x = None  # TODO"),
        md("<details><summary>Hint</summary>\n\nCount.\n\n</details>"),
    )
    assert [(hint.name, hint.text) for hint in task_at(lesson, 2).hints] == [("Where to look", "Count.")]


def test_a_hint_that_holds_the_whole_answer_is_a_solution() -> None:
    lesson = lesson_of(
        md("# T"), md("## Exercise 1: A (Independent)"), code("x = None  # TODO"), details("x = 3", summary="Hint")
    )
    assert task_at(lesson, 2).solution == "x = 3"


def test_a_solution_of_nothing_is_withheld_until_the_cells_have_run() -> None:
    lesson = lesson_of(md("# T"), md("## Exercise 1: A (Guided)"), details("print(1)"), code("print(1)"))
    (block,) = blocks_of(lesson, BlockRole.DEBRIEF)
    assert (block.before, block.opens_after) == ("", (lesson.cells[3].id,))


def test_an_unplaced_solution_can_be_read_and_is_said() -> None:
    lesson = lesson_of(md("# T"), md("## Exercise 1: A (Supported)"), code("x = None  # TODO"), details("y = 3"))
    task = task_at(lesson, 2)
    assert (task.solution, task.solution_cell) == (None, lesson.cells[3].id)
    assert "y = 3" in task.solution_text
    assert [(one.cell, "cell 3" in one.why) for one in lesson.unread] == [(2, True)]


def test_a_solution_that_fills_nothing_is_said() -> None:
    lesson = lesson_of(md("# T"), md("## Exercise 1: A (Guided)"), code("print(1)"), details("print(1)"))
    assert [(one.cell, "nothing to fill" in one.why) for one in lesson.unread] == [(3, True)]


def test_hints_above_a_task_are_one_rung() -> None:
    hint = md("<details><summary>Hint</summary>\n\nCount.\n\n</details>")
    lesson = lesson_of(md("# T"), md("## Exercise 1: A (Independent)"), hint, hint, code("x = None  # TODO"))
    assert [(hint.name, hint.text) for hint in task_at(lesson, 4).hints] == [("Where to look", "Count.\n\nCount.")]
    assert blocks_of(lesson, BlockRole.DEBRIEF) == []

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import code, lesson_of, md, task_at

from foretell.parse.tasks import read_task, strip_answers, strip_commented_code

LINES = st.lists(
    st.sampled_from(
        [
            "x = None  # TODO",
            "# TODO: more",
            "# y = 1",
            "def f():",
            "    pass",
            "    # TODO",
            "    return 1  # Replace this line",
            "",
            "print(1)",
            "# words only",
            "z = ____",
            "assert 1",
            "class A:",
            "    '''doc",
            "    '''",
            "x = # TODO",
            "...",
            "if 1:",
        ]
    ),
    max_size=12,
).map("\n".join)


@pytest.mark.parametrize(
    ("source", "starter", "test"),
    [
        ("x = None  # TODO\nassert x", "x = None  # TODO\n", "assert x"),
        ("a = 1\nx = None  # TODO\n\n\n# Test\nassert x", "a = 1\nx = None  # TODO\n", "\n\n# Test\nassert x"),
        ("# TODO: fill\nx = 0.0\nprint(x)", "# TODO: fill\nx = 0.0\n", "print(x)"),
        ("x = None  # TODO\ny = 2\nz = []  # TODO\nprint(z)", "x = None  # TODO\ny = 2\nz = []  # TODO\n", "print(z)"),
        ("# TODO: load\n", "# TODO: load\n", ""),
        ("# TODO: mean\n\nprint(mean)", "# TODO: mean\n", "\nprint(mean)"),
        ("def f(x):\n    pass\n\nprint(f(1))", "def f(x):\n    pass\n", "\nprint(f(1))"),
        ("with g():\n    # TODO\n    pass\nprint(1)", "with g():\n    # TODO\n    pass\n", "print(1)"),
        ("x = f(____, 2)\nprint(x)", "x = f(____, 2)\n", "print(x)"),
        ("x = Sequential()  # Replace this line\nx", "x = Sequential()  # Replace this line\n", "x"),
        (
            "class A:\n    def f(self):\n        # TODO\n        pass\n    def g(self):\n        return 1\nA()",
            None,
            "A()",
        ),
    ],
)
def test_a_cell_is_cut_below_its_last_gap(source: str, starter: str | None, test: str) -> None:
    cut = read_task(source)
    assert cut is not None
    assert cut.test == test
    assert cut.starter == (starter if starter is not None else source.removesuffix(test))


@pytest.mark.parametrize(
    "source",
    [
        "x = None\nprint(x)",
        "# TODO: times two\ny = 2 * x",
        "print('TODO')",
        "# Optional clean-up\n# del x",
        "class Problem(Exception):\n    pass",
        "try:\n    f()\nexcept ValueError:\n    pass",
        "%%bash\n# TODO",
        "from abc import abstractmethod\nclass A:\n    @abstractmethod\n    def f(self):\n        pass",
        "",
    ],
)
def test_a_finished_cell_is_no_task(source: str) -> None:
    assert read_task(source) is None


def test_code_left_in_comments_leaves_the_starter_and_words_stay() -> None:
    source = "def f(x):\n    # TODO: double it\n    # y = 2 * x\n    # return y\n    pass\n# Note: words stay\n# f(3)\n"
    starter, commented = strip_commented_code(source)
    assert starter == "def f(x):\n    # TODO: double it\n    pass\n# Note: words stay\n"
    assert commented == ("y = 2 * x\nreturn y", "f(3)")


@pytest.mark.parametrize(
    "comment", ["# Hint: words", "# total", "# a, b", "# global mean", "# Define the layers", "# 42", "# x == 1"]
)
def test_words_that_happen_to_parse_are_not_code(comment: str) -> None:
    assert strip_commented_code(comment) == (comment, ())


def test_a_comment_that_is_code_over_several_lines_goes_whole() -> None:
    assert strip_commented_code("# m = f(\n#     1,\n# )\n\nm = f()") == ("\nm = f()", ("m = f(\n    1,\n)",))


def test_what_looks_like_a_comment_in_a_string_stays() -> None:
    source = "s = '''\n# y = 1\n'''"
    assert strip_commented_code(source) == (source, ())


def test_a_starter_that_is_predicted_loses_comments_that_answer() -> None:
    assert strip_answers("# TODO: (5, 1)\nx = f()  # (5, 1)\n# it should be 3\ny = None  # TODO 2\n") == (
        "# TODO: (5, 1)\nx = f()\ny = None  # TODO 2\n"
    )


def test_tasks_are_named_after_what_is_filled_and_names_are_unique() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Exercise 1: A (Independent)"),
        code("x = None  # TODO"),
        code("x = ____"),
        code("# TODO: write"),
    )
    assert [task_at(lesson, index).name for index in (2, 3, 4)] == ["x", "x-2", "task-3"]


def test_later_cells_that_assert_and_ask_nothing_test_the_task() -> None:
    lesson = lesson_of(
        md("# T"),
        md("## Exercise 1: A (Independent)"),
        code("x = None  # TODO"),
        code("print(x)"),
        code("assert x"),
        code("# PREDICT: what comes?\nassert x"),
        code("y = None  # TODO"),
        code("assert y"),
        md("## Exercise 2: B (Guided)"),
        code("assert y"),
    )
    assert task_at(lesson, 2).test_cells == (lesson.cells[4].id,)
    assert task_at(lesson, 6).test_cells == (lesson.cells[7].id,)


@given(LINES)
def test_starter_and_test_behave_like_the_source(source: str) -> None:
    cut = read_task(source)
    if cut is None:
        return
    assert cut.given + cut.test == source
    try:
        expected = ast.dump(ast.parse(source))
    except SyntaxError:
        return
    assert ast.dump(ast.parse(cut.starter + cut.test)) == expected

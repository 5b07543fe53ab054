from __future__ import annotations

import ast
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.parse.withhold import read_pieces

LINES = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "x = f(3)  # 3",
            "assert x == 1",
            "print(x)",
            "print('it is as it was before')",
            "# should be 3",
            "# next",
            "",
            "if x:",
            "    assert x",
            "    y = 2",
            "else:",
            "    print('a b c d e')",
            "'''",
            "for i in x:",
            "    pass  # (1, 2)",
            "x = [",
            "]",
            "\\",
            "é = '🙂'  # 'é'",
        ]
    ),
    max_size=14,
).map("\n".join)


def hidden(source: str) -> list[str]:
    return [
        line.strip()
        for piece in read_pieces(source)
        if piece.withheld
        for line in piece.text.split("\n")
        if line.strip()
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = f()\nassert x == 3, 'no'", ["assert x == 3, 'no'"]),
        ("# Check\n# twice\nassert x", ["# Check", "# twice", "assert x"]),
        ("# Check\n\nassert x", ["# Check", "assert x"]),
        ("print(x)\nassert x\nprint(y)", ["assert x", "print(y)"]),
        ("assert x\nfor i in x:\n    print(i)", ["assert x"]),
        ("print(f'Expected {y}, got {x}')", ["print(f'Expected {y}, got {x}')"]),
        ("print('Confirmed: 3')", ["print('Confirmed: 3')"]),
        ("print(expected_total, total)", ["print(expected_total, total)"]),
        ("expected = 4 * 3", ["expected = 4 * 3"]),
        ("print('Both give the same result.')", ["print('Both give the same result.')"]),
        ("print('✓ Both give the same result!!')", ["print('✓ Both give the same result!!')"]),
        ("print('(the two are the same)')", ["print('(the two are the same)')"]),
        (
            "if x > 0.1:\n    print('This cannot be done at all.')",
            ["if x > 0.1:", "print('This cannot be done at all.')"],
        ),
        ("if ok:\n    assert x\nelse:\n    y = 2", ["if ok:", "assert x", "else:", "y = 2"]),
        ("with f():\n    x = 1\n    assert x", ["assert x"]),
        ("y = f(x)  # (5, 10)", ["# (5, 10)"]),
        ("y = f(x)  # 3.5", ["# 3.5"]),
        ("y = f(x)  # gives True", ["# gives True"]),
        ("y = f(x)  # 'abc'", ["# 'abc'"]),
        ("y = f(x)  # should be square", ["# should be square"]),
        ("y = g(\n    x,  # 2 rows\n)", ["# 2 rows"]),
        ("# the shape is (5, 10)\ny = f(x)", ["# the shape is (5, 10)"]),
        ("# the answer = 55\ny = f(x)", ["# the answer = 55"]),
        ("# it returns True\ny = f(x)", ["# it returns True"]),
        ("# First this.\n# It must be square.\ny = f(x)", ["# First this.", "# It must be square."]),
        ("# This does NOT work\ny = f(x)", ["# This does NOT work"]),
        ("x =\nassert x == 3\nprint(x)", ["assert x == 3", "print(x)"]),
    ],
)
def test_what_answers_is_withheld(source: str, expected: list[str]) -> None:
    assert hidden(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "print(f'Shape: {x.shape}')",
        "print('=== All of the layers ===')",
        "print('The sizes of all layers:')",
        "print('Loading all of the data...')",
        "print('-' * 40)",
        "print('Done.')",
        "# Create a layer: 10 inputs, 5 outputs\nlayer = f(10, 5)",
        "# Same input\nx = f()",
        "# call nn.Linear(10, 5)\nx = f()",
        "print(x)  # Predict this first!",
        "# PREDICT: should it be (5, 10)?\nprint(x)",
        "x = y  # add bias column",
        "x = y  # fc1 and W2",
        "x = y  # noqa: E501",
        "s = '# 3'",
        "def f(x):\n    '''It should be (3, 4) as was said before.'''\n    return x",
    ],
)
def test_what_says_only_what_comes_next_stays(source: str) -> None:
    assert hidden(source) == []


def test_of_a_line_whose_comment_answers_the_code_stays_with_its_line_end() -> None:
    pieces = read_pieces("y = f(x)  # (5, 10)\nz = 1\n")
    assert [(piece.text, piece.withheld) for piece in pieces] == [
        ("y = f(x)", False),
        ("  # (5, 10)", True),
        ("\nz = 1\n", False),
    ]


def test_blank_lines_between_withheld_lines_are_withheld_with_them() -> None:
    pieces = read_pieces("x = 1\n\nassert x\n\nassert y\n\nz = 2")
    assert [(piece.text, piece.withheld) for piece in pieces] == [
        ("x = 1\n\n", False),
        ("assert x\n\nassert y\n", True),
        ("\nz = 2", False),
    ]


@given(LINES)
def test_the_pieces_are_the_source(source: str) -> None:
    pieces = read_pieces(source)
    assert "".join(piece.text for piece in pieces) == source
    assert all(first.withheld != second.withheld for first, second in pairwise(pieces))


@given(LINES)
def test_no_assert_that_parses_is_shown(source: str) -> None:
    try:
        compile(source, "cell", "exec")
    except (SyntaxError, ValueError):
        return
    asserts = [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]
    line = 1
    for piece in read_pieces(source):
        end = line + piece.text.count("\n")
        assert piece.withheld or not any(line <= number < end + (not piece.text.endswith("\n")) for number in asserts)
        line = end


def cut(source: str) -> list[tuple[str, bool]]:
    return [(piece.text, piece.withheld) for piece in read_pieces(source)]


@pytest.mark.parametrize(
    "comment",
    ["# torch.int64", "# promoted to float32", "# KeyError", "# None", "# nan", "# torch.bool"],
)
def test_a_comment_behind_code_that_names_a_type_or_an_error_waits_for_the_run(comment: str) -> None:
    assert cut(f"print(x)  {comment}") == [("print(x)", False), (f"  {comment}", True)]


@pytest.mark.parametrize("comment", ["# Output:\n# tensor(100)", "# ✅ True! It uses a tolerance", "# Result: [1 2]"])
def test_a_comment_that_copies_the_output_waits_for_the_run(comment: str) -> None:
    assert cut(f"print(x)\n{comment}") == [("print(x)\n", False), (comment, True)]


def test_handlers_that_name_the_error_wait_only_where_the_prompt_asks_for_it() -> None:
    source = "try:\n    d['z']\nexcept KeyError as e:\n    print(e)\nexcept Exception:\n    print(1)"
    assert all(not piece.withheld for piece in read_pieces(source))
    hidden = [piece.text for piece in read_pieces(source, asks_for_error=True) if piece.withheld]
    assert hidden == ["except KeyError as e:\n    print(e)\n"]

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.parse.python import is_expression, read_comments, read_python

PIECES = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "%time f()",
            "!ls",
            "if x:",
            "    pass",
            "# c",
            "x = # TODO",
            "'''",
            '"',
            "(",
            ")",
            "f?",
            "\t",
            "\x00",
            "\\",
            "é",
            "return",
            "🙂",
        ]
    ),
    max_size=10,
).map("\n".join)


@pytest.mark.parametrize(
    "source",
    ["%matplotlib inline\nx = 1", "!pip install a\nx = 1", "files = !ls\nx = 1", "x = 1\nprint?", "%%time\nx = 1"],
)
def test_magics_do_not_hide_the_python_around_them(source: str) -> None:
    tree = read_python(source)
    assert tree is not None
    assert any(
        isinstance(node, ast.Assign) and node.lineno == source.split("\n").index("x = 1") + 1 for node in tree.body
    )


def test_a_percent_sign_that_goes_on_from_a_line_is_no_magic() -> None:
    tree = read_python("x = (7\n% 4)")
    assert tree is not None
    assert isinstance(tree.body[0], ast.Assign)


@pytest.mark.parametrize(
    "source", ["x = # TODO\ny = 2", "with f() as g:\n    # TODO\ny = 2", "def f():\n    # TODO\n\ny = 2"]
)
def test_a_gap_that_does_not_parse_leaves_the_rest_readable(source: str) -> None:
    tree = read_python(source)
    assert tree is not None
    assert tree.body[-1].lineno == source.split("\n").index("y = 2") + 1


@pytest.mark.parametrize("source", ["%%bash\nls", "this is no python", "x = (", "(" * 5000, "-" * 5000 + "1", "a\x00b"])
def test_what_cannot_be_read_is_none(source: str) -> None:
    assert read_python(source) is None


def test_comments_in_strings_are_no_comments() -> None:
    (comment,) = read_comments('s = "# no"  # yes\nt = """\n# no\n"""')
    assert (comment.line, comment.text, comment.alone) == (1, "# yes", False)


def test_comments_are_found_where_nothing_tokenizes() -> None:
    found = read_comments('x = (\n# alone\ny = "#no"  # behind')
    assert [(comment.line, comment.text, comment.alone) for comment in found] == [
        (2, "# alone", True),
        (3, "# behind", False),
    ]


def test_an_expression_is_one_expression() -> None:
    assert is_expression(" x.shape[0] ")
    assert not any(is_expression(text) for text in ("x = 1", "a; b", "x) + (y", "", "await", "\x00"))


@given(PIECES)
def test_no_text_makes_the_reader_raise(source: str) -> None:
    read_python(source)
    lines = source.split("\n")
    for comment in read_comments(source):
        assert lines[comment.line - 1][comment.column :].startswith("#")

"""Text of others on a terminal or in a log: it is printed, and nothing in it is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.model.printable import printable, printable_line

DIRECTIONS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_clean(text: str) -> bool:
    return all(letter in "\n\t" or (letter.isprintable() and letter not in DIRECTIONS) for letter in text)


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert is_clean(printable(text))
    assert len(printable_line(text).splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M"])))
def test_what_can_be_read_stays_as_it_is(text):
    assert printable(text) == printable_line(text) == text


@given(st.text())
def test_what_is_printable_once_stays_so(text):
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;cm0gLXJmIC8K\x07", "\\x1b]52;c;cm0gLXJmIC8K\\x07"),
        ("\x1b[2J\x1b[H passed", "\\x1b[2J\\x1b[H passed"),
        ("\x1b]8;;http://evil.test\x07click\x1b]8;;\x07", "\\x1b]8;;http://evil.test\\x07click\\x1b]8;;\\x07"),
        ("\x1bP$q\x1b\\", "\\x1bP$q\\x1b\\"),
        ("line\r\nSet-Cookie: a=b", "line\\r\\nSet-Cookie: a=b"),
        ("ok\nINFO verdict=pass learner=eve", "ok\\nINFO verdict=pass learner=eve"),
        ("\u202ereversed", "\\u202ereversed"),
        ("\x9b31m", "\\x9b31m"),
        ("\x00\udce9", "\\x00\\udce9"),
        ("one\u2028two\x85three", "one\\u2028two\\x85three"),
        ("wide\u00a0space co\u00adop\u200d", "wide space coop"),
        ("naïve ∑ 日本", "naïve ∑ 日本"),
    ],
)
def test_what_would_be_obeyed_is_shown_on_one_line(text, shown):
    assert printable_line(text) == shown


def test_lines_and_tabs_stay_where_there_may_be_several():
    assert printable("a\n\tb\r") == "a\n\tb\\r"

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.model.lesson import AnswerKind
from foretell.parse.questions import guess_kind, split_questions


def asks(text: str) -> list[str]:
    return [one.ask for one in split_questions(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What shape is it?", ["What shape is it?"]),
        ("What shape is it? How many parameters?", ["What shape is it?", "How many parameters?"]),
        ("What shape is it, and how many parameters has it?", ["What shape is it?", "How many parameters has it?"]),
        ("Will it run and give the same?", ["Will it run and give the same?"]),
        ("What are the mean and the spread?", ["What are the mean and the spread?"]),
        ("We train for 3 epochs. What is the loss?", ["We train for 3 epochs. What is the loss?"]),
        ("What is it? Write it down.", ["What is it? Write it down."]),
        ("What does `f(x)? g(y)` print?", ["What does `f(x)? g(y)` print?"]),
        ("the shape of `x.T`", ["the shape of `x.T`"]),
        ("If we drop it (the last), will it shrink?", ["If we drop it (the last), will it shrink?"]),
        ("Is it even?\nIs it odd?", ["Is it even?", "Is it odd?"]),
    ],
)
def test_a_text_is_split_into_what_it_asks(text: str, expected: list[str]) -> None:
    assert asks(text) == expected


@pytest.mark.parametrize(
    ("text", "ask", "aside"),
    [
        ("What is `f(3)`? (Hint: squares)", "What is `f(3)`?", "Hint: squares"),
        ("What is `f(3)` (it is a square)?", "What is `f(3)`?", "it is a square"),
        ("Will it be 3 (it should)?", "Will it be 3?", "it should"),
        ("What shape? *(remember (out, in))*", "What shape?", "remember (out, in)"),
        ("What comes? Hint: look above.", "What comes?", "Hint: look above."),
        ("Which is faster (a list or a set)?", "Which is faster (a list or a set)?", ""),
        ("Does it hold (yes/no)?", "Does it hold (yes/no)?", ""),
        ("What is f(3)?", "What is f(3)?", ""),
    ],
)
def test_a_bracket_that_hints_becomes_the_aside(text: str, ask: str, aside: str) -> None:
    (one,) = split_questions(text)
    assert (one.ask, one.aside) == (ask, aside)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        ("What shape will the bias be?", AnswerKind.SHAPE),
        ("How many total parameters is that?", AnswerKind.NUMBER),
        ("Will `torch.allclose()` return True or False?", AnswerKind.YES_NO),
        ("If we collapse it, will the outputs be identical?", AnswerKind.YES_NO),
        ("What dtype does `x` have?", AnswerKind.DTYPE),
        ("Which error will be raised?", AnswerKind.ERROR),
        ("What exception does this raise?", AnswerKind.ERROR),
        ("What will be printed?", AnswerKind.PRINTED),
        ("Why does it fail?", AnswerKind.OPEN),
        ("How does the loss change?", AnswerKind.OPEN),
        ("Will the loss be higher or lower?", AnswerKind.OPEN),
        ("Predict the shapes before running!", AnswerKind.OPEN),
        ("What happens?", AnswerKind.OPEN),
    ],
)
def test_the_wording_suggests_the_kind(ask: str, kind: AnswerKind) -> None:
    assert guess_kind(ask) is kind


@given(st.text(alphabet="ab ?.!()`*\n:,andwht", max_size=80))
def test_a_text_with_words_asks_at_least_one_thing(text: str) -> None:
    found = split_questions(text)
    assert bool(found) == bool(text.strip())
    assert all(one.ask.strip() for one in found)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        ("what is `c.shape`?", AnswerKind.SHAPE),
        ("What will `x.size()` be?", AnswerKind.SHAPE),
        ("What is `x.dtype`?", AnswerKind.DTYPE),
        ("What is `x.shape[0]`?", AnswerKind.OPEN),
        ("Does `x * 1.5` keep the dtype?", AnswerKind.YES_NO),
    ],
)
def test_an_attribute_asked_for_by_name_tells_the_kind(ask: str, kind: AnswerKind) -> None:
    assert guess_kind(ask) is kind


def test_signs_around_a_question_are_no_part_of_it() -> None:
    assert [one.ask for one in split_questions("[ ] What is printed — and is it stable?")] == [
        "What is printed?",
        "Is it stable?",
    ]

"""The catalogue of misconceptions, and everything in a lesson that names one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import code, code_at, notebook, task_at

from foretell.errors import LessonError, OverlayError
from foretell.model.belief import Belief, Misconception, WrongExample
from foretell.model.lesson import Lesson
from foretell.parse.catalogue import BeliefFiles, read_catalogue
from foretell.parse.lesson import read_lesson

SWAPPED = '[swapped]\nname = "Weights are (in, out)"\nrefutation = "They are not. {evidence}"\n'
ASKS = '[[question]]\nbefore = 0\nask = "Shape?"\nkind = "shape"\ntarget = "x"\n'
BELIEF = '[[question.misconception]]\nid = "swapped"\nleads_to = "x[::-1]"\n'
CELLS = (code("x = (1, 2)"), code("total = None  # TODO\n"))


def catalogue(body: str) -> str:
    return f"schema = 1\n\n{body}"


def lesson_with(
    *, asks: str = "", says: str | None = catalogue(SWAPPED), wrong: dict[str, dict[str, str]] | None = None
) -> Lesson:
    return read_lesson(
        id="small", notebook=notebook(*CELLS), overlay=f"schema = 1\n\n{asks}",
        beliefs=BeliefFiles(catalogue=says, wrong=wrong or {}),
    )  # fmt: skip


def test_a_misconception_is_read_with_all_it_may_say_and_they_are_sorted() -> None:
    body = SWAPPED + '\n[a-1]\nname = "A\\n b"\nrefutation = """\nIt is\n  not."""\nsays = "So it is."\n'
    body += 'signs = [["p", "q"], ["r"]]\n'
    assert read_catalogue(catalogue(body)) == (
        Misconception(id="a-1", name="A b", refutation="It is not.", says="So it is.", signs=(("p", "q"), ("r",))),
        Misconception(id="swapped", name="Weights are (in, out)", refutation="They are not. {evidence}"),
    )


def test_sixty_words_are_enough_and_the_evidence_is_not_counted() -> None:
    sixty = " ".join(["word"] * 60)
    (one,) = read_catalogue(catalogue(f'[a]\nname = "A"\nrefutation = "{sixty}{{evidence}}"\n'))
    assert one.refutation == sixty + "{evidence}"
    with pytest.raises(OverlayError, match=r"misconceptions\.toml, line 5: `refutation` has 61 words"):
        read_catalogue(catalogue(f'[a]\nname = "A"\nrefutation = "{sixty} more"\n'))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: no `schema`"),
        ("schema = 2", "line 1: unknown `schema` 2"),
        ("schema = ", "line 1: it is not TOML"),
        (catalogue("a = 3\n"), "line 3: 'a' is no table"),
        (catalogue('[A_b]\nname = "A"\n'), "line 3: 'A_b' is no table"),
        (catalogue('[a--b]\nname = "A"\n'), "line 3: 'a--b' is no table"),
        (catalogue(f'[{"a" * 81}]\nname = "A"\n'), "line 3: 'a+' is no table"),
        (catalogue('[[a]]\nname = "A"\n'), "line 3: 'a' is no table"),
        (catalogue('[a]\nname = "A"\n'), "line 3: no `refutation` in \\[a\\]"),
        (catalogue('[a]\nrefutation = "A"\n'), "line 3: no `name`"),
        (catalogue(SWAPPED + '\n[a]\nname = 3\nrefutation = "A"\n'), "line 8: `name` is not a text"),
        (catalogue(SWAPPED + 'remedy = "A"\n'), "line 6: unknown key `remedy` in \\[swapped\\]"),
        (catalogue(SWAPPED + 'signs = ["a"]\n'), "line 6: `signs` is not a list of lists"),
        (catalogue(SWAPPED + "signs = [[]]\n"), "line 6: `signs` is not a list of lists"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line_in_the_catalogue(text: str, says: str) -> None:
    with pytest.raises(OverlayError, match=rf"misconceptions\.toml, {says}"):
        read_catalogue(text)


@given(st.text(max_size=200))
def test_no_text_makes_the_catalogue_reader_raise_anything_else(text: str) -> None:
    refused = ""
    try:
        read_catalogue(text)
    except OverlayError as error:
        refused = str(error)
    assert "misconceptions.toml" in refused or "schema" in text


def test_a_lesson_has_its_catalogue_and_its_questions_their_beliefs() -> None:
    lesson = lesson_with(asks=ASKS + BELIEF)
    assert lesson.misconception("swapped") is not None
    prompt = code_at(lesson, 0).prompt
    assert prompt is not None
    assert prompt.questions[0].beliefs == (Belief(misconception="swapped", leads_to="x[::-1]"),)


@pytest.mark.parametrize("says", [None, "schema = 1"])
def test_a_belief_that_the_catalogue_does_not_have_is_refused_with_its_line(says: str | None) -> None:
    with pytest.raises(OverlayError, match=r"lesson\.toml, line 8: unknown misconception `swapped`"):
        lesson_with(asks=ASKS + BELIEF, says=says)


def test_wrong_examples_reach_their_task_in_order() -> None:
    wrong = {"total": {"swapped--b": "total = 2\n", "swapped": "total = = 1\n", "swapped--a--x": "total = 3\n"}}
    assert task_at(lesson_with(wrong=wrong), 1).probing.examples == (
        WrongExample(misconception="swapped", variant="", source="total = = 1\n"),
        WrongExample(misconception="swapped", variant="a--x", source="total = 3\n"),
        WrongExample(misconception="swapped", variant="b", source="total = 2\n"),
    )


def test_a_wrong_example_belongs_to_a_task_and_to_a_misconception() -> None:
    with pytest.raises(LessonError, match=r"wrong/sum belongs to no task.*total"):
        lesson_with(wrong={"sum": {}})
    with pytest.raises(LessonError, match=r"wrong/total/other--a\.py, line 1: unknown misconception `other`"):
        lesson_with(wrong={"total": {"other--a": "total = 3\n"}})


def test_the_revision_covers_the_catalogue_and_every_wrong_example() -> None:
    lessons = [
        lesson_with(says=None),
        lesson_with(),
        lesson_with(says=catalogue(SWAPPED) + "\n"),
        lesson_with(wrong={"total": {"swapped": "total = 1\n"}}),
        lesson_with(wrong={"total": {"swapped": "total = 2\n"}}),
        lesson_with(wrong={"total": {"swapped--a": "total = 2\n"}}),
    ]
    assert len({lesson.revision for lesson in lessons}) == len(lessons)
    without = read_lesson(id="small", notebook=notebook(*CELLS), overlay="schema = 1\n\n")
    assert lesson_with(says=None).revision == without.revision

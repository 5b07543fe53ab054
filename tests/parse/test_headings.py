from __future__ import annotations

import pytest

from foretell.model.lesson import Support
from foretell.parse.headings import Place, asserts_result, is_stretch, read_goal_level, read_heading, read_level


@pytest.mark.parametrize(
    ("words", "number", "title", "support", "stretch"),
    [
        ("Exercise 1: Sort (Guided)", 1, "Sort", Support.GUIDED, False),
        ("Exercise 2: Sort `[Supported]`", 2, "Sort", Support.SUPPORTED, False),
        ("Exercise 3: Sort [INDEPENDENT]", 3, "Sort", Support.INDEPENDENT, False),
        ("Exercise 4 (Stretch): Sort (Independent)", 4, "Sort", Support.INDEPENDENT, True),
        ("Exercise 5 — Sort", 5, "Sort", None, False),
        ("🎯 Exercise 6. Sort", 6, "Sort", None, False),
        ("**Exercise 7: Sort**", 7, "Sort", None, False),
        ("Exercise 8: Sort (YOUR CHOICE)", 8, "Sort", None, False),
        ("Exercise 9: Sort (Provided)", 9, "Sort", None, False),
        ("Exercise 10: Sort a list (of words)", 10, "Sort a list (of words)", None, False),
        ("Exercise 11: Call f(x) (Guided, Stretch)", 11, "Call f(x)", Support.GUIDED, True),
        ("Stretch: Sort", None, "Sort", None, True),
    ],
)
def test_an_exercise_heading_gives_number_title_and_level(
    words: str, number: int | None, title: str, support: Support | None, stretch: bool
) -> None:
    reading = read_heading(words)
    assert (reading.place, reading.number, reading.title) == (Place.EXERCISE, number, title)
    assert (reading.support, reading.stretch) == (support, stretch)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("0. Setup", Place.SETUP),
        ("Imports", Place.SETUP),
        ("Key Takeaways", Place.TAKEAWAYS),
        ("What you've learned", Place.TAKEAWAYS),
        ("What Just Happened", Place.DEBRIEF),
        ("Why this works", Place.DEBRIEF),
        ("What you'll do", Place.GOALS),
        ("Learning Objectives", Place.GOALS),
        ("2. Sorting (Guided)", Place.NUMBERED),
        ("Part 3: Sorting", Place.NUMBERED),
        ("Experiment 2: Sorting", Place.NUMBERED),
        ("Background", Place.OTHER),
        ("Exercises for later", Place.OTHER),
    ],
)
def test_a_heading_says_what_it_begins(words: str, place: Place) -> None:
    assert read_heading(words).place is place


def test_a_level_may_stand_on_its_own_line() -> None:
    assert read_level("**Type: GUIDED** — watch first\nmore") is Support.GUIDED
    assert read_level("*Independent*") is Support.INDEPENDENT
    assert read_level("Guided tours are nice") is None


def test_a_goal_may_name_the_level_and_the_stretch() -> None:
    assert read_goal_level("Sort a list — Supported") is Support.SUPPORTED
    assert read_goal_level("Sort a guided list") is None
    assert is_stretch("(Stretch) Sort")
    assert not is_stretch("Extend a list")


@pytest.mark.parametrize(
    "text",
    [
        "Verify that it is so",
        "Prove it",
        "Show why it fails",
        "Show that it holds",
        "Why it collapses",
        "Verify nn.Linear IS w*x + b",
        "Confirm the sum",
        "(Stretch) Prove it",
    ],
)
def test_a_title_that_tells_a_result_is_seen(text: str) -> None:
    assert asserts_result(text)


@pytest.mark.parametrize(
    "text", ["Create and inspect layers", "Linear Collapse Experiment", "Show a picture", "Use `IS NOT NULL`"]
)
def test_a_title_that_tells_nothing_is_let_be(text: str) -> None:
    assert not asserts_result(text)

"""What a learner missed comes back: the page of reviews, the report, the home page, the catalogue."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest

from foretell.model.attempt import CheckVerdict, Diagnosis, Opened
from foretell.model.run import Failure, Observation, Run
from idle_session import HOME
from times_lesson import write_times

DAY = timedelta(days=1)


@pytest.fixture
def lesson(door, tmp_path: Path) -> str:
    return door.desk.shelf.open(str(write_times(tmp_path / "times"))).id


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S)).split())


def main_of(door, path: str) -> str:
    return words(re.search(r"<main.*</main>", door.get(path).text, re.S)[0])


def ends(door, cell: str, **values: Observation) -> None:
    """Let runs of a cell end with these values of its questions."""
    seen = {(name.replace("_", "~"), 0): value for name, value in values.items()}
    run = Run(cell=cell, outputs=(), failure=None, observations=seen, asserts=(), seconds=0.01)
    door.session.ends[cell] = run


def number(value: int) -> Observation:
    return Observation(type="number", text=str(value), value=value)


def truth(value: bool) -> Observation:
    return Observation(type="bool", text=str(value), value=value)


def says(door, lesson: str, cell: str, sure: int = 60, **answers: str) -> None:
    fields = {f"answer:{name.replace('_', '~').replace('q', '-q', 1)}:0": text for name, text in answers.items()}
    fields |= {f"confidence:{name.replace('_', '~').replace('q', '-q', 1)}": str(sure) for name in answers}
    door.press(lesson, cell, **fields)


def miss_c(door, lesson: str, sure: int = 60) -> None:
    """Say 14 where it is 420 (no number that may be drawn), as somebody who adds."""
    ends(door, "c", **{"c-q1": number(420), "c-q1/belief-0": number(14)})
    says(door, lesson, "c", sure, cq1="14")


def miss_d(door, lesson: str, sure: int = 60) -> None:
    """Take an odd number for an even one, and be right about its size."""
    ends(door, "d", **{"d-q1": truth(False), "d-q2": truth(False), "d-q1/belief-0": truth(True)})
    says(door, lesson, "d", sure, dq1="yes", dq2="no")


def again(door, lesson: str, cell: str, after: str = "1", **fields: str):
    return door.post(f"/l/{lesson}/cells/{cell}/again", after=after, **fields)


def test_nothing_is_asked_again_on_the_day_of_a_miss(door, lesson):
    miss_c(door, lesson)
    assert "Nothing is to be asked again today" in main_of(door, "/review")
    assert "to ask again" not in main_of(door, "/")


def test_a_day_later_the_home_page_counts_what_is_due_and_the_page_lists_it_without_its_answer(door, lesson):
    miss_c(door, lesson)
    miss_d(door, lesson, sure=80)
    door.clock.ahead = DAY
    assert "2 to ask again" in main_of(door, "/")
    page = main_of(door, "/review")
    assert page.index("Is it even?") < page.index("times 3?")
    assert "at 80 %" in page
    assert "Is it large?" not in page
    assert "420" not in page


def test_the_button_asks_what_is_due_only_and_leads_to_the_cell(door, lesson):
    miss_d(door, lesson)
    door.clock.ahead = DAY
    form = re.search(r'<form class="acts".*?</form>', door.get("/review").text, re.S)[0]
    address, after = re.search(r'action="([^"]+)"', form)[1], re.search(r'name="after" value="(\d+)"', form)[1]
    fields = {"key": uuid4().hex, "token": door.token, "after": after, "due": "1"}
    answer = door.client.post(address, data=fields, headers={"Origin": HOME}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/l/{lesson}#cell-d")
    page = door.get(f"/l/{lesson}").text
    assert 'name="answer:d-q1~2:0"' in page
    assert "d-q2~2" not in page
    assert "Go on" in main_of(door, "/review")


def test_the_cell_that_is_asked_again_shows_nothing_of_what_it_showed_before(door, lesson):
    miss_d(door, lesson)
    assert "assert not even" in main_of(door, f"/l/{lesson}")
    door.clock.ahead = DAY
    again(door, lesson, "d", due="1")
    page = main_of(door, f"/l/{lesson}")
    assert "assert not even" not in page
    assert "Odd is even" not in page
    assert "Odd is even" not in main_of(door, f"/l/{lesson}/beliefs")


def test_the_report_puts_aside_what_is_being_asked_again(door, lesson):
    miss_d(door, lesson)
    assert "Is it even?" in main_of(door, f"/l/{lesson}/report")
    door.clock.ahead = DAY
    again(door, lesson, "d", due="1")
    page = main_of(door, f"/l/{lesson}/report")
    assert "One prediction is put aside while the question is asked again." in page
    assert "Is it even?" not in page
    assert "it was no" not in page


def test_what_was_asked_again_stands_beside_the_rest_once_it_has_run(door, lesson):
    miss_d(door, lesson)
    door.clock.ahead = DAY
    again(door, lesson, "d", due="1")
    ends(door, "d", **{"d-q1_2": truth(False), "d-q2": truth(False)})
    says(door, lesson, "d", dq1_2="no")
    assert "Nothing is to be asked again today" in main_of(door, "/review")
    cell = re.search(r'<article[^>]* data-cell="d".*?</article>', door.get(f"/l/{lesson}").text, re.S)[0]
    assert re.findall(r'<li class="row[^>]*data-question="([^"]+)"', cell) == ["d-q1~2", "d-q2"]
    door.clock.ahead = 7 * DAY
    assert "Is it even?" in main_of(door, "/review")
    assert again(door, lesson, "d", after="2", due="1").status_code == 200
    assert again(door, lesson, "d", after="2", due="1").status_code == 200
    assert [one.questions for one in door.history.openings if one.what is Opened.AGAIN] == [("d-q1",), ("d-q1",)]


def test_what_is_not_due_is_not_asked_again(door, lesson):
    miss_d(door, lesson)
    assert again(door, lesson, "d", due="1").status_code == 409
    assert not door.history.openings


def test_the_report_names_the_idea_behind_a_miss_with_its_evidence_and_what_came_of_it(door, lesson):
    miss_c(door, lesson, sure=80)
    page = main_of(door, f"/l/{lesson}/report")
    assert "Times is plus once, and you were sure" in page
    assert "Exercise 1 you said 14; it was 420" in page
    assert "Not asked again yet" in page
    door.clock.ahead = DAY
    again(door, lesson, "c", due="1")
    ends(door, "c", **{"c-q1_2": number(420), "c-q1~2/belief-0": number(14)})
    says(door, lesson, "c", cq1_2="420")
    page = main_of(door, f"/l/{lesson}/report")
    assert "Right when asked again" in page
    assert "You were asked the one question you missed again" in page
    assert "Right since then in Exercise 1" in page
    assert page.count("times 3?") == 2


def test_confident_misses_come_first_in_the_report(door, lesson):
    miss_d(door, lesson)
    miss_c(door, lesson, sure=95)
    page = main_of(door, f"/l/{lesson}/report")
    assert page.index("Times is plus") < page.index("Odd is even")


def test_the_home_page_counts_ideas_over_lessons(door, lesson, tmp_path):
    miss_c(door, lesson)
    other = door.desk.shelf.open(str(write_times(tmp_path / "more" / "times"))).id
    miss_c(door, other)
    assert "“Times is plus” 2 times in 2 lessons Not asked again yet" in main_of(door, "/")


def test_the_catalogue_says_nothing_before_the_questions_have_been_met(door, lesson):
    page = main_of(door, f"/l/{lesson}/beliefs")
    assert "Times is plus" not in page
    assert "1 opens after Exercise 1" in page
    miss_d(door, lesson)
    page = main_of(door, f"/l/{lesson}/beliefs")
    assert "Odd is even" in page
    assert "Divide by two and look" in page
    assert "Times is plus" not in page


def test_a_card_leads_to_its_place_in_the_catalogue(door, lesson):
    miss_c(door, lesson)
    assert f'href="/l/{lesson}/beliefs#adds"' in door.get(f"/l/{lesson}").text
    page = door.get(f"/l/{lesson}/beliefs").text
    assert 'id="adds"' in page
    assert "It is tempting to add. Multiply." in words(page)
    assert "evidence" not in page


def test_wrong_answers_are_shown_once_the_learners_own_is_right(door, lesson):
    door.post(f"/l/{lesson}/cells/t/draft", code="def double(x):\n    return x * 2\n")
    failure = Failure(kind="ValueError", message="not yet")
    door.session.ends["t"] = Run(cell="t", outputs=(), failure=failure, observations={}, asserts=(), seconds=0.01)
    door.run(lesson, "t")
    page = main_of(door, f"/l/{lesson}/beliefs")
    assert "Double adds two" in page
    assert "Wrong answers to Exercise 3 appear once" in page
    assert "x + 2" not in page
    del door.session.ends["t"]
    door.run(lesson, "t")
    assert "x + 2" not in main_of(door, f"/l/{lesson}/beliefs"), "it is still to be checked"
    right = Diagnosis(
        verdict=CheckVerdict.RIGHT, misconception=None, says="As asked.", difference="", checks=(), seconds=0.1
    )
    door.record.finish_check(door.history.runs[-1].id, right)
    page = main_of(door, f"/l/{lesson}/beliefs")
    assert "1 wrong answer that shows it" in page
    assert "x + 2" in page


def test_what_code_showed_is_remembered_with_what_predictions_showed(door, lesson):
    door.post(f"/l/{lesson}/cells/t/draft", code="def double(x):\n    return x + 2\n")
    door.run(lesson, "t")
    found = Diagnosis(
        verdict=CheckVerdict.WRONG, misconception="adds-twice", says="Your double adds two.",
        difference="for 3 it gives 5, and not 6", checks=(), seconds=0.1,
    )  # fmt: skip
    door.desk.store.finish_check(door.history.runs[-1].id, found)
    page = main_of(door, f"/l/{lesson}/report")
    assert "Double adds two once" in page
    assert "Exercise 3, your code for 3 it gives 5, and not 6" in page
    assert "Not right yet" in page


def test_the_catalogue_speaks_of_the_learners_own_numbers_and_of_nothing_further_on(door, lesson):
    miss_c(door, lesson)
    asked = re.search(r"What is \d+ times 3\?", main_of(door, f"/l/{lesson}"))[0]
    page = main_of(door, f"/l/{lesson}/beliefs")
    assert f"Exercise 1: {asked}" in page
    assert "Exercise 2:" not in page

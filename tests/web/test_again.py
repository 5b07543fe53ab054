"""A cell asked again in the web door: new numbers, one instance a request, nothing given away."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest

from foretell.model.attempt import Opened
from idle_session import HOME
from times_lesson import CELLS, write_times


@pytest.fixture
def lesson(door, tmp_path: Path) -> str:
    return door.desk.shelf.open(str(write_times(tmp_path / "times"))).id


def cell_of(door, lesson, cell) -> str:
    page = door.get(f"/l/{lesson}").text
    return re.search(rf'<article[^>]* data-cell="{cell}".*?</article>', page, re.S)[0]


def number_in(html: str) -> int:
    return int(re.search(r"What is (\d+) times 3", html)[1])


def predict_c(door, lesson, text="14", instance="") -> None:
    door.press(lesson, "c", **{f"answer:c-q1{instance}:0": text, f"confidence:c-q1{instance}": "80"})


def again(door, lesson, cell="c", after="1", **fields):
    return door.post(f"/l/{lesson}/cells/{cell}/again", after=after, **fields)


def openings(door) -> list[str]:
    return [one.cell for one in door.history.openings if one.what is Opened.AGAIN]


def test_the_page_asks_about_the_numbers_that_will_run(door, lesson):
    asked = number_in(cell_of(door, lesson, "c"))
    assert 11 <= asked <= 99
    assert f">{asked}<" in cell_of(door, lesson, "c")
    predict_c(door, lesson)
    assert door.session.requests[-1].cell.text == CELLS["c"].replace("n = 7", f"n = {asked}")


def test_the_button_comes_with_the_comparison_and_brings_new_numbers(door, lesson):
    assert "Ask me again" not in cell_of(door, lesson, "c")
    first = number_in(cell_of(door, lesson, "c"))
    predict_c(door, lesson)
    assert "Ask me again with new numbers" in cell_of(door, lesson, "c")
    reply = again(door, lesson).json()
    assert "Asked again" in reply["cells"]["c"] or "Asked again" in reply["sections"]["ex1"]
    html = cell_of(door, lesson, "c")
    assert number_in(html) != first
    assert "You said" not in html
    assert "assert" not in html
    assert 'name="answer:c-q1~2:0"' in html
    assert "Ask me again" not in html


def test_a_cell_without_numbers_to_draw_has_no_such_button(door, lesson):
    door.run(lesson, "d")
    assert "Ask me again" not in cell_of(door, lesson, "d")
    assert again(door, lesson, "d").status_code == 409
    assert openings(door) == []


def test_it_is_refused_before_the_predictions_have_met_their_run(door, lesson):
    assert again(door, lesson).status_code == 409
    assert openings(door) == []


def test_a_double_click_and_a_second_tab_open_one_instance(door, lesson):
    predict_c(door, lesson)
    answers = [again(door, lesson) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert openings(door) == ["c"]
    predict_c(door, lesson, instance="~2")
    again(door, lesson, after="1")
    assert openings(door) == ["c"]
    again(door, lesson, after="2")
    assert openings(door) == ["c", "c"]


def test_two_requests_that_both_saw_the_old_instance_open_one(door, lesson):
    predict_c(door, lesson)
    record = next(iter(door.desk.players._seats.values())).player.record
    commit = door.history.commits[-1].id
    again(door, lesson)
    record.ask_again(cell="c", questions=(), key=f"again:c:{commit}")
    assert openings(door) == ["c"]


def test_after_a_lesson_is_started_over_it_can_be_asked_again_once_more(door, lesson):
    predict_c(door, lesson)
    again(door, lesson)
    door.post(f"/l/{lesson}/start-over")
    assert 'name="answer:c-q1:0"' in cell_of(door, lesson, "c")
    predict_c(door, lesson)
    again(door, lesson)
    assert openings(door) == ["c"]
    assert 'name="answer:c-q1~2:0"' in cell_of(door, lesson, "c")


def test_without_scripts_the_button_leads_back_to_the_cell(door, lesson):
    predict_c(door, lesson)
    fields = {"key": uuid4().hex, "token": door.token, "after": "1"}
    answer = door.client.post(
        f"/l/{lesson}/cells/c/again", data=fields, headers={"Origin": HOME}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/l/{lesson}#cell-c")
    assert openings(door) == ["c"]


def test_a_stale_tab_neither_answers_nor_runs_the_new_question(door, lesson):
    predict_c(door, lesson)
    again(door, lesson)
    answer = door.post(f"/l/{lesson}/cells/c/run", **{"answer:c-q1:0": "21", "confidence:c-q1": "80"})
    assert answer.status_code == 422
    assert "c-q1~2" in answer.json()["cell"]
    assert len(door.history.runs) == 1

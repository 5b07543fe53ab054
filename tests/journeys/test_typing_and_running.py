"""Typing and pressing Run in any order and at any pace, in one tab and in two."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def learner(classroom, learner_at):
    """A learner who has run all cells of a notebook of three that build on each other."""
    made = learner_at(classroom.at("three"))
    made.page.locator("html[data-ready]").wait_for()
    for cell in ("c0", "c1", "c2"):
        made.run(cell)
    return made


def stale(learner):
    badges = learner.page.locator("[data-cell]:has([data-stale]:not([hidden]))")
    return badges.evaluate_all("all => all.map(one => one.dataset.cell)")


def test_a_cell_runs_from_what_was_typed_above_it_a_moment_ago(learner):
    def late(route):
        time.sleep(0.5)
        route.continue_()

    learner.write("c0", "x = 2")
    learner.page.route("**/draft", late, times=1)
    learner.run("c2")
    expect(learner.cell("c2").locator("[data-log]")).to_have_text("y = 2\n")
    assert stale(learner) == ["c0", "c1"]


def test_run_right_after_typing_leaves_no_cell_marked_that_is_fresh(learner):
    def answered_late(route):
        answer = route.fetch()
        time.sleep(1.5)
        route.fulfill(response=answer)

    learner.write("c1", "import time; time.sleep(0.5); y = x + 1")
    learner.page.route("**/draft", answered_late, times=1)
    learner.cell("c1").locator("[data-run-button]").click()
    learner.page.locator("[data-cell='c1']", has_text="run 2").wait_for()
    learner.page.wait_for_timeout(1500)
    assert stale(learner) == ["c2"]


def test_what_the_server_said_of_a_draft_before_a_run_ended_is_not_believed_after_it(learner):
    held = []
    learner.write("c1", "import time; time.sleep(2); y = x")
    learner.cell("c1").locator("[data-run-button]").click()
    learner.page.locator("[data-cell='c1'][data-state='running']").wait_for()
    learner.page.route("**/draft", lambda route: held.append((route, route.fetch())), times=1)
    learner.write("c2", "print(y, y)")
    learner.wait("c1", "done")
    ((route, answer),) = held
    assert "c1" in answer.json()["stale"]
    route.fulfill(response=answer)
    learner.page.wait_for_timeout(1500)
    assert stale(learner) == ["c2"]
    expect(learner.page.locator("#saved")).to_have_text("Saved")


def test_a_run_that_another_tab_has_asked_for_is_followed_to_its_end(classroom, learner):
    second = learner.page.context.new_page()
    second.goto(classroom.at("three"))
    learner.write("c0", "import time; time.sleep(2); x = 3")
    learner.cell("c0").locator("[data-run-button]").click()
    learner.page.locator("[data-cell='c0'][data-state='running']").wait_for()
    second.locator("[data-cell='c2'] [data-run-button]").click()
    learner.wait("c0", "done")
    learner.page.locator("[data-cell='c2']", has_text="run 2").wait_for()
    expect(learner.cell("c2")).to_have_attribute("data-state", "done")
    expect(learner.cell("c2").locator("[data-log]")).to_have_text("y = 3\n")
    expect(learner.cell("c2").locator("[data-run-button]")).to_be_enabled()
    expect(learner.page.locator("#kernel")).to_have_text("Python ready")


def test_a_cell_that_waits_when_stop_is_pressed_says_that_it_was_not_run(learner):
    learner.write("c0", "while True: pass")
    learner.cell("c0").locator("[data-run-button]").click()
    learner.page.locator("[data-cell='c0'][data-state='running']").wait_for()
    learner.cell("c2").locator("[data-run-button]").click()
    expect(learner.cell("c2").locator("[data-run-note]")).to_contain_text("waiting for its turn")
    learner.cell("c0").locator("[data-stop] button").click()
    learner.wait("c0", "stopped")
    expect(learner.cell("c2").locator("[data-ended]")).to_have_text("Not run: stopped while it waited for its turn.")
    expect(learner.cell("c2").locator("[data-log]")).to_have_text("y = 1\n")
    learner.write("c2", "print('on')")
    learner.run("c2")
    expect(learner.cell("c2").locator("[data-run-note]")).to_contain_text("Cell 1 above, in ")
    expect(learner.cell("c2").locator("[data-run-note]")).to_contain_text("was stopped and was left out")

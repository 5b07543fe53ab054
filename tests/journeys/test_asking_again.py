"""A learner misses something, asks for new numbers at once, and is asked again two days later."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from times_lesson import write_times

pytestmark = pytest.mark.browser


def put_back(database: Path, days: int) -> None:
    """Let everything on record have happened some days earlier: nobody waits for two days in a test."""
    connection = sqlite3.connect(database)
    with connection:
        for table in ("commits", "runs", "run_results", "openings", "drafts"):
            rows = connection.execute(f"SELECT rowid, at FROM {table}").fetchall()
            for row, at in rows:
                earlier = datetime.fromisoformat(at) - timedelta(days=days)
                text = earlier.strftime("%Y-%m-%d %H:%M:%S.%f")
                connection.execute(f"UPDATE {table} SET at = ? WHERE rowid = ?", (text, row))
    connection.close()


def number_asked(learner) -> int:
    asked = learner.question("c", 0).locator(".ask").inner_text()
    return int(re.search(r"What is (\d+) times 3", asked)[1])


def test_new_numbers_are_asked_in_place_and_what_was_said_before_stays_in_the_report(serve, learner_at, tmp_path):
    learner = learner_at(serve(str(write_times(tmp_path / "times"))).address)
    first = number_asked(learner)
    learner.answer("c", 0, str(first + 3), sure=80)
    learner.lock_in_and_run("c")
    row = learner.cell("c").locator(".ledger .row")
    expect(row).to_contain_text(str(first * 3))
    expect(row).to_contain_text("Times is plus")
    learner.cell("c").get_by_role("button", name="Ask me again with new numbers").click()
    expect(learner.cell("c").get_by_role("heading", name="Asked again")).to_be_visible()
    expect(learner.cell("c").locator(".predict input.text")).to_be_focused()
    expect(learner.cell("c").locator(".ledger")).to_have_count(0)
    expect(learner.cell("c").locator("[data-out]")).to_be_hidden()
    second = number_asked(learner)
    assert second != first
    expect(learner.cell("c").locator(".cell")).to_contain_text(f"n = {second}")
    learner.axe("asked again")
    learner.answer("c", 0, str(second * 3), sure=95)
    learner.lock_in_and_run("c")
    expect(learner.cell("c").locator(".ledger .row")).to_contain_text(str(second * 3))
    before = learner.what_stands_there()
    learner.page.reload()
    assert learner.what_stands_there() == before
    learner.page.goto(learner.page.url.split("#")[0] + "/report")
    report = learner.page.locator("main")
    for text in (f"What is {first} times 3?", f"What is {second} times 3?", "Right when asked again"):
        expect(report).to_contain_text(text)
    learner.axe("the report")
    assert not learner.complaints


def test_two_days_later_the_home_page_leads_to_what_was_missed(serve, learner_at, tmp_path):
    server = serve(str(write_times(tmp_path / "times")))
    learner = learner_at(server.address)
    learner.answer("d", 0, "yes", sure=80)
    learner.answer("d", 1, "no", sure=60)
    learner.lock_in_and_run("d")
    server.end()
    put_back(server.data / "attempts.sqlite", days=2)
    server.start()
    learner = learner_at(server.address, viewport={"width": 390, "height": 844})
    learner.page.goto(server.address.split("/open")[0])
    learner.axe("home with something to ask again")
    learner.page.get_by_role("link", name="1 to ask again").click()
    expect(learner.page.locator("main")).to_contain_text("Is it even?")
    expect(learner.page.locator("main")).not_to_contain_text("Is it large?")
    learner.axe("the reviews")
    learner.page.get_by_role("button", name="Ask me again").click()
    learner.page.wait_for_url("**#cell-d")
    learner.page.locator("html[data-ready]").wait_for(state="attached")
    assert learner.cell("d").locator(".question").count() == 1
    assert learner.page.evaluate("scrollY") > 0
    learner.answer("d", 0, "no", sure=95)
    learner.lock_in_and_run("d")
    expect(learner.cell("d").locator(".ledger .row")).to_have_count(2)
    learner.page.goto(server.address.split("/open")[0] + "/review")
    expect(learner.page.locator("main")).to_contain_text("Nothing is to be asked again today")
    assert learner.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not learner.complaints

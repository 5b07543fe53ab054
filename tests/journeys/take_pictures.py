"""Take the pictures in docs/screenshots again: PYTHONPATH=tests:tests/journeys python tests/journeys/take_pictures.py

They show our lesson as a learner meets it, on a real server in a real Chromium.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from play import Learner, Server
from playwright.sync_api import Browser, Page
from test_our_lesson import RIGHT_NET, WRONG_NET

from chromium import chromium

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
LAPTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def take(page: Page, name: str, anchor: str) -> None:
    """Scroll to a place and take what the window shows."""
    page.evaluate("anchor => document.querySelector(anchor).scrollIntoView()", anchor)
    page.wait_for_timeout(600)
    page.screenshot(path=PICTURES / f"{name}.png")


def play(learner: Learner) -> None:
    """Be wrong now and then, and picture it."""
    page = learner.page
    take(page, "first-visit-light", "main")
    learner.run("setup-imports")
    learner.answer("ex1-inspect", 0, "10x5", sure=80)
    learner.answer("ex1-inspect", 1, "(5,)", sure=95)
    learner.answer("ex1-inspect", 2, "10*5+5", sure=60)
    take(page, "form-light", "#ex1")
    learner.lock_in_and_run("ex1-inspect")
    take(page, "predict-light", "#ex1")
    learner.answer("ex1-table", 0, "5", "272", "100,480", "100,480", sure=60)
    learner.answer("ex1-table", 1, "equal", sure=50)
    learner.lock_in_and_run("ex1-table")
    learner.answer("ex2-by-hand", 0, "(3, 4)", sure=80)
    learner.answer("ex2-by-hand", 1, "yes", sure=80)
    learner.lock_in_and_run("ex2-by-hand")
    learner.answer("ex3-class", 0, "385", sure=60)
    learner.answer("ex3-class", 1, "(5, 1)", sure=80)
    learner.write("ex3-class", WRONG_NET)
    learner.lock_in_and_run("ex3-class")
    take(page, "task-wrong-light", "#cell-ex3-class")
    learner.write("ex3-class", RIGHT_NET)
    learner.run("ex3-class")
    take(page, "task-right-light", "#cell-ex3-class")
    take(page, "reference-light", "#ex4")
    learner.run_without_predicting("ex5-lines")
    take(page, "picture-light", "#cell-ex5-lines")


def other_windows(browser: Browser, address: str) -> None:
    """Picture the same attempts elsewhere: dark, on a phone, the report, the home page."""
    home = address.split("/open")[0]
    for name, path, anchor, scheme, size in (
        ("predict-dark", "/l/nn-module", "#ex1", "dark", LAPTOP),
        ("phone-dark", "/l/nn-module", "#cell-ex3-class", "dark", PHONE),
        ("phone-light", "/l/nn-module", "#ex1-predictions", "light", PHONE),
        ("report-light", "/l/nn-module/report", "main", "light", LAPTOP),
        ("home-light", "/", "main", "light", LAPTOP),
    ):
        page = browser.new_page(viewport=size, color_scheme=scheme)
        page.goto(address)
        page.goto(home + path)
        page.locator("html[data-ready]").wait_for(state="attached")
        take(page, name, anchor)
        page.close()


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        server = Server(data=Path(folder), asked=("learn", "nn-module", "--no-browser"))
        server.start()
        try:
            page = browser.new_page(viewport=LAPTOP)
            page.goto(server.address)
            play(Learner(page))
            other_windows(browser, server.address)
        finally:
            server.end()

"""Cells that print more than anybody reads: the page stays at hand, and nothing of it is lost."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOG = "[data-cell='c0'] [data-log]"
WATCH = """() => {
  window.longest = 0;
  let last = performance.now();
  setInterval(() => {
    window.longest = Math.max(window.longest, performance.now() - last);
    last = performance.now();
  }, 20);
}"""


@pytest.fixture
def at_a_cell(classroom, learner_at):
    """A learner at a notebook of one cell that has been run, so that it can be written in."""
    learner = learner_at(classroom.at("much"))
    learner.page.locator("html[data-ready]").wait_for()
    learner.run("c0")
    return learner


# Slow enough that the limit of output does not end it before Stop does.
ENDLESS = "n = 0\nwhile True:\n    for _ in range(2000): pass\n    print({})\n    n += 1"


@pytest.mark.parametrize("code", [ENDLESS.format("'x'"), ENDLESS.format("n, 'hello'")])
def test_a_loop_that_prints_for_ever_can_be_stopped(at_a_cell, code):
    learner = at_a_cell
    learner.write("c0", code)
    learner.cell("c0").locator("[data-run-button]").click()
    learner.page.wait_for_timeout(1500)
    pressed = time.monotonic()
    learner.cell("c0").locator("[data-stop] button").click()
    learner.wait("c0", "stopped")
    assert time.monotonic() - pressed < 5


def test_the_page_stays_at_hand_and_all_text_is_there_in_order(at_a_cell):
    learner = at_a_cell
    learner.write("c0", "for n in range(20000): print(n, 'hello')\ninput()")
    learner.page.evaluate(WATCH)
    learner.cell("c0").locator("[data-run-button]").click()
    learner.wait("c0", "failed")
    # Generous, for a machine that does much else: without gathering, it is ten seconds and more.
    assert learner.page.evaluate("window.longest") < 1500
    printed = learner.page.locator(f"{LOG} pre.out-stream").first
    assert printed.evaluate("text => text.textContent") == "".join(f"{n} hello\n" for n in range(20000))


SHOWN_IN_STEPS = """import time
from IPython.display import clear_output, display
for n in range(3000): print('gone', n)
clear_output(wait=True)
handle = display('first', display_id=True)
for n in range(1000): print(n)
print('half', end='')
print(' a line')
for n in range(50): print(f'\\r{n} of 50', end='')
print()
handle.update('second')
time.sleep(60)
"""


def test_while_a_cell_runs_its_log_is_what_a_notebook_would_show(at_a_cell):
    learner = at_a_cell
    learner.write("c0", SHOWN_IN_STEPS)
    learner.cell("c0").locator("[data-run-button]").click()
    expect(learner.page.locator(LOG)).to_contain_text("second", timeout=20_000)
    text = learner.page.locator(LOG).evaluate("log => log.textContent")
    assert text == "'second'" + "".join(f"{n}\n" for n in range(1000)) + "half a line\n49 of 50\n"
    learner.cell("c0").locator("[data-stop] button").click()
    learner.wait("c0", "stopped")
    assert learner.page.locator(LOG).evaluate("log => log.textContent").startswith(text)

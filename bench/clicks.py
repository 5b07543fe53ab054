"""From the click on Run to the output in the page, in a real Chromium.

Enters: nothing but the machine, with a Chromium. Leaves: rows against the bounds of the issue. Invariant: the clock is
the page's own, and of each click is taken off what that very run took in the learner's process, as it is on record.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Error, Page

from bench.lesson import CELLS, LESSON, notebook
from bench.measure import NotMeasured, Row, spread
from bench.served import Served, served

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from chromium import chromium

CLICKS = 25
TRIVIAL_BOUND = 60.0
EXERCISE_BOUND = 100.0
EXERCISE = "ex3-class"
WAIT_MILLISECONDS = 60_000

Taken = list[tuple[float, float]]  # Milliseconds: from the click to the output, and of those the cell's own.

# Click, and give the milliseconds until `wanted(text of the cell's outputs)` holds.
MEASURE = """([cell, marker]) => new Promise((resolve, reject) => {
  const shown = () => document.querySelector(`[data-cell='${cell}'] [data-out]`)?.innerText ?? "";
  const before = shown();
  const holds = () => marker ? shown().includes(marker) : shown().trim() && shown() !== before;
  const observer = new MutationObserver(() => {
    if (holds()) { observer.disconnect(); resolve(performance.now() - began); }
  });
  observer.observe(document.body, {subtree: true, childList: true, characterData: true});
  setTimeout(() => reject(new Error("no output came")), 30000);
  const button = document.querySelector(`[data-cell='${cell}'] [data-run-button]`);
  const began = performance.now();
  button.click();
})"""


@contextmanager
def _page(target: str) -> Iterator[tuple[Page, Served]]:
    try:
        with served("learn", target, "--no-browser") as server, chromium() as browser:
            page = browser.new_page()
            page.set_default_timeout(WAIT_MILLISECONDS)
            page.goto(server.address)
            yield page, server
    except Error as error:
        raise NotMeasured(f"Chromium or the page: {error.message.splitlines()[0]}") from error


def _settle(page: Page, cell: str) -> None:
    """Wait until the cell is done and the page is at rest."""
    page.locator(f"[data-cell='{cell}'][data-state='done']").wait_for()
    page.wait_for_timeout(300)


def _trivial() -> Taken:
    cells = [
        nbformat.v4.new_code_cell("import torch"),
        nbformat.v4.new_code_cell("import time\ntime.perf_counter_ns()"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trivial.ipynb"
        nbformat.write(notebook(cells), path)
        with _page(str(path)) as (page, server):
            names = page.locator("[data-cell]").evaluate_all("all => all.map(each => each.dataset.cell)")
            for name in names:
                page.locator(f"[data-cell='{name}'] [data-run-button]").click()
                _settle(page, name)
            return _click(page, server, names[-1], marked=False)


def _exercise() -> Taken:
    with _page(LESSON.id) as (page, server):
        for each in CELLS:
            cell = page.locator(f"[data-cell='{each.cell}']")
            if each.cell == EXERCISE:
                break
            skip = cell.get_by_role("button", name="Run without predicting")
            (skip if skip.count() else cell.locator("[data-run-button]")).click()
            _settle(page, each.cell)
        _write(page, 0)
        skip = page.locator(f"[data-cell='{EXERCISE}']").get_by_role("button", name="Run without predicting")
        (skip if skip.count() else page.locator(f"[data-cell='{EXERCISE}'] [data-run-button]")).click()
        _settle(page, EXERCISE)
        return _click(page, server, EXERCISE, marked=True)


def _write(page: Page, turn: int) -> None:
    text = next(cell.text for cell in CELLS if cell.cell == EXERCISE)
    page.locator(f"[data-cell='{EXERCISE}'] .cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(f"{text}\nprint('edit {turn}.')")


def _click(page: Page, server: Served, cell: str, *, marked: bool) -> Taken:
    clicks = []
    for turn in range(1, CLICKS + 2):
        if marked:
            _write(page, turn)
        clicks.append(float(page.evaluate(MEASURE, [cell, f"edit {turn}." if marked else None])))
        _settle(page, cell)
    own = [seconds * 1000 for seconds in server.seconds_of(cell)[-len(clicks) :]]
    return list(zip(clicks, own, strict=True))[1:]


async def click_to_output() -> Row:
    """A trivial cell, run again and again."""
    return _row("click-to-output", await asyncio.to_thread(_trivial), TRIVIAL_BOUND)


async def click_exercise_3() -> Row:
    """Exercise 3, run after an edit."""
    return _row("click-exercise-3", await asyncio.to_thread(_exercise), EXERCISE_BOUND)


def _row(name: str, taken: Taken, bound: float) -> Row:
    on_top = [click - own for click, own in taken]
    whole, own = (statistics.median(each) for each in zip(*taken, strict=True))
    note = f"on top of the cell's own time; whole {whole:.1f}, own {own:.1f}; {spread([ms / 1000 for ms in on_top])}"
    other_is = f"the {bound:g} ms bound"
    return Row(name=name, ours=statistics.median(on_top), other=bound, unit="ms", other_is=other_is, note=note)

"""What a journey is made of: foretell as a process, and somebody at a page of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from chromium import AXE

RUN_MILLISECONDS = 30_000
expect.set_options(timeout=10_000)


@dataclass
class Server:
    """`foretell learn` as a process, whose `address` opens its lesson; or another command, and what it is given."""

    data: Path
    asked: tuple[str, ...]
    process: subprocess.Popen[str] | None = None
    address: str = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "foretell.cli", *self.asked, "--data", str(self.data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout or ():
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                return
        raise AssertionError("foretell ended before it printed an address")

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self._gone()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self._gone()

    def _gone(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.wait(timeout=20)
        self.process.stdout.close()


@dataclass
class Learner:
    """Somebody at a page. Whatever the page complains about, and every address it asks for, is kept."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on(
            "console",
            lambda m: self.complaints.append(f"{m.text} {m.location}") if m.type in {"error", "warning"} else None,
        )
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("request", lambda r: self.asked_for.append(r.url))

    def cell(self, name: str) -> Locator:
        return self.page.locator(f"[data-cell='{name}']")

    def question(self, cell: str, place: int) -> Locator:
        return self.cell(cell).locator(".question").nth(place)

    def answer(self, cell: str, place: int, *texts: str, sure: int) -> None:
        question = self.question(cell, place)
        for row, text in enumerate(texts):
            field = question.locator("input.text, textarea.text").nth(row)
            if field.count():
                field.fill(text)
            else:
                question.get_by_text(text, exact=True).click()
        question.locator(f".scale label:has(input[value='{sure}'])").click()

    def lock_in_and_run(self, cell: str) -> None:
        self.cell(cell).locator("[data-lock]").click()
        self.wait(cell)

    def run(self, cell: str) -> None:
        self.cell(cell).locator("[data-run-button]").click()
        self.wait(cell)

    def run_without_predicting(self, cell: str) -> None:
        self.cell(cell).get_by_role("button", name="Run without predicting").click()
        self.wait(cell)

    def wait(self, cell: str, *states: str) -> None:
        ended = states or ("done", "failed", "stopped", "limit", "crashed")
        selector = ",".join(f"[data-cell='{cell}'][data-state='{state}']" for state in ended)
        self.page.locator(selector).wait_for(timeout=RUN_MILLISECONDS)

    def write(self, cell: str, code: str) -> None:
        editor = self.cell(cell).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        # Text put over a coloured selection makes Chromium itself set a style, which the policy blocks and reports.
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(code)

    def what_stands_there(self) -> list[str]:
        """Every output, comparison and check on the page, as read."""
        return self.page.locator("[data-out], .ledger, .checked, #outline").all_inner_texts()

    def axe(self, where: str) -> None:
        """Fail on any accessibility rule that this page breaks, in light and in dark."""
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            self.page.evaluate(AXE.read_text())
            found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
            broken = [(rule["id"], [node["target"] for node in rule["nodes"]][:3]) for rule in found["violations"]]
            assert broken == [], f"{where}, {theme}"
        self.page.emulate_media(color_scheme="light")

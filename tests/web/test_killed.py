"""The whole server, killed at any moment while a learner works: what was answered with a yes is there afterwards."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from foretell.library import open_lesson
from foretell.model.attempt import Who
from foretell.store.attempts import Store
from foretell.web.visitors import LEARNER

KILLS = int(os.environ.get("FORETELL_TEST_KILLS", "8"))
ASKING = "## Exercise {n}: Ask (Guided)\n\n**Predict before you run:**\n\n1. What number will it print?"


def asking_notebook(kills: int) -> str:
    """A notebook with a predicted cell for each kill, and one to write in."""
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "id": "top", "metadata": {}, "source": "# Killed"}]
    for n in range(1, kills + 1):
        code = {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": f"print({n})", "outputs": []}
        cells += [
            {"cell_type": "markdown", "id": f"m{n}", "metadata": {}, "source": ASKING.format(n=n)},
            code | {"execution_count": None},
        ]
    cells += [{"cell_type": "markdown", "id": "end", "metadata": {}, "source": "## Free\n\nWrite."}]
    free = {"cell_type": "code", "id": "free", "metadata": {}, "source": "# TODO\nx = None", "outputs": []}
    cells += [free | {"execution_count": None}]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


class Visitor:
    """A page's scripts, by hand: what they post, and what the server said yes to."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host = parts.netloc
        self.cookie = ""
        _, headers, _ = self._ask("GET", f"{parts.path}?{parts.query}")
        self.cookie = headers["set-cookie"].partition(";")[0]
        _, headers, _ = self._ask("GET", f"/open?lesson={parse_qs(parts.query)['lesson'][0]}")
        self.home = headers["location"]
        _, _, page = self._ask("GET", self.home)
        self.token = re.search(r'name="foretell-token" content="(\w+)"', page)[1]

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        if method == "POST":
            headers |= {"X-Foretell-Token": self.token, "X-Foretell-Fragment": "1"}
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def post(self, path: str, **fields: str) -> dict[str, str]:
        status, _, text = self._ask("POST", self.home + path, urlencode({"key": uuid4().hex} | fields))
        assert status == 200, text
        return json.loads(text)

    def follow(self, path: str) -> bool:
        """Read the stream of a run; whether it was told that the run has ended."""
        return "event: done" in self._ask("GET", path)[2]


def start(notebook: Path, data: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "foretell.cli", "learn", str(notebook), "--no-browser", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = next(found for line in iter(process.stdout.readline, "") if (found := re.search(r"http://\S+", line)))
    return process, found[0]


def work(visitor: Visitor, turn: int, acknowledged: dict[str, int]) -> None:
    """Predict, run, write and note until the server is gone; count what it said yes to."""
    cell, step = f"c{turn}", 0
    try:
        answer = {f"answer:{cell}-q1:0": str(turn), f"confidence:{cell}-q1": "80"}
        events = visitor.post(f"/cells/{cell}/run", blank="refuse", **answer)["events"]
        acknowledged["prediction"] = turn
        if turn % 2 and visitor.follow(events):
            acknowledged["run"] = turn
        while True:
            step += 1
            visitor.post("/cells/free/draft", code=f"{turn} {step}")
            acknowledged["draft"] = step
            visitor.post("/note", about=cell, text=f"{turn} {step}")
            acknowledged["note"] = step
    except (OSError, http.client.HTTPException):
        return


def test_nothing_answered_with_a_yes_is_lost_when_the_server_is_killed(tmp_path):
    notebook, data = tmp_path / "killed.ipynb", tmp_path / "data"
    notebook.write_text(asking_notebook(KILLS))
    lesson = open_lesson(str(notebook)).lesson
    chance = random.Random(42)
    told: list[dict[str, int]] = []
    for turn in range(1, KILLS + 1):
        acknowledged: dict[str, int] = {}
        process, address = start(notebook, data)
        try:
            visitor = Visitor(address)
            worker = threading.Thread(target=work, args=(visitor, turn, acknowledged))
            worker.start()
            time.sleep(chance.uniform(0.02, 0.5))
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate(timeout=20)
        worker.join(timeout=20)
        told.append(acknowledged)
        store = Store.open(data / "attempts.sqlite")
        history = store.history(Who(learner=LEARNER, lesson=lesson.id, revision=lesson.revision))
        store.close()
        for now, said in enumerate(told, start=1):
            predicted = [p.texts for c in history.commits if c.cell == f"c{now}" for p in c.predictions]
            assert predicted == [(str(now),)] or "prediction" not in said
            ended = [kept for kept in history.runs if kept.cell == f"c{now}" and kept.run is not None]
            assert ended or "run" not in said
            assert step_of(history.notes.get(f"c{now}", ""), now) >= said.get("note", 0)
        draft = history.drafts.get("free")
        assert step_of(draft.text if draft else "", turn) >= acknowledged.get("draft", 0)
    for what in ("prediction", "run", "draft", "note"):
        assert any(what in said for said in told), f"no {what} was ever acknowledged; the test shows nothing"


def step_of(text: str, turn: int) -> int:
    """The step that was written in this turn, 0 where nothing was."""
    written, _, step = text.partition(" ")
    return int(step) if written == str(turn) else 0

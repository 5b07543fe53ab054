"""The whole server, killed at any moment while a learner works: what was answered with a yes is there afterwards."""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time

from foretell.library import open_lesson
from foretell.model.attempt import Who
from foretell.store.attempts import Store
from foretell.web.visitors import LEARNER
from visitor import Visitor, asking_notebook, start

KILLS = int(os.environ.get("FORETELL_TEST_KILLS", "8"))


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
            time.sleep(chance.uniform(0.02, 3.0))
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

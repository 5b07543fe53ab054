"""Any process of foretell's, killed at any moment: nothing acknowledged is lost, the next run works, nothing is left.

25 kills in `make test`, 500 in `make torture`.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from foretell.library import open_lesson
from foretell.model.attempt import History, Who
from foretell.store.attempts import Store
from foretell.web.visitors import LEARNER
from visitor import Visitor, asking_notebook, start

KILLS = int(os.environ.get("FORETELL_TORTURE_KILLS", "25"))
KILLS_OF_A_NOTEBOOK = 25
SEED = int(os.environ.get("FORETELL_TORTURE_SEED", "1"))
BACK_SECONDS = 30.0
LEFT_SECONDS = 5.0

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no tree of processes elsewhere")


@dataclass
class Tree:
    """A running server, whatever it has started, and every process of it that was ever seen."""

    notebook: Path
    data: Path
    server: subprocess.Popen[str] | None = None
    visitor: Visitor | None = None
    seen: dict[tuple[int, float], psutil.Process] = field(default_factory=dict)

    def start(self) -> None:
        self.server, address = start(self.notebook, self.data)
        self.visitor = Visitor(address)

    def processes(self) -> list[psutil.Process]:
        found = [psutil.Process(self.server.pid)]
        found += found[0].children(recursive=True)
        self.seen |= {(process.pid, process.create_time()): process for process in found if process.is_running()}
        return found

    def lose_server(self) -> None:
        self.server.kill()
        self.server.wait(timeout=20)
        self.server.stdout.close()

    def left(self) -> list[psutil.Process]:
        return [p for p in self.seen.values() if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def kind_of(process: psutil.Process, server: int) -> str:
    """What a process of the tree is."""
    if process.pid == server:
        return "server"
    command = process.cmdline()
    if "foretell.runtime.inside.root" in command:
        return "root" if process.ppid() == server else "state"
    return "jail" if command and command[0].endswith(("bwrap", "cat")) else "other"


def press(visitor: Visitor, turn: int, told: dict[str, bool]) -> None:
    """Predict and run, and note what the server said yes to."""
    cell = f"c{turn}"
    try:
        answer = {f"answer:{cell}-q1:0": str(turn), f"confidence:{cell}-q1": "80"}
        events = visitor.post(f"/cells/{cell}/run", blank="refuse", **answer)["events"]
        told["prediction"] = True
        told["run"] = visitor.follow(events)
    except (OSError, http.client.HTTPException):
        return


def printed(history: History, turn: int) -> bool:
    """Whether a run of the cell is on record that printed what it should."""
    runs = [kept.run for kept in history.runs if kept.cell == f"c{turn}" and kept.run is not None]
    return any(run.failure is None and run.outputs and run.outputs[0].text == f"{turn}\n" for run in runs)


def test_any_process_may_be_killed_at_any_moment(tmp_path):
    chance, killed, seen = random.Random(SEED), Counter(), 0
    for done in range(0, KILLS, KILLS_OF_A_NOTEBOOK):
        turns = min(KILLS_OF_A_NOTEBOOK, KILLS - done)
        tree = play_and_kill(tmp_path / f"after-{done}", turns, chance, killed)
        seen += len(tree.seen)
        assert_nobody_is_left(tree)
        print(f"after {done + turns} of {KILLS}, killed: {dict(killed)}", flush=True)
    assert {"state", "root", "jail", "server"} <= killed.keys(), f"only {dict(killed)} were killed"
    print(f"killed: {dict(killed)}; processes seen: {seen}")


def play_and_kill(folder: Path, turns: int, chance: random.Random, killed: Counter[str]) -> Tree:
    """Play a notebook to its end, with a kill of any process in each of its cells."""
    folder.mkdir()
    notebook, data = folder / "killed.ipynb", folder / "data"
    notebook.write_text(asking_notebook(turns))
    lesson = open_lesson(str(notebook)).lesson
    who = Who(learner=LEARNER, lesson=lesson.id, revision=lesson.revision)
    tree = Tree(notebook, data)
    tree.start()
    try:
        for turn in range(1, turns + 1):
            told: dict[str, bool] = {}
            worker = threading.Thread(target=press, args=(tree.visitor, turn, told))
            worker.start()
            time.sleep(chance.uniform(0.0, 0.15))
            kind = kill_any(tree, chance)
            killed[kind] += 1
            worker.join(timeout=BACK_SECONDS)
            assert not worker.is_alive(), f"turn {turn}: no answer after a {kind} was killed"
            if kind == "server":
                tree.lose_server()
                tree.start()
            assert_nothing_lost(tree, data, who, turn, told)
            tree.processes()
    finally:
        tree.processes()
        tree.server.terminate()
        tree.server.wait(timeout=20)
        tree.server.stdout.close()
    return tree


def kill_any(tree: Tree, chance: random.Random) -> str:
    """Kill one process of one kind, each kind as likely as the other; gives the kind."""
    while True:
        kinds: dict[str, list[psutil.Process]] = {}
        for process in tree.processes():
            with suppress(psutil.NoSuchProcess):
                kinds.setdefault(kind_of(process, tree.server.pid), []).append(process)
        kind = chance.choice(sorted(kinds))
        with suppress(ProcessLookupError):
            os.kill(chance.choice(kinds[kind]).pid, signal.SIGKILL)
            return kind


def assert_nobody_is_left(tree: Tree) -> None:
    """Every process that was ever seen is gone, if need be after a moment."""
    deadline = time.monotonic() + LEFT_SECONDS
    while (left := tree.left()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"of {len(tree.seen)} processes {len(left)} are left: {[p.cmdline() for p in left]}"


def assert_nothing_lost(tree: Tree, data: Path, who: Who, turn: int, told: dict[str, bool]) -> None:
    """What was acknowledged is on record; and the cell, pressed again if need be, runs."""
    deadline = time.monotonic() + BACK_SECONDS
    while True:
        store = Store.open(data / "attempts.sqlite")
        history = store.history(who)
        store.close()
        predicted = [p.texts for commit in history.commits if commit.cell == f"c{turn}" for p in commit.predictions]
        assert predicted == [(str(turn),)] or not told.get("prediction")
        assert not told.get("run") or any(r.cell == f"c{turn}" and r.run is not None for r in history.runs)
        if printed(history, turn):
            return
        assert time.monotonic() < deadline, f"turn {turn}: the cell does not run any more"
        press(tree.visitor, turn, told)

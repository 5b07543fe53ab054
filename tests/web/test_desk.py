"""What a running server has open."""

from __future__ import annotations

import shutil
from pathlib import Path

LESSON = Path(__file__).parents[2] / "lessons" / "nn-module" / "lesson.ipynb"


def test_a_notebook_that_was_broken_since_leaves_the_home_page_whole(door, tmp_path):
    broken, kept = tmp_path / "broken.ipynb", tmp_path / "kept.ipynb"
    for path in (broken, kept):
        shutil.copy(LESSON, path)
        door.desk.shelf.open(str(path))
    door.desk.shelf._shelved.clear()
    broken.write_text("{ not a notebook")
    home = door.get("/")
    assert home.status_code == 200
    assert str(kept) in home.text
    assert str(broken) not in home.text


def test_only_what_was_left_to_the_learner_takes_their_mark(door):
    """A session without observations leaves every prediction that has a target unknown: nobody's call."""
    fields = {f"answer:ex1-inspect-q{n}:0": text for n, text in ((1, "(5, 10)"), (2, "5"), (3, "55"))}
    fields |= {f"confidence:ex1-inspect-q{n}": "80" for n in (1, 2, 3)}
    door.get(door.post("/l/nn-module/cells/ex1-inspect/run", blank="refuse", **fields).json()["events"])
    kept = door.history.runs[-1]
    answer = door.post("/l/nn-module/mark", question="ex1-inspect-q1", run=str(kept.id), mark="match")
    assert [judged.verdict for judged in kept.judgements] == ["unknown"] * 3
    assert answer.status_code == 409

"""Answers to the tasks of the nn.Module lesson that were written to be judged, read where they lie.

Enters: a folder of files whose header tells what each is. Leaves: answers whose text holds no header. Invariant:
nothing is copied, and what a judge is given says neither what an answer is nor what its file was called.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.measure import NotMeasured

FOLDER = Path(__file__).parents[2] / "shared" / "submissions"
TASKS = {"ex3": "TwoLayerNet", "ex4": "sequential_model", "ex6": "ResidualBlock", "collapse": "collapse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One answer. `belief` is the misconception that it shows, None where it is right; `file` is for our own tables."""

    file: str
    task: str
    belief: str | None
    source: str


def read_submissions(folder: Path = FOLDER) -> tuple[Submission, ...]:
    """Every answer in a folder, by file name; NotMeasured where there is none, or one whose header cannot be read."""
    found = tuple(_read(path) for path in sorted(folder.glob("*.py")))
    if not found:
        raise NotMeasured(f"there are no answers to be judged in {folder}; put the folder `shared` beside the checkout")
    return found


def _read(path: Path) -> Submission:
    header, _, source = path.read_text(encoding="utf-8").partition("\n\n")
    said = dict(line.removeprefix("# ").split(": ", 1) for line in header.split("\n") if ": " in line)
    task, verdict = TASKS.get(said.get("exercise", "")), said.get("verdict")
    if task is None or verdict not in {"right", "wrong"} or "misconception" not in said:
        raise NotMeasured(f"the header of {path} does not tell its exercise, verdict and misconception; mend it")
    belief = said["misconception"] if verdict == "wrong" else None
    return Submission(file=path.name, task=task, belief=belief, source=source)

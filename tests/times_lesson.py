"""A small lesson on disk, with a number to draw, two plain questions, a task, and what misleads about them."""

from __future__ import annotations

import json
from pathlib import Path

OVERLAY = """schema = 1

[[question]]
before = "c"
ask = "What is {n} times 3?"
kind = "number"
target = "times"

  [[question.misconception]]
  id = "adds"
  leads_to = "n + 3"

  [question.vary]
  n = [11, 99]

[[question]]
before = "d"
ask = "Is it even?"
kind = "yes-no"
target = "even"

  [[question.misconception]]
  id = "odd-is-even"
  leads_to = "not even"

[[question]]
before = "d"
ask = "Is it large?"
kind = "yes-no"
target = "large"

[task.double]
cell = "t"
builds = [{ make = "double()", inputs = [[2]] }]
"""
CATALOGUE = """schema = 1

[adds]
name = "Times is plus"
refutation = "It is tempting to add. {evidence} Multiply."

[odd-is-even]
name = "Odd is even"
refutation = "It is easy to take one for the other. Divide by two and look."

[adds-twice]
name = "Double adds two"
refutation = "Two is in it, but not to be added."
says = "Your double adds two."
"""
STARTER = "# TODO: write double\ndef double(x):\n    pass\n"
WRONG = "def double(x):\n    return x + 2\n"
CELLS = {
    "c": "n = 7\ntimes = n * 3\nassert times == n * 3",
    "d": "even, large = False, False\nassert not even",
    "t": STARTER,
}


def write_times(folder: Path) -> Path:
    """Write the lesson into a folder, and give it."""
    (folder / "solutions").mkdir(parents=True)
    (folder / "wrong" / "double").mkdir(parents=True)
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "id": "top", "metadata": {}, "source": "# Times"}]
    for number, (name, source) in enumerate(CELLS.items(), start=1):
        heading = f"## Exercise {number}: Numbers (Guided)\n\nLook."
        cells.append({"cell_type": "markdown", "id": f"{name}-intro", "metadata": {}, "source": heading})
        code = {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": []}
        cells.append(code | {"execution_count": None})
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    (folder / "lesson.ipynb").write_text(json.dumps(notebook))
    (folder / "lesson.toml").write_text(OVERLAY)
    (folder / "misconceptions.toml").write_text(CATALOGUE)
    (folder / "solutions" / "double.py").write_text("def double(x):\n    return x * 2\n")
    (folder / "wrong" / "double" / "adds-twice--plus.py").write_text(WRONG)
    return folder

from __future__ import annotations

import json

import pytest

from foretell.authoring.outline import outline_json, outline_text
from foretell.model.lesson import Lesson
from foretell.parse.lesson import read_lesson

CELLS = [
    (
        "markdown",
        "# Sums\n\n**Module 1.1, Lesson 2**\n\n**What you'll do:**\n- Add\n- Write\n\n**Prerequisites:** numbers",
    ),
    ("markdown", "## Setup"),
    ("code", "import math"),
    ("markdown", "## Exercise 1: Add (Guided)\n\n**Before running, predict:**\n- How many?"),
    ("code", "print(1)\nassert 1"),
    ("markdown", "## Exercise 2 (Stretch): Write (Independent)"),
    ("code", "x = None  # TODO\nprint(x)"),
    ("code", "assert x"),
    ("code", "this does not parse"),
    ("markdown", "<details>\n<summary>Solution</summary>\n\n```python\nx = 1\n```\n</details>"),
    ("markdown", "## Key Takeaways\n\nAll adds up."),
]


@pytest.fixture
def lesson() -> Lesson:
    cells = [{"cell_type": kind, "source": source, "metadata": {}} for kind, source in CELLS]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    overlay = 'schema = 1\n[[question]]\nbefore = 4\nask = "How many?"\nkind = "number"\ntarget = "1 + 0"\n'
    return read_lesson(id="sums", notebook=text, overlay=overlay)


def test_the_outline_has_exactly_the_agreed_shape(lesson: Lesson) -> None:
    assert outline_json(lesson) == {
        "title": "Sums",
        "module": "Module 1.1, Lesson 2",
        "goals": ["Add", "Write"],
        "prerequisites": "numbers",
        "setup_cells": [1, 2],
        "takeaways_cell": 10,
        "exercises": [
            {
                "number": 1,
                "title": "Add",
                "support": "guided",
                "stretch": False,
                "cells": [3, 4],
                "prompts": [{"cell": 3, "before": 4, "questions": ["How many?"]}],
                "tasks": [],
            },
            {
                "number": 2,
                "title": "Write",
                "support": "independent",
                "stretch": True,
                "cells": [5, 6, 7, 8, 9],
                "prompts": [],
                "tasks": [{"cell": 6, "solution_cell": 9}],
            },
        ],
        "unread": [{"cell": 8, "why": "it does not parse as Python, so only its lines were looked at"}],
    }


def test_the_outline_survives_json(lesson: Lesson) -> None:
    assert json.loads(json.dumps(outline_json(lesson))) == outline_json(lesson)


@pytest.mark.parametrize(
    "line",
    [
        "11 cells, 5 of them code; language python",
        "Prerequisites: numbers",
        "  2. Write",
        "Setup (setup, cells 1 to 2)",
        "Exercise 1: Add (guided, cells 3 to 4)",
        "  predict before cell 4 (asked in cell 3)",
        "    - How many?  [number; settled by 1 + 0]",
        "  cell 4: 1 line withheld until the run",
        "Exercise 2: Write (independent, stretch, cells 5 to 9)",
        "  write x in cell 6: solution in cell 9; tested by 7",
        "Key Takeaways (takeaways, cell 10)",
        "  cell 8: it does not parse as Python, so only its lines were looked at",
    ],
)
def test_a_person_reads_a_line_for_each_thing(lesson: Lesson, line: str) -> None:
    assert line in outline_text(lesson).split("\n")


def test_no_line_for_a_person_is_wider_than_a_terminal() -> None:
    ask = "Will " + "one word after another " * 8 + "hold?"
    cells = [
        {"cell_type": "markdown", "source": f"## Exercise 1: A\n\n**Before running, predict:** {ask}", "metadata": {}},
        {"cell_type": "code", "source": "print(1)", "metadata": {}},
    ]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    lines = outline_text(read_lesson(id="wide", notebook=text)).split("\n")
    assert max(len(line) for line in lines) <= 80
    assert [line for line in lines if line.startswith("      one") or line.startswith("      word")]

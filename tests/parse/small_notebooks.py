"""Builders of small notebooks for the tests of the reader."""

from __future__ import annotations

import json
from typing import Any

from foretell.model.lesson import Block, BlockRole, CodeCell, Lesson, Task
from foretell.parse.lesson import read_lesson


def md(source: str | list[str], **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def code(source: str | list[str], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, **more}


def raw(source: str) -> dict[str, Any]:
    return {"cell_type": "raw", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any], minor: int = 4, language: str = "python") -> str:
    metadata = {"language_info": {"name": language}}
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor})


def lesson_of(*cells: dict[str, Any], overlay: str | None = None, **solutions: str) -> Lesson:
    return read_lesson(id="small", notebook=notebook(*cells), overlay=overlay, solutions=solutions)


def code_at(lesson: Lesson, index: int) -> CodeCell:
    found = lesson.code_cell(lesson.cells[index].id)
    assert found is not None
    return found


def task_at(lesson: Lesson, index: int) -> Task:
    task = code_at(lesson, index).task
    assert task is not None
    return task


def asks_at(lesson: Lesson, index: int) -> list[str]:
    prompt = code_at(lesson, index).prompt
    return [question.ask for question in prompt.questions] if prompt else []


def blocks_of(lesson: Lesson, role: BlockRole) -> list[Block]:
    return [
        item for section in lesson.sections for item in section.items if isinstance(item, Block) and item.role is role
    ]


def shown(cell: CodeCell) -> str:
    return "".join(piece.text for piece in cell.pieces if not piece.withheld)


def withheld(cell: CodeCell) -> str:
    return "".join(piece.text for piece in cell.pieces if piece.withheld)

"""What the reader understood of a notebook, for a person and for a script.

Enters: a `Lesson`. Leaves: the outline as plain data (0-based cell indices) or as text.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from foretell.model.lesson import CellKind, CodeCell, Lesson, Section, SectionKind

WIDTH = 80


def outline_json(lesson: Lesson) -> dict[str, Any]:
    """The outline as `foretell outline --json` prints it."""
    index = {cell.id: cell.index for cell in lesson.cells}
    takeaways = next((section.cells[0] for section in lesson.sections if section.kind is SectionKind.TAKEAWAYS), None)
    return {
        "title": lesson.title,
        "module": lesson.module,
        "goals": [goal.text for goal in lesson.goals],
        "prerequisites": lesson.prerequisites,
        "setup_cells": [
            cell for section in lesson.sections if section.kind is SectionKind.SETUP for cell in section.cells
        ],
        "takeaways_cell": takeaways,
        "exercises": [_exercise_json(section, index) for section in lesson.sections if section.exercise is not None],
        "unread": [{"cell": unread.cell, "why": unread.why} for unread in lesson.unread],
    }


def outline_text(lesson: Lesson) -> str:
    """The outline for a person, one line a thing; cells are counted from 0 as in the JSON."""
    index = {cell.id: cell.index for cell in lesson.cells}
    code = sum(cell.kind is CellKind.CODE for cell in lesson.cells)
    lines = [lesson.title]
    if lesson.module:
        lines.append(lesson.module)
    lines.append(f"{_count(len(lesson.cells), 'cell')}, {code} of them code; language {lesson.language}")
    if lesson.prerequisites:
        lines.append(f"Prerequisites: {' '.join(lesson.prerequisites.split())}")
    if lesson.goals:
        lines += ["", "Goals", *(f"  {number}. {goal.text}" for number, goal in enumerate(lesson.goals, start=1))]
    for section in lesson.sections:
        lines += ["", *_section_lines(section, index)]
    if lesson.unread:
        lines += ["", "Not fully understood (played as plain cells)"]
        lines += [f"  cell {unread.cell}: {unread.why}" for unread in lesson.unread]
    return "\n".join(_wrapped(line) for line in lines) + "\n"


def _wrapped(line: str) -> str:
    """A line in WIDTH columns; what does not fit goes on under its first word."""
    mark = re.match(r"\s*(?:-|\d+\.)?\s*", line)
    indent = " " * max(2, mark.end() if mark else 0)
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _exercise_json(section: Section, index: dict[str, int]) -> dict[str, Any]:
    exercise = section.exercise
    codes = [item for item in section.items if isinstance(item, CodeCell)]
    return {
        "number": exercise.number if exercise else None,
        "title": section.title,
        "support": exercise.support.value if exercise and exercise.support else None,
        "stretch": bool(exercise and exercise.stretch),
        "cells": list(section.cells),
        "prompts": [
            {
                "cell": index[code.prompt.stands_in],
                "before": index[code.prompt.before],
                "questions": [question.ask for question in code.prompt.questions],
            }
            for code in codes
            if code.prompt is not None
        ],
        "tasks": [
            {
                "cell": index[code.task.cell],
                "solution_cell": index[code.task.solution_cell] if code.task.solution_cell else None,
            }
            for code in codes
            if code.task is not None
        ],
    }


def _section_lines(section: Section, index: dict[str, int]) -> list[str]:
    lines = [_heading(section)]
    for code in (item for item in section.items if isinstance(item, CodeCell)):
        if code.prompt is not None:
            lines.append(f"  predict before cell {index[code.cell]} (asked in cell {index[code.prompt.stands_in]})")
            for question in code.prompt.questions:
                settled = f"settled by {question.target}" if question.target else "the learner compares"
                lines.append(f"    - {' '.join(question.ask.split())}  [{question.kind}; {settled}]")
        if code.task is not None:
            given = (
                f"solution in cell {index[code.task.solution_cell]}"
                if code.task.solution_cell
                else "no solution in the notebook"
            )
            note = "" if code.task.solution is not None or not code.task.solution_cell else ", not placed"
            tests = ", ".join(str(index[cell]) for cell in code.task.test_cells)
            lines.append(
                f"  write {code.task.name} in cell {index[code.cell]}: {given}{note}"
                + (f"; tested by {tests}" if tests else "")
            )
        hidden = sum(len(piece.text.splitlines()) for piece in code.pieces if piece.withheld)
        if hidden:
            lines.append(
                f"  cell {index[code.cell]}: {hidden} {'line' if hidden == 1 else 'lines'} withheld until the run"
            )
    return lines


def _heading(section: Section) -> str:
    cells = f"cells {section.cells[0]} to {section.cells[-1]}" if len(section.cells) > 1 else f"cell {section.cells[0]}"
    if section.exercise is None:
        return f"{section.title or section.kind.value.capitalize()} ({section.kind.value}, {cells})"
    support = section.exercise.support.value if section.exercise.support else "no level given"
    stretch = ", stretch" if section.exercise.stretch else ""
    number = f"Exercise {section.exercise.number}: " if section.exercise.number is not None else ""
    return f"{number}{section.title} ({support}{stretch}, {cells})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""The work that every side does: a solved nn.Module lesson, with its asserts.

Enters: the lesson that ships, and the notebook as its author wrote it where that lies beside the checkout. Leaves:
cells, and notebooks and tests made of them. Invariant: every side runs the same text; where a grader wants tests apart,
the asserts move, and nothing else.
`UNFIGURED` is our lesson without its cells that draw: drawing is matplotlib's time on every side, and hides the rest.
`NOTEBOOK` is what the figures of the issue are about: the author's notebook, which draws nothing, or else `UNFIGURED`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from foretell.authoring.headless import as_solved
from foretell.library import open_lesson
from foretell.model.lesson import Lesson
from foretell.model.run import CellSource
from foretell.parse.imports import imported_modules


def _solved(lesson: Lesson) -> tuple[CellSource, ...]:
    return tuple(CellSource(cell=code.cell, text=as_solved(code)) for code in lesson.code_cells)


LESSON = open_lesson("nn-module").lesson
CELLS = _solved(LESSON)
MODULES = imported_modules(cell.text for cell in CELLS)
FIGURES = frozenset(cell.cell for cell in CELLS if "plt.show()" in cell.text)
UNFIGURED = tuple(cell for cell in CELLS if cell.cell not in FIGURES)
AUTHORS = Path(__file__).parents[2] / "shared" / "notebooks" / "nn-module.ipynb"
NOTEBOOK, NOTEBOOK_IS = (
    (_solved(open_lesson(str(AUTHORS)).lesson), "the author's notebook")
    if AUTHORS.exists()
    else (UNFIGURED, "our lesson without its figures")
)
TRIVIAL = CellSource(cell="trivial", text="1 + 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A cell as a grader wants it: `text` without the asserts that stand at its top level, `asserts` one a line."""

    cell: str
    text: str
    asserts: tuple[str, ...]


def graded(cell: CellSource) -> Graded:
    """Take the asserts out of a cell."""
    tests = [node for node in ast.parse(cell.text).body if isinstance(node, ast.Assert)]
    gone = {line for node in tests for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    kept = [line for number, line in enumerate(cell.text.split("\n"), start=1) if number not in gone]
    return Graded(cell=cell.cell, text="\n".join(kept), asserts=tuple(ast.unparse(node) for node in tests))


def notebook(cells: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Give a notebook for the kernel named python3."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def plain_notebook(cells: Sequence[CellSource]) -> nbformat.NotebookNode:
    """Give cells as a notebook, asserts in place."""
    return notebook([nbformat.v4.new_code_cell(cell.text) for cell in cells])

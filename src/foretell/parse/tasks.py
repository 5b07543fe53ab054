"""A code cell with something to fill, cut into what the learner edits and what tests it.

Enters: the source of a code cell. Leaves: a `TaskCut`. Invariant: the starter and the test together behave like the
source; only comments that hold code are missing from the starter.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from foretell.parse.gaps import Gap, find_gaps
from foretell.parse.prompts import is_comment_prompt
from foretell.parse.python import Comment, first_fault, parse, read_comments
from foretell.parse.withhold import claims_result, is_marker, states_answer

MOST_LINES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCut:
    """`given` is the part to be filled as the notebook has it; `starter` is the same without code in comments.

    `commented` is that code, one text a block.
    """

    given: str
    starter: str
    test: str
    gaps: tuple[Gap, ...]
    commented: tuple[str, ...]

    @property
    def name(self) -> str | None:
        """The first class, function or variable that is to be filled."""
        return next((gap.name for gap in self.gaps if gap.name), None)


def read_task(source: str) -> TaskCut | None:
    """Cut a code cell below its last gap; None where there is nothing to fill."""
    gaps = find_gaps(source)
    return cut_task(source, gaps) if gaps else None


def cut_task(source: str, gaps: tuple[Gap, ...]) -> TaskCut:
    """Cut a cell below the last of these gaps; without gaps the whole cell is the learner's."""
    lines = source.split("\n")
    end = max((gap.top_end for gap in gaps), default=len(lines))
    whole = end >= len(lines)
    given = source if whole else "\n".join(lines[:end]) + "\n"
    test = source[len(given) :]
    if not test.strip():
        given, test = source, ""
    starter, commented = strip_commented_code(given)
    return TaskCut(given=given, starter=starter, test=test, gaps=gaps, commented=commented)


def strip_commented_code(source: str) -> tuple[str, tuple[str, ...]]:
    """Remove comment lines that hold Python statements; also return them, uncommented."""
    alone = [comment for comment in read_comments(source) if comment.alone]
    removed: set[int] = set()
    texts: list[str] = []
    for block in _runs(alone):
        for first, last in _code_ranges(block):
            removed.update(comment.line for comment in block[first:last])
            texts.append(_uncomment(block[first:last]).rstrip())
    return _without_lines(source, removed), tuple(texts)


def strip_answers(source: str) -> str:
    """Remove comments that state a value, but never a line that marks a place to write or asks for a prediction."""
    comments = read_comments(source)
    lines = source.split("\n")
    removed: set[int] = set()
    for comment in comments:
        if is_marker(comment) or is_comment_prompt(comment):
            continue
        if comment.alone and claims_result(comment.words):
            removed.add(comment.line)
        elif not comment.alone and states_answer(comment):
            lines[comment.line - 1] = lines[comment.line - 1][: comment.column].rstrip()
    return _without_lines("\n".join(lines), removed)


def _without_lines(source: str, removed: set[int]) -> str:
    lines = source.split("\n")
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in removed)


def _runs(comments: Sequence[Comment]) -> list[list[Comment]]:
    """Comment lines that follow each other, parted at markers."""
    runs: list[list[Comment]] = []
    previous = -1
    for comment in comments:
        if is_marker(comment):
            previous = -1
            continue
        if runs and comment.line == previous + 1:
            runs[-1].append(comment)
        else:
            runs.append([comment])
        previous = comment.line
    return runs


def _uncomment(comments: Sequence[Comment]) -> str:
    return textwrap.dedent("\n".join(comment.text.lstrip("#") for comment in comments)) + "\n"


def _code_ranges(block: Sequence[Comment]) -> list[tuple[int, int]]:
    """The stretches of a comment block that parse as statements (at most MOST_LINES are tried together)."""
    ranges: list[tuple[int, int]] = []
    first = 0
    while first < len(block):
        last = _end_of_code(block, first)
        if last is not None:
            ranges.append((first, last))
        first = last or first + 1
    return ranges


def _end_of_code(block: Sequence[Comment], first: int) -> int | None:
    """Where the code ends that begins with this line: each fault says how much shorter it must be."""
    last = min(len(block), first + MOST_LINES)
    while last > first:
        text = _uncomment(block[first:last])
        fault = first_fault(text)
        if fault is None:
            if _is_code(text):
                return last
            last -= 1
        else:
            last = min(last - 1, first + fault - 1)
    return None


def _is_code(text: str) -> bool:
    tree = parse(text)
    return tree is not None and bool(tree.body) and any(_is_real(node) for node in tree.body) and not any(
        _is_prose(node) for node in tree.body
    )  # fmt: skip


def _is_real(node: ast.stmt) -> bool:
    """A statement that does something; a bare name, a literal or `Hint: word` is prose."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Await | ast.Yield)
    return not _is_prose(node)


def _is_prose(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Name | ast.Constant | ast.Tuple | ast.Compare)
    return isinstance(node, ast.Global | ast.Nonlocal)

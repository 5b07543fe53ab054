"""Places in a code cell that are left for the learner to write.

Enters: the source of a code cell. Leaves: `Gap`s in order. Invariant: a gap names the top-level lines it stands in, so
that the cell can be cut below the last one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from foretell.parse.python import Comment, first_line, last_line, read_comments, read_python, statement_lists
from foretell.parse.withhold import is_marker

HOLE = re.compile(r"^_{3,}$")
YOUR_TEXT = re.compile(r"\bYOUR\b.*\bHERE\b", re.S)
REPLACE = re.compile(r"\b(?:replace|remove|change) (?:this|me|with)\b|\byour code\b", re.I)
EMPTY_MAKERS = frozenset({"Sequential", "ModuleList", "list", "dict", "set", "tuple", "zeros", "empty"})
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class GapKind(StrEnum):
    """What stands where the learner's code belongs."""

    CELL = "cell"
    STATEMENT = "statement"
    VALUE = "value"
    HOLE = "hole"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap. `start` to `end` are the placeholder's lines (from 1, inclusive; a gap behind a comment has
    `end == start - 1`); `top_start` to `top_end` are those of the top-level statement around it. `name` is the
    definition or variable to be filled, `defines` whether that is a definition.
    """

    kind: GapKind
    start: int
    end: int
    indent: int
    top_start: int
    top_end: int
    name: str | None = None
    defines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A cell with the lines of its comments that mark a place to write."""

    lines: tuple[str, ...]
    marks: frozenset[int]
    trailing: frozenset[int]
    alone: frozenset[int]
    built_on: frozenset[str]

    def marked_behind(self, node: ast.stmt) -> bool:
        return any(line in self.trailing for line in range(first_line(node), last_line(node) + 1))

    def marked_above(self, node: ast.stmt) -> bool:
        """A marker in the comment block above, blank lines allowed between."""
        line = first_line(node) - 1
        while line >= 1 and (line in self.alone or not self.lines[line - 1].strip()):
            if line in self.marks:
                return True
            line -= 1
        return False


def find_gaps(source: str) -> tuple[Gap, ...]:
    """The gaps of a code cell; none where there is nothing to fill."""
    comments = read_comments(source)
    if not comments and not re.search(r"_{3}|\.\.\.|pass|NotImplementedError|YOUR", source):
        return ()
    tree = read_python(source)
    lines = tuple(source.split("\n"))
    marks = [comment for comment in comments if is_marker(comment)]
    if tree is None or not tree.body or _only_magics(tree, source):
        return (_whole_cell(lines),) if marks and not _starts_foreign(source) else ()
    text = _Source(
        lines=lines,
        marks=frozenset(comment.line for comment in marks),
        trailing=frozenset(comment.line for comment in marks if not comment.alone),
        alone=frozenset(comment.line for comment in comments if comment.alone),
        built_on=frozenset(_name(base) for node in tree.body if isinstance(node, ast.ClassDef) for base in node.bases),
    )
    gaps = [gap for top in tree.body for gap in _in_statements([top], top, text)]
    gaps += _behind_comments(tree, comments, text, gaps)
    return tuple(sorted(gaps, key=lambda gap: (gap.start, gap.end)))


def _starts_foreign(source: str) -> bool:
    return source.lstrip().startswith("%%")


def _only_magics(tree: ast.Module, source: str) -> bool:
    """A cell whose statements are all blanked magics has nothing of Python in it."""
    lines = source.split("\n")
    return all(
        isinstance(statement, ast.Pass) and lines[statement.lineno - 1].lstrip()[:1] in "%!?" for statement in tree.body
    )


def _whole_cell(lines: Sequence[str]) -> Gap:
    return Gap(kind=GapKind.CELL, start=1, end=len(lines), indent=0, top_start=1, top_end=len(lines))


def _in_statements(statements: Sequence[ast.stmt], top: ast.stmt, text: _Source) -> list[Gap]:
    gaps: list[Gap] = []
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            body = _without_docstring(statement.body)
            if body and all(_is_blank(inner) for inner in body) and not _is_abstract(statement, top, text):
                gaps.append(_gap(GapKind.STATEMENT, body, top))
                continue
        kind = _kind_of(statement, text)
        if kind is not None:
            gaps.append(_gap(kind, [statement], top))
            continue
        for inner in statement_lists(statement):
            gaps += _in_statements(inner, top, text)
    return gaps


def _kind_of(statement: ast.stmt, text: _Source) -> GapKind | None:
    marked = text.marked_behind(statement) or text.marked_above(statement)
    if isinstance(statement, ast.Pass):
        return GapKind.STATEMENT if marked else None
    if _is_ellipsis(statement):
        return GapKind.STATEMENT
    if isinstance(statement, ast.Raise) and _is_blank(statement):
        return GapKind.STATEMENT if marked else None
    if isinstance(statement, Definition) or statement_lists(statement):
        return None
    if any(isinstance(node, ast.Name) and HOLE.match(node.id) for node in ast.walk(statement)):
        return GapKind.HOLE
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        return GapKind.VALUE if _is_placeholder(statement, statement.value, text) else None
    if isinstance(statement, ast.Return) and _says_replace(statement, text):
        return GapKind.STATEMENT
    if isinstance(statement, ast.Return) and marked and (statement.value is None or _is_empty(statement.value)):
        return GapKind.STATEMENT
    return None


def _is_placeholder(statement: ast.stmt, value: ast.expr, text: _Source) -> bool:
    if isinstance(value, ast.Constant) and value.value is ...:
        return True
    if any(
        isinstance(node, ast.Constant) and isinstance(node.value, str) and YOUR_TEXT.search(node.value)
        for node in ast.walk(value)
    ):
        return True
    if _says_replace(statement, text):
        return True
    if not (text.marked_behind(statement) or text.marked_above(statement)):
        return False
    makes_empty = (
        isinstance(value, ast.Call) and not value.args and not value.keywords and _name(value.func) in EMPTY_MAKERS
    )
    return _is_empty(value) or makes_empty


def _says_replace(statement: ast.stmt, text: _Source) -> bool:
    line = last_line(statement)
    return line in text.trailing and REPLACE.search(text.lines[line - 1].partition("#")[2]) is not None


def _is_empty(value: ast.expr) -> bool:
    """None, "", 0, 0.0, [], {} or ()."""
    if isinstance(value, ast.Constant):
        return value.value is None or value.value is ... or value.value in ("", 0)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return not value.elts
    return isinstance(value, ast.Dict) and not value.keys


def _is_blank(statement: ast.stmt) -> bool:
    """`pass`, `...` or `raise NotImplementedError`."""
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return _name(raised) == "NotImplementedError"
    return isinstance(statement, ast.Pass) or _is_ellipsis(statement)


def _is_ellipsis(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and statement.value.value is ...
    )


def _is_abstract(function: ast.FunctionDef | ast.AsyncFunctionDef, top: ast.stmt, text: _Source) -> bool:
    """Whether a blank body is meant to stay: marked so, or an unmarked method of a class that others build on."""
    if any(_name(decorator) in {"abstractmethod", "overload"} for decorator in function.decorator_list):
        return True
    lines = range(first_line(function), last_line(function) + 1)
    if not isinstance(top, ast.ClassDef) or any(line in text.marks for line in lines) or text.marked_above(function):
        return False
    return top.name in text.built_on or any(_name(base) in {"Protocol", "ABC"} for base in top.bases)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    head = body[0]
    if isinstance(head, ast.Expr) and isinstance(head.value, ast.Constant) and isinstance(head.value.value, str):
        return body[1:]
    return body


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _gap(kind: GapKind, placeholder: Sequence[ast.stmt], top: ast.stmt) -> Gap:
    name, defines = _filled_name(top)
    return Gap(
        kind=kind, start=first_line(placeholder[0]), end=last_line(placeholder[-1]), indent=placeholder[0].col_offset,
        top_start=first_line(top), top_end=last_line(top), name=name, defines=defines,
    )  # fmt: skip


def _filled_name(top: ast.stmt) -> tuple[str | None, bool]:
    if isinstance(top, Definition):
        return top.name, True
    targets = top.targets if isinstance(top, ast.Assign) else [top.target] if isinstance(top, ast.AnnAssign) else []
    return next((target.id for target in targets if isinstance(target, ast.Name)), None), False


def _behind_comments(tree: ast.Module, comments: Sequence[Comment], text: _Source, found: Sequence[Gap]) -> list[Gap]:
    """Marker comments after which nothing stands: a blank line, the end of the block, the end of the cell."""
    gaps: list[Gap] = []
    for comment in comments:
        if not comment.alone or comment.line not in text.marks:
            continue
        end = comment.line
        while end + 1 in text.alone and end + 1 not in text.marks:
            end += 1
        following = next((line for line in range(end + 1, len(text.lines) + 1) if text.lines[line - 1].strip()), None)
        if following is not None and following == end + 1 and _indent(text.lines[following - 1]) >= comment.column:
            continue
        if any(gap.start <= comment.line <= gap.end or gap.start == following for gap in found):
            continue
        if following is not None and any(gap.top_start == following for gap in found):
            continue
        top = next((node for node in tree.body if first_line(node) <= comment.line <= last_line(node)), None)
        name, defines = _filled_name(top) if top is not None else (None, False)
        gaps.append(
            Gap(
                kind=GapKind.COMMENT, start=end + 1, end=end, indent=comment.column,
                top_start=first_line(top) if top else comment.line, top_end=max(end, last_line(top)) if top else end,
                name=name, defines=defines,
            )
        )  # fmt: skip
    return gaps


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

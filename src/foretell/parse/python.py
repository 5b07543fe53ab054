"""The text of a code cell, read as Python without running it.

Enters: cell source, with magics and with gaps that do not parse. Leaves: a syntax tree whose line numbers are those
of the source, and the comments. Invariant: nothing here raises on any text; what cannot be read is None.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass

from foretell.model.syntax import parse_expression, parse_module

MAGIC_LINE = re.compile(r"^(\s*)([%!?].*|\w[\w.]*\?\??\s*)$")
MAGIC_VALUE = re.compile(r"^(\s*\w[\w, ]*=\s*)[%!].*$")
PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "debug"})
EMPTY_VALUE = re.compile(r"^(\s*[A-Za-z_][\w.]*\s*=)\s*(#.*)?$")
BLOCK_HEAD = re.compile(r"^(\s*)(with|if|elif|else|for|while|def|class|try|except|finally|async)\b.*:\s*(#.*)?$")
DEEPEST = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment: `line` from 1, `column` from 0, `text` with its "#"; `alone` when nothing stands before it."""

    line: int
    column: int
    text: str
    alone: bool

    @property
    def words(self) -> str:
        """The comment without its marks."""
        return self.text.lstrip("#").strip()


def is_foreign(source: str) -> bool:
    """Whether a cell magic hands the whole cell to something that is not Python (`%%bash`)."""
    first = source.lstrip().partition("\n")[0]
    return first.startswith("%%") and first[2:].split(" ")[0].strip() not in PYTHON_CELL_MAGICS


def read_python(source: str) -> ast.Module | None:
    """Parse a cell with its magics blanked, or with obvious gaps (`x = # TODO`) filled; None when neither parses."""
    if is_foreign(source):
        return None
    blanked = blank_magics(source)
    for text in (source, blanked, _fill_gaps(blanked)):
        tree = parse(text)
        if tree is not None:
            return tree
    return None


def parse(text: str) -> ast.Module | None:
    """`ast.parse` for text of unknown origin: None instead of an exception, and no warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if _depth(tree) <= DEEPEST else None


def first_fault(text: str) -> int | None:
    """The line (from 1) at which a text stops being Python; None where it is Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parse_module(text)
    except SyntaxError as error:
        return max(1, error.lineno or 1)
    except (ValueError, RecursionError, MemoryError):
        return 1
    return None


def is_expression(text: str) -> bool:
    """Whether a text is one Python expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return _depth(tree) <= DEEPEST


def blank_magics(source: str) -> str:
    """Put `pass` in the place of lines that only IPython understands; every other line stays as it is."""
    lines = source.split("\n")
    blanked = []
    for line in lines:
        value = MAGIC_VALUE.match(line)
        magic = MAGIC_LINE.match(line)
        if value:
            blanked.append(value[1] + "None")
        elif magic:
            blanked.append(magic[1] + "pass")
        else:
            blanked.append(line)
    return "\n".join(blanked)


def read_comments(source: str) -> tuple[Comment, ...]:
    """Every comment of the cell. Text that does not tokenize is searched line by line instead."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(blank_magics(source)).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return _comments_by_line(source)
    lines = source.split("\n")
    return tuple(
        Comment(line=line, column=column, text=token.string, alone=not lines[line - 1][:column].strip())
        for token in tokens
        if token.type == tokenize.COMMENT
        for line, column in (token.start,)
        if line <= len(lines)
    )


def first_line(node: ast.stmt) -> int:
    """The line a statement begins on, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.stmt) -> int:
    """The line a statement ends on."""
    return node.end_lineno or node.lineno


def statement_lists(node: ast.AST) -> list[list[ast.stmt]]:
    """The lists of statements directly inside a node: bodies, else branches, handlers, cases."""
    found: list[list[ast.stmt]] = []
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if isinstance(statements, list) and statements and isinstance(statements[0], ast.stmt):
            found.append(statements)
    for name in ("handlers", "cases"):
        found += [inner.body for inner in getattr(node, name, []) or []]
    return found


def _depth(tree: ast.AST) -> int:
    deepest = 0
    level: list[ast.AST] = [tree]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            break
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _fill_gaps(source: str) -> str:
    """Make gaps parse without moving a line: `x = # TODO` gets None, a block of comments gets `pass`."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        empty = EMPTY_VALUE.match(line)
        if empty:
            lines[number] = f"{empty[1]} None"
        head = BLOCK_HEAD.match(line)
        if head and number + 1 < len(lines):
            inside = number + 1
            following = next((text for text in lines[inside:] if text.strip() and not text.strip().startswith("#")), "")
            indent = len(following) - len(following.lstrip())
            if not following or indent <= len(head[1]):
                lines[inside] = f"{head[1]}    pass"
    return "\n".join(lines)


def _comments_by_line(source: str) -> tuple[Comment, ...]:
    found = []
    for number, line in enumerate(source.split("\n"), start=1):
        column = _comment_column(line)
        if column is not None:
            found.append(Comment(line=number, column=column, text=line[column:], alone=not line[:column].strip()))
    return tuple(found)


def _comment_column(line: str) -> int | None:
    quote = ""
    for column, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#":
            return column
    return None

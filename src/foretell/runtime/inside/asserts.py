"""Assert statements of a cell, reported with the values of both sides.

Enters: the syntax tree of a cell. Leaves: the same tree in which each assert at module level (not inside a function or
class) tells a `Recorder` what it saw, and `AssertSeen`s. Invariant: every operand is evaluated once, comparison and
truth are evaluated in the learner's own frame at the original place, and a message only where the assert fails, so
the traceback is the one that Python would have given.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from foretell.model.run import COMPARISONS, AssertSeen
from foretell.runtime.observe import one_line, short_text

RECORDER = "__foretell_asserts__"
MESSAGE_CHARACTERS = 500


@dataclass(slots=True)
class _Row:
    """One assert statement while its cell runs."""

    line: int
    source: str
    operator: str
    passed: bool | None = None
    held: list[object] = field(default_factory=list)
    left: str = ""
    right: str = ""
    message: str = ""


class Recorder:
    """What the asserts of one cell saw. Its methods are called from the rewritten cell and never raise."""

    def __init__(self, quiet: Callable[[], AbstractContextManager[None]]) -> None:
        self._rows: list[_Row] = []
        self._quiet = quiet

    def plan(self, line: int, source: str, operator: str) -> int:
        """Note an assert that the cell has; the number by which the rewritten cell names it."""
        self._rows.append(_Row(line, source, operator))
        return len(self._rows) - 1

    def side(self, number: int, value: object) -> object:
        """Keep one side of a comparison until it is over."""
        self._rows[number].held.append(value)
        return value

    def test(self, number: int, value: object) -> object:
        """Note what was tested; it counts as failed until `passed` is called."""
        row = self._rows[number]
        sides, row.held = row.held, []
        with self._quiet():
            texts = [short_text(side) for side in (sides if row.operator else [value])]
        row.left, row.right = (*texts, "", "")[:2]
        row.passed = False
        return value

    def passed(self, number: int) -> bool:
        """Note that the assert held."""
        self._rows[number].passed = True
        return True

    def message(self, number: int, value: object) -> object:
        """Note the message of a failing assert."""
        with self._quiet():
            self._rows[number].message = one_line(AssertionError(value))[:MESSAGE_CHARACTERS]
        return value

    def seen(self) -> tuple[AssertSeen, ...]:
        """Every assert of the cell, in source order; of one that ran often, how it went last."""
        return tuple(
            AssertSeen(
                line=row.line,
                source=row.source,
                passed=row.passed,
                left=row.left,
                operator=row.operator,
                right=row.right,
                message=row.message,
            )
            for row in sorted(self._rows, key=lambda row: row.line)
        )

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """While inside, the rewritten cell finds this recorder (in builtins, where no view of variables looks)."""
        setattr(builtins, RECORDER, self)
        try:
            yield
        finally:
            vars(builtins).pop(RECORDER, None)


class Rewriter(ast.NodeTransformer):
    """Rewrites the asserts of one cell from line `first_line` on; later trees (of magics, `%run`) pass unchanged.

    `source` gives the text of the first tree. As any transformer may, it leaves `fix_missing_locations` to its caller.
    """

    def __init__(
        self, recorder: Recorder, source: Callable[[], str], first_line: int, planned: Callable[[], None]
    ) -> None:
        self._recorder = recorder
        self._read_source = source
        self._source = ""
        self._lines: list[str] = []
        self._first_line = first_line
        self._planned = planned
        self._done = False

    def visit(self, node: ast.AST) -> Any:
        """Look at statements only: no assert stands inside of an expression."""
        return node if isinstance(node, ast.expr) else super().visit(node)

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite the first tree seen, which is the cell's own."""
        if not self._done:
            self._done = True
            self._source = self._read_source()
            self._lines = self._source.split("\n")
            self.generic_visit(node)
            self._planned()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Leave functions alone: their asserts run when they are called, perhaps in a later cell."""
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Leave functions alone."""
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Leave classes alone."""
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.stmt]:
        """Wrap test and message in calls, and add the note that it held."""
        if node.lineno < self._first_line or (isinstance(node.test, ast.Tuple) and node.test.elts):
            return node
        operator = _operator_of(node.test)
        number = self._recorder.plan(node.lineno, self._text_of(node.test), operator)
        test = node.test
        if operator and isinstance(test, ast.Compare):
            left, right = _call("side", number, test.left), _call("side", number, test.comparators[0])
            test = ast.copy_location(ast.Compare(left=left, ops=test.ops, comparators=[right]), test)
        message = _call("message", number, node.msg) if node.msg is not None else None
        checked = ast.copy_location(ast.Assert(test=_call("test", number, test), msg=message), node)
        noted = ast.copy_location(ast.Assert(test=_place(_method("passed", number), node), msg=None), node)
        return [checked, noted]

    def _text_of(self, test: ast.expr) -> str:
        if test.lineno == test.end_lineno:
            line = self._lines[test.lineno - 1].encode()
            return line[test.col_offset : test.end_col_offset].decode()
        return ast.get_source_segment(self._source, test) or ast.unparse(test)


def _operator_of(test: ast.expr) -> str:
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return COMPARISONS[type(test.ops[0])]
    return ""


def _method(name: str, number: int, *values: ast.expr) -> ast.Call:
    recorder = ast.Name(id=RECORDER, ctx=ast.Load())
    method = ast.Attribute(value=recorder, attr=name, ctx=ast.Load())
    return ast.Call(func=method, args=[ast.Constant(value=number), *values], keywords=[])


def _call(name: str, number: int, value: ast.expr) -> ast.Call:
    return _place(_method(name, number, value), value)


def _place(call: ast.Call, like: ast.AST) -> ast.Call:
    """The call at the place of `like`, whose parts get their places from it."""
    return ast.copy_location(call, like)

"""PYTHON SOURCE as a syntax tree, one text at a time.

Enters: text. Leaves: trees and literals, or what Python raises. Invariant: one thread at a time builds a tree. CPython
3.11 counts the depth of the tree that it builds in one place for all threads: two at once end in a SystemError ("AST
constructor recursion depth mismatch"), which was seen when a page was drawn while a check was concluded.
"""

from __future__ import annotations

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def parse_module(text: str) -> ast.Module:
    """The tree of a text; SyntaxError, ValueError, RecursionError or MemoryError as `ast.parse`."""
    with _ONE_AT_A_TIME:
        return ast.parse(text)


def parse_expression(text: str) -> ast.Expression:
    """The tree of one expression; raises as `ast.parse`."""
    with _ONE_AT_A_TIME:
        return ast.parse(text, mode="eval")


def read_literal(text: str) -> object:
    """The value of a literal; raises as `ast.literal_eval`."""
    with _ONE_AT_A_TIME:
        return ast.literal_eval(text)

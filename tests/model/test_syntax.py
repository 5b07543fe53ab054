"""Trees are built one at a time, however many threads ask."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foretell.model.syntax import parse_expression, parse_module, read_literal

SOURCE = Path(ast.__file__).read_text(encoding="utf-8")[:40_000].rpartition("\ndef ")[0]


def test_many_threads_get_their_trees() -> None:
    with ThreadPoolExecutor(8) as threads:
        trees = list(threads.map(parse_module, [SOURCE] * 40))
    assert len({len(tree.body) for tree in trees}) == 1


def test_an_expression_and_a_literal_are_read() -> None:
    assert isinstance(parse_expression("1 + 2").body, ast.BinOp)
    assert read_literal("(3, 1)") == (3, 1)
    with pytest.raises(SyntaxError):
        parse_module("x = (")


def test_only_this_room_builds_trees_outside_a_learners_process() -> None:
    package = Path(__file__).parents[2] / "src" / "foretell"
    others = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "inside" not in path.parts and path.name != "syntax.py"
        if "ast.parse(" in path.read_text() or "ast.literal_eval(" in path.read_text()
    ]
    assert others == []

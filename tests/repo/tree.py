"""The tree as text: modules, docstrings, definitions. Shared by the tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "foretell"


@dataclass(frozen=True)
class Module:
    """A Python module: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def doc(self) -> str:
        return ast.get_docstring(self.tree) or ""

    def definitions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        yield from (node for node in ast.walk(self.tree) if isinstance(node, kinds))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, of the bench and of the lessons' tests."""
    paths = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "bench").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
    read = ((path, path.read_text(encoding="utf-8")) for path in paths)
    return tuple(Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text)) for path, text in read)


def package() -> tuple[Module, ...]:
    """The modules that ship, migrations apart."""
    return tuple(m for m in modules() if m.path.startswith("src/") and "/migrations/" not in m.path)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")

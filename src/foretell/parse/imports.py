"""Which packages a lesson's cells import, so that a worker can have them ready.

Enters: sources of cells. Leaves: names of packages in order of first use. Invariant: syntax only; nothing is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from foretell.parse.python import read_python


def imported_modules(sources: Iterable[str]) -> tuple[str, ...]:
    """Give the modules that the cells import by absolute name ("torch", "matplotlib.pyplot"), each once."""
    found: dict[str, None] = {}
    for source in sources:
        tree = read_python(source)
        if tree is not None:
            found.update(dict.fromkeys(_modules(tree)))
    return tuple(found)


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module

"""SYNTAX TREE of learner code -> the same with names written out that are given a value once.

Enters: the tree of a source, and the name that the task asks for. Leaves: a tree in which `N = 10; nn.Linear(N, 1)`
reads `nn.Linear(10, 1)`, `act = torch.relu; act(h)` reads `torch.relu(h)`, `nn.Linear(**SIZES)` has its arguments, and
a lambda with a name is a function. Invariant: what is bound twice, or to anything that runs, stays as it is; what is
put in is small, holds no name that is written out itself, and there is an end to how much of it.
"""

from __future__ import annotations

import ast
from copy import deepcopy

from foretell.judge.bindings import EVERYWHERE, Known, is_text, read_names
from foretell.judge.trees import constant_of, name_of

MOST_PUT_IN = 5_000


def write_out(tree: ast.Module, wanted: str) -> ast.Module:
    """The tree with names for one thing replaced by it where they are read; `wanted` keeps its assignment."""
    written = _WrittenOut(read_names(tree), wanted).visit(tree)
    return written if isinstance(written, ast.Module) else tree


class _WrittenOut(ast.NodeTransformer):
    def __init__(self, known: Known, wanted: str) -> None:
        self._known = known
        self._wanted = wanted
        self._owners: list[str] = []
        self._left = MOST_PUT_IN

    def _put(self, value: ast.expr, node: ast.expr) -> ast.expr:
        """A copy of `value` in the place of `node`; `node` where enough has been put in."""
        self._left -= 1
        return ast.copy_location(deepcopy(value), node) if self._left > 0 else node

    def _is_seen(self, name: str, node: ast.expr) -> bool:
        first, last = self._known.spans.get(name, EVERYWHERE)
        return name != self._wanted and first <= getattr(node, "lineno", 0) <= last

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self._owners.append(node.name)
        self.generic_visit(node)
        self._owners.pop()
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._known.names.get(node.id)
        if value is None or not isinstance(node.ctx, ast.Load) or not self._is_seen(node.id, node):
            return node
        return self._put(value, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            root = node.value.id
            owner = self._owners[-1] if self._owners and root in {"self", "cls"} else root
            if (value := self._known.attributes.get((owner, node.attr))) is not None:
                return self._put(value, node)
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        parts = self._parts_of(node.value)
        if parts is not None and isinstance(node.ctx, ast.Load) and constant_of(node.slice) in parts:
            return self._put(parts[constant_of(node.slice)], node)
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and name_of(node.value) == "globals" and is_text(node.slice):
            return ast.copy_location(ast.Name(str(constant_of(node.slice)), node.ctx), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self._spread(node)
        begun = self._known.begun.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if begun is not None and self._is_seen(name_of(node.func), node):
            node = self._go_on(begun, node)
        self.generic_visit(node)
        return node

    def _go_on(self, begun: ast.Call, node: ast.Call) -> ast.Call:
        """The call of a `partial`, with what was given to it before."""
        again = {one.arg for one in node.keywords}
        first, *given = (self._put(one, node) for one in begun.args)
        before = [
            ast.keyword(one.arg, self._put(one.value, node))
            for one in begun.keywords
            if one.arg and one.arg not in again
        ]
        if self._left <= 0:
            return node
        return ast.copy_location(ast.Call(first, [*given, *node.args], [*before, *node.keywords]), node)

    def _spread(self, node: ast.Call) -> None:
        """Write out `*SIZES` and `**OPTIONS`."""
        args: list[ast.expr] = []
        for one in node.args:
            parts = self._parts_of(one.value) if isinstance(one, ast.Starred) else None
            args += [one] if parts is None else [self._put(part, one) for part in parts.values()]
        keywords: list[ast.keyword] = []
        for each in node.keywords:
            parts = self._parts_of(each.value) if each.arg is None else None
            put = [ast.keyword(str(key), self._put(part, each.value)) for key, part in (parts or {}).items()]
            keywords += [each] if parts is None else put
        if self._left > 0:
            node.args, node.keywords = args, keywords

    def _parts_of(self, node: ast.expr) -> dict[object, ast.expr] | None:
        if not isinstance(node, ast.Name) or not self._is_seen(node.id, node):
            return None
        return self._known.parts.get(node.id)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) != 1 or not isinstance(target, ast.Name) or target.id == self._wanted:
            return node
        if not isinstance(node.value, ast.Lambda):
            return node
        body: list[ast.stmt] = [ast.Return(node.value.body)]
        made = ast.FunctionDef(name=target.id, args=node.value.args, body=body, decorator_list=[])
        return ast.copy_location(made, node)

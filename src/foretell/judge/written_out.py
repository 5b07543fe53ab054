"""SYNTAX TREE of learner code -> the same with names written out that stand for one thing all along.

Enters: the tree of a source, and the name that the task asks for. Leaves: a tree in which `N = 10; nn.Linear(N, 1)`
reads `nn.Linear(10, 1)`, `act = torch.relu; act(h)` reads `torch.relu(h)`, `nn.Linear(**SIZES)` has its arguments, and
a lambda with a name is a function. Invariant: pure; what is bound twice, or to anything that runs, stays as it is.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from foretell.judge.trees import PACKAGES, constant_of, name_of, pairs_of, path_of, root_of

# How the packages of torch are called here, whatever name they were imported by.
_USUAL = {"torch": "torch", "torch.nn": "nn", "torch.nn.functional": "F"}

_OF_SHAPE = frozenset({"shape", "size"})


def write_out(tree: ast.Module, wanted: str) -> ast.Module:
    """The tree with single names for one thing replaced by it where they are read; `wanted` keeps its assignment."""
    known = _read(tree)
    written = _WrittenOut(known, wanted).visit(tree)
    return written if isinstance(written, ast.Module) else tree


@dataclass(frozen=True, slots=True)
class _Known:
    """What names stand for: an expression, parts by place or key, or a function with some arguments given before."""

    names: dict[str, ast.expr] = field(default_factory=dict)
    parts: dict[str, dict[object, ast.expr]] = field(default_factory=dict)
    begun: dict[str, ast.Call] = field(default_factory=dict)
    attributes: dict[str, ast.expr] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()


def _read(tree: ast.Module) -> _Known:
    nodes = list(ast.walk(tree))
    bound = Counter(_bound(nodes))
    known = _Known(classes=frozenset(node.name for node in nodes if isinstance(node, ast.ClassDef)))
    for name, value in (pair for node in nodes for pair in _imported(node)):
        if bound[name] == 1:
            known.names[name] = value
    attributes = Counter(
        node.attr for node in nodes if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    )
    of_classes = {id(part) for node in nodes if isinstance(node, ast.ClassDef) for part in node.body}
    for node in nodes:
        for target, value in _assigned(node):
            if isinstance(target, ast.Name) and bound[target.id] == 1 and not attributes[target.id]:
                _keep(known, target.id, value)
                if id(node) in of_classes and type(constant_of(value)) is int:
                    known.attributes[target.id] = value
            elif isinstance(target, ast.Attribute) and attributes[target.attr] == 1 and not bound[target.attr]:
                is_own = path_of(target)[:-1] == ["self"]
                known.attributes.update({target.attr: value} if is_own and type(constant_of(value)) is int else {})
    return known


def _bound(nodes: list[ast.AST]) -> Iterator[str]:
    """Every name at each place where it is given a value."""
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _imported(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """`import torch.nn.functional as fn` is F; `from torch.nn import Linear as L` is nn.Linear."""
    if isinstance(node, ast.Import):
        for one in node.names:
            usual = _USUAL.get(one.name)
            if one.asname and usual:
                yield one.asname, ast.Name(usual, ast.Load())
    elif isinstance(node, ast.ImportFrom) and node.module in _USUAL and not node.level:
        for one in node.names:
            package = _USUAL.get(f"{node.module}.{one.name}")
            of_package = ast.Attribute(ast.Name(_USUAL[node.module], ast.Load()), one.name, ast.Load())
            yield one.asname or one.name, ast.Name(package, ast.Load()) if package else of_package


def _assigned(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [pair for target, value in pairs_of(node) for pair in _unpacked(target, value)]
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [(node.target, node.value)]
    return []


def _unpacked(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """`rows, columns = W.shape`, by place."""
    if not isinstance(target, ast.Tuple | ast.List) or name_of(value) not in _OF_SHAPE:
        return [(target, value)]
    return [
        (one, ast.Subscript(value, ast.Constant(place), ast.Load()))
        for place, one in enumerate(target.elts)
        if not isinstance(one, ast.Starred)
    ]


def _keep(known: _Known, name: str, value: ast.expr) -> None:
    """Keep what a name stands for. Only what holds no other name is kept: what is put in twice never grows."""
    if _is_plain(value):
        known.names[name] = value
    elif isinstance(value, ast.Tuple | ast.List) and all(map(_is_plain, value.elts)):
        known.parts[name] = dict(enumerate(value.elts))
    elif isinstance(value, ast.Dict) and all(key is not None and _is_text(key) for key in value.keys):
        keys = [constant_of(key) for key in value.keys if key is not None]
        if all(map(_is_plain, value.values)):
            known.parts[name] = dict(zip(keys, value.values, strict=True))
    elif isinstance(value, ast.Call) and all(map(_is_plain, (*value.args, *(one.value for one in value.keywords)))):
        if name_of(value.func) == "dict" and not value.args:
            known.parts[name] = {one.arg: one.value for one in value.keywords if one.arg}
        elif name_of(value.func) == "partial" and value.args:
            known.begun[name] = value


def _is_plain(value: ast.expr) -> bool:
    """A number, a truth value, a dotted name of torch's, or a size: `W.shape[0]`, `W.size(0)`."""
    if isinstance(value, ast.Subscript):
        axis = value.slice.operand if isinstance(value.slice, ast.UnaryOp) else value.slice
        is_of_a_name = name_of(value.value) in _OF_SHAPE and bool(root_of(_called(value.value)))
        return is_of_a_name and type(constant_of(axis)) is int
    if isinstance(value, ast.Call):
        return name_of(value) == "size" and bool(root_of(value.func)) and all(map(_is_plain, value.args))
    if isinstance(value, ast.Attribute):
        return root_of(value) in PACKAGES - {"builtins"}
    return type(constant_of(value)) in {int, float, bool}


def _called(value: ast.expr) -> ast.expr:
    """`W.size` in `W.size()`."""
    return value.func if isinstance(value, ast.Call) and not value.args else value


def _is_text(key: ast.expr) -> bool:
    return isinstance(constant_of(key), str)


class _WrittenOut(ast.NodeTransformer):
    def __init__(self, known: _Known, wanted: str) -> None:
        self._known = known
        self._wanted = wanted

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if not isinstance(node.ctx, ast.Load) or node.id == self._wanted:
            return node
        return deepcopy(self._known.names.get(node.id, node))

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        value = self._known.attributes.get(node.attr)
        owners = self._known.classes | {"self", "cls"}
        if value is not None and isinstance(node.ctx, ast.Load) and path_of(node)[:-1] in [[one] for one in owners]:
            return deepcopy(value)
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        parts = self._known.parts.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if parts is not None and isinstance(node.ctx, ast.Load) and constant_of(node.slice) in parts:
            return deepcopy(parts[constant_of(node.slice)])
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and name_of(node.value) == "globals" and _is_text(node.slice):
            return ast.Name(str(constant_of(node.slice)), node.ctx)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self._spread(node)
        begun = self._known.begun.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if begun is not None:
            first, *given = deepcopy(begun.args)
            node = ast.Call(first, [*given, *node.args], [*deepcopy(begun.keywords), *node.keywords])
        self.generic_visit(node)
        return node

    def _spread(self, node: ast.Call) -> None:
        """Write out `*SIZES` and `**OPTIONS`."""
        args: list[ast.expr] = []
        for one in node.args:
            parts = self._parts_of(one.value) if isinstance(one, ast.Starred) else None
            args += [one] if parts is None else deepcopy(list(parts.values()))
        keywords: list[ast.keyword] = []
        for each in node.keywords:
            parts = self._parts_of(each.value) if each.arg is None else None
            keywords += [each] if parts is None else [ast.keyword(str(k), deepcopy(v)) for k, v in parts.items()]
        node.args, node.keywords = args, keywords

    def _parts_of(self, node: ast.expr) -> dict[object, ast.expr] | None:
        return self._known.parts.get(node.id) if isinstance(node, ast.Name) else None

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) != 1 or not isinstance(target, ast.Name) or target.id == self._wanted:
            return node
        if not isinstance(node.value, ast.Lambda):
            return node
        body: list[ast.stmt] = [ast.Return(node.value.body)]
        return ast.copy_location(
            ast.FunctionDef(name=target.id, args=node.value.args, body=body, decorator_list=[]), node
        )

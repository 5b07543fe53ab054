"""NAMES of learner code that are given a value once -> what each stands for.

Enters: the tree of a source. Leaves: small expressions, by name, part or attribute, and the lines in which they hold.
Invariant: pure; what is bound twice, or to anything that runs, is not among them, and what is holds no name that is.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from foretell.judge.trees import PACKAGES, Function, constant_of, name_of, pairs_of, path_of, root_of

# How the packages of torch are called here, whatever name they were imported by.
_USUAL = {"torch": "torch", "torch.nn": "nn", "torch.nn.functional": "F"}
_OF_SHAPE = frozenset({"shape", "size"})
MOST_PARTS = 16
MOST_DOTS = 6

Span = tuple[int, int]
EVERYWHERE: Span = (0, 1 << 30)


@dataclass(frozen=True, slots=True)
class Known:
    """What names stand for: an expression, parts by place or key, or a function with some arguments given before.

    `spans` are the lines in which each name is seen; attributes are known by their class and name.
    """

    names: dict[str, ast.expr] = field(default_factory=dict)
    parts: dict[str, dict[object, ast.expr]] = field(default_factory=dict)
    begun: dict[str, ast.Call] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    attributes: dict[tuple[str, str], ast.expr] = field(default_factory=dict)

    def keep(self, name: str, value: ast.expr, *, is_touched: bool) -> None:
        """Keep what a name stands for; lists and dicts only where nothing but reading them is done to them."""
        if _is_plain(value):
            self.names[name] = deepcopy(value)
        elif isinstance(value, ast.Call) and name_of(value.func) == "partial" and _are_plain(value):
            self.begun[name] = deepcopy(value)
        elif (parts := _parts_of(value)) and len(parts) <= MOST_PARTS and not is_touched:
            self.parts[name] = deepcopy(parts)


def read_names(tree: ast.Module) -> Known:
    """What the names of a source stand for, as far as it is one thing."""
    nodes = list(ast.walk(tree))
    bound, known = Counter(_bound(nodes)), Known()
    touched = set(_touched(nodes))
    for name, value in (pair for node in nodes for pair in _imported(node)):
        if bound[name] == 1:
            known.names[name] = value
    for scope, statement in _statements(tree):
        for target, value in _assigned(statement):
            if isinstance(target, ast.Name) and bound[target.id] == 1:
                known.keep(target.id, value, is_touched=target.id in touched)
                known.spans[target.id] = _span(scope)
    for owner in (node for node in nodes if isinstance(node, ast.ClassDef)):
        known.attributes.update({(owner.name, name): value for name, value in _attributes(owner)})
    return known


def _statements(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Every statement with the module, class or function in which it stands."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, one) for one in tree.body]
    while waiting:
        scope, node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield scope, node
        inner = node if isinstance(node, Function | ast.ClassDef) else scope
        waiting += [
            (inner, one)
            for one in ast.iter_child_nodes(node)
            if isinstance(one, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]


def _span(scope: ast.AST) -> Span:
    if isinstance(scope, Function | ast.ClassDef):
        return scope.lineno, scope.end_lineno or scope.lineno
    return EVERYWHERE


def _bound(nodes: list[ast.AST]) -> Iterator[str]:
    """Every name at each place where it is given a value."""
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _touched(nodes: list[ast.AST]) -> Iterator[str]:
    """Names of which an attribute is asked for (`SIZES.append`), or a part is set."""
    for node in nodes:
        is_set = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            if is_set or isinstance(node, ast.Attribute):
                yield node.value.id
        elif isinstance(node, ast.AugAssign):
            yield name_of(node.target)


def _attributes(owner: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Whole numbers that are kept on a class, or on `self`, once."""
    nodes = list(ast.walk(owner))
    set_to = [(name_of(target), value) for node in owner.body for target, value in _assigned(node)]
    for node in nodes:
        pairs = _assigned(node) if isinstance(node, ast.stmt) else []
        set_to += [(name_of(one), value) for one, value in pairs if path_of(one)[:-1] == ["self"]]
    times = Counter(name for name, _ in set_to)
    times.update(node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Del))
    times.update(name_of(node.target) for node in nodes if isinstance(node, ast.AugAssign))
    texts = {constant_of(node) for node in nodes if isinstance(node, ast.Constant)}  # `setattr(self, "n", 4)`
    for name, value in set_to:
        if times[name] == 1 and name not in texts and type(constant_of(value)) is int:
            yield name, value


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


def _assigned(node: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [pair for target, value in pairs_of(node) for pair in _unpacked(target, value)]
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return [(node.target, node.value)]
    return []


def _unpacked(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """`rows, columns = W.shape`, by place, as far as the places are known."""
    if not isinstance(target, ast.Tuple | ast.List) or name_of(value) not in _OF_SHAPE:
        return [(target, value)]
    star = next((at for at, one in enumerate(target.elts) if isinstance(one, ast.Starred)), len(target.elts))
    return [
        (one, ast.Subscript(value, ast.Constant(place), ast.Load())) for place, one in enumerate(target.elts[:star])
    ]


def _parts_of(value: ast.expr) -> dict[object, ast.expr]:
    """The plain parts of `(10, 32)`, `{"a": 10}` or `dict(a=10)`, by place or key; nothing where one is not plain."""
    parts: dict[object, ast.expr] = {}
    if isinstance(value, ast.Tuple | ast.List):
        parts = dict(enumerate(value.elts))
    elif isinstance(value, ast.Dict) and all(key is not None and is_text(key) for key in value.keys):
        parts = dict(zip([constant_of(key) for key in value.keys if key], value.values, strict=True))
    elif isinstance(value, ast.Call) and name_of(value.func) == "dict" and not value.args:
        parts = {one.arg: one.value for one in value.keywords if one.arg}
    return parts if all(map(_is_plain, parts.values())) else {}


def _are_plain(call: ast.Call) -> bool:
    given = [*call.args, *(one.value for one in call.keywords)]
    return bool(call.args) and len(given) <= MOST_PARTS and all(map(_is_plain, given))


def _is_plain(value: ast.expr) -> bool:
    """A number, a truth value, a dotted name of torch's, or a size: `W.shape[0]`, `W.size(0)`."""
    if isinstance(value, ast.Subscript):
        return _is_axis(value.slice) and _is_size(value.value)
    if isinstance(value, ast.Call):
        return len(value.args) == 1 and not value.keywords and _is_axis(value.args[0]) and _is_size(value.func)
    if isinstance(value, ast.Attribute):
        return root_of(value) in PACKAGES - {"builtins"} and len(path_of(value)) <= MOST_DOTS
    return type(constant_of(value)) in {int, float, bool}


def _is_size(value: ast.expr) -> bool:
    """`W.shape`, `layer.weight.size`, `W.size()`."""
    called = value.func if isinstance(value, ast.Call) and not value.args and not value.keywords else value
    parts = path_of(called)
    return parts[-1] in _OF_SHAPE and bool(parts[0]) and 1 < len(parts) <= MOST_DOTS


def _is_axis(value: ast.expr) -> bool:
    return type(constant_of(value.operand if isinstance(value, ast.UnaryOp) else value)) is int


def is_text(key: ast.expr) -> bool:
    """Whether a node is a text that is written in."""
    return isinstance(constant_of(key), str)

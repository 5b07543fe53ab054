"""Which names a cell reads before giving them a value, and which it leaves behind, by syntax alone.

Enters: a syntax tree. Leaves: `needs` and `provides` of top-level names. Invariant: a builtin is never needed.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

BUILTIN_NAMES = frozenset(dir(builtins)) | {
    "__file__", "__name__", "__doc__", "__annotations__", "display", "get_ipython", "In", "Out", "_", "__",
    "exit", "quit",
}  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names a cell needs from earlier cells and those it provides to later ones."""

    needs: frozenset[str] = frozenset()
    provides: frozenset[str] = frozenset()


def read_names(tree: ast.Module | None) -> Names:
    """Names of a cell; empty where the cell could not be parsed."""
    if tree is None:
        return Names()
    scope = _Scope()
    for statement in tree.body:
        scope.visit(statement)
    deferred = scope.deferred - scope.ever_bound
    needs = (scope.needs | deferred) - BUILTIN_NAMES
    return Names(needs=frozenset(needs), provides=frozenset(scope.bound | scope.declared))


@dataclass
class _Scope(ast.NodeVisitor):
    """One scope in the order it is executed. `deferred` are names that bodies of functions read when called."""

    bound: set[str] = field(default_factory=set)
    ever_bound: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)

    def bind(self, name: str) -> None:
        self.bound.add(name)
        self.ever_bound.add(name)

    def read(self, name: str) -> None:
        if name not in self.bound:
            self.needs.add(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id)
        else:
            self.read(node.id)
            self.bound.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.read(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    visit_AsyncFor = visit_For  # noqa: N815 - the visitor's protocol

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name is not None:
            self.bind(node.name)
        for statement in node.body:
            self.visit(statement)
        if node.name is not None:
            self.bound.discard(node.name)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.generic_visit(node)
        if node.name is not None:
            self.bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name is not None:
            self.bind(node.name)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._visit_function(node)
        self.bind(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the visitor's protocol

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_function(node)

    def _visit_function(self, node: Function) -> None:
        """Defaults and annotations are read now, the body when it is called."""
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)
        for argument in _arguments(node.args):
            if argument.annotation is not None:
                self.visit(argument.annotation)
        if not isinstance(node, ast.Lambda) and node.returns is not None:
            self.visit(node.returns)
        self.deferred |= _free_names(node)
        if not isinstance(node, ast.Lambda):
            self.declared |= _globals_bound_by(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
            self.visit(part)
        inner = _Scope(bound=set(self.bound))
        for statement in node.body:
            inner.visit(statement)
        self.needs |= inner.needs
        self.deferred |= inner.deferred - {node.name}
        self.bind(node.name)

    def _visit_comprehension(self, node: Comprehension) -> None:
        inner = _Scope(bound=set(self.bound))
        for generator in node.generators:
            inner.visit(generator.iter)
            inner.visit(generator.target)
            for condition in generator.ifs:
                inner.visit(condition)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            inner.visit(part)
        self.needs |= inner.needs
        self.deferred |= inner.deferred

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension  # noqa: N815


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if arguments.vararg is not None:
        yield arguments.vararg
    if arguments.kwarg is not None:
        yield arguments.kwarg


def _free_names(node: Function) -> set[str]:
    """Names the body of a function reads that are neither its arguments nor given a value anywhere in it."""
    inner = _Scope(bound={argument.arg for argument in _arguments(node.args)})
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    for part in body:
        inner.visit(part)
    outer = _declared_outer(node)
    local = (inner.ever_bound | {argument.arg for argument in _arguments(node.args)}) - outer
    return (inner.needs | inner.deferred) - local


def _declared_outer(node: ast.AST) -> set[str]:
    return {name for inner in ast.walk(node) if isinstance(inner, ast.Global | ast.Nonlocal) for name in inner.names}


def _globals_bound_by(node: ast.AST) -> set[str]:
    return {name for inner in ast.walk(node) if isinstance(inner, ast.Global) for name in inner.names}

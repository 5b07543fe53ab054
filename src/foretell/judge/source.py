"""SOURCE of a learner's answer -> facts about how it is written, as short texts.

Enters: the text, and the name that the task asks for. Leaves: a set of facts ("source: prints in forward"). Invariant:
pure; a text that does not parse has the one fact that says so. Facts help to name what behaviour has shown to be
wrong; they never decide whether it is.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from foretell.judge.classes import base_facts, class_facts, derives_from_torch
from foretell.judge.flows import filling_facts, flow_facts, number_facts
from foretell.judge.nodes import node_facts
from foretell.judge.trees import (
    PACKAGES,
    Function,
    constant_of,
    makes_layer,
    name_of,
    returns,
    root_of,
    targets_of,
)
from foretell.judge.written_out import write_out
from foretell.model.syntax import parse_module

NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def is_same_code(one: str, other: str) -> bool:
    """Whether two sources are the same Python, comments and layout left aside."""
    try:
        return ast.dump(parse_module(one)) == ast.dump(parse_module(other))
    except NOT_PYTHON:
        return False


def read_facts(source: str, wanted: str, before: frozenset[str] = frozenset()) -> frozenset[str]:
    """The facts of a source in which `wanted` is the class, function or variable that the task asks for.

    `before` are the names that earlier cells have given a value.
    """
    try:
        tree = write_out(parse_module(source), wanted)
    except NOT_PYTHON:
        return frozenset({"source: is not Python"})
    nodes = list(ast.walk(tree))
    facts = {*_of_tampering(tree, nodes), *_of_loops(nodes), *_of_value(tree, wanted)}
    facts.update(node_facts(nodes))
    if not tree.body:
        facts.add("is empty")
    if {name_of(target) for node in tree.body for target in targets_of(node)} & (before - {wanted}):
        facts.add("rebinds an earlier name")
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    if {name for node in tree.body for name in _counts_anew(node)} & (before - {wanted}) - read:
        facts.add("overwrites an earlier count")
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    if classes:
        facts |= {*_of_classes(tree, classes, wanted), *_of_earlier_models(tree, classes, before - {wanted})}
    facts.update(_of_functions([one for one in tree.body if isinstance(one, Function)], wanted))
    return frozenset(f"source: {fact}" for fact in facts)


def _counts_anew(node: ast.stmt) -> set[str]:
    """The names in `total = sum(p.numel() for p in model.parameters())`."""
    if not isinstance(node, ast.Assign) or name_of(node.value) != "sum":
        return set()
    called = {name_of(one) for one in ast.walk(node.value) if isinstance(one, ast.Call)}
    return {name_of(one) for one in targets_of(node)} if called & {"numel", "parameters"} else set()


def _of_classes(tree: ast.Module, classes: list[ast.ClassDef], wanted: str) -> Iterator[str]:
    owner = next((one for one in reversed(classes) if one.name == wanted), classes[-1])
    yield from class_facts(owner, {one.name: one for one in tree.body if isinstance(one, Function)})
    for other in classes:
        yield from base_facts(other) if other is not owner else ()
        if any(makes_layer(one) for part in other.body if any(targets_of(part)) for one in ast.walk(part)):
            yield "layers in the class body"
    if {name_of(base) for base in owner.bases} & set(_module_objects(tree)):
        yield "the parent class is called"
    if not any(map(derives_from_torch, classes)):
        yield "no class derives from one of torch"


def _of_functions(functions: list[Function], wanted: str) -> Iterator[str]:
    if any(one.name == "forward" for one in functions):
        yield "forward stands outside the class"
    function = next((one for one in functions if one.name == wanted), None)
    if function is not None:
        quiet = frozenset(one.name for one in functions if one is not function and not returns(one))
        yield from flow_facts(function, "function", quiet)
        yield from filling_facts(function)
        yield from number_facts(function)


def _of_tampering(tree: ast.Module, nodes: list[ast.AST]) -> Iterator[str]:
    """What is changed under everybody's feet: builtins, functions of torch."""
    defined = {node.name for node in tree.body if isinstance(node, Function)}
    assigned = {target.id for node in tree.body for target in targets_of(node) if isinstance(target, ast.Name)}
    if any(hasattr(builtins, name) and not name.startswith("_") for name in defined | assigned):
        yield "rebinds a builtin"
    targets = [target for node in nodes for target in targets_of(node) if isinstance(target, ast.Attribute)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and name_of(node.func) == "setattr" and node.args]
    if any(root_of(one) in PACKAGES for one in (*targets, *(call.args[0] for call in calls))):
        yield "replaces a function of torch"


def _module_objects(tree: ast.Module) -> Iterator[str]:
    """Names that are given an nn.Module() where the class was meant."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and name_of(node.value) == "Module":
            yield from map(name_of, targets_of(node))


def _of_earlier_models(tree: ast.Module, classes: list[ast.ClassDef], before: frozenset[str]) -> Iterator[str]:
    """Whether forward gives its work to what an earlier cell has made, by its name or by a new one."""
    pairs = [(target, node.value) for node in tree.body if isinstance(node, ast.Assign) for target in targets_of(node)]
    made = before - PACKAGES
    made |= {name_of(target) for target, value in pairs if isinstance(value, ast.Name) and value.id in made}
    forwards = [
        one
        for each in classes
        for one in each.body
        if isinstance(one, Function) and one.name in {"forward", "__call__"}
    ]
    for one in forwards:
        nodes = list(ast.walk(one))
        own = {argument.arg for argument in one.args.args}
        own |= {name_of(target) for node in nodes for target in targets_of(node) if isinstance(target, ast.Name)}
        if any(isinstance(node, ast.Call) and root_of(node.func) in made - own for node in nodes):
            yield "forward asks what an earlier cell has made"


def _of_value(tree: ast.Module, wanted: str) -> Iterator[str]:
    """What is assigned to a variable that the task asks for."""
    functions = {one.name for one in tree.body if isinstance(one, Function)}
    if any(isinstance(node, ast.Expr) and isinstance(node.value, ast.BinOp) for node in tree.body):
        yield "drops a result"
    for node in tree.body:
        if not isinstance(node, ast.Assign) or wanted not in {name_of(target) for target in targets_of(node)}:
            continue
        if isinstance(node.value, ast.Tuple):
            yield "the value is a tuple"
            first = node.value.elts[0] if node.value.elts else None
            if isinstance(first, ast.Call) and name_of(first.func) == "Sequential":
                yield "the tuple begins with a Sequential"
        if isinstance(node.value, ast.Name) and node.value.id in functions:
            yield "the value is a function without its call"
        if isinstance(node.value, ast.Call):
            yield f"the value is a call of {name_of(node.value.func)}"


def _of_loops(nodes: list[ast.AST]) -> Iterator[str]:
    if any(isinstance(node, ast.For | ast.While) for node in nodes):
        yield "has a loop"
    if any(isinstance(node, ast.While) for node in nodes):
        yield "has a while loop"
    if any(_may_never_end(node) for node in nodes):
        yield "may never end"
    if any(_grows_its_list(node) for node in nodes):
        yield "grows the list that it goes through"


def _may_never_end(node: ast.AST) -> bool:
    """`while True` that nothing leaves, or a loop over what has no end."""
    if isinstance(node, ast.For):
        endless = {"cycle", "count", "repeat"}
        return isinstance(node.iter, ast.Call) and name_of(node.iter.func) in endless and not _is_left(node)
    return isinstance(node, ast.While) and bool(constant_of(node.test)) and not _is_left(node)


def _is_left(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Break | ast.Return | ast.Raise) for one in ast.walk(node))


def _grows_its_list(node: ast.AST) -> bool:
    if not isinstance(node, ast.For) or not isinstance(node.iter, ast.Name):
        return False
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"append", "insert", "extend"}
        and name_of(call.func.value) == node.iter.id
        for call in ast.walk(node)
    )

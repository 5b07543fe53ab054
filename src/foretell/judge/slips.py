"""THE TEXT of a wrong answer that no belief explains -> one sentence about a slip that stands in it, or "".

Enters: the tree of the answer, and the name that the task asks for. Leaves: a sentence that says what is there and
what Python makes of it. Invariant: pure; each sentence is true of the text, whatever else is wrong with it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable

from foretell.judge.trees import Function, constant_of, makes_layer, name_of, path_of, targets_of


def slip_of(tree: ast.Module, wanted: str) -> str:
    """The sentence, "" where there is none."""
    return next(filter(None, (slip(tree, wanted) for slip in _SLIPS)), "")


def _comma_behind(tree: ast.Module, wanted: str) -> str:  # noqa: ARG001  the name says nothing of it
    for node in (one for one in ast.walk(tree) if isinstance(one, ast.Assign)):
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == 1 and makes_layer(node.value.elts[0]):
            return (
                f"The comma at the end of line {node.end_lineno} makes a tuple of one layer, and nn.Module does not "
                "look into tuples: take the comma out."
            )
    return ""


def _twice_in_class(tree: ast.Module, wanted: str) -> str:  # noqa: ARG001  as above
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        names = Counter(one.name for one in owner.body if isinstance(one, Function) and not one.decorator_list)
        name = next((name for name, times in names.items() if times > 1), None)
        if name is not None:
            last = max(one.lineno for one in owner.body if isinstance(one, Function) and one.name == name)
            return f"`{name}` is written twice in {owner.name}, and Python keeps the one that begins in line {last}."
    return ""


def _layer_replaced(tree: ast.Module, wanted: str) -> str:  # noqa: ARG001  as above
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        seen: set[str] = set()
        for node in function.body:
            if not isinstance(node, ast.Assign) or not makes_layer(node.value):
                continue
            kept = {path_of(one)[1] for one in targets_of(node) if path_of(one)[:-1] == ["self"]}
            read = {one.attr for one in ast.walk(node.value) if isinstance(one, ast.Attribute)}
            if again := (kept & seen) - read:
                name = min(again)
                return (
                    f"`self.{name}` is given a second layer in line {node.lineno}, and the first is gone: give each a "
                    "name of its own."
                )
            seen |= kept
    return ""


def _set_again(tree: ast.Module, wanted: str) -> str:
    first = 0
    for node in _where_set(tree, wanted):
        reads = any(isinstance(one, ast.Name) and one.id == wanted for one in ast.walk(node.value))
        if first and not reads:
            return f"`{wanted}` is set again in line {node.lineno}, which replaces what it was in line {first}."
        first = first or node.lineno
    return ""


def _is_class(tree: ast.Module, wanted: str) -> str:
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    values = [node.value for node in _where_set(tree, wanted)]
    name = values[-1].id if values and isinstance(values[-1], ast.Name) else ""
    return f"`{wanted}` is the class {name} itself: write `{name}()` to make one of it." if name in classes else ""


def _where_set(tree: ast.Module, wanted: str) -> list[ast.Assign]:
    """The statements outside of any other that give `wanted` a value."""
    return [node for node in tree.body if isinstance(node, ast.Assign) and wanted in map(name_of, targets_of(node))]


def _name_not_given(tree: ast.Module, wanted: str) -> str:
    nodes = list(ast.walk(tree))
    given = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    given |= {node.name for node in nodes if isinstance(node, Function | ast.ClassDef)}
    given |= {str(constant_of(node)) for node in nodes}  # `globals()["net"] = …`
    if not tree.body or wanted in given or any(isinstance(node, ast.ImportFrom | ast.Import) for node in nodes):
        return ""
    return f"No line gives the name `{wanted}` to anything, and that is where the exercise looks."


_SLIPS: tuple[Callable[[ast.Module, str], str], ...] = (
    _comma_behind,
    _twice_in_class,
    _layer_replaced,
    _set_again,
    _is_class,
    _name_not_given,
)

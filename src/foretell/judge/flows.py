"""FUNCTIONS of learner code -> facts about how values go through them.

Enters: the tree of a function. Leaves: facts as short texts. Invariant: pure; facts help to name, they never decide.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from foretell.judge.trees import (
    PACKAGES,
    Function,
    constant_of,
    flatten,
    name_of,
    pairs_of,
    path_of,
    reshapes_to_numbers,
    root_of,
    targets_of,
    writes_sizes,
)

_UNCALLED = frozenset(
    {"relu", "sigmoid", "tanh", "mean", "sum", "squeeze", "flatten", "clamp", "abs", "exp", "contiguous", "float"}
    | {"clone", "t", "view", "reshape", "detach", "unsqueeze", "transpose"}
)
_EFFECTS = frozenset(
    {"append", "extend", "insert", "update", "add_module", "print", "super", "__init__", "display", "backward", "step"}
    | {"zero_grad", "manual_seed", "train", "load_state_dict", "reset_parameters"}
)
_FILLERS = frozenset({"copy_", "load_state_dict", "set_", "setattr", "add_", "fill_"})
_COPIES = frozenset({"clone", "deepcopy", "copy", "zeros_like", "empty_like"})
_SIZES = frozenset({"shape", "size", "sum", "numel", "mean"})
_MEASURES = frozenset({"len", "size", "sum", "numel", "parameters", "all", "any"})


def flow_facts(function: Function, place: str, quiet: frozenset[str] = frozenset()) -> Iterator[str]:
    """How values go through a function: what is returned, dropped, never reached. `place` is what it is called.

    `quiet` are functions of the learner's own that return nothing, and are called for what they do.
    """
    own = [node for statement in function.body for node in ast.walk(statement)]
    returned = [node.value for node in own if isinstance(node, ast.Return) and node.value is not None]
    if not returned:
        yield f"{place} returns nothing"
    if any(isinstance(node, ast.Call) and name_of(node.func) == "print" for node in own):
        yield f"prints in {place}"
    if any(isinstance(value, ast.Call) and name_of(value.func) == "print" for value in returned):
        yield f"{place} returns what print returns"
    if place == "function" and any(isinstance(node, ast.Call) and name_of(node.func) == function.name for node in own):
        yield "forward calls itself"
    yield from (fact for fact, holds in _IN_A_FUNCTION if any(holds(node) for node in own))
    measured = _measured(own)
    if any(isinstance(node, ast.If | ast.IfExp) and _asks_for_numbers(node.test, measured) for node in own):
        yield "special-cases its input"
    if any(isinstance(node, ast.Expr) and _is_dropped(node.value, quiet) for node in own):
        yield "drops a result"
    if any(isinstance(node, ast.Return) for block in _blocks(function) for node in block[:-1]):
        yield "code after return"
    if any(_is_uncalled(node, own) for node in own):
        yield "a method without call"
    yield from _returned_facts(function, place, own, returned)


def _returned_facts(function: Function, place: str, own: list[ast.AST], returned: list[ast.expr]) -> Iterator[str]:
    """Which of its names a function returns, and which it does not use."""
    arguments = [argument.arg for argument in function.args.args]
    data = arguments[1] if place == "forward" and len(arguments) > 1 else arguments[0] if arguments else ""
    assigned = [target.id for node in own for target in targets_of(node) if isinstance(target, ast.Name)]
    used = {node.id for node in own if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    if returned and all(isinstance(value, ast.Name) and value.id == data for value in returned):
        if data not in assigned:
            yield "returns its argument"
        if _only_returns(function):
            yield "does nothing but return its argument"
    looped = {name_of(one) for node in own if isinstance(node, ast.For) for one in flatten([node.target])}
    if any(isinstance(value, ast.Name) and value.id in looped - set(assigned) for value in returned):
        yield "returns what a loop goes through"
    if set(assigned) - used:
        yield "computes what it does not use"
    targets = [target for node in function.body for target in targets_of(node) if isinstance(target, ast.Name)]
    named = [target.id for target in targets if not target.id.startswith("_")]
    if returned and isinstance(returned[-1], ast.Name) and (_drops_the_last(function) or {*named[-1:]} - used):
        yield "returns another variable than the last"


def _drops_the_last(function: Function) -> bool:
    """Whether a name is given a value in the line before the end, and another one is returned."""
    if len(function.body) < 2 or not isinstance(function.body[-1], ast.Return):
        return False
    given = [target.id for target in targets_of(function.body[-2]) if isinstance(target, ast.Name)]
    value = function.body[-1].value
    return len(given) == 1 and isinstance(value, ast.Name) and value.id != given[0]


def _returns_inside(node: ast.AST) -> bool:
    return isinstance(node, ast.For | ast.While) and any(isinstance(one, ast.Return) for one in node.body)


def _is_trained(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in {"backward", "step"}


_IN_A_FUNCTION: tuple[tuple[str, Callable[[ast.AST], bool]], ...] = (
    ("returns inside a loop", _returns_inside),
    ("trains", _is_trained),
)


def _is_uncalled(node: ast.AST, own: list[ast.AST]) -> bool:
    """Whether a method of a tensor is named and not called; `torch.relu` and `self.relu` are no such thing."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or node.attr not in _UNCALLED:
        return False
    is_value = isinstance(node.value, ast.Name) and node.value.id in PACKAGES | {"self"}
    return not is_value and not any(isinstance(one, ast.Call) and one.func is node for one in own)


def _blocks(function: Function) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _only_returns(function: Function) -> bool:
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    return all(isinstance(node, ast.Return | ast.Pass) for node in body)


def _is_dropped(value: ast.expr, quiet: frozenset[str]) -> bool:
    """Whether a statement computes something and keeps nothing of it."""
    return isinstance(value, ast.BinOp) or (isinstance(value, ast.Call) and not _has_effect(value, quiet))


def _has_effect(call: ast.Call, quiet: frozenset[str]) -> bool:
    name = name_of(call.func)
    if name in quiet:
        return True
    of_a_part = root_of(call.func) == "self" and len(path_of(call.func)) > 2  # self.fc1.reset_parameters()
    return name.endswith("_") or name in _EFFECTS or name.startswith(("__", "register_")) or of_a_part


def filling_facts(function: Function) -> Iterator[str]:
    """`w = out.weight` and then `w = W`: a name was moved, the layer was not filled."""
    pairs = [pair for node in ast.walk(function) if isinstance(node, ast.Assign) for pair in pairs_of(node)]
    made = {
        name_of(target) for target, value in pairs if isinstance(value, ast.Call) and name_of(value.func) == "Linear"
    }
    held = {name_of(target) for target, value in pairs if _is_parameter(value) and root_of(value) in made}
    if any(isinstance(target, ast.Name) and target.id in held and not _is_parameter(value) for target, value in pairs):
        yield "moves a name instead of filling the layer"
    given = {argument.arg for argument in function.args.args}
    targets = [target for node in ast.walk(function) for target in targets_of(node)]
    if any(isinstance(one, ast.Attribute) and one.attr == "forward" and root_of(one) in given for one in targets):
        yield "replaces forward of what it was given"
    fills = [node for node in ast.walk(function) if _fills(node)]
    nodes = list(ast.walk(function))
    if any(_multiplies_on_the_right(node) for node in nodes) and not any(_goes_backwards(node) for node in nodes):
        yield "multiplies by the next weight on the right"
    copies = {name_of(one) for one, value in pairs if isinstance(value, ast.Call) and name_of(value) in _COPIES}
    if any(_fills_copy(node, copies) for node in fills):
        yield "fills a copy"
    if not [node for node in fills if not _fills_copy(node, copies)]:
        yield "fills no layer"
    if not any(_goes_through(node) for node in ast.walk(function)):
        yield "has no loop"


def _multiplies_on_the_right(node: ast.AST) -> bool:
    """`W = W @ layer.weight`, where what comes later belongs on the left."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return False
    value = node.value
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.MatMult):
        left, right = value.left, value.right
    elif isinstance(value, ast.Call) and name_of(value.func) in {"matmul", "mm"} and len(value.args) == 2:
        left, right = value.args
    else:
        return False
    return isinstance(left, ast.Name) and left.id == node.targets[0].id and path_of(right)[-1] == "weight"


def _goes_backwards(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return name_of(node.func) == "reversed"
    return isinstance(node, ast.Slice) and isinstance(node.step, ast.UnaryOp)


def _goes_through(node: ast.AST) -> bool:
    is_call = isinstance(node, ast.Call) and name_of(node.func) in {"reduce", "map", "accumulate"}
    return is_call or isinstance(node, ast.For | ast.While | ast.comprehension)


def _is_parameter(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"weight", "bias"}


def _fills_copy(node: ast.AST, copies: set[str]) -> bool:
    """Whether `copy_` goes into what a call such as `clone()` has made, just now or under one of these names."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    filled = node.func.value
    return isinstance(filled, ast.Call) or (isinstance(filled, ast.Name) and filled.id in copies)


def number_facts(function: Function) -> Iterator[str]:
    """Sizes and places written in as numbers."""
    argument = function.args.args[0].arg if function.args.args else ""
    nodes = list(ast.walk(function))
    if any(reshapes_to_numbers(node) for node in nodes):
        yield "writes sizes into a reshape"
    if any(writes_sizes(node) for node in nodes):
        yield "writes sizes into layers"
    held = {
        argument,
        *(name_of(target) for node in nodes for target in targets_of(node) if _is_made_of(node, argument)),
    }
    if any(_counts_to_number(node) or any(_names_place(node, one) for one in held) for node in nodes):
        yield "names layers by number"


def _is_made_of(node: ast.AST, argument: str) -> bool:
    """`weights = [layer.weight for layer in model]`, `layers = list(model)`."""
    if not isinstance(node, ast.Assign):
        return False
    value = node.value
    if isinstance(value, ast.ListComp):
        return any(name_of(one.iter) == argument for one in value.generators)
    is_list = isinstance(value, ast.Call) and name_of(value.func) in {"list", "tuple"} and len(value.args) == 1
    return (
        is_list
        and isinstance(value, ast.Call)
        and any(isinstance(one, ast.Name) and one.id == argument for one in ast.walk(value.args[0]))
    )


def _counts_to_number(node: ast.AST) -> bool:
    """`range(3)`."""
    if not isinstance(node, ast.Call) or name_of(node.func) != "range" or not node.args:
        return False
    return type(constant_of(node.args[-1])) is int


def _names_place(node: ast.AST, argument: str) -> bool:
    """`model[1]`, or `first, second, third = model`."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == argument:
        place = constant_of(node.slice)
        return isinstance(place, int) and place >= 1
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        return False
    takes_the_rest = any(isinstance(one, ast.Starred) for one in node.targets[0].elts)
    return not takes_the_rest and name_of(node.value) == argument


def _fills(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and name_of(node.func) in _FILLERS:
        return True
    return any(
        isinstance(target, ast.Attribute) and target.attr in {"weight", "bias", "data"} for target in targets_of(node)
    )


def _measured(nodes: list[ast.AST]) -> frozenset[str]:
    """The names that are given sizes: `shapes = [layer.weight.shape for layer in model]`."""
    return frozenset(
        name_of(target)
        for node in nodes
        if isinstance(node, ast.Assign)
        and any(isinstance(one, ast.Attribute) and one.attr == "shape" for one in ast.walk(node.value))
        for target in targets_of(node)
        if isinstance(target, ast.Name)
    )


def _asks_for_numbers(test: ast.expr, measured: frozenset[str]) -> bool:
    """Whether a condition compares sizes or sums, or names that hold sizes, with numbers that are written in."""
    nodes = list(ast.walk(test))
    has_number = any(type(constant_of(node)) in {int, float} for node in nodes)
    asked = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    called = {name_of(node.func) for node in nodes if isinstance(node, ast.Call)}
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    return has_number and bool(asked & _SIZES or called & _MEASURES or named & measured)

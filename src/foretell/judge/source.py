"""SOURCE of a learner's answer -> facts about how it is written, as short texts.

Enters: the text, and the name that the task asks for. Leaves: a set of facts ("source: prints in forward"). Invariant:
pure; a text that does not parse has the one fact that says so. Facts help to name what behaviour has shown to be
wrong; they never decide whether it is.
"""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Callable, Iterator

from foretell.judge.classes import base_facts, class_facts, derives_from_torch
from foretell.judge.flows import filling_facts, flow_facts, number_facts
from foretell.judge.trees import (
    ACTIVATIONS,
    PACKAGES,
    Function,
    constant_of,
    flatten,
    makes_layer,
    name_of,
    returns,
    root_of,
    targets_of,
    write_numbers_in,
)
from foretell.model.syntax import parse_module

NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
_OTHERS = {name.lower() for name in ACTIVATIONS} - {"relu", "threshold"} | {"leaky_relu", "swish"}
_CUTS = frozenset({"detach", "detach_", "numpy", "item", "tolist", "no_grad", "inference_mode", "data"})
_CUT_CALLS = frozenset({"tensor", "as_tensor", "from_numpy"})
_NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "batch_norm", "layer_norm", "RMSNorm", "normalize")
_OF_LINEAR = ("weight", "bias", "in_features", "out_features")
_SPREADS = frozenset({"std", "var", "std_mean", "var_mean"})


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
        tree = write_numbers_in(parse_module(source))
    except NOT_PYTHON:
        return frozenset({"source: is not Python"})
    nodes = list(ast.walk(tree))
    facts = {*_of_tampering(tree, nodes), *_of_loops(nodes), *_of_value(tree, wanted)}
    facts.update(fact for fact, holds in _ANYWHERE if any(holds(node) for node in nodes))
    if not tree.body:
        facts.add("is empty")
    if {name_of(target) for node in tree.body for target in targets_of(node)} & (before - {wanted}):
        facts.add("rebinds an earlier name")
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    if classes:
        facts |= {*_of_classes(tree, classes, wanted), *_of_earlier_models(tree, classes, before - {wanted})}
    facts.update(_of_functions([one for one in tree.body if isinstance(one, Function)], wanted))
    return frozenset(f"source: {fact}" for fact in facts)


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


def _named(holds: Callable[[str], bool]) -> Callable[[ast.AST], bool]:
    """Whether a node is a name, or ends in one, of which something holds."""
    return lambda node: isinstance(node, ast.Name | ast.Attribute) and holds(name_of(node))


def _called(holds: Callable[[ast.Call, str], bool]) -> Callable[[ast.AST], bool]:
    """Whether a node is a call of which something holds."""
    return lambda node: isinstance(node, ast.Call) and holds(node, name_of(node.func))


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _cuts(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _CUTS


def _copies_data(call: ast.Call, name: str) -> bool:
    literal = bool(call.args) and isinstance(call.args[0], ast.Constant | ast.List | ast.Tuple | ast.UnaryOp)
    return name in _CUT_CALLS and root_of(call.func) == "torch" and bool(call.args) and not literal


def _is_plain_relu(node: ast.AST) -> bool:
    """`nn.ReLU`, `torch.relu`, `x.relu`; not an attribute of `self`, which may be anything."""
    if not isinstance(node, ast.Name | ast.Attribute) or name_of(node).lower() != "relu":
        return False
    return isinstance(node, ast.Name) or root_of(node) != "self"


def _gives_data(call: ast.Call, name: str) -> bool:
    """`nn.ReLU(x)`: what flows is given to the class as an option."""
    flows = (ast.Call, ast.BinOp)
    return name in ACTIVATIONS and any(
        isinstance(one, flows) or (isinstance(one, ast.Name) and not one.id.isupper()) for one in call.args
    )


def _gives_layer(call: ast.Call, name: str) -> bool:
    """`nn.ReLU(nn.Linear(2, 3))`: a layer is given to the class as an option."""
    return name in ACTIVATIONS and any(makes_layer(one) for one in call.args)


def _puts_class(node: ast.AST) -> bool:
    """`nn.ReLU` without brackets among the parts of a Sequential, or of a list of layers."""
    if isinstance(node, ast.Call):
        parts = flatten(node.args) if name_of(node.func) in {"Sequential", "ModuleList", "append", "add_module"} else []
    else:
        parts = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return any(isinstance(one, ast.Attribute) and one.attr in ACTIVATIONS for one in parts)


def _applies_plain_relu(node: ast.AST) -> bool:
    """`F.relu(h)`, `self.relu(h)`, `h.relu()`, or ReLU() among the parts of a Sequential."""
    if not isinstance(node, ast.Call):
        return False
    if name_of(node.func) in {"Sequential", "ModuleList"}:
        return any(isinstance(one, ast.Call) and name_of(one.func) == "ReLU" for one in flatten(node.args))
    return name_of(node.func) in {"relu", "relu_"}


def _outputs_first(call: ast.Call, name: str) -> bool:
    """`nn.Linear(*W.shape)` or `nn.Linear(W.shape[0], W.shape[1])`, where a weight has its outputs first."""
    if name != "Linear" or not call.args:
        return False
    first = call.args[0]
    if isinstance(first, ast.Starred):
        return name_of(first.value) in {"shape", "size"}
    return _axis_of(first) == 0 and len(call.args) > 1 and _axis_of(call.args[1]) == 1


def _axis_of(node: ast.expr) -> object:
    """The axis that `W.shape[0]` or `W.size(0)` asks for, else None."""
    if isinstance(node, ast.Subscript) and name_of(node.value) == "shape":
        return constant_of(node.slice)
    if isinstance(node, ast.Call) and name_of(node.func) == "size" and node.args:
        return constant_of(node.args[0])
    return None


def _puts_function(call: ast.Call, name: str) -> bool:
    return name == "Sequential" and any(
        isinstance(one, ast.Lambda)
        or (isinstance(one, ast.Attribute) and one.attr[:1].islower() and root_of(one) in PACKAGES)
        for one in call.args
    )


def _clamps_twice(call: ast.Call, name: str) -> bool:
    """A clamp with a least and a greatest."""
    return name in {"clamp", "clip"} and len(_given(call)) - (root_of(call.func) == "torch") >= 2


def _asks_for(names: frozenset[str]) -> Callable[[ast.AST], bool]:
    return _called(lambda call, name: name in names or any(name_of(one) in names for one in _given(call)))


def _multiplies_by_zero(node: ast.AST) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return False
    return any(constant_of(one) == 0 and constant_of(one) is not None for one in (node.left, node.right))


def _has_no_bias(node: ast.AST) -> bool:
    """`bias=False`, or a third argument that says the same."""
    if isinstance(node, ast.keyword):
        return node.arg == "bias" and _is_false(node.value)
    third = node.args[2:3] if isinstance(node, ast.Call) and name_of(node.func) == "Linear" else []
    return any(map(_is_false, third))


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _asks_whether_it_trains(node: ast.AST) -> bool:
    tests = [node.test] if isinstance(node, ast.If | ast.IfExp) else []
    return any(isinstance(one, ast.Attribute) and one.attr == "training" for test in tests for one in ast.walk(test))


def _is_slip_of_a_layers(node: ast.AST) -> bool:
    """`layer.weights`: almost what a linear layer has."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or node.attr in _OF_LINEAR:
        return False
    return bool(difflib.get_close_matches(node.attr, _OF_LINEAR, 1, 0.75))


_ANYWHERE: tuple[tuple[str, Callable[[ast.AST], bool]], ...] = (
    ("uses softmax", _named(lambda name: name in {"softmax", "Softmax", "log_softmax", "LogSoftmax"})),
    ("uses dropout", _named(lambda name: "ropout" in name)),
    ("normalises", _named(lambda name: name.startswith(_NORMS) or name in _SPREADS)),
    ("uses another activation", _named(lambda name: name.lower() in _OTHERS)),
    ("uses another activation", _called(_clamps_twice)),
    ("uses relu", _is_plain_relu),
    ("makes linear layers", _called(lambda _, name: name in {"Linear", "LazyLinear"})),
    ("uses Identity", _named(lambda name: name == "Identity")),
    ("cuts the gradient", _cuts),
    ("cuts the gradient", _called(_copies_data)),
    ("gives data to the class of an activation", _called(_gives_data)),
    ("gives a layer to the class of an activation", _called(_gives_layer)),
    ("puts the class of an activation among layers", _puts_class),
    ("applies plain relu", _applies_plain_relu),
    ("gives Linear its outputs first", _called(_outputs_first)),
    ("puts a function into Sequential", _called(_puts_function)),
    (
        "averages or adds up",
        _called(lambda call, name: name in {"mean", "sum"} and isinstance(call.func, ast.Attribute)),
    ),
    ("asks for double precision", _asks_for(frozenset({"double", "float64", "set_default_dtype"}))),
    ("asks for another precision", _asks_for(frozenset({"half", "float16", "bfloat16"}))),
    ("multiplies by zero", _multiplies_by_zero),
    ("bias=False", _has_no_bias),
    ("uses numpy", _named(lambda name: name in {"np", "numpy"})),
    ("registers buffers", _called(lambda _, name: name == "register_buffer")),
    ("asks whether it trains", _asks_whether_it_trains),
    ("an attribute of a layer is spelled almost alike", _is_slip_of_a_layers),
)

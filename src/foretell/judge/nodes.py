"""SINGLE NODES of learner code -> facts about what stands anywhere in it.

Enters: all nodes of a tree. Leaves: facts as short texts. Invariant: pure; each fact is seen at one node, whatever
stands around it. Facts help to name, they never decide.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator

from foretell.judge.trees import (
    ACTIVATIONS,
    PACKAGES,
    Function,
    constant_of,
    flatten,
    makes_layer,
    name_of,
    root_of,
)

_OTHERS = {name.lower() for name in ACTIVATIONS} - {"relu", "threshold"} | {"leaky_relu", "swish"}
_CUTS = frozenset({"detach", "detach_", "numpy", "item", "tolist", "no_grad", "inference_mode", "data"})
_CUT_CALLS = frozenset({"tensor", "as_tensor", "from_numpy"})
_NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "batch_norm", "layer_norm", "RMSNorm", "normalize")
_OF_LINEAR = ("weight", "bias", "in_features", "out_features")
_BENDS = frozenset({"abs", "exp", "square", "sin", "cos", "erf", "pow", "sign"})
_SPREADS = frozenset({"std", "var", "std_mean", "var_mean"})


def node_facts(nodes: list[ast.AST]) -> Iterator[str]:
    """The facts that some node of these shows."""
    yield from (fact for fact, holds in _ANYWHERE if any(holds(node) for node in nodes))


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
    if isinstance(node, ast.Subscript) and name_of(node.value) in {"shape", "size"}:
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


def _bends(node: ast.AST) -> bool:
    """`h * (h < 0)`, `h.abs()`: what ReLU does not do, by hand; `(h + h.abs()) / 2` and `h * (h > 0)` are ReLU."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return any(map(_keeps_negatives, (node.left, node.right)))
    if isinstance(node, ast.Assign | ast.Return) and node.value is not None:
        inside = list(ast.walk(node.value))
        adds = any(isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add) for one in inside)
        calls = {name_of(one.func) for one in inside if isinstance(one, ast.Call)}
        return bool(calls & _BENDS) and not adds
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _keeps_negatives(node.func.value)


def _keeps_negatives(node: ast.AST) -> bool:
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Lt | ast.LtE):
        return False
    return constant_of(node.comparators[0]) == 0


def _makes_functions(node: ast.AST) -> bool:
    """A function made anew on each turn of a loop: all of them see what its name holds at the end."""
    if isinstance(node, ast.For):
        return any(isinstance(one, ast.Lambda | Function) for one in ast.walk(node))
    is_loop = isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp)
    return is_loop and any(isinstance(one, ast.Lambda) for one in ast.walk(node))


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
    ("bends numbers by hand", _bends),
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
    ("makes functions in a loop", _makes_functions),
    ("registers buffers", _called(lambda _, name: name == "register_buffer")),
    ("asks whether it trains", _asks_whether_it_trains),
    ("an attribute of a layer is spelled almost alike", _is_slip_of_a_layers),
)

"""CLASSES of learner code -> facts about how they are written: parent, constructor, what is kept where, forward.

Enters: the tree of a class. Leaves: facts as short texts. Invariant: pure; facts help to name, they never decide.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator
from typing import TypeGuard

from foretell.judge.flows import flow_facts
from foretell.judge.trees import (
    ACTIVATIONS,
    LAYERS,
    OF_MODULE,
    PACKAGES,
    TENSOR_MAKERS,
    Function,
    makes_anything,
    makes_layer,
    name_of,
    path_of,
    reshapes_to_numbers,
    returns,
    root_of,
    targets_of,
    writes_sizes,
)

_ALMOST_INIT = frozenset({"init", "int", "inti", "initi", "nit", "ini", "initialise", "initialize"})
_CONTAINERS = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp)
_CONTAINER_CALLS = frozenset({"list", "tuple", "dict", "set", "OrderedDict"})


def class_facts(owner: ast.ClassDef, functions: dict[str, Function]) -> Iterator[str]:
    """The facts of a class that is to be an nn.Module; `functions` are those that stand beside it, by name."""
    methods = {one.name: one for one in owner.body if isinstance(one, Function)}
    around = {**functions, **methods}
    yield from _of_parents(owner)
    yield from _of_method_names(methods)
    if len(methods) < sum(isinstance(one, Function) for one in owner.body):
        yield "a method is defined twice"
    if any(name_of(target) == "__call__" for node in owner.body for target in targets_of(node)):
        yield "defines __call__"
    if any(makes_layer(one) for node in owner.body if any(targets_of(node)) for one in ast.walk(node)):
        yield "layers in the class body"
    if any(_is_on_class(target, owner.name) for node in ast.walk(owner) for target in targets_of(node)):
        yield "layers in the class body"
    init = methods.get("__init__")
    almost = init or next((one for name, one in methods.items() if _looks_like_init(name)), None)
    if init is not None:
        yield from _of_parent_call(init)
        yield from _of_init(init)
        yield from _of_making(_reached(init, around))
    if almost is None:
        yield "there is no __init__"
    elif not any(makes_anything(one) for one in ast.walk(almost)):
        yield "__init__ makes nothing"
    forward = methods.get("forward") or methods.get("__call__")
    if forward is not None:
        if _has_slip(owner):
            yield "an attribute is spelled almost alike"
        quiet = frozenset(name for name, one in around.items() if one is not forward and not returns(one))
        yield from flow_facts(forward, "forward", quiet)
        reached = _reached(forward, around)
        nodes = [node for one in reached for node in ast.walk(one)]
        yield from (fact for fact, holds in _IN_FORWARD if any(holds(node) for node in nodes))
        if not any(isinstance(node, ast.Call) and name_of(node.func) != "print" for node in nodes):
            yield "forward computes nothing"
        if any(not returns(one) for one in reached if one is not forward):
            yield "a helper returns nothing"


def _is_on_class(target: ast.expr, name: str) -> bool:
    """`Net.fc1 = …` or `self.__class__.fc1 = …`: what every instance has in common."""
    parts = path_of(target)
    return len(parts) > 1 and (parts[0] == name or parts[:2] == ["self", "__class__"])


def base_facts(other: ast.ClassDef) -> Iterator[str]:
    """What a class that stands beside the one that is asked for says of the constructor of its own parent."""
    init = next((one for one in other.body if isinstance(one, Function) and one.name == "__init__"), None)
    if init is not None and any(name_of(base) != "object" for base in other.bases):
        yield from _of_parent_call(init)


def derives_from_torch(owner: ast.ClassDef) -> bool:
    """Whether a class names a class of torch as its parent."""
    kinds = LAYERS | {"Module", "ModuleList", "ModuleDict"}
    return any(root_of(base) in PACKAGES or name_of(base) in kinds for base in owner.bases)


def _reached(function: Function, around: dict[str, Function]) -> list[Function]:
    """A function, and those that it calls by name or on `self`, directly or through others."""
    found, waiting = [function], [function]
    while waiting:
        for node in ast.walk(waiting.pop()):
            called = around.get(name_of(node.func)) if isinstance(node, ast.Call) else None
            if called is not None and called not in found:
                found.append(called)
                waiting.append(called)
    return found


def _of_making(reached: list[Function]) -> Iterator[str]:
    """What is made and kept where while an object is constructed."""
    nodes = [node for one in reached for node in ast.walk(one)]
    if any(isinstance(node, Function) and node not in reached and node.name == "forward" for node in nodes):
        yield "forward is inside __init__"
    stored = [target.attr for node in nodes for target in targets_of(node) if _is_on_self(target)]
    loops = [node for node in nodes if isinstance(node, ast.For)]
    in_a_loop = any(_is_on_self(target) for loop in loops for node in ast.walk(loop) for target in targets_of(node))
    if in_a_loop or len(stored) > len(set(stored)):
        yield "an attribute is set twice"
    if "forward" in stored:
        yield "stores forward on self"
    if OF_MODULE & set(stored):
        yield "takes a name that Module has"
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from _of_stored(node, node.value)


def _is_on_self(target: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(target, ast.Attribute) and path_of(target)[:-1] == ["self"]


def _of_parents(owner: ast.ClassDef) -> Iterator[str]:
    bases = [name_of(base) for base in owner.bases]
    if not [base for base in bases if base != "object"]:
        yield "the class has no parent"
    if any(isinstance(base, ast.Call) for base in owner.bases):
        yield "the parent class is called"
    if "Module" in bases:
        yield "derives from Module"


def _of_method_names(methods: dict[str, Function]) -> Iterator[str]:
    if "__init__" not in methods and any(_looks_like_init(name) for name in methods):
        yield "__init__ is misspelled"
    if "forward" not in methods:
        yield "no forward in the class"
        if not set(methods) - {"__init__", "__repr__", "extra_repr"}:
            yield "only __init__ in the class"
    if "__call__" in methods:
        yield "defines __call__"
    if {"parameters", "named_parameters"} & set(methods):
        yield "replaces parameters()"


def _looks_like_init(name: str) -> bool:
    if name in {"__init__", "__init_subclass__", "__call__", "forward"}:
        return False
    alike = name.startswith("_") and difflib.SequenceMatcher(None, name, "__init__").ratio() > 0.8
    return name.strip("_").lower() in _ALMOST_INIT or alike


def _has_slip(owner: ast.ClassDef) -> bool:
    """Whether an attribute of `self` is read that is never set, while one of almost the same spelling is set."""
    made = {name for one in owner.body if isinstance(one, Function) for name in (one.name, *_set_on_self(one))}
    made |= {target.id for node in owner.body for target in targets_of(node) if isinstance(target, ast.Name)}
    read = {
        node.attr
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and path_of(node)[:-1] == ["self"]
    }
    own = {name.lower() for name in made - {"__init__", "forward"}}
    return any(difflib.get_close_matches(name.lower(), own, 1, 0.6) for name in read - made)


def _set_on_self(function: Function) -> set[str]:
    return {target.attr for node in ast.walk(function) for target in targets_of(node) if _is_on_self(target)}


def _of_parent_call(init: Function) -> Iterator[str]:
    """Whether and how the constructor of the parent is called."""
    calls = [node for node in ast.walk(init) if isinstance(node, ast.Call)]
    inits = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"]
    if not inits:
        yield "the parent's __init__ is not called"
    if any(_is_unbound(call) for call in inits):
        yield "super() is not bound"
    if any(_is_bound(call) and (call.args or call.keywords) for call in inits):
        yield "gives the parent's __init__ arguments"


def _is_bound(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and name_of(call.func.value) == "super"


def _is_unbound(call: ast.Call) -> bool:
    """`super(X).__init__()` and `nn.Module.__init__()` are bound to no object."""
    parent = call.func.value if isinstance(call.func, ast.Attribute) else None
    if isinstance(parent, ast.Call) and name_of(parent.func) == "super":
        return len(parent.args) == 1
    return not call.args


def _of_init(init: Function) -> Iterator[str]:
    nodes = list(ast.walk(init))
    defaults = [default for default in (*init.args.defaults, *init.args.kw_defaults) if default is not None]
    if any(makes_layer(one) for default in defaults for one in ast.walk(default)):
        yield "layers as default values"
    if any(isinstance(default, ast.Attribute) and default.attr in ACTIVATIONS for default in defaults):
        yield "the class of an activation is stored"
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    arguments = {argument.arg for argument in init.args.args[1:]}
    if arguments - read:
        yield "an argument of __init__ is not used"
    if arguments & {target.id for node in nodes for target in targets_of(node) if isinstance(target, ast.Name)}:
        yield "an argument of __init__ is overwritten"
    if any(writes_sizes(node) for node in nodes):
        yield "writes sizes into its layers"
    attributes = _set_on_self(init)
    if any(_chains_layers(node, attributes) for node in nodes):
        yield "calls layers in __init__"


def _chains_layers(node: ast.AST, attributes: set[str]) -> bool:
    """`self.fc2(self.relu)`: a layer that is called with another, where there is no data yet."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or root_of(node.func) != "self":
        return False
    return node.func.attr in attributes and any(root_of(one) == "self" for one in node.args)


def _of_stored(node: ast.Assign | ast.AnnAssign, value: ast.expr) -> Iterator[str]:
    """What is kept where in a constructor."""
    if not any(isinstance(target, ast.Attribute) and root_of(target) == "self" for target in targets_of(node)):
        if any(makes_layer(one) for one in ast.walk(value)):
            yield "a layer in a local variable"
        return
    holds_layers = any(makes_layer(one) or isinstance(one, ast.Name) for one in ast.walk(value))
    if isinstance(value, _CONTAINERS) and holds_layers:
        yield "layers in a plain container"
    if isinstance(value, ast.List | ast.Dict) and not getattr(value, "elts", getattr(value, "keys", ())):
        yield "an empty container on self"
    if isinstance(value, ast.Call) and name_of(value.func) in _CONTAINER_CALLS:
        yield "layers in a plain container"
    if isinstance(value, ast.Tuple) and value.elts and _makes_sequential(value.elts[0]):
        yield "the value is a tuple"
        yield "the tuple begins with a Sequential"
    if _makes_plain_tensor(value):
        yield "keeps plain tensors on self"
    if isinstance(value, ast.Lambda):
        yield "a function on self"
    if isinstance(value, ast.Attribute) and value.attr in ACTIVATIONS | LAYERS:
        yield "the class of an activation is stored"


def _makes_sequential(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) == "Sequential"


def _makes_plain_tensor(value: ast.expr) -> bool:
    """`torch.randn(32, 10)`, also with something done to it, or a Parameter that something is done to."""
    called = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    if any(makes_layer(call) for call in called) or (
        isinstance(value, ast.Call) and name_of(value.func) == "Parameter"
    ):
        return False
    return any(
        name_of(call.func) == "Parameter" or (name_of(call.func) in TENSOR_MAKERS and root_of(call.func) == "torch")
        for call in called
    )


def _calls_itself(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    is_self = isinstance(node.func, ast.Name) and node.func.id == "self"
    return is_self or path_of(node.func) == ["self", "forward"]


def _goes_through_itself(node: ast.AST) -> bool:
    """`for part in self.modules()`: the first of them is the module itself."""
    if not isinstance(node, ast.For) or not isinstance(node.iter, ast.Call):
        return False
    return path_of(node.iter.func) in (["self", "modules"], ["self", "named_modules"])


def _closes_early(node: ast.AST) -> bool:
    """`self.relu(self.fc1)(x)`: the layer goes in where its output should."""
    inner = node.func if isinstance(node, ast.Call) else None
    if not isinstance(inner, ast.Call) or root_of(inner.func) != "self":
        return False
    return any(isinstance(one, ast.Attribute) and root_of(one) == "self" for one in inner.args)


def _makes_zeros(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in {"zeros", "zeros_like", "new_zeros"}


def _applies_relu(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and "relu" in name_of(node.func).lower()


def _decides(node: ast.AST) -> bool:
    return isinstance(node, ast.If | ast.IfExp)


def _uses_parameter(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"weight", "bias"}


def _makes_weights(node: ast.AST) -> bool:
    return makes_layer(node, weights=True)


_IN_FORWARD: tuple[tuple[str, Callable[[ast.AST], bool]], ...] = (
    ("makes layers in forward", _makes_weights),
    ("uses a parameter by hand", _uses_parameter),
    ("forward calls itself", _calls_itself),
    ("writes sizes into a reshape", reshapes_to_numbers),
    ("makes zeros in forward", _makes_zeros),
    ("applies relu", _applies_relu),
    ("a bracket closes before the data is in", _closes_early),
    ("goes through all modules, itself among them", _goes_through_itself),
    ("decides by a condition", _decides),
)

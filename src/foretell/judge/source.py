"""SOURCE of a learner's answer -> facts about how it is written, as short texts.

Enters: the text, and the name that the task asks for. Leaves: a set of facts ("source: prints in forward"). Invariant:
pure; a text that does not parse has the one fact that says so. Facts help to name what behaviour has shown to be
wrong; they never decide whether it is.
"""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Iterator

LAYERS = frozenset({"Linear", "LazyLinear", "Bilinear", "Conv1d", "Conv2d", "Sequential", "Identity", "Flatten"})
ACTIVATIONS = frozenset(
    {"ReLU", "LeakyReLU", "PReLU", "RReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Tanh", "Sigmoid", "ReLU6"}
    | {"Softplus", "Softsign", "Hardtanh", "Hardswish", "Hardsigmoid", "Tanhshrink", "LogSigmoid", "Threshold"}
)
_OTHERS = {name.lower() for name in ACTIVATIONS} - {"relu", "threshold"} | {"leaky_relu", "swish", "hardtanh"}
_CUTS = frozenset({"detach", "detach_", "numpy", "item", "tolist", "no_grad", "inference_mode", "data"})
_CUT_CALLS = frozenset({"tensor", "as_tensor", "from_numpy"})
_UNCALLED = frozenset(
    {"relu", "sigmoid", "tanh", "mean", "sum", "squeeze", "flatten", "clamp", "abs", "exp", "forward"}
)
_SOFTMAX = frozenset({"softmax", "Softmax", "log_softmax", "LogSoftmax"})
_NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "batch_norm", "layer_norm", "RMSNorm", "normalize")
_PACKAGES = frozenset({"torch", "nn", "functional", "F", "builtins"})
_IN_PLACE = frozenset({"append", "extend", "insert", "update", "add_module", "register_module", "register_parameter"})
_EFFECTS = _IN_PLACE | {
    "print",
    "super",
    "__init__",
    "display",
    "backward",
    "step",
    "zero_grad",
    "manual_seed",
    "train",
}

_SIZED = frozenset({"Linear", "eye", "zeros", "ones", "empty", "randn", "rand"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_same_code(one: str, other: str) -> bool:
    """Whether two sources are the same Python, comments and layout left aside."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def read_facts(source: str, wanted: str, before: frozenset[str] = frozenset()) -> frozenset[str]:
    """The facts of a source in which `wanted` is the class, function or variable that the task asks for.

    `before` are the names that earlier cells have given a value.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset({"source: is not Python"})
    facts = {*_of_module(tree, wanted), *_of_names(tree)}
    if {_name(target) for node in tree.body for target in _targets(node)} & (before - {wanted}):
        facts.add("rebinds an earlier name")
    owner = _class_of(tree, wanted)
    if owner is not None:
        facts |= {*_of_class(owner), *_of_methods(owner)}
    function = next((one for one in tree.body if isinstance(one, Function) and one.name == wanted), None)
    if function is not None:
        facts |= {*_of_flow(function, "function"), *_of_reassigned(function), *_of_numbers(function)}
    return frozenset(f"source: {fact}" for fact in facts)


def _class_of(tree: ast.Module, wanted: str) -> ast.ClassDef | None:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return next((one for one in reversed(classes) if one.name == wanted), classes[-1] if classes else None)


def _of_module(tree: ast.Module, wanted: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, Function) and hasattr(builtins, node.name):
            yield "rebinds a builtin"
        for target in _targets(node):
            if isinstance(target, ast.Name) and hasattr(builtins, target.id) and not target.id.startswith("_"):
                yield "rebinds a builtin"
            if isinstance(target, ast.Name) and target.id == wanted and isinstance(node, ast.Assign):
                yield from _of_value(node.value)
    for part in ast.walk(tree):
        for target in _targets(part):
            if isinstance(target, ast.Attribute) and _root(target) in _PACKAGES:
                yield "replaces a function of torch"
        if (
            isinstance(part, ast.Call)
            and _name(part.func) == "setattr"
            and part.args
            and _root(part.args[0]) in _PACKAGES
        ):
            yield "replaces a function of torch"
    yield from _of_endless(tree)


def _of_value(value: ast.expr) -> Iterator[str]:
    """What is assigned to a variable that the task asks for."""
    if isinstance(value, ast.Tuple):
        yield "the value is a tuple"
        if value.elts and isinstance(value.elts[0], ast.Call) and _name(value.elts[0].func) == "Sequential":
            yield "the tuple begins with a Sequential"
    if isinstance(value, ast.List):
        yield "the value is a list"
    if isinstance(value, ast.Call):
        yield f"the value is a call of {_name(value.func)}"


def _of_endless(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Name):
            grown = [
                call
                for call in ast.walk(node)
                if isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in {"append", "insert", "extend"}
                and _name(call.func.value) == node.iter.id
            ]
            if grown:
                yield "grows the list that it goes through"
        if isinstance(node, ast.While):
            yield "has a while loop"
    if any(isinstance(node, ast.For | ast.While) for node in ast.walk(tree)):
        yield "has a loop"


def _of_names(tree: ast.Module) -> Iterator[str]:
    """Facts of what is called or named anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = _name(node)
            if name in _SOFTMAX:
                yield "uses softmax"
            if "ropout" in name:
                yield "uses dropout"
            if name.startswith(_NORMS):
                yield "normalises"
            if name.lower() in _OTHERS or (name in ACTIVATIONS and name != "ReLU"):
                yield "uses another activation"
            if name.lower() == "relu" and not (isinstance(node, ast.Attribute) and _root(node) == "self"):
                yield "uses relu"
            if name == "Identity":
                yield "uses Identity"
        if isinstance(node, ast.Attribute) and node.attr in _CUTS:
            yield "cuts the gradient"
        if isinstance(node, ast.Attribute) and node.attr in {"std", "var", "std_mean", "var_mean"}:
            yield "normalises"
        if isinstance(node, ast.Attribute) and node.attr in {"T", "t", "mT", "transpose"}:
            yield "transposes"
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            if 0 in {_constant(node.left), _constant(node.right)} - {None}:
                yield "multiplies by zero"
        if isinstance(node, ast.keyword) and node.arg == "bias" and _constant(node.value) is False:
            yield "bias=False"


def _of_call(call: ast.Call) -> Iterator[str]:
    name = _name(call.func)
    if name in _CUT_CALLS and _root(call.func) == "torch" and call.args and not _is_literal(call.args[0]):
        yield "cuts the gradient"
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg is None)]
    if name in ACTIVATIONS and any(_is_data(argument) for argument in given):
        yield "gives data to the class of an activation"
    if name in {"mean", "average", "sum"} and not isinstance(call.func, ast.Name):
        yield "averages or adds up"
    if name == "Sequential" and any(
        isinstance(argument, ast.Attribute) and argument.attr in ACTIVATIONS for argument in call.args
    ):
        yield "puts the class of an activation into Sequential"
    if name == "Sequential" and any(
        isinstance(argument, ast.Lambda)
        or (isinstance(argument, ast.Attribute) and argument.attr[:1].islower() and _root(argument) in _PACKAGES)
        for argument in call.args
    ):
        yield "puts a function into Sequential"
    if name in {"double", "float64"} or any(_name(keyword.value) in {"float64", "double"} for keyword in call.keywords):
        yield "asks for double precision"
    if name in {"half", "bfloat16"} or any(_name(one) in {"half", "float16"} for one in given):
        yield "asks for another precision"
    if any(_name(one) in {"double", "float64"} for one in given):
        yield "asks for double precision"
    if name in {"clamp", "clip"} and len(given) + len(call.keywords) - (_root(call.func) == "torch") >= 2:
        yield "uses another activation"
    if name in {"float64", "double", "set_default_dtype"}:
        yield "asks for double precision"


def _is_data(node: ast.expr) -> bool:
    """Whether an argument is a value that flows, as `x` or `self.fc1(x)` does, and not an option."""
    return isinstance(node, ast.Call | ast.BinOp) or (isinstance(node, ast.Name) and not node.id.isupper())


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.UnaryOp)


def _of_class(owner: ast.ClassDef) -> Iterator[str]:
    bases = [_name(base) for base in owner.bases]
    if not [base for base in bases if base != "object"]:
        yield "the class has no parent"
    if any(isinstance(base, ast.Call) for base in owner.bases):
        yield "the parent class is called"
    if any(base in {"Module"} for base in bases):
        yield "derives from Module"
    methods = {one.name: one for one in owner.body if isinstance(one, Function)}
    if "__init__" not in methods and any(_looks_like_init(name) for name in methods):
        yield "__init__ is misspelled"
    if "forward" not in methods:
        yield "no forward in the class"
        if not set(methods) - {"__init__", "__repr__", "extra_repr"}:
            yield "only __init__ in the class"
        if difflib.get_close_matches("forward", [name.strip("_").lower() for name in methods], 1, 0.7):
            yield "forward is misspelled"
    if "__call__" in methods:
        yield "defines __call__"
    if {"parameters", "named_parameters"} & set(methods):
        yield "replaces parameters()"
    for node in owner.body:
        if any(True for _ in _targets(node)) and any(_makes_layer(one) for one in ast.walk(node)):
            yield "layers in the class body"


def _looks_like_init(name: str) -> bool:
    if name in {"__init__", "__init_subclass__", "__call__"} or name == "forward":
        return False
    return name.strip("_").lower() in {"init", "int", "inti", "initi", "nit", "ini", "initialise", "initialize"} or (
        name.startswith("_") and difflib.SequenceMatcher(None, name, "__init__").ratio() > 0.8
    )


def _of_methods(owner: ast.ClassDef) -> Iterator[str]:
    methods = [one for one in owner.body if isinstance(one, Function)]
    init = next((one for one in methods if one.name == "__init__"), None)
    init_like = init or next((one for one in methods if _looks_like_init(one.name)), None)
    forward = next((one for one in methods if one.name == "forward"), None) or next(
        (one for one in methods if one.name == "__call__"), None
    )
    if init is not None:
        yield from _of_init(init)
    if init_like is not None and not any(_makes_anything(one) for one in ast.walk(init_like)):
        yield "__init__ makes nothing"
    if init_like is None:
        yield "there is no __init__"
    if forward is not None:
        if _has_slip(owner):
            yield "an attribute is spelled almost alike"
        yield from _of_flow(forward, "forward")
        yield from _of_forward(forward)


def _has_slip(owner: ast.ClassDef) -> bool:
    """Whether an attribute of `self` is read that is never set, while one of almost the same spelling is set."""
    made = {name for one in owner.body if isinstance(one, Function) for name in (one.name, *_self_attributes(one))}
    made |= {target.id for node in owner.body for target in _targets(node) if isinstance(target, ast.Name)}
    read = {
        node.attr
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and _path(node)[:-1] == ["self"]
    }
    own = {name.lower() for name in made - {"__init__", "forward"}}
    return any(difflib.get_close_matches(name.lower(), own, 1, 0.6) for name in read - made)


def _of_init(init: Function) -> Iterator[str]:
    calls = [node for node in ast.walk(init) if isinstance(node, ast.Call)]
    inits = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"]
    if not inits:
        yield "the parent's __init__ is not called"
    for call in inits:
        parent = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_super = isinstance(parent, ast.Call) and _name(parent.func) == "super"
        if isinstance(parent, ast.Call) and is_super and len(parent.args) == 1:
            yield "super() is not bound"
        if not is_super and not call.args:
            yield "super() is not bound"
    if any(isinstance(node, Function) and node is not init and node.name == "forward" for node in ast.walk(init)):
        yield "forward is inside __init__"
    if any(
        _makes_layer(one)
        for default in init.args.defaults + init.args.kw_defaults
        if default
        for one in ast.walk(default)
    ):
        yield "layers as default values"
    names = {node.id for node in ast.walk(init) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    arguments = {argument.arg for argument in init.args.args[1:]}
    if arguments - names:
        yield "an argument of __init__ is not used"
    if arguments & {_name(target) for node in init.body for target in _targets(node) if isinstance(target, ast.Name)}:
        yield "an argument of __init__ is overwritten"
    if any(_writes_sizes(node) for node in ast.walk(init)):
        yield "writes sizes into its layers"
    attributes = _self_attributes(init)
    for node in ast.walk(init):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _of_stored(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _root(node.func) == "self":
            if node.func.attr in attributes and any(_root(one) == "self" for one in node.args):
                yield "calls layers in __init__"


def _self_attributes(function: Function) -> set[str]:
    return {
        target.attr
        for node in ast.walk(function)
        for target in _targets(node)
        if isinstance(target, ast.Attribute) and _root(target) == "self"
    }


def _of_stored(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    """What is kept where in `__init__`."""
    value = node.value
    on_self = any(isinstance(target, ast.Attribute) and _root(target) == "self" for target in _targets(node))
    if value is None:
        return
    if not on_self and any(_makes_layer(one) for one in ast.walk(value)):
        yield "a layer in a local variable"
    if on_self:
        if isinstance(value, ast.List | ast.Tuple | ast.Dict | ast.Set | ast.ListComp | ast.DictComp) and any(
            _makes_layer(one) or isinstance(one, ast.Name) for one in ast.walk(value)
        ):
            yield "layers in a plain container"
        if isinstance(value, ast.List | ast.Dict) and not getattr(value, "elts", getattr(value, "keys", ())):
            yield "an empty container on self"
        if isinstance(value, ast.Call) and _name(value.func) in {"list", "tuple", "dict", "set", "OrderedDict"}:
            yield "layers in a plain container"
        if isinstance(value, ast.Lambda):
            yield "a function on self"
        if isinstance(value, ast.Attribute) and value.attr in ACTIVATIONS | LAYERS:
            yield "the class of an activation is stored"


def _of_forward(forward: Function) -> Iterator[str]:
    for node in ast.walk(forward):
        if _makes_layer(node, weights=True):
            yield "makes layers in forward"
        if isinstance(node, ast.Attribute) and node.attr in {"weight", "bias"}:
            yield "uses a parameter by hand"
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name == "forward" and _root(node.func) == "self" and len(_path(node.func)) == 2:
                yield "forward calls itself"
            if isinstance(node.func, ast.Name) and node.func.id == "self":
                yield "forward calls itself"
            if (
                name in {"view", "reshape"}
                and sum(isinstance(_constant(one), int) and _constant(one) not in {-1, 1} for one in _flat(node.args))
                > 0
            ):
                yield "writes sizes into a reshape"
            if name in {"zeros", "zeros_like", "new_zeros"}:
                yield "makes zeros in forward"


def _flat(nodes: list[ast.expr]) -> list[ast.expr]:
    return [one for node in nodes for one in (node.elts if isinstance(node, ast.Tuple | ast.List) else [node])]


def _asks_for_numbers(test: ast.expr) -> bool:
    has_number = any(
        isinstance(_constant(one), int | float) and not isinstance(_constant(one), bool)
        for one in ast.walk(test)
        if isinstance(one, ast.expr)
    )
    asks = any(
        (isinstance(one, ast.Attribute) and one.attr in {"shape", "size", "sum", "numel", "mean"})
        or (
            isinstance(one, ast.Call) and _name(one.func) in {"len", "size", "sum", "numel", "parameters", "all", "any"}
        )
        for one in ast.walk(test)
    )
    return has_number and asks


def _of_flow(function: Function, place: str) -> Iterator[str]:
    """How values go through a function: what is returned, dropped, never reached."""
    own = list(_own_nodes(function))
    returns = [node for node in own if isinstance(node, ast.Return)]
    if not any(node.value is not None for node in returns):
        yield f"{place} returns nothing"
    if any(isinstance(node, ast.Call) and _name(node.func) == "print" for node in own):
        yield f"prints in {place}"
    if any(isinstance(node, ast.Return) for loop in own if isinstance(loop, ast.For | ast.While) for node in loop.body):
        yield "returns inside a loop"
    if any(isinstance(node, ast.Call) and _name(node.func) in {"backward", "step"} for node in own):
        yield "trains"
    if any(isinstance(node, ast.Call) and _name(node.func) == function.name and place == "function" for node in own):
        yield "forward calls itself"
    if any(isinstance(node, ast.If | ast.IfExp) and _asks_for_numbers(node.test) for node in own):
        yield "special-cases its input"
    for block in _blocks(function):
        if any(isinstance(node, ast.Return) for node in block[:-1]):
            yield "code after return"
    arguments = [argument.arg for argument in function.args.args]
    data = arguments[1] if place == "forward" and len(arguments) > 1 else arguments[0] if arguments else ""
    assigned = {target.id for node in own for target in _targets(node) if isinstance(target, ast.Name)}
    returned = [node.value for node in returns if node.value is not None]
    if any(isinstance(value, ast.Call) and _name(value.func) == "print" for value in returned):
        yield f"{place} returns what print returns"
    if returned and all(isinstance(value, ast.Name) and value.id == data for value in returned):
        yield "returns its argument" if data not in assigned else "returns its argument's name"
        if _only_returns(function):
            yield "does nothing but return its argument"
    for node in own:
        if isinstance(node, ast.Expr) and _is_dropped(node.value):
            yield "drops a result"
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in _UNCALLED:
            if node.attr not in {"forward"} and not _is_called(node, own) and not _names_module(node):
                yield "a method without call"
    used = {node.id for node in own if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    if assigned - used:
        yield "computes what it does not use"
    targets = [target for node in function.body for target in _targets(node) if isinstance(target, ast.Name)]
    last = targets[-1].id if targets else ""
    if last and last not in used and returned and isinstance(returned[-1], ast.Name):
        yield "returns another variable than the last"
    if data and data not in used:
        yield "does not use its argument"


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)


def _blocks(function: Function) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _only_returns(function: Function) -> bool:
    body = [node for node in function.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    return all(isinstance(node, ast.Return | ast.Pass) for node in body)


def _is_dropped(value: ast.expr) -> bool:
    """Whether a statement computes something and keeps nothing of it."""
    return isinstance(value, ast.BinOp) or (isinstance(value, ast.Call) and not _has_effect(value))


def _has_effect(call: ast.Call) -> bool:
    name = _name(call.func)
    return name.endswith("_") or name in _EFFECTS or name.startswith(("__", "register_"))


def _is_called(node: ast.Attribute, own: list[ast.AST]) -> bool:
    return any(isinstance(one, ast.Call) and one.func is node for one in own)


def _names_module(node: ast.Attribute) -> bool:
    """`torch.relu` as a value, or `self.relu`: no method of a tensor."""
    return isinstance(node.value, ast.Name) and node.value.id in _PACKAGES | {"self"}


def _of_reassigned(function: Function) -> Iterator[str]:
    """`w = out.weight` and then `w = W`: a name was moved, the layer was not filled."""
    pairs = [pair for node in ast.walk(function) if isinstance(node, ast.Assign) for pair in _pairs(node)]
    made = {_name(target) for target, value in pairs if isinstance(value, ast.Call) and _name(value.func) == "Linear"}
    held = {_name(target) for target, value in pairs if _is_parameter(value) and _root(value) in made}
    if any(isinstance(target, ast.Name) and target.id in held and not _is_parameter(value) for target, value in pairs):
        yield "moves a name instead of filling the layer"
    fills = [node for node in ast.walk(function) if _fills(node)]
    if any(_fills_copy(node) for node in fills):
        yield "fills a copy"
    if not [node for node in fills if not _fills_copy(node)]:
        yield "fills no layer"
    if not any(isinstance(node, ast.For | ast.While | ast.comprehension) for node in ast.walk(function)):
        yield "has no loop"


def _is_parameter(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"weight", "bias"}


def _fills_copy(node: ast.AST) -> bool:
    """Whether `copy_` goes into what a call such as `clone()` has just made."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)


def _of_numbers(function: Function) -> Iterator[str]:
    """Sizes and places written in as numbers."""
    argument = function.args.args[0].arg if function.args.args else ""
    places: set[object] = set()
    for node in ast.walk(function):
        if _writes_sizes(node):
            yield "writes sizes into layers"
        if isinstance(node, ast.Call) and _name(node.func) == "range":
            if node.args and type(_constant(node.args[-1])) is int and len(node.args) < 3:
                yield "names layers by number"
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == argument:
            places.add(_constant(node.slice))
    if any(isinstance(one, int) and one >= 1 for one in places):
        yield "names layers by number"
    unpacked = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and _name(node.value) == argument
    ]
    if unpacked:
        yield "names layers by number"


def _writes_sizes(node: ast.AST) -> bool:
    """Whether a layer or a tensor is made in a size written in as a number."""
    if not isinstance(node, ast.Call) or _name(node.func) not in _SIZED:
        return False
    given = [*_flat(node.args), *(keyword.value for keyword in node.keywords)]
    return any(type(_constant(one)) is int and _constant(one) not in {0, 1} for one in given)


def _pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for target in node.targets:
        if (
            isinstance(target, ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and len(target.elts) == len(node.value.elts)
        ):
            pairs += zip(target.elts, node.value.elts, strict=True)
        else:
            pairs.append((target, node.value))
    return pairs


def _fills(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and _name(node.func) in {
        "copy_",
        "load_state_dict",
        "set_",
        "setattr",
        "add_",
        "fill_",
    }:
        return True
    return any(
        isinstance(target, ast.Attribute) and target.attr in {"weight", "bias", "data"} for target in _targets(node)
    )


def _makes_anything(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) not in {"super", "__init__", "print"}


def _makes_layer(node: ast.AST, *, weights: bool = False) -> bool:
    """Whether a node makes a layer, or only (`weights`) one that has weights of its own."""
    if not isinstance(node, ast.Call):
        return False
    name = _name(node.func)
    return name in {"Linear", "LazyLinear", "Bilinear"} or (not weights and name in LAYERS | ACTIVATIONS)


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from target.elts if isinstance(target, ast.Tuple | ast.List) else (target,)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        yield node.target


def _constant(node: ast.AST) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _path(node: ast.expr) -> list[str]:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else [""]), *reversed(parts)]


def _root(node: ast.expr) -> str:
    return _path(node)[0]


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return _path(node)[-1]

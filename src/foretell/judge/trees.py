"""SYNTAX TREES of learner code, asked small questions.

Enters: nodes. Leaves: names, literals, what is assigned and made. Invariant: pure, and any node may be asked anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

LAYERS = frozenset({"Linear", "LazyLinear", "Bilinear", "Conv1d", "Conv2d", "Sequential", "Identity", "Flatten"})
ACTIVATIONS = frozenset(
    {"ReLU", "LeakyReLU", "PReLU", "RReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Tanh", "Sigmoid", "ReLU6"}
    | {"Softplus", "Softsign", "Hardtanh", "Hardswish", "Hardsigmoid", "Tanhshrink", "LogSigmoid", "Threshold"}
)
PACKAGES = frozenset({"torch", "nn", "functional", "F", "builtins"})
# What nn.Module has already: an attribute of this name hides it.
OF_MODULE = frozenset(
    {"modules", "parameters", "children", "buffers", "named_modules", "named_parameters", "named_children", "train"}
    | {"eval", "apply", "forward", "type", "to", "cpu", "cuda", "half", "float", "double", "zero_grad", "state_dict"}
    | {"training", "add_module", "register_buffer", "requires_grad_", "compile", "share_memory", "extra_repr"}
)
TENSOR_MAKERS = frozenset({"randn", "rand", "zeros", "ones", "empty", "full", "tensor", "eye", "normal", "randint"})
SIZED = frozenset({"Linear", "eye", "zeros", "ones", "empty", "randn", "rand"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def flatten(nodes: list[ast.expr]) -> list[ast.expr]:
    """The nodes, with those inside a written tuple or list in its place."""
    return [one for node in nodes for one in (node.elts if isinstance(node, ast.Tuple | ast.List) else [node])]


def pairs_of(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """Each target of an assignment with the value that it is given."""
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


def makes_anything(node: ast.AST) -> bool:
    """Whether a node calls anything but the constructor above and print."""
    return isinstance(node, ast.Call) and name_of(node.func) not in {"super", "__init__", "print"}


def makes_layer(node: ast.AST, *, weights: bool = False) -> bool:
    """Whether a node makes a layer, or only (`weights`) one that has weights of its own."""
    if not isinstance(node, ast.Call):
        return False
    name = name_of(node.func)
    return name in {"Linear", "LazyLinear", "Bilinear"} or (not weights and name in LAYERS | ACTIVATIONS)


def writes_sizes(node: ast.AST) -> bool:
    """Whether a layer or a tensor is made in a size written in as a number."""
    if not isinstance(node, ast.Call) or name_of(node.func) not in SIZED:
        return False
    given = [*flatten(node.args), *(keyword.value for keyword in node.keywords)]
    return any(type(constant_of(one)) is int and constant_of(one) not in {0, 1} for one in given)


def reshapes_to_numbers(node: ast.AST) -> bool:
    """Whether a tensor is given a shape that is written in as numbers."""
    if not isinstance(node, ast.Call) or name_of(node.func) not in {"view", "reshape"}:
        return False
    return any(type(number := constant_of(one)) is int and number not in {-1, 1} for one in flatten(node.args))


def targets_of(node: ast.AST) -> Iterator[ast.expr]:
    """What a node assigns to."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from target.elts if isinstance(target, ast.Tuple | ast.List) else (target,)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        yield node.target


def constant_of(node: ast.AST) -> object:
    """The value of a literal, else None."""
    return node.value if isinstance(node, ast.Constant) else None


def path_of(node: ast.expr) -> list[str]:
    """The parts of a dotted name: "self", "fc1", "weight"; the first is "" where it begins with something else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*([node.id] if isinstance(node, ast.Name) else [""]), *reversed(parts)]


def root_of(node: ast.expr) -> str:
    """The first part of a dotted name."""
    return path_of(node)[0]


def name_of(node: ast.expr) -> str:
    """The last part of a dotted name, or of what is called."""
    while isinstance(node, ast.Call):
        node = node.func
    return path_of(node)[-1]


def returns(function: Function) -> bool:
    """Whether a function returns a value."""
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))

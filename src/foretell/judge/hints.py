"""AN ANSWER that failed and that no belief explains -> one sentence about the slip behind its exception, or "".

Enters: the answer as it went. Leaves: a sentence that says what is there and what to write. Invariant: pure; each is
said only where both the exception and the text bear it out, and none is a name for a belief.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator

from foretell.judge.behaviour import Failed
from foretell.judge.diagnose import Answered
from foretell.judge.slips import slip_of
from foretell.judge.trees import ACTIVATIONS, LAYERS, Function, name_of, path_of, targets_of
from foretell.model.syntax import parse_module

_GIVEN = re.compile(r"(\w+)\(\) takes \d+ positional arguments? but \d+ (?:was|were) given")
_NO_FORWARD = 'missing the required "forward"'
_NOT_READ = (SyntaxError, ValueError, RecursionError, MemoryError)


def hint_of(own: Answered, wanted: str) -> str:
    """The sentence, "" where there is none. `wanted` is the name that the task asks for."""
    try:
        tree = parse_module(own.source)
    except _NOT_READ:
        return ""
    found = (hint(failed, tree) for failed in _failures(own) for hint in _HINTS)
    return next(filter(None, found), "") or slip_of(tree, wanted)


def _failures(own: Answered) -> Iterator[Failed]:
    if own.failure is not None:
        yield Failed(kind=own.failure.kind, message=own.failure.message)
    elif own.behaviour is not None:
        yield from (note for note in own.behaviour.notes.values() if isinstance(note, Failed))


def _methods(tree: ast.Module) -> list[Function]:
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return [one for each in classes for one in each.body if isinstance(one, Function)]


def _without_self(failed: Failed, tree: ast.Module) -> str:
    quoted = re.search(r"name '(\w+)' is not defined", failed.message)
    name = failed.name or (quoted[1] if quoted else "")
    kept = {
        path_of(target)[-1]
        for node in ast.walk(tree)
        for target in targets_of(node)
        if path_of(target)[:-1] == ["self"]
    }
    if failed.kind != "NameError" or name not in kept:
        return ""
    return f"`{name}` is kept on the object, so no variable has that name: write `self.{name}`."


def _no_self_parameter(failed: Failed, tree: ast.Module) -> str:
    given = _GIVEN.search(failed.message)
    method = next((one for one in _methods(tree) if given is not None and one.name == given[1]), None)
    if method is None or (method.args.args and method.args.args[0].arg == "self"):
        return ""
    others = ", ".join(["self", *(argument.arg for argument in method.args.args)])
    return f"Python hands a method its object first: write `def {method.name}({others})`."


def _super_too_late(failed: Failed, tree: ast.Module) -> str:
    calls = [node for one in _methods(tree) for node in ast.walk(one) if isinstance(node, ast.Call)]
    is_called = any(isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" for call in calls)
    if "before Module.__init__" not in failed.message or not is_called:
        return ""
    return "`super().__init__()` prepares the object for layers, so it has to come before the first of them."


def _super_with_arguments(failed: Failed, tree: ast.Module) -> str:
    if failed.kind != "TypeError" or not re.search(r"__init__\(\).*(?:positional|keyword) argument", failed.message):
        return ""
    if not failed.through or not failed.through[-1].startswith("__init__:"):  # the caller's arguments do not fit
        return ""
    modules = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and "Module" in map(name_of, one.bases)]
    calls = [node for one in modules for node in ast.walk(one) if isinstance(node, ast.Call)]
    is_given = any(_is_super_init(call) and (call.args or call.keywords) for call in calls)
    return "nn.Module's own constructor takes nothing: write `super().__init__()`." if is_given else ""


def _is_super_init(call: ast.Call) -> bool:
    """`super().__init__`; `nn.Module.__init__` is bound to no object, and has to be given one."""
    called = call.func
    return isinstance(called, ast.Attribute) and called.attr == "__init__" and isinstance(called.value, ast.Call)


def _other_case(failed: Failed, tree: ast.Module) -> str:  # noqa: ARG001  the exception says all
    """`nn.linear`, `nn.Relu`."""
    asked = re.search(r"module 'torch\.nn' has no attribute '(\w+)'", failed.message)
    known = {name.lower(): name for name in LAYERS | ACTIVATIONS | {"Module", "ModuleList", "Parameter"}}
    right = known.get(asked[1].lower()) if asked is not None else None
    return f"In torch.nn it is written `{right}`." if right else ""


def _no_gpu(failed: Failed, tree: ast.Module) -> str:  # noqa: ARG001  as above
    if not re.search(r"not compiled with CUDA|No CUDA GPUs|Found no NVIDIA", failed.message):
        return ""
    return "There may be no GPU where this runs: make layers without naming a device."


def _list_in_sequential(failed: Failed, tree: ast.Module) -> str:  # noqa: ARG001  the exception says all
    if not re.search(r"\blist is not a Module subclass", failed.message):
        return ""
    return "nn.Sequential takes its parts one by one, not in a list: put a star before the list or drop its brackets."


def _forward_elsewhere(failed: Failed, tree: ast.Module) -> str:
    if _NO_FORWARD not in failed.message:
        return ""
    if any(isinstance(one, Function) and one.name == "forward" for one in tree.body):
        return "`forward` stands outside of the class: indent it as far as `__init__`."
    names = [one.name for one in _methods(tree) if one.name != "__init__"]
    alike = difflib.get_close_matches("forward", [*names, *map(str.lower, names)], 1, 0.6)
    spelled = next((name for name in names if name.lower() in {*alike, "call", "__forward__"}), None)
    return f"nn.Module calls a method named `forward`; yours is called `{spelled}`." if spelled else ""


def _bias_is_none(failed: Failed, tree: ast.Module) -> str:
    is_sum = "unsupported operand" in failed.message and "NoneType" in failed.message
    if failed.kind not in {"TypeError", "AttributeError"} or not (
        is_sum or "must be Tensor, not NoneType" in failed.message
    ):
        return ""
    return (
        "A layer that was made with `bias=False` has None for a bias: say what counts for it." if _folds(tree) else ""
    )


def _folds(tree: ast.Module) -> bool:
    """Whether a function outside of a class reads biases."""
    functions = [one for one in tree.body if isinstance(one, Function)]
    return any(isinstance(node, ast.Attribute) and node.attr == "bias" for one in functions for node in ast.walk(one))


_HINTS: tuple[Callable[[Failed, ast.Module], str], ...] = (
    _without_self,
    _no_self_parameter,
    _super_too_late,
    _super_with_arguments,
    _list_in_sequential,
    _forward_elsewhere,
    _bias_is_none,
    _other_case,
    _no_gpu,
)

"""Learner code put through the probes of its task: what it is, what it gives back, what it leaves behind.

Enters: a namespace and a plan (`judge.behaviour.draw` says what is in it). Leaves: notes, as plain data. Invariant:
nothing here knows what is right; a failure of the learner's is a note, and what would come after it has none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from foretell.model.run import EXAMINED, DisplayOutput
from foretell.runtime.inside.drawn import canonical_values, plain_values
from foretell.runtime.inside.measure import read_value
from foretell.runtime.inside.pieces import Laid, piece_of
from foretell.runtime.inside.shell import LessonShell
from foretell.runtime.messages import to_plain
from foretell.runtime.observe import one_line

STEPS = 3
LARGEST = 10**18
MOST_PARAMETERS = 64
MOST_NUMBERS = 200_000
MOST_FRAMES = 12


class Stopped(Exception):
    """A stage has failed: those after it see nothing."""


class Notes:
    """What was seen, by key; a failure ends the stages of one build."""

    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    def attempt(self, key: str, work: Callable[[], Any]) -> Any:
        """What `work` gives; where it fails, a note of it under `key`, and `Stopped`."""
        try:
            return work()
        except KeyboardInterrupt:
            raise
        except BaseException as failure:
            self.kept[key] = {"failure": read_failure(failure)}
            raise Stopped from failure

    def array(self, key: str, value: Any) -> None:
        """Keep a tensor, or what there is instead of one."""
        try:
            self.kept[key] = {"array": to_plain(read_value(value))}
        except Exception:
            self.kept[key] = {"plain": {"is": type(value).__name__}}

    def plain(self, key: str, value: object) -> None:
        """Keep plain data."""
        self.kept[key] = {"plain": value}


def examine(names: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """The notes of every build and every expression of the plan, as JSON."""
    notes = Notes()
    _look_at_earlier(notes, {name: names.get(name) for name in plan["earlier"]})
    for place, build in enumerate(plan["builds"]):
        look = _look_at_result if build["given"] else _look_at_module
        try:
            look(notes, f"{place}", dict(names), build, plan)
        except Stopped:
            continue
        except Exception as failure:  # its module does what no stage foresees, such as parameters() that raise
            notes.kept[f"{place}/set"] = {"failure": read_failure(failure)}
    for place, expression in enumerate(plan["expressions"]):
        try:
            value = notes.attempt(f"e{place}", partial(_evaluate, expression, dict(names)))
            notes.plain(f"e{place}", _show(value))
        except Stopped:
            continue
    return json.dumps(notes.kept)


def _look_at_earlier(notes: Notes, earlier: Mapping[str, Any]) -> None:
    """The parameters of modules that were there before: nothing is to have changed them."""
    torch = sys.modules.get("torch")
    for name, value in earlier.items():
        if torch is not None and isinstance(value, torch.nn.Module):
            for place, each in enumerate(list(value.parameters())[:MOST_PARAMETERS]):
                notes.array(f"earlier/{name}/{place}", each)


def read_failure(failure: BaseException) -> dict[str, object]:
    """An exception as plain data: its class, message, the name that was missing, the learner's functions it came by."""
    name, owner = getattr(failure, "name", None), getattr(failure, "obj", None)
    return {
        "kind": type(failure).__name__,
        "message": one_line(failure),
        "name": name if isinstance(name, str) else "",
        "owner": type(owner).__name__ if owner is not None else "",
        "through": list(_frames(failure.__traceback__)),
    }


def _frames(trace: TracebackType | None) -> Iterator[str]:
    seen = 0
    while trace is not None and seen < MOST_FRAMES:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith("<ipython-input") or "ipykernel" in code.co_filename:
            seen += 1
            yield f"{code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next


def _evaluate(expression: str, names: dict[str, Any]) -> Any:
    return eval(compile(expression.strip(), "<probe>", "eval"), names)  # noqa: S307  a worker is there to run it


def _apply(made: Any, given: Any) -> Any:
    return made(given)


def _show(value: Any) -> object:
    if isinstance(value, tuple):
        return [_show(item) for item in value]
    is_plain = isinstance(value, bool | float | str) or (isinstance(value, int) and abs(value) < LARGEST)
    return value if is_plain else f"{type(value).__name__}"


def _torch() -> ModuleType:
    return sys.modules["torch"]


def _describe(notes: Notes, key: str, laid: Laid) -> None:
    torch, made = _torch(), laid.module
    kinds = [kind.__name__ for kind in type(made).__mro__ if kind.__module__.startswith("torch")]
    notes.plain(f"{key}/type", {"is": type(made).__name__, "torch": kinds, "has_forward": hasattr(made, "forward")})
    if not isinstance(made, torch.nn.Module):
        return
    parts = [[type(part).__name__, *_sizes(part)] for part in made.modules()][1:]
    notes.plain(f"{key}/parts", parts[:MOST_PARAMETERS])
    notes.plain(
        f"{key}/parameters",
        [
            [name, list(piece_of(each, place).shape), str(each.dtype).removeprefix("torch."), bool(each.requires_grad)]
            for name, each, place in laid.named()[:MOST_PARAMETERS]
        ],
    )
    notes.plain(f"{key}/count", sum(each.numel() for each in made.parameters()))


def _sizes(part: Any) -> list[int]:
    sizes = (getattr(part, "in_features", None), getattr(part, "out_features", None))
    return [size for size in sizes if isinstance(size, int)]


def _look_at_module(
    notes: Notes, key: str, names: dict[str, Any], build: Mapping[str, Any], plan: Mapping[str, Any]
) -> None:
    made = notes.attempt(f"{key}/make", lambda: _evaluate(build["make"], names))
    laid = Laid(made, build["parts"], plan["turned"])
    notes.attempt(f"{key}/type", lambda: _describe(notes, key, laid))
    torch, seed = _torch(), plan["seed"]
    if not isinstance(made, torch.nn.Module):
        _call(notes, key, made, build, plan)
        return
    fresh = "(" in build["make"]
    other = notes.attempt(f"{key}/again", lambda: _evaluate(build["make"], names)) if fresh else made
    _look_at_sharing(notes, key, (made, other if fresh else None), {name: names.get(name) for name in plan["earlier"]})
    start = [each.detach().clone() for each in made.parameters()]
    notes.plain(f"{key}/start", [_span(piece_of(each.detach(), place)) for each, place in laid.pieces()])
    for one in (laid, replace(laid, module=other)):
        notes.attempt(f"{key}/set", partial(_set, one, seed, plan["tied"]))
        notes.attempt(f"{key}/train", one.module.train)
    _call(notes, key, made, build, plan)
    notes.attempt(f"{key}/set", partial(_set, laid, seed, plan["tied"]))
    _look_at_randomness(notes, key, (made, other), _input(build["inputs"][0], seed, 0, 1.0))
    _look_at_gradients(notes, key, laid, _input(build["inputs"][0], seed, 0, 1.0), seed)
    _look_at_zero(notes, key, made, _input(build["inputs"][0], seed, 0, 1.0))
    _look_at_steps(notes, key, (laid, start), _input([64, *build["inputs"][0][1:]], seed, 99, 1.0), seed)


def _span(values: Any) -> list[float]:
    """The least and the greatest of some numbers, of complex ones of their parts."""
    real = _torch().view_as_real(values.resolve_conj()) if values.is_complex() else values.float()
    return [float(real.min()), float(real.max())] if real.numel() else []


def _forget_gradients(module: Any) -> None:
    for each in module.parameters():
        each.grad = None


def _input(shape: list[int], seed: int, place: int, scale: float) -> Any:
    return _torch().from_numpy(plain_values(shape, (seed, 7, place)) * scale).float()


def _set(laid: Laid, seed: int, tied: str, weights: str = "drawn") -> None:
    torch = _torch()
    parameters = list(laid.module.parameters())
    if len(parameters) > MOST_PARAMETERS or sum(each.numel() for each in parameters) > MOST_NUMBERS:
        raise ValueError(f"{len(parameters)} parameters are more than can be looked at")
    with torch.no_grad():
        for each, place in laid.pieces():
            piece = piece_of(each, place)
            values = canonical_values(tuple(piece.shape), seed + (weights == "others"), tied)
            piece.copy_(torch.from_numpy(np.asarray(-values if weights == "negated" else values)))


def _call(notes: Notes, key: str, made: Any, build: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
    """Call it with each input: what comes back, what a hook sees, what has become of the input."""
    seed, tied = plan["seed"], plan["tied"]
    seen: list[Any] = []
    module = _torch().nn.Module
    if isinstance(made, module):
        module.register_forward_hook(made, lambda _module, _given, given_back: seen.append(given_back))
    now = "drawn"
    for place, (shape, scale, weights) in enumerate(build["calls"]):
        if weights != now and not build["given"] and isinstance(made, module):
            laid = Laid(made, build["parts"], plan["turned"])
            notes.attempt(f"{key}/set", partial(_set, laid, seed, tied, weights))
            now = weights
        given = _input(shape, seed, place, scale)
        seen.clear()
        value = notes.attempt(f"{key}/out{place}", partial(_apply, made, given))
        notes.array(f"{key}/out{place}", value)
        if seen:
            notes.array(f"{key}/hook{place}", seen[-1])
        notes.array(f"{key}/input{place}", given)


def _look_at_randomness(notes: Notes, key: str, pair: tuple[Any, Any], given: Any) -> None:
    made, other = pair
    for name, module in (("same", made), ("other", other)):
        value = notes.attempt(f"{key}/{name}", partial(_apply, module, given.clone()))
        notes.array(f"{key}/{name}", value)
    notes.attempt(f"{key}/train", made.eval)
    value = notes.attempt(f"{key}/eval", partial(_apply, made, given.clone()))
    notes.attempt(f"{key}/train", made.train)
    notes.array(f"{key}/eval", value)


def _look_at_gradients(notes: Notes, key: str, laid: Laid, given: Any, seed: int) -> None:
    torch, made = _torch(), laid.module
    leaf = given.clone().requires_grad_()
    _forget_gradients(made)
    value = notes.attempt(f"{key}/grad", partial(_apply, made, leaf * 1))
    if not isinstance(value, torch.Tensor):
        return
    weights = _torch().from_numpy(plain_values(list(value.shape), (seed, 11, 0))).to(value.dtype)
    if not value.requires_grad:
        notes.plain(f"{key}/grad", {"is": "cut"})
        return
    notes.attempt(f"{key}/grad", (value * weights).sum().backward)
    reached = [each.grad is not None for each in made.parameters()]
    notes.plain(f"{key}/reached", reached)
    for number, (each, place) in enumerate(laid.pieces()):
        grad = torch.zeros_like(each) if each.grad is None else each.grad
        notes.array(f"{key}/grad{number}", piece_of(grad, place))
    notes.array(f"{key}/grad", torch.zeros_like(leaf) if leaf.grad is None else leaf.grad)


def _look_at_zero(notes: Notes, key: str, made: Any, given: Any) -> None:
    torch = _torch()
    with torch.no_grad():
        for each in made.parameters():
            each.zero_()
        notes.array(f"{key}/zero", notes.attempt(f"{key}/zero", partial(_apply, made, given.clone())))


def _look_at_steps(notes: Notes, key: str, pair: tuple[Laid, list[Any]], given: Any, seed: int) -> None:
    """Three steps of gradient descent from where it had started itself: how far each parameter moves."""
    torch = _torch()
    laid, start = pair
    made = laid.module
    with torch.no_grad():
        for each, value in zip(made.parameters(), start, strict=True):
            each.copy_(value)

    def step() -> None:
        _forget_gradients(made)
        value = made(given.clone())
        wanted = torch.from_numpy(plain_values(list(value.shape), (seed, 13, 0))).to(value.dtype)
        (value - wanted).pow(2).mean().backward()
        with torch.no_grad():
            for each in made.parameters():
                if each.grad is not None:
                    each -= 0.05 * each.grad

    for _ in range(STEPS):
        notes.attempt(f"{key}/moved", step)
    with torch.no_grad():
        for each, value in zip(made.parameters(), start, strict=True):
            each -= value
    moved = [piece_of(each.detach(), place).abs() for each, place in laid.pieces()]
    notes.plain(f"{key}/moved", [float(each.max()) if each.numel() else 0.0 for each in moved])


def _look_at_sharing(notes: Notes, key: str, pair: tuple[Any, Any], earlier: Mapping[str, Any]) -> None:
    made, other = pair
    own = set(_places(made))
    notes.plain(f"{key}/shared", len(own & set(_places(other))) if other is not None else 0)
    module = _torch().nn.Module
    shared = [name for name, value in earlier.items() if isinstance(value, module) and own & set(_places(value))]
    notes.plain(f"{key}/taken", shared)


def _places(module: Any) -> Iterator[int]:
    for each in module.parameters():
        if each.numel():
            yield each.data_ptr()


def _look_at_result(
    notes: Notes, key: str, names: dict[str, Any], build: Mapping[str, Any], plan: Mapping[str, Any]
) -> None:
    """A function's result, with what it was given before and after."""
    torch, seed = _torch(), plan["seed"]
    given: dict[str, Any] = {}
    for place, (name, said) in enumerate(build["given"].items()):
        if isinstance(said, str):
            given[name] = _evaluate(said, {"torch": torch, "nn": torch.nn})
            _fill(given[name], (seed, 17, place))
        else:
            given[name] = _input(said, seed, 50 + place, 1.0)
    made = notes.attempt(f"{key}/make", lambda: _evaluate(build["make"], names | given))
    notes.attempt(f"{key}/type", lambda: _describe(notes, key, Laid(made)))
    for name, value in given.items():
        for place, each in enumerate(value.parameters() if isinstance(value, torch.nn.Module) else (value,)):
            notes.array(f"{key}/after/{name}/{place}", each)
    if not isinstance(made, torch.nn.Module):
        _note_values(notes, key, made)
        return
    own = {id(each) for each in made.parameters()}
    modules = [value for value in given.values() if isinstance(value, torch.nn.Module)]
    notes.plain(f"{key}/after/own", len([each for value in modules for each in value.parameters() if id(each) in own]))
    again = notes.attempt(f"{key}/make", partial(_evaluate, build["make"], names | given))
    for name, each in list(made.named_parameters())[:MOST_PARAMETERS]:
        notes.array(f"{key}/value/{name}", each)
    for name, each in list(again.named_parameters())[:MOST_PARAMETERS]:
        notes.array(f"{key}/again/{name}", each)
    _call(notes, key, made, build, plan)


def _note_values(notes: Notes, key: str, made: Any) -> None:
    values = made if type(made) in (tuple, list) else (made,)
    for place, value in enumerate(values[:MOST_PARAMETERS]):
        notes.array(f"{key}/value{place}", value)


def _fill(module: Any, seed: tuple[int, ...]) -> None:
    torch = _torch()
    with torch.no_grad():
        for place, each in enumerate(module.parameters()):
            values = plain_values(list(each.shape), (*seed, place)) / max(1, each.shape[-1]) ** 0.5
            each.copy_(torch.from_numpy(values))


def show_examined(plan: str) -> None:
    """Examine what the cells above have defined, and show the notes as an output of the cell that asks."""
    shell = LessonShell.instance()
    shell.outlet.show(DisplayOutput(data={EXAMINED: examine(shell.user_ns, json.loads(plan))}))

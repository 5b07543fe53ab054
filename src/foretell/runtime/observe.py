"""Values of learner's code -> plain observations and short texts.

Enters: any object at all, from a hostile `__repr__` to a tensor of a gigabyte. Leaves: `Observation`s that survive
JSON, with at most 200 characters of text. Invariant: nothing here raises because of the value, and torch is looked up
where the learner's code has imported it, never imported.
"""

from __future__ import annotations

import math
import reprlib
import sys
from types import ModuleType
from typing import Any

from foretell.model.run import Json, Observation, Variable

TEXT_CHARACTERS = 200
VALUE_CHARACTERS = 4000
VALUE_ELEMENTS = 64
VALUE_DEPTH = 4
LARGEST_INTEGER = 10**300

_CONTAINERS = reprlib.Repr()
_CONTAINERS.maxlist = _CONTAINERS.maxtuple = _CONTAINERS.maxdict = _CONTAINERS.maxset = VALUE_ELEMENTS
_CONTAINERS.maxstring = _CONTAINERS.maxother = VALUE_CHARACTERS


def observe(value: Any) -> Observation:
    """`value` as plain data; a value whose own methods fail is told by its type."""
    try:
        return _observe(value)
    except Exception:
        return Observation(type="other", text=_name_type(value))


def observe_failure(failure: BaseException) -> Observation:
    """An exception of learner's code as an observation."""
    name = type(failure).__name__
    message = one_line(failure)
    return Observation(type="failure", text=_clip(f"{name}: {message}" if message else name), value=name)


def short_text(value: Any) -> str:
    """`value` on one line, as a page shows it."""
    return observe(value).text


def describe(name: str, value: Any) -> Variable:
    """A row of the view of variables: tensors by shape and dtype."""
    text = short_text(value)
    try:
        if _is_array(value) and value.ndim:
            text = f"{_shape_text(tuple(value.shape))} {_dtype_name(value.dtype)}"
    except Exception:
        text = short_text(value)
    return Variable(name=name, type=_name_type(value), text=text)


def one_line(failure: BaseException) -> str:
    """The message of an exception on one line, at most 500 characters; "" where it has none or hides it."""
    if isinstance(failure, SyntaxError) and isinstance(failure.msg, str):
        return failure.msg
    try:
        return _clip(" ".join(str(failure).split()), 500)
    except Exception:
        return ""


def _observe(value: Any) -> Observation:
    if value is None:
        return Observation(type="none", text="None")
    if _is_array(value):
        return _observe_array(value)
    if isinstance(value, bool):
        return Observation(type="bool", text=str(value), value=bool(value))
    if isinstance(value, int | float) and not _is_enum(value):
        return _observe_number(value)
    if isinstance(value, str):
        return Observation(type="text", text=_clip(str(value)), value=str(value)[:VALUE_CHARACTERS])
    if _is_shape(value):
        return Observation(type="shape", text=_shape_text(tuple(value)), value=[int(size) for size in value])
    if _is_dtype(value):
        return Observation(type="dtype", text=_dtype_name(value), value=_dtype_name(value))
    if isinstance(value, list | tuple):
        return Observation(type="sequence", text=_repr(value), value=_plain(value, VALUE_DEPTH))
    if _is_module(value):
        return Observation(type="module", text=_repr(value), value=_name_type(value))
    return Observation(type="other", text=_repr(value))


def _observe_number(value: float) -> Observation:
    if isinstance(value, int):
        exact = int(value)
        if abs(exact) > LARGEST_INTEGER:
            return Observation(type="number", text=f"an integer of {exact.bit_length():,} bits")
        return Observation(type="number", text=_clip(str(exact)), value=exact)
    return Observation(type="number", text=_clip(repr(float(value))), value=_finite(float(value)))


def _observe_array(value: Any) -> Observation:
    dtype = _dtype_name(value.dtype)
    if value.ndim == 0 and not dtype.startswith("complex"):
        item = value.item()
        if isinstance(item, bool):
            return Observation(type="bool", text=str(item), value=item)
        if isinstance(item, str):
            return Observation(type="text", text=_clip(item), value=item[:VALUE_CHARACTERS])
        if isinstance(item, int | float):
            text = f"{item:.6g}" if dtype in ("float32", "float16", "bfloat16") else repr(item)
            return Observation(type="number", text=text, value=_finite(item))
    shape = [int(size) for size in value.shape]
    plain: dict[str, Json] = {"shape": list(shape), "dtype": dtype}
    text = f"{_name_type(value)} of shape {_shape_text(tuple(shape))}, {dtype}"
    if math.prod(shape) <= VALUE_ELEMENTS:
        plain["values"] = _plain(value.tolist(), len(shape) + 1)
        text = _repr(value)
    return Observation(type="tensor", text=text, value=plain)


def _plain(value: Any, depth: int) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_INTEGER else _repr(value)
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, str):
        return str(value)[:VALUE_CHARACTERS]
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value[:VALUE_ELEMENTS]] if depth else _repr(value)
    inner = _observe(value)
    return inner.value if inner.type in ("bool", "number", "dtype") else inner.text


def _finite(value: float) -> Json:
    return value if math.isfinite(value) else str(value)


def _loaded(name: str) -> ModuleType | None:
    return sys.modules.get(name)


def _is_array(value: Any) -> bool:
    torch, numpy = _loaded("torch"), _loaded("numpy")
    if torch is not None and isinstance(value, getattr(torch, "Tensor", ())):
        return True
    return numpy is not None and isinstance(value, (getattr(numpy, "ndarray", ()), getattr(numpy, "generic", ())))


def _is_module(value: Any) -> bool:
    modules = _loaded("torch.nn.modules.module")
    return modules is not None and isinstance(value, getattr(modules, "Module", ()))


def _is_enum(value: Any) -> bool:
    enum = _loaded("enum")
    return enum is not None and isinstance(value, enum.Enum)


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(size, int) and not isinstance(size, bool) for size in value)


def _is_dtype(value: Any) -> bool:
    torch, numpy = _loaded("torch"), _loaded("numpy")
    if torch is not None and isinstance(value, getattr(torch, "dtype", ())):
        return True
    if numpy is None:
        return False
    return isinstance(value, numpy.dtype) or (isinstance(value, type) and issubclass(value, numpy.generic))


def _dtype_name(value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    return str(value).removeprefix("torch.")


def _shape_text(shape: tuple[int, ...]) -> str:
    return repr(tuple(int(size) for size in shape))


def _name_type(value: Any) -> str:
    return type(value).__name__


def _repr(value: Any) -> str:
    text = _CONTAINERS.repr(value) if isinstance(value, list | tuple | dict | set | frozenset) else repr(value)
    return _clip(" ".join(text.split()))


def _clip(text: str, limit: int = TEXT_CHARACTERS) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"

"""Measurements of learner code: inputs in, values out, as plain data.

Enters: a shell and a `Measure`. Leaves: a `Measured`. Invariant: nothing here knows what is right, so nothing that
learner code does to this process can make a wrong value right; what it needs is bound by name on import, so that
code which replaces a function of a module breaks only itself.
"""

from __future__ import annotations

import sys
from base64 import b64decode
from types import ModuleType
from typing import Any

from foretell.model.arrays import Array, Measure, Measured, pack
from foretell.model.run import Failure
from foretell.runtime.inside.lookup import LOOK_SECONDS, throw_away
from foretell.runtime.inside.shell import LessonShell
from foretell.runtime.observe import one_line

VALUES = 64
ANSWER_BYTES = 8 << 20
INTEGER_BITS = 63
SENT = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)


def measure(shell: LessonShell, asked: Measure) -> Measured:
    """The value of the expression as arrays, evaluated in a child that then ends."""
    answer = throw_away(shell, lambda: _measure(shell, asked))
    if isinstance(answer, Measured):
        return answer
    return _failed(asked, "TimeoutError", f"no answer within {LOOK_SECONDS:g} seconds")


def _measure(shell: LessonShell, asked: Measure) -> Measured:
    try:
        names = dict(shell.user_ns)
        for name, array in asked.inputs.items():
            names[name] = _unpack(array)
        code = compile(asked.expression.strip(), "<measure>", "eval")
        value = eval(code, names)  # noqa: S307  running the lesson's expressions is what a worker is for
        return Measured(nonce=asked.nonce, values=_read_all(value), failure=None)
    except BaseException as failure:
        return _failed(asked, type(failure).__name__, one_line(failure))


def _failed(asked: Measure, kind: str, message: str) -> Measured:
    return Measured(nonce=asked.nonce, values=(), failure=Failure(kind=kind, message=message))


def _unpack(array: Array) -> Any:
    """A fresh array of the learner's own: nobody else reads its memory."""
    numpy, torch = _numpy(), sys.modules.get("torch")
    little = numpy.dtype(array.dtype).newbyteorder("<")
    filled = numpy.frombuffer(b64decode(array.data), dtype=little).reshape(array.shape).astype(array.dtype)
    return filled if torch is None else torch.from_numpy(filled)


def _read_all(value: Any) -> tuple[Array, ...]:
    values = value if type(value) in (tuple, list) else (value,)
    if len(values) > VALUES:
        raise ValueError(f"{len(values)} values where at most {VALUES} can be sent; return fewer")
    arrays = tuple(read_value(one) for one in values)
    size = sum(len(array.data) for array in arrays) * 3 // 4
    if size > ANSWER_BYTES:
        raise ValueError(f"{size:,} bytes where at most {ANSWER_BYTES:,} can be sent; return smaller arrays")
    return arrays


def read_value(value: Any) -> Array:
    """One value as an array: a tensor, an array, or a number as the array without dimensions that it equals."""
    numpy, torch = _numpy(), sys.modules.get("torch")
    kind = type(value)
    if torch is not None and issubclass(kind, torch.Tensor):
        value = value.detach().cpu().resolve_conj().resolve_neg().numpy()
    elif kind is int:
        if value.bit_length() > INTEGER_BITS:
            raise OverflowError(f"an integer of {value.bit_length():,} bits where {INTEGER_BITS} can be sent")
        value = numpy.asarray(value, dtype="int64")
    elif kind in (bool, float, complex):
        value = numpy.asarray(value)
    elif not issubclass(kind, (numpy.ndarray, numpy.generic)):
        raise TypeError(f"{kind.__name__} where a tensor, an array or a number was asked for")
    name = value.dtype.name
    if name not in SENT:
        raise TypeError(f"an array of dtype {name} where numbers were asked for")
    if value.nbytes > ANSWER_BYTES:
        raise ValueError(f"{value.nbytes:,} bytes where at most {ANSWER_BYTES:,} can be sent; return smaller arrays")
    entries = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    return pack(name, tuple(int(size) for size in value.shape), entries)


def _numpy() -> ModuleType:
    return sys.modules["numpy"]

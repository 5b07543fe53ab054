"""TEXT from a learner's process -> the `Behaviour` that it tells of.

Enters: any text at all. Leaves: a `Behaviour` whose notes have the form that `examine` gives them, or None. Invariant:
pure, and nothing that a process says makes the judge fail.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries, Failed, Note

MOST_NOTES = 4000
_MOST_LETTERS = 40
_DTYPES = frozenset({"float32", "float64", "float16", "int64", "int32", "bool", "int8", "int16", "uint8", "complex64"})


def read_behaviour(text: str) -> Behaviour | None:
    """The behaviour that a process says it has seen; None where the text is nothing of the sort."""
    try:
        said = json.loads(text)
        if not isinstance(said, dict) or len(said) > MOST_NOTES:
            return None
        return Behaviour(notes={str(key): _read_note(str(key), note) for key, note in said.items()})
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, binascii.Error):
        return None


def _read_note(key: str, note: Mapping[str, Any]) -> Note:
    if "failure" in note:
        said = note["failure"]
        return Failed(
            kind=str(said["kind"])[:200],
            message=str(said["message"])[:2000],
            name=str(said["name"])[:200],
            owner=str(said["owner"])[:200],
            through=tuple(str(one)[:200] for one in said["through"]),
        )
    if "array" in note:
        return _read_entries(note["array"])
    plain = note["plain"]
    if not _FORMS.get(key.rpartition("/")[2], _is_anything)(plain):
        raise ValueError(key)
    return tuple(plain) if isinstance(plain, list) else plain


def _read_entries(array: Mapping[str, Any]) -> Note:
    dtype, shape = str(array["dtype"]), tuple(int(size) for size in array["shape"])
    if dtype not in _DTYPES:
        return {"is": f"tensor of {dtype[:_MOST_LETTERS]}"}
    raw = base64.b64decode(array["data"], validate=True)
    values = np.frombuffer(raw, dtype=np.dtype(dtype).newbyteorder("<")).reshape(shape)
    return Entries(dtype=dtype, values=np.real(values).astype(np.float64))


def _is_anything(_said: object) -> bool:
    return True


def _is_number(said: object) -> bool:
    return isinstance(said, int | float)


def _is_count(said: object) -> bool:
    return type(said) is int


def _is_text(said: object) -> bool:
    return isinstance(said, str)


def _all(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda said: isinstance(said, list) and all(map(holds, said))


def _is_type(said: object) -> bool:
    return isinstance(said, dict) and _is_text(said.get("is")) and _all(_is_text)(said.get("torch"))


def _is_part(said: object) -> bool:
    return isinstance(said, list) and bool(said) and _is_text(said[0]) and _all(_is_count)(said[1:])


def _is_parameter(said: object) -> bool:
    if not isinstance(said, list) or len(said) != len(("name", "sizes", "dtype", "grows")):
        return False
    return _is_text(said[0]) and _all(_is_count)(said[1]) and _is_text(said[2]) and type(said[3]) is bool


_FORMS: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "parts": _all(_is_part),
    "parameters": _all(_is_parameter),
    "start": _all(_all(_is_number)),
    "moved": _all(_is_number),
    "count": _is_count,
    "shared": _is_count,
    "taken": _all(_is_text),
}

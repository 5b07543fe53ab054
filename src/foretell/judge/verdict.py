"""ONE reading x ONE observation -> how they compare.

Enters: what a learner said and what a run showed, for one target. Leaves: a `Finding`. Invariant: never raises; what
cannot be compared is `unknown` with the reason.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from foretell.errors import AnswerError
from foretell.judge.named import NO_ERROR, find_choice, read_dtype
from foretell.judge.numbers import read_number, show_number
from foretell.judge.sizes import read_shape, show_shape
from foretell.judge.wording import clip
from foretell.model.attempt import Plain, Reading, Verdict
from foretell.model.lesson import AnswerKind, Question, Tolerance
from foretell.model.run import Json, Observation

_NEAR_COUNT = Fraction(2, 100)
_NEAR_VALUE = Fraction(5, 100)
_NEAR_TOLERANCES = 10
_ROUNDING = Fraction(1, 10**6)
_LONGEST_SHOWN = 80
_LARGEST_SHOWN = 10**40
_WORD = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one reading compared; `was` is the value as the difference names it; `reason` says why nothing could be."""

    verdict: Verdict
    was: str
    reason: str = ""


def settle(reading: Reading, question: Question, observation: Observation | None) -> Finding:
    """Compares by the question's kind; a missing, failed or foreign observation is unknown."""
    if observation is None or (observation.type == "other" and not observation.text):
        return _unknown("", "the run did not get that far")
    if observation.type == "failure" and question.kind is not AnswerKind.ERROR:
        raised = clip(observation.text, _LONGEST_SHOWN) or _raised(observation)
        return _unknown(_raised(observation), f"looking at the value raised {raised}")
    match question.kind:
        case AnswerKind.SHAPE:
            return _shape(reading.value, observation)
        case AnswerKind.NUMBER:
            return _number(reading.value, question.tolerance, observation)
        case AnswerKind.YES_NO:
            return _yes_no(reading.value, observation)
        case AnswerKind.DTYPE:
            return _dtype(reading.value, observation)
        case AnswerKind.ERROR:
            return _error(reading.value, observation)
        case AnswerKind.CHOICE:
            return _choice(reading.value, question.choices, observation)
        case AnswerKind.ORDER:
            return _order(reading.value, question.choices, observation)
        case AnswerKind.PRINTED:
            return _printed(str(reading.value), observation)
        case AnswerKind.TABLE:
            return _table(str(reading.value), observation)
        case AnswerKind.OPEN:
            return Finding(verdict=Verdict.SELF, was=_text(observation))


def _unknown(was: str, reason: str) -> Finding:
    return Finding(verdict=Verdict.UNKNOWN, was=was, reason=reason)


def _foreign(observation: Observation, wanted: str) -> Finding:
    was = clip(_text(observation), _LONGEST_SHOWN)
    return _unknown(was, f"it was {was}, which is not {wanted}")


def _told(was: str, *, match: bool, near: bool = False) -> Finding:
    verdict = Verdict.RIGHT if match else Verdict.NEAR if near else Verdict.WRONG
    return Finding(verdict=verdict, was=was)


def _shape(said: Plain, observation: Observation) -> Finding:
    seen = _sizes(observation)
    if seen is None or not isinstance(said, tuple):
        return _foreign(observation, "a shape")
    without_ones = [[size for size in sizes if size != 1] for sizes in (said, seen)]
    near = len(said) != len(seen) and without_ones[0] == without_ones[1]
    return _told(show_shape(seen), match=said == seen, near=near)


def _sizes(observation: Observation) -> tuple[int, ...] | None:
    """The shape observed: of a shape, a list of whole numbers, a tensor, or one whole number."""
    value = observation.value
    if observation.type == "tensor" and isinstance(value, dict):
        value = value.get("shape")
    if _whole(value):
        value = [value]
    if observation.type not in {"shape", "sequence", "number", "tensor"} or not isinstance(value, list):
        return None
    sizes = [size for size in value if isinstance(size, int) and _whole(size)]
    return tuple(sizes) if len(sizes) == len(value) else None


def _whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_SHOWN


def _number(said: Plain, tolerance: Tolerance, observation: Observation) -> Finding:
    seen = _amount(observation)
    if seen is None or not isinstance(said, int | float) or not math.isfinite(said):
        return _foreign(observation, "a number")
    if isinstance(seen, str):
        return _told(seen, match=False)
    off, size, allowed = abs(_exact(said) - _exact(seen)), abs(_exact(seen)), _allowed(tolerance, seen)
    count = allowed == 0 and isinstance(seen, int)
    match = off <= (allowed if count or allowed else size * _ROUNDING)
    near = off <= max(allowed * _NEAR_TOLERANCES, size * (_NEAR_COUNT if count else _NEAR_VALUE))
    # Python refuses to write out an int of more than 4300 digits.
    was = show_number(seen) if abs(seen) < _LARGEST_SHOWN else clip(observation.text, _LONGEST_SHOWN)
    return _told(was, match=match, near=near)


def _exact(value: float) -> Fraction:
    """The number as it is written: 0.51 is 51/100 and not the binary fraction beside it."""
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def _allowed(tolerance: Tolerance, seen: int | float) -> Fraction:
    parts = (tolerance.absolute, tolerance.relative)
    absolute, relative = (_exact(part) if math.isfinite(part) and part > 0 else Fraction(0) for part in parts)
    return absolute + relative * abs(_exact(seen))


def _amount(observation: Observation) -> int | float | str | None:
    """The number observed; as text where no int or float can hold it ("nan"); None where it is no number."""
    value = observation.value
    if observation.type == "tensor" and isinstance(value, dict):
        value = _only(value.get("values"))
    if observation.type not in {"number", "bool", "tensor"}:
        return None
    if observation.type == "number" and value is None:
        return clip(observation.text, _LONGEST_SHOWN)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value if value in {"nan", "inf", "-inf"} else None
    return int(value) if isinstance(value, bool) else value if isinstance(value, int | float) else None


def _only(values: Json) -> Json:
    """The one element of a list nested to any depth, else None."""
    while isinstance(values, list):
        values = values[0] if len(values) == 1 else None
    return values


def _yes_no(said: Plain, observation: Observation) -> Finding:
    if observation.type != "bool" or not isinstance(observation.value, bool) or not isinstance(said, bool):
        return _foreign(observation, "true or false")
    return _told("yes" if observation.value else "no", match=said == observation.value)


def _dtype(said: Plain, observation: Observation) -> Finding:
    value = observation.value
    if observation.type == "tensor" and isinstance(value, dict):
        value = value.get("dtype")
    name = value if isinstance(value, str) else observation.text
    if observation.type not in {"dtype", "text", "tensor"}:
        return _foreign(observation, "a dtype")
    try:
        seen = read_dtype(name)
    except AnswerError:
        return _foreign(observation, "a dtype")
    return _told(seen, match=said == seen)


def _error(said: Plain, observation: Observation) -> Finding:
    if observation.type != "failure":
        return _told(NO_ERROR, match=said == NO_ERROR)
    seen = _raised(observation).rpartition(".")[2]
    return _told(seen, match=said == seen, near=_related(str(said), seen))


def _raised(observation: Observation) -> str:
    return observation.value if isinstance(observation.value, str) else clip(observation.text, _LONGEST_SHOWN)


def _related(one: str, other: str) -> bool:
    """Whether one builtin exception is a kind of the other; `Exception` itself is too wide to be near anything."""
    first, second = (vars(builtins).get(name) for name in (one, other))
    if not isinstance(first, type) or not isinstance(second, type):
        return False
    wide = (Exception, BaseException, object)
    return first not in wide and second not in wide and (issubclass(first, second) or issubclass(second, first))


def _printed(said: str, observation: Observation) -> Finding:
    seen = _text(observation)
    words = [[word.casefold() for word in _WORD.findall(text)] for text in (said, seen)]
    was = f"“{clip(seen, _LONGEST_SHOWN)}”"
    return _told(was, match=said.split() == seen.split(), near=bool(words[0]) and words[0] == words[1])


def _table(said: str, observation: Observation) -> Finding:
    """Compare entry by entry with an array or nested list, however it was bracketed; else as printed text."""
    value = observation.value
    rows = value.get("values") if isinstance(value, dict) else value
    if observation.type not in {"tensor", "sequence"} or not isinstance(rows, list):
        return _printed(said, observation)
    words = _WORD.findall(said)
    entries = [word for entry in _entries(rows) for word in _WORD.findall(entry)]
    match = len(words) == len(entries) and all(map(_same_entry, words, entries))
    return _told(f"“{clip(_text(observation), _LONGEST_SHOWN)}”", match=match)


def _entries(rows: list[Json]) -> list[str]:
    return [text for item in rows for text in (_entries(item) if isinstance(item, list) else [str(item)])]


def _same_entry(said: str, seen: str) -> bool:
    try:
        return math.isclose(float(said), float(seen), rel_tol=float(_ROUNDING))
    except ValueError:
        return said.casefold() == seen.casefold()


def _choice(said: Plain, choices: tuple[str, ...], observation: Observation) -> Finding:
    seen = _chosen(observation, choices)
    if seen is None:
        return _foreign(observation, "one of the choices")
    return _told(f"“{seen}”", match=said == seen)


def _chosen(observation: Observation, choices: tuple[str, ...]) -> str | None:
    """The choice that says what was observed: by its text, or by reading the choice as a value of that type."""
    if observation.type == "bool":
        words = ("True", "yes") if observation.value else ("False", "no")
        return next((choice for word in words if (choice := find_choice(word, choices))), None)
    found = find_choice(_text(observation), choices)
    if found is not None:
        return found
    amount, sizes = _amount(observation), _sizes(observation)
    if observation.type == "number" and isinstance(amount, int | float):
        return next((choice for choice in choices if _reads(read_number, choice) == amount), None)
    if observation.type == "shape" and sizes is not None:
        return next((choice for choice in choices if _reads(read_shape, choice) == sizes), None)
    return None


def _reads(read: Callable[[str], object], choice: str) -> object:
    try:
        value = read(choice)
    except AnswerError:
        return None
    return value[0] if read is read_number and isinstance(value, tuple) else value


def _order(said: Plain, choices: tuple[str, ...], observation: Observation) -> Finding:
    values = observation.value
    if observation.type not in {"sequence", "shape"} or not isinstance(values, list):
        return _foreign(observation, "an order of the choices")
    names = [str(value) if _whole(value) else value for value in values]
    found = [find_choice(name, choices) if isinstance(name, str) else None for name in names]
    order = tuple(choice for choice in found if choice is not None)
    if sorted(order) != sorted(choices) or len(order) != len(values):
        return _foreign(observation, "an order of the choices")
    return _told(", ".join(order), match=said == order)


def _text(observation: Observation) -> str:
    whole = observation.value if observation.type == "text" else None
    return whole if isinstance(whole, str) else observation.text

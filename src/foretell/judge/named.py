"""TEXT -> one of a set of names: yes or no, a dtype, a choice, an order of choices, an exception.

Enters: what a learner typed. Leaves: the one canonical spelling, or `AnswerError`. Invariant: a canonical spelling is
read back as itself.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence

from foretell.errors import AnswerError
from foretell.judge.wording import typed

NO_ERROR = "no error"

_YES = frozenset({"yes", "y", "true", "t", "1", "yep", "yeah"})
_NO = frozenset({"no", "n", "false", "f", "0", "nope"})

_WIDTHS = {
    "float": (16, 32, 64),
    "int": (8, 16, 32, 64),
    "uint": (8, 16, 32, 64),
    "complex": (32, 64, 128),
    "qint": (8, 32),
}
_DTYPES = frozenset(
    {f"{family}{bits}" for family, widths in _WIDTHS.items() for bits in widths}
    | {"bool", "bfloat16", "quint8", "object", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"}
)
_DTYPE_ALIASES = {
    **dict.fromkeys(("float", "single", "fp32", "f32", "floattensor"), "float32"),
    **dict.fromkeys(("double", "fp64", "f64", "doubletensor"), "float64"),
    **dict.fromkeys(("half", "fp16", "f16", "halftensor"), "float16"),
    **dict.fromkeys(("bf16", "bfloat"), "bfloat16"),
    **dict.fromkeys(("long", "i64", "longtensor"), "int64"),
    **dict.fromkeys(("int", "i32", "inttensor"), "int32"),
    **dict.fromkeys(("short", "i16"), "int16"),
    **dict.fromkeys(("char", "i8"), "int8"),
    **dict.fromkeys(("byte", "u8", "bytetensor"), "uint8"),
    **dict.fromkeys(("boolean", "booltensor"), "bool"),
    **dict.fromkeys(("cfloat", "complex"), "complex64"),
    "cdouble": "complex128",
    "chalf": "complex32",
}

_EXCEPTIONS = {
    name.lower(): kind.__name__
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
} | {
    name.lower(): name
    for name in ("OutOfMemoryError", "LinAlgError", "JSONDecodeError", "PicklingError", "UnpicklingError")
}
_CLASS_NAME = re.compile(
    r"(?:[A-Za-z_]\w*\.)*([A-Z][A-Za-z0-9_]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Group))"
)
_NOTHING_RAISED = frozenset(
    {
        NO_ERROR,
        "none",
        "no",
        "nothing",
        "no errors",
        "no exception",
        "no failure",
        "it works",
        "works",
        "not an error",
        "no error at all",
    }
)


def read_yes_no(text: str) -> bool:
    """True for yes, y, true, t or 1; False for no, n, false, f or 0."""
    word = text.strip(" .!'\"`").lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise AnswerError(f"Neither yes nor no in {typed(text)}; write yes or no.")


def read_dtype(text: str) -> str:
    """The canonical name of a dtype: "float32" for `torch.float32`, `float`, `fp32`."""
    word = text.strip(" .'\"`").lower()
    word = re.sub(r"^(?:torch|numpy|np)\s*\.\s*", "", word)
    word = re.sub(r"^dtype\(['\"]?(.*?)['\"]?\)$", r"\1", word)
    for name in (word, re.sub(r"[\s-]", "", word)):
        if name in _DTYPES:
            return name
        if name in _DTYPE_ALIASES:
            return _DTYPE_ALIASES[name]
    raise AnswerError(f"No dtype is called {typed(text)}; write one like complex64 or int16.")


def read_exception(text: str) -> str:
    """The class name of an exception, or "no error"."""
    words = re.sub(r"\s+", " ", text.strip(" .'\"`")).lower()
    if words in _NOTHING_RAISED:
        return NO_ERROR
    name = re.sub(r"^(?:an?|the)\s+", "", text.strip(" .'\"`"), flags=re.IGNORECASE).split(":")[0].strip(" .'\"`()")
    joined = re.sub(r"[\s_-]", "", name).lower()
    if name in {"error", "Error", "exception", "yes", "Yes"}:
        raise AnswerError(f"{typed(text)} does not say which error; write its class, like EOFError, or no error.")
    if joined in _EXCEPTIONS:
        return _EXCEPTIONS[joined]
    named = _CLASS_NAME.fullmatch(name)
    if named:
        return _EXCEPTIONS.get(named[1].lower(), named[1])
    raise AnswerError(f"{typed(text)} is not the name of an error; write a class like EOFError, or no error.")


def read_choice(text: str, choices: Sequence[str]) -> str:
    """The choice meant by its text, its letter (a, b, ...) or its number from 1; its text goes first."""
    if not choices:
        raise AnswerError("This question lists no choices; run without predicting.")
    found = find_choice(text, choices)
    if found is None:
        found = _labelled(text, choices)
    if found is None:
        raise AnswerError(f"{typed(text)} is none of the choices; write {_listed(choices)}.")
    return found


def find_choice(text: str, choices: Sequence[str]) -> str | None:
    """The choice whose text this is, letter case, marks of emphasis and spacing aside."""
    for plain in (_spaced, _bare):
        wanted = plain(text)
        fitting = [choice for choice in choices if plain(choice) == wanted]
        if wanted and fitting:
            return fitting[0]
    return None


def read_order(text: str, choices: Sequence[str]) -> tuple[str, ...]:
    """All the choices in the order written, each by its text, letter or number, parted by , ; > < or an arrow."""
    if not choices:
        raise AnswerError("This question lists nothing to put in order; run without predicting.")
    order: list[str] = []
    rest = text.strip()
    if len(choices) > 1 and re.fullmatch(r"[A-Za-z]+", rest) and len(rest) == len(choices):
        rest = ", ".join(rest) if find_choice(rest, choices) is None else rest
    while rest:
        choice, rest = _next_choice(rest, choices, text)
        order.append(choice)
        rest = re.sub(r"^(?:[\s,;<>→/|]|->|=>|then\b)+", "", rest)
    if sorted(order) != sorted(choices):
        missing = [choice for choice in choices if choice not in order]
        gap = f"'{missing[0]}' is missing from" if missing else "Something stands twice in"
        raise AnswerError(f"{gap} {typed(text)}; write all {len(choices)} in order, like {_sample(choices)}.")
    return tuple(order)


def _next_choice(rest: str, choices: Sequence[str], text: str) -> tuple[str, str]:
    ends = r"(?=$|[\s,;<>→/|]|->|=>)"
    for flags in (re.NOFLAG, re.IGNORECASE):
        for choice in sorted(choices, key=len, reverse=True):
            match = re.match(re.escape(choice) + ends, rest, flags)
            if match and match[0]:
                return choice, rest[match.end() :]
    label = re.match(r"\(?(?:[A-Za-z]|\d{1,2})[.):]?" + ends, rest)
    choice_meant = _labelled(label[0], choices) if label else None
    if label is None or choice_meant is None:
        raise AnswerError(
            f"'{rest[:40]}' in {typed(text)} is none of the choices; write their order like {_sample(choices)}."
        )
    return choice_meant, rest[label.end() :]


def _labelled(text: str, choices: Sequence[str]) -> str | None:
    label = re.fullmatch(r"\(?([A-Za-z]|\d{1,2})[.):]?", text.strip())
    if label is None:
        return None
    place = int(label[1]) - 1 if label[1].isdigit() else ord(label[1].lower()) - ord("a")
    return choices[place] if 0 <= place < len(choices) else None


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _bare(text: str) -> str:
    return _spaced(re.sub(r"[`*'\"“”]", "", text)).rstrip(".").casefold()


def _listed(choices: Sequence[str]) -> str:
    shown = [f"{letter} for '{choice[:30]}'" for letter, choice in zip("abcdefgh", choices, strict=False)]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _sample(choices: Sequence[str]) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"[: len(choices)]
    return "'" + ", ".join(reversed(letters)) + "'"

"""TEXT -> a shape, and a shape -> the text it is shown as.

Enters: what a learner typed for a shape. Leaves: a tuple of sizes, or `AnswerError`. Invariant: a shape shown by
`show_shape` is read back as the same shape.
"""

from __future__ import annotations

import re

from foretell.errors import AnswerError
from foretell.judge.wording import typed

_MOST_AXES = 32
_MOST_DIGITS = 12
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_LEAD = re.compile(r"^(?:the\s+)?(?:shape|size)\s*(?:is|[:=])\s*", re.IGNORECASE)
_CALL = re.compile(r"^(?:torch\s*\.\s*)?size\s*(?=[(\[])", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:[,;×*]|(?<![a-z])x(?![a-z])|\bby\b)\s*|\s+", re.IGNORECASE)
_ASK = "write a shape like (7, 2, 9)"


def read_shape(text: str) -> tuple[int, ...]:
    """The sizes in `(5, 10)`, `5x10`, `5 × 10`, `[5, 10]`, `torch.Size([5, 10])`, `5 10`, `(5,)` or `()`."""
    body = _CALL.sub("", _LEAD.sub("", text)).strip()
    if body.lower() in {"scalar", "a scalar"}:
        return ()
    inner, bracketed = _unwrap(body, text)
    if not inner and bracketed:
        return ()
    parts = _BETWEEN.split(re.sub(r"\s*[,;]\s*$", "", inner))
    sizes = tuple(_size(part, text) for part in parts)
    if len(sizes) > _MOST_AXES:
        raise AnswerError(f"The shape in {typed(text)} has more than {_MOST_AXES} axes; {_ASK}.")
    return sizes


def show_shape(sizes: tuple[int, ...]) -> str:
    """A shape as Python writes a tuple: "(5, 10)", "(5,)", "()"."""
    return str(tuple(sizes))


def _unwrap(body: str, text: str) -> tuple[str, str]:
    """What stands in the brackets, and the brackets taken off."""
    taken = ""
    inner = body
    while inner and inner[0] in _BRACKETS and len(taken) < 4:
        if inner[-1] != _BRACKETS[inner[0]] or len(inner) == 1:
            raise AnswerError(f"The bracket that opens in {typed(text)} does not close; {_ASK}.")
        taken += inner[0]
        inner = inner[1:-1].strip()
    return inner, taken


def _size(part: str, text: str) -> int:
    digits = part.replace("_", "")
    if re.fullmatch(r"\d+", digits) and not part.startswith("_"):
        if len(digits.lstrip("0")) > _MOST_DIGITS:
            raise AnswerError(f"A size in {typed(text)} has more than {_MOST_DIGITS} digits; {_ASK}.")
        return int(digits)
    if not re.search(r"\d", text):
        raise AnswerError(f"No sizes in {typed(text)}; {_ASK}.")
    if not part:
        raise AnswerError(f"A size is missing between two commas in {typed(text)}; {_ASK}.")
    if re.fullmatch(r"[-−–]\d+", part):
        raise AnswerError(f"A size cannot be negative, as in {typed(text)}; {_ASK}.")
    if re.fullmatch(r"\d*\.\d*", part):
        raise AnswerError(f"A size is a whole number, and '{part}' in {typed(text)} is not; {_ASK}.")
    raise AnswerError(f"'{part}' in {typed(text)} is not a size; {_ASK}.")

"""TYPED TEXT -> a reading, kindly, or a reason why not.

Enters: what a learner typed and the question it answers. Leaves: a `Reading` whose echo is shown before anything is
locked, or `AnswerError` (never counted as a miss). Invariant: an echo is read back as the same reading.
"""

from __future__ import annotations

import math
import unicodedata

from foretell.errors import AnswerError
from foretell.judge.named import read_choice, read_dtype, read_exception, read_order, read_yes_no
from foretell.judge.numbers import read_number
from foretell.judge.sizes import read_shape, show_shape
from foretell.model.attempt import Plain, Reading
from foretell.model.lesson import AnswerKind, Question

_LONGEST = 500
_LONGEST_OPEN = 4000
_WRITTEN = frozenset({AnswerKind.PRINTED, AnswerKind.TABLE, AnswerKind.OPEN})
_DROPPED = frozenset("\u200b\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LABELS = ("Guess", "Unsure", "Maybe", "Sure", "Certain")


def read_answer(text: str, question: Question) -> Reading:
    """What `text` says as an answer to `question`; `AnswerError` says why it cannot be read and what to write."""
    longest = _LONGEST_OPEN if question.kind is AnswerKind.OPEN else _LONGEST
    if len(text) > longest:
        raise AnswerError(f"This answer has {len(text)} characters; write at most {longest}.")
    cleaned = _clean(text, question.kind)
    if not cleaned:
        raise AnswerError("Nothing is written here; write an answer, or run without predicting.")
    value, echo = _read(cleaned, question)
    return Reading(kind=question.kind, value=value, echo=echo)


def confidence_stops(question: Question) -> tuple[tuple[int, str], ...]:
    """Five (percent, label) stops: chance first, 80 and 95 last, the rest evenly between, to the nearest five."""
    first = max(1, round(100 / _ways(question)))
    step = (80 - first) / 3
    between = (5 * round((first + step) / 5), 5 * round((first + 2 * step) / 5))
    return tuple(zip((first, *between, 80, 95), _LABELS, strict=True))


def _ways(question: Question) -> int:
    """How many answers a blind guess chooses from; an open answer counts as five."""
    listed = max(2, len(question.choices))
    match question.kind:
        case AnswerKind.YES_NO:
            return 2
        case AnswerKind.CHOICE:
            return listed
        case AnswerKind.ORDER:
            return math.factorial(min(listed, 5))
    return 5


def _clean(text: str, kind: AnswerKind) -> str:
    """Text without control characters and invisible marks; lines stay only where the answer is text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind in _WRITTEN:
        return "".join(letter for letter in lines if letter in "\n\t" or not _invisible(letter)).strip()
    line = lines.replace("\n", " ").replace("\t", " ")
    return "".join(_narrow(letter) for letter in line if not _invisible(letter)).strip()


def _invisible(letter: str) -> bool:
    return letter in _DROPPED or unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"}


def _narrow(letter: str) -> str:
    """Digits of any script as 0 to 9, and the wide brackets and commas of East Asian keyboards as plain ones."""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    return chr(ord(letter) - 0xFEE0) if "\uff01" <= letter <= "\uff5e" else letter


def _read(text: str, question: Question) -> tuple[Plain, str]:
    match question.kind:
        case AnswerKind.SHAPE:
            sizes = read_shape(text)
            return sizes, show_shape(sizes)
        case AnswerKind.NUMBER:
            return read_number(text)
        case AnswerKind.YES_NO:
            answer = read_yes_no(text)
            return answer, "yes" if answer else "no"
        case AnswerKind.ORDER:
            order = read_order(text, question.choices)
            return order, ", ".join(order)
        case AnswerKind.DTYPE:
            name = read_dtype(text)
        case AnswerKind.CHOICE:
            name = read_choice(text, question.choices)
        case AnswerKind.ERROR:
            name = read_exception(text)
        case AnswerKind.PRINTED | AnswerKind.TABLE | AnswerKind.OPEN:
            name = text
    return name, name

"""TEXT -> a number, and a number -> the text it is shown as.

Enters: what a learner typed for a number. Leaves: an int or a finite float, or `AnswerError`. Invariant: a number shown
by `show_number` is read back as the same number.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction

from foretell.errors import AnswerError
from foretell.judge.wording import typed
from foretell.model.syntax import parse_expression

Number = int | float

_MOST_DIGITS = 40
_LONGEST_SUM = 120
_WHOLE_BELOW = 10**15
_TIMES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_LEAD = re.compile(r"^(?:~|≈|about|approximately|approx\.?|roughly|around|circa|ca\.)\s*", re.IGNORECASE)
_UNIT = re.compile(
    r"(?<=[\dkKmMbB])\s+(?:parameters?|params?|elements?|entries|values?|weights?|numbers?|bytes)$", re.IGNORECASE
)
_PLAIN = re.compile(r"(?P<digits>[+-]?\d*\.?\d*)(?:e(?P<power>[+-]?\d{1,3}))?\s*(?P<times>[kmb%]?)", re.IGNORECASE)
_GROUPED = re.compile(
    r"(?<![\d.,])[1-9]\d{0,2}(?P<mark>[,_ \u00a0\u202f'’])\d{3}(?:(?P=mark)\d{3})*(?![\d,]|[ \u00a0\u202f'’]\d)"
)
_ASK = "write a number like 1,234 or 0.75"


def read_number(text: str) -> tuple[Number, str]:
    """The number in `text` and its echo: plain, grouped, with k, M, B or %, or a sum like 10*5+5 (echo "= 55")."""
    short = _UNIT.sub("", _LEAD.sub("", text.replace("−", "-").replace("–", "-"))).strip()
    worked_out = short.startswith("=")
    body = short.removeprefix("=").strip()
    _refuse_words(body, text)
    bare = _ungroup(body, text)
    value = _plain(bare, text)
    if value is None:
        value, worked_out = _work_out(bare, text), True
    return value, f"= {show_number(value)}" if worked_out else show_number(value)


def show_number(value: Number) -> str:
    """A number with thousands separators, exponents without padding ("100,480", "0.85", "1e-5")."""
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", f"{value:,}").replace("e+", "e")


def _refuse_words(body: str, text: str) -> None:
    if not body or not re.search(r"\d", body):
        if re.fullmatch(r"[+-]?(nan|inf|infinity|∞)", body, re.IGNORECASE):
            raise AnswerError(f"{typed(text)} is not a finite number; {_ASK}.")
        raise AnswerError(f"No number in {typed(text)}; {_ASK}.")
    if sum(letter.isdigit() for letter in body) > _MOST_DIGITS and re.search(r"\d{30}", body):
        raise AnswerError(f"The number in {typed(text)} has more than {_MOST_DIGITS} digits; {_ASK}.")


def _ungroup(body: str, text: str) -> str:
    """Takes separators out of numbers grouped in threes; any comma that is left has no agreed meaning."""
    bare = _GROUPED.sub(lambda match: re.sub(r"\D", "", match[0]), body)
    bare = re.sub(r"(?<=\d)_(?=\d)", "", bare)
    if "," not in bare:
        return bare
    decimal = re.fullmatch(r"([+-]?\d+),(\d+)", bare)
    if decimal:
        point, joined = ".".join(decimal.groups()), int("".join(decimal.groups()))
        raise AnswerError(f"{typed(text)} could mean {point} or {joined}; write {point} or {joined}.")
    raise AnswerError(f"The commas in {typed(text)} do not stand between groups of three digits; {_ASK}.")


def _plain(bare: str, text: str) -> Number | None:
    match = _PLAIN.fullmatch(bare)
    if match is None or not re.search(r"\d", match["digits"]):
        return None
    sign = match["times"].lower()
    exact = Fraction(f"{match['digits']}e{match['power'] or 0}")
    exact = exact / 100 if sign == "%" else exact * _TIMES[sign]
    pointed = "." in match["digits"] and not match["power"] and not sign
    whole = exact.denominator == 1 and (abs(exact) < _WHOLE_BELOW * 10 or not match["power"])
    if whole and not pointed:
        return _bounded(int(exact), text)
    return _nearest(exact, text)


def _nearest(exact: Fraction, text: str) -> float:
    try:
        value = float(exact)
    except OverflowError:
        raise AnswerError(f"{typed(text)} is larger than a computer's number can be; {_ASK}.") from None
    if exact and not value:
        raise AnswerError(f"{typed(text)} is closer to zero than a computer's number can be; {_ASK}.")
    return value


def _bounded(value: Number, text: str) -> Number:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise AnswerError(f"{typed(text)} is larger than a computer's number can be; {_ASK}.")
        return value
    if abs(value) >= 10**_MOST_DIGITS:
        raise AnswerError(f"{typed(text)} comes to more than {_MOST_DIGITS} digits; {_ASK}.")
    return value


def _power(left: Number, right: Number) -> Number:
    bits = max(abs(left).bit_length() if isinstance(left, int) else 1, 1)
    if isinstance(right, int) and isinstance(left, int) and bits * abs(right) > 4 * _MOST_DIGITS:
        raise OverflowError
    result = left**right
    if isinstance(result, complex):
        raise ValueError(result)
    return float(result) if isinstance(result, float) else int(result)


_OPERATIONS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: _power,
}


def _work_out(bare: str, text: str) -> Number:
    """The value of a sum. Only digits, dots, exponents, brackets and + - * / reach Python's parser, and only it."""
    sum_text = re.sub(r"(?<=[\d) ])[xX×·](?=[\d( ])", "*", bare).replace("÷", "/").replace("^", "**")
    unread = AnswerError(f"{typed(text)} cannot be read as one number; {_ASK}.")
    if len(sum_text) > _LONGEST_SUM or bare.lower().startswith("0x") or not re.fullmatch(r"[\d.eE+\-*/() ]+", sum_text):
        raise unread
    try:
        value = _evaluate(parse_expression(sum_text.strip()).body, text)
    except ZeroDivisionError:
        raise AnswerError(f"{typed(text)} divides by zero; {_ASK}.") from None
    except OverflowError:
        raise AnswerError(f"{typed(text)} comes to more than {_MOST_DIGITS} digits; {_ASK}.") from None
    except (SyntaxError, ValueError):
        raise unread from None
    if isinstance(value, int):
        return value
    rounded = float(f"{value:.15g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < _WHOLE_BELOW else rounded


def _evaluate(node: ast.expr, text: str) -> Number:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _bounded(value, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _bounded(_OPERATIONS[type(op)](_evaluate(left, text), _evaluate(right, text)), text)
    raise ValueError(ast.dump(node))

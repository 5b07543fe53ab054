"""ASSERTS as they went -> checks in words, with both sides' values.

Enters: the assert statements of a run. Leaves: one `Check` an assert. Invariant: no check is a bare pass or fail: each
says what it is about and shows what was seen. Why the rest was not reached is said once, on the first of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from foretell.judge.wording import clip
from foretell.model.run import COMPARISONS, AssertSeen, Failure, FailureKind
from foretell.model.syntax import parse_expression, read_literal

_LONGEST_CODE = 100
_LONGEST_VALUE = 120
_WORD = re.compile(r"\w+")
# How a run ended that no exception of the learner's ended: what it says by itself stands in the output.
_ENDED = {
    FailureKind.TIME: "The time limit ended the cell before it.",
    FailureKind.MEMORY: "The memory limit ended the cell before it.",
    FailureKind.OUTPUT: "The output limit ended the cell before it.",
    FailureKind.CRASH: "Python crashed before it.",
    FailureKind.EXIT: "Python was ended before it.",
    FailureKind.STOPPED: "The cell was stopped before it.",
}
_SAYS_NOTHING = frozenset(
    {"expected", "expect", "got", "but", "was", "is", "be", "should", "must", "to", "of", "the", "a", "an", "and"}
    | {"torch", "size", "shape", "output", "value", "it", "they"}
)

# operator: (says when it held, says what should have been)
_COMPARED = {
    "==": ("equals", "should equal"),
    "!=": ("differs from", "should differ from"),
    "<": ("is less than", "should be less than"),
    "<=": ("is at most", "should be at most"),
    ">": ("is more than", "should be more than"),
    ">=": ("is at least", "should be at least"),
    "in": ("is in", "should be in"),
    "not in": ("is not in", "should not be in"),
    "is": ("is", "should be"),
    "is not": ("is not", "should not be"),
}
# function of two arguments: (says when true, says what should have been), {0} and {1} being the arguments
_QUESTIONS = {
    "allclose": ("{0} and {1} are equal up to rounding", "{0} and {1} should be equal up to rounding; they are not"),
    "isclose": ("{0} and {1} are equal up to rounding", "{0} and {1} should be equal up to rounding; they are not"),
    "equal": ("{0} and {1} are equal", "{0} and {1} should be equal; they are not"),
    "array_equal": ("{0} and {1} are equal", "{0} and {1} should be equal; they are not"),
    "isinstance": ("{0} is of type {1}", "{0} should be of type {1}; it is not"),
    "issubclass": ("{0} is a kind of {1}", "{0} should be a kind of {1}; it is not"),
    "hasattr": ("{0} has {1}", "{0} should have {1}; it does not"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One assert: `says` is Markdown, `evidence` plain text of what was seen; `ok` is None where it was not reached."""

    says: str
    ok: bool | None
    evidence: str


def checks_in_words(asserts: Sequence[AssertSeen], failure: Failure | None) -> tuple[Check, ...]:
    """One check an assert, in order."""
    checks = [_check(seen, failure) for seen in asserts]
    first = next((place for place, check in enumerate(checks) if check.ok is None), len(checks))
    return tuple(
        replace(check, evidence="") if check.ok is None and place > first else check
        for place, check in enumerate(checks)
    )


def heading(checks: Sequence[Check]) -> str:
    """How the checks went, in a few words: "2 of 3 checks pass, 1 not reached"."""
    if not checks:
        return "No checks"
    if all(check.ok is None for check in checks):
        return "The check was not reached" if len(checks) == 1 else f"None of the {len(checks)} checks was reached"
    passed = sum(check.ok is True for check in checks)
    missed = sum(check.ok is None for check in checks)
    verb = "check passes" if len(checks) == 1 else "checks pass"
    return f"{passed} of {len(checks)} {verb}" + (f", {missed} not reached" if missed else "")


def _check(seen: AssertSeen, failure: Failure | None) -> Check:
    if seen.passed is None:
        return Check(says=f"Not reached: {_code(seen.source)}", ok=None, evidence=_stop(failure))
    says = _comparison(seen) if seen.operator in _COMPARED else _truth(seen)
    return Check(says=says, ok=seen.passed, evidence=_evidence(seen, says))


def _stop(failure: Failure | None) -> str:
    if failure is None:
        return "The cell ended before it."
    if failure.kind == "AssertionError":
        return "The cell stopped at a check that did not hold."
    if failure.kind in _ENDED:
        return _ENDED[FailureKind(failure.kind)]
    line = f" in line {failure.line}" if failure.line else ""
    message = f": {clip(failure.message, _LONGEST_VALUE)}" if failure.message else ""
    return f"The cell stopped before it{line} ({clip(failure.kind, _LONGEST_CODE)}{message})."


def _comparison(seen: AssertSeen) -> str:
    left, right = _sides(seen)
    holds, should = _COMPARED[seen.operator]
    literal = _is_literal(right) or right == seen.right
    if seen.passed:
        plain = "is" if seen.operator == "==" and literal else holds
        return f"{_code(left)} {plain} {_code(right)}"
    wish = "should be" if seen.operator == "==" and literal else should
    if _is_literal(left):
        return f"{_code(left)} {wish} {_code(right)}, which is {_code(seen.right)}"
    named = "" if literal else f", which is {_code(seen.right)}"
    if seen.left == seen.right and seen.operator in {"!=", "<", ">", "is not"}:
        return f"{_code(left)} {wish} {_code(right)}; both are {_code(seen.left)}"
    return f"{_code(left)} {wish} {_code(right)}{named}; it is {_code(seen.left)}"


def _sides(seen: AssertSeen) -> tuple[str, str]:
    """The two operands as written; their values where the statement cannot be taken apart."""
    match _tree(seen.source):
        case ast.Compare(left=left, ops=[op], comparators=[right]) if COMPARISONS[type(op)] == seen.operator:
            return _written(left, seen), _written(right, seen)
    return seen.left, seen.right


def _truth(seen: AssertSeen) -> str:
    tree = _tree(seen.source)
    match tree:
        case ast.Call(func=function, args=[first, second, *_]) if _last_name(function) in _QUESTIONS:
            said = _QUESTIONS[_last_name(function)][0 if seen.passed else 1]
            return said.format(_code(_written(first, seen)), _code(_named(second, seen)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _code(_written(operand, seen))
            return f"{inner} is false" if seen.passed else f"{inner} should be false; it is true"
        case ast.Compare() | ast.BoolOp():
            return f"{_code(seen.source)} holds" if seen.passed else f"{_code(seen.source)} should hold; it does not"
    if seen.passed:
        return f"{_code(seen.source)} is {seen.left if seen.left == 'True' else 'true'}"
    return f"{_code(seen.source)} should be true; it is {_code(seen.left or 'False')}"


def _evidence(seen: AssertSeen, says: str) -> str:
    """The values of both sides, and the author's message, each where `says` does not hold it already."""
    values = ""
    if seen.operator and not all(_value(side) in says for side in (seen.left, seen.right)):
        values = f"With values: {_value(seen.left)} {seen.operator} {_value(seen.right)}."
    message = clip(seen.message, _LONGEST_VALUE * 2)
    if seen.passed or not _adds(message, f"{says} {values}"):
        return values
    return f"{values} The author's note: {message}".strip()


def _adds(message: str, said: str) -> bool:
    """Whether a message has a word that is not on the page yet ("Expected (5, 1), got (5, 10)" has none)."""
    words = {word.casefold() for word in _WORD.findall(message)}
    return bool(words - {word.casefold() for word in _WORD.findall(said)} - _SAYS_NOTHING)


def _tree(source: str) -> ast.expr | None:
    try:
        return parse_expression(f"({source}\n)").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _written(node: ast.expr, seen: AssertSeen) -> str:
    return ast.get_source_segment(f"({seen.source}\n)", node) or ast.unparse(node)


def _named(node: ast.expr, seen: AssertSeen) -> str:
    """An argument as written; the text itself where it is a string literal (the attribute of `hasattr`)."""
    match node:
        case ast.Constant(value=str() as text) if text.isidentifier():
            return text
    return _written(node, seen)


def _last_name(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _is_literal(text: str) -> bool:
    try:
        read_literal(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _value(text: str) -> str:
    return clip(text, _LONGEST_VALUE)


def _code(text: str) -> str:
    """Text as Markdown code; a backtick inside would end it."""
    plain = text.replace("`", "'")
    return f"`{clip(plain, _LONGEST_CODE)}`"

"""AN ANSWER as it went -> the diagnosis a learner is shown: verdict, one message, the plainest difference, behaviours.

Enters: the answer, what was asked, what wrong examples showed, the catalogue. Leaves: a `Diagnosis` whose time is
still to be told. Invariant: one primary message; a wrong answer that nothing explains is not given a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foretell.judge.behaviours import checks_of
from foretell.judge.diagnose import Answered, Asked, is_right, is_stopped, name_of
from foretell.judge.differences import difference_of, name_failure
from foretell.judge.hints import hint_of
from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis
from foretell.model.belief import Misconception

RIGHT = "Your code does what the exercise asks, with parameters and inputs drawn at random."
UNNAMED = "Your code does something else than the exercise asks."
FAILED = "Your code does not run to its end yet."


def conclude(
    own: Answered, asked: Asked, examples: Iterable[tuple[str, Answered]], catalogue: Sequence[Misconception]
) -> Diagnosis:
    """The diagnosis of an answer."""
    checks = checks_of(own, asked)
    if is_right(own, asked):
        return _right(checks)
    verdict = CheckVerdict.STOPPED if is_stopped(own) else CheckVerdict.WRONG
    name = name_of(own, asked, examples, catalogue)
    known = next((one for one in catalogue if one.id == name), None)
    difference = difference_of(own, asked)
    if all(one.ok for one in checks):  # what is wrong is none of the behaviours that have a line of their own
        checks = (*checks, BehaviourCheck(says="does nothing else", ok=False, evidence=difference))
    return Diagnosis(
        verdict=verdict,
        misconception=name,
        says=_says(own, known, asked.wanted),
        difference=difference,
        checks=checks,
        seconds=0.0,
    )


def _right(checks: tuple[BehaviourCheck, ...]) -> Diagnosis:
    right = CheckVerdict.RIGHT
    return Diagnosis(verdict=right, misconception=None, says=RIGHT, difference="", checks=checks, seconds=0.0)


def _says(own: Answered, known: Misconception | None, wanted: str) -> str:
    if own.failure is not None and own.failure.kind in {"SyntaxError", "IndentationError", "TabError"}:
        return known.says if known is not None and known.says else "Python cannot read this code."
    if known is not None:
        return known.says or known.name
    if is_stopped(own):
        return name_failure(own)
    return hint_of(own, wanted) or (FAILED if own.failure is not None else UNNAMED)

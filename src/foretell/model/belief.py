"""What learners believe that is not so, and what shows it: misconceptions, wrong examples, the probes of a task.

Enters and leaves: plain values. Invariant: a misconception is named by its id everywhere, and its text lives once, in
the catalogue of its lesson.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_WORDS = 60
EVIDENCE = "{evidence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misconception:
    """A named wrong belief.

    `refutation` (at most 60 words) says what is tempting, that it is not so, and why; `{evidence}` in it stands for a
    sentence about the run at hand. `says` is one sentence for code that shows the belief, "" where only predictions do.
    `signs` are the facts that show it in code, in alternatives: each inner tuple has to hold as a whole. A `slip` is
    nothing that anybody believes, such as a bracket left out, and is not remembered.
    """

    id: str
    name: str
    refutation: str
    says: str = ""
    signs: tuple[tuple[str, ...], ...] = ()
    slip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What a misconception leads to as the answer to one question: `leads_to` is evaluated in the same run."""

    misconception: str
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vary:
    """A whole number to be drawn anew, from `low` to `high`: it replaces the literal of `name = 7` in the cell, and
    `{name}` in what is asked.
    """

    name: str
    low: int
    high: int


def with_numbers(text: str, numbers: Mapping[str, int]) -> str:
    """A text in which `{name}` stands for a number that is drawn, filled."""
    for name, number in numbers.items():
        text = text.replace("{" + name + "}", str(number))
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is made before the code is called: a module expression, or a tensor of random numbers of a `shape`."""

    name: str
    make: str = ""
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One thing to make with the learner's code, and the shapes of the inputs to call it with.

    With `given`, the made thing is the result of a function: its parameters are looked at and not set.
    """

    make: str
    inputs: tuple[tuple[int, ...], ...] = ()
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongExample:
    """A wrong answer that somebody with a misconception writes: `wrong/<task>/<id>--<variant>.py`."""

    misconception: str
    variant: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """How the code of a task is judged. `says` is the check of what it computes, in words ("" for the usual words).

    `expressions` are what later cells rely on. No builds: nothing but the cell's own asserts judge it.
    """

    builds: tuple[Build, ...] = ()
    expressions: tuple[str, ...] = ()
    says: str = ""
    examples: tuple[WrongExample, ...] = ()

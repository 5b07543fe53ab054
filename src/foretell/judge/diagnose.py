"""ANSWERS to a task that were put through the same probes -> a verdict, and the belief that explains a wrong one.

Enters: what the learner's code, the solution and the wrong examples showed. Leaves: a verdict with at most one name.
Invariant: only behaviour decides what is right; a name needs a behaviour or facts that no other belief explains, and
where several fit none is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries, alike
from foretell.judge.likeness import is_random, same_behaviour
from foretell.judge.shown import read_shown
from foretell.judge.source import is_same_code, read_facts
from foretell.model.belief import Misconception, Probing
from foretell.model.run import Failure, FailureKind

NOT = "not "
IMITATES = "imitates"
STOPPED = "stopped: "
# What code shows that has changed Python or torch under the probes says nothing of its layers.
TAMPERS = frozenset(
    {
        "source: rebinds a builtin",
        "source: replaces a function of torch",
        "source: replaces forward of what it was given",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer to a task as it went: `failure` where its own code failed or was ended, else `behaviour`.

    `behaviour` is None too where nothing that can be read came back.
    """

    source: str
    failure: Failure | None
    behaviour: Behaviour | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a task asks: the name to be defined, the starter, names there `before`, probes, what the solution showed."""

    wanted: str
    starter: str
    before: frozenset[str]
    probing: Probing
    reference: Behaviour


def is_stopped(answered: Answered) -> bool:
    """Whether a limit, a crash or an exit ended it."""
    failure = answered.failure
    return failure is not None and (failure.kind in {*FailureKind, "SystemExit"} or ended_by_memory(failure))


def ended_by_memory(failure: Failure) -> bool:
    """Whether memory was refused to the code."""
    return failure.kind in {FailureKind.MEMORY, "MemoryError"} or "allocate memory" in failure.message


def is_right(answered: Answered, asked: Asked) -> bool:
    """Whether the code behaves like the solution under every probe."""
    if answered.failure is not None or answered.behaviour is None:
        return False
    return same_behaviour(answered.behaviour, asked.reference, asked.probing)


def facts_of(answered: Answered, asked: Asked) -> frozenset[str]:
    """All that is to be said of an answer: how it is written, what it showed, what ended it."""
    failure = answered.failure
    stopped: set[str] = set()
    if failure is not None and is_stopped(answered):
        stopped.add(f"{STOPPED}{FailureKind.MEMORY if ended_by_memory(failure) else failure.kind}")
        failure = None
    shown = read_shown(answered.behaviour, asked.reference, asked.probing, failure)
    starter: set[str] = {"source: is the starter"} if is_same_code(answered.source, asked.starter) else set()
    return frozenset(stopped | starter) | shown | read_facts(answered.source, asked.wanted, asked.before)


def name_of(
    answered: Answered,
    asked: Asked,
    examples: Iterable[tuple[str, Answered]],
    catalogue: Sequence[Misconception],
) -> str | None:
    """The id of the belief that explains a wrong answer; None where none does, or several do.

    A belief needs one of its signs, and without signs that a wrong example of it behaves just so, in numbers that the
    solution does not give. Where the signs of several hold, those that are imitated too come first.
    """
    facts = facts_of(answered, asked)
    imitated = set() if facts & TAMPERS else set(_imitated(answered, asked, examples))
    signed = {one.id for one in catalogue if _holds_any(one, facts, one.id in imitated)}
    known = {one.id for one in catalogue}
    fits = signed & imitated or signed or imitated - known
    return next(iter(fits)) if len(fits) == 1 else None


def _holds_any(one: Misconception, facts: frozenset[str], imitates: bool) -> bool:  # noqa: FBT001  one more fact
    """Whether a sign of a belief holds; in code that tampers or was stopped, only one that says so counts."""
    own = facts | {IMITATES} if imitates else facts
    telling = facts & TAMPERS or {fact for fact in facts if fact.startswith(STOPPED)}
    signs = (sign for sign in one.signs or ((IMITATES,),) if not telling or telling & set(sign))
    return any(all(_holds(fact, own) for fact in sign) for sign in signs)


def _holds(fact: str, facts: frozenset[str]) -> bool:
    return fact.removeprefix(NOT) not in facts if fact.startswith(NOT) else fact in facts


def _imitated(answered: Answered, asked: Asked, examples: Iterable[tuple[str, Answered]]) -> Iterable[str]:
    """The beliefs whose wrong examples behave just so."""
    own = answered.behaviour
    if own is None or not is_telling(own, asked):
        return
    for misconception, example in examples:
        if _tampers(example.source):
            continue
        if example.behaviour is not None and same_behaviour(own, example.behaviour, asked.probing):
            yield misconception


@lru_cache(maxsize=1024)
def _tampers(source: str) -> bool:
    return bool(read_facts(source, "") & TAMPERS)


def is_telling(behaviour: Behaviour, asked: Asked) -> bool:
    """Whether a behaviour holds numbers that neither the solution gives nor the input, nor chance."""
    for place, _ in enumerate(asked.probing.builds):
        if is_random(behaviour, f"{place}"):
            continue
        for key, note in behaviour.notes.items():
            if not key.startswith((f"{place}/out", f"{place}/value")) or not isinstance(note, Entries):
                continue
            given = asked.reference.notes.get(key.replace("/out", "/input"))
            if np.any(note.values) and not alike(note, asked.reference.notes.get(key)) and not alike(note, given):
                return True
    return False

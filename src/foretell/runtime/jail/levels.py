"""The levels of confinement, strongest first, and which of them this machine can give.

Enters: nothing but the machine. Leaves: a `Survey`. Invariant: a level is only said to be there after a process was
confined at it and found no leak.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How learner code is confined.

    A: namespaces, filter of system calls, and a control group that counts memory and processes. B: the same without
    the control group. C: Landlock, a stricter filter and limits per process. none: as the user who started foretell.
    """

    A = "A"
    B = "B"
    C = "C"
    NONE = "none"

    def at_least(self, other: Level) -> bool:
        """Whether this level is as strong as `other` or stronger."""
        order = tuple(Level)
        return order.index(self) <= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What this machine does not give, and what to do about it: a sentence each."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The strongest level to be had, what was found to hold there, and what stands in the way of more."""

    level: Level
    holds: tuple[str, ...]
    lacks: tuple[Lack, ...]


def survey(up_to: Level = Level.A) -> Survey:
    """Try each level from `up_to` down with a real process, until one holds. Blocks for less than a second a level."""
    if not sys.platform.startswith("linux"):
        lack = Lack(what=f"Cells are confined on Linux; this is {sys.platform}", remedy="See docs/jail.md")
        return Survey(level=Level.NONE, holds=(), lacks=(lack,))
    from foretell.runtime.jail.trial import try_levels  # Linux only, down to its imports

    return try_levels(up_to)

"""The accounts that jails run as where the supervisor is root: a number of its own for each, that nobody else has.

Enters: nothing. Leaves: a user id; None for an ordinary user, who has none to give. Invariant: two jails of one
supervisor never share one, so that what the kernel counts by user is counted by learner.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

FIRST, LAST = 1_900_000_000, 1_999_999_999
FEW = 10_000


def accounts() -> Iterator[int | None]:
    """One account after the other, for ever, beginning anywhere so that two servers hardly meet."""
    if os.geteuid() != 0:
        while True:
            yield None
    first, last = _range()
    number = first + secrets.randbelow(last - first + 1)
    while True:
        yield number
        number = number + 1 if number < last else first


def _range() -> tuple[int, int]:
    """The ids to use: ours, or in a container that has not so many, the last ones that it has."""
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return FIRST, LAST
    parts = [(int(inside), int(inside) + int(count) - 1) for inside, _, count in (line.split() for line in lines)]
    if not parts or any(begin <= FIRST and end >= LAST for begin, end in parts):
        return FIRST, LAST
    begin, end = max(parts, key=lambda part: part[1] - part[0])
    return max(begin + 1, end - FEW), end

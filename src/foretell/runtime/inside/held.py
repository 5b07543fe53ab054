"""A plain process held to what its platform can limit: files, their size, address space, time of computing.

Enters: the limits of a `Prepare`. Leaves: a process that the kernel holds to them. Invariant: a limit that this
platform lacks, or refuses, is left out; the time of computing counts anew for each order.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import resource

from foretell.runtime.messages import Rlimit

CPU = "RLIMIT_CPU"
ADDRESS_SPACE = "RLIMIT_AS"


class Held:
    """The limits of this process."""

    def __init__(self) -> None:
        self._cpu_seconds: int | None = None

    def hold(self, rlimits: Iterable[Rlimit]) -> None:
        """Set the limits, once the libraries are in: address space is what may come on top of theirs."""
        for rlimit in rlimits:
            if rlimit.name == CPU:
                self._cpu_seconds = rlimit.limit
            elif rlimit.name != ADDRESS_SPACE:
                _set(rlimit.name, rlimit.limit, is_for_good=True)
            elif (used := _address_space()) is not None:
                _set(rlimit.name, used + rlimit.limit, is_for_good=True)

    def count_anew(self) -> None:
        """Give the next order its whole time of computing: this process goes from cell to cell."""
        if self._cpu_seconds is not None:
            _set(CPU, math.ceil(time.process_time()) + self._cpu_seconds, is_for_good=False)


def _set(name: str, limit: int, *, is_for_good: bool) -> None:
    if sys.platform == "win32" or not hasattr(resource, name):
        return
    kind = getattr(resource, name)
    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(kind)
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (limit, limit if is_for_good else most))


def _address_space() -> int | None:
    """Bytes of address space in use; None where the platform does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

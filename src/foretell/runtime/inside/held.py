"""A plain process held to what its platform can limit: files, their size, address space.

Enters: the limits of a `Prepare`. Leaves: a process that the kernel holds to them. Invariant: a limit that this
platform lacks, or refuses, is left out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import resource

from foretell.runtime.messages import Rlimit

ADDRESS_SPACE = "RLIMIT_AS"


def hold(rlimits: Iterable[Rlimit]) -> None:
    """Set the limits, once the libraries are in: address space is what may come on top of theirs."""
    for rlimit in rlimits:
        if rlimit.name != ADDRESS_SPACE:
            _set(rlimit.name, rlimit.limit)
        elif (used := _address_space()) is not None:
            _set(rlimit.name, used + rlimit.limit)


def _set(name: str, limit: int) -> None:
    if sys.platform == "win32" or not hasattr(resource, name):
        return
    kind = getattr(resource, name)
    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(kind)
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (limit, limit))


def _address_space() -> int | None:
    """Bytes of address space in use; None where the platform does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

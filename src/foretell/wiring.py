"""Which runtime a door gets: sessions under its limits, with the libraries that a lesson imports.

Enters: a host, limits, a lesson. Leaves: what opens sessions; a word where a package is missing. Invariant: nothing is
started here before a session is asked for.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from rich.markup import escape

from foretell.config import LIMITS_OF_A_CHECK
from foretell.errors import RuntimeUnavailable
from foretell.model.lesson import Lesson
from foretell.panel import Cache, OpenSession, Runner
from foretell.parse.imports import imported_modules
from foretell.runtime.host import Host
from foretell.runtime.limits import limits_for
from foretell.runtime.session import Limits, Session
from foretell.runtime.turns import count_cores
from foretell.terminal import ERR
from foretell.web.checks import Checkers
from foretell.web.desk import confined_in_words
from foretell.web.players import Sessions


def door_sessions(host: Host, limits: Limits, runs_as: str, examples: Cache) -> Sessions:
    """Give what makes the sessions of a door, under its limits as a lesson changes them, and what checks answers.

    `examples` keeps what wrong examples of a lesson show.
    """

    def make(lesson: Lesson, seed: int) -> Session:
        return host.session(limits=limits_for(limits, lesson), seed=seed, preload=libraries(lesson))

    checkers = Checkers(partial(check_sessions, host), examples, count_cores())
    confined = confined_in_words(host.level, runs_as)
    return Sessions(make=make, confined=confined, checkers=checkers, runtime=host)


def check_sessions(host: Host, lesson: Lesson) -> OpenSession:
    """Give what opens the sessions in which answers to tasks are checked, each with a time limit of its own."""

    @asynccontextmanager
    async def open_session(seconds: float) -> AsyncIterator[Runner]:
        limits = replace(LIMITS_OF_A_CHECK, wall_seconds=seconds)
        session = host.session(limits=limits, seed=0, preload=libraries(lesson))
        try:
            yield session.run
        finally:
            await session.close()

    return open_session


def libraries(lesson: Lesson) -> tuple[str, ...]:
    """Give the modules that the lesson's cells import."""
    return imported_modules(code.source for code in lesson.code_cells)


def missing_packages(lesson: Lesson) -> tuple[str, ...]:
    """Give the packages that the lesson's cells import and this Python does not have."""
    if lesson.language != "python":
        return ()
    modules = imported_modules(code.source for code in lesson.code_cells)
    tops = dict.fromkeys(module.partition(".")[0] for module in modules)
    return tuple(top for top in tops if top not in sys.stdlib_module_names and not _can_import(top))


def _can_import(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def require_torch(lesson: Lesson) -> None:
    """RuntimeUnavailable where the lesson uses PyTorch and this Python does not have it."""
    if "torch" in missing_packages(lesson):
        raise RuntimeUnavailable(
            f"'{lesson.title}' runs on PyTorch, which {sys.executable} does not have. Install it: "
            f"{sys.executable} -m pip install 'foretell[torch]' (on Linux add "
            "--extra-index-url https://download.pytorch.org/whl/cpu, or it brings gigabytes of CUDA)."
        )


def warn_of_missing(packages: Sequence[str]) -> None:
    """Say what cells will miss, and how to get it; silent where nothing is missing."""
    if not packages:
        return
    ours = {"torch", "matplotlib"}.issuperset(packages)
    names, install = ", ".join(packages), "'foretell[torch]'" if ours else " ".join(packages)
    ERR.print(
        f"foretell: not installed for {escape(sys.executable)}: {escape(names)}; cells that import it fail. "
        f"To add: {escape(sys.executable)} -m pip install {escape(install)}",
        soft_wrap=True,
    )

"""Where foretell keeps things on this machine, and the limits of a door.

Enters: the environment, the machine's memory and what the operator said. Leaves: paths and limits. Invariant: nothing
is written here; the data directory is made by whoever first needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from foretell.runtime.limits import Limits
from foretell.runtime.processes import memory_of_machine

LARGEST_NOTEBOOK_BYTES = 20 * 1024 * 1024
DEFAULT_PORT = 8377
DEFAULT_LESSON = "nn-module"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayersKept:
    """How long a learner's player is kept while nobody uses it, and how many are kept; None is no limit."""

    idle_seconds: float | None = None
    at_most: int | None = None


PLAYERS_OF_ONE = PlayersKept()
PLAYERS_OF_A_CLASS = PlayersKept(idle_seconds=20 * 60, at_most=500)

MEMORY_WARNED_OF = 0.6
LIMITS_OF_SERVE = Limits(wall_seconds=60, cpu_seconds=60, memory_bytes=1 << 30)
LIMITS_OF_A_CHECK = Limits(wall_seconds=10, cpu_seconds=10, memory_bytes=256 << 20, output_bytes=16 << 20)


def limits_of_learn() -> Limits:
    """Give the limits of a learner on a machine of their own: hardly any, but a word when its memory runs short."""
    return Limits(memory_warning_bytes=int(memory_of_machine() * MEMORY_WARNED_OF))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDirectory:
    """The folder that holds one user's attempts, and the names in it."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file of attempts."""
        return self.path / "attempts.sqlite"

    @property
    def scratch(self) -> Path:
        """Where cells run; what they write lies here."""
        return self.path / "scratch"

    @property
    def examples(self) -> Path:
        """Where it is kept what wrong examples of a lesson show; losing it costs time only."""
        return self.path / "examples"

    @property
    def running(self) -> Path:
        """Where a running `foretell learn` says how it is reached."""
        return self.path / "running.json"

    @property
    def serving(self) -> Path:
        """Where a running `foretell serve` says how it is reached."""
        return self.path / "serving.json"


def data_directory(asked: Path | None) -> DataDirectory:
    """Give the asked-for data directory, else the user's (platformdirs)."""
    return DataDirectory(path=(asked or platformdirs.user_data_path("foretell", appauthor=False)).absolute())


def shipped_lessons() -> Path:
    """Give the folder of lessons that ship: inside the installed package, or beside the sources."""
    packaged = Path(__file__).parent / "_lessons"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "lessons"

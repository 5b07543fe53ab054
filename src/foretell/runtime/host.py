"""The runtime that this machine gives: snapshots, confined as well as can be, or fresh processes that replay.

Enters: a level of confinement. Leaves: sessions, for as long as the host is open. Invariant: a level that was asked
for is the level at which cells run; where nothing can be forked (macOS, Windows) that is none.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import TracebackType

from foretell.errors import RuntimeUnavailable
from foretell.runtime.jail.jails import Jails
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import Limits
from foretell.runtime.replay import fresh_session
from foretell.runtime.session import Session
from foretell.runtime.supervisor import Supervisor

FORKS = sys.platform.startswith("linux")


class Host:
    """Makes sessions while it is open, as an async context manager. `network` leaves confined cells the network.

    `scratch` is where fresh processes run their cells; `spares` is how many of them each session keeps warm.
    """

    def __init__(self, level: Level, scratch: Path, *, network: bool = False, spares: int = 1) -> None:
        self.level = level
        self._scratch = scratch
        self._network = network
        self._spares = spares
        self._supervisor: Supervisor | None = None

    async def __aenter__(self) -> Host:
        """Open."""
        if FORKS:
            self._supervisor = Supervisor(level=self.level, jails=Jails(self.level, network=self._network))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            await supervisor.close()

    def session(
        self, *, limits: Limits, seed: int, preload: tuple[str, ...] = (), keeps_snapshots: bool = True
    ) -> Session:
        """A session of its own, in which nothing runs yet."""
        if self._supervisor is not None:
            return self._supervisor.session(limits=limits, seed=seed, preload=preload, keeps_snapshots=keeps_snapshots)
        if FORKS:
            raise RuntimeUnavailable("foretell is ending; start it again")
        self._scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="cells-", dir=self._scratch))
        return fresh_session(limits=limits, seed=seed, preload=preload, cwd=folder, spares=self._spares)

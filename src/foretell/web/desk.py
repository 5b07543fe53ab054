"""What a running server has open: the store, lessons, players, and who is let in. It lives as long as the server.

Enters: how a door is wired. Leaves: scenes and what every page needs. Invariant: what it has open is closed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from foretell.runtime.jail.levels import Level
from foretell.store.attempts import Store
from foretell.web.cells import Scene, scene_now
from foretell.web.guard import Guard
from foretell.web.ledgers import Refused
from foretell.web.player import Player
from foretell.web.players import Players
from foretell.web.shelves import Shelf
from foretell.web.views import Chrome
from foretell.web.visitors import Admission


def confined_in_words(level: Level, runs_as: str = "you") -> str:
    """Say on pages how cells are confined, or as whom they run where they are not."""
    return f"runs as {runs_as}, not confined" if level is Level.NONE else f"confined (level {level})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The state of the web door.

    `runtime` is open while the server runs, and players make their sessions in it. `where` says to a learner where
    their work lies, `known_by` what they are known by, `confined` how cells are confined, `when_away` what they can do
    when the server does not answer.
    """

    store: Store
    guard: Guard
    admission: Admission
    shelf: Shelf
    players: Players
    where: str
    known_by: str = ""
    confined: str = confined_in_words(Level.NONE)
    when_away: str = "Start it again in the terminal."
    runtime: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)

    def scene(self, player: Player, refused: Mapping[str, Refused] | None = None) -> Scene:
        """Gather what the views of this moment need."""
        return scene_now(player.present(), player.running(), refused, player.unrun)

    def chrome(self, title: str, nonce: str, token: str) -> Chrome:
        """Give what every page needs."""
        return Chrome(title=title, token=token, nonce=nonce, confined=self.confined, when_away=self.when_away)

    async def close(self) -> None:
        """End every process, then the store."""
        await self.players.close()
        self.store.close()

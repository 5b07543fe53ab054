"""Turns: as many runs at once as there are places, in order of arrival, and nobody held up by a long one."""

from __future__ import annotations

import asyncio

from foretell.runtime.turns import Turns


class Runs:
    """Runs that note when they begin, and end when told."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.begun: list[str] = []
        self.told: dict[str, list[int]] = {}
        self.overstayed: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.stops: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str) -> None:
        self.ends[name], self.stops[name] = asyncio.Event(), asyncio.Event()
        self.told[name] = []
        self.tasks[name] = asyncio.create_task(self._run(name))
        await asyncio.sleep(0)

    async def _run(self, name: str) -> None:
        async with self.turns.turn(self.told[name].append, self.stops[name], lambda: self.overstayed.append(name)):
            self.begun.append(name)
            await self.ends[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            await self.tasks[name]
        for _ in range(5):
            await asyncio.sleep(0)


async def test_as_many_as_there_are_places_run_and_others_wait_in_order() -> None:
    runs = Runs(Turns(places=2, long_seconds=60))
    for name in "abcd":
        await runs.ask(name)
    assert runs.begun == ["a", "b"]
    assert runs.told == {"a": [], "b": [], "c": [1], "d": [2]}
    await runs.end("b")
    assert runs.begun == ["a", "b", "c"]
    assert runs.told["d"] == [2, 1]
    assert runs.told["c"] == [1, 0]
    await runs.end("a")
    assert runs.begun == ["a", "b", "c", "d"]
    await runs.end("c", "d")
    await runs.ask("e")
    assert runs.begun[-1] == "e"
    await runs.end("e")


async def test_a_long_run_gives_its_turn_away_and_goes_on() -> None:
    runs = Runs(Turns(places=1, long_seconds=0.05))
    await runs.ask("endless")
    await runs.ask("quick")
    assert runs.begun == ["endless"]
    await asyncio.sleep(0.1)
    assert runs.begun == ["endless", "quick"]
    assert runs.overstayed[0] == "endless"
    await runs.end("quick", "endless")
    await runs.ask("next")
    await runs.ask("waits")
    assert runs.begun == ["endless", "quick", "next"], "a turn was given back twice"
    await runs.end("next", "waits")


async def test_stop_ends_the_wait() -> None:
    runs = Runs(Turns(places=1, long_seconds=60))
    await runs.ask("a")
    await runs.ask("b")
    runs.stops["b"].set()
    runs.ends["b"].set()
    await runs.tasks["b"]
    assert runs.begun == ["a", "b"]
    await runs.ask("c")
    assert runs.begun == ["a", "b"], "a run that was stopped has no turn to give"
    await runs.end("a")
    assert runs.begun == ["a", "b", "c"]
    await runs.end("c")


async def test_a_run_that_is_cancelled_while_it_waits_leaves_the_queue() -> None:
    runs = Runs(Turns(places=1, long_seconds=60))
    for name in "abc":
        await runs.ask(name)
    runs.tasks["b"].cancel()
    await asyncio.gather(runs.tasks["b"], return_exceptions=True)
    await runs.end("a")
    assert runs.begun == ["a", "c"]
    await runs.end("c")

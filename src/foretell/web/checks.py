"""The room in which answers to tasks are checked: one checker a lesson, shared by all learners of a server.

Enters: lessons, cells with tasks, learners' code. Leaves: diagnoses. Invariant: a checker is made when it is first
needed and closed with the server, or when its lesson has changed and nothing is checked by it any more; only one task
at a time is prepared in advance.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from foretell import gate
from foretell.check import Checker
from foretell.errors import ForetellError
from foretell.model.attempt import Diagnosis
from foretell.model.lesson import CodeCell, Lesson
from foretell.panel import Cache, OpenSession

_log = logging.getLogger(__name__)

_Key = tuple[str, str]


class Checks(Protocol):
    """What judges the answers to the tasks of one lesson."""

    async def check(self, code: CodeCell, source: str, earlier: Mapping[str, str]) -> Diagnosis:
        """Judge an answer to the task of a cell. ForetellError where it cannot be checked.

        `earlier` are the learner's own right answers to earlier tasks, by cell.
        """
        ...

    def warm(self) -> None:
        """Begin to make ready what answers are compared with; said again, nothing."""
        ...


class Checkers:
    """Gives the checks of each lesson; it must be closed itself. At most `at_once` answers are looked at together."""

    def __init__(self, sessions: Callable[[Lesson], OpenSession], cache: Cache, at_once: int) -> None:
        self._sessions = sessions
        self._cache = cache
        self._places = asyncio.Semaphore(at_once)
        self._preparing = asyncio.Lock()
        self._checkers: dict[_Key, Checker] = {}
        self._warming: dict[_Key, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._newest: dict[str, str] = {}
        self._at_work: Counter[_Key] = Counter()

    def of(self, lesson: Lesson) -> Checks:
        """Give what judges answers to a lesson's tasks; nothing is opened yet."""
        return _ChecksOfLesson(self, lesson)

    async def check(self, lesson: Lesson, code: CodeCell, source: str, earlier: Mapping[str, str]) -> Diagnosis:
        """Judge an answer to the task of a cell."""
        key = (lesson.id, lesson.revision)
        async with self._places:
            self._at_work[key] += 1
            try:
                return await self._checker(lesson).check(code, source, earlier)
            finally:
                self._at_work[key] -= 1
                self._let_go_of_old(lesson.id)

    def warm(self, lesson: Lesson) -> None:
        """Begin to make ready what answers to this lesson's tasks are compared with, one task after another."""
        key = (lesson.id, lesson.revision)
        if key not in self._warming:
            self._newest[lesson.id] = lesson.revision
            self._let_go_of_old(lesson.id)
            self._warming[key] = asyncio.create_task(self._warm(lesson))

    async def close(self) -> None:
        """End every session in which answers are looked at."""
        for key in {*self._checkers, *self._warming}:
            self._let_go(key)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _warm(self, lesson: Lesson) -> None:
        for code in filter(gate.is_checked, lesson.code_cells):
            async with self._preparing:
                try:
                    await self._checker(lesson).warm(code)
                except ForetellError as error:
                    _log.warning("Answers to cell %s of '%s' cannot be checked: %s", code.cell, lesson.id, error)

    def _checker(self, lesson: Lesson) -> Checker:
        key = (lesson.id, lesson.revision)
        if key not in self._checkers:
            self._checkers[key] = Checker(lesson, self._sessions(lesson), self._cache)
        return self._checkers[key]

    def _let_go_of_old(self, lesson: str) -> None:
        """Close what belongs to revisions of a lesson that nobody opens any more and that checks no answer."""
        for key in {*self._checkers, *self._warming}:
            is_old = key[0] == lesson and self._newest.get(lesson, key[1]) != key[1]
            if is_old and not self._at_work[key]:
                self._let_go(key)

    def _let_go(self, key: _Key) -> None:
        task = asyncio.create_task(_end(self._warming.pop(key, None), self._checkers.pop(key, None)))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _ChecksOfLesson:
    """The checks of one lesson, in a room that has those of others too."""

    def __init__(self, room: Checkers, lesson: Lesson) -> None:
        self._room = room
        self._lesson = lesson

    async def check(self, code: CodeCell, source: str, earlier: Mapping[str, str]) -> Diagnosis:
        return await self._room.check(self._lesson, code, source, earlier)

    def warm(self) -> None:
        self._room.warm(self._lesson)


async def _end(warming: asyncio.Task[None] | None, checker: Checker | None) -> None:
    if warming is not None:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
    if checker is not None:
        await checker.close()

"""Code in, diagnosis out: the other half of the product on one page.

Enters: a lesson, a task, the learner's code; sessions come in as an argument. Leaves: a `Diagnosis`. Invariant: the
learner's code is probed in a session of its own, with a set of probes picked after it was loaded (if possible one under
which it is known what wrong examples show); what is right is known on this side only.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from random import SystemRandom
from types import MappingProxyType

from foretell import gate
from foretell.errors import LessonError, UsageError
from foretell.judge.behaviour import PROBE_SETS, Failed, forget_earlier
from foretell.judge.conclude import conclude
from foretell.judge.diagnose import Answered, Asked, is_right
from foretell.judge.layouts import best_look, other_layouts
from foretell.model.attempt import Diagnosis
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.run import CellSource, RunRequest
from foretell.panel import MOST_SECONDS, Cache, OpenSession, Panel, answered, look, run_cell

# An answer may take twenty times as long as the solution, and two seconds at the least.
LEAST_SECONDS, TIMES_THE_SOLUTION = 2.0, 20
NOTHING_EARLIER: Mapping[str, str] = MappingProxyType({})
LACKS_A_NAME = frozenset({"AttributeError", "NameError", "KeyError", "IndexError", "TypeError"})


def task_named(lesson: Lesson, name: str) -> CodeCell:
    """The cell of the task with this name; UsageError where the lesson has none that can be checked."""
    tasks = {code.task.name: code for code in lesson.code_cells if code.task is not None and gate.is_checked(code)}
    if name not in tasks:
        known = ", ".join(tasks) or "none"
        raise UsageError(f"'{lesson.title}' has no task called {name!r} that can be checked; there are: {known}.")
    return tasks[name]


def without_earlier(own: Answered) -> Answered:
    """An answer without what it showed of modules of earlier cells, which in its session are others."""
    return replace(own, behaviour=forget_earlier(own.behaviour) if own.behaviour is not None else None)


def lacks_a_name(own: Answered) -> bool:
    """Whether an answer failed, as it ran or as it was used, on what the learner's own earlier cells may have.

    An answer to an earlier task may have left a class, or layers under names of its own.
    """
    notes = own.behaviour.notes.values() if own.behaviour is not None else ()
    kinds = {note.kind for note in notes if isinstance(note, Failed)}
    return bool(LACKS_A_NAME & (kinds | ({own.failure.kind} if own.failure is not None else set())))


class Checker:
    """Checks answers to the tasks of one lesson. `sessions` opens a session whose cells may take that many seconds.

    Keep it while checks are wanted: the session of each solution stays open, and what wrong examples showed is kept.
    `place` fixes the set of probes; without it each check picks one once the learner's code is loaded.
    """

    def __init__(self, lesson: Lesson, sessions: OpenSession, cache: Cache, place: int | None = None) -> None:
        self.lesson = lesson
        self._sessions = sessions
        self._cache = cache
        self._place = place
        self._panels: dict[str, Panel] = {}
        self._opening: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._coming: dict[str, int] = {}
        self._closed = False

    async def warm(self, code: CodeCell) -> None:
        """Have ready what answers to a cell's task are compared with, under one set of probes."""
        panel = await self._panel(code)
        self._coming[code.cell] = SystemRandom().choice(panel.ready() or range(PROBE_SETS))
        await panel.examples(self._coming[code.cell])

    async def check(self, code: CodeCell, source: str, earlier: Mapping[str, str] = NOTHING_EARLIER) -> Diagnosis:
        """Judge an answer to the task of a cell. LessonError where its task cannot be checked.

        Earlier tasks are solved by their solutions; an answer that fails on those is looked at again with the learner's
        own right answers to them, `earlier` by cell: it may use names that only these have.
        """
        started = time.perf_counter()
        own, asked, examples = await self.look(code, source)
        if earlier and lacks_a_name(own):
            own, asked, examples = await self.look(code, source, earlier)
        # It compares many numbers: a tenth of a second in which nothing else would be answered.
        found = await asyncio.to_thread(conclude, own, asked, examples, self.lesson.misconceptions)
        return replace(found, seconds=time.perf_counter() - started)

    async def look(
        self, code: CodeCell, source: str, earlier: Mapping[str, str] = NOTHING_EARLIER
    ) -> tuple[Answered, Asked, tuple[tuple[str, Answered], ...]]:
        """What a verdict is reached from: the answer as it went, what is asked, and wrong examples where they help."""
        panel = await self._panel(code)
        own, asked, place = await self._look(panel, source, earlier)
        compares = own.behaviour is not None and not is_right(own, asked) and not gate.is_untouched(code, source)
        examples = await panel.examples(place) if compares else ()
        if earlier:
            examples = tuple((misconception, without_earlier(one)) for misconception, one in examples)
        return own, asked, examples

    async def _panel(self, code: CodeCell) -> Panel:
        async with self._opening[code.cell]:
            if self._closed:
                raise LessonError(f"What judges '{self.lesson.title}' has been closed; run the cell again.")
            if code.cell not in self._panels:
                panel = Panel(self.lesson, code, self._sessions, self._cache)
                try:
                    await panel.open()
                except BaseException:
                    await panel.close()
                    raise
                self._panels[code.cell] = panel
            return self._panels[code.cell]

    def _pick(self, panel: Panel) -> int:
        """A set of probes, if possible one under which it is known what wrong examples show, or will be known soon."""
        if self._place is not None:
            return self._place
        coming = self._coming.get(panel.task.cell)
        return SystemRandom().choice(panel.ready() or (range(PROBE_SETS) if coming is None else (coming,)))

    async def _look(self, panel: Panel, source: str, earlier: Mapping[str, str]) -> tuple[Answered, Asked, int]:
        """Run the answer in a session of its own, and look at it and at the solution alike."""
        async with self._sessions(min(MOST_SECONDS, max(LEAST_SECONDS, TIMES_THE_SOLUTION * panel.seconds))) as run:
            answer = CellSource(cell="answer", text=source)
            above = tuple(replace(one, text=earlier.get(one.cell, one.text)) for one in panel.prefix)
            ended = await run_cell(run, RunRequest(prefix=above, cell=answer))
            place = self._pick(panel)
            plan = panel.plan(place)
            if ended.failure is not None:
                return Answered(source=source, failure=ended.failure, behaviour=None), await panel.asked(plan), place
            prefix = (*above, answer)

            async def compared(plan: str) -> tuple[Answered, Asked]:
                shown, asked = await asyncio.gather(look(run, prefix, plan), panel.asked(plan))
                own = answered(source, shown)
                if not earlier:
                    return own, asked
                return without_earlier(own), replace(asked, reference=forget_earlier(asked.reference))

            looks = [await compared(plan)]
            own, asked = looks[0]
            for layout in other_layouts(own.behaviour, asked.reference, asked.probing):
                looks.append(await compared(panel.plan(place, layout)))
                if is_right(*looks[-1]):
                    break
            return *best_look(looks), place

    async def close(self) -> None:
        """End the sessions that are open or being opened; nothing can be checked any more."""
        self._closed = True
        for cell, opening in tuple(self._opening.items()):
            async with opening:
                panel = self._panels.pop(cell, None)
            if panel is not None:
                await panel.close()

"""What an answer to a task is compared with: its solution and its wrong examples, put through the same probes.

Enters: a task, and a way to open sessions. Leaves: behaviours. Invariant: none of it runs where a learner's code runs,
and what the wrong examples showed is kept by the hash of everything that it depends on.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from typing import Protocol

from foretell import gate
from foretell.errors import LessonError
from foretell.judge.behaviour import AS_DECLARED, PROBE_SETS, Layout, draw, memory_refused
from foretell.judge.diagnose import Answered, Asked
from foretell.judge.notes import read_behaviour
from foretell.model.belief import Probing, WrongExample
from foretell.model.lesson import CodeCell, Lesson, SectionKind
from foretell.model.run import EXAMINED, CellSource, DisplayOutput, Event, Failure, FailureKind, Prefix, Run, RunRequest

# A solution that fails here has shown nothing that an answer could be compared with.
UNFIT = frozenset({"make", "type", "again", "set"})
EXAMINE = "__import__('foretell.runtime.inside.examine', fromlist=['show_examined']).show_examined"
EXAMPLES = "__import__('foretell.runtime.inside.examples', fromlist=['show_examples']).show_examples"
MOST_SECONDS = 10.0
EXAMPLE_SECONDS = 1.0
FORMAT = 7
ENDED = Failure(kind=FailureKind.CRASH, message="It ended the process in which it was looked at.")

Runner = Callable[[RunRequest], AsyncGenerator[Event, None]]
OpenSession = Callable[[float], AbstractAsyncContextManager[Runner]]


class Cache(Protocol):
    """Where texts are kept from one process to the next, by key; losing them costs time only."""

    def has(self, key: str) -> bool:
        """Whether there is a text under a key."""
        ...

    def get(self, key: str) -> str | None:
        """The text under a key, or None."""
        ...

    def put(self, key: str, text: str) -> None:
        """Keep a text; a disk that is full is no error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of one answer: how its own code ended, and the text of what the probes saw (None: none came)."""

    failure: Failure | None
    examined: str | None


def prefix_of(lesson: Lesson, cell: str) -> Prefix:
    """The cells above a task when it is checked: set-up as it stands, and earlier tasks, solved."""
    setup = {
        code.cell
        for section in lesson.sections
        if section.kind in {SectionKind.SETUP, SectionKind.INTRO}
        for code in section.items
        if isinstance(code, CodeCell)
    }
    above = gate.cells_above(lesson, cell)
    return tuple(_solved(code) for code in above if code.cell in setup or code.task is not None)


def _solved(code: CodeCell) -> CellSource:
    text = code.source
    if code.task is not None and code.task.solution is not None:
        text = gate.joined(code, code.task.solution)
    return CellSource(cell=code.cell, text=text)


def names_before(lesson: Lesson, cell: str) -> tuple[str, ...]:
    """The names that the cells above a task leave behind when it is checked."""
    there = {source.cell for source in prefix_of(lesson, cell)}
    return tuple(sorted({name for code in lesson.code_cells if code.cell in there for name in code.provides}))


async def look(run: Runner, prefix: Prefix, plan: str) -> Shown:
    """Look with the probes of a plan at what a prefix has defined."""
    probing = CellSource(cell="probes", text=f"{EXAMINE}({plan!r})", keeps_source=False)
    ended = await run_cell(run, RunRequest(prefix=prefix, cell=probing))
    texts = _examined(ended)
    return Shown(failure=ended.failure, examined=texts[-1] if texts else None)


def _examined(ended: Run) -> list[str]:
    return [one.data[EXAMINED] for one in ended.outputs if isinstance(one, DisplayOutput) and EXAMINED in one.data]


async def run_cell(run: Runner, request: RunRequest) -> Run:
    """How the run of a cell ended."""
    ended: Run | None = None
    async with aclosing(run(request)) as events:
        async for event in events:
            ended = event if isinstance(event, Run) else ended
    if ended is None:
        raise AssertionError("a runner's last event is a Run")
    return ended


def answered(source: str, shown: Shown) -> Answered:
    """What `shown` says of the code `source`, read."""
    behaviour = read_behaviour(shown.examined) if shown.examined is not None and shown.failure is None else None
    # Its line is one of the cell that probes, and says nothing of the learner's code.
    failure = replace(shown.failure, line=None) if shown.failure is not None else None
    if behaviour is not None and (refused := memory_refused(behaviour)):
        failure = Failure(
            kind=FailureKind.MEMORY,
            message=f"In the check your code asked for more memory than it may use ({refused}).",
        )
    return Answered(source=source, failure=failure, behaviour=behaviour)


class Panel:
    """The solution and the wrong examples of the task of one cell. Open it, and close it when it is not needed."""

    def __init__(self, lesson: Lesson, code: CodeCell, sessions: OpenSession, cache: Cache) -> None:
        if code.task is None or code.task.solution is None or not code.task.probing.builds:
            raise LessonError(
                f"Cell {code.cell} has no task that can be checked; give it a solution and `builds` in lesson.toml."
            )
        self.lesson = lesson
        self.task = code.task
        self.solution = code.task.solution
        self.prefix = prefix_of(lesson, code.cell)
        self.before = names_before(lesson, code.cell)
        self._sessions = sessions
        self._cache = cache
        self._stack = AsyncExitStack()
        self._answer = CellSource(cell="answer", text=self.solution)
        self._run: Runner | None = None
        self.seconds = 0.0
        self._showing = asyncio.Lock()
        self._known: set[int] = set()
        self._examples: dict[int, tuple[tuple[str, Answered], ...]] = {}

    @property
    def probing(self) -> Probing:
        """How the task is judged."""
        return self.task.probing

    def plan(self, place: int, layout: Layout = AS_DECLARED) -> str:
        """The plan of one of the sets of probes of this task's revision, 0 to `PROBE_SETS` - 1."""
        digest = hashlib.sha256(f"{self.lesson.revision} {self.task.name} {place % PROBE_SETS}".encode()).digest()
        return draw(self.probing, int.from_bytes(digest[:4]), self.before, layout)

    async def open(self) -> None:
        """Open the solution's session and run the solution in it. LessonError where it fails."""
        self._run = await self._stack.enter_async_context(self._sessions(MOST_SECONDS))
        ended = await run_cell(self._run, RunRequest(prefix=self.prefix, cell=self._answer))
        if ended.failure is not None:
            raise self._fails(ended.failure)
        began = time.perf_counter()
        await self.asked(self.plan(0))
        self._known |= {place for place in range(PROBE_SETS) if self._cache.has(self._key(place))}
        self.seconds = ended.seconds + time.perf_counter() - began

    async def asked(self, plan: str) -> Asked:
        """What the task asks, with what the solution shows under a plan; looked at anew each time."""
        if self._run is None:
            raise LessonError(f"The panel of task {self.task.name} is closed; open it again.")
        shown = await look(self._run, (*self.prefix, self._answer), plan)
        reference = answered(self.solution, shown).behaviour
        if reference is None:
            raise self._fails(shown.failure)
        for place in range(len(self.probing.builds)):
            stage, failed = reference.failure(f"{place}") or ("", None)
            if failed is not None and stage in UNFIT:
                raise self._fails(Failure(kind=failed.kind, message=failed.message))
        return Asked(
            wanted=self.task.name,
            starter=self.task.starter,
            before=frozenset(self.before),
            probing=self.probing,
            reference=reference,
        )

    def _fails(self, failure: Failure | None) -> LessonError:
        why = f"{failure.kind}: {failure.message}" if failure is not None else "nothing came back"
        return LessonError(f"The solution of task {self.task.name} cannot be looked at ({why}); mend it.")

    def ready(self) -> tuple[int, ...]:
        """The sets of probes under which it is known what the wrong examples show."""
        return tuple(sorted(self._known))

    def _kept(self, place: int) -> list[Shown] | None:
        text = self._cache.get(self._key(place))
        return _read_kept(text, self.probing.examples) if text is not None else None

    async def examples(self, place: int) -> tuple[tuple[str, Answered], ...]:
        """What each wrong example showed under a set of probes, with the id of its belief."""
        async with self._showing:
            if place not in self._examples:
                shown = await asyncio.to_thread(self._kept, place)
                if shown is None:
                    shown = await self._show_examples(place)
                    await self._keep(place, shown)
                self._examples[place] = tuple(
                    (example.misconception, answered(example.source, one))
                    for example, one in zip(self.probing.examples, shown, strict=True)
                )
                self._known.add(place)
        return self._examples[place]

    async def _show_examples(self, place: int) -> list[Shown]:
        """Look at the wrong examples; at those whose process ended once more, for that may be the machine's doing."""
        sources, plan = [one.source for one in self.probing.examples], self.plan(place)
        shown = await self.show(sources, plan)
        kinds = [one.failure.kind if one.failure is not None else None for one in shown]
        ended = [at for at, kind in enumerate(kinds) if kind == FailureKind.CRASH]
        again = await self.show([sources[at] for at in ended], plan)
        for at, one in zip(ended, again, strict=True):
            shown[at] = one
        return shown

    async def _keep(self, place: int, shown: list[Shown]) -> None:
        """Keep what was seen for the next process; where nothing was, there is nothing to keep."""
        if any(one.examined is not None for one in shown):
            text = json.dumps([_fields(one) for one in shown])
            await asyncio.to_thread(self._cache.put, self._key(place), text)

    async def show(self, sources: Sequence[str], plan: str) -> list[Shown]:
        """Look at trusted answers, in one session as far as it goes; one that ends it has ended its own code."""
        shown: list[Shown] = []
        while len(shown) < len(sources):
            left = sources[len(shown) :]
            shown += await self._show_some(left, plan) or [Shown(failure=ENDED, examined=None)]
        return shown

    async def _show_some(self, sources: Sequence[str], plan: str) -> list[Shown]:
        """What is seen of these sources, one after the other, until the session ends."""
        order = json.dumps({"sources": sources, "plan": json.loads(plan), "seconds": EXAMPLE_SECONDS})
        async with self._sessions(MOST_SECONDS + EXAMPLE_SECONDS * len(sources)) as run:
            cell = CellSource(cell="probes", text=f"{EXAMPLES}({order!r})", keeps_source=False)
            ended = await run_cell(run, RunRequest(prefix=self.prefix, cell=cell))
        said = [json.loads(text) for text in _examined(ended)]
        return [Shown(failure=_failure(one["failure"]), examined=one["examined"]) for one in said]

    def _key(self, place: int) -> str:
        parts: Sequence[object] = (
            FORMAT,
            _versions(),
            self.plan(place),
            [source.text for source in self.prefix],
            [(example.misconception, example.source) for example in self.probing.examples],
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    async def close(self) -> None:
        """End the solution's session."""
        self._run = None
        await self._stack.aclose()


@lru_cache(maxsize=1)
def _versions() -> list[str]:
    """What the numbers and messages of an example depend on beside its own text."""
    found = [sys.version]
    for package in ("torch", "numpy"):
        try:
            found.append(metadata.version(package))
        except metadata.PackageNotFoundError:
            found.append("none")
    return found


def _fields(shown: Shown) -> dict[str, object]:
    failure = shown.failure
    kept = {"kind": failure.kind, "message": failure.message, "line": failure.line} if failure else None
    return {"failure": kept, "examined": shown.examined}


def _read_kept(text: str, examples: Sequence[WrongExample]) -> list[Shown] | None:
    """What was kept, or None where it is not what this version keeps."""
    try:
        said = json.loads(text)
        shown = [Shown(failure=_failure(one["failure"]), examined=one["examined"]) for one in said]
    except (ValueError, TypeError, KeyError):
        return None
    return shown if len(shown) == len(examples) else None


def _failure(fields: Mapping[str, object] | None) -> Failure | None:
    if fields is None:
        return None
    line = fields["line"]
    return Failure(
        kind=str(fields["kind"]), message=str(fields["message"]), line=line if isinstance(line, int) else None
    )

"""Small lessons and a record in memory, for tests of the loop and the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from foretell import gate
from foretell.errors import CommitError
from foretell.model.attempt import Commit, Diagnosis, Draft, History, Judgement, KeptRun, Opened, Opening, Prediction
from foretell.model.lesson import (
    AnswerKind,
    Block,
    BlockRole,
    Cell,
    CellKind,
    CodeCell,
    Exercise,
    Lesson,
    Piece,
    Prompt,
    Question,
    Section,
    SectionKind,
    Support,
    Task,
)
from foretell.model.run import AssertSeen, CellSource, Event, Failure, Observation, Run, RunRequest, StreamOutput

SECRET = "assert layer.weight.shape == (5, 10)"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def question(name: str, kind: AnswerKind = AnswerKind.SHAPE, target: str | None = "layer.weight.shape") -> Question:
    return Question(id=name, ask=f"What is {name}?", kind=kind, target=target)


def asking_cell(name: str, *questions: Question, source: str = "layer = 1\n", provides: str = "layer") -> CodeCell:
    return CodeCell(
        cell=name,
        source=source + SECRET,
        pieces=(Piece(text=source), Piece(text=SECRET, withheld=True)),
        prompt=Prompt(stands_in=name, before=name, questions=questions) if questions else None,
        provides=frozenset(provides.split()),
    )


def task_cell(name: str, *, provides: str, test_cells: tuple[str, ...] = (), test: str = "assert ok\n") -> CodeCell:
    task = Task(
        name=name,
        cell=name,
        starter="pass",
        test=test,
        solution="answer = 1",
        solution_text="Write **answer**.",
        test_cells=test_cells,
    )
    return CodeCell(
        cell=name,
        source="pass\n" + test,
        pieces=(Piece(text=test, withheld=True),),
        task=task,
        provides=frozenset(provides.split()),
    )


def plain_cell(name: str, *, needs: str = "", provides: str = "", source: str = "use()") -> CodeCell:
    return CodeCell(
        cell=name,
        source=source,
        pieces=(Piece(text=source),),
        needs=frozenset(needs.split()),
        provides=frozenset(provides.split()),
    )


def lesson_of(*items: CodeCell | Block, title_opens_after: tuple[str, ...] = ()) -> Lesson:
    cells = tuple(
        Cell(
            id=item.cell,
            index=place,
            kind=CellKind.CODE if isinstance(item, CodeCell) else CellKind.MARKDOWN,
            source=item.source,
        )
        for place, item in enumerate(items)
    )
    section = Section(
        key="ex1",
        kind=SectionKind.EXERCISE,
        title="Verify that it is so",
        title_before="Exercise 1" if title_opens_after else "Verify that it is so",
        title_opens_after=title_opens_after,
        exercise=Exercise(number=1, support=Support.GUIDED, stretch=False),
        cells=tuple(range(len(items))),
        items=items,
    )
    return Lesson(
        id="small",
        revision="r1",
        title="Small",
        module=None,
        goals=(),
        prerequisites=None,
        language="python",
        cells=cells,
        sections=(section,),
    )


def debrief(name: str, after: str) -> Block:
    return Block(cell=name, role=BlockRole.DEBRIEF, source=f"It is {SECRET}", before="", opens_after=(after,))


class MemoryRecord:
    """A record in memory with the store's rules: a question is committed once, a run names its commit."""

    learner = "somebody"

    def __init__(self) -> None:
        self._history = History()
        self._ids = count(1)
        self._keys: dict[str, Commit] = {}

    def _now(self) -> datetime:
        return NOON + timedelta(seconds=next(self._ids))

    def history(self) -> History:
        return self._history

    def commit(self, *, cell: str, predictions: Sequence[Prediction], skipped: Sequence[str], key: str) -> Commit:
        if key in self._keys:
            return self._keys[key]
        asked = {p.question for p in predictions} | set(skipped)
        known = {q for c in self._history.commits for q in (*(p.question for p in c.predictions), *c.skipped)}
        if asked & known:
            raise CommitError("asked before")
        at = self._now()
        made = Commit(id=next(self._ids), cell=cell, predictions=tuple(predictions), skipped=tuple(skipped), at=at)
        self._keys[key] = made
        self._history = replace(self._history, commits=(*self._history.commits, made))
        return made

    def start_run(self, *, cell: str, commit: int, code: str, state: str, key: str) -> KeptRun:
        assert any(c.id == commit for c in self._history.commits)
        number = sum(kept.cell == cell for kept in self._history.runs) + 1
        kept = KeptRun(
            id=next(self._ids),
            cell=cell,
            number=number,
            commit=commit,
            code=code,
            state=state,
            at=self._now(),
            run=None,
        )
        self._history = replace(self._history, runs=(*self._history.runs, kept))
        return kept

    def finish_run(self, run_id: int, run: Run, judgements: Sequence[Judgement]) -> None:
        runs = tuple(
            replace(kept, run=run, judgements=tuple(judgements)) if kept.id == run_id else kept
            for kept in self._history.runs
        )
        self._history = replace(self._history, runs=runs)

    def finish_check(self, run_id: int, diagnosis: Diagnosis) -> None:
        runs = tuple(replace(kept, diagnosis=diagnosis) if kept.id == run_id else kept for kept in self._history.runs)
        self._history = replace(self._history, runs=runs)

    def save_draft(self, cell: str, text: str) -> None:
        drafts = self._history.drafts | {cell: Draft(cell=cell, text=text, at=self._now())}
        self._history = replace(self._history, drafts=drafts)

    def ask_again(self, cell: str, *questions: str) -> None:
        opening = Opening(cell=cell, what=Opened.AGAIN, at=self._now(), questions=questions)
        self._history = replace(self._history, openings=(*self._history.openings, opening))

    def open_help(self, cell: str, what: Opened) -> None:
        opening = Opening(cell=cell, what=what, at=self._now())
        self._history = replace(self._history, openings=(*self._history.openings, opening))


def ran(cell: str, *, asserts: tuple[bool, ...] = (), failure: Failure | None = None, **shown: Observation) -> Run:
    return Run(
        cell=cell,
        outputs=(),
        failure=failure,
        observations={(name, 0): value for name, value in shown.items()},
        asserts=tuple(AssertSeen(line=1, source="ok", passed=passed, left=str(passed)) for passed in asserts),
        seconds=0.01,
    )


def run_of(record, lesson, cell, result=None):
    """Put a commit and a finished run of a cell on record, as `loop.play` does."""
    code = lesson.code_cell(cell)
    history = record.history()
    made = record.commit(cell=cell, predictions=(), skipped=(), key=f"key{len(history.commits)}")
    text = gate.learner_code(code, record.history())
    source = CellSource(cell=cell, text=gate.joined(code, text))
    state = gate.state_key(gate.prefix_of(lesson, record.history(), cell), source)
    kept = record.start_run(cell=cell, commit=made.id, code=text, state=state, key=f"run{made.id}")
    record.finish_run(kept.id, result or ran(cell), ())


def shape(*sizes: int) -> Observation:
    return Observation(type="shape", text=str(tuple(sizes)), value=list(sizes))


class FakeRunner:
    """Runs nothing: says a line and ends as it was told to, and remembers what was asked."""

    def __init__(self, *runs: Run) -> None:
        self._runs = list(runs)
        self.requests: list[RunRequest] = []

    async def __call__(self, request: RunRequest) -> AsyncIterator[Event]:
        self.requests.append(request)
        yield StreamOutput(name="stdout", text=f"ran {request.cell.cell}\n")
        given = self._runs.pop(0) if self._runs else ran(request.cell.cell)
        yield replace(given, cell=request.cell.cell)

"""What a learner may see now, and what a run has to start from: pure questions about a lesson and a history.

Enters: `Lesson`, `History`. Leaves: text that may be shown, sources in the order they run, what is stale or missing.
Invariant: text that a lesson withholds leaves this module only for cells that have a finished run on record, and a run
is on record only with its commit. A cell's whole source for its editor (`learner_code`) is to be shown once it is not
`is_locked`: from the commit on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from foretell.model.attempt import CheckVerdict, Commit, History, KeptRun, Opened
from foretell.model.lesson import Block, CodeCell, Goal, Lesson, Question, Section
from foretell.model.run import CellSource, FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCode:
    """The part of a cell that may be shown, and how many of its lines are withheld in whole or in part."""

    text: str
    withheld: int


def opened_cells(history: History) -> frozenset[str]:
    """Cells whose run has ended: their withheld lines may be shown."""
    return frozenset(kept.cell for kept in history.runs if kept.run is not None)


def is_whole(code: CodeCell, opened: frozenset[str]) -> bool:
    """Whether the withheld lines of a cell may be shown: it has run, and so has what settles a prompt around it."""
    return _is_open((code.cell, *code.opens_after), opened)


def shown_code(code: CodeCell, opened: frozenset[str]) -> ShownCode:
    """Give the cell's source (a task: its test part) as it may be shown."""
    if is_whole(code, opened):
        return ShownCode(text="".join(piece.text for piece in code.pieces).strip("\n"), withheld=0)
    text, withheld = "", 0
    for piece in code.pieces:
        if not piece.withheld:
            text += piece.text
            continue
        withheld += sum(1 for line in piece.text.splitlines() if line.strip())
        if text and not text.endswith("\n") and piece.text.endswith("\n"):
            text += "\n"
    return ShownCode(text=text.strip("\n"), withheld=withheld)


def _is_open(opens_after: Iterable[str], opened: frozenset[str]) -> bool:
    return all(cell in opened for cell in opens_after)


def shown_block(block: Block, opened: frozenset[str]) -> str:
    """Give the Markdown of a block as it may be shown; "" where all of it is withheld."""
    return block.source if _is_open(block.opens_after, opened) else block.before


def shown_title(section: Section, opened: frozenset[str]) -> str:
    """Give a section's title, or its neutral stand-in."""
    return section.title if _is_open(section.title_opens_after, opened) else section.title_before


def shown_goal(goal: Goal, opened: frozenset[str]) -> str:
    """Give a goal, or its neutral stand-in."""
    return goal.text if _is_open(goal.opens_after, opened) else goal.before


def latest_run(history: History, cell: str) -> KeptRun | None:
    """Give the newest run of a cell that has ended, or None."""
    return next((kept for kept in reversed(history.runs) if kept.cell == cell and kept.run is not None), None)


def latest_start(history: History, cell: str) -> KeptRun | None:
    """Give the newest run of a cell, ended or not."""
    return next((kept for kept in reversed(history.runs) if kept.cell == cell), None)


def settled_questions(history: History) -> frozenset[str]:
    """Questions that have a prediction or a recorded skip."""
    settled: set[str] = set()
    for commit in history.commits:
        settled.update(prediction.question for prediction in commit.predictions)
        settled.update(commit.skipped)
    return frozenset(settled)


def open_questions(code: CodeCell, history: History) -> tuple[Question, ...]:
    """Questions that must be answered or skipped before this cell may run."""
    settled = settled_questions(history)
    return tuple(q for q in (code.prompt.questions if code.prompt else ()) if q.id not in settled)


def is_locked(code: CodeCell, history: History) -> bool:
    """Whether the cell's code is still read-only: any cell but a task, before its first commit.

    A cell inside a prompt (asked above it, settled below it) stays so until the prompt is settled.
    """
    if code.task is not None:
        return False
    return _first_commit(code, history) is None or not _is_open(code.opens_after, opened_cells(history))


def _first_commit(code: CodeCell, history: History) -> Commit | None:
    return next((commit for commit in history.commits if commit.cell == code.cell), None)


def learner_code(code: CodeCell, history: History) -> str:
    """Give the learner's own text of the cell: the draft, else the starter (a task) or the source as written.

    A draft from before the cell's first commit belongs to another revision, in which the cell may have been another:
    what runs is what the learner saw when they predicted. Work on a task is kept all the same.
    """
    draft = history.drafts.get(code.cell)
    if code.task is not None:
        return draft.text if draft else code.task.starter
    commit = _first_commit(code, history)
    return draft.text if draft and commit and draft.at >= commit.at else code.source


def joined(code: CodeCell, text: str) -> str:
    """Give the text that runs for the learner's `text`: a task's test part follows it on a line of its own."""
    if code.task is None or not code.task.test:
        return text
    return text.rstrip("\n") + "\n" + code.task.test.removeprefix("\n") if text.strip() else code.task.test


def is_untouched(code: CodeCell, text: str) -> bool:
    """Whether the text is still the starter, white space at line ends apart."""
    starter = code.task.starter if code.task else code.source
    return [line.rstrip() for line in text.strip().splitlines()] == [
        line.rstrip() for line in starter.strip().splitlines()
    ]


def is_checked(code: CodeCell) -> bool:
    """Whether a cell has a task whose answers are judged by what they do."""
    return code.task is not None and bool(code.task.probing.builds)


def task_done(code: CodeCell, history: History) -> bool:
    """Whether the learner's present code for this task ran well, and was found right.

    Its check says so. Where the task has none, or it could not be made, its own asserts and those of the test cells do;
    while one is under way, or was cut off by the end of the server, nothing is done yet.
    """
    if code.task is None:
        return False
    text = learner_code(code, history)
    last = latest_run(history, code.cell)
    if is_untouched(code, text) or last is None or last.code != text or not _went_well(last):
        return False
    if last.diagnosis is not None and last.diagnosis.verdict is not CheckVerdict.ERROR:
        return last.diagnosis.verdict is CheckVerdict.RIGHT
    if last.diagnosis is None and is_checked(code):
        return False
    tests = [latest_run(history, cell) for cell in code.task.test_cells]
    return all(test is not None and test.id > last.id and _went_well(test) for test in tests)


def _went_well(kept: KeptRun) -> bool:
    run = kept.run
    return run is not None and run.failure is None and all(seen.passed for seen in run.asserts)


def uses_reference(code: CodeCell, history: History) -> bool:
    """Whether later cells run on the reference result of this task instead of the learner's code."""
    switches = [o.what for o in history.openings if o.cell == code.cell and o.what in _SWITCHES]
    return bool(switches) and switches[-1] is Opened.REFERENCE_ON and not task_done(code, history)


_SWITCHES = (Opened.REFERENCE_ON, Opened.REFERENCE_OFF)


def _tests_written_code(code: CodeCell, history: History, reader: str | None) -> bool:
    """Whether `reader` is a test cell of this task and there is code of the learner's to be tested."""
    is_test = code.task is not None and reader in code.task.test_cells
    return is_test and not is_untouched(code, learner_code(code, history))


def source_below(code: CodeCell, history: History, reader: str | None) -> CellSource | None:
    """Give the source that stands for this cell when `reader` (None: any) runs; None where it would not come to an end.

    A task's own test cells run on the learner's code, never on its reference result: else the reference would pass.

    What the learner has not been shown (a reference result, a cell that has not been run) leaves no source behind.
    """
    tested = _tests_written_code(code, history, reader)
    if code.task and code.task.solution is not None and uses_reference(code, history) and not tested:
        return CellSource(cell=code.cell, text=joined(code, code.task.solution), keeps_source=False)
    if never_ended(code, history):
        return None
    text = joined(code, learner_code(code, history))
    return CellSource(cell=code.cell, text=text, keeps_source=is_whole(code, opened_cells(history)))


def never_ended(code: CodeCell, history: History) -> bool:
    """Whether the cell's present text was last stopped, hit a limit or took Python with it."""
    last = latest_run(history, code.cell)
    if last is None or last.run is None or last.run.failure is None:
        return False
    return last.run.failure.kind in set(FailureKind) and last.code == learner_code(code, history)


def sources_below(cells: Iterable[CodeCell], history: History, reader: str | None = None) -> tuple[CellSource, ...]:
    """Give the sources that stand for these cells when `reader` (None: any later cell) runs."""
    return tuple(source for code in cells if (source := source_below(code, history, reader)) is not None)


def cells_above(lesson: Lesson, cell: str) -> tuple[CodeCell, ...]:
    """Give every code cell before this one, in notebook order."""
    cells = lesson.code_cells
    return cells[: next(place for place, code in enumerate(cells) if code.cell == cell)]


def settled_above(lesson: Lesson, history: History, cell: str) -> tuple[CodeCell, ...]:
    """Give the earlier cells that ask for nothing any more: what may be looked at by name and in scratch code."""
    return tuple(code for code in cells_above(lesson, cell) if not open_questions(code, history))


def prefix_of(lesson: Lesson, history: History, cell: str) -> tuple[CellSource, ...]:
    """Give every earlier code cell as it stands, in notebook order: the state that `cell` runs from."""
    return sources_below(cells_above(lesson, cell), history, cell)


def state_key(prefix: Iterable[CellSource], source: CellSource) -> str:
    """Give a key that is equal exactly when the sources are: a run with another key than today's is stale."""
    digest = sha256()
    for part in (*prefix, source):
        for text in (part.cell, part.text):
            encoded = text.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:32]


def stale_cells(lesson: Lesson, history: History) -> frozenset[str]:
    """Cells whose last run is not what running them now would be: something above, or their own text, has changed."""
    stale: set[str] = set()
    testing = {cell for code in lesson.code_cells if code.task for cell in code.task.test_cells}
    below: tuple[CellSource, ...] = ()
    for code in lesson.code_cells:
        last = latest_run(history, code.cell)
        own = CellSource(cell=code.cell, text=joined(code, learner_code(code, history)))
        prefix = prefix_of(lesson, history, code.cell) if code.cell in testing else below
        if last is not None and last.state != state_key(prefix, own):
            stale.add(code.cell)
        below += sources_below([code], history)
    return frozenset(stale)


def cells_behind(lesson: Lesson, cell: str) -> Iterator[CodeCell]:
    """Give the earlier cells whose names this cell needs, directly or through others, nearest first."""
    code = lesson.code_cell(cell)
    needed = set(code.needs) if code else set()
    for code in reversed(cells_above(lesson, cell)):
        if code.provides & needed:
            needed = (needed - code.provides) | code.needs
            yield code


def missing_tasks(lesson: Lesson, history: History, cell: str) -> tuple[CodeCell, ...]:
    """Give earlier tasks that `cell` builds on, that are not done, and whose reference result could stand in.

    A task's own test cell is there to run on unfinished code, so nothing is missing there once something was written.
    """
    missing = [
        code
        for code in cells_behind(lesson, cell)
        if code.task is not None
        and code.task.solution is not None
        and not _tests_written_code(code, history, cell)
        and not task_done(code, history)
        and not uses_reference(code, history)
    ]
    return tuple(reversed(missing))


def cells_run_with(lesson: Lesson, history: History, code: CodeCell) -> tuple[CodeCell, ...]:
    """Give the cells that one press of Run runs: the cell, and for a task the test cells that ask for nothing."""
    tests = [lesson.code_cell(cell) for cell in (code.task.test_cells if code.task else ())]
    return (code, *(test for test in tests if test is not None and not open_questions(test, history)))


def section_of(lesson: Lesson, cell: str) -> Section:
    """Give the section in which a code cell stands."""
    return next(s for s in lesson.sections for item in s.items if isinstance(item, CodeCell) and item.cell == cell)

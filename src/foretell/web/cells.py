"""Everything of one code cell as a page shows it: code, run, form or ledger, checks, hints.

Enters: a lesson, a history, what runs now. Leaves: `CellView`. Invariant: a cell that has not been run shows only what
`gate` lets through; a solution is in a view only once it has been opened, or its task is done.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from foretell import drawn, gate
from foretell.drawn import Present
from foretell.model.attempt import History, KeptRun, Opened
from foretell.model.lesson import CodeCell, Lesson, Support, Task
from foretell.model.run import FailureKind
from foretell.web.findings import checks_of
from foretell.web.ledgers import NOTHING_REFUSED, Refused, form_fields, ledger_of
from foretell.web.markup import highlighted, markdown_html
from foretell.web.outputs import outputs_html
from foretell.web.views import CellView, Help, Missing, Rung, RunView

_RUNGS = (Opened.HINT_1, Opened.HINT_2, Opened.HINT_3)
_RUNS_THAT_OPEN_THE_SOLUTION = 3
_ENDED_BY_A_LIMIT = {FailureKind.TIME, FailureKind.MEMORY, FailureKind.OUTPUT}
_ENDED_BY_A_CRASH = {FailureKind.CRASH, FailureKind.EXIT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the views of one moment are made from.

    `running` maps a cell to the number of its press, `unrun` one whose last press ran nothing to why that is. `opened`
    are the cells whose withheld lines may be shown: they have run, and ask for nothing again.
    """

    now: Present
    running: Mapping[str, int]
    stale: frozenset[str]
    opened: frozenset[str]
    refused: Mapping[str, Refused]
    unrun: Mapping[str, str]

    @property
    def lesson(self) -> Lesson:
        """The lesson as it is for this learner now."""
        return self.now.lesson

    @property
    def history(self) -> History:
        """The part of the record that belongs to it."""
        return self.now.history


def scene_of(
    lesson: Lesson,
    history: History,
    running: Mapping[str, int],
    refused: Mapping[str, Refused] | None = None,
    unrun: Mapping[str, str] | None = None,
) -> Scene:
    """Gather what the views of this moment need, of a lesson as it stands."""
    now = Present(lesson=lesson, history=history, record=history, past={})
    return scene_now(now, running, refused, unrun)


def scene_now(
    now: Present,
    running: Mapping[str, int],
    refused: Mapping[str, Refused] | None = None,
    unrun: Mapping[str, str] | None = None,
) -> Scene:
    """Gather what the views of this moment need."""
    asking = (code.cell for code in now.lesson.code_cells if gate.open_questions(code, now.history))
    return Scene(
        now=now,
        running=running,
        stale=gate.stale_cells(now.lesson, now.history),
        opened=gate.opened_cells(now.history).difference(asking),
        refused=refused or {},
        unrun=unrun or {},
    )


def cell_view(scene: Scene, code: CodeCell) -> CellView:
    """Give the view of one code cell."""
    history = scene.history
    locked = gate.is_locked(code, history)
    shown = gate.shown_code(code, scene.opened)
    text = gate.learner_code(code, history)
    section = gate.section_of(scene.lesson, code.cell)
    runnable = scene.lesson.language == "python"
    return CellView(
        id=code.cell,
        anchor=f"cell-{code.cell}",
        section_key=section.key,
        mode="task" if code.task else ("guided-locked" if locked else "editable"),
        heading="Your code" if code.task or not locked else "Code",
        number=1 + scene.lesson.code_cells.index(code),
        code="" if locked else text.rstrip("\n"),
        code_html=highlighted(shown.text, scene.lesson.language) if locked else "",
        test_html=highlighted(_blank_lines_before_test(code) + shown.text) if code.task and shown.text.strip() else "",
        changed=not gate.is_untouched(code, text),
        withheld=shown.withheld,
        run=_run_view(scene, code),
        form=form_fields(code, history, scene.refused.get(code.cell, NOTHING_REFUSED)) if runnable else (),
        ledger=ledger_of(code, history, scene.lesson.misconceptions),
        checks=None if gate.open_questions(code, history) else checks_of(scene.lesson, history, code),
        help=_help(scene, code, section.exercise.support if section.exercise else None),
        missing=_missing(scene, code),
        reference=gate.uses_reference(code, history),
        runnable=runnable,
        unread=next((u.why for u in scene.lesson.unread if scene.lesson.cells[u.cell].id == code.cell), ""),
        instance=drawn.instance_number(code.cell, history),
        offers_again=may_be_asked_again(code, history),
    )


def may_be_asked_again(code: CodeCell, history: History) -> bool:
    """Whether a cell with numbers to draw has run, and each of its predictions has met that run."""
    questions = [question.id for question in code.prompt.questions] if code.prompt else []
    settled, skipped = gate.settled_questions(history), {one for kept in history.commits for one in kept.skipped}
    met = {judged.question for kept in history.runs for judged in kept.judgements} | skipped
    has_run = code.cell in gate.opened_cells(history)
    return has_run and settled.issuperset(questions) and met.issuperset(questions) and drawn.varies(code)


def _blank_lines_before_test(code: CodeCell) -> str:
    """Give the line ends that stand between a learner's text and the test in what runs, so that lines count alike."""
    test = code.task.test.removeprefix("\n") if code.task else ""
    return test[: len(test) - len(test.lstrip("\n"))]


def _run_view(scene: Scene, code: CodeCell) -> RunView:
    lesson, history = scene.lesson, scene.history
    started = gate.latest_start(history, code.cell)
    press = scene.running.get(code.cell)
    if press is not None:
        events = f"/l/{lesson.id}/runs/{press}/events"
        number = started.number if started and started.run is None else (started.number + 1 if started else 1)
        return _no_run(state="running", number=number, events=events)
    # Whoever has started over since has pressed nothing.
    unrun = scene.unrun.get(code.cell, "") if any(kept.cell == code.cell for kept in history.commits) else ""
    # What an earlier run of a task showed would answer what is asked again.
    if started is None or gate.open_questions(code, history):
        return _no_run(state="interrupted" if unrun else "none", number=0, message=unrun)
    if started.run is None:
        message = "foretell was stopped while this cell ran. Your code and predictions are kept; run it again."
        return _no_run(state="interrupted", number=started.number, message=unrun or message)
    state, message = _ending(started)
    return RunView(
        state=state,
        number=started.number,
        seconds=f"{started.run.seconds:.2f} s",
        outputs_html=outputs_html(started.run.outputs, f"/l/{lesson.id}/outputs/{started.id}", started.run.failure),
        message=f"{message} {unrun}".strip(),
        note=_note_on_what_came_before(scene, code, started),
        stale=code.cell in scene.stale,
        events="",
    )


def _no_run(*, state: str, number: int, message: str = "", events: str = "") -> RunView:
    return RunView(
        state=state, number=number, seconds="", outputs_html="", message=message, note="", stale=False, events=events
    )


def _ending(kept: KeptRun) -> tuple[str, str]:
    failure = kept.run.failure if kept.run else None
    if failure is None:
        return "done", ""
    if failure.kind == FailureKind.STOPPED:
        return "stopped", failure.message
    if failure.kind in _ENDED_BY_A_LIMIT:
        return "limit", failure.message
    if failure.kind in _ENDED_BY_A_CRASH:
        return "crashed", failure.message
    return "failed", ""


def _note_on_what_came_before(scene: Scene, code: CodeCell, kept: KeptRun) -> str:
    behind = list(gate.cells_behind(scene.lesson, code.cell))
    failed_then = kept.run.failed_before if kept.run else ()
    notes = []
    given = [earlier for earlier in behind if gate.uses_reference(earlier, scene.history)]
    if given and code.cell not in scene.stale:
        notes.append(f"It used the reference result of {_places(scene, reversed(given))}.")
    failed = [earlier for earlier in behind if earlier.cell in failed_then]
    if raised := [earlier for earlier in failed if _raised(earlier, scene.history)]:
        notes.append(f"It ran on what {_places(scene, raised)} left behind: a cell there stopped with an error.")
    lost = [earlier for earlier in reversed(failed) if earlier not in raised]
    notes += [f"{_cell_above(scene, earlier)} did not come to its end before this one ran." for earlier in lost]
    if code.cell not in scene.stale:
        notes += _notes_on_what_was_left_out(scene, code)
    return " ".join(notes)


def _raised(code: CodeCell, history: History) -> bool:
    """Whether the cell's present text was last seen to raise an error."""
    last = gate.latest_run(history, code.cell)
    failure = last.run.failure if last and last.run else None
    is_present = last is not None and last.code == gate.learner_code(code, history)
    return is_present and failure is not None and failure.kind not in set(FailureKind)


def _notes_on_what_was_left_out(scene: Scene, code: CodeCell) -> Iterator[str]:
    for earlier in gate.cells_above(scene.lesson, code.cell):
        if gate.source_below(earlier, scene.history, code.cell) is not None:
            continue
        last = gate.latest_run(scene.history, earlier.cell)
        failure = last.run.failure if last and last.run else None
        how = "was stopped" if failure and failure.kind == FailureKind.STOPPED else "did not come to an end"
        yield f"{_cell_above(scene, earlier)} {how} and was left out."


def _cell_above(scene: Scene, code: CodeCell) -> str:
    number = 1 + scene.lesson.code_cells.index(code)
    return f"Cell {number} above, in {name_of(scene, code.cell)},"


def _places(scene: Scene, cells: Iterable[CodeCell]) -> str:
    return " and ".join(dict.fromkeys(name_of(scene, code.cell) for code in cells))


def asked_now(scene: Scene, *, again: bool = False) -> frozenset[str]:
    """The questions that are open, by their ids in the lesson; with `again` those that are being asked once more.

    What was seen of them before, or before the lesson was started over, would tell their answers.
    """
    asked = (question.id for code in scene.lesson.code_cells for question in gate.open_questions(code, scene.history))
    return frozenset(drawn.base_id(one) for one in asked if drawn.is_again(one) or not again)


def name_of(scene: Scene, cell: str) -> str:
    """Name the place of a cell for a person: its exercise's number, else its section's title as it may be shown."""
    section = gate.section_of(scene.lesson, cell)
    if section.exercise and section.exercise.number is not None:
        return f"Exercise {section.exercise.number}"
    return gate.shown_title(section, scene.opened) or "the start of the lesson"


def _missing(scene: Scene, code: CodeCell) -> tuple[Missing, ...]:
    return tuple(
        Missing(
            cell=task.cell,
            task=task.task.name if task.task else "",
            section_key=gate.section_of(scene.lesson, task.cell).key,
            section_title=name_of(scene, task.cell),
            names=", ".join(sorted(task.provides & code.needs)),
        )
        for task in gate.missing_tasks(scene.lesson, scene.history, code.cell)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpState:
    """Which help of a task is open and which may be opened now."""

    open: frozenset[Opened]
    available: frozenset[Opened]


def help_state(task: Task, support: Support | None, history: History) -> HelpState:
    """Say what may be opened.

    A further rung opens after a run since the last one; the solution after the hints and a run, after three runs, or
    on giving up.
    """
    opened_at: dict[Opened, datetime] = {o.what: o.at for o in history.openings if o.cell == task.cell}
    runs = [kept.at for kept in history.runs if kept.cell == task.cell and kept.run is not None]
    rungs = _RUNGS[: len(task.hints)]
    available: set[Opened] = {Opened.GIVE_UP}
    upcoming = next((rung for rung in rungs if rung not in opened_at), None)
    newest = max((opened_at[rung] for rung in rungs if rung in opened_at), default=None)
    if upcoming is not None and _may_open_rung(newest, runs, support):
        available.add(upcoming)
    after_hints = upcoming is None and newest is not None and any(at > newest for at in runs)
    if after_hints or len(runs) >= _RUNS_THAT_OPEN_THE_SOLUTION or opened_at.keys() & {Opened.GIVE_UP}:
        available.add(Opened.SOLUTION)
    return HelpState(open=frozenset(opened_at), available=frozenset(available - opened_at.keys()))


def _may_open_rung(newest: datetime | None, runs: list[datetime], support: Support | None) -> bool:
    if newest is None:
        return bool(runs) or support is not Support.INDEPENDENT
    return any(at > newest for at in runs)


def _help(scene: Scene, code: CodeCell, support: Support | None) -> Help | None:
    task = code.task
    if task is None or (not task.hints and task.solution is None and not task.solution_text):
        return None
    state = help_state(task, support, scene.history)
    done = gate.task_done(code, scene.history)
    has_solution = task.solution is not None or bool(task.solution_text)
    solution_open = has_solution and Opened.SOLUTION in state.open
    solution_state = (
        "open" if solution_open else "available" if done or Opened.SOLUTION in state.available else "locked"
    )
    rungs = tuple(
        Rung(
            what=rung.value,
            name=hint.name,
            state="open" if rung in state.open else "available" if rung in state.available else "locked",
            text_html=markdown_html(hint.text) if rung in state.open else "",
        )
        for rung, hint in zip(_RUNGS, task.hints, strict=False)
    )
    return Help(
        rungs=rungs,
        solution_state=solution_state if has_solution else "none",
        solution_html=_solution_html(task) if solution_open else "",
        diff_html=_difference(gate.learner_code(code, scene.history), task) if solution_open else "",
        locked_note=_locked_note(rungs, solution_state) if has_solution else "",
        can_give_up=has_solution and solution_state == "locked",
        why=scene.history.notes.get(f"solution:{code.cell}", ""),
    )


def _solution_html(task: Task) -> str:
    return markdown_html(task.solution_text or f"```python\n{task.solution or ''}\n```")


def _difference(text: str, task: Task) -> str:
    yours, solution = (code.strip("\n").splitlines() for code in (text, task.solution or ""))
    if task.solution is None or yours == solution:
        return ""
    lines = difflib.unified_diff(yours, solution, "yours", "solution", lineterm="", n=20)
    return highlighted("\n".join([*list(lines)[3:], ""]), "diff")


def _locked_note(rungs: tuple[Rung, ...], solution_state: str) -> str:
    if solution_state != "locked":
        return ""
    if any(rung.state == "available" for rung in rungs):
        return "The solution opens after the hints and a run, or after three runs"
    return "More opens after your next run"

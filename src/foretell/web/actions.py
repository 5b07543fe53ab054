"""What a page can do: one function a POST, each returning what the page has to change.

Enters: a player and a form that `app` has already checked. Leaves: JSON for our scripts; for a plain form, a redirect
back to the cell once the work is done. Invariant: nothing is run that is not committed, and nothing committed changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from foretell import gate, loop
from foretell.errors import AnswerError, UsageError
from foretell.judge.answer import read_answer
from foretell.judge.wording import clip
from foretell.loop import Answer
from foretell.model.attempt import History, KeptRun, Opened, SelfMark, Verdict
from foretell.model.lesson import CodeCell, Question, Task
from foretell.model.run import CellSource, Failure
from foretell.web.again import ask_again
from foretell.web.cells import cell_view, help_state, name_of
from foretell.web.drawing import draw_cell
from foretell.web.guard import page_headers
from foretell.web.ledgers import Refused
from foretell.web.posted import Posted
from foretell.web.views import CellView, SectionView

Chosen = TypeVar("Chosen", Opened, SelfMark)

LONGEST_CODE = 200_000
LONGEST_NOTE = 2_000
_LONGEST_SAID = 160


async def run(posted: Posted) -> Response:
    """Lock what was predicted, then run the cell (or, with `to_here`, every cell down to it that asks nothing).

    `blank` says what becomes of questions: "refuse" asks for those left blank, "leave" skips them, "skip" skips all.
    """
    code, player, history = posted.code, posted.player, posted.now.history
    questions = gate.open_questions(code, history)
    answers = _answers(questions, posted.form)
    await _keep_code(posted, code)
    if problem := _what_was_locked_before(code, history, posted.form):
        return await _refuse(posted, Refused(answers=answers, problems={}), problem, 409)
    if not posted.text("anyway") and (problem := await asyncio.to_thread(_what_is_missing, posted, code)):
        return await _refuse(posted, Refused(answers=answers, problems={}), problem, 409)
    form = loop.read_form(questions, {} if posted.text("blank") == "skip" else answers)
    problems = dict(form.problems)
    if posted.text("blank") not in {"skip", "leave"}:
        problems |= dict.fromkeys(form.blank, "No prediction yet. Write one, or run again to go without.")
    if problems:
        return await _refuse(posted, Refused(answers=answers, problems=problems), next(iter(problems.values())), 422)
    cells = await asyncio.to_thread(_cells_to_run, posted, code)
    for place, each in enumerate(cells):
        filled = form if each.cell == code.cell else loop.read_form((), {})
        await asyncio.to_thread(loop.commit, each, filled, player.record, f"{posted.key}:commit:{place}")
    before = await asyncio.to_thread(posted.sections)
    live = player.press(cells, posted.key, lambda: _done(posted, before, code))
    if not posted.wants_fragment:
        await live.done()
        return RedirectResponse(posted.home, 303)
    events = f"/l/{player.lesson.id}/runs/{live.number}/events"
    return JSONResponse({"cell": await posted.cell_html(), "events": events, "problem": None, "announce": "Running."})


async def _refuse(posted: Posted, refused: Refused, problem: str, status: int) -> Response:
    if not posted.wants_fragment:
        page = await asyncio.to_thread(posted.page_html, refused)
        return HTMLResponse(page, status, headers=page_headers(posted.chrome.nonce))
    html = await posted.cell_html(refused)
    return JSONResponse({"cell": html, "events": None, "problem": problem, "announce": problem}, status)


def _what_was_locked_before(code: CodeCell, history: History, form: FormData) -> str:
    """Say that an answer came too late: another one is locked, from another tab."""
    settled = gate.settled_questions(history)
    locked = {prediction.question: prediction.texts for kept in history.commits for prediction in kept.predictions}
    late = _answers(tuple(q for q in (code.prompt.questions if code.prompt else ()) if q.id in settled), form)
    if all(not any(answer.texts) or answer.texts == locked.get(question) for question, answer in late.items()):
        return ""
    return "This was locked before, in another tab or window. What you said then stands; run again to run the cell."


def _answers(questions: tuple[Question, ...], form: FormData) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for question in questions:
        rows = range(len(question.rows) or 1)
        confidence = str(form.get(f"confidence:{question.id}", ""))
        answers[question.id] = Answer(
            texts=tuple(str(form.get(f"answer:{question.id}:{row}", "")) for row in rows),
            confidence=int(confidence) if confidence.isdecimal() and len(confidence) < 4 else None,
        )
    return answers


def _what_is_missing(posted: Posted, code: CodeCell) -> str:
    scene = posted.desk.scene(posted.player)
    missing = gate.missing_tasks(scene.lesson, scene.history, code.cell)
    if not missing:
        return ""
    names = list(dict.fromkeys(name_of(scene, task.cell) for task in missing))
    named = f"{' and '.join(names)}, which {'is' if len(names) == 1 else 'are'} not done yet"
    return f"This cell builds on {named}. Continue with the reference result, or run it anyway."


async def _keep_code(posted: Posted, code: CodeCell) -> None:
    text = posted.form.get("code")
    history = (await posted.player.now()).history
    if not isinstance(text, str) or gate.is_locked(code, history):
        return
    text = _checked_code(text)
    if text != gate.learner_code(code, history):
        await asyncio.to_thread(
            lambda: posted.player.record.save_draft(cell=code.cell, text=text, key=f"{posted.key}:draft")
        )


def _checked_code(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST_CODE:
        raise UsageError(f"The cell holds {len(text):,} characters; foretell keeps up to {LONGEST_CODE:,}. Shorten it.")
    return text


def _cells_to_run(posted: Posted, code: CodeCell) -> tuple[CodeCell, ...]:
    now = posted.player.present()
    lesson, history = now.lesson, now.history
    own = gate.cells_run_with(lesson, history, code)
    if not posted.text("to_here"):
        return own
    place = next(place for place, each in enumerate(lesson.code_cells) if each.cell == code.cell)
    above = [each for each in lesson.code_cells[:place] if not gate.open_questions(each, history)]
    return (*above, *own)


def _done(posted: Posted, before: tuple[SectionView, ...], code: CodeCell) -> dict[str, object]:
    changes = posted.changes(before)
    scene = posted.desk.scene(posted.player)
    view = cell_view(scene, scene.now.code_cell(code))
    drawn = changes.cells | {code.cell: draw_cell(view, posted.chrome, posted.player.lesson.id)}
    return replace(changes, cells=drawn).told(_announcement(view, gate.latest_run(scene.history, code.cell)))


def _announcement(view: CellView, kept: KeptRun | None) -> str:
    failure = kept.run.failure if kept and kept.run else None
    said = {"done": "Run finished.", "failed": _named(failure)}.get(view.run.state, view.run.message)
    if view.ledger is not None:
        compared = [row for row in view.ledger.rows if row.verdict in {"right", "near", "wrong"}]
        if compared:
            hits = sum(row.verdict == "right" for row in compared)
            said += f" {hits} of {len(compared)} prediction{'s' if len(compared) > 1 else ''} matched."
        own = sum(row.verdict == "self" and row.run is not None and not row.mark for row in view.ledger.rows)
        if own:
            said += f" {own} prediction{'s are' if own > 1 else ' is'} for you to compare."
    found = kept.diagnosis.says if kept and kept.diagnosis else ""
    return f"{said} {view.checks.heading}. {clip(found, _LONGEST_SAID)}".strip() if view.checks else said


def _named(failure: Failure | None) -> str:
    if failure is None:
        return "Run ended with an error."
    line = f" in line {failure.line}" if failure.line else ""
    message = f": {clip(failure.message, _LONGEST_SAID)}" if failure.message else ""
    said = f"Run ended with {failure.kind}{line}{message}"
    return said if said.endswith((".", "?", "!", "…")) else f"{said}."


async def stop(posted: Posted) -> Response:
    """Stop what runs."""
    stopped = await posted.player.stop()
    return posted.reply({"announce": "Stopping…" if stopped else "Nothing is running."})


async def draft(posted: Posted) -> Response:
    """Keep the text of an editor."""
    code = posted.code
    if gate.is_locked(code, posted.now.history):
        raise UsageError("This cell opens for editing once it has been run; nothing was saved.")
    text = _checked_code(posted.text("code"))
    await asyncio.to_thread(lambda: posted.player.record.save_draft(cell=code.cell, text=text, key=posted.key))
    scene = await asyncio.to_thread(posted.desk.scene, posted.player)
    return posted.reply({"saved": True, "stale": sorted(scene.stale)})


async def reset(posted: Posted) -> Response:
    """Put the starter back; the text until now stays on record, so the page can undo it."""
    code = posted.code
    original = code.task.starter if code.task else code.source
    before = await asyncio.to_thread(posted.sections)
    if not gate.is_locked(code, posted.now.history):
        await asyncio.to_thread(lambda: posted.player.record.save_draft(cell=code.cell, text=original, key=posted.key))
    changes = await asyncio.to_thread(posted.changes, before)
    return posted.reply(changes.told("Back to the starter.") | {"cell": await posted.cell_html()})


async def read(posted: Posted) -> Response:
    """Say how a typed answer is read; nothing is kept."""
    questions = {q.id: q for code in posted.now.lesson.code_cells if code.prompt for q in code.prompt.questions}
    question, text = questions.get(posted.text("question")), posted.text("text")
    if question is None or not text.strip():
        return JSONResponse({})
    try:
        return JSONResponse({"echo": f"read as {read_answer(text, question).echo.removeprefix('= ')}"})
    except AnswerError as error:
        return JSONResponse({"problem": str(error)})


async def open_help(posted: Posted) -> Response:
    """Open a hint or the solution, where that may be opened now."""
    code, what = posted.code, _one_of(Opened, posted.text("what"))
    section = gate.section_of(posted.now.lesson, code.cell)
    history = posted.now.history
    support = section.exercise.support if section.exercise else None
    if code.task is None or what in {Opened.REFERENCE_ON, Opened.REFERENCE_OFF, Opened.AGAIN}:
        raise UsageError("This cell has no help to open; reload the page.")
    state = help_state(code.task, support, history)
    allowed = state.available | ({Opened.SOLUTION} if gate.task_done(code, history) else frozenset())
    if what not in allowed | state.open:
        raise UsageError("This opens after your next run.")
    if what not in state.open:
        await asyncio.to_thread(lambda: posted.player.record.open_help(cell=code.cell, what=what, key=posted.key))
    if what is Opened.GIVE_UP:
        key = f"{posted.key}:solution"
        await asyncio.to_thread(lambda: posted.player.record.open_help(cell=code.cell, what=Opened.SOLUTION, key=key))
    return posted.reply({"cell": await posted.cell_html(), "announce": f"Opened: {_name_of_help(code.task, what)}."})


def _name_of_help(task: Task, what: Opened) -> str:
    rungs = dict(zip((Opened.HINT_1, Opened.HINT_2, Opened.HINT_3), task.hints, strict=False))
    return rungs[what].name if what in rungs else "the solution"


async def reference(posted: Posted) -> Response:
    """Let later cells run on a task's reference result, or on the learner's own code again."""
    code, what = posted.code, _one_of(Opened, posted.text("what"))
    if code.task is None or code.task.solution is None or what not in {Opened.REFERENCE_ON, Opened.REFERENCE_OFF}:
        raise UsageError("This cell has no reference result; reload the page.")
    before = await asyncio.to_thread(posted.sections)
    await asyncio.to_thread(lambda: posted.player.record.open_help(cell=code.cell, what=what, key=posted.key))
    changes = await asyncio.to_thread(posted.changes, before)
    says = "Later cells now use the reference result." if what is Opened.REFERENCE_ON else "Later cells use your code."
    return posted.reply(changes.told(says))


async def mark(posted: Posted) -> Response:
    """Keep the learner's own call on a prediction that nothing could be compared with."""
    own, question = _one_of(SelfMark, posted.text("mark")), posted.text("question")
    run_id = posted.text("run")
    runs = {kept.id: kept for kept in (await posted.player.history()).runs}
    kept = runs.get(int(run_id)) if run_id.isdecimal() and len(run_id) < 12 else None
    left_to_learner = [
        judged.question for judged in (kept.judgements if kept else ()) if judged.verdict is Verdict.SELF
    ]
    if kept is None or question not in left_to_learner:
        raise UsageError("There is no such prediction to judge; reload the page.")
    before = await asyncio.to_thread(posted.sections)
    await asyncio.to_thread(lambda: posted.player.record.mark(question=question, run=kept.id, mark=own, key=posted.key))
    changes = await asyncio.to_thread(posted.changes, before)
    return posted.reply(changes.told("Noted.") | {"cell": changes.cells.get(kept.cell), "cellId": kept.cell})


async def note(posted: Posted) -> Response:
    """Keep the learner's private line about a cell."""
    about, text = posted.text("about"), posted.text("text")
    if len(text) > LONGEST_NOTE:
        raise UsageError(f"The note holds {len(text):,} characters; foretell keeps up to {LONGEST_NOTE:,}. Shorten it.")
    if posted.player.lesson.code_cell(about.removeprefix("solution:")) is None:
        raise UsageError("There is no such place for a note; reload the page.")
    await asyncio.to_thread(lambda: posted.player.record.save_note(about=about, text=text, key=posted.key))
    return posted.reply({"saved": True})


async def complete(posted: Posted) -> Response:
    """Give completions at the cursor, from the state above the cell."""
    prefix = _what_may_be_looked_at(posted)
    found = await posted.player.session.complete(prefix, posted.text("code"), _number(posted.text("cursor")))
    return JSONResponse({"matches": found.matches, "start": found.start, "end": found.end})


async def inspect(posted: Posted) -> Response:
    """Give the documentation of the name at the cursor."""
    prefix = _what_may_be_looked_at(posted)
    text = await posted.player.session.inspect(prefix, posted.text("code"), _number(posted.text("cursor")))
    return JSONResponse({"text": text})


def _what_may_be_looked_at(posted: Posted) -> tuple[CellSource, ...]:
    lesson, history = posted.now.lesson, posted.now.history
    return gate.sources_below(gate.settled_above(lesson, history, posted.code.cell), history)


async def scratch(posted: Posted) -> Response:
    """Run throw-away code."""
    after = posted.text("after") or None
    if after is not None and after not in gate.opened_cells(posted.now.history):
        raise UsageError("A scratch cell starts from a cell that has been run; run that one first.")
    live = posted.player.scratch(_checked_code(posted.text("code")), after)
    return posted.reply({"events": f"/l/{posted.player.lesson.id}/runs/{live.number}/events"})


async def start_over(posted: Posted) -> Response:
    """Begin the lesson anew; what was done stays on record."""
    await posted.player.stop()
    await asyncio.to_thread(lambda: posted.player.record.start_over(key=posted.key))
    return posted.reply({"location": f"/l/{posted.player.lesson.id}"})


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _one_of(kind: type[Chosen], text: str) -> Chosen:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"'{text[:40]}' is not something this page can ask for; reload it.") from None


Action = Callable[[Posted], Awaitable[Response]]

OF_A_CELL: dict[str, Action] = {
    "run": run,
    "draft": draft,
    "reset": reset,
    "help": open_help,
    "reference": reference,
    "again": ask_again,
    "complete": complete,
    "inspect": inspect,
}
OF_A_LESSON: dict[str, Action] = {
    "stop": stop,
    "read": read,
    "mark": mark,
    "note": note,
    "scratch": scratch,
    "start-over": start_over,
}

"""Asking once more: a new instance of a cell's questions, with new numbers where the cell draws them.

Enters: a checked POST. Leaves: what the page has to change; for a plain form, the way to the cell. Invariant: one
instance is opened for one request, however often and from however many tabs it comes.
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from foretell import drawn, gate
from foretell.due import due_questions
from foretell.errors import UsageError
from foretell.model.attempt import History
from foretell.web.cells import may_be_asked_again
from foretell.web.posted import Posted


async def ask_again(posted: Posted) -> Response:
    """Put the questions of a cell once more: all of them with new numbers, or (with `due`) those that are due.

    `after` is the instance that the page showed: where a newer one is open already, nothing is opened.
    """
    before = await asyncio.to_thread(posted.sections)
    await asyncio.to_thread(_open_instance, posted)
    changes = await asyncio.to_thread(posted.changes, before)
    numbers = "with new numbers" if drawn.varies(posted.code) else "with the same numbers"
    return posted.reply(changes.told(f"Asked again, {numbers}. Predict, then run."))


def _open_instance(posted: Posted) -> None:
    code, now = posted.code, posted.now
    is_old = posted.text("after") != str(drawn.instance_number(code.cell, now.record))
    if is_old or (gate.open_questions(code, now.history) and now.past.get(code.cell)):
        return
    questions = _due_here(posted) if posted.text("due") else ()
    if not posted.text("due") and not may_be_asked_again(code, now.history):
        raise UsageError("This cell is asked again once its predictions have met a run; run it first.")
    key = f"again:{code.cell}:{_last_commit(code.cell, now.record)}"
    posted.player.record.ask_again(cell=code.cell, questions=questions, key=key)


def _due_here(posted: Posted) -> tuple[str, ...]:
    due = due_questions(posted.player.lesson, posted.now.record, posted.desk.store.now())
    questions = tuple(one.question for one in due if one.cell == posted.cell)
    if not questions:
        raise UsageError("Nothing of this cell is to be asked again today; reload the page.")
    return questions


def _last_commit(cell: str, history: History) -> int:
    """The commit after which the cell is asked again: there is one more before it can be once more."""
    return max((commit.id for commit in history.commits if commit.cell == cell), default=0)

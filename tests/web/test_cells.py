from dataclasses import replace

import pytest

from foretell import gate, loop
from foretell.library import open_lesson
from foretell.model.attempt import History
from foretell.model.lesson import AnswerKind, CodeCell, Question
from foretell.model.run import CellSource, Failure, FailureKind, Run
from foretell.web.cells import cell_view, scene_of
from foretell.web.ledgers import Refused, form_fields
from lessons_for_tests import MemoryRecord, asking_cell, lesson_of, plain_cell, ran

LESSON = open_lesson("nn-module").lesson
TASKS = [code for code in LESSON.code_cells if code.task and code.task.test]


@pytest.mark.parametrize("code", TASKS, ids=lambda code: code.cell)
def test_the_test_below_a_learners_text_counts_on_from_it_as_what_runs_does(code):
    runs = gate.joined(code, "first = 1\nsecond = 2\n").splitlines()
    shown = cell_view(scene_of(LESSON, History(), {}), code).test_html
    lines_before_code = shown.split('<span class="line">')[1:]
    blank = next(place for place, line in enumerate(lines_before_code) if line.strip().removesuffix("</span>"))
    assert all(not line for line in runs[2 : 2 + blank])
    assert runs[2 + blank]


def test_an_order_is_written_out_and_a_choice_is_picked():
    things = ("load", "train", "save")
    asked = [Question(id=kind, ask="?", kind=kind, choices=things) for kind in (AnswerKind.ORDER, AnswerKind.CHOICE)]
    order, choice = form_fields(asking_cell("a", *asked), History(), Refused(answers={}, problems={}))
    assert (order.choices, order.to_order) == ((), things)
    assert (choice.choices, choice.to_order) == (things, ())


ABOVE, BELOW, USING = plain_cell("a", provides="x"), plain_cell("b"), plain_cell("u", needs="x")
SMALL = lesson_of(ABOVE, BELOW, USING)
STOPPED = Failure(kind=FailureKind.STOPPED, message="Stopped.")


def played(record: MemoryRecord, code: CodeCell, run: Run | None) -> None:
    """Put a run on record as it is when it is made now; None for one that never ended."""
    allowed = loop.commit(code, loop.read_form((), {}), record, f"{code.cell}{len(record.history().runs)}")
    history = record.history()
    text = gate.learner_code(code, history)
    source = CellSource(cell=code.cell, text=gate.joined(code, text))
    state = gate.state_key(gate.prefix_of(SMALL, history, code.cell), source)
    kept = record.start_run(cell=code.cell, commit=allowed.id, code=text, state=state, key="")
    if run is not None:
        record.finish_run(kept.id, run, ())


def view(record: MemoryRecord, code: CodeCell, **unrun: str):
    return cell_view(scene_of(SMALL, record.history(), {}, unrun=unrun), code).run


@pytest.mark.parametrize(
    ("kind", "says"),
    [(FailureKind.STOPPED, "was stopped and was left out"), (FailureKind.TIME, "did not come to an end and was left")],
)
def test_a_cell_says_which_cell_above_was_left_out_be_it_that_it_uses_no_name_of_it(kind, says):
    record = MemoryRecord()
    played(record, ABOVE, ran("a", failure=Failure(kind=kind, message="")))
    for code in (BELOW, USING):
        played(record, code, ran(code.cell))
        assert view(record, code).note.startswith("Cell 1 above, in Exercise 1, ")
        assert says in view(record, code).note


def test_a_run_from_before_the_cell_above_was_stopped_left_nothing_out():
    record = MemoryRecord()
    played(record, ABOVE, ran("a"))
    played(record, USING, ran("u"))
    played(record, ABOVE, ran("a", failure=STOPPED))
    seen = view(record, USING)
    assert (seen.stale, seen.note) == (True, "")


@pytest.mark.parametrize(("kind", "is_error"), [("NameError", True), (FailureKind.STOPPED, False), (None, False)])
def test_only_a_cell_that_raised_is_said_to_have_stopped_with_an_error(kind, is_error):
    record = MemoryRecord()
    played(record, ABOVE, ran("a", failure=Failure(kind=kind, message="") if kind else None))
    played(record, USING, replace(ran("u"), failed_before=("a",)))
    note = view(record, USING).note
    assert ("stopped with an error" in note) == is_error
    assert ("Cell 1 above" in note) != is_error


def test_why_a_press_ran_nothing_stands_in_the_cell_beside_what_was_shown_before():
    record = MemoryRecord()
    assert view(record, BELOW, b="Not run.").state == "none"
    loop.commit(BELOW, loop.read_form((), {}), record, "k")
    assert (view(record, BELOW, b="Not run.").state, view(record, BELOW, b="Not run.").message) == (
        "interrupted",
        "Not run.",
    )
    played(record, BELOW, ran("b"))
    assert (view(record, BELOW, b="Not run.").state, view(record, BELOW, b="Not run.").message) == ("done", "Not run.")
    played(record, BELOW, None)
    assert "foretell was stopped while" in view(record, BELOW).message
    assert view(record, BELOW, b="No processes are left.").message == "No processes are left."

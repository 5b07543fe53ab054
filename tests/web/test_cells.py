import pytest

from foretell import gate
from foretell.library import open_lesson
from foretell.model.attempt import History
from foretell.model.lesson import AnswerKind, Question
from foretell.web.cells import cell_view, scene_of
from foretell.web.ledgers import Refused, form_fields
from lessons_for_tests import asking_cell

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

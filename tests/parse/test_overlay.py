from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import asks_at, code, code_at, lesson_of, md, task_at

from foretell.errors import LessonError, OverlayError
from foretell.model.belief import Build, Given, Probing, Vary
from foretell.model.lesson import NO_LIMITS, AnswerKind, LessonLimits, Tolerance
from foretell.parse.overlay import read_overlay

AIMED = '[[question]]\nbefore = "a"\nask = "What?"\nkind = "shape"\ntarget = "x"\n'
BELIEF = '[[question.misconception]]\nid = "swapped"\nleads_to = "x[0]"\n'
TASK = '[task.Net]\ncell = "a"\n'
QUESTION = '[[question]]\nbefore = "a"\nask = "What?"\nkind = "shape"\n'


def overlay(body: str) -> str:
    return f"schema = 1\n\n{body}"


def test_a_question_is_read_with_all_it_may_say() -> None:
    body = (
        '[[question]]\nbefore = "ex1"\nask = " How far? "\nkind = "choice"\ntarget = "x.shape[0]"\n'
        'choices = ["near", "far"]\ntolerance = { absolute = 1e-5, relative = 0.05 }\n'
        'aside = "Look up."\nrows = "sizes"\n'
    )
    (question,) = read_overlay(overlay(body)).questions
    assert (question.line, question.before, question.ask, question.kind) == (3, "ex1", "How far?", AnswerKind.CHOICE)
    assert (question.target, question.choices, question.rows) == ("x.shape[0]", ("near", "far"), "sizes")
    assert (question.tolerance, question.aside) == (Tolerance(absolute=1e-5, relative=0.05), "Look up.")


def test_a_task_is_read_with_all_it_may_say() -> None:
    body = '[task.Net]\ncell = 4\nhints = ["here", "this"]\nwhy = "So."\ntest_cells = ["t"]\n'
    (task,) = read_overlay(overlay(body)).tasks
    assert (task.line, task.name, task.cell, task.hints) == (3, "Net", "4", ("here", "this"))
    assert (task.why, task.test_cells) == ("So.", ("t",))
    assert task.probing == Probing()


def test_the_probes_of_a_task_are_read_as_they_are_written() -> None:
    body = TASK + (
        'builds = [\n  { make = " Net(3) ", inputs = [[5, 10], []] },\n'
        '  { make = "fold(model)", given = { model = "nn.Linear(4, 6)", x = [5, 3] } },\n]\n'
        'expressions = ["net[0].weight.shape"]\nsays = "folds\\n the stack"\n'
    )
    (task,) = read_overlay(overlay(body)).tasks
    folded = (Given(name="model", make="nn.Linear(4, 6)"), Given(name="x", shape=(5, 3)))
    assert task.probing == Probing(
        builds=(Build(make="Net(3)", inputs=((5, 10), ())), Build(make="fold(model)", given=folded)),
        expressions=("net[0].weight.shape",), says="folds the stack",
    )  # fmt: skip


def test_the_beliefs_of_a_question_are_read_with_their_lines() -> None:
    first, second = read_overlay(overlay(AIMED + BELIEF + "\n" + BELIEF + AIMED)).questions
    assert [(one.line, one.misconception, one.leads_to) for one in first.beliefs] == [
        (8, "swapped", "x[0]"), (12, "swapped", "x[0]"),
    ]  # fmt: skip
    assert second.beliefs == ()


def test_numbers_to_vary_are_read_and_asked_with_those_of_the_cell() -> None:
    body = '[[question]]\nbefore = 0\nask = "Is {n} {more}?"\nkind = "number"\n[question.vary]\nn = [2, 64]\n'
    prompt = code_at(lesson_of(code("n = 7\nm = n"), overlay=overlay(body)), 0).prompt
    assert prompt is not None
    (question,) = prompt.questions
    assert (question.ask, question.template) == ("Is 7 {more}?", "Is {n} {more}?")
    assert question.vary == (Vary(name="n", low=2, high=64),)


@pytest.mark.parametrize(
    "source", ["n = 7.0", "n = True", "n = f(7)", "if x:\n    n = 7", "m = 7", "n = 7\nn = 8", "n = m = 7", "n ="]
)
def test_a_number_to_vary_is_set_once_at_the_top_of_its_cell(source: str) -> None:
    body = '[[question]]\nbefore = 0\nask = "Is {n}?"\nkind = "number"\n\n[question.vary]\nn = [2, 64]\n'
    with pytest.raises(OverlayError, match=r"line 8: \[question.vary\] draws `n`.*`n = 2`"):
        lesson_of(code(source), overlay=overlay(body))


def test_numbers_are_not_drawn_in_the_code_of_a_task() -> None:
    body = '[[question]]\nbefore = 0\nask = "Is {n}?"\nkind = "number"\n\n[question.vary]\nn = [2, 64]\n'
    with pytest.raises(OverlayError, match=r"line 8: \[question.vary\] draws numbers in cell '0', which is a task"):
        lesson_of(code("n = 7\nm = None  # TODO: twice n\nassert m == 14"), overlay=overlay(body))


def test_two_questions_draw_one_number_from_ranges_that_overlap() -> None:
    asks = '[[question]]\nbefore = 0\nask = "Is {{n}}?"\nkind = "number"\n[question.vary]\nn = [{}, {}]\n'
    lesson_of(code("n = 7"), overlay=overlay(asks.format(2, 50) + asks.format(50, 60)))
    with pytest.raises(OverlayError, match=r"line 13: .* draws `n` from 50 to 60, and another .* from 2 to 5\."):
        lesson_of(code("n = 7"), overlay=overlay(asks.format(2, 5) + asks.format(50, 60)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema = ", "line 1"),
        ("", "line 1: no `schema`"),
        ("schema = 2", "line 1: unknown `schema` 2"),
        ("schema = true", "line 1: unknown `schema` True"),
        (overlay("colour = 3\n"), "line 3: unknown key `colour`"),
        (overlay("question = 3\n"), "line 3: `question` is not"),
        (overlay("task = 3\n"), "line 3: `task` is not"),
        (overlay("[task]\nNet = 3\n"), "line 3: `task` is not"),
        (overlay(QUESTION + 'colour = "red"\n'), "line 7: unknown key `colour` in \\[\\[question\\]\\]"),
        (overlay(QUESTION + QUESTION + 'colour = "red"\n'), "line 11: unknown key `colour`"),
        (overlay(QUESTION + "\n  [question.vary]\n  n = [2]\n"), "line 9: `n` is not understood in"),
        (overlay(QUESTION + "vary = 3\n"), "line 7: `vary` is not a table"),
        (overlay(QUESTION + "vary.n = [9, 2]\n"), "line 7: `n` is not understood"),
        (overlay(QUESTION + "vary.n = [true, 2]\n"), "line 7: `n` is not understood"),
        (overlay(QUESTION + '[[question.misconception]]\nid = "a"\nleads_to = "1"\n'), "line 7: `misconception` where"),
        (overlay(AIMED + '[question.misconception]\nid = "a"\n'), "line 8: `misconception` is not a list"),
        (overlay(AIMED + '[[question.misconception]]\nid = "a"\n'), "line 8: no `leads_to`"),
        (overlay(AIMED + BELIEF + BELIEF.replace('"x[0]"', '"x["')), "line 13: `leads_to` is no Python expression"),
        (overlay(AIMED + BELIEF + BELIEF + "says = 1\n"), "line 14: unknown key `says` in \\[\\[question.misc"),
        (overlay(AIMED + BELIEF + AIMED + BELIEF.replace("id", "it")), "line 17: unknown key `it`"),
        (overlay(TASK + "builds = 3\n"), "line 5: `builds` is not a list of tables"),
        (overlay(TASK + 'builds = [{ makes = "N()" }]\n'), "line 5: unknown key `makes` in builds of"),
        (
            overlay(TASK + 'why = ""\nbuilds = [\n  { make = "N()", inputs = [[1]] },\n  { make = "N(" },\n]\n'),
            "line 7: `make` is no",
        ),
        (overlay(TASK + 'builds = [{ make = "N()" }]\n'), "line 5: a build has neither"),
        (overlay(TASK + 'builds = [{ make = "N()", inputs = [[5, -1]] }]\n'), "line 5: `inputs` is not a list of"),
        (overlay(TASK + 'builds = [{ make = "N()", inputs = [5, 1] }]\n'), "line 5: `inputs` is not a list of"),
        (overlay(TASK + 'builds = [{ make = "N()", given = 3 }]\n'), "line 5: `given` is not a table"),
        (overlay(TASK + 'builds = [{ make = "N()", given = { x = "a b" } }]\n'), "line 5: `x` is neither"),
        (overlay(TASK + 'builds = [{ make = "N()", given = { "x y" = [1] } }]\n'), "line 5: `given` has 'x y'"),
        (overlay(TASK + 'expressions = ["a", "b c"]\n'), "line 5: `expressions` holds what is no Python"),
        (overlay(TASK + "says = 1\n"), "line 5: `says` is not a text"),
        (overlay('[[question]]\nask = "What?"\nkind = "shape"\n'), "line 3: no `before`"),
        (overlay('[[question]]\nbefore = "a"\nkind = "shape"\n'), "line 3: no `ask`"),
        (overlay('[[question]]\nbefore = "a"\nask = 3\nkind = "shape"\n'), "line 5: `ask` is not a text"),
        (overlay('[[question]]\nbefore = "a"\nask = "What?"\nkind = "size"\n'), "line 6: unknown kind 'size'"),
        (overlay('[[question]]\nbefore = "a"\nask = "What?"\nkind = "choice"\n'), "line 3: no `choices`"),
        (overlay(QUESTION + 'choices = "ab"\n'), "line 7: `choices` is not a list"),
        (overlay(QUESTION + 'target = "x ="\n'), "line 7: `target` is no Python expression"),
        (overlay(QUESTION + 'target = "x) + (y"\n'), "line 7: `target` is no Python expression"),
        (overlay(QUESTION + 'rows = "a b"\n'), "line 7: `rows` is not a name"),
        (overlay(QUESTION + "tolerance = 3\n"), "line 7: `tolerance`"),
        (overlay(QUESTION + "tolerance = { about = 3 }\n"), "line 7: `tolerance`"),
        (overlay(QUESTION + "tolerance = { absolute = -1 }\n"), "line 7: `tolerance`"),
        (overlay("[task.Net]\nhints = []\n"), "line 3: no `cell`"),
        (overlay('[task.Net]\ncell = "a"\nhint = "x"\n'), "line 5: unknown key `hint`"),
        (overlay('[task.Net]\ncell = "a"\nhints = ["1", "2", "3", "4"]\n'), "line 5: 4 hints"),
        (overlay('[task.A]\ncell = "a"\n\n[task.B]\ncell = "b"\nwhy = 1\n'), "line 8: `why` is not a text"),
        ("schema = 1\nlimits = 3\n", "line 2: `limits` is not a table"),
        ("schema = 1\nlimits = { memory = 3 }\n", "line 2: unknown key `memory` in \\[limits\\]"),
        (overlay(QUESTION + "\n[limits]\nwall_seconds = 20\nwall = 1\n"), "line 10: unknown key `wall` in"),
        (overlay("[limits]\nmemory_mb = 1.5\n"), "line 4: `memory_mb` is not a whole number"),
        (overlay("[limits]\nprocesses = true\n"), "line 4: `processes` is not a whole number"),
        (overlay('[limits]\nopen_files = "many"\n'), "line 4: `open_files` is not a whole number"),
        (overlay("[limits]\nwall_seconds = nan\n"), "line 4: `wall_seconds` is nan"),
        (overlay("[limits]\nwall_seconds = 0\n"), "line 4: `wall_seconds` is 0"),
        (overlay("[limits]\n\nfile_mb = 9999999999999999999\n"), "line 5: `file_mb` is 9999999999999999999"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(OverlayError, match=says):
        read_overlay(text)


def test_limits_are_read_as_they_are_written_and_reach_the_lesson() -> None:
    body = (
        "[limits]\nwall_seconds = 2.5\ncpu_seconds = 2\nmemory_mb = 2048\nprocesses = 4\nopen_files = 9\n"
        "file_mb = 1\noutput_kb = 10\npicture_mb = 3\npicture_pixels = 1000\n"
    )
    said = LessonLimits(
        wall_seconds=2.5, cpu_seconds=2, memory_mb=2048, processes=4, open_files=9, file_mb=1, output_kb=10,
        picture_mb=3, picture_pixels=1000,
    )  # fmt: skip
    assert read_overlay(overlay(body)).limits == said
    assert lesson_of(code("x = 1"), overlay=overlay(body)).limits == said
    assert lesson_of(code("x = 1"), overlay=overlay("")).limits == lesson_of(code("x = 1")).limits == NO_LIMITS


@given(st.text(max_size=200))
def test_no_text_makes_the_overlay_reader_raise_anything_else(text: str) -> None:
    refused = ""
    try:
        read_overlay(text)
    except OverlayError as error:
        refused = str(error)
    assert "lesson.toml" in refused or "schema" in text


CELLS = (
    md("# T"),
    md("## Exercise 1: One (Guided)\n\n**Before running, predict:**\n- How many?"),
    code("sizes = [(3, 1), (784, 128)]\nprint(len(sizes))"),
    code("total = None  # TODO\n"),
    code("assert total == 3"),
)


def test_the_questions_of_an_overlay_are_the_questions_of_its_cell() -> None:
    lesson = lesson_of(
        *CELLS,
        overlay=overlay('[[question]]\nbefore = "2"\nask = "Two?"\nkind = "yes-no"\ntarget = "len(sizes) == 2"\n'),
    )
    prompt = code_at(lesson, 2).prompt
    assert prompt is not None
    assert [(question.ask, question.kind, question.target) for question in prompt.questions] == [
        ("Two?", AnswerKind.YES_NO, "len(sizes) == 2")
    ]
    assert prompt.stands_in == lesson.cells[1].id
    assert prompt.questions[0].id == f"{lesson.cells[2].id}-q1"


def test_an_overlay_may_ask_where_the_notebook_does_not() -> None:
    lesson = lesson_of(*CELLS, overlay=overlay('[[question]]\nbefore = 4\nask = "Does it hold?"\nkind = "yes-no"\n'))
    prompt = code_at(lesson, 4).prompt
    assert prompt is not None
    assert prompt.stands_in == lesson.cells[4].id
    assert asks_at(lesson, 2) == ["How many?"]


def test_an_overlay_may_move_a_question_to_the_cell_that_settles_it() -> None:
    lesson = lesson_of(*CELLS, overlay=overlay('[[question]]\nbefore = 4\nask = "How many?"\nkind = "number"\n'))
    prompt = code_at(lesson, 4).prompt
    assert prompt is not None
    assert prompt.stands_in == lesson.cells[1].id
    assert asks_at(lesson, 2) == []


def test_rows_are_the_literals_of_the_list_in_the_cell() -> None:
    body = '[[question]]\nbefore = 2\nask = "Shape?"\nkind = "shape"\nrows = "sizes"\ntarget = "row"\n'
    prompt = code_at(lesson_of(*CELLS, overlay=overlay(body)), 2).prompt
    assert prompt is not None
    assert prompt.questions[0].rows == ("(3, 1)", "(784, 128)")


@pytest.mark.parametrize("name", ["other", "len"])
def test_rows_that_the_cell_does_not_set_are_refused(name: str) -> None:
    body = f'[[question]]\nbefore = 2\nask = "Shape?"\nkind = "shape"\nrows = "{name}"\n'
    with pytest.raises(OverlayError, match=f"line 3.*`{name}`"):
        lesson_of(*CELLS, overlay=overlay(body))


@pytest.mark.parametrize(
    "body",
    [
        '[[question]]\nbefore = "nowhere"\nask = "?"\nkind = "open"\n',
        '[[question]]\nbefore = 9\nask = "?"\nkind = "open"\n',
        '[task.total]\ncell = "nowhere"\n',
        '[task.total]\ncell = 3\ntest_cells = ["nowhere"]\n',
    ],
)
def test_a_cell_that_is_not_there_is_refused_and_the_known_ones_are_named(body: str) -> None:
    with pytest.raises(OverlayError, match=r"line 3.*not there.*0 \(c"):
        lesson_of(*CELLS, overlay=overlay(body))


def test_a_question_cannot_be_settled_by_markdown() -> None:
    with pytest.raises(OverlayError, match=r"line 3.*no code cell"):
        lesson_of(*CELLS, overlay=overlay('[[question]]\nbefore = 0\nask = "?"\nkind = "open"\n'))


def test_an_overlay_names_a_task_and_gives_its_hints() -> None:
    body = '[task.Sum]\ncell = 3\nhints = ["Look here", "Add"]\nwhy = "Because."\n'
    task = task_at(lesson_of(*CELLS, overlay=overlay(body)), 3)
    assert (task.name, task.why) == ("Sum", "Because.")
    assert [(hint.name, hint.text) for hint in task.hints] == [("Where to look", "Look here"), ("The idea", "Add")]
    assert len(task.test_cells) == 1


def test_an_overlay_makes_a_task_of_a_cell_that_has_no_gap() -> None:
    task = task_at(lesson_of(*CELLS, overlay=overlay("[task.Sizes]\ncell = 2\n")), 2)
    assert (task.starter, task.test) == ("sizes = [(3, 1), (784, 128)]\nprint(len(sizes))", "")


def test_two_tasks_of_an_overlay_cannot_share_a_cell() -> None:
    with pytest.raises(OverlayError, match=r"line 6.*task\.A"):
        lesson_of(*CELLS, overlay=overlay("[task.A]\ncell = 3\n\n[task.B]\ncell = 3\n"))


def test_a_solution_file_wins_and_must_belong_to_a_task() -> None:
    assert task_at(lesson_of(*CELLS, total="total = 1 + 2"), 3).solution == "total = 1 + 2\n"
    with pytest.raises(LessonError, match=r"'other'.*total"):
        lesson_of(*CELLS, other="x = 1")
    with pytest.raises(LessonError, match="'total' is not Python"):
        lesson_of(*CELLS, total="x = = 1")


def test_the_revision_changes_with_every_file_and_only_then() -> None:
    plain = lesson_of(*CELLS)
    assert plain.revision == lesson_of(*CELLS).revision
    others = [lesson_of(*CELLS, overlay="schema = 1"), lesson_of(*CELLS, total="total = 3"), lesson_of(*CELLS[:-1])]
    assert len({plain.revision, *(lesson.revision for lesson in others)}) == 4

"""What may be seen, what a run starts from, what is stale or missing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from foretell import gate
from foretell.model.attempt import CheckVerdict, Diagnosis, Opened
from foretell.model.belief import Build, Probing
from foretell.model.lesson import CodeCell, Piece
from foretell.model.run import CellSource, Failure, Run
from lessons_for_tests import SECRET, MemoryRecord, asking_cell, lesson_of, plain_cell, question, ran, run_of, task_cell


def test_a_withheld_line_end_leaves_the_line():
    code = CodeCell(
        cell="c",
        source="print(x)  # [5, 10]\nprint(y)\n",
        pieces=(Piece(text="print(x)"), Piece(text="  # [5, 10]\n", withheld=True), Piece(text="print(y)\n")),
    )
    shown = gate.shown_code(code, frozenset())
    assert shown.text == "print(x)\nprint(y)"
    assert shown.withheld == 1


def test_the_full_cell_is_shown_after_its_run():
    record, lesson = MemoryRecord(), lesson_of(asking_cell("c"))
    assert SECRET not in gate.shown_code(lesson.code_cells[0], gate.opened_cells(record.history())).text
    run_of(record, lesson, "c")
    assert SECRET in gate.shown_code(lesson.code_cells[0], gate.opened_cells(record.history())).text


def test_a_run_that_never_ended_opens_nothing():
    record = MemoryRecord()
    made = record.commit(cell="c", predictions=(), skipped=(), key="k")
    record.start_run(cell="c", commit=made.id, code="", state="s", key="r")
    assert gate.opened_cells(record.history()) == frozenset()


def test_an_edit_above_makes_what_is_below_stale_and_undoing_it_does_not():
    record, lesson = MemoryRecord(), lesson_of(plain_cell("a", source="x = 1"), plain_cell("b", source="x"))
    run_of(record, lesson, "a")
    run_of(record, lesson, "b")
    assert gate.stale_cells(lesson, record.history()) == frozenset()
    record.save_draft("a", "x = 2")
    assert gate.stale_cells(lesson, record.history()) == {"a", "b"}
    record.save_draft("a", "x = 1")
    assert gate.stale_cells(lesson, record.history()) == frozenset()


def test_a_cell_that_builds_on_an_open_task_says_so_through_other_cells():
    task, between = task_cell("t", provides="Net"), plain_cell("m", needs="Net", provides="model")
    lesson = lesson_of(task, between, plain_cell("u", needs="model"), plain_cell("v", needs="torch"))
    history = MemoryRecord().history()
    assert [code.cell for code in gate.missing_tasks(lesson, history, "u")] == ["t"]
    assert gate.missing_tasks(lesson, history, "v") == ()


def test_a_name_given_anew_is_not_missing():
    lesson = lesson_of(
        task_cell("t", provides="model"), plain_cell("m", provides="model"), plain_cell("u", needs="model")
    )
    assert gate.missing_tasks(lesson, MemoryRecord().history(), "u") == ()


def test_a_tasks_own_test_cell_needs_no_reference_result_once_something_was_written():
    lesson = lesson_of(task_cell("t", provides="Block", test_cells=("u",)), plain_cell("u", needs="Block"))
    record = MemoryRecord()
    assert [code.cell for code in gate.missing_tasks(lesson, record.history(), "u")] == ["t"]
    record.save_draft("t", "class Block: ...")
    assert gate.missing_tasks(lesson, record.history(), "u") == ()


def test_the_reference_result_stands_in_below_and_never_in_the_tasks_own_cell():
    record, lesson = MemoryRecord(), lesson_of(task_cell("t", provides="answer"), plain_cell("u", needs="answer"))
    record.open_help("t", Opened.REFERENCE_ON)
    prefix = gate.prefix_of(lesson, record.history(), "u")
    assert prefix[0].text.startswith("answer = 1\n")
    assert gate.learner_code(lesson.code_cells[0], record.history()) == "pass"
    assert gate.missing_tasks(lesson, record.history(), "u") == ()


def test_what_the_learner_has_not_been_shown_leaves_no_source_in_their_process():
    record = MemoryRecord()
    lesson = lesson_of(plain_cell("a"), plain_cell("b"), task_cell("t", provides="answer"), plain_cell("u"))
    run_of(record, lesson, "a")
    record.open_help("t", Opened.REFERENCE_ON)
    kept = {source.cell: source.keeps_source for source in gate.prefix_of(lesson, record.history(), "u")}
    assert kept == {"a": True, "b": False, "t": False}


def test_a_cell_that_never_ended_is_left_out_below_until_its_text_changes():
    record, lesson = MemoryRecord(), lesson_of(plain_cell("a", source="while True: pass"), plain_cell("b"))
    run_of(record, lesson, "a", ran("a", failure=Failure(kind="stopped", message="Stopped.")))
    assert gate.prefix_of(lesson, record.history(), "b") == ()
    run_of(record, lesson, "b")
    record.save_draft("a", "pass")
    assert [source.text for source in gate.prefix_of(lesson, record.history(), "b")] == ["pass"]
    assert "b" in gate.stale_cells(lesson, record.history())


def test_a_cell_that_failed_with_an_exception_stays_in_the_past_of_the_next():
    record, lesson = MemoryRecord(), lesson_of(plain_cell("a"), plain_cell("b"))
    run_of(record, lesson, "a", ran("a", failure=Failure(kind="NameError", message="no")))
    assert [source.cell for source in gate.prefix_of(lesson, record.history(), "b")] == ["a"]


def test_a_task_that_gets_done_takes_its_reference_results_place():
    record, lesson = MemoryRecord(), lesson_of(task_cell("t", provides="answer"), plain_cell("u", needs="answer"))
    record.open_help("t", Opened.REFERENCE_ON)
    record.save_draft("t", "answer = 7")
    run_of(record, lesson, "t", ran("t", asserts=(True,)))
    assert gate.prefix_of(lesson, record.history(), "u")[0].text.startswith("answer = 7\n")


def test_an_untouched_starter_is_never_done_even_where_its_checks_pass():
    record, lesson = MemoryRecord(), lesson_of(task_cell("t", provides="answer"))
    run_of(record, lesson, "t", ran("t", asserts=(True,)))
    assert not gate.task_done(lesson.code_cells[0], record.history())


def test_a_task_is_done_only_with_the_code_that_ran():
    record, lesson = MemoryRecord(), lesson_of(task_cell("t", provides="answer"))
    record.save_draft("t", "answer = 7")
    run_of(record, lesson, "t", ran("t", asserts=(True,)))
    assert gate.task_done(lesson.code_cells[0], record.history())
    record.save_draft("t", "answer = 8")
    assert not gate.task_done(lesson.code_cells[0], record.history())


def test_a_failed_check_or_an_exception_leaves_a_task_open():
    for result in (ran("t", asserts=(True, False)), ran("t", failure=Failure(kind="NameError", message="no"))):
        record, lesson = MemoryRecord(), lesson_of(task_cell("t", provides="answer"))
        record.save_draft("t", "answer = 7")
        run_of(record, lesson, "t", result)
        assert not gate.task_done(lesson.code_cells[0], record.history())


def test_what_a_check_found_of_the_present_code_decides_whether_a_task_is_done():
    found = {verdict: is_done_with(verdict) for verdict in (None, *CheckVerdict)}
    assert found == {None: False, "right": True, "wrong": False, "stopped": False, "error": False}


def test_what_a_check_found_says_nothing_of_other_code_nor_of_a_run_that_failed():
    assert not is_done_with(CheckVerdict.RIGHT, result=ran("t", failure=Failure(kind="NameError", message="no")))
    assert not is_done_with(CheckVerdict.RIGHT, result=ran("t", asserts=(False,)))
    assert not is_done_with(CheckVerdict.RIGHT, written_later="answer = 8")
    assert not is_done_with(CheckVerdict.RIGHT, text="pass")


def test_a_task_that_is_judged_by_what_code_does_waits_for_its_check():
    record, code = MemoryRecord(), task_cell("t", provides="answer")
    assert code.task is not None
    judged = replace(code, task=replace(code.task, probing=Probing(builds=(Build(make="answer", inputs=((1,),)),))))
    record.save_draft("t", "answer = 7")
    run_of(record, lesson_of(judged), "t", ran("t", asserts=(True,)))
    assert not gate.task_done(judged, record.history())
    record.finish_check(record.history().runs[-1].id, found_as(CheckVerdict.RIGHT))
    assert gate.task_done(judged, record.history())


def test_code_that_could_not_be_checked_is_judged_by_the_asserts_of_the_notebook():
    record, code = MemoryRecord(), task_cell("t", provides="answer")
    record.save_draft("t", "answer = 7")
    run_of(record, lesson_of(code), "t", ran("t", asserts=(True,)))
    record.finish_check(record.history().runs[-1].id, found_as(CheckVerdict.ERROR))
    assert gate.task_done(code, record.history())


def is_done_with(
    verdict: CheckVerdict | None, *, text: str = "answer = 7", result: Run | None = None, written_later: str = ""
) -> bool:
    """Whether a task with a test cell that has not been run is done once a check of its run has found this."""
    record, task = MemoryRecord(), task_cell("t", provides="answer", test_cells=("u",))
    record.save_draft("t", text)
    run_of(record, lesson_of(task, plain_cell("u")), "t", result or ran("t", asserts=(True,)))
    if verdict is not None:
        record.finish_check(record.history().runs[-1].id, found_as(verdict))
    if written_later:
        record.save_draft("t", written_later)
    return gate.task_done(task, record.history())


def found_as(verdict: CheckVerdict) -> Diagnosis:
    return Diagnosis(verdict=verdict, misconception=None, says="", difference="", checks=(), seconds=0.1)


def test_a_press_on_a_task_also_runs_its_test_cells_but_not_one_that_still_asks():
    asks = asking_cell("u2", question("q"))
    task = task_cell("t", provides="Block", test_cells=("u1", "u2"))
    lesson = lesson_of(task, plain_cell("u1"), asks)
    assert [c.cell for c in gate.cells_run_with(lesson, MemoryRecord().history(), task)] == ["t", "u1"]


def test_code_stays_read_only_until_the_cell_was_committed():
    record, code = MemoryRecord(), asking_cell("c", question("q"))
    record.save_draft("c", "sneaked in")
    assert gate.learner_code(code, record.history()) == code.source
    record.commit(cell="c", predictions=(), skipped=("q",), key="k")
    record.save_draft("c", "typed after")
    assert gate.learner_code(code, record.history()) == "typed after"


def test_an_edit_of_another_revision_never_takes_the_place_of_the_code_that_was_predicted():
    record, code, lesson = MemoryRecord(), asking_cell("c", question("q")), lesson_of(asking_cell("c", question("q")))
    record.save_draft("c", "as edited before the author changed the cell")
    run_of(record, lesson, "c")
    assert record.history().runs[0].code == code.source


def test_a_task_keeps_what_was_written_in_another_revision():
    record, code = MemoryRecord(), task_cell("t", provides="answer")
    record.save_draft("t", "answer = 7")
    run_of(record, lesson_of(code), "t")
    assert record.history().runs[0].code == "answer = 7"


def test_a_reference_result_never_passes_the_tests_of_what_the_learner_wrote():
    record, task = MemoryRecord(), task_cell("t", provides="Block", test_cells=("u",))
    lesson = lesson_of(task, plain_cell("u", needs="Block"), plain_cell("v", needs="Block"))
    record.save_draft("t", "answer = 'wrong'")
    record.open_help("t", Opened.REFERENCE_ON)
    run_of(record, lesson, "t", ran("t"))
    tested, later = (gate.prefix_of(lesson, record.history(), cell)[0].text for cell in ("u", "v"))
    assert tested.startswith("answer = 'wrong'")
    assert later.startswith("answer = 1")
    run_of(record, lesson, "u", ran("u", asserts=(False,)))
    assert not gate.task_done(task, record.history())
    assert gate.stale_cells(lesson, record.history()) == frozenset()


@given(texts=st.lists(st.text(max_size=6), min_size=1, max_size=5), place=st.integers(0, 4), other=st.text(max_size=6))
def test_a_state_key_changes_exactly_with_the_sources(texts, place, other):
    sources = [CellSource(cell=f"c{n}", text=text) for n, text in enumerate(texts)]
    changed = list(sources)
    changed[place % len(texts)] = replace(changed[place % len(texts)], text=other)
    same = gate.state_key(sources[:-1], sources[-1]) == gate.state_key(changed[:-1], changed[-1])
    assert same == (sources == changed)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_state_key_does_not_run_two_cells_together(first, second):
    apart = gate.state_key([CellSource(cell="a", text=first)], CellSource(cell="b", text=second))
    shifted = gate.state_key([CellSource(cell="a", text=first + "x")], CellSource(cell="b", text=second))
    assert apart != shifted


def test_a_cell_inside_a_prompt_tells_nothing_until_the_prompt_is_settled():
    pieces = (Piece(text="x = 1", withheld=False), Piece(text=f"  # {SECRET}\n", withheld=True))
    inside = CodeCell(cell="a", source=f"x = 1  # {SECRET}\n", pieces=pieces, opens_after=("b",))
    record, lesson = MemoryRecord(), lesson_of(inside, asking_cell("b", question("q")))
    run_of(record, lesson, "a")
    assert SECRET not in gate.shown_code(inside, gate.opened_cells(record.history())).text
    assert gate.is_locked(inside, record.history())
    assert not gate.prefix_of(lesson, record.history(), "b")[0].keeps_source
    run_of(record, lesson, "b")
    assert SECRET in gate.shown_code(inside, gate.opened_cells(record.history())).text
    assert not gate.is_locked(inside, record.history())

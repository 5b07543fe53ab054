"""What explains a miss on a page: cards with evidence of this run, and what a check of a task found."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell import loop
from foretell.loop import Answer
from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis
from foretell.model.belief import Belief, Misconception
from foretell.model.lesson import AnswerKind, Prompt
from foretell.model.run import Failure, Observation
from foretell.web.cells import cell_view, scene_of
from foretell.web.drawing import draw_cell
from foretell.web.markup import inline_html
from foretell.web.refutations import diagnosed, evidence_of, in_code, in_words, refutations
from foretell.web.views import Chrome, LedgerPair
from lessons_for_tests import MemoryRecord, asking_cell, lesson_of, question, ran, shape, task_cell

SWAPPED = Misconception(id="swapped", name="Weights are `(in, out)`", refutation="So it reads. {evidence} It is not.")
FLAT = Misconception(id="flat", name="All is flat", refutation="It is not.", says="This is `flat`, and *only* that.")
CATALOGUE = (FLAT, SWAPPED)
CHROME = Chrome(title="t", token="t", nonce="n", confined="")
WEIGHT = replace(
    question("c-q1"), beliefs=tuple(Belief(misconception=one.id, leads_to=one.id) for one in (SWAPPED, FLAT))
)


def words(html: str) -> str:
    """What is read on a page."""
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", "", html, flags=re.S)
    return " ".join(text.split())


def asked_and_run(*questions, said="(10, 5)", **seen):
    """The drawn cell after every question was answered alike."""
    record, code = MemoryRecord(), asking_cell("c", *questions)
    lesson = replace(lesson_of(code), misconceptions=CATALOGUE)
    answers = {one.id: Answer(texts=(said,) * (len(one.rows) or 1), confidence=80) for one in questions}
    allowed = loop.commit(code, loop.read_form(questions, answers), record, "k")
    before = cell_view(scene_of(lesson, record.history(), {}), code)
    assert "idea" not in draw_cell(before, CHROME, "small")
    kept = record.start_run(cell="c", commit=allowed.id, code="", state="s", key="k")
    ended = ran("c")
    for name, observations in seen.items():
        rows = observations if isinstance(observations, list) else [observations]
        ended.observations.update({(name, place): one for place, one in enumerate(rows)})
    record.finish_run(kept.id, ended, loop.judge(code, record.history(), ended))
    return str(draw_cell(cell_view(scene_of(lesson, record.history(), {}), code), CHROME, "small"))


def test_a_miss_shows_its_card_with_evidence_of_this_run():
    drawn = asked_and_run(WEIGHT, **{"c-q1": shape(5, 10), "c-q1/belief-0": shape(10, 5)})
    assert drawn.count('class="idea"') == 1
    assert "Weights are (in, out)" in words(drawn)
    assert "So it reads. You said (10, 5); this run gave (5, 10) for layer.weight.shape. It is not." in words(drawn)
    assert "lead to your answer" not in drawn
    assert "it was (5, 10)" not in words(drawn)


def test_after_another_run_the_card_names_the_run_that_was_compared():
    record, code = MemoryRecord(), asking_cell("c", WEIGHT)
    lesson = replace(lesson_of(code), misconceptions=CATALOGUE)
    answers = {"c-q1": Answer(texts=("(10, 5)",), confidence=80)}
    allowed = loop.commit(code, loop.read_form((WEIGHT,), answers), record, "k")
    for number, compares in enumerate((True, False), start=1):
        kept = record.start_run(cell="c", commit=allowed.id, code="", state="s", key=f"k{number}")
        ended = ran("c")
        ended.observations.update({("c-q1", 0): shape(5, 10), ("c-q1/belief-0", 0): shape(10, 5)})
        record.finish_run(kept.id, ended, loop.judge(code, record.history(), ended) if compares else ())
    drawn = words(str(draw_cell(cell_view(scene_of(lesson, record.history(), {}), code), CHROME, "small")))
    assert "You said (10, 5); run 1 gave (5, 10) for layer.weight.shape." in drawn
    assert "this run gave" not in drawn


def test_a_confident_miss_is_loud_with_its_card():
    drawn = asked_and_run(WEIGHT, **{"c-q1": shape(5, 10), "c-q1/belief-0": shape(10, 5)})
    (loud,) = re.findall(r'<li class="row loud miss".*?</li>', drawn, re.S)
    assert "This is the one to slow down for." in loud
    assert 'class="idea"' in loud


def test_two_beliefs_with_one_answer_are_both_shown_and_said_to_be_so():
    seen = {"c-q1": shape(5, 10), "c-q1/belief-0": shape(10, 5), "c-q1/belief-1": shape(10, 5)}
    drawn = asked_and_run(WEIGHT, **seen)
    assert drawn.count('class="idea"') == 2
    assert "Both of these ideas lead to your answer." in drawn


def test_where_no_belief_fits_only_the_difference_is_shown():
    drawn = asked_and_run(WEIGHT, **{"c-q1": shape(5, 10), "c-q1/belief-0": shape(5, 5)})
    assert 'class="idea"' not in drawn
    assert "you said (10, 5); it was (5, 10)" in words(drawn)


def test_a_card_has_its_text_once_in_a_cell():
    both = (WEIGHT, replace(WEIGHT, id="c-q2"))
    seen = {f"{q.id}{more}": shape(*s) for q in both for more, s in (("", (5, 10)), ("/belief-0", (10, 5)))}
    drawn = asked_and_run(*both, **seen)
    assert drawn.count('class="idea"') == 1
    assert "The same idea again: Weights are (in, out)." in words(drawn)


def test_an_explained_row_is_unequal_and_the_evidence_is_of_the_first_that_was_missed():
    count = replace(WEIGHT, kind=AnswerKind.NUMBER, rows=("(1, 2)", "(3, 4)"))
    seen = [Observation(type="number", text=str(n), value=n) for n in (500, 495)]
    led = [Observation(type="number", text="500", value=500)] * 2
    drawn = asked_and_run(count, said="500", **{"c-q1": seen, "c-q1/belief-0": led})
    assert "For (3, 4) you said 500; this run gave 495." in words(drawn)
    assert 'class="verdict near"' not in drawn


def test_a_misconception_that_the_catalogue_has_not_is_not_shown():
    assert refutations(["gone", "flat"], CATALOGUE, "", set())[0].name_html == "All is flat"
    assert len(refutations(["gone", "flat"], CATALOGUE, "", set())) == 1


@pytest.mark.parametrize(
    ("kind", "target", "said", "gave", "sentence"),
    [
        (AnswerKind.YES_NO, "same", "yes", "no", "You said yes; this run gave no."),
        (AnswerKind.CHOICE, "c", "1 % *more*", "<b>", r"You said “1 \% \*more\*”; this run gave “\<b\>”."),
        (AnswerKind.NUMBER, "count", "5", "", "You said `5`; this run gave nothing."),
        (AnswerKind.NUMBER, "len(a)", "5", "6", "You said `5`; this run gave `6` for `len(a)`."),
        (AnswerKind.NUMBER, "a + " * 20, "5", "6", "You said `5`; this run gave `6`."),
        (AnswerKind.SHAPE, None, "5", "6", "You said `5`; this run gave `6`."),
        (AnswerKind.PRINTED, "text", "a `b", "c", "You said `` a `b ``; this run gave `c`."),
    ],
)
def test_evidence_is_a_sentence(kind, target, said, gave, sentence):
    asked = replace(WEIGHT, kind=kind, target=target)
    assert evidence_of(asked, [LedgerPair(label="", said=said, observed=gave, verdict="wrong")]) == sentence


printable = st.text(st.characters(blacklist_categories=["C", "Z"]) | st.sampled_from(" `*_<>&$\\[]()!#-"), min_size=1)


@given(printable.filter(str.strip))
def test_any_text_in_evidence_is_read_as_it_was_written(said):
    said = " ".join(said.split())
    pair = LedgerPair(label="", said=said, observed="x", verdict="wrong")
    (card,) = refutations(["swapped"], CATALOGUE, evidence_of(replace(WEIGHT, kind=AnswerKind.PRINTED), [pair]), set())
    shown = re.fullmatch(
        r"So it reads. You said <code>(.*)</code>; this run gave <code>x</code>. It is not.", card.text_html
    )
    assert shown is not None
    as_text = shown[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert as_text.replace("&#x27;", "'").replace("&#39;", "'").replace("&nbsp;", "\u00a0") == said or len(said) > 80


@given(printable)
def test_words_of_a_learners_code_make_no_elements_but_code(text):
    assert set(re.findall(r"<(\w+)", inline_html("x " + in_words(text)))) <= {"code"}
    assert set(re.findall(r"<(\w+)", inline_html("x " + in_code(text)))) <= {"code"}


BEHAVIOURS = (
    BehaviourCheck(says="PyTorch sees 385 parameters", ok=False, evidence="`parameters()` is empty"),
    BehaviourCheck(says="works for any batch size", ok=True, evidence="tried with 1, 5"),
)
WRONG = Diagnosis(
    verdict=CheckVerdict.WRONG, misconception="swapped", says="The *list* hides <b>them</b>.",
    difference="for `x` you return (5,)", checks=BEHAVIOURS, seconds=0.1,
)  # fmt: skip


def checked(found, *, asserts=(True,), written="answer = 2"):
    """The checks of a task whose asserts went like this, drawn and as a view."""
    record, code = MemoryRecord(), task_cell("t", provides="answer")
    record.save_draft("t", written)
    allowed = record.commit(cell="t", predictions=(), skipped=(), key="k")
    kept = record.start_run(cell="t", commit=allowed.id, code=written, state="s", key="k")
    record.finish_run(kept.id, ran("t", asserts=asserts), ())
    if found is not None:
        record.finish_check(kept.id, found)
    lesson = replace(lesson_of(code), misconceptions=CATALOGUE)
    view = cell_view(scene_of(lesson, record.history(), {}), code)
    return view.checks, str(draw_cell(view, CHROME, "small"))


LACKING = Observation(type="failure", text="NameError: name 'finished' is not defined", value="NameError")


@pytest.mark.parametrize(
    ("failure", "shown", "read"),
    [
        (Failure(kind="AssertionError", message="five rows"), LACKING, "once your code gets that far"),
        (Failure(kind="AssertionError", message="five rows"), shape(5, 1), "(5, 1)"),
        (None, shape(5, 1), "(5, 1)"),
    ],
)
def test_what_was_not_predicted_of_a_task_waits_for_code_that_gets_there(failure, shown, read):
    record, code = MemoryRecord(), task_cell("t", provides="answer")
    code = replace(code, prompt=Prompt(stands_in="t", before="t", questions=(question("t-q1"),)))
    allowed = record.commit(cell="t", predictions=(), skipped=("t-q1",), key="k")
    kept = record.start_run(cell="t", commit=allowed.id, code="pass", state="s", key="k")
    record.finish_run(kept.id, ran("t", failure=failure, **{"t-q1": shown}), ())
    drawn = words(str(draw_cell(cell_view(scene_of(lesson_of(code), record.history(), {}), code), CHROME, "small")))
    assert f"no prediction{read}" in drawn.replace("It was ", "").replace("no prediction ", "no prediction")
    assert "finished" not in drawn


def test_a_diagnosis_shows_its_message_its_card_and_the_behaviours_with_evidence():
    view, drawn = checked(WRONG)
    assert (view.heading, view.all_pass) == ("1 of 2 checks pass", False)
    read = words(drawn)
    assert "The *list* hides &lt;b&gt;them&lt;/b&gt;." in read
    assert "So it reads. For x you return (5,). It is not." in read
    assert "PyTorch sees 385 parametersparameters() is empty" in read
    assert read.count("you return (5,)") == 1
    assert [line.ok for line in view.lines] == [False, True]


def test_a_diagnosis_without_a_name_shows_the_difference_and_no_card():
    view, drawn = checked(replace(WRONG, misconception=None, says=""))
    assert view.diagnosed.refutation is None
    assert "Your code does something else than the exercise asks.For x you return (5,)." in words(drawn)


def test_a_catalogues_own_sentence_keeps_its_marks():
    found = diagnosed(replace(WRONG, misconception="flat", says=FLAT.says), CATALOGUE)
    assert found.says_html == "This is <code>flat</code>, and <em>only</em> that."
    assert found.difference_html == "For <code>x</code> you return (5,)."


def test_the_asserts_of_the_notebook_stand_folded_beside_what_a_check_found():
    view, drawn = checked(WRONG, asserts=(True, False))
    assert [line.ok for line in view.lines] == [False, True]
    assert (view.notebook_heading, [line.ok for line in view.notebook]) == ("1 of 2 checks pass", [True, False])
    folded = drawn.partition('<details class="notebook">')[2].partition("</details>")[0]
    assert "Checks of the notebook" in folded
    assert folded.count("<li") == 2


def test_without_a_check_the_asserts_of_the_notebook_stand_in_the_open():
    for found in (None, replace(WRONG, verdict=CheckVerdict.ERROR, checks=())):
        view, drawn = checked(found, asserts=(True, False))
        assert (len(view.lines), view.notebook) == (2, ())
        assert "Checks of the notebook" not in drawn


def test_what_ended_code_before_anything_could_be_seen_of_it_is_said_once():
    raised = "Line 1: NameError: name 'modul' is not defined"
    ended = tuple(replace(one, ok=False, evidence=raised) for one in BEHAVIOURS)
    view, drawn = checked(replace(WRONG, misconception=None, says="", difference=raised, checks=ended))
    assert [line.ok for line in view.lines] == [None, None]
    assert view.heading == "None of the 2 checks was reached"
    assert words(drawn).count("NameError") == 1


def test_what_stopped_code_is_said_once_where_no_belief_explains_it():
    said = "Your cell ended Python itself with exit code 3."
    stopped = replace(WRONG, verdict=CheckVerdict.STOPPED, misconception=None, says=said, difference=said, checks=())
    assert words(checked(stopped)[1]).count("exit code 3") == 1


def test_an_untouched_starter_is_told_what_will_be_looked_at_and_that_it_was_not_reached():
    view, drawn = checked(replace(WRONG, misconception=None, says="Nothing is filled in yet."), written="pass")
    assert (view.heading, view.all_pass, [line.ok for line in view.lines]) == ("Not written yet", False, [None, None])
    assert "still the starter" not in drawn


def test_pythons_names_with_underscores_are_no_marks_in_the_catalogue():
    says = "`__init__` calls super().__init__() first, *always*."
    one = Misconception(id="super", name="__init__ is for decoration", refutation=f"{says} {{evidence}}", says=says)
    found = diagnosed(replace(WRONG, misconception="super", says=says, difference="`x` has no `__dict__`"), [one])
    assert found.says_html == "<code>__init__</code> calls super().__init__() first, <em>always</em>."
    assert found.refutation.name_html == "__init__ is for decoration"
    assert found.refutation.text_html.endswith("<code>x</code> has no <code>__dict__</code>.")


def test_what_the_message_holds_already_is_not_given_as_evidence_again():
    read = "Line 8: Python cannot read it."
    found = diagnosed(replace(WRONG, misconception="flat", says=f"{read} Look above.", difference=read), CATALOGUE)
    assert found.difference_html == ""
    assert "Line 8" not in found.refutation.text_html


def test_code_that_behaves_as_asked_is_done_only_with_the_asserts_of_its_cell():
    right = replace(WRONG, verdict=CheckVerdict.RIGHT, misconception=None, difference="", checks=BEHAVIOURS[1:])
    view, _ = checked(right)
    assert (view.all_pass, view.heading, len(view.lines)) == (True, "1 of 1 check passes", 1)
    view, _ = checked(right, asserts=(True, False))
    assert (view.all_pass, [line.ok for line in view.lines]) == (False, [True, False])


def test_code_that_passes_the_asserts_and_behaves_otherwise_is_not_done():
    view, _ = checked(WRONG, asserts=(True, True))
    assert view.all_pass is False


def test_where_foretell_could_not_check_the_asserts_are_shown_as_without_a_check():
    error = replace(WRONG, verdict=CheckVerdict.ERROR, misconception=None, says="", difference="", checks=())
    view, drawn = checked(error)
    assert (view.all_pass, len(view.lines)) == (True, 1)
    assert "foretell could not check this run; run the cell again." in words(drawn)


def test_a_check_that_was_ended_says_so_without_a_list():
    ended = replace(WRONG, verdict=CheckVerdict.STOPPED, misconception=None, says="It took 2 s.", checks=())
    view, drawn = checked(ended, asserts=())
    assert view.heading == "It did not come to its end"
    assert '<ul class="checks">' not in drawn
    assert 'aria-label="Ended early"' in drawn


def test_an_untouched_starter_is_called_so_once():
    view, _ = checked(WRONG, written="pass")
    assert view.heading == "Not written yet"
    assert len(view.lines) == len(BEHAVIOURS)

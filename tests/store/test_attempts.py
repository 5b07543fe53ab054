import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from foretell.errors import CommitError
from foretell.model.attempt import (
    BehaviourCheck,
    CheckVerdict,
    Diagnosis,
    Draft,
    History,
    Judgement,
    Opened,
    Prediction,
    Reading,
    SelfMark,
    Verdict,
    Who,
)
from foretell.model.lesson import AnswerKind
from foretell.model.run import Failure, Observation, Run, StreamOutput
from foretell.store.attempts import Store

FOUND = Diagnosis(
    verdict=CheckVerdict.WRONG,
    misconception="layers-in-a-list",
    says="PyTorch does not see secret-layers in a list.",
    difference="it sees 0 parameters",
    checks=(BehaviourCheck(says="PyTorch sees 385 parameters", ok=False, evidence="0"),),
    seconds=0.1,
)
ME = Who(learner="me", lesson="nets", revision="r1")
LATER = Who(learner="me", lesson="nets", revision="r2")
OTHER = Who(learner="you", lesson="nets", revision="r1")


class Clock:
    """Ticks one second a look, in a zone that is not UTC."""

    def __init__(self):
        self.now = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def place(tmp_path):
    return tmp_path / "data" / "attempts.sqlite"


@pytest.fixture
def store(place):
    opened = Store.open(place, clock=Clock())
    yield opened
    opened.close()


def predict(question="q1", text="5x10", confidence=80):
    reading = Reading(kind=AnswerKind.SHAPE, value=(5, 10), echo="(5, 10)")
    return Prediction(question=question, ask="Shape?", texts=(text,), readings=(reading,), confidence=confidence)


def finished(cell="c1", text="hello"):
    return Run(
        cell=cell,
        outputs=(StreamOutput(name="stdout", text=text),),
        failure=Failure(kind="NameError", message="x", line=2),
        observations={("q1", 0): Observation(type="shape", text="(5, 10)", value=[5, 10])},
        asserts=(),
        seconds=0.25,
    )


def judged(question="q1", verdict=Verdict.RIGHT):
    return Judgement(question=question, verdict=verdict, difference="you said so", observed="(5, 10)")


def commit(store, who=ME, *, cell="c1", predictions=(), skipped=(), key="k1"):
    return store.commit(who, cell=cell, predictions=predictions, skipped=skipped, key=key)


def start(store, commit_id, who=ME, *, cell="c1", code="x = 1", key="k1"):
    return store.start_run(who, cell=cell, commit=commit_id, code=code, state="s", key=key)


def play(store, *judgements, who=ME, cell="c1", key="k1", predictions=()):
    kept = start(store, commit(store, who, cell=cell, predictions=predictions, key=key).id, who, cell=cell, key=key)
    store.finish_run(kept.id, finished(cell), judgements)
    return kept.id


def test_a_learner_who_did_nothing_has_no_history(store):
    assert store.history(ME) == History()
    assert store.predictions_of("me") == ()
    assert store.recent_lessons("me") == ()


def test_a_commit_is_kept_as_it_was_made(store):
    made = commit(store, predictions=[predict(), predict("q2", "zehn")], skipped=["q3"])
    assert made.predictions == (predict(), predict("q2", "zehn"))
    assert (made.cell, made.skipped) == ("c1", ("q3",))
    assert made.at == datetime(2026, 1, 1, 10, 0, 2, tzinfo=UTC)
    assert store.history(ME).commits == (made,)


def test_a_cell_that_asks_nothing_is_committed_with_nothing(store):
    first, second = commit(store, key="a"), commit(store, key="b")
    assert (first.predictions, first.skipped) == ((), ())
    assert [one.id for one in store.history(ME).commits] == [first.id, second.id]


def test_the_same_key_again_changes_nothing_and_gives_the_first_commit(store):
    first = commit(store, predictions=[predict()])
    assert commit(store, predictions=[predict(text="10x5", confidence=20)], skipped=["q9"]) == first
    assert store.history(ME).commits == (first,)


@pytest.mark.parametrize(
    ("predictions", "skipped"), [([predict(text="10x5")], []), ([], ["q1"]), ([predict("q8")], ["q2"])]
)
def test_a_question_on_record_cannot_be_answered_or_skipped_again(store, predictions, skipped):
    first = commit(store, predictions=[predict()], skipped=["q2"])
    with pytest.raises(CommitError, match="is on record already and cannot be answered again"):
        commit(store, predictions=predictions, skipped=skipped, key="k2")
    assert store.history(ME).commits == (first,)


def test_one_commit_cannot_answer_a_question_twice(store):
    with pytest.raises(CommitError):
        commit(store, predictions=[predict(), predict(text="5")])
    with pytest.raises(CommitError):
        commit(store, predictions=[predict()], skipped=["q1"])
    assert store.history(ME).commits == ()


def test_learners_and_revisions_do_not_meet(store):
    commit(store, predictions=[predict()])
    assert commit(store, OTHER, predictions=[predict(text="mine")]).predictions[0].texts == ("mine",)
    assert commit(store, LATER, predictions=[predict(text="later")]).predictions[0].texts == ("later",)
    assert [one.predictions[0].texts for one in store.history(ME).commits] == [("5x10",)]


def test_a_run_begins_under_its_commit_and_counts_from_one(store):
    made = commit(store)
    first, second = start(store, made.id, key="a"), start(store, made.id, code="x = 2", key="b")
    assert (first.number, first.commit, first.code, first.state, first.run) == (1, made.id, "x = 1", "s", None)
    assert (second.number, second.code) == (2, "x = 2")
    assert store.history(ME).runs == (first, second)


def test_the_same_key_again_begins_no_second_run(store):
    made = commit(store)
    first = start(store, made.id)
    assert start(store, made.id, code="x = 2") == first
    assert store.history(ME).runs == (first,)


def test_a_run_without_its_commit_is_refused(store):
    mine = commit(store)
    theirs = commit(store, OTHER, cell="c1")
    for number, cell in ((99, "c1"), (theirs.id, "c1"), (mine.id, "c2")):
        with pytest.raises(CommitError, match=f"Commit {number} is not on record for cell {cell}"):
            start(store, number, cell=cell, key=f"{number}{cell}")
    assert store.history(ME).runs == ()


def test_a_run_ends_once(store):
    run_id = play(store, judged())
    store.finish_run(run_id, finished(text="something else"), [judged(verdict=Verdict.WRONG), judged("q2")])
    (kept,) = store.history(ME).runs
    assert kept.run == finished()
    assert kept.judgements == (judged(),)


def test_a_run_that_never_began_cannot_end(store):
    with pytest.raises(CommitError, match="Run 7 is not on record"):
        store.finish_run(7, finished(), [])


def test_the_latest_mark_of_a_run_counts(store):
    run_id = play(store, judged(verdict=Verdict.SELF), judged("q2", Verdict.SELF))
    store.mark(ME, question="q1", run=run_id, mark=SelfMark.NO, key="a")
    store.mark(ME, question="q1", run=run_id, mark=SelfMark.PARTLY, key="b")
    store.mark(ME, question="q1", run=run_id, mark=SelfMark.NO, key="a")
    (kept,) = store.history(ME).runs
    assert [one.mark for one in kept.judgements] == [SelfMark.PARTLY, None]


def test_nobody_marks_a_run_of_somebody_else(store):
    run_id = play(store, judged(verdict=Verdict.SELF))
    with pytest.raises(CommitError, match=f"Run {run_id} is not on record for this lesson"):
        store.mark(OTHER, question="q1", run=run_id, mark=SelfMark.MATCH, key="a")
    assert store.history(ME).runs[0].judgements[0].mark is None


def test_the_newest_draft_of_a_cell_stands_in_every_revision(store):
    store.save_draft(ME, cell="c1", text="one", key="a")
    store.save_draft(LATER, cell="c1", text="two", key="a")
    store.save_draft(ME, cell="c2", text="", key="b")
    store.save_draft(ME, cell="c1", text="late retry", key="a")
    drafts = store.history(ME).drafts
    assert {cell: draft.text for cell, draft in drafts.items()} == {"c1": "two", "c2": ""}
    assert drafts == store.history(LATER).drafts
    assert isinstance(drafts["c1"], Draft)
    assert drafts["c1"].at.tzinfo is UTC
    assert store.history(OTHER).drafts == {}


def test_openings_and_notes_are_kept_in_order(store):
    for key, what in enumerate((Opened.HINT_1, Opened.SOLUTION, Opened.HINT_1)):
        store.open_help(ME, cell="c1", what=what, key=str(key))
    store.open_help(ME, cell="c1", what=Opened.GIVE_UP, key="0")
    store.save_note(ME, about="c1", text="first thought", key="a")
    store.save_note(ME, about="c1", text="second thought", key="b")
    history = store.history(ME)
    assert [one.what for one in history.openings] == [Opened.HINT_1, Opened.SOLUTION, Opened.HINT_1]
    assert [one.at for one in history.openings] == sorted(one.at for one in history.openings)
    assert history.notes == {"c1": "second thought"}


def test_a_lesson_started_over_is_blank_and_asks_again(store):
    play(store, judged(), predictions=[predict()])
    store.save_draft(ME, cell="c1", text="one", key="d")
    store.start_over(ME, "over")
    store.start_over(ME, "over")
    assert store.history(ME) == store.history(LATER) == History(round=1)
    again = commit(store, predictions=[predict(text="10x5")], key="k2")
    assert store.history(ME).commits == (again,)
    assert start(store, again.id, key="k2").number == 1
    assert [(one.round, one.prediction.texts) for one in store.predictions_of("me")] == [(0, ("5x10",)), (1, ("10x5",))]


def test_a_run_after_starting_over_needs_a_new_commit(store):
    made = commit(store)
    store.start_over(ME, "over")
    with pytest.raises(CommitError):
        start(store, made.id, key="k2")


def test_predictions_are_gathered_over_all_lessons_of_a_learner(store):
    run_id = play(store, judged(verdict=Verdict.WRONG), predictions=[predict(), predict("q2")])
    elsewhere = Who(learner="me", lesson="tensors", revision="r9")
    commit(store, elsewhere, cell="c7", predictions=[predict("q3")])
    commit(store, OTHER, predictions=[predict("q4")])
    kept = store.predictions_of("me")
    assert [(one.lesson, one.revision, one.cell, one.prediction.question) for one in kept] == [
        ("nets", "r1", "c1", "q1"),
        ("nets", "r1", "c1", "q2"),
        ("tensors", "r9", "c7", "q3"),
    ]
    assert [one.judgement for one in kept] == [judged(verdict=Verdict.WRONG), None, None]
    assert [one.run for one in kept] == [run_id, None, None]


def test_a_prediction_is_settled_by_the_first_run_that_could_be_compared(store):
    made = commit(store, predictions=[predict()])
    runs = []
    for key, verdict in enumerate((Verdict.UNKNOWN, Verdict.NEAR, Verdict.RIGHT)):
        runs.append(start(store, made.id, key=str(key)).id)
        store.finish_run(runs[-1], finished(), [judged(verdict=verdict)])
    (kept,) = store.predictions_of("me")
    assert (kept.run, kept.judgement.verdict) == (runs[1], Verdict.NEAR)


def test_what_explains_a_miss_is_kept_with_its_judgement_in_order(store):
    explained = replace(judged(verdict=Verdict.WRONG), misconceptions=("swapped", "flat"))
    other = replace(judged("q2", Verdict.WRONG), misconceptions=("flat",))
    run_id = play(store, explained, other, judged("q3"), predictions=[predict(), predict("q2"), predict("q3")])
    assert store.history(ME).runs[0].judgements == (explained, other, judged("q3"))
    assert [one.judgement for one in store.predictions_of("me")] == [explained, other, judged("q3")]
    store.finish_run(run_id, finished(), [explained])
    assert store.history(ME).runs[0].judgements[0] == explained
    assert store.predictions_of("you") == ()


def test_what_a_check_found_is_kept_once_with_its_run(store):
    first, second = play(store), play(store, key="k2")
    store.finish_check(first, FOUND)
    assert [kept.diagnosis for kept in store.history(ME).runs] == [FOUND, None]
    store.finish_check(first, replace(FOUND, misconception=None))
    assert [kept.diagnosis for kept in store.history(ME).runs] == [FOUND, None]
    with pytest.raises(CommitError, match=rf"Run {second + 1} is not on record, so it cannot be checked"):
        store.finish_check(second + 1, FOUND)


def test_a_mark_shows_in_the_predictions_of_a_learner(store):
    run_id = play(store, judged(verdict=Verdict.SELF), predictions=[predict()])
    store.mark(ME, question="q1", run=run_id, mark=SelfMark.MATCH, key="a")
    assert store.predictions_of("me")[0].judgement.mark is SelfMark.MATCH


def test_lessons_opened_lately_stand_once_and_the_latest_first(store):
    store.remember_lesson("me", "nets", "Nets", "nn-module", "a")
    store.remember_lesson("me", "tensors", "Tensors", "/home/me/t.ipynb", "b")
    store.remember_lesson("me", "nets", "Nets again", "nn-module", "c")
    store.remember_lesson("me", "nets", "A retry", "nn-module", "a")
    recent = store.recent_lessons("me")
    assert [(one.lesson, one.title, one.where) for one in recent] == [
        ("nets", "Nets again", "nn-module"),
        ("tensors", "Tensors", "/home/me/t.ipynb"),
    ]
    assert recent[0].at > recent[1].at
    assert store.recent_lessons("you") == ()


def test_a_seed_is_drawn_once_for_a_learner_in_a_revision(store):
    seeds = {who: store.session_seed(who) for who in (ME, OTHER, LATER)}
    assert len(set(seeds.values())) == 3
    assert {who: store.session_seed(who) for who in (LATER, OTHER, ME)} == seeds
    assert all(0 <= seed < 2**31 for seed in seeds.values())


def test_everything_is_there_after_the_store_is_opened_again(store, place):
    run_id = play(store, judged(verdict=Verdict.SELF), predictions=[predict()])
    store.mark(ME, question="q1", run=run_id, mark=SelfMark.NO, key="a")
    store.save_draft(ME, cell="c1", text="draft", key="a")
    store.open_help(ME, cell="c1", what=Opened.HINT_1, key="a")
    store.save_note(ME, about="c1", text="because", key="a")
    before, seed = store.history(ME), store.session_seed(ME)
    store.close()
    again = Store.open(place)
    assert again.history(ME) == before
    assert again.session_seed(ME) == seed
    again.close()


def test_text_that_no_database_can_hold_is_replaced_and_not_refused(store):
    store.save_draft(ME, cell="c\ud800", text="a\x00b\udfff🙂", key="k\ud800")
    store.save_draft(ME, cell="c\ud800", text="again", key="k\ud800")
    assert store.history(ME).drafts["c\ufffd"].text == "a\ufffdb\ufffd🙂"


def test_an_erased_learner_leaves_nothing_behind(store, place):
    for who in (ME, OTHER):
        called = replace(judged(verdict=Verdict.SELF), misconceptions=(f"secret-{who.learner}",))
        run_id = play(store, called, who=who, predictions=[predict(text=f"secret-{who.learner}")])
        store.finish_check(run_id, replace(FOUND, says=f"secret-{who.learner}"))
        store.mark(who, question="q1", run=run_id, mark=SelfMark.NO, key="a")
        store.save_draft(who, cell="c1", text=f"secret-{who.learner} " * 2000, key="a")
        store.open_help(who, cell="c1", what=Opened.HINT_1, key="a")
        store.save_note(who, about="c1", text=f"secret-{who.learner}", key="a")
        store.remember_lesson(who.learner, "nets", "Nets", f"secret-{who.learner}", "a")
    store.start_over(LATER, "s")
    kept = store.history(OTHER)
    store.erase_learner("me")
    assert store.history(ME) == store.history(LATER) == History()
    assert (store.predictions_of("me"), store.recent_lessons("me")) == ((), ())
    assert store.history(OTHER) == kept
    held = b"".join(file.read_bytes() for file in place.parent.iterdir())
    assert b"secret-me" not in held
    assert b"secret-you" in held


def test_an_erased_run_number_is_not_given_to_another_run(store):
    mine = play(store, judged())
    store.erase_learner("me")
    assert play(store, judged(), who=OTHER) > mine


def test_many_threads_write_at_once(store):
    refused = []

    def work(thread):
        for turn in range(10):
            store.save_draft(ME, cell="c1", text="x", key=f"{thread}-{turn}")
        try:
            commit(store, predictions=[predict(text=str(thread))], key=f"t{thread}")
        except CommitError:
            refused.append(thread)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    (made,) = store.history(ME).commits
    assert int(made.predictions[0].texts[0]) not in refused


def test_a_cell_that_is_asked_again_keeps_which_questions_and_one_key_asks_once(store):
    store.open_help(ME, cell="ex1", what=Opened.HINT_1, key="help-key-1")
    for _ in range(2):
        store.ask_again(ME, cell="ex1", questions=["ex1-q2"], key="again-key-1")
    store.ask_again(ME, cell="ex1", questions=[], key="again-key-2")
    asked = [(one.what, one.questions) for one in store.history(ME).openings]
    assert asked == [(Opened.HINT_1, ()), (Opened.AGAIN, ("ex1-q2",)), (Opened.AGAIN, ())]


def test_checks_of_every_lesson_are_given_back_with_where_they_were_made(store):
    for key, who in (("one", ME), ("two", LATER), ("three", OTHER)):
        commit = store.commit(who, cell="t", predictions=(), skipped=(), key=key)
        started = store.start_run(who, cell="t", commit=commit.id, code="net", state="s", key=f"run-{key}")
        store.finish_check(started.id, FOUND)
    found = store.checks_of("me")
    assert [(one.lesson, one.revision, one.cell, one.diagnosis) for one in found] == [
        ("nets", "r1", "t", FOUND),
        ("nets", "r2", "t", FOUND),
    ]
    assert found[0].at < found[1].at

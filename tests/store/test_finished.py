import pytest

from foretell.model.attempt import Who
from foretell.model.run import Run, StreamOutput
from foretell.store import finished
from foretell.store.attempts import Store
from foretell.store.finished import FinishedRuns

ME = Who(learner="me", lesson="nets", revision="r1")


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path / "attempts.sqlite")
    yield opened
    opened.close()


def play(store, count):
    made = store.commit(ME, cell="c", predictions=[], skipped=[], key="k")
    runs = []
    for key in range(count):
        kept = store.start_run(ME, cell="c", commit=made.id, code="", state="", key=str(key))
        output = StreamOutput(name="stdout", text=str(key) * 1000)
        run = Run(cell="c", outputs=(output,), failure=None, observations={}, asserts=(), seconds=0.0)
        store.finish_run(kept.id, run, [])
        runs.append((kept.id, run))
    return dict(runs)


def read(store, runs, ids):
    return store._database.read(lambda connection: runs.read(connection, ids))


def test_a_finished_run_is_read_from_its_text_once(store):
    written = play(store, 3)
    remembered = FinishedRuns()
    first = read(store, remembered, list(written))
    assert first == written
    again = read(store, remembered, [*written, 99])
    assert [again[run_id] is first[run_id] for run_id in written] == [True, True, True]
    assert 99 not in again


def test_the_least_used_is_forgotten_where_there_is_too_much(store, monkeypatch):
    written = play(store, 3)
    monkeypatch.setattr(finished, "_MOST_LETTERS", 2500)
    remembered = FinishedRuns()
    first = read(store, remembered, [1, 2])
    read(store, remembered, [1])
    read(store, remembered, [3])
    assert list(remembered._kept) == [1, 3]
    assert read(store, remembered, [1, 2, 3]) == written
    assert first[2] is not read(store, remembered, [2])[2]


def test_nothing_of_an_erased_learner_is_remembered(store):
    written = play(store, 2)
    store.history(ME)
    store.erase_learner("me")
    assert read(store, store._finished, list(written)) == {}

"""The record of one learner: what is at hand is what is on disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.model.attempt import CheckVerdict, Diagnosis, History, Opened, SelfMark, Who
from foretell.model.run import Run
from foretell.store.attempts import Store
from foretell.web.record import LessonRecord

WHO = Who(learner="ada", lesson="small", revision="r1")
FOUND = Diagnosis(verdict=CheckVerdict.WRONG, misconception=None, says="", difference="", checks=(), seconds=0.1)
ENDED = Run(cell="c", outputs=(), failure=None, observations={}, asserts=(), seconds=0.1)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[LessonRecord]:
    store = Store.open(tmp_path / "attempts.sqlite")
    yield LessonRecord(store=store, who=WHO)
    store.close()


def test_the_history_is_read_once_between_two_writes(record):
    assert record.history() is record.history()
    record.save_note(about="c", text="mine", key="k")
    assert record.history().notes == {"c": "mine"}
    assert record.history() is record.history()


def test_after_every_kind_of_write_the_history_is_what_the_store_holds(record):
    record.history()
    allowed = record.commit(cell="c", predictions=(), skipped=("q",), key="1")
    assert record.history() == record.store.history(WHO)
    kept = record.start_run(cell="c", commit=allowed.id, code="x", state="s", key="2")
    assert record.history() == record.store.history(WHO)
    record.finish_run(kept.id, ENDED, ())
    assert record.history() == record.store.history(WHO)
    for write in (
        lambda: record.finish_check(kept.id, FOUND),
        lambda: record.save_draft(cell="c", text="x", key="3"),
        lambda: record.open_help(cell="c", what=Opened.HINT_1, key="4"),
        lambda: record.mark(question="q", run=kept.id, mark=SelfMark.MATCH, key="5"),
        lambda: record.save_note(about="c", text="mine", key="6"),
        lambda: record.start_over(key="7"),
    ):
        write()
        assert record.history() == record.store.history(WHO)
    assert record.history().runs == ()


def test_what_another_process_wrote_is_seen_once_nobody_used_the_lesson(record):
    record.history()
    record.store.save_note(WHO, about="c", text="from elsewhere", key="k")
    record.let_go()
    assert record.history().notes == {"c": "from elsewhere"}


def test_a_write_during_a_read_is_not_hidden_by_what_was_read(record):
    reading, written = threading.Event(), threading.Event()

    class Slow:
        def history(self, who: Who) -> History:
            found = record.store.history(who)
            reading.set()
            written.wait(5)
            return found

        def save_note(self, who: Who, **note: str) -> None:
            record.store.save_note(who, **note)

    slow = LessonRecord(store=Slow(), who=WHO)
    reader = threading.Thread(target=slow.history)
    reader.start()
    reading.wait(5)
    slow.save_note(about="c", text="mine", key="k")
    written.set()
    reader.join()
    assert slow.history().notes == {"c": "mine"}

"""ATTEMPTS kept: what a learner did, appended and never changed.

Enters: what was done and whose it is. Leaves: what is on record. Invariant: when a method returns, what it kept is on
disk; the same key again changes nothing; a run refers to the commit that allowed it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Table, delete, func, insert, select

from foretell.errors import CommitError
from foretell.model.attempt import Commit, Diagnosis, History, Judgement, KeptRun, Opened, Prediction, SelfMark, Who
from foretell.model.run import Run
from foretell.store import tables
from foretell.store.database import Database, open_database
from foretell.store.finished import FinishedRuns
from foretell.store.history import (
    KeptCheck,
    KeptPrediction,
    read_checks,
    read_commits,
    read_history,
    read_predictions,
    read_runs,
    round_now,
    session_id,
)
from foretell.store.records import diagnosis_to_json, readings_to_json, run_to_json, texts_to_json

Clock = Callable[[], datetime]


class RecentLesson(NamedTuple):
    """A lesson opened lately: its id, title, where it came from (a path or a name), and when."""

    lesson: str
    title: str
    where: str
    at: datetime


def utc_now() -> datetime:
    """The clock on the wall, in UTC."""
    return datetime.now(UTC)


class Store:
    """Keeps attempts. Methods block on the disk and may be called from any thread; `close` it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._finished = FinishedRuns()

    @classmethod
    def open(cls, url_or_path: str | Path, *, clock: Clock = utc_now) -> Store:
        """Opens, creates or migrates a store; StoreError where it cannot be."""
        return cls(open_database(url_or_path), clock)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def commit(
        self, who: Who, *, cell: str, predictions: Sequence[Prediction], skipped: Sequence[str], key: str
    ) -> Commit:
        """Keeps a commit; CommitError where one of its questions is on record already."""

        def work(connection: Connection) -> Commit:
            session = self._session(connection, who)
            kept = _kept(connection, tables.commits, session, key)
            if kept is None:
                current = round_now(connection, who)
                _refuse_repeats(connection, session, current, [*(p.question for p in predictions), *skipped])
                row = {"session_id": session, "round": current, "cell": cell, "key": key, "at": self._clock()}
                kept = _add(connection, tables.commits, **row)
                for_all = {"commit_id": kept, "session_id": session, "round": current}
                for prediction in predictions:
                    _add(connection, tables.answers, **for_all, **_prediction_columns(prediction))
                for question in skipped:
                    _add(connection, tables.answers, **for_all, question=question)
            return next(read_commits(connection, tables.commits.c.id == kept))

        return self._database.write(work)

    def start_run(  # noqa: PLR0913 (each is a column, and named)
        self, who: Who, *, cell: str, commit: int, code: str, state: str, key: str
    ) -> KeptRun:
        """Keeps that a run began; CommitError where `commit` is not a commit of this cell by this learner."""

        def work(connection: Connection) -> KeptRun:
            session = self._session(connection, who)
            kept = _kept(connection, tables.runs, session, key)
            if kept is None:
                current = round_now(connection, who)
                theirs = {"session_id": session, "round": current, "cell": cell}
                if not _count(connection, tables.commits, id=commit, **theirs):
                    raise CommitError(
                        f"Commit {commit} is not on record for cell {cell}; lock a prediction or skip it."
                    )
                number = _count(connection, tables.runs, **theirs) + 1
                row = {**theirs, "commit_id": commit, "number": number, "code": code, "state": state}
                kept = _add(connection, tables.runs, **row, key=key, at=self._clock())
            return next(read_runs(connection, tables.runs.c.id == kept, self._finished))

        return self._database.write(work)

    def finish_run(self, run_id: int, run: Run, judgements: Sequence[Judgement]) -> None:
        """Keeps how a run ended and compared, once; CommitError where no such run began."""
        text = run_to_json(run)

        def work(connection: Connection) -> None:
            if not _count(connection, tables.runs, id=run_id):
                raise CommitError(f"Run {run_id} is not on record, so it cannot end; run the cell again.")
            if _count(connection, tables.run_results, run_id=run_id):
                return
            connection.execute(insert(tables.run_results).values(run_id=run_id, run=text, at=self._clock()))
            for one in judgements:
                columns = {"question": one.question, "difference": one.difference, "observed": one.observed}
                _add(connection, tables.judgements, run_id=run_id, verdict=one.verdict.value, **columns)
                for misconception in one.misconceptions:
                    theirs = {"run_id": run_id, "question": one.question}
                    _add(connection, tables.explanations, **theirs, misconception=misconception)

        self._database.write(work)

    def finish_check(self, run_id: int, diagnosis: Diagnosis) -> None:
        """Keeps what a check of a run's code found, once; CommitError where no such run began."""
        text = diagnosis_to_json(diagnosis)

        def work(connection: Connection) -> None:
            if not _count(connection, tables.runs, id=run_id):
                raise CommitError(f"Run {run_id} is not on record, so it cannot be checked; run the cell again.")
            if not _count(connection, tables.diagnoses, run_id=run_id):
                row = {"run_id": run_id, "diagnosis": text, "at": self._clock()}
                connection.execute(insert(tables.diagnoses).values(**row))

        self._database.write(work)

    def mark(self, who: Who, *, question: str, run: int, mark: SelfMark, key: str) -> None:
        """Keeps the learner's own call on a question of a run; the newest counts."""

        def allowed(connection: Connection, session: int) -> None:
            if not _count(connection, tables.runs, id=run, session_id=session):
                raise CommitError(f"Run {run} is not on record for this lesson; reload the page and mark it again.")

        self._keep(who, tables.marks, key, allowed, run_id=run, question=question, mark=mark.value)

    def save_draft(self, who: Who, *, cell: str, text: str, key: str) -> None:
        """Keeps what stands in an editor."""
        self._keep_in_round(who, tables.drafts, key, cell=cell, text=text)

    def open_help(self, who: Who, *, cell: str, what: Opened, key: str) -> None:
        """Keeps that help was opened."""
        self._keep_in_round(who, tables.openings, key, cell=cell, what=what.value)

    def ask_again(self, who: Who, *, cell: str, questions: Sequence[str], key: str) -> None:
        """Keeps that questions of a cell are asked once more: without any, all of them."""
        named = texts_to_json(questions) if questions else None
        self._keep_in_round(who, tables.openings, key, cell=cell, what=Opened.AGAIN.value, questions=named)

    def now(self) -> datetime:
        """The moment that would be put on record now."""
        return self._clock()

    def save_note(self, who: Who, *, about: str, text: str, key: str) -> None:
        """Keeps a note of the learner; the newest counts."""
        self._keep_in_round(who, tables.notes, key, about=about, text=text)

    def start_over(self, who: Who, key: str) -> None:
        """Begins the lesson anew: `history` starts after this, and nothing is deleted."""
        self._keep(who, tables.starts, key, _anything)

    def history(self, who: Who) -> History:
        """Everything on record of one learner in one revision since they last started the lesson over."""
        return self._database.read(lambda connection: read_history(connection, who, self._finished))

    def predictions_of(self, learner: str) -> tuple[KeptPrediction, ...]:
        """Every prediction of a learner in every lesson, oldest first."""
        return self._database.read(lambda connection: tuple(read_predictions(connection, learner)))

    def checks_of(self, learner: str) -> tuple[KeptCheck, ...]:
        """What every check of a learner's code found, in every lesson, oldest first."""
        return self._database.read(lambda connection: tuple(read_checks(connection, learner)))

    def session_seed(self, who: Who) -> int:
        """The seed of this learner's runs in this revision (0 to 2**31 - 1), drawn once."""

        def work(connection: Connection) -> int:
            theirs = tables.sessions.c.id == self._session(connection, who)
            return int(connection.execute(select(tables.sessions.c.seed).where(theirs)).scalar_one())

        return self._database.write(work)

    def remember_lesson(self, learner: str, lesson: str, title: str, where: str, key: str) -> None:
        """Keeps that a lesson was opened."""

        def work(connection: Connection) -> None:
            if not _count(connection, tables.opened_lessons, learner=learner, key=key):
                row = {"learner": learner, "lesson": lesson, "title": title, "place": where}
                _add(connection, tables.opened_lessons, **row, key=key, at=self._clock())

        self._database.write(work)

    def recent_lessons(self, learner: str) -> tuple[RecentLesson, ...]:
        """The lessons a learner has opened, each once, the latest first."""
        opened = tables.opened_lessons
        newest = select(func.max(opened.c.id)).where(opened.c.learner == learner).group_by(opened.c.lesson)
        query = select(opened).where(opened.c.id.in_(newest)).order_by(opened.c.id.desc())
        return self._database.read(
            lambda connection: tuple(
                RecentLesson(row.lesson, row.title, row.place, row.at) for row in connection.execute(query)
            )
        )

    def erase_learner(self, learner: str) -> None:
        """Deletes every row of a learner, and overwrites what they held."""

        def work(connection: Connection) -> None:
            theirs = select(tables.sessions.c.id).where(tables.sessions.c.learner == learner)
            their_runs = select(tables.runs.c.id).where(tables.runs.c.session_id.in_(theirs))
            for table in reversed(tables.metadata.sorted_tables):
                if "learner" in table.c:
                    connection.execute(delete(table).where(table.c.learner == learner))
                elif "session_id" in table.c:
                    connection.execute(delete(table).where(table.c.session_id.in_(theirs)))
                else:
                    connection.execute(delete(table).where(table.c.run_id.in_(their_runs)))

        self._database.write(work)
        self._finished.forget()
        self._database.scrub()

    def _session(self, connection: Connection, who: Who) -> int:
        found = session_id(connection, who)
        if found is not None:
            return found
        row = {"learner": who.learner, "lesson": who.lesson, "revision": who.revision}
        return _add(connection, tables.sessions, **row, seed=secrets.randbelow(2**31), at=self._clock())

    def _keep_in_round(self, who: Who, table: Table, key: str, **columns: object) -> None:
        def work(connection: Connection) -> None:
            session = self._session(connection, who)
            if _kept(connection, table, session, key) is None:
                row = {"session_id": session, "round": round_now(connection, who), "key": key, "at": self._clock()}
                _add(connection, table, **row, **columns)

        self._database.write(work)

    def _keep(
        self, who: Who, table: Table, key: str, allowed: Callable[[Connection, int], None], **columns: object
    ) -> None:
        def work(connection: Connection) -> None:
            session = self._session(connection, who)
            if _kept(connection, table, session, key) is None:
                allowed(connection, session)
                _add(connection, table, session_id=session, key=key, at=self._clock(), **columns)

        self._database.write(work)


def _anything(_connection: Connection, _session: int) -> None:
    """Allows everything."""


def _add(connection: Connection, table: Table, **columns: object) -> int:
    inserted = connection.execute(insert(table).values(**columns)).inserted_primary_key
    return int(inserted[0]) if inserted else 0


def _kept(connection: Connection, table: Table, session: int, key: str) -> int | None:
    same = (table.c.session_id == session, table.c.key == key)
    return connection.execute(select(table.c.id).where(*same)).scalar_one_or_none()


def _count(connection: Connection, table: Table, **columns: object) -> int:
    equal = [table.c[name] == value for name, value in columns.items()]
    return connection.execute(select(func.count()).select_from(table).where(*equal)).scalar_one()


def _prediction_columns(prediction: Prediction) -> dict[str, object]:
    return {
        "question": prediction.question,
        "ask": prediction.ask,
        "texts": texts_to_json(prediction.texts),
        "readings": readings_to_json(prediction.readings),
        "confidence": prediction.confidence,
    }


def _refuse_repeats(connection: Connection, session: int, current: int, questions: Sequence[str]) -> None:
    """One prediction or skip a question, for good."""
    answers = tables.answers
    asked = (answers.c.session_id == session, answers.c.round == current, answers.c.question.in_(questions))
    taken = [*connection.execute(select(answers.c.question).where(*asked)).scalars()]
    twice = [question for question in questions if questions.count(question) > 1]
    for question in [*taken, *twice]:
        raise CommitError(f"Question {question} is on record already and cannot be answered again; reload the page.")

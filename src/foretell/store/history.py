"""ROWS -> what a learner has done, oldest first.

Enters: a connection and whose attempts are meant. Leaves: values of `model.attempt`. Invariant: nothing is
written here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from foretell.model.attempt import (
    Commit,
    Diagnosis,
    Draft,
    History,
    Judgement,
    KeptRun,
    Opened,
    Opening,
    Prediction,
    SelfMark,
    Verdict,
    Who,
)
from foretell.store.finished import FinishedRuns
from foretell.store.records import diagnosis_from_json, readings_from_json, texts_from_json
from foretell.store.tables import (
    answers,
    commits,
    diagnoses,
    drafts,
    explanations,
    judgements,
    marks,
    notes,
    openings,
    runs,
    sessions,
    starts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPrediction:
    """A prediction in any lesson, with how it compared.

    `round` counts how often the lesson had been started over (0: predicted for the first time); `run` is the run that
    settled it. Both `judgement` and `run` are None where the cell has not been compared.
    """

    lesson: str
    revision: str
    cell: str
    prediction: Prediction
    judgement: Judgement | None
    run: int | None
    round: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheck:
    """What a check of a task found in any lesson; `at` is when the code was run."""

    lesson: str
    revision: str
    cell: str
    diagnosis: Diagnosis
    run: int
    round: int
    at: datetime


def session_id(connection: Connection, who: Who) -> int | None:
    """The session of this learner in this revision, if there is one."""
    theirs = (sessions.c.learner == who.learner, sessions.c.lesson == who.lesson, sessions.c.revision == who.revision)
    return connection.execute(select(sessions.c.id).where(*theirs)).scalar_one_or_none()


def round_now(connection: Connection, who: Who) -> int:
    """How often the learner has started this lesson over, in whichever revision."""
    started = select(func.count()).select_from(starts.join(sessions)).where(_in_lesson(who))
    return connection.execute(started).scalar_one()


def read_history(connection: Connection, who: Who, finished: FinishedRuns) -> History:
    """Everything on record since the lesson was last started over; drafts of every revision."""
    current = round_now(connection, who)
    saved = _drafts(connection, who, current)
    session = session_id(connection, who)
    if session is None:
        return History(drafts=saved, round=current)
    return History(
        commits=tuple(read_commits(connection, (commits.c.session_id == session) & (commits.c.round == current))),
        runs=tuple(read_runs(connection, (runs.c.session_id == session) & (runs.c.round == current), finished)),
        drafts=saved,
        openings=tuple(_openings(connection, (openings.c.session_id == session) & (openings.c.round == current))),
        notes=_notes(connection, session, current),
        round=current,
    )


def read_commits(connection: Connection, which: ColumnElement[bool]) -> Iterator[Commit]:
    """The commits that `which` (a condition on commits) picks."""
    given: dict[int, list[Row[*tuple[object, ...]]]] = defaultdict(list)
    for row in connection.execute(_ordered(select(answers).join(commits).where(which), answers.c.id)):
        given[row.commit_id].append(row)
    for row in connection.execute(_ordered(select(commits).where(which), commits.c.id)):
        yield Commit(
            id=row.id,
            cell=row.cell,
            predictions=tuple(_prediction(answer) for answer in given[row.id] if answer.confidence is not None),
            skipped=tuple(answer.question for answer in given[row.id] if answer.confidence is None),
            at=row.at,
        )


def read_runs(connection: Connection, which: ColumnElement[bool], finished: FinishedRuns) -> Iterator[KeptRun]:
    """The runs that `which` (a condition on runs) picks, with the learner's latest marks."""
    found = connection.execute(_ordered(select(runs).where(which), runs.c.id)).all()
    ended = finished.read(connection, [row.id for row in found])
    marked = _marks(connection, which)
    named = _named(connection, select(explanations).join(runs).where(which))
    checked = connection.execute(select(diagnoses).join(runs).where(which))
    found_by_check = {row.run_id: diagnosis_from_json(row.diagnosis) for row in checked}
    judged: dict[int, list[Judgement]] = defaultdict(list)
    for row in connection.execute(_ordered(select(judgements).join(runs).where(which), judgements.c.id)):
        theirs = (row.run_id, row.question)
        judged[row.run_id].append(_judgement(row, named[theirs], marked.get(theirs)))
    for row in found:
        yield KeptRun(
            id=row.id,
            cell=row.cell,
            number=row.number,
            commit=row.commit_id,
            code=row.code,
            state=row.state,
            at=row.at,
            run=ended.get(row.id),
            judgements=tuple(judged[row.id]),
            diagnosis=found_by_check.get(row.id),
        )


def read_predictions(connection: Connection, learner: str) -> Iterator[KeptPrediction]:
    """Every prediction of a learner, oldest first.

    It is settled by the first run that showed a value to compare with; the learner's newest mark of it counts.
    """
    settled = _settled(connection, learner)
    columns = (answers, commits.c.cell, commits.c.at, sessions.c.lesson, sessions.c.revision)
    source = answers.join(commits).join(sessions, sessions.c.id == answers.c.session_id)
    given = select(*columns).select_from(source).where(sessions.c.learner == learner, answers.c.confidence.is_not(None))
    for row in connection.execute(_ordered(given, answers.c.id)):
        run, judgement = settled.get((row.session_id, row.round, row.question), (None, None))
        yield KeptPrediction(
            lesson=row.lesson,
            revision=row.revision,
            cell=row.cell,
            prediction=_prediction(row),
            judgement=judgement,
            run=run,
            round=row.round,
            at=row.at,
        )


def read_checks(connection: Connection, learner: str) -> Iterator[KeptCheck]:
    """What every check of a learner's code found, oldest first."""
    columns = (diagnoses.c.diagnosis, runs.c.id, runs.c.round, runs.c.cell, runs.c.at)
    source = diagnoses.join(runs).join(sessions, sessions.c.id == runs.c.session_id)
    found = select(*columns, sessions.c.lesson, sessions.c.revision).select_from(source)
    for row in connection.execute(_ordered(found.where(sessions.c.learner == learner), runs.c.id)):
        yield KeptCheck(
            lesson=row.lesson,
            revision=row.revision,
            cell=row.cell,
            diagnosis=diagnosis_from_json(row.diagnosis),
            run=row.id,
            round=row.round,
            at=row.at,
        )


def _settled(connection: Connection, learner: str) -> dict[tuple[int, int, str], tuple[int | None, Judgement | None]]:
    """The judgement that settled a question, by (session, round, question)."""
    settled: dict[tuple[int, int, str], tuple[int | None, Judgement | None]] = {}
    source = judgements.join(runs).join(sessions, sessions.c.id == runs.c.session_id)
    theirs = sessions.c.learner == learner
    found = select(judgements, runs.c.session_id, runs.c.round).select_from(source).where(theirs)
    of_runs = explanations.join(runs).join(sessions, sessions.c.id == runs.c.session_id)
    named = _named(connection, select(explanations).select_from(of_runs).where(theirs))
    for row in connection.execute(_ordered(found, judgements.c.id)):
        _, before = settled.get((row.session_id, row.round, row.question), (None, None))
        if before is None or before.verdict is Verdict.UNKNOWN:
            settled[row.session_id, row.round, row.question] = (
                row.run_id, _judgement(row, named[row.run_id, row.question], None)
            )  # fmt: skip
    source = marks.join(runs).join(sessions, sessions.c.id == runs.c.session_id)
    given = select(marks, runs.c.round).select_from(source).where(sessions.c.learner == learner)
    for row in connection.execute(_ordered(given, marks.c.id)):
        run, judgement = settled.get((row.session_id, row.round, row.question), (None, None))
        if judgement is not None:
            marked = replace(judgement, mark=SelfMark(row.mark))
            settled[row.session_id, row.round, row.question] = (run, marked)
    return settled


def _ordered(query: Select[*tuple[object, ...]], column: ColumnElement[int]) -> Select[*tuple[object, ...]]:
    return query.order_by(column)


def _in_lesson(who: Who) -> ColumnElement[bool]:
    return (sessions.c.learner == who.learner) & (sessions.c.lesson == who.lesson)


def _prediction(row: Row[*tuple[object, ...]]) -> Prediction:
    return Prediction(
        question=row.question,
        ask=row.ask or "",
        texts=texts_from_json(row.texts),
        readings=readings_from_json(row.readings),
        confidence=row.confidence,
    )


def _named(connection: Connection, query: Select[*tuple[object, ...]]) -> dict[tuple[int, str], list[str]]:
    """The misconceptions that explain a judgement, by its run and question."""
    named: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in connection.execute(_ordered(query, explanations.c.id)):
        named[row.run_id, row.question].append(row.misconception)
    return named


def _judgement(row: Row[*tuple[object, ...]], misconceptions: Sequence[str], mark: SelfMark | None) -> Judgement:
    return Judgement(
        question=row.question,
        verdict=Verdict(row.verdict),
        difference=row.difference,
        observed=row.observed,
        mark=mark,
        misconceptions=tuple(misconceptions),
    )


def _marks(connection: Connection, which: ColumnElement[bool]) -> dict[tuple[int, str], SelfMark]:
    given = connection.execute(_ordered(select(marks).join(runs).where(which), marks.c.id))
    return {(row.run_id, row.question): SelfMark(row.mark) for row in given}


def _drafts(connection: Connection, who: Who, current: int) -> dict[str, Draft]:
    newest = (
        select(func.max(drafts.c.id))
        .select_from(drafts.join(sessions))
        .where(_in_lesson(who), drafts.c.round == current)
        .group_by(drafts.c.cell)
    )
    rows = connection.execute(select(drafts).where(drafts.c.id.in_(newest)))
    return {row.cell: Draft(cell=row.cell, text=row.text, at=row.at) for row in rows}


def _openings(connection: Connection, which: ColumnElement[bool]) -> Iterable[Opening]:
    for row in connection.execute(_ordered(select(openings).where(which), openings.c.id)):
        named = texts_from_json(row.questions) if row.questions is not None else ()
        yield Opening(cell=row.cell, what=Opened(row.what), at=row.at, questions=named)


def _notes(connection: Connection, session: int, current: int) -> dict[str, str]:
    theirs = (notes.c.session_id == session, notes.c.round == current)
    rows = connection.execute(select(notes).where(*theirs).order_by(notes.c.id))
    return {row.about: row.text for row in rows}

"""The tables of the store, as they are now; `migrations/` says how a database gets there.

Enters and leaves: nothing. Invariant: rows are only ever added (erasing a whole learner apart); whatever is unique or
must exist is a constraint, so two processes on one database cannot break it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept in UTC and given back aware, also where the database forgets the zone (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """UTC on the way in."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Aware on the way out."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of any origin: what no database can keep (NUL, lone surrogates) becomes the replacement character."""

    impl: String | type[String] = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's)
        """Text that is UTF-8 on the way in."""
        return None if value is None else storable(value)


class Name(Words):
    """A short name: of a cell, a question, a learner, a key."""

    impl = String(255)
    cache_ok = True


def storable(text: str) -> str:
    """`text` as it will be read back."""
    kept = text.replace("\x00", "\ufffd")
    return re.sub("[\ud800-\udfff]", "\ufffd", kept)


_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=_NAMES)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _of(table: str) -> Column[int]:
    return Column(f"{table}_id", Integer, ForeignKey(f"{table}s.id"), nullable=False)


def _round() -> Column[int]:
    """How often the lesson had been started over when the row was written."""
    return Column("round", Integer, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


def _name(name: str) -> Column[str]:
    return Column(name, Name, nullable=False)


def _at() -> Column[datetime]:
    return Column("at", UtcTime, nullable=False)


def _write(name: str, *columns: Column[int] | Column[str]) -> Table:
    """A table of what a learner did in one session of a lesson; the client's `key` makes a retry harmless."""
    once = UniqueConstraint("session_id", "key")
    return Table(name, metadata, _id(), _of("session"), *columns, _name("key"), _at(), once, sqlite_autoincrement=True)


sessions = Table(
    "sessions",
    metadata,
    _id(),
    _name("learner"),
    _name("lesson"),
    _name("revision"),
    Column("seed", Integer, nullable=False),
    _at(),
    UniqueConstraint("learner", "lesson", "revision"),
    sqlite_autoincrement=True,
)
commits = _write("commits", _round(), _name("cell"))
answers = Table(
    "answers",
    metadata,
    _id(),
    _of("commit"),
    _of("session"),
    _round(),
    _name("question"),
    Column("ask", Words),
    Column("texts", Text),
    Column("readings", Text),
    Column("confidence", Integer),
    UniqueConstraint("session_id", "round", "question"),
    CheckConstraint("confidence BETWEEN 1 AND 99", name="confidence"),
    CheckConstraint(
        "(confidence IS NULL) = (readings IS NULL) AND (confidence IS NULL) = (texts IS NULL)",
        name="skip_or_prediction",
    ),
    sqlite_autoincrement=True,
)
runs = _write(
    "runs",
    _of("commit"),
    _round(),
    _name("cell"),
    Column("number", Integer, nullable=False),
    _text("code"),
    _name("state"),
)
runs.append_constraint(UniqueConstraint("session_id", "round", "cell", "number"))
run_results = Table(
    "run_results",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("run", Text, nullable=False),
    _at(),
)
judgements = Table(
    "judgements",
    metadata,
    _id(),
    _of("run"),
    _name("question"),
    _name("verdict"),
    _text("difference"),
    _text("observed"),
    UniqueConstraint("run_id", "question"),
    sqlite_autoincrement=True,
)
explanations = Table(
    "explanations",
    metadata,
    _id(),
    _of("run"),
    _name("question"),
    _name("misconception"),
    UniqueConstraint("run_id", "question", "misconception"),
    sqlite_autoincrement=True,
)
diagnoses = Table(
    "diagnoses",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    Column("diagnosis", Text, nullable=False),
    _at(),
)
marks = _write("marks", _of("run"), _name("question"), _name("mark"))
drafts = _write("drafts", _round(), _name("cell"), _text("text"))
Index(None, drafts.c.session_id, drafts.c.round, drafts.c.cell)
openings = _write("openings", _round(), _name("cell"), _name("what"))
openings.append_column(Column("questions", Text))
notes = _write("notes", _round(), _name("about"), _text("text"))
starts = _write("starts")
opened_lessons = Table(
    "opened_lessons",
    metadata,
    _id(),
    _name("learner"),
    _name("lesson"),
    _text("title"),
    _text("place"),
    _name("key"),
    _at(),
    UniqueConstraint("learner", "key"),
    sqlite_autoincrement=True,
)

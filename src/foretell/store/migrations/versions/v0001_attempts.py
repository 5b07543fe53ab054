"""The first tables: sessions, commits and answers, runs and their results, marks, drafts, openings, notes, starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the first version."""
    _create(
        "sessions",
        _name("learner"),
        _name("lesson"),
        _name("revision"),
        _number("seed"),
        _at(),
        _once("sessions", "learner", "lesson", "revision"),
    )
    _create_write("commits", _number("round"), _name("cell"))
    _create_answers()
    _create_write(
        "runs",
        *_reference("runs", "commit"),
        _number("round"),
        _name("cell"),
        _number("number"),
        _text("code"),
        _name("state"),
        _once("runs", "session_id", "round", "cell", "number"),
    )
    _create_results()
    _create_write("marks", *_reference("marks", "run"), _name("question"), _name("mark"))
    _create_write("drafts", _number("round"), _name("cell"), _text("text"))
    op.create_index(op.f("ix_drafts_session_id_round_cell"), "drafts", ["session_id", "round", "cell"])
    _create_write("openings", _number("round"), _name("cell"), _name("what"))
    _create_write("notes", _number("round"), _name("about"), _text("text"))
    _create_write("starts")
    _create(
        "opened_lessons",
        _name("learner"),
        _name("lesson"),
        _text("title"),
        _text("place"),
        _name("key"),
        _at(),
        _once("opened_lessons", "learner", "key"),
    )


def _create_answers() -> None:
    _create(
        "answers",
        *_reference("answers", "commit"),
        *_reference("answers", "session"),
        _number("round"),
        _name("question"),
        sa.Column("ask", sa.Text()),
        sa.Column("texts", sa.Text()),
        sa.Column("readings", sa.Text()),
        sa.Column("confidence", sa.Integer()),
        _once("answers", "session_id", "round", "question"),
        sa.CheckConstraint("confidence BETWEEN 1 AND 99", name=op.f("ck_answers_confidence")),
        sa.CheckConstraint(
            "(confidence IS NULL) = (readings IS NULL) AND (confidence IS NULL) = (texts IS NULL)",
            name=op.f("ck_answers_skip_or_prediction"),
        ),
    )


def _create_results() -> None:
    op.create_table(
        "run_results",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        _text("run"),
        _at(),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_results_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_results")),
    )
    _create(
        "judgements",
        *_reference("judgements", "run"),
        _name("question"),
        _name("verdict"),
        _text("difference"),
        _text("observed"),
        _once("judgements", "run_id", "question"),
    )


def _create_write(table: str, *items: SchemaItem) -> None:
    session = _reference(table, "session")
    _create(table, *session, *items, _name("key"), _at(), _once(table, "session_id", "key"))


def _create(table: str, *items: SchemaItem) -> None:
    key = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
    op.create_table(table, _number("id"), *items, key, sqlite_autoincrement=True)


def _reference(table: str, noun: str) -> tuple[SchemaItem, SchemaItem]:
    column = f"{noun}_id"
    return _number(column), sa.ForeignKeyConstraint([column], [f"{noun}s.id"], name=op.f(f"fk_{table}_{column}"))


def _once(table: str, *columns: str) -> SchemaItem:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _number(name: str) -> SchemaItem:
    return sa.Column(name, sa.Integer(), nullable=False)


def _name(name: str) -> SchemaItem:
    return sa.Column(name, sa.String(255), nullable=False)


def _text(name: str) -> SchemaItem:
    return sa.Column(name, sa.Text(), nullable=False)


def _at() -> SchemaItem:
    return sa.Column("at", sa.DateTime(timezone=True), nullable=False)

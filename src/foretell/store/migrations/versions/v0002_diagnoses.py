"""What explains a miss: the misconceptions of a judgement, and what a check of a task found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of explanations and diagnoses; what is there stays as it is."""
    op.create_table(
        "explanations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(255), nullable=False),
        sa.Column("misconception", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_explanations_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_explanations")),
        sa.UniqueConstraint(
            "run_id", "question", "misconception", name=op.f("uq_explanations_run_id_question_misconception")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "diagnoses",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_diagnoses_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_diagnoses")),
    )

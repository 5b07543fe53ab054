"""Which questions are asked again when a cell is: none named, all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give openings a place for questions; what is there stays as it is."""
    op.add_column("openings", sa.Column("questions", sa.Text(), nullable=True))

"""Answers of conversations: by attempt, question and answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from analysis.database import tenancy

revision = "0005"
down_revision = "0004"

_KEYS = ("attempt_id", "question_id", "code")


def upgrade() -> None:
    """Create the table; it only grows, as the attempts do."""
    op.create_table(
        "answers",
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("question_id", sa.String(24), primary_key=True),
        sa.Column("code", sa.String(24), primary_key=True),
        sa.Column("import_id", sa.String(32), nullable=False),
        sa.Column("script", sa.String(12), nullable=False),
        sa.Column("doors", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    tenancy.only_grows("answers")
    tenancy.add_tenant("answers", _KEYS, "")
    tenancy.protect("answers")

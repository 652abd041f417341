"""The first tables: plan, imports, attempts that only grow, conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from analysis.database.tenancy import only_grows

revision = "0001"
down_revision = None

_GROWING = ("attempts", "imports", "conflicts")


def upgrade() -> None:
    """Create the tables and forbid changing what was returned."""
    _plan()
    _attempts()
    op.create_table(
        "conflicts",
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("import_id", sa.String(32), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    for table in _GROWING:
        only_grows(table)


def _plan() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "plan",
        sa.Column("turf_id", sa.String(64), primary_key=True),
        sa.Column("address_id", sa.String(64), primary_key=True),
        sa.Column("bureau_id", sa.String(64), nullable=False),
        sa.Column("dwellings", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
    )
    op.create_index("plan_bureau", "plan", ["bureau_id"])
    op.create_index("plan_address", "plan", ["address_id"])


def _attempts() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(32), primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("received_s", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("rows", "new", "repeated", "conflicts")
        ),
    )
    op.create_index("imports_received", "imports", ["received_s"])
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("import_id", sa.String(32), nullable=False),
        *(
            sa.Column(name, sa.String(length), nullable=False)
            for name, length in (
                ("turf_id", 64),
                ("address_id", 64),
                ("bureau_id", 64),
                ("kind", 8),
                ("team_id", 64),
            )
        ),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("hour", sa.SmallInteger),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("quality", sa.SmallInteger),
        sa.Column("opponent", sa.Boolean, nullable=False),
        sa.Column("themes", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("corrects", sa.Uuid(as_uuid=False)),
    )
    op.create_index("attempts_turf", "attempts", ["turf_id", "day"])
    op.create_index("attempts_address", "attempts", ["address_id", "day"])
    _partial_index("attempts_corrects", "corrects")


def _partial_index(name: str, column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, "attempts", [column], sqlite_where=there, postgresql_where=there)

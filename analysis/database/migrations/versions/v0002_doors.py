"""Numbers of doors, floors, wishes to come back; flags; the sums that the screens read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COUNTS = (
    *("attempts", "doors", "no_answer", "refused", "conversation", "moved", "no_access"),
    *("opponent", "quality_sum", "quality_n", "first_s", "last_s"),
)


def upgrade() -> None:
    """Add what version 1 lacked; what it held stays, one door an attempt."""
    op.add_column("imports", sa.Column("accepted", sa.Text, server_default="", nullable=False))
    for column in (
        sa.Column("source", sa.String(8), server_default="phone", nullable=False),
        sa.Column("doors", sa.Integer, server_default="1", nullable=False),
        sa.Column("grade", sa.String(8), server_default="door", nullable=False),
        sa.Column("floor", sa.String(8), server_default="", nullable=False),
        sa.Column("door", sa.String(8), server_default="", nullable=False),
        sa.Column("come_back_on", sa.Date),
        sa.Column("come_back_slot", sa.String(16), server_default="", nullable=False),
    ):
        op.add_column("attempts", column)
    there = sa.text("come_back_on IS NOT NULL")
    op.create_index(
        "attempts_come_back",
        "attempts",
        ["come_back_on"],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.create_table(
        "flags",
        sa.Column("turf_id", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("rule", sa.String(32), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table("due", sa.Column("turf_id", sa.String(64), primary_key=True))
    op.execute("INSERT INTO due SELECT DISTINCT turf_id FROM attempts")
    _tallies()


def _tallies() -> None:
    keys: dict[str, dict[str, Any]] = {
        "tally_day": {"day": sa.Date(), "team_id": sa.String(64), "bureau_id": sa.String(64)},
        "tally_hour": {
            "bureau_id": sa.String(64),
            "weekend": sa.Boolean(),
            "hour": sa.SmallInteger(),
            "kind": sa.String(8),
        },
        "tally_address": {"address_id": sa.String(64)},
    }
    more = {
        "tally_address": [
            sa.Column("bureau_id", sa.String(64), nullable=False),
            sa.Column("tried", sa.BigInteger, nullable=False),
            sa.Column("silent", sa.BigInteger, nullable=False),
        ]
    }
    for table, own in keys.items():
        op.create_table(
            table,
            sa.Column("turf_id", sa.String(64), primary_key=True),
            *(sa.Column(name, kind, primary_key=True) for name, kind in own.items()),
            *(sa.Column(name, sa.BigInteger, nullable=False) for name in _COUNTS),
            *more.get(table, ()),
            sqlite_with_rowid=False,
        )
    op.create_index("tally_address_silent", "tally_address", ["silent", "last_s"])
    op.create_table(
        "tally_turf",
        sa.Column("turf_id", sa.String(64), primary_key=True),
        sa.Column("bureau_id", sa.String(64), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("planned", "tried", "silent")
        ),
        sqlite_with_rowid=False,
    )

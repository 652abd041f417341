"""Doors that asked not to be disturbed: a count in each of the sums that the screens read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; the sums are worked out again after the last version."""
    for table in ("tally_day", "tally_hour", "tally_address"):
        column = sa.Column("do_not_disturb", sa.BigInteger, server_default="0", nullable=False)
        op.add_column(table, column)

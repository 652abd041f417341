"""Messages: drafts, approvals, recipients, steps, counts of what came back."""

from __future__ import annotations

from alembic import op

from analysis.database import tenancy
from analysis.database.message_tables import TABLES

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables; all only grow."""
    for table in TABLES:
        table.create(op.get_bind())
        tenancy.protect(table.name)
        tenancy.only_grows(table.name)

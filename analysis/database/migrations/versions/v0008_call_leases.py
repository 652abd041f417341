"""Calls: who is in which caller's hands."""

from __future__ import annotations

from alembic import op

from analysis.database import tenancy
from analysis.database.contact_tables import CALL_LEASES

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table; it only grows."""
    CALL_LEASES.create(op.get_bind())
    tenancy.protect(CALL_LEASES.name)
    tenancy.only_grows(CALL_LEASES.name)

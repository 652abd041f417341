"""People: the roll, supporters, consents, objections, requests."""

from __future__ import annotations

from alembic import op

from analysis.database import tenancy
from analysis.database.contact_tables import ERASABLE, TABLES

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables; all but `ERASABLE` only grow.

    Whoever changes one of them in a later version writes here how it was before.
    """
    for table in TABLES:
        table.create(op.get_bind())
        if table in ERASABLE:
            tenancy.protect(table.name, eraser=("SELECT", "DELETE"))
            tenancy.never_changes(table.name)
        else:
            tenancy.protect(table.name)
            tenancy.only_grows(table.name)

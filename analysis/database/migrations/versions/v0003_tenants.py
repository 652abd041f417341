"""Tenants: every row of PostgreSQL has one, and no transaction sees another's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from analysis.database import tenancy
from analysis.database.engine import tenant_of

revision = "0003"
down_revision = "0002"

_READ_ADD = ("SELECT", "INSERT")
_REPLACED = ("SELECT", "INSERT", "DELETE")
# Primary key of each table, and what the app does with it.
_TABLES = {
    "meta": (("name",), ("SELECT", "INSERT", "UPDATE")),
    "plan": (("turf_id", "address_id"), _REPLACED),
    "imports": (("import_id",), _READ_ADD),
    "attempts": (("attempt_id",), _READ_ADD),
    "conflicts": (("attempt_id", "digest"), _READ_ADD),
    "due": (("turf_id",), _REPLACED),
    "flags": (("turf_id", "day", "rule"), _REPLACED),
    "tally_day": (("turf_id", "day", "team_id", "bureau_id"), _REPLACED),
    "tally_hour": (("turf_id", "bureau_id", "weekend", "hour", "kind"), _REPLACED),
    "tally_address": (("turf_id", "address_id"), _REPLACED),
    "tally_turf": (("turf_id", "bureau_id"), _REPLACED),
}


def upgrade() -> None:
    """Give what is there to the campaign that the store belongs to."""
    tenancy.create_roles()
    tenancy.protect_version()
    query = sa.text("SELECT value FROM meta WHERE name = 'campaign'")
    # A store that nobody has claimed yet belongs to whoever opens it.
    owner = op.get_bind().execute(query).scalar_one_or_none() or tenant_of(op.get_bind())
    for table, (keys, app) in _TABLES.items():
        tenancy.add_tenant(table, keys, owner.split(" ")[0])
        tenancy.protect(table, app=app)

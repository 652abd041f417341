"""Buildings that volunteers found and no file knows, and what was decided on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from analysis.database import tenancy

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables; they only grow."""
    op.create_table(
        "missing_buildings",
        sa.Column("report_id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("import_id", sa.String(32), nullable=False),
        sa.Column("turf_id", sa.String(64), nullable=False),
        sa.Column("bureau_id", sa.String(64), nullable=False),
        sa.Column("address_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("suffix", sa.String(8), nullable=False),
        sa.Column("doors", sa.Integer, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "building_decisions",
        sa.Column("report_id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("decided_us", sa.BigInteger, primary_key=True),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("latitude", sa.Float, nullable=False),
        sa.Column("longitude", sa.Float, nullable=False),
    )
    for table, keys in (
        ("missing_buildings", ("report_id",)),
        ("building_decisions", ("report_id", "decided_us")),
    ):
        tenancy.only_grows(table)
        tenancy.add_tenant(table, keys, "")
        tenancy.protect(table)

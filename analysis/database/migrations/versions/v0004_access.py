"""Organisations, campaigns, people, grants, sessions, invitations and the audit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from analysis.database import tenancy

revision = "0004"
down_revision = "0003"

_ID, _WHEN = sa.String(64), sa.BigInteger


def upgrade() -> None:
    """Create the tables; rows of a campaign are out of reach of the others."""
    _server()
    _campaign()
    _audit()


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, _ID, primary_key=True) for name in ("tenant", *names)]


def _needed(kind: Any, *names: str) -> list[sa.Column[Any]]:  # noqa: ANN401 - a type of column
    return [sa.Column(name, kind, nullable=False) for name in names]


def _server() -> None:
    op.create_table(
        "organisations",
        *_key("organisation"),
        *_needed(sa.Text, "name"),
        *_needed(_WHEN, "created_s"),
    )
    op.create_table(
        "campaigns",
        *_key("campaign"),
        *_needed(_ID, "organisation"),
        *_needed(sa.Text, "name"),
        *_needed(_WHEN, "created_s"),
    )
    op.create_table(
        "users",
        *_key("user_id"),
        *_needed(sa.Text, "issuer", "subject", "name"),
        *_needed(_WHEN, "created_s"),
    )
    op.create_index("users_subject", "users", ["tenant", "issuer", "subject"], unique=True)
    op.create_table(
        "sessions",
        *_key("digest"),
        *_needed(_ID, "user_id"),
        *_needed(_WHEN, "started_s", "expires_s"),
        sa.Column("revoked_s", _WHEN),
    )
    op.create_index("sessions_user", "sessions", ["tenant", "user_id"])
    for table in ("organisations", "campaigns", "users"):
        tenancy.protect(table)
    tenancy.protect("sessions", app=("SELECT", "INSERT", "UPDATE"))


def _campaign() -> None:
    role = sa.String(16)
    op.create_table(
        "grants",
        *_key("grant_id"),
        *_needed(_ID, "user_id"),
        *_needed(role, "role", "scope"),
        *_needed(_ID, "scope_id"),
        sa.Column("until_s", _WHEN),
        sa.Column("revokes", _ID),
        *_needed(_ID, "by_user"),
        *_needed(_WHEN, "at_s"),
    )
    op.create_index("grants_user", "grants", ["user_id"])
    op.create_table(
        "invitations",
        *_key("invitation_id"),
        *_needed(_ID, "digest"),
        *_needed(sa.Text, "name"),
        *_needed(sa.Boolean, "by_link"),
        *_needed(role, "role", "scope"),
        *_needed(_ID, "scope_id"),
        *_needed(_WHEN, "expires_s"),
        *_needed(_ID, "user_id"),
        sa.Column("revoked_s", _WHEN),
        *_needed(_ID, "by_user"),
        *_needed(_WHEN, "at_s"),
    )
    op.create_index("invitations_digest", "invitations", ["digest"])
    # A person reads their own grants, and who holds an invitation that one, before it is known
    # which campaign they are of.
    tenancy.protect("grants", own="user_id")
    tenancy.protect("invitations", app=("SELECT", "INSERT", "UPDATE"), own="digest")
    tenancy.only_grows("grants")


def _audit() -> None:
    op.create_table(
        "audit",
        *_key(),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *_needed(_WHEN, "at_s"),
        *_needed(_ID, "user_id"),
        *_needed(sa.String(32), "action"),
        *_needed(sa.Text, "subject"),
        sa.Column("rows", _WHEN),
        *_needed(_ID, "previous", "digest"),
    )
    tenancy.protect("audit")
    tenancy.only_grows("audit")

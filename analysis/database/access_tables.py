"""Who may do what: organisations and their campaigns, people, grants, sessions, audit.

What belongs to the server (`tenancy.REALM`) and what belongs to a campaign bears its tenant first.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from analysis.database.models import METADATA

_ID, _DIGEST = String(64), String(64)


def _tenant() -> Column[str]:
    return Column("tenant", _ID, primary_key=True)


ORGANISATIONS = Table(
    "organisations",
    METADATA,
    _tenant(),
    Column("organisation", _ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_s", BigInteger, nullable=False),
)

# The name of a campaign is the tenant of its rows.
CAMPAIGNS = Table(
    "campaigns",
    METADATA,
    _tenant(),
    Column("campaign", _ID, primary_key=True),
    Column("organisation", _ID, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_s", BigInteger, nullable=False),
)

# A person is whom the provider of logins says (issuer and subject); an address of mail may change.
USERS = Table(
    "users",
    METADATA,
    _tenant(),
    Column("user_id", _ID, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_s", BigInteger, nullable=False),
    Index("users_subject", "tenant", "issuer", "subject", unique=True),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    _tenant(),
    Column("digest", _DIGEST, primary_key=True),
    Column("user_id", _ID, nullable=False),
    Column("started_s", BigInteger, nullable=False),
    Column("expires_s", BigInteger, nullable=False),
    Column("revoked_s", BigInteger, nullable=True),
    Index("sessions_user", "tenant", "user_id"),
)

# Added, never changed: a row that names another in `revokes` ends it.
GRANTS = Table(
    "grants",
    METADATA,
    _tenant(),
    Column("grant_id", _ID, primary_key=True),
    Column("user_id", _ID, nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("scope_id", _ID, nullable=False),
    Column("until_s", BigInteger, nullable=True),
    Column("revokes", _ID, nullable=True),
    Column("by_user", _ID, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Index("grants_user", "user_id"),
)

# By link or by address of mail; of either only a digest is kept.
INVITATIONS = Table(
    "invitations",
    METADATA,
    _tenant(),
    Column("invitation_id", _ID, primary_key=True),
    Column("digest", _DIGEST, nullable=False),
    Column("name", Text, nullable=False),
    Column("by_link", Boolean, nullable=False),
    Column("role", String(16), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("scope_id", _ID, nullable=False),
    Column("expires_s", BigInteger, nullable=False),
    Column("user_id", _ID, nullable=False),
    Column("revoked_s", BigInteger, nullable=True),
    Column("by_user", _ID, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Index("invitations_digest", "digest"),
)

# Each row bears the digest of the one before: none can be taken out or changed unseen.
AUDIT = Table(
    "audit",
    METADATA,
    _tenant(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_s", BigInteger, nullable=False),
    Column("user_id", _ID, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("rows", BigInteger, nullable=True),
    Column("previous", _DIGEST, nullable=False),
    Column("digest", _DIGEST, nullable=False),
)

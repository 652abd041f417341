"""Messages of a campaign: what was written, who approved it, to whom it goes, what came of it.

Rows are added, never changed. What a person is sent is in `steps`, one row a step; what came back
is counted by message, hour and cell, and bears nobody's name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from analysis.database.models import METADATA

_ID, _WORD, _DIGEST = String(64), String(32), String(64)
_WHEN = BigInteger  # seconds since 1970, UTC


def _key(*names: str) -> list[Column[str]]:
    return [Column(name, _ID, primary_key=True) for name in ("tenant", *names)]


def _must(kind: TypeEngine[str] | type[TypeEngine[str]], *names: str) -> list[Column[str]]:
    return [Column(name, kind, nullable=False) for name in names]


def _said() -> list[Column[Any]]:
    return [Column("at_s", _WHEN, nullable=False), Column("by_user", _ID, nullable=False)]


# Versions of a draft: `by_user` wrote it. What is approved is one of them, whole.
MESSAGES = Table(
    "messages",
    METADATA,
    *_key("message"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # letter_email or letter_sms; what the recipients said yes to.
    *_must(_WORD, "channel", "purpose"),
    *_must(Text, "name", "content", "universe"),
    *_must(_DIGEST, "sha256"),
    *_said(),
)
# What may leave: the version, with who answers, as it was when it was approved.
APPROVALS = Table(
    "approvals",
    METADATA,
    *_key("message"),
    Column("version", Integer, nullable=False),
    *_must(_DIGEST, "sha256"),
    *_must(_ID, "author", "approved_by"),
    *_must(Text, "controller", "notice", "sponsor", "election"),
    # JSON: who was left out, by rule; the draw of the control and what it can see.
    *_must(Text, "refused", "control"),
    Column("seed", BigInteger, nullable=False),
    *_must(_DIGEST, "seal"),
    Column("at_s", _WHEN, nullable=False),
    CheckConstraint("approved_by <> author", name="approvals_by_another"),
    CheckConstraint("approved_by <> ''", name="approvals_by_somebody"),
)
# Stops a message between two recipients; what left has left.
HALTS = Table("halts", METADATA, *_key("message", "halt"), *_must(Text, "reason"), *_said())
# To whom, as it was drawn at approval: `control` gets nothing.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    *_key("message", "person"),
    *_must(_WORD, "arm", "variant"),
    # Block of the draw; where its counts are made.
    *_must(_ID, "block", "cell"),
    # Digests of what is in the link to leave, and in the return path.
    *_must(_DIGEST, "leave", "bounce"),
    Column("turn", Integer, nullable=False),
    Index("deliveries_leave", "tenant", "leave"),
    Index("deliveries_bounce", "tenant", "bounce"),
    Index("deliveries_person", "tenant", "person"),
)
# gate (refused at the moment of delivery), sent, refused (by the server), bounced, complained.
STEPS = Table(
    "steps",
    METADATA,
    *_key("message", "person"),
    Column("step", _WORD, primary_key=True),
    Column("at_s", _WHEN, nullable=False),
    *_must(Text, "code"),
    Index("steps_person", "tenant", "person", "step", "at_s"),
)
# Counts alone: nobody's name, and the hour instead of the moment.
RESPONSES = Table(
    "responses",
    METADATA,
    *_key("message"),
    Column("kind", _WORD, primary_key=True),
    Column("hour_s", _WHEN, primary_key=True, autoincrement=False),
    Column("link", _WORD, primary_key=True),
    Column("cell", _ID, primary_key=True),
    # Counts are added up: what was written before is left alone.
    Column("part", _ID, primary_key=True),
    Column("n", Integer, nullable=False),
)

TABLES = (MESSAGES, APPROVALS, HALTS, DELIVERIES, STEPS, RESPONSES)

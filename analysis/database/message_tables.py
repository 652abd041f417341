"""Messages of a campaign: what was written, who approved it, to whom it goes, what came of it.

Rows are added, never changed. What a person is sent is in `steps`, one row a step; what came back
is counted by message, hour and cell, and bears nobody's name.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
)

from analysis.database.columns import DIGEST, ID, WHEN, WORD, key, must, said
from analysis.database.models import METADATA

# Versions of a draft: `by_user` wrote it. What is approved is one of them, whole.
MESSAGES = Table(
    "messages",
    METADATA,
    *key("message"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # letter_email or letter_sms; what the recipients said yes to.
    *must(WORD, "channel", "purpose"),
    *must(Text, "name", "content", "universe"),
    *must(DIGEST, "sha256"),
    *said(),
)
# What may leave: the version, with who answers, as it was when it was approved.
APPROVALS = Table(
    "approvals",
    METADATA,
    *key("message"),
    Column("version", Integer, nullable=False),
    *must(DIGEST, "sha256"),
    *must(ID, "author", "approved_by"),
    *must(Text, "controller", "notice", "sponsor", "election"),
    # JSON: who was left out, by rule; the draw of the control and what it can see.
    *must(Text, "refused", "control"),
    Column("seed", BigInteger, nullable=False),
    *must(DIGEST, "seal"),
    Column("at_s", WHEN, nullable=False),
    CheckConstraint("approved_by <> author", name="approvals_by_another"),
    CheckConstraint("approved_by <> ''", name="approvals_by_somebody"),
)
# Stops a message between two recipients; what left has left.
HALTS = Table("halts", METADATA, *key("message", "halt"), *must(Text, "reason"), *said())
# To whom, as it was drawn at approval: `control` gets nothing.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    *key("message", "person"),
    *must(WORD, "arm", "variant"),
    # Block of the draw; where its counts are made.
    *must(ID, "block", "cell"),
    # Digests of what is in the link to leave, and in the return path.
    *must(DIGEST, "leave", "bounce"),
    Column("turn", Integer, nullable=False),
    Index("deliveries_leave", "tenant", "leave"),
    Index("deliveries_bounce", "tenant", "bounce"),
    Index("deliveries_person", "tenant", "person"),
)
# gate (refused at the moment of delivery), sent, refused (by the server), bounced, complained.
STEPS = Table(
    "steps",
    METADATA,
    *key("message", "person"),
    Column("step", WORD, primary_key=True),
    Column("at_s", WHEN, nullable=False),
    *must(Text, "code"),
    Index("steps_person", "tenant", "person", "step", "at_s"),
)
# Counts alone: nobody's name, and the hour instead of the moment.
RESPONSES = Table(
    "responses",
    METADATA,
    *key("message"),
    Column("kind", WORD, primary_key=True),
    Column("hour_s", WHEN, primary_key=True, autoincrement=False),
    # Of who left or answered: the variant of the subject.
    Column("link", WORD, primary_key=True),
    Column("cell", ID, primary_key=True),
    # Counts are added up: what was written before is left alone.
    Column("part", ID, primary_key=True),
    Column("n", Integer, nullable=False),
)

TABLES = (MESSAGES, APPROVALS, HALTS, DELIVERIES, STEPS, RESPONSES)

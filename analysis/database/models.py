"""The tables of the store, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from analysis.tables.attempts import OUTCOMES

METADATA = MetaData()
# Stands in remarks where the name of somebody stood who was erased.
TAKEN_OUT = "[…]"
# Of `META`: how many times that was done.
ERASURES = "erasures"
Counter = BigInteger


def _id(length: int = 64) -> String:
    return String(length)


META = Table(
    "meta",
    METADATA,
    Column("name", _id(), primary_key=True),
    Column("value", Text, nullable=False),
)

# Which address belongs to which turf: the plan, replaced when turfs are cut again.
PLAN = Table(
    "plan",
    METADATA,
    Column("turf_id", _id(), primary_key=True),
    Column("address_id", _id(), primary_key=True),
    Column("bureau_id", _id(), nullable=False),
    Column("dwellings", Integer, nullable=False),
    Column("kind", _id(8), nullable=False),
    Index("plan_bureau", "bureau_id"),
    Index("plan_address", "address_id"),
)

IMPORTS = Table(
    "imports",
    METADATA,
    Column("import_id", _id(32), primary_key=True),
    Column("file", Text, nullable=False),
    Column("sha256", _id(), nullable=False),
    Column("source", _id(8), nullable=False),
    Column("received_s", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("accepted", Text, nullable=False),
    Index("imports_received", "received_s"),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("attempt_id", Uuid(as_uuid=False), primary_key=True),
    Column("import_id", _id(32), nullable=False),
    Column("turf_id", _id(), nullable=False),
    Column("address_id", _id(), nullable=False),
    Column("bureau_id", _id(), nullable=False),
    Column("kind", _id(8), nullable=False),
    Column("team_id", _id(), nullable=False),
    # Seconds since 1970 (UTC); day and hour are those of the campaign's time zone.
    Column("at_s", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("hour", SmallInteger, nullable=True),
    Column("outcome", _id(16), nullable=False),
    Column("quality", SmallInteger, nullable=True),
    Column("opponent", Boolean, nullable=False),
    Column("themes", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("corrects", Uuid(as_uuid=False), nullable=True),
    Column("source", _id(8), nullable=False, server_default="phone"),
    Column("doors", Integer, nullable=False, server_default="1"),
    Column("grade", _id(8), nullable=False, server_default="door"),
    Column("floor", _id(8), nullable=False, server_default=""),
    Column("door", _id(8), nullable=False, server_default=""),
    Column("come_back_on", Date, nullable=True),
    Column("come_back_slot", _id(16), nullable=False, server_default=""),
)
Index("attempts_turf", ATTEMPTS.c.turf_id, ATTEMPTS.c.day)
Index("attempts_address", ATTEMPTS.c.address_id, ATTEMPTS.c.day)
_CORRECTION = ATTEMPTS.c.corrects.is_not(None)
Index(
    "attempts_corrects",
    ATTEMPTS.c.corrects,
    sqlite_where=_CORRECTION,
    postgresql_where=_CORRECTION,
)
_WISH = ATTEMPTS.c.come_back_on.is_not(None)
Index("attempts_come_back", ATTEMPTS.c.come_back_on, sqlite_where=_WISH, postgresql_where=_WISH)

# The same attempt_id told otherwise: the first stays in `attempts`, the others are here.
CONFLICTS = Table(
    "conflicts",
    METADATA,
    Column("attempt_id", Uuid(as_uuid=False), primary_key=True),
    Column("digest", _id(), primary_key=True),
    Column("import_id", _id(32), nullable=False),
    Column("content", Text, nullable=False),
)

# What was answered in a conversation, one row per question and answer; corrections are those of
# the attempts.
ANSWERS = Table(
    "answers",
    METADATA,
    Column("attempt_id", Uuid(as_uuid=False), primary_key=True),
    Column("question_id", _id(24), primary_key=True),
    Column("code", _id(24), primary_key=True),
    Column("import_id", _id(32), nullable=False),
    Column("script", _id(12), nullable=False),
    # Doors that answered so; a text that is no code stands in `text`.
    Column("doors", Integer, nullable=False),
    Column("text", Text, nullable=False),
)

# Buildings that volunteers found and no file knows: their number in the street of an address.
MISSING_BUILDINGS = Table(
    "missing_buildings",
    METADATA,
    Column("report_id", Uuid(as_uuid=False), primary_key=True),
    Column("import_id", _id(32), nullable=False),
    Column("turf_id", _id(), nullable=False),
    Column("bureau_id", _id(), nullable=False),
    Column("address_id", _id(), nullable=False),
    Column("number", Integer, nullable=False),
    Column("suffix", _id(8), nullable=False),
    Column("doors", Integer, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)

# What an organiser decided on them: of several decisions the latest counts.
BUILDING_DECISIONS = Table(
    "building_decisions",
    METADATA,
    Column("report_id", Uuid(as_uuid=False), primary_key=True),
    Column("decided_us", BigInteger, primary_key=True),
    Column("accepted", Boolean, nullable=False),
    # Where it stands, WGS 84; 0 where it was refused.
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
)

# Turfs with returns that the quality checks have not seen yet.
DUE = Table("due", METADATA, Column("turf_id", _id(), primary_key=True))

# Found by the quality checks, which look at a turf anew whenever it got returns.
FLAGS = Table(
    "flags",
    METADATA,
    Column("turf_id", _id(), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("rule", _id(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("detail", Text, nullable=False),
)

# What is counted in every tally; quality is summed over the conversations that have one.
COUNTS = ("attempts", "doors", *OUTCOMES, "opponent", "quality_sum", "quality_n")
SPAN = ("first_s", "last_s")


def _tally(name: str, keys: Mapping[str, Any], *more: Column[Any] | Index) -> Table:
    return Table(
        name,
        METADATA,
        *(Column(key, kind, primary_key=True) for key, kind in keys.items()),
        *(Column(count, Counter, nullable=False) for count in (*COUNTS, *SPAN)),
        *more,
        sqlite_with_rowid=False,
    )


# Sums that the screens read; kept by the import in the transaction of its attempts.
TALLY_DAY = _tally(
    "tally_day", {"turf_id": _id(), "day": Date(), "team_id": _id(), "bureau_id": _id()}
)
TALLY_HOUR = _tally(
    "tally_hour",
    {
        "turf_id": _id(),
        "bureau_id": _id(),
        "weekend": Boolean(),
        "hour": SmallInteger(),
        "kind": _id(8),
    },
)
TALLY_ADDRESS = _tally(
    "tally_address",
    {"turf_id": _id(), "address_id": _id()},
    Column("bureau_id", _id(), nullable=False),
    # Doors knocked at, no more than there are; and those of them that did not open.
    Column("tried", Counter, nullable=False),
    Column("silent", Counter, nullable=False),
    Index("tally_address_silent", "silent", "last_s"),
)
TALLY_TURF = Table(
    "tally_turf",
    METADATA,
    Column("turf_id", _id(), primary_key=True),
    Column("bureau_id", _id(), primary_key=True),
    *(Column(name, Counter, nullable=False) for name in ("planned", "tried", "silent")),
    sqlite_with_rowid=False,
)
# In the order in which they are worked out: the last one reads the one before.
TALLIES = (TALLY_DAY, TALLY_HOUR, TALLY_ADDRESS, TALLY_TURF)

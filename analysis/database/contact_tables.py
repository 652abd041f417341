"""People of a campaign: the roll, supporters, consents, objections, requests.

Every key begins with the tenant. Rows are added, never changed; what holds now is the latest row.
A few tables can lose rows, to the eraser alone: keys of people, what they encrypt, the index of
contact points, where people live, what they think, their line of the roll, contacts of doors that
wait to be opened, and the roll.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
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
    """Return when something was written, and by whom."""
    return [Column("at_s", _WHEN, nullable=False), Column("by_user", _ID, nullable=False)]


# Who answers for the campaign, as every message and sheet names it; the latest row holds.
CONTROLLERS = Table(
    "controllers",
    METADATA,
    *_key("version"),
    # One name for all campaigns of the same controller: objections hold in all of them.
    *_must(_ID, "controller"),
    *_must(Text, "name", "address", "contact", "sponsor", "financial_agent", "election"),
    # JSON: one {"date", "territory", "time_zone"} a round.
    *_must(Text, "rounds"),
    *_said(),
)

# ---- the roll ------------------------------------------------------------------------------

ROLL_FILES = Table(
    "roll_files",
    METADATA,
    *_key("roll"),
    *_must(Text, "file"),
    *_must(_DIGEST, "sha256"),
    # Who asked the town hall or the prefecture for it, where; the promise and who signed it.
    *_must(Text, "asked_by", "place", "promise", "promised_by"),
    Column("asked_on", Date, nullable=False),
    Column("promised_on", Date, nullable=False),
    Column("list_date", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    # JSON: columns that were not read; rows refused by reason; what rows lack.
    *_must(Text, "dropped", "refused", "counts"),
    # Of the file, of which those refused are not kept.
    Column("file_rows", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    *_said(),
)
ROLL_ENDS = Table(
    "roll_ends",
    METADATA,
    *_key("roll"),
    *_must(_WORD, "reason"),
    Column("rows", Integer, nullable=False),
    *_said(),
)
# No contact point and no score is ever written here.
ROLL_ROWS = Table(
    "roll_rows",
    METADATA,
    *_key("roll"),
    Column("line", Integer, primary_key=True, autoincrement=False),
    *_must(Text, "birth_name", "used_name", "first_names"),
    *_must(String(1), "sex"),
    Column("birth_date", Date, nullable=True),
    Column("birth_year", SmallInteger, nullable=True),
    *_must(Text, "number", "street", "extra", "postcode", "city"),
    *_must(_ID, "commune_id", "bureau_id", "address_id"),
    Column("order_number", Integer, nullable=True),
    *_must(_WORD, "list_kind"),
    Index("roll_rows_bureau", "tenant", "bureau_id"),
)

# ---- people --------------------------------------------------------------------------------

PEOPLE_FILES = Table(
    "people_files",
    METADATA,
    *_key("file_id"),
    *_must(Text, "file"),
    *_must(_DIGEST, "sha256"),
    *_must(_WORD, "origin", "purpose"),
    Column("relation", _WORD, nullable=False, server_default=""),
    # Who collected it, when, how.
    Column("told", Text, nullable=False, server_default=""),
    # JSON: field of each column; rows refused by reason.
    *_must(Text, "columns", "refused"),
    # JSON: how many people were new, met, without proof of consent.
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("rows", Integer, nullable=False),
    *_said(),
)
# What a column of a given heading was said to be, for the next file.
LEARNED_COLUMNS = Table(
    "learned_columns", METADATA, *_key("heading", "version"), *_must(_WORD, "field"), *_said()
)
PERSONS = Table(
    "persons",
    METADATA,
    *_key("person"),
    *_must(_WORD, "source", "relation"),
    *_must(_ID, "file_id"),
    *_said(),
)
# Who somebody is, encrypted with a key of that person alone; the highest version holds.
VAULT = Table(
    "vault",
    METADATA,
    *_key("person"),
    Column("field", _WORD, primary_key=True),
    Column("version", _WHEN, primary_key=True, autoincrement=False),
    Column("value", LargeBinary, nullable=False),
)
VAULT_KEYS = Table(
    "vault_keys",
    METADATA,
    *_key("person"),
    Column("wrapped", LargeBinary, nullable=False),
)
# Keyed digests of contact points, to find a person by one; several may share it.
POINTS = Table(
    "points",
    METADATA,
    *_key(),
    Column("kind", _WORD, primary_key=True),
    Column("digest", _DIGEST, primary_key=True),
    Column("person", _ID, primary_key=True),
    Column("at_s", _WHEN, nullable=False),
    Index("points_person", "tenant", "person"),
)
# Where a person lives, coarsely; the address itself is in the vault.
HOMES = Table(
    "homes",
    METADATA,
    *_key("person"),
    Column("version", _WHEN, primary_key=True, autoincrement=False),
    *_must(_ID, "commune_id", "bureau_id"),
    *_must(_WORD, "source"),
    Column("score", Float, nullable=True),
)
# What people said of themselves: themes, volunteering, donation. Never inferred.
STATEMENTS = Table(
    "statements",
    METADATA,
    *_key("statement"),
    *_must(_ID, "person"),
    *_must(_WORD, "kind", "value"),
    Column("given", Boolean, nullable=False),
    *_must(_WORD, "how"),
    *_said(),
    Index("statements_person", "tenant", "person"),
    Index("statements_hold", "tenant", "kind", "value", "person", "given", "at_s"),
)
LINKS = Table(
    "links",
    METADATA,
    *_key("link"),
    *_must(_ID, "person", "roll"),
    Column("line", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    *_must(Text, "reasons"),
    # proposed, accepted, refused; "automatic" or a person decided.
    *_must(_WORD, "state", "decided"),
    Column("undoes", _ID, nullable=True),
    *_said(),
    Index("links_person", "tenant", "person"),
)
# Read through, never rewritten: rows of the absorbed person stay theirs.
MERGES = Table(
    "merges",
    METADATA,
    *_key("merge"),
    *_must(_ID, "kept", "absorbed"),
    Column("probability", Float, nullable=False),
    *_must(Text, "reasons"),
    *_must(_WORD, "state", "decided"),
    Column("undoes", _ID, nullable=True),
    *_said(),
    Index("merges_absorbed", "tenant", "absorbed"),
)

# ---- what they want ------------------------------------------------------------------------

CONSENT_TEXTS = Table(
    "consent_texts",
    METADATA,
    *_key("text_id"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *_must(_WORD, "purpose", "language"),
    *_must(Text, "wording"),
    *_said(),
)
CONSENTS = Table(
    "consents",
    METADATA,
    *_key("consent"),
    *_must(_ID, "person"),
    *_must(_WORD, "purpose", "channel"),
    Column("given", Boolean, nullable=False),
    *_must(_ID, "text_id"),
    Column("text_version", Integer, nullable=False),
    # When the person said it, which may be before it was written down.
    Column("said_s", _WHEN, nullable=False),
    *_must(_WORD, "how"),
    *_must(_DIGEST, "proof"),
    *_said(),
    Index("consents_person", "tenant", "person", "purpose", "channel", "said_s"),
    # Who says yes to one thing is read from the index alone.
    Index("consents_hold", "tenant", "purpose", "channel", "person", "given", "said_s"),
)
# Of a controller, so that it holds in all their campaigns: the tenant of these rows is
# `suppression.tenant_of_controller`. Never deleted: the digest outlives who was erased.
SUPPRESSION = Table(
    "suppression",
    METADATA,
    *_key("digest"),
    Column("channel", _WORD, primary_key=True),
    *_must(_WORD, "kind", "reason"),
    Column("at_s", _WHEN, nullable=False),
)
# Letters with a link that wait for a click: of the link only a digest is kept.
CONFIRMATIONS = Table(
    "confirmations",
    METADATA,
    *_key("digest"),
    *_must(_ID, "person"),
    *_must(_WORD, "what"),
    *_must(Text, "detail"),
    Column("expires_s", _WHEN, nullable=False),
    Column("at_s", _WHEN, nullable=False),
)
CONFIRMED = Table("confirmed", METADATA, *_key("digest"), Column("at_s", _WHEN, nullable=False))
# A contact taken at a door, as it came: encrypted for the campaign, read by nobody on the way.
# It is gone once it is opened, for it could be opened again after its person is erased.
DOOR_BOXES = Table(
    "door_boxes",
    METADATA,
    *_key("box"),
    *_must(_ID, "turf_id"),
    Column("sealed", LargeBinary, nullable=False),
    *_said(),
)
# What became of a box; one that comes a second time is not opened again.
DOOR_OPENED = Table(
    "door_opened",
    METADATA,
    *_key("box"),
    *_must(_ID, "turf_id", "person"),
    *_must(_WORD, "state"),
    *_must(Text, "detail"),
    *_said(),
)

# ---- what was done -------------------------------------------------------------------------

UNIVERSES = Table(
    "universes",
    METADATA,
    *_key("universe"),
    *_must(Text, "name", "words", "rule"),
    *_said(),
)
# Calls and messages between people; doors are in `attempts`.
CONTACTS = Table(
    "contacts",
    METADATA,
    *_key("contact"),
    *_must(_ID, "person"),
    *_must(_WORD, "channel", "outcome"),
    Column("corrects", _ID, nullable=True),
    *_said(),
    Index("contacts_person", "tenant", "person", "channel", "at_s"),
)
# Which rule let which list out: rows, never people.
PASSED = Table(
    "passed",
    METADATA,
    *_key("passage"),
    *_must(_WORD, "channel", "action"),
    *_must(Text, "fields", "rules", "refused"),
    Column("rows", Integer, nullable=False),
    *_said(),
)
REQUESTS = Table(
    "requests",
    METADATA,
    *_key("request"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *_must(_ID, "person"),
    *_must(_WORD, "kind", "state"),
    Column("due_on", Date, nullable=False),
    *_must(Text, "detail"),
    *_said(),
)
RETENTION_RUNS = Table(
    "retention_runs",
    METADATA,
    *_key("run"),
    *_must(_WORD, "kind"),
    Column("rows", Integer, nullable=False),
    *_must(Text, "detail"),
    *_said(),
)
# Articles 18 and 19 of Regulation (EU) 2024/900; incidents with personal data besides.
REGISTER = Table(
    "register",
    METADATA,
    *_key("entry"),
    *_must(_WORD, "kind"),
    *_must(Text, "content"),
    *_said(),
)

TABLES = (
    *(CONTROLLERS, ROLL_FILES, ROLL_ENDS, ROLL_ROWS, PEOPLE_FILES, LEARNED_COLUMNS, PERSONS),
    *(VAULT, VAULT_KEYS, POINTS, HOMES, STATEMENTS, LINKS, MERGES, CONSENT_TEXTS, CONSENTS),
    *(SUPPRESSION, CONFIRMATIONS, CONFIRMED, DOOR_BOXES, DOOR_OPENED, UNIVERSES, CONTACTS),
    *(PASSED, REQUESTS, RETENTION_RUNS, REGISTER),
)
# The only ones that lose rows, and only by the eraser's hand.
ERASABLE = (ROLL_ROWS, VAULT, VAULT_KEYS, POINTS, HOMES, STATEMENTS, LINKS, DOOR_BOXES)

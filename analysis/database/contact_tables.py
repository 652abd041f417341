"""People of a campaign: the roll, supporters, consents, objections, requests.

Every key begins with the tenant. Rows are added, never changed; what holds now is the latest row.
A few tables can lose rows, to the eraser alone: keys of people, what they encrypt, the index of
contact points, where people live, what they think, their line of the roll, contacts of doors that
wait to be opened, and the roll.
"""

from __future__ import annotations

from sqlalchemy import (
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

from analysis.database.columns import DIGEST, ID, WHEN, WORD, key, must, said
from analysis.database.models import METADATA

# Who answers for the campaign, as every message and sheet names it; the latest row holds.
CONTROLLERS = Table(
    "controllers",
    METADATA,
    *key("version"),
    # One name for all campaigns of the same controller: objections hold in all of them.
    *must(ID, "controller"),
    *must(Text, "name", "address", "contact", "sponsor", "financial_agent", "election"),
    # JSON: one {"date", "territory", "time_zone"} a round.
    *must(Text, "rounds"),
    *said(),
)

# ---- the roll ------------------------------------------------------------------------------

ROLL_FILES = Table(
    "roll_files",
    METADATA,
    *key("roll"),
    *must(Text, "file"),
    *must(DIGEST, "sha256"),
    # Who asked the town hall or the prefecture for it, where; the promise and who signed it.
    *must(Text, "asked_by", "place", "promise", "promised_by"),
    Column("asked_on", Date, nullable=False),
    Column("promised_on", Date, nullable=False),
    Column("list_date", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    # JSON: columns that were not read; rows refused by reason; what rows lack.
    *must(Text, "dropped", "refused", "counts"),
    # Of the file, of which those refused are not kept.
    Column("file_rows", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    *said(),
)
ROLL_ENDS = Table(
    "roll_ends",
    METADATA,
    *key("roll"),
    *must(WORD, "reason"),
    Column("rows", Integer, nullable=False),
    *said(),
)
# No contact point and no score is ever written here.
ROLL_ROWS = Table(
    "roll_rows",
    METADATA,
    *key("roll"),
    Column("line", Integer, primary_key=True, autoincrement=False),
    *must(Text, "birth_name", "used_name", "first_names"),
    *must(String(1), "sex"),
    Column("birth_date", Date, nullable=True),
    Column("birth_year", SmallInteger, nullable=True),
    *must(Text, "number", "street", "extra", "postcode", "city"),
    *must(ID, "commune_id", "bureau_id", "address_id"),
    Column("order_number", Integer, nullable=True),
    *must(WORD, "list_kind"),
    Index("roll_rows_bureau", "tenant", "bureau_id"),
)

# ---- people --------------------------------------------------------------------------------

PEOPLE_FILES = Table(
    "people_files",
    METADATA,
    *key("file_id"),
    *must(Text, "file"),
    *must(DIGEST, "sha256"),
    *must(WORD, "origin", "purpose"),
    Column("relation", WORD, nullable=False, server_default=""),
    # Who collected it, when, how.
    Column("told", Text, nullable=False, server_default=""),
    # JSON: field of each column; rows refused by reason.
    *must(Text, "columns", "refused"),
    # JSON: how many people were new, met, without proof of consent.
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("rows", Integer, nullable=False),
    *said(),
)
# What a column of a given heading was said to be, for the next file.
LEARNED_COLUMNS = Table(
    "learned_columns", METADATA, *key("heading", "version"), *must(WORD, "field"), *said()
)
PERSONS = Table(
    "persons",
    METADATA,
    *key("person"),
    *must(WORD, "source", "relation"),
    *must(ID, "file_id"),
    *said(),
)
# Who somebody is, encrypted with a key of that person alone; the highest version holds.
VAULT = Table(
    "vault",
    METADATA,
    *key("person"),
    Column("field", WORD, primary_key=True),
    Column("version", WHEN, primary_key=True, autoincrement=False),
    Column("value", LargeBinary, nullable=False),
)
VAULT_KEYS = Table(
    "vault_keys",
    METADATA,
    *key("person"),
    Column("wrapped", LargeBinary, nullable=False),
)
# Keyed digests of contact points, to find a person by one; several may share it.
POINTS = Table(
    "points",
    METADATA,
    *key(),
    Column("kind", WORD, primary_key=True),
    Column("digest", DIGEST, primary_key=True),
    Column("person", ID, primary_key=True),
    Column("at_s", WHEN, nullable=False),
    Index("points_person", "tenant", "person"),
)
# Where a person lives, coarsely; the address itself is in the vault.
HOMES = Table(
    "homes",
    METADATA,
    *key("person"),
    Column("version", WHEN, primary_key=True, autoincrement=False),
    *must(ID, "commune_id", "bureau_id"),
    *must(WORD, "source"),
    Column("score", Float, nullable=True),
)
# What people said of themselves: themes, volunteering, donation. Never inferred.
STATEMENTS = Table(
    "statements",
    METADATA,
    *key("statement"),
    *must(ID, "person"),
    *must(WORD, "kind", "value"),
    Column("given", Boolean, nullable=False),
    *must(WORD, "how"),
    *said(),
    Index("statements_person", "tenant", "person"),
    Index("statements_hold", "tenant", "kind", "value", "person", "given", "at_s"),
)
LINKS = Table(
    "links",
    METADATA,
    *key("link"),
    *must(ID, "person", "roll"),
    Column("line", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    *must(Text, "reasons"),
    # proposed, accepted, refused; "automatic" or a person decided.
    *must(WORD, "state", "decided"),
    Column("undoes", ID, nullable=True),
    *said(),
    Index("links_person", "tenant", "person"),
)
# Read through, never rewritten: rows of the absorbed person stay theirs.
MERGES = Table(
    "merges",
    METADATA,
    *key("merge"),
    *must(ID, "kept", "absorbed"),
    Column("probability", Float, nullable=False),
    *must(Text, "reasons"),
    *must(WORD, "state", "decided"),
    Column("undoes", ID, nullable=True),
    *said(),
    Index("merges_absorbed", "tenant", "absorbed"),
)

# ---- what they want ------------------------------------------------------------------------

CONSENT_TEXTS = Table(
    "consent_texts",
    METADATA,
    *key("text_id"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *must(WORD, "purpose", "language"),
    *must(Text, "wording"),
    *said(),
)
CONSENTS = Table(
    "consents",
    METADATA,
    *key("consent"),
    *must(ID, "person"),
    *must(WORD, "purpose", "channel"),
    Column("given", Boolean, nullable=False),
    *must(ID, "text_id"),
    Column("text_version", Integer, nullable=False),
    # When the person said it, which may be before it was written down.
    Column("said_s", WHEN, nullable=False),
    *must(WORD, "how"),
    *must(DIGEST, "proof"),
    *said(),
    Index("consents_person", "tenant", "person", "purpose", "channel", "said_s"),
    # Who says yes to one thing is read from the index alone.
    Index("consents_hold", "tenant", "purpose", "channel", "person", "given", "said_s"),
)
# Of a controller, so that it holds in all their campaigns: the tenant of these rows is
# `suppression.tenant_of_controller`. Never deleted: the digest outlives who was erased.
SUPPRESSION = Table(
    "suppression",
    METADATA,
    *key("digest"),
    Column("channel", WORD, primary_key=True),
    *must(WORD, "kind", "reason"),
    Column("at_s", WHEN, nullable=False),
)
# Letters with a link that wait for a click: of the link only a digest is kept.
CONFIRMATIONS = Table(
    "confirmations",
    METADATA,
    *key("digest"),
    *must(ID, "person"),
    *must(WORD, "what"),
    *must(Text, "detail"),
    Column("expires_s", WHEN, nullable=False),
    Column("at_s", WHEN, nullable=False),
)
CONFIRMED = Table("confirmed", METADATA, *key("digest"), Column("at_s", WHEN, nullable=False))
# A contact taken at a door, as it came: encrypted for the campaign, read by nobody on the way.
# It is gone once it is opened, for it could be opened again after its person is erased.
DOOR_BOXES = Table(
    "door_boxes",
    METADATA,
    *key("box"),
    *must(ID, "turf_id"),
    Column("sealed", LargeBinary, nullable=False),
    *said(),
)
# What became of a box; one that comes a second time is not opened again.
DOOR_OPENED = Table(
    "door_opened",
    METADATA,
    *key("box"),
    *must(ID, "turf_id", "person"),
    *must(WORD, "state"),
    *must(Text, "detail"),
    *said(),
)

# ---- what was done -------------------------------------------------------------------------

UNIVERSES = Table(
    "universes",
    METADATA,
    *key("universe"),
    *must(Text, "name", "words", "rule"),
    *said(),
)
# Calls and messages between people; doors are in `attempts`.
CONTACTS = Table(
    "contacts",
    METADATA,
    *key("contact"),
    *must(ID, "person"),
    *must(WORD, "channel", "outcome"),
    Column("corrects", ID, nullable=True),
    *said(),
    Index("contacts_person", "tenant", "person", "channel", "at_s"),
)
# Whom a caller has before them: nobody else is given them until `until_s`, or until the caller has
# another. `caller` names a browser or a user and leads to neither.
CALL_LEASES = Table(
    "call_leases",
    METADATA,
    *key("person"),
    Column("version", WHEN, primary_key=True, autoincrement=False),
    *must(WORD, "caller"),
    Column("until_s", WHEN, nullable=False),
    Index("call_leases_latest", "tenant", "version"),
)
# Which rule let which list out: rows, never people.
PASSED = Table(
    "passed",
    METADATA,
    *key("passage"),
    *must(WORD, "channel", "action"),
    *must(Text, "fields", "rules", "refused"),
    Column("rows", Integer, nullable=False),
    *said(),
)
REQUESTS = Table(
    "requests",
    METADATA,
    *key("request"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *must(ID, "person"),
    *must(WORD, "kind", "state"),
    Column("due_on", Date, nullable=False),
    *must(Text, "detail"),
    *said(),
)
RETENTION_RUNS = Table(
    "retention_runs",
    METADATA,
    *key("run"),
    *must(WORD, "kind"),
    Column("rows", Integer, nullable=False),
    *must(Text, "detail"),
    *said(),
)
# Articles 18 and 19 of Regulation (EU) 2024/900; incidents with personal data besides.
REGISTER = Table(
    "register",
    METADATA,
    *key("entry"),
    *must(WORD, "kind"),
    *must(Text, "content"),
    *said(),
)

# Those of version 0006; what came later is made by its own migration.
TABLES = (
    *(CONTROLLERS, ROLL_FILES, ROLL_ENDS, ROLL_ROWS, PEOPLE_FILES, LEARNED_COLUMNS, PERSONS),
    *(VAULT, VAULT_KEYS, POINTS, HOMES, STATEMENTS, LINKS, MERGES, CONSENT_TEXTS, CONSENTS),
    *(SUPPRESSION, CONFIRMATIONS, CONFIRMED, DOOR_BOXES, DOOR_OPENED, UNIVERSES, CONTACTS),
    *(PASSED, REQUESTS, RETENTION_RUNS, REGISTER),
)
# The only ones that lose rows, and only by the eraser's hand.
ERASABLE = (ROLL_ROWS, VAULT, VAULT_KEYS, POINTS, HOMES, STATEMENTS, LINKS, DOOR_BOXES)

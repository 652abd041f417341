"""All that a campaign knows of a person, for that person to read (GDPR art. 15 and 20)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts import vault
from analysis.contacts.acts import PREFIX
from analysis.contacts.contact_store import Contacts
from analysis.contacts.merged import groups
from analysis.contacts.suppression import suppressed
from analysis.database.contact_tables import (
    CONSENT_TEXTS,
    CONSENTS,
    CONTACTS,
    DOOR_OPENED,
    HOMES,
    LINKS,
    MERGES,
    PEOPLE_FILES,
    PERSONS,
    REQUESTS,
    STATEMENTS,
    VAULT,
)
from analysis.database.engine import reading

# What is said of a person, table by table; who wrote it down is nobody's affair but the campaign's.
_TABLES = {
    "persons": PERSONS,
    "homes": HOMES,
    "statements": STATEMENTS,
    "consents": CONSENTS,
    "contacts": CONTACTS,
    "links": LINKS,
    "requests": REQUESTS,
    "door_opened": DOOR_OPENED,
}
_LEFT_OUT = {"tenant", "by_user"}
Known = dict[str, Any]


def known_of(contacts: Contacts, person: str) -> Known:
    """Return all that is known of a person and of who they were merged with.

    Parameters
    ----------
    contacts
        The campaign, with its keys.
    person
        Who.

    Returns
    -------
    dict
        Plain values for JSON: `controller`, `identity` (every version of every field), `acts`, the
        tables of events, `texts` they agreed to, `origin` and `objections`.
    """
    with reading(contacts.engine) as connection:
        people = groups(connection).members([person])
        identity = _identity(connection, contacts, people)
        tables = {name: _rows(connection, one, people) for name, one in _TABLES.items()}
        merges = _rows(connection, MERGES, people, column="kept")
        texts = _texts(connection, tables["consents"])
        origin = _origin(connection, contacts, tables["persons"])
    points = [(row["field"], row["value"]) for row in identity if row["field"] in vault.POINT_KINDS]
    objections = suppressed(contacts, points)
    who = contacts.controller
    return {
        "controller": {"name": who.name or who.controller, "contact": who.contact},
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "identity": [row for row in identity if not row["field"].startswith(PREFIX)],
        "acts": [json.loads(row["value"]) for row in identity if row["field"].startswith(PREFIX)],
        **tables,
        "merges": merges,
        "texts": texts,
        "origin": origin,
        "objections": sorted({(kind, why) for (kind, _text), why in objections.items()}),
    }


def portable(known: Known) -> list[dict[str, str]]:
    """Return what the person gave of themselves (art. 20): rows of `field`, `value` and `at`."""
    rows = [
        {"field": row["field"], "value": row["value"], "at": row["at"]} for row in known["identity"]
    ]
    rows += [
        {"field": row["kind"], "value": row["value"], "at": row["at"]}
        for row in known["statements"]
    ]
    rows += [
        {
            "field": f"consent {row['purpose']} {row['channel']}",
            "value": "yes" if row["given"] else "no",
            "at": row["said"],
        }
        for row in known["consents"]
    ]
    return rows


def _identity(
    connection: Connection, contacts: Contacts, people: list[str]
) -> list[dict[str, str]]:
    query = sa.select(VAULT.c.field).where(
        VAULT.c.tenant == contacts.tenant, VAULT.c.person.in_(people)
    )
    fields = sorted(set(connection.execute(query).scalars()))
    rows = vault.versions(connection, contacts.ring, people, fields)
    return [
        {"field": name, "value": text, "at": _instant(version // 1_000_000_000)}
        for name, version, text in rows
    ]


def _rows(
    connection: Connection, table: sa.Table, people: list[str], *, column: str = "person"
) -> list[Known]:
    query = sa.select(table).where(table.c[column].in_(people))
    found = []
    for row in connection.execute(query).mappings():
        kept = {name: value for name, value in row.items() if name not in _LEFT_OUT}
        for name, shown in (("at_s", "at"), ("said_s", "said")):
            if name in kept:
                kept[shown] = _instant(kept.pop(name))
        found.append(
            {n: v if isinstance(v, bool | int | float) else str(v or "") for n, v in kept.items()}
        )
    return found


def _texts(connection: Connection, consents: list[Known]) -> list[Known]:
    wanted = {(row["text_id"], row["text_version"]) for row in consents}
    query = sa.select(CONSENT_TEXTS.c.text_id, CONSENT_TEXTS.c.version, CONSENT_TEXTS.c.wording)
    return [
        {"text_id": row.text_id, "version": row.version, "wording": row.wording}
        for row in connection.execute(query)
        if (row.text_id, row.version) in wanted
    ]


def _origin(connection: Connection, contacts: Contacts, persons: list[Known]) -> list[Known]:
    files = {row["file_id"] for row in persons if row["file_id"]}
    query = sa.select(PEOPLE_FILES.c.file, PEOPLE_FILES.c.origin, PEOPLE_FILES.c.purpose).where(
        PEOPLE_FILES.c.tenant == contacts.tenant, PEOPLE_FILES.c.file_id.in_(files)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

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
from analysis.contacts.person_links import links_of
from analysis.contacts.roll_store import rows_query
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
    ROLL_ROWS,
    STATEMENTS,
    VAULT,
)
from analysis.database.engine import reading
from analysis.database.message_tables import APPROVALS, DELIVERIES, MESSAGES, STEPS

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
        tables of events, `texts` they agreed to, `origin`, the lines of a `roll` that they are
        linked with, `messages` that were drawn for them, and `objections`.
    """
    with reading(contacts.engine) as connection:
        people = groups(connection).members([person])
        identity = _identity(connection, contacts, people)
        tables = {name: _rows(connection, one, people) for name, one in _TABLES.items()}
        merges = _rows(connection, MERGES, people, column="kept")
        texts = _texts(connection, tables["consents"])
        origin = _origin(connection, contacts, tables["persons"])
        roll = _roll(connection, contacts, people)
        messages = _messages(connection, contacts, people)
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
        "roll": roll,
        "messages": messages,
        "objections": sorted({(kind, why) for (kind, _text), why in objections.items()}),
    }


def portable(known: Known) -> list[dict[str, str]]:
    """Return what the person gave of themselves (art. 20): rows of `field`, `value` and `at`."""
    rows = [
        {"field": row["field"], "value": row["value"], "at": row["at"]}
        for row in once(known["identity"])
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


def once(identity: list[Known]) -> list[Known]:
    """Return what somebody said of who they are, the same text of a field only the first time."""
    first: dict[tuple[str, str], Known] = {}
    for row in identity:
        first.setdefault((row["field"], row["value"]), row)
    return list(first.values())


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


def _roll(connection: Connection, contacts: Contacts, people: list[str]) -> list[Known]:
    """Return the lines of rolls in use that somebody is linked with now."""
    links = links_of(connection, contacts)
    wanted = {links[one] for one in people if one in links}
    query = rows_query(connection, contacts, today=datetime.now(UTC).date())
    lines = sorted({line for _roll, line in wanted})
    return [
        {name: str(value) for name, value in row.items() if name not in _LEFT_OUT and value}
        for row in connection.execute(query.where(ROLL_ROWS.c.line.in_(lines))).mappings()
        if (row["roll"], row["line"]) in wanted
    ]


def _messages(connection: Connection, contacts: Contacts, people: list[str]) -> list[Known]:
    """Return the messages that were drawn for somebody, and what became of each."""
    one = sa.and_(
        MESSAGES.c.tenant == APPROVALS.c.tenant,
        MESSAGES.c.message == APPROVALS.c.message,
        MESSAGES.c.version == APPROVALS.c.version,
    )
    approved = sa.and_(
        DELIVERIES.c.tenant == APPROVALS.c.tenant, DELIVERIES.c.message == APPROVALS.c.message
    )
    done = sa.and_(
        DELIVERIES.c.tenant == STEPS.c.tenant,
        DELIVERIES.c.message == STEPS.c.message,
        DELIVERIES.c.person == STEPS.c.person,
    )
    told = (MESSAGES.c.name, MESSAGES.c.channel, DELIVERIES.c.arm, STEPS.c.step, STEPS.c.at_s)
    query = (
        sa.select(*told)
        .select_from(
            DELIVERIES.join(APPROVALS, approved).join(MESSAGES, one).outerjoin(STEPS, done)
        )
        .where(DELIVERIES.c.tenant == contacts.tenant, DELIVERIES.c.person.in_(people))
        .order_by(APPROVALS.c.at_s, STEPS.c.at_s)
    )
    return [
        {
            "name": row.name,
            "channel": row.channel,
            "arm": row.arm,
            "step": row.step or "",
            "at": _instant(row.at_s) if row.at_s else "",
        }
        for row in connection.execute(query)
    ]


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

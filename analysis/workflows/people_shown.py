"""People shown to who may see them: pairs side by side, one that is searched, numbers of all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.access import audit
from analysis.contacts import person_links, vault
from analysis.contacts.contact_store import Contacts
from analysis.contacts.merged import groups, still_known
from analysis.contacts.normalise import canonical_email, canonical_phone, name_key
from analysis.contacts.person_links import Event, Kind
from analysis.contacts.roll_store import rows_query
from analysis.database.contact_tables import PERSONS, ROLL_ROWS, VAULT, VAULT_KEYS
from analysis.database.engine import reading, tenant_of, writing
from analysis.errors import DataError
from analysis.workflows import people_linking
from analysis.workflows.people_linking import ROLL_COLUMNS


@dataclass(frozen=True, slots=True)
class Side:
    """A proposal with what is known of both, to be looked at by a person."""

    event: Event
    one: Mapping[str, str]
    other: Mapping[str, str]


def side_by_side(
    contacts: Contacts, *, kind: Kind, state: str, most: int = 50, today: dt.date | None = None
) -> tuple[int, list[Side]]:
    """Return how many pairs are in a state, and some of them with what is known of both.

    Parameters
    ----------
    contacts
        The campaign; that people were looked at is written down.
    kind, state
        "link" or "merge"; proposed, accepted, refused or undone.
    most
        How many are opened, the least sure first.
    today
        Day of use of the roll; else found.

    Returns
    -------
    tuple of int and list of Side
        All in the state, opened or not; and the pairs that are opened.
    """
    with writing(contacts.engine) as connection:
        every = [
            e for e in person_links.held(connection, contacts, kind).values() if e.state == state
        ]
        shown = sorted(every, key=lambda e: (e.probability, e.event))[:most]
        who = {person for e in shown for person in (e.ends if kind == "merge" else e.ends[:1])}
        known = vault.read(connection, contacts.ring, who)
        lines = _lines(connection, contacts, {e.ends[1:] for e in shown if kind == "link"}, today)
        if shown:
            audit.note_in(connection, contacts.by, f"look at {kind}s", rows=len(shown))
    sides = [
        Side(
            e,
            known.get(e.ends[0], {}),
            lines.get(e.ends[1:], {}) if kind == "link" else known.get(e.ends[1], {}),
        )
        for e in shown
    ]
    return len(every), sides


def _lines(
    connection: Connection,
    contacts: Contacts,
    wanted: set[tuple[Any, ...]],
    today: dt.date | None,
) -> dict[tuple[Any, ...], dict[str, str]]:
    if not wanted:
        return {}
    columns = [ROLL_ROWS.c[name] for name in ROLL_COLUMNS]
    query = rows_query(connection, contacts, *columns, today=today or dt.date.today())
    query = query.where(ROLL_ROWS.c.line.in_(sorted({line for _roll, line in wanted})))
    return {
        (row["roll"], row["line"]): {
            "birth_name": row["birth_name"],
            "used_name": row["used_name"],
            "first_names": row["first_names"],
            "birth_date": str(row["birth_date"] or row["birth_year"] or ""),
            "address": f"{row['number']} {row['street']}".strip(),
            "postcode": row["postcode"],
        }
        for row in connection.execute(query).mappings()
        if (row["roll"], row["line"]) in wanted
    }


def search(contacts: Contacts, asked: str, *, most: int = 20) -> list[tuple[str, dict[str, str]]]:
    """Return people by e-mail, telephone or name, and what is known of them.

    Parameters
    ----------
    contacts
        The campaign; that somebody was searched is written down, and not whom.
    asked
        As typed.
    most
        At most so many.

    Returns
    -------
    list of tuple
        Person, and text by field of the vault; by person.

    Raises
    ------
    DataError
        When it is too short to name anybody.
    """
    text = asked.strip()
    if len(text) < 3:
        raise DataError(
            "Three letters at least are needed to search a person.",
            mend="Type an e-mail, a telephone number or a name.",
        )
    with writing(contacts.engine) as connection:
        found = _by_point(connection, contacts, text)
        people = found if found is not None else _by_name(connection, contacts, text, most)
        known = vault.read(connection, contacts.ring, people[:most])
        audit.note_in(connection, contacts.by, "search", subject="people", rows=len(known))
    return sorted(known.items())


def _by_point(connection: Connection, contacts: Contacts, text: str) -> list[str] | None:
    kind = "email" if "@" in text else "phone"
    if kind == "phone" and sum(c.isdecimal() for c in text) < 6:
        return None
    point = canonical_email(text) if kind == "email" else canonical_phone(text)
    return vault.who_has(connection, contacts.ring, kind, [point]).get(point, [])


def _by_name(connection: Connection, contacts: Contacts, text: str, most: int) -> list[str]:
    every = sa.select(PERSONS.c.person).where(PERSONS.c.tenant == tenant_of(connection))
    names = ("used_name", "birth_name", "first_names")
    known = vault.read(connection, contacts.ring, connection.execute(every).scalars(), names)
    asked = [name_key(word) for word in text.split()]
    hits = [
        who
        for who, values in known.items()
        if all(any(word in name_key(value) for value in values.values()) for word in asked)
    ]
    return sorted(hits)[:most]


def name_of(contacts: Contacts, person: str) -> str | None:
    """Return who asked something, as `called` tells them; None where they were erased."""
    with reading(contacts.engine) as connection:
        known = vault.read(
            connection,
            contacts.ring,
            [person],
            ("first_names", "used_name", "birth_name", *vault.POINT_KINDS),
        )
    return called(known[person]) if person in known else None


def called(known: Mapping[str, str]) -> str:
    """Return somebody's name and how they are reached, which tells two of one name apart.

    Parameters
    ----------
    known
        Text by field of `vault.FIELDS`.

    Returns
    -------
    str
        « Camille Exemple (camille@valmont.example) »; "" where neither is known.
    """
    family = known.get("used_name") or known.get("birth_name", "")
    name = f"{known.get('first_names', '')} {family}".strip()
    point = next((known[one] for one in vault.POINT_KINDS if known.get(one)), "")
    return f"{name} ({point})" if name and point else name or point


def is_erased(contacts: Contacts, person: str) -> bool:
    """Tell whether nothing can be read of somebody any more: their key is gone."""
    query = sa.select(VAULT_KEYS.c.person).where(
        VAULT_KEYS.c.tenant == contacts.tenant, VAULT_KEYS.c.person == person
    )
    with reading(contacts.engine) as connection:
        return connection.execute(query).first() is None


def unread(contacts: Contacts) -> int:
    """Return how many people are here whose key is not: restored without the file of keys.

    Of who was erased nothing is left to be read, and they are not counted.
    """
    mine = PERSONS.c.tenant == contacts.tenant
    keys = sa.exists().where(
        VAULT_KEYS.c.tenant == PERSONS.c.tenant, VAULT_KEYS.c.person == PERSONS.c.person
    )
    kept = sa.exists().where(VAULT.c.tenant == PERSONS.c.tenant, VAULT.c.person == PERSONS.c.person)
    query = sa.select(sa.func.count()).select_from(PERSONS).where(mine, ~keys, kept)
    with reading(contacts.engine) as connection:
        return int(connection.execute(query).scalar_one())


def counts(contacts: Contacts) -> dict[str, int]:
    """Return how many people, merges and links there are: numbers, nobody's name.

    Of people who were merged one stands for all; who was erased is not counted.
    """
    with reading(contacts.engine) as connection:
        everybody = still_known(connection)
        stand = groups(connection).of
        made = {"people": len(set(map(stand, everybody)))}
        made["absorbed"] = len(everybody) - made["people"]
        for kind in ("merge", "link"):
            for event in person_links.held(connection, contacts, kind).values():
                name = f"{kind}s_{event.state}"
                made[name] = made.get(name, 0) + 1
        homes = people_linking.latest_homes(connection, contacts)
        made["in_a_bureau"] = len({stand(who) for who, home in homes.items() if home["bureau_id"]})
    return made

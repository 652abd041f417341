"""Entries that the law asks a campaign to keep: breaches, targeting, costs, reviews of the DPIA."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa

from analysis.access import audit
from analysis.contacts.contact_store import Contacts, new_id
from analysis.database.contact_tables import REGISTER
from analysis.database.engine import reading, writing
from analysis.errors import DataError, some

# Fields of an entry: those that must be filled, then those that may wait.
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "breach": (
        ("found_on", "what"),
        ("happened_on", "people", "data", "measures", "told_cnil_on", "told_people_on"),
    ),
    "targeting": (
        ("what", "criteria", "sources", "from_on"),
        ("to_on", "channel", "amount", "notice"),
    ),
    "cost": (("day_on", "what", "amount"), ("supplier", "receipt", "paid_on")),
    "review": (("day_on", "what"), ("dpo",)),
}
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a register, as it was written.

    Attributes
    ----------
    entry, kind
        Which, of `FIELDS`.
    values
        Text by field; what is not there is missing.
    at_s
        When it was written.
    """

    entry: str
    kind: str
    values: Mapping[str, str]
    at_s: int


def add(contacts: Contacts, kind: str, values: Mapping[str, str]) -> Entry:
    """Write an entry; a mistake is put right by another entry.

    Parameters
    ----------
    contacts
        The campaign.
    kind
        One of `FIELDS`.
    values
        Text by field. Days end in `_on` and are ISO dates; amounts are euros.

    Returns
    -------
    Entry
        As written: spaces around texts and empty fields are gone.

    Raises
    ------
    DataError
        When a field is none of ours, is missing, or is no day or amount.
    """
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    must, may = FIELDS.get(kind, ((), ()))
    wrong = sorted(set(given) - {*must, *may}) + [name for name in must if name not in given]
    wrong += [name for name, text in given.items() if not _fits(name, text)]
    if wrong or not must:
        raise DataError(
            "This entry of a register lacks something, or holds what it should not.",
            where="{kind}: {wrong}",
            mend="Fill in {must}; days as 2027-03-06, amounts in euros as 120.50.",
            kind=kind,
            wrong=some(wrong),
            must=some(must or tuple(FIELDS), most=9),
        )
    # Two of one second stay in the order they were written in.
    name = f"{time.time_ns():020d}-{new_id()[:16]}"
    entry = Entry(name, kind, given, int(datetime.now(UTC).timestamp()))
    row = {"entry": entry.entry, "kind": kind, "content": json.dumps(given, ensure_ascii=False)}
    with writing(contacts.engine) as connection:
        connection.execute(sa.insert(REGISTER).values(**row, **contacts.stamp()))
        audit.note_in(connection, contacts.by, "register", subject=kind, rows=1)
    return entry


def entries(contacts: Contacts, kind: str) -> list[Entry]:
    """Return the entries of a kind, the oldest first."""
    query = sa.select(REGISTER).where(REGISTER.c.tenant == contacts.tenant, REGISTER.c.kind == kind)
    with reading(contacts.engine) as connection:
        rows = connection.execute(query.order_by(REGISTER.c.entry)).mappings()
        return [
            Entry(row["entry"], row["kind"], json.loads(row["content"]), row["at_s"])
            for row in rows
        ]


def total(costs: list[Entry]) -> Decimal:
    """Return the sum of costs, euros."""
    return sum((amount_of(one.values["amount"]) for one in costs), Decimal(0))


def amount_of(text: str) -> Decimal:
    """Read an amount in euros, written as 120.50 or 120,50."""
    return Decimal(text.replace("\u202f", "").replace(" ", "").replace(",", "."))


def _fits(name: str, text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    try:
        if name.endswith("_on"):
            date.fromisoformat(text)
        elif name == "amount":
            return amount_of(text).is_finite() and amount_of(text) >= 0
        elif name == "people":
            return int(text) >= 0
    except (ValueError, InvalidOperation):
        return False
    return True

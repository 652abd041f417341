"""How long things about people are kept, and what is over (`retention.toml`)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files

import sqlalchemy as sa

from analysis.contacts.consents import latest
from analysis.contacts.contact_store import Contacts, insert_many, new_id
from analysis.contacts.erasure import erase
from analysis.contacts.merged import groups
from analysis.contacts.roll_store import EXPIRED, end_roll, expired
from analysis.database.contact_tables import (
    CONFIRMATIONS,
    CONFIRMED,
    CONSENTS,
    CONTACTS,
    DOOR_BOXES,
    PERSONS,
    RETENTION_RUNS,
    VAULT_KEYS,
)
from analysis.database.engine import reading, writing
from analysis.i18n import Words

DAY_S = 86_400
_FOLDER = files("analysis.contacts")
WORDS = Words.read("retention", _FOLDER / "retention_words.toml")
# Classes whose rows lie in files beside the store: a workflow deletes them.
IN_FILES = ("letters", "refused_files")


@dataclass(frozen=True, slots=True)
class Class:
    """How long one kind of thing is kept.

    Attributes
    ----------
    name
        Of the class.
    days
        How many; -1 without end.
    action
        "erase" (people), "erase_roll", "delete" or "keep".
    """

    name: str
    days: int
    action: str

    def clock(self, language: str) -> str:
        """Return what the days are counted from, in words."""
        return WORDS[language][f"clock.{self.name}"]

    def basis(self, language: str) -> str:
        """Return why it is kept so long, in words."""
        return WORDS[language][f"basis.{self.name}"]


@dataclass(frozen=True, slots=True)
class Over:
    """What is over in a class, and whether it was done away with.

    Attributes
    ----------
    name
        Of the class.
    rows
        How many: people, rolls, boxes or files.
    done
        Whether they are gone; False in a dry run.
    """

    name: str
    rows: int
    done: bool


@cache
def classes() -> Mapping[str, Class]:
    """Return every class by its name."""
    text = (_FOLDER / "retention.toml").read_text(encoding="utf-8")
    return {name: Class(name, **row) for name, row in tomllib.loads(text).items()}


def run(contacts: Contacts, *, today: date, dry: bool = True) -> list[Over]:
    """Find what is over in the store, and do away with it unless the run is dry.

    Parameters
    ----------
    contacts
        The campaign.
    today
        The day it is; what is over on it is over.
    dry
        Whether to count alone.

    Returns
    -------
    list of Over
        One per class of the store; none of them is about what is kept for good.
    """
    return [_one(contacts, name, today, dry=dry) for name in _FOUND]


def people_over(contacts: Contacts, today: date) -> set[str]:
    """Return the people whom a run on a day would erase."""
    return {one for name in _FOUND for one in _people(contacts, name, today)}


def note(contacts: Contacts, found: list[Over]) -> None:
    """Write down what a run did, one row a class."""
    rows = [
        {"run": new_id(), "kind": one.name, "rows": one.rows, **contacts.stamp()}
        | {"detail": json.dumps({"action": classes()[one.name].action})}
        for one in found
        if one.done
    ]
    with writing(contacts.engine) as connection:
        insert_many(connection, RETENTION_RUNS, rows)


def runs(contacts: Contacts, *, most: int = 200, least: int = 0) -> list[tuple[int, str, int]]:
    """Return what former runs did: when, class and rows, the latest first.

    Parameters
    ----------
    contacts
        The campaign.
    most
        How many.
    least
        Rows that went: 1 leaves out what was found empty, which is most days of most classes.

    Returns
    -------
    list of tuple
        Second since 1970, class, rows.
    """
    query = (
        sa.select(RETENTION_RUNS.c.at_s, RETENTION_RUNS.c.kind, RETENTION_RUNS.c.rows)
        .where(RETENTION_RUNS.c.tenant == contacts.tenant, RETENTION_RUNS.c.rows >= least)
        .order_by(RETENTION_RUNS.c.at_s.desc(), RETENTION_RUNS.c.kind)
    )
    with reading(contacts.engine) as connection:
        return [(int(at), kind, n) for at, kind, n in connection.execute(query.limit(most))]


def lately(contacts: Contacts, *, days: int, now_s: int) -> list[tuple[int, str, int]]:
    """Return what runs of the last days did away with, the latest first.

    Parameters
    ----------
    contacts
        The campaign.
    days, now_s
        How many, before which second since 1970.

    Returns
    -------
    list of tuple
        When, class and rows, as `runs` returns them; nothing where none went.
    """
    return [
        (at, kind, rows) for at, kind, rows in runs(contacts) if rows and at > now_s - days * DAY_S
    ]


def before_s(name: str, today: date) -> int:
    """Return the second before which things of a class are over, on a day."""
    day = datetime(today.year, today.month, today.day, tzinfo=UTC)
    return int(day.timestamp()) - classes()[name].days * DAY_S


def _one(contacts: Contacts, name: str, today: date, *, dry: bool) -> Over:
    if name == "roll":
        over = [one.roll for one in expired(contacts, today)]
        if not dry:
            for roll in over:
                end_roll(contacts, roll, EXPIRED)
        return Over(name, len(over), done=not dry)
    if name == "doors":
        boxes = _old_boxes(contacts, before_s(name, today), dry=dry)
        return Over(name, boxes, done=not dry)
    people = _people(contacts, name, today)
    if people and not dry:
        erase(contacts, people, reason=None)
    return Over(name, len(people), done=not dry)


def _people(contacts: Contacts, name: str, today: date) -> list[str]:
    return _whole(contacts, _FOUND[name](contacts, before_s(name, today)))


def _whole(contacts: Contacts, people: list[str]) -> list[str]:
    """Return those of people of whom all that they were merged with is over too."""
    over = set(people)
    with reading(contacts.engine) as connection:
        known, merged = set(connection.execute(_known(contacts)).scalars()), groups(connection)
    return [one for one in people if known.intersection(merged.members([one])) <= over]


def _old_boxes(contacts: Contacts, before: int, *, dry: bool) -> int:
    old = (DOOR_BOXES.c.tenant == contacts.tenant, DOOR_BOXES.c.at_s < before)
    with writing(contacts.engine, role="eraser") as connection:
        if dry:
            query = sa.select(sa.func.count()).select_from(DOOR_BOXES).where(*old)
            return int(connection.execute(query).scalar_one())
        return connection.execute(sa.delete(DOOR_BOXES).where(*old)).rowcount


def _known(contacts: Contacts) -> sa.Select[tuple[str]]:
    """Return a query for people who are not erased."""
    return sa.select(VAULT_KEYS.c.person).where(VAULT_KEYS.c.tenant == contacts.tenant)


def _unconfirmed(contacts: Contacts, before: int) -> list[str]:
    """Return who was asked to confirm long ago, and agreed to nothing by any way."""
    mine = CONFIRMATIONS.c.tenant == contacts.tenant
    said = sa.select(CONSENTS.c.person).where(CONSENTS.c.tenant == contacts.tenant)
    yes = sa.select(CONFIRMED.c.digest).where(CONFIRMED.c.tenant == contacts.tenant)
    query = (
        sa.select(CONFIRMATIONS.c.person)
        .where(mine, CONFIRMATIONS.c.what == "act", CONFIRMATIONS.c.digest.not_in(yes))
        .where(CONFIRMATIONS.c.person.not_in(said))
        .where(CONFIRMATIONS.c.person.in_(_known(contacts)))
        .group_by(CONFIRMATIONS.c.person)
        .having(sa.func.max(CONFIRMATIONS.c.at_s) < before)
    )
    with reading(contacts.engine) as connection:
        return list(connection.execute(query).scalars())


def _withdrawn(contacts: Contacts, before: int) -> list[str]:
    """Return who took everything back long ago."""
    said = latest(contacts.tenant).subquery()
    holds = sa.func.max(sa.case((said.c.given_s > said.c.taken_s, 1), else_=0))
    query = (
        sa.select(said.c.person)
        .where(said.c.person.in_(_known(contacts)))
        .group_by(said.c.person)
        .having(holds == 0, sa.func.max(said.c.taken_s) < before)
    )
    with reading(contacts.engine) as connection:
        return list(connection.execute(query).scalars())


def _inactive(contacts: Contacts, before: int) -> list[str]:
    """Return people with whom nothing was exchanged for long."""
    exchanges = sa.union_all(
        *(
            sa.select(table.c.person, when.label("at_s")).where(table.c.tenant == contacts.tenant)
            for table, when in (
                (PERSONS, PERSONS.c.at_s),
                (CONSENTS, CONSENTS.c.said_s),
                (CONTACTS, CONTACTS.c.at_s),
                (CONFIRMATIONS, CONFIRMATIONS.c.at_s),
            )
        )
    ).subquery()
    query = (
        sa.select(exchanges.c.person)
        .where(exchanges.c.person.in_(_known(contacts)))
        .group_by(exchanges.c.person)
        .having(sa.func.max(exchanges.c.at_s) < before)
    )
    with reading(contacts.engine) as connection:
        return list(connection.execute(query).scalars())


# Where people of a class are found; a roll and boxes are no people.
_FOUND: dict[str, Callable[[Contacts, int], list[str]]] = {
    "roll": lambda _contacts, _before: [],
    "unconfirmed": _unconfirmed,
    "withdrawn": _withdrawn,
    "inactive": _inactive,
    "doors": lambda _contacts, _before: [],
}

"""Who of the roll is in a universe: electors at their addresses, never by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts
from analysis.contacts.roll_store import rows_query
from analysis.contacts.suppression import listed, objecting
from analysis.contacts.universe import Node, Universe
from analysis.contacts.universe_ground import DAY_S, Ground, Where, placed
from analysis.database.contact_tables import LINKS, ROLL_ROWS
from analysis.database.engine import reading
from analysis.database.models import ATTEMPTS

COLUMNS = ("bureau_id", "address_id", "electors")


def roll_addresses(
    contacts: Contacts, universe: Universe, ground: Ground
) -> tuple[pd.DataFrame, pd.Series]:
    """Return electors of a universe by address, and all there are by bureau.

    Parameters
    ----------
    contacts
        The campaign.
    universe
        Of the roll.
    ground
        Facts of the place.

    Returns
    -------
    tuple
        `bureau_id`, `address_id` and `electors`, one row an address; electors by `bureau_id`.
    """
    against = objecting(contacts)
    lists = [value for name, value in universe.leaves if name == "list"]
    row = ROLL_ROWS.c
    keys = (row.bureau_id, row.address_id)
    with reading(contacts.engine) as connection:
        day = ground.today
        columns = (*keys, sa.func.count().label("electors"))
        query = rows_query(connection, contacts, *columns, today=day)
        whole = rows_query(connection, contacts, row.bureau_id, sa.func.count(), today=day)
        if not lists:  # who is on the lists of Europeans only votes at some elections only
            main = row.list_kind == "LP"
            query, whole = query.where(main), whole.where(main)
        wanted = query.where(
            _roll_where(connection, universe.where, ground),
            _lines_of(connection, contacts, against),
        )
        found = connection.execute(wanted.group_by(*keys).order_by(*keys)).all()
        every = connection.execute(whole.group_by(row.bureau_id)).all()
    table = pd.DataFrame(found, columns=list(COLUMNS))
    sizes = {str(bureau): int(n) for bureau, n in every}
    return table, pd.Series(sizes, dtype="int64")


def roll_rows(
    contacts: Contacts, universe: Universe, ground: Ground, columns: Sequence[str]
) -> list[tuple[str, ...]]:
    """Return rows of a universe, one an elector; only for what passed the gate.

    Parameters
    ----------
    contacts
        The campaign.
    universe, ground
        Of the roll.
    columns
        Of `ROLL_ROWS`.

    Returns
    -------
    list of tuple
        The columns asked for, ordered by them; the main list alone unless the universe names a
        list.
    """
    # First: who holds one connection of a bounded pool asks for no second.
    against = objecting(contacts)
    named = [ROLL_ROWS.c[name] for name in columns]
    with reading(contacts.engine) as connection:
        query = rows_query(connection, contacts, *named, today=ground.today)
        if not any(name == "list" for name, _value in universe.leaves):
            query = query.where(ROLL_ROWS.c.list_kind == "LP")
        query = query.where(
            _roll_where(connection, universe.where, ground),
            _lines_of(connection, contacts, against),
        ).order_by(*named)
        return [tuple(map(str, row)) for row in connection.execute(query)]


def _lines_of(connection: Connection, contacts: Contacts, against: Iterable[str]) -> Where:
    """Return that a row of the roll is nobody who objected, as far as links tell."""
    undone = sa.select(LINKS.c.undoes).where(
        LINKS.c.tenant == contacts.tenant, LINKS.c.undoes.is_not(None)
    )
    linked = sa.exists().where(
        LINKS.c.tenant == ROLL_ROWS.c.tenant,
        LINKS.c.roll == ROLL_ROWS.c.roll,
        LINKS.c.line == ROLL_ROWS.c.line,
        LINKS.c.state == "accepted",
        LINKS.c.link.not_in(undone),
        LINKS.c.person.in_(listed(connection, against)),
    )
    return sa.not_(linked)


def _roll_where(connection: Connection, node: Node, ground: Ground) -> Where:
    ((name, value),) = node.items()
    if name in ("all", "any"):
        parts = [_roll_where(connection, one, ground) for one in value]
        return sa.and_(sa.true(), *parts) if name == "all" else sa.or_(sa.false(), *parts)
    if name == "not":
        return sa.not_(_roll_where(connection, value, ground))
    row = ROLL_ROWS.c
    if name == "age":
        return _aged(value, ground.today)
    if name == "not_contacted_days":
        since = ground.now_s - value * DAY_S
        been = sa.exists().where(ATTEMPTS.c.address_id == row.address_id, ATTEMPTS.c.at_s >= since)
        return sa.not_(been)
    if name == "sex":
        return row.sex == value
    if name == "list":
        return row.list_kind.in_(value)
    return placed(connection, (row.bureau_id, row.commune_id), name, value, ground)


def _aged(ages: list[int], today: date) -> Where:
    """Return that somebody is of an age; of whom only the year is known, as of its last day."""
    row = ROLL_ROWS.c
    latest = _years_before(today, ages[0])
    earliest = _years_before(today, ages[1] + 1)
    dated = sa.and_(row.birth_date <= latest, row.birth_date > earliest)
    year = sa.and_(
        row.birth_date.is_(None),
        row.birth_year.between(today.year - ages[1] - 1, today.year - ages[0] - 1),
    )
    return sa.or_(dated, year)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # born on 29 February
        return day.replace(year=day.year - years, day=28)

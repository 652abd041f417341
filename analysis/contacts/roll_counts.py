"""Counts of the rolls in use: by building and by bureau, never a name."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts
from analysis.contacts.roll_store import rows_query
from analysis.database.contact_tables import ROLL_ROWS
from analysis.database.engine import reading
from analysis.fieldwork.small_cells import FLOOR, shown

# Of one flat no more are registered; what is said of more is said of a building or a hamlet.
MOST_IN_A_FLAT = 6
BANDS = ((18, 24), (25, 39), (40, 59), (60, 74), (75, 130))
_AT = ROLL_ROWS.c


def count_buildings(
    contacts: Contacts, *, per_door: float, today: date | None = None
) -> pd.DataFrame:
    """Return how many are registered at each address, and behind how many doors, about.

    Who is on two lists, or stands twice, counts once. Doors are an estimate: each flat that the
    roll names is one; of the others at an address there are as many as different names in use, and
    no more than their number divided by `per_door`. Who is not registered is behind none of them.

    Parameters
    ----------
    contacts
        Of the campaign.
    per_door
        Registered voters behind a door, as planned.
    today
        Day of use; else found.

    Returns
    -------
    pandas.DataFrame
        `address_id`, `registered` and `households` (whole numbers), one row an address; empty
        where no roll is in use.
    """
    with reading(contacts.engine) as connection:
        people = _people(connection, contacts, today or date.today())
        name = sa.case((people.c.used_name != "", people.c.used_name), else_=people.c.birth_name)
        flats = (
            sa.select(
                people.c.address_id,
                people.c.extra,
                sa.func.count().label("people"),
                sa.func.count(sa.distinct(sa.func.upper(name))).label("names"),
            )
            .where(people.c.address_id != "")
            .group_by(people.c.address_id, people.c.extra)
            .subquery()
        )
        # At least one door, and to the nearest: in whole numbers, as SQLite may know no floor.
        hundredths = round(100 * per_door)
        near = (200 * flats.c.people + hundredths) // (2 * hundredths)
        most = sa.case((near < 1, 1), else_=near)
        doors = sa.case((flats.c.names < most, flats.c.names), else_=most)
        one = sa.and_(flats.c.extra != "", flats.c.people <= MOST_IN_A_FLAT)
        query = sa.select(
            flats.c.address_id,
            sa.func.sum(flats.c.people).label("registered"),
            sa.func.sum(sa.case((one, 1), else_=doors)).label("households"),
        ).group_by(flats.c.address_id)
        result = connection.execute(query.order_by(flats.c.address_id))
        table = pd.DataFrame(result.all(), columns=list(result.keys()))
    return table.astype({"address_id": "str", "registered": "int64", "households": "int64"})


def _people(connection: Connection, contacts: Contacts, today: date) -> sa.Subquery:
    """Return a query of people, each once however many lists they are on."""
    columns = (
        *(_AT.address_id, _AT.birth_name, _AT.used_name, _AT.first_names),
        *(_AT.birth_date, _AT.birth_year, sa.func.upper(_AT.extra).label("extra")),
    )
    return rows_query(connection, contacts, *columns, today=today).distinct().subquery()


def count_bureaux(contacts: Contacts, *, today: date | None = None) -> pd.DataFrame:
    """Return how many rows each bureau has on which list, and how many of the main one are placed.

    Parameters
    ----------
    contacts
        Of the campaign.
    today
        Day of use; else found.

    Returns
    -------
    pandas.DataFrame
        `bureau_id` ("" for none), `main`, `municipal`, `european` and `placed` (of the main list,
        at a known address), rows.
    """

    def rows(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    kinds = {"main": "LP", "municipal": "LCM", "european": "LCE"}
    columns = [rows(_AT.list_kind == kind).label(name) for name, kind in kinds.items()]
    placed = rows(sa.and_(_AT.list_kind == "LP", _AT.address_id != "")).label("placed")
    with reading(contacts.engine) as connection:
        query = rows_query(
            connection, contacts, _AT.bureau_id, *columns, placed, today=today or date.today()
        )
        result = connection.execute(query.group_by(_AT.bureau_id).order_by(_AT.bureau_id))
        table = pd.DataFrame(result.all(), columns=list(result.keys()))
    return table.astype(dict.fromkeys([*kinds, "placed"], "int64") | {"bureau_id": "str"})


def shown_bureaux(table: pd.DataFrame) -> pd.DataFrame:
    """Return what may be shown of the counts of bureaux: none under 11, nor what would tell one.

    Parameters
    ----------
    table
        As `count_bureaux` returns it.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `main` and `placed` (Int64), missing where they may not be shown. `placed` is
        missing too where its rest, the electors at no known address, is fewer than 11.
    """
    main, placed = table["main"], table["placed"]
    seen = pd.Series(shown(main.to_numpy(np.int64), floor=FLOOR), table.index)
    rest = main - placed
    told = seen & ((placed >= FLOOR) | (placed == 0)) & ((rest >= FLOOR) | (rest == 0))
    return pd.DataFrame(
        {
            "bureau_id": table["bureau_id"],
            "main": main.astype("Int64").where(seen),
            "placed": placed.astype("Int64").where(told),
        }
    )


def count_ages(contacts: Contacts, *, today: date | None = None) -> pd.DataFrame:
    """Return how many of each sex and age a bureau has on its main list, none under 11.

    Parameters
    ----------
    contacts
        Of the campaign.
    today
        Day of use, and of their age; else found.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `sex`, `age` (such as 18-24) and `registered`, missing where it may not be
        shown, as it is under 11 or would tell another that is.
    """
    day = today or date.today()
    with reading(contacts.engine) as connection:
        query = rows_query(
            connection,
            contacts,
            *(_AT.bureau_id, _AT.sex, _AT.birth_year, sa.func.count().label("registered")),
            today=day,
        ).where(_AT.list_kind == "LP", _AT.bureau_id != "")
        result = connection.execute(query.group_by(_AT.bureau_id, _AT.sex, _AT.birth_year))
        years = pd.DataFrame(result.all(), columns=list(result.keys()))
    # To the year: who was born later in the year than the day is counted a year older.
    age = day.year - pd.to_numeric(years["birth_year"])
    names = [f"{low}-{high}" if high < 100 else f"{low}+" for low, high in BANDS]  # noqa: PLR2004
    edges = [low for low, _high in BANDS] + [BANDS[-1][1] + 1]
    years["age"] = pd.cut(age, [17, *(edge - 1 for edge in edges[1:])], labels=names).astype("str")
    told = years[(years["age"] != "nan") & (years["sex"] != "")]
    table = told.groupby(["bureau_id", "sex", "age"], as_index=False)["registered"].sum()
    seen = np.zeros(len(table), dtype=bool)
    for rows in table.groupby("bureau_id").indices.values():
        seen[rows] = shown(table["registered"].to_numpy(np.int64)[rows], floor=FLOOR)
    return table.assign(registered=table["registered"].astype("Int64").where(seen))

"""What to go back to: silent doors, and doors that asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from analysis.database.models import ATTEMPTS, TALLY_ADDRESS
from analysis.fieldwork.outcome_codes import DO_NOT_DISTURB, SLOTS, UNDONE
from analysis.fieldwork.store import Store
from analysis.fieldwork.tallies import CHUNK, replaced


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """When to knock again.

    Attributes
    ----------
    days
        Fewest days between two visits of an address.
    visits
        Most days on which an address is visited, the first one included.
    """

    days: int = 3
    visits: int = 3


def to_return(
    store: Store, today: date, *, rule: ReturnRule | None = None, most: int = 200
) -> pd.DataFrame:
    """Return the addresses worth a second visit, those with most silent doors first.

    Parameters
    ----------
    store
        Of the campaign.
    today
        Day of the question.
    rule
        How long to wait, and how often to go; the usual one when None.
    most
        Rows at most.

    Returns
    -------
    pandas.DataFrame
        `address_id`, `turf_id`, `bureau_id`, `left` (doors tried that did not open),
        `last_day`, `last_slot` (come at another), `visits` (days).
    """
    rule = rule or ReturnRule()
    zone = ZoneInfo(store.campaign.time_zone)
    before = datetime.combine(today - timedelta(days=rule.days - 1), time(), zone).timestamp()
    t = TALLY_ADDRESS.c
    query = (
        sa.select(t.address_id, t.turf_id, t.bureau_id, t.silent.label("left"), t.last_s)
        .where(t.silent > 0, t.last_s < int(before))
        .order_by(t.silent.desc(), t.last_s, t.address_id)
        .limit(4 * most)  # some were visited often enough
    )
    table = store.frame(query)
    visits = _visits(store, table["address_id"].tolist())
    last = pd.to_datetime(table.pop("last_s"), unit="s", utc=True).dt.tz_convert(zone)
    table = table.assign(
        last_day=last.dt.date,
        last_slot=_slot(last.dt.hour),
        visits=table["address_id"].map(visits).fillna(0).astype("int64"),
    )
    return table[table["visits"] < rule.visits].head(most).reset_index(drop=True)


def wishes(store: Store, today: date) -> pd.DataFrame:
    """Return what was promised: addresses to come back to from `today` on, soonest first."""
    out = replaced().subquery()
    a = ATTEMPTS.c
    columns = (a.come_back_on, a.come_back_slot, a.address_id, a.floor, a.door, a.turf_id, a.note)
    query = (
        sa.select(*columns)
        .outerjoin(out, out.c.attempt_id == a.attempt_id)
        .where(
            a.come_back_on >= today,
            out.c.attempt_id.is_(None),
            a.outcome.not_in((UNDONE, DO_NOT_DISTURB)),
        )
    )
    return store.frame(query.order_by(a.come_back_on, a.come_back_slot, a.address_id))


def _visits(store: Store, addresses: list[str]) -> pd.Series:
    """Count the days on which addresses were visited."""
    parts = [addresses[i : i + CHUNK] for i in range(0, len(addresses), CHUNK)]
    column = ATTEMPTS.c.address_id
    days = sa.func.count(ATTEMPTS.c.day.distinct())
    found = [
        store.frame(sa.select(column, days.label("n")).where(column.in_(part)).group_by(column))
        for part in parts
    ]
    if not found:
        return pd.Series(dtype="int64")
    return pd.concat(found).set_index("address_id")["n"]


def _slot(hour: pd.Series) -> pd.Series:
    names = np.array(list(SLOTS))
    place = np.searchsorted(np.array(list(SLOTS.values())), hour.to_numpy(), side="right") - 1
    return pd.Series(names[place], index=hour.index, dtype="str")

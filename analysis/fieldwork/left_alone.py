"""Doors that asked not to be disturbed: which stand, and how an organiser takes one back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from analysis.database.models import ATTEMPTS
from analysis.errors import DataError
from analysis.fieldwork.outcome_codes import DO_NOT_DISTURB
from analysis.fieldwork.store import Store
from analysis.fieldwork.tallies import replaced
from analysis.tables.spreadsheet_text import csv_text


def left_alone(store: Store) -> pd.DataFrame:
    """Return the reports of doors that asked not to be disturbed and that still stand.

    Parameters
    ----------
    store
        Of the campaign; only the part that is seen.

    Returns
    -------
    pandas.DataFrame
        One row a report, the latest first: `attempt_id` (of the first telling), `address_id`,
        `turf_id`, `bureau_id`, `doors`, `floor`, `door`, `day`, `at_s`, `corrected` (told by a
        correction). Nobody is named.
    """
    out, a = replaced().subquery(), ATTEMPTS.c
    first = sa.func.coalesce(a.corrects, a.attempt_id).label("attempt_id")
    told = (a.address_id, a.turf_id, a.bureau_id, a.doors, a.floor, a.door, a.day, a.at_s)
    corrected = a.corrects.is_not(None).label("corrected")
    query = (
        sa.select(first, *told, corrected)
        .outerjoin(out, out.c.attempt_id == a.attempt_id)
        .where(a.outcome == DO_NOT_DISTURB, out.c.attempt_id.is_(None))
    )
    return store.frame(query.order_by(a.at_s.desc(), a.attempt_id))


def by_address(reports: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return how many doors of each address are to be left alone, and on which floors.

    Parameters
    ----------
    reports
        As `left_alone` returns them.

    Returns
    -------
    dict
        `address_id` → `doors`, `floors` (those that were told, in order). A door told twice by
        its number counts once.
    """
    named = reports["door"].ne("")
    same = reports.duplicated(["address_id", "floor", "door", "doors"])
    once = reports[~(named & same)]
    return {
        str(address): {
            "doors": int(rows["doors"].sum()),
            "floors": sorted(set(rows["floor"]) - {""}, key=lambda one: (len(one), one)),
        }
        for address, rows in once.groupby("address_id")
    }


def withdrawal(store: Store, attempt_id: str, now: datetime) -> tuple[str, bytes]:
    """Return a sheet that takes a report back: its doors count as a refusal from then on.

    Parameters
    ----------
    store
        Of the campaign.
    attempt_id
        As `left_alone` returns it.
    now
        With a time zone.

    Returns
    -------
    tuple
        Name and CSV content, as imports take them.

    Raises
    ------
    DataError
        When no such report stands.
    """
    reports = left_alone(store)
    found = reports[reports["attempt_id"] == attempt_id]
    if found.empty:
        raise DataError(
            "No door that asked not to be disturbed stands under this id.",
            where="{attempt_id}",
            mend="Look at the list again: somebody may have taken it back meanwhile.",
            attempt_id=attempt_id,
        )
    row: Mapping[str, Any] = found.iloc[0].to_dict()
    zone = ZoneInfo(store.campaign.time_zone)
    at = now.astimezone(zone)
    if row["corrected"]:
        # The latest correction counts, and sheets tell minutes.
        at = max(at, datetime.fromtimestamp(int(row["at_s"]), zone) + timedelta(minutes=1))
    told = {
        **{name: row[name] for name in ("turf_id", "address_id", "doors", "floor", "door")},
        "date": at.strftime("%Y-%m-%d"),
        "time": at.strftime("%H:%M"),
        "outcome": "refused",
        "corrects": attempt_id,
    }
    return f"{row['turf_id']}_{at:%Y-%m-%d}.csv", csv_text(pd.DataFrame([told])).encode()

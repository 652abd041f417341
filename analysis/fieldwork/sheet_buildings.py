"""Missing buildings in filled sheets: rows whose outcome says so, with a number and its doors."""

from __future__ import annotations

import uuid
from typing import Any

import pandas as pd

from analysis.fieldwork.campaign import Campaign
from analysis.fieldwork.sheet_cells import instants, order_in, whole

COLUMNS = ("number", "suffix")
_NAMESPACE = uuid.UUID("6f1b8f2e-6a57-5a0c-9d3f-2c0f6a4b7e11")


def buildings_of(found: pd.DataFrame, campaign: Campaign, file: str) -> list[dict[str, Any]]:
    """Return missing buildings, as `missing_buildings.check_reports` takes them.

    Parameters
    ----------
    found
        Rows of a sheet, as text: `turf_id`, `address_id` of an address of the street, `date`,
        `number`, `doors`, and if told `suffix` and `time`.
    campaign
        Whose clock and ids count: a row that says the same is the same building.
    file
        Name of the file, for the errors.

    Returns
    -------
    list of dict
        `missing_buildings.KEYS`, `turf_id`, `source`, `timed`.

    Raises
    ------
    DataError
        When a day, an hour or a number is none.
    """
    if found.empty:
        return []
    empty = pd.Series("", found.index, dtype="str")
    text = {name: found.get(name, empty) for name in ("date", "time", "doors", *COLUMNS)}
    order = order_in(found, campaign)
    at, timed = instants(text["date"], text["time"], campaign.time_zone, file, order)
    suffix = text["suffix"].map(lambda one: one.upper() if len(one) == 1 else one.lower())
    told = found[["turf_id", "address_id"]].assign(number=text["number"], suffix=suffix)
    key = campaign.campaign_id + "\x1f" + told.agg("\x1f".join, axis=1)
    rows = told.assign(
        report_id=key.map(lambda one: str(uuid.uuid5(_NAMESPACE, one))),
        source="sheet",
        at=at,
        timed=timed,
        **{name: whole(text[name], file) for name in ("number", "doors")},
    ).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: object) -> object:
    """Return a value of a table as Python has it; None where it is missing."""
    if value is pd.NA:
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value

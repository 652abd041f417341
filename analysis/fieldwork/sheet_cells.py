"""Cells of filled sheets: days, hours, whole numbers and words, as people write them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.fieldwork.campaign import Campaign
from analysis.fieldwork.outcome_codes import OUTCOMES
from analysis.tables.written_days import Order, iso, order_of, usual_order

_DAYS = ("date", "come_back_on")
_MIDDAY = "12:00"


def folded(text: object) -> str:
    """Return a word of a sheet in lower case, without accents."""
    letters = unicodedata.normalize("NFKD", str(text).strip().lower())
    return "".join(c for c in letters if not unicodedata.combining(c))


def order_in(sheet: pd.DataFrame, campaign: Campaign) -> Order:
    """Return what comes first in the days of a sheet: as they show, else as its country does."""
    cells = [cell for name in _DAYS if name in sheet for cell in sheet[name]]
    return order_of(cells, usual=usual_order(campaign.time_zone))


def instants(
    date: pd.Series, time: pd.Series, time_zone: str, file: str, order: Order
) -> tuple[pd.Series, pd.Series]:
    """Return instants (UTC) of days and hours in columns of text, and whether the hour was told.

    Parameters
    ----------
    date, time
        As they were written; noon where no hour is.
    time_zone
        Of the campaign.
    file
        Name of the file, for the errors.
    order
        What comes first in its days.

    Returns
    -------
    tuple of pandas.Series
        Instants, and True where an hour was told.

    Raises
    ------
    DataError
        When one is no day, or no hour.
    """
    day = days(date, file, order)
    refuse(day.eq(""), date, file)
    clock = (
        time.str.lower().str.replace("h", ":").str.replace(r"^(\d{1,2}:\d\d).*$", r"\1", regex=True)
    )
    clock = clock.str.replace(r":$", ":00", regex=True).str.zfill(5)
    timed = time.ne("")
    local = pd.to_datetime(
        day + " " + clock.where(timed, _MIDDAY), format="%Y-%m-%d %H:%M", errors="coerce"
    )
    refuse(local.isna(), time, file)
    # The hour that the clocks skip or repeat is at most an hour off; the day is right.
    zoned = local.dt.tz_localize(
        time_zone, ambiguous=np.ones(len(local), bool), nonexistent="shift_forward"
    )
    return zoned.dt.tz_convert("UTC"), timed


def days(text: pd.Series, file: str, order: Order) -> pd.Series:
    """Read the days of a column of text; empty ones stay so.

    Parameters
    ----------
    text
        As they were written.
    file
        Name of the file, for the errors.
    order
        What comes first in its days.

    Returns
    -------
    pandas.Series
        As 2026-02-03.

    Raises
    ------
    DataError
        When one is none.
    """
    # A spreadsheet adds midnight to a day.
    bare = text.str.replace(r"[ T]00:00(:00(\.0+)?)?$", "", regex=True)
    told = bare.map(lambda one: iso(one, order))
    day = pd.to_datetime(told, format="%Y-%m-%d", errors="coerce")
    refuse(day.isna() & text.ne(""), text, file)
    return day.dt.strftime("%Y-%m-%d").fillna("").astype("str")


def whole(text: pd.Series, file: str) -> pd.Series:
    """Return whole numbers in a column of text; missing where it is empty.

    Raises
    ------
    DataError
        When one is none.
    """
    number = pd.to_numeric(text.where(text.ne("")), errors="coerce")
    refuse(text.ne("") & (number.isna() | (number % 1 != 0) | (number.abs() > 1e6)), text, file)
    return number.astype("Int64")


def refuse(bad: pd.Series, text: pd.Series, file: str) -> None:
    """Raise a `DataError` that names the lines where a column cannot be read, if any cannot.

    Parameters
    ----------
    bad
        Whether a cell is none that is known.
    text
        The column, named, by line of the file.
    file
        Its name.
    """
    if bad.any():
        lines = (
            Text("line {line}: {cell!r}", line=line, cell=cell)
            # A sheet of counts has a row for each outcome: a line is named once.
            for line, cell in dict(zip(text.index[bad], text[bad], strict=True)).items()
        )
        raise DataError(
            "Column {name} of this sheet holds what cannot be read.",
            where="{file}: {lines}",
            mend="Dates as 22/11/2026, hours as 18:31, whole numbers, yes or no as 1 or 0, "
            "outcomes as {outcomes}.",
            name=text.name,
            file=file,
            lines=some(lines),
            outcomes=", ".join(OUTCOMES),
        )

"""Days as people write them: which of two numbers is the month, by all of a column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Order = Literal["day", "month", ""]
DAY = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:\D.*)?")
_MONTHS = 12
# Where the month is written first: the United States, by their zones (tz database).
_MONTH_FIRST = re.compile(
    r"US/.*|Pacific/Honolulu|America/(New_York|Detroit|Chicago|Denver|Boise|Phoenix|Los_Angeles"
    r"|Anchorage|Juneau|Sitka|Metlakatla|Yakutat|Nome|Adak|Menominee"
    r"|Indiana/.*|Kentucky/.*|North_Dakota/.*)"
)


def order_of(cells: Iterable[str], *, usual: Order = "day") -> Order:
    """Return which comes first in the days of a column, "" where some say one, some the other.

    Parameters
    ----------
    cells
        As they were written; what is no day with slashes, points or dashes tells nothing.
    usual
        What is meant where nothing tells.

    Returns
    -------
    str
        `day`, `month` or "".

    Examples
    --------
    >>> order_of(["02/03/2026", "02/25/2026"])
    'month'
    """
    first = second = False
    for cell in cells:
        if found := DAY.fullmatch(cell.strip()):
            first |= int(found[1]) > _MONTHS
            second |= int(found[2]) > _MONTHS
    if first and second:
        return ""
    return "month" if second else "day" if first else usual


def usual_order(time_zone: str) -> Order:
    """Return which comes first where clocks show a time zone: `Europe/Paris`, `America/Chicago`."""
    return "month" if _MONTH_FIRST.fullmatch(time_zone) else "day"


def iso(text: str, order: Order) -> str:
    """Return a day as ISO 8601 where it can be read; another text as it is, "?" where nobody knows.

    Parameters
    ----------
    text
        As it was written.
    order
        Of its column.
    """
    found = DAY.fullmatch(text)
    if not found:
        return text
    day, month = (found[2], found[1]) if order == "month" else (found[1], found[2])
    if order == "" and int(day) <= _MONTHS and int(day) != int(month):
        return "?"
    return f"{found[3]}-{month:0>2}-{day:0>2}"

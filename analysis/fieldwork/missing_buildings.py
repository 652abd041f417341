"""Buildings that volunteers found and no file knows: told in returns, decided on by an organiser.

A report names an address of the turf and a number in its street: there is no room for words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.database.engine import or_nothing, writing
from analysis.database.models import BUILDING_DECISIONS, MISSING_BUILDINGS
from analysis.errors import DataError, some
from analysis.fieldwork.outcome_codes import ADDED, MOST_DOORS

if TYPE_CHECKING:
    from analysis.fieldwork.store import Store

KEYS = ("report_id", "address_id", "at", "number", "suffix", "doors")
_MOST_NUMBER = 9_999
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SUFFIX = re.compile(r"(?:bis|ter|quater|quinquies|[A-Z])?")
Report = Mapping[str, Any]


def check_reports(rows: Iterable[Report], file: str) -> tuple[Report, ...]:
    """Return reports of missing buildings as they came, once they are sound.

    Parameters
    ----------
    rows
        `KEYS` and `turf_id` of each; `at` is an instant, None where it was none.
    file
        Name of the file, for the error.

    Raises
    ------
    DataError
        When an id, an instant, a number, a suffix or the doors are none.
    """
    told = tuple(rows)
    if wrong := [n for n, row in enumerate(told, 1) if not _is_sound(row)]:
        raise DataError(
            "Missing buildings of this file have no id, no number from 1 to 9999, or no doors.",
            where="{file}: building {wrong}",
            mend="Choose the street, write the number alone (bis, ter or a letter beside it), "
            "and how many doors there are.",
            file=file,
            wrong=some(wrong),
        )
    return told


def _is_sound(row: Report) -> bool:
    return bool(
        _UUID.fullmatch(str(row["report_id"]))
        and row["turf_id"]
        and row["address_id"]
        and row["at"] is not None
        and _SUFFIX.fullmatch(str(row["suffix"]))
        and _is_count(row["number"], _MOST_NUMBER)
        and _is_count(row["doors"], MOST_DOORS)
    )


def _is_count(value: object, most: int) -> bool:
    # True is a whole number to Python, not to us.
    return type(value) is int and 1 <= value <= most


def insert(
    connection: Connection,
    rows: Iterable[Report],
    placed: Mapping[str, tuple[str, str]],
    import_id: str,
) -> int:
    """Add the reports that are not there yet.

    Parameters
    ----------
    connection
        In a transaction of the store.
    rows
        As `check_reports` returns them.
    placed
        Bureau and kind of the addresses of turfs, as `field_plan.place` returns them.
    import_id
        Of the file.

    Returns
    -------
    int
        How many were new.
    """
    records = [
        {name: row[name] for name in ("report_id", "turf_id", "address_id", "number", "suffix")}
        | {"doors": row["doors"], "at_s": int(row["at"].timestamp()), "import_id": import_id}
        | {"bureau_id": placed.get(row["address_id"], ("", ""))[0]}
        for row in rows
    ]
    if not records:
        return 0
    connection.execute(or_nothing(connection, MISSING_BUILDINGS), records)
    mine = MISSING_BUILDINGS.c.import_id == import_id
    number = connection.execute(sa.select(sa.func.count()).where(mine))
    return int(number.scalar_one())


def reports(store: Store) -> pd.DataFrame:
    """Return the buildings reported, the latest first, with what was decided on each.

    Returns
    -------
    pandas.DataFrame
        `report_id`, `turf_id`, `bureau_id`, `address_id` (in whose street), `number`, `suffix`,
        `doors`, `at_s`, `accepted` (True, False; missing before a decision), `latitude`,
        `longitude` (of those accepted).
    """
    m, d = MISSING_BUILDINGS.c, BUILDING_DECISIONS.c
    told = ("report_id", "turf_id", "bureau_id", "address_id", "number", "suffix", "doors", "at_s")
    found = store.frame(sa.select(*(m[name] for name in told)).order_by(m.at_s.desc(), m.report_id))
    decided = store.frame(sa.select(*BUILDING_DECISIONS.c).order_by(d.decided_us))
    latest = decided.drop_duplicates("report_id", keep="last").set_index("report_id")
    state = latest.reindex(found["report_id"])[["accepted", "latitude", "longitude"]]
    below = dict(zip(ADDED + found["report_id"], found["address_id"], strict=True))
    found["address_id"] = [_in_a_file(one, below) for one in found["address_id"]]
    return pd.concat([found, state.reset_index(drop=True)], axis=1)


def _in_a_file(address_id: str, below: Mapping[str, str]) -> str:
    """Return the address that a file knows of one that may itself be a building found before."""
    passed: set[str] = set()
    # A phone says what it likes: two reports beside one another end here too.
    while address_id in below and address_id not in passed:
        passed.add(address_id)
        address_id = below[address_id]
    return address_id


def accepted(store: Store) -> list[dict[str, Any]]:
    """Return the buildings that count, as plain values: id, place, and what was told of them.

    Returns
    -------
    list of dict
        `address_id` (a new one), `beside` (address in whose street it is), `number`, `suffix`,
        `doors`, `latitude`, `longitude`; in the order of ids.
    """
    found = reports(store)
    if found.empty:
        return []
    kept = found[found["accepted"].eq(True)].sort_values("report_id")  # noqa: FBT003 - a value
    return [
        {
            "address_id": f"{ADDED}{row['report_id']}",
            "beside": row["address_id"],
            "number": int(row["number"]),
            "suffix": row["suffix"],
            "doors": int(row["doors"]),
            "latitude": round(float(row["latitude"]), 6),
            "longitude": round(float(row["longitude"]), 6),
        }
        for row in kept.to_dict("records")
    ]


def decide(
    store: Store, report_id: str, now: datetime, *, place: tuple[float, float] | None
) -> None:
    """Accept a building at its place, or refuse it; a later decision replaces an earlier one.

    Parameters
    ----------
    store
        Of the campaign.
    report_id
        As `reports` returns it.
    now
        With a time zone.
    place
        Latitude and longitude; None refuses it.

    Raises
    ------
    DataError
        When there is no such report, or the place lies nowhere on earth.
    """
    if report_id not in set(reports(store)["report_id"]):
        raise DataError(
            "No missing building was reported under this id.",
            where="{report_id}",
            mend="Look at the list again.",
            report_id=report_id,
        )
    latitude, longitude = place or (0.0, 0.0)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - degrees
        raise DataError(
            "A building lies nowhere on earth.",
            where="{latitude:g}, {longitude:g}",
            mend="Write latitude, comma, longitude: 48.8566, 2.3522.",
            latitude=latitude,
            longitude=longitude,
        )
    row = {
        "report_id": report_id,
        "decided_us": int(now.timestamp() * 1_000_000),
        "accepted": place is not None,
        "latitude": latitude,
        "longitude": longitude,
    }
    with writing(store.engine) as connection:
        connection.execute(sa.insert(BUILDING_DECISIONS).values(row))

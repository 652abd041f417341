"""What returns tell of the doors themselves: not to be disturbed, or in no file and found there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, Text, some
from analysis.fieldwork.outcome_codes import ADDED
from analysis.tables.workspace import Workspace
from analysis.turf.walk_list import Walks
from analysis.workflows.time_slots import begun_store

if TYPE_CHECKING:
    from analysis.fieldwork.store import Store

# Streets that a note names.
_STREETS = 12
_WGS84 = "OGC:CRS84"


@dataclass(frozen=True, slots=True)
class KnownDoors:
    """What a cut takes from the returns, as plain values that a file holds.

    Attributes
    ----------
    left_alone
        By `address_id`: `doors` that asked not to be disturbed, and their `floors`.
    added
        Buildings that volunteers found, as `missing_buildings.accepted` returns them.
    """

    left_alone: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    added: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(cls, store: Store) -> KnownDoors:
        """Return what the returns of a store tell."""
        # Most cuts are of a place of which nothing came back: its store is not even loaded.
        from analysis.fieldwork.left_alone import by_address, left_alone
        from analysis.fieldwork.missing_buildings import accepted

        return cls(by_address(left_alone(store)), accepted(store))

    @classmethod
    def from_order(cls, order: Mapping[str, Any]) -> KnownDoors:
        """Read what `to_order` wrote; nothing in the order of an earlier version."""
        return cls(order.get("left_alone", {}), order.get("added", ()))

    def to_order(self) -> dict[str, Any]:
        """Return what a cut is made from; a door that asked since the last cut makes another."""
        told = {"left_alone": dict(self.left_alone), "added": [*self.added]}
        return {name: value for name, value in told.items() if value}


def known_doors(workspace: Workspace) -> KnownDoors:
    """Return what returns tell of the doors of a workspace; asking begins no campaign."""
    store = begun_store(workspace)
    if store is None:
        return KnownDoors()
    try:
        return KnownDoors.of(store)
    finally:
        store.close()


def with_added(addresses: gpd.GeoDataFrame, added: Iterable[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Return addresses with the buildings that volunteers found, in the bureau of their street.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table.
    added
        As `missing_buildings.accepted` returns them. One beside an address that is no longer there
        is left out.
    """
    mine = pd.DataFrame(list(added))
    if mine.empty:
        return addresses
    beside = addresses.set_index("address_id").reindex(mine["beside"])
    told = {
        **{name: beside[name].to_numpy() for name in ("bureau_id", "commune_id", "street")},
        **{name: mine[name].to_numpy() for name in ("address_id", "number", "suffix")},
        "dwellings": mine["doors"].to_numpy(),
        "registered": pd.NA,
    }
    points = gpd.points_from_xy(mine["longitude"], mine["latitude"], crs=_WGS84)
    rows = gpd.GeoDataFrame(told, geometry=points).to_crs(addresses.crs)
    rows = rows[beside["street"].notna().to_numpy()]
    plain = {name: addresses[name].dtype for name in addresses if name != "geometry"}
    every = pd.concat([addresses, rows[[*addresses]].astype(plain)], ignore_index=True)
    return gpd.GeoDataFrame(every, crs=addresses.crs)


def told_added(visited: pd.DataFrame) -> list[Text]:
    """Return a note on the buildings that volunteers found, where any is to be visited."""
    number = int(visited["address_id"].astype("str").str.startswith(ADDED).sum())
    note = Text("Buildings in no file, which volunteers found, in these turfs: {n}.", n=number)
    return [note] if number else []


def place_beside(addresses: gpd.GeoDataFrame, address_id: str, number: int) -> tuple[float, float]:
    """Find where a number in the street of an address stands.

    Between the two numbers of its side that are next to it; beside the one there is, at an end of
    the street.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table.
    address_id
        An address of the street.
    number
        The house number.

    Returns
    -------
    tuple of float
        Latitude and longitude.

    Raises
    ------
    DataError
        When the place does not know the address, or where it is.
    """
    street = _placed(_street_of(addresses, address_id))
    numbered = street[street["number"].notna()]
    known = street[street["address_id"] == address_id] if numbered.empty else numbered
    if known.empty:
        raise DataError(
            "This place does not know the address a building was reported beside.",
            where="{address_id}",
            mend="Write where it stands: latitude, longitude.",
            address_id=address_id,
        )
    side = known[(known["number"] - number) % 2 == 0]
    known = (known if side.empty else side).to_crs(_WGS84)
    at = known["number"].fillna(number).to_numpy(dtype=float)
    order = np.argsort(at, kind="stable")
    # A street of two bureaux has its numbers once: what lies beyond its ends stands at the end.
    latitude, longitude = (
        float(np.interp(number, at[order], values.to_numpy()[order]))
        for values in (known.geometry.y, known.geometry.x)
    )
    return latitude, longitude


def street_round(
    addresses: gpd.GeoDataFrame, address_id: str, at: tuple[float, float] | None, *, round_m: float
) -> gpd.GeoDataFrame:
    """Return the addresses of a street round a point.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table.
    address_id
        An address of the street.
    at
        Latitude and longitude; None for that of the address.
    round_m
        How far, metres.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows of `addresses`; round the address itself where the street is not near the point, the
        whole street where nobody knows where the address is.
    """
    street = _placed(_street_of(addresses, address_id))
    one = street[street["address_id"] == address_id]
    if one.empty:
        return street
    near = street[street.distance(_point(at, street)) < round_m] if at else street.iloc[:0]
    return near if len(near) else street[street.distance(one.geometry.iloc[0]) < round_m]


def metres_from_any(addresses: gpd.GeoDataFrame, at: tuple[float, float]) -> float:
    """Return how far a point (latitude, longitude) is from the nearest address, metres."""
    placed = _placed(addresses)
    return float(placed.distance(_point(at, placed)).min())


def _street_of(addresses: gpd.GeoDataFrame, address_id: str) -> gpd.GeoDataFrame:
    one = addresses[addresses["address_id"] == address_id]
    return addresses[
        addresses["street"].isin(one["street"]) & addresses["commune_id"].isin(one["commune_id"])
    ]


def _placed(addresses: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return addresses[~(addresses.geometry.isna() | addresses.geometry.is_empty)]


def _point(at: tuple[float, float], like: gpd.GeoDataFrame) -> shapely.Point:
    return gpd.GeoSeries(gpd.points_from_xy([at[1]], [at[0]]), crs=_WGS84).to_crs(like.crs).iloc[0]


def with_left_alone(
    addresses: gpd.GeoDataFrame, alone: Mapping[str, Mapping[str, Any]]
) -> tuple[gpd.GeoDataFrame, list[dict[str, Any]], list[Text]]:
    """Return addresses with the doors to be left alone, and what is told of them.

    Parameters
    ----------
    addresses
        To be visited: `address_id`, `street`.
    alone
        As `KnownDoors.left_alone`.

    Returns
    -------
    tuple
        A copy with `left_alone` (doors); plain values for the summary: `address_id`, `street`,
        `doors`, `floors`; and a note that names the streets. Without any, the addresses as they
        are.
    """
    ids = addresses["address_id"].astype("str")
    here = addresses[ids.isin(alone)]
    if here.empty:
        return addresses, [], []
    doors = ids.map({name: one["doors"] for name, one in alone.items()})
    streets = here["street"].fillna("").astype("str")
    told = [
        {"address_id": address, "street": street, **alone[address]}
        for street, address in sorted(zip(streets, here["address_id"].astype("str"), strict=True))
    ]
    named = [f"{street} ({n})" for street, n in _by_street(told).items()]
    note = Text(
        "Doors not to be disturbed, left out of these turfs: {n}. {streets}",
        n=sum(int(one["doors"]) for one in told),
        streets=some(named, most=_STREETS),
    )
    left = pd.array(doors.fillna(0), dtype="Int64")
    return addresses.assign(left_alone=left), told, [note]


def alone_now(walks: Walks, workspace: Workspace) -> Walks:
    """Return turfs whose summary tells the doors that asked not to be disturbed until now.

    A team that takes an older cut out again reads what was noted since. What the cut itself left
    out whole stays told.

    Parameters
    ----------
    walks
        The turfs, as they were cut.
    workspace
        Whose returns are asked.

    Returns
    -------
    Walks
        The same where nothing is told otherwise.
    """
    told = list(walks.summary.get("left_alone", ()))
    now = known_doors(workspace).left_alone
    stops = walks.turfs.drop_duplicates("address_id")
    street = dict(zip(stops["address_id"], stops["street"].fillna("").astype("str"), strict=True))
    whole = [one for one in told if one["address_id"] not in street]
    inside = [
        {"address_id": address, "street": street[address], **one}
        for address, one in now.items()
        if address in street
    ]
    fresh = sorted([*whole, *inside], key=lambda one: (one["street"], one["address_id"]))
    if fresh == told:
        return walks
    return replace(walks, summary={**walks.summary, "left_alone": fresh})


def _by_street(told: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in told:
        found[str(one["street"])] = found.get(str(one["street"]), 0) + int(one["doors"])
    return found


def places_beside(
    workspace: Path, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[float, float]]:
    """Find where buildings reported stand by their numbers: latitude and longitude by id.

    Parameters
    ----------
    workspace
        It knows the addresses they were reported beside.
    rows
        By id, as `missing_buildings.reports` returns them.

    Raises
    ------
    DataError
        As `place_beside`.
    """
    addresses = gpd.GeoDataFrame(Workspace(workspace).read("addresses"))
    return {
        one: place_beside(addresses, row["address_id"], int(row["number"]))
        for one, row in rows.items()
    }


def buildings_reported(store: Store, workspace: Path) -> pd.DataFrame:
    """Return the buildings reported with how they are read, `building` ("14 bis Rue Haute").

    Parameters
    ----------
    store
        Of the campaign.
    workspace
        It knows the streets.

    Returns
    -------
    pandas.DataFrame
        As `missing_buildings.reports`, and `building`.
    """
    from analysis.fieldwork.missing_buildings import reports

    found = reports(store)
    addresses = Workspace(workspace).read("addresses")
    street = addresses.set_index("address_id")["street"].reindex(found["address_id"]).fillna("")
    house = (found["number"].astype("str") + " " + found["suffix"]).str.strip()
    return found.assign(building=(house + " " + street.astype("str").to_numpy()).str.strip())

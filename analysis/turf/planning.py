"""From addresses to walks: count doors, cut group by group, order each turf."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, Text, some
from analysis.geography.transformer import transformer
from analysis.turf.cut import cut
from analysis.turf.distance import UNREACHED, Distance, StraightLine, add_crossings
from analysis.turf.doors import count_doors, sides, split_buildings
from analysis.turf.groups import group_bureaux
from analysis.turf.route import order
from analysis.turf.walk_list import LEFT_ALONE, NO_COORDINATES
from analysis.turf.work import Work

_NOWHERE = shapely.Point(np.nan, np.nan)
# A turf for those who walk little is worth the trip when it fills so much of their outing.
_WORTH = 0.6


@dataclass(frozen=True, slots=True)
class Plan:
    """How turfs are to be cut: length of an outing, start, teams, spares.

    Attributes
    ----------
    work
        The outing, in the planner's numbers.
    start
        Latitude and longitude where every team sets out; None: each begins where it is best.
    returning
        Whether teams come back to where they set out.
    teams, spares
        Teams of the next outing, and turfs kept ready beside theirs; None plans them all.
    low_mobility
        How many short turfs without stairs to set aside for those who walk little.
    effort
        How many times the usual time to search.
    """

    work: Work = field(default_factory=Work)
    start: tuple[float, float] | None = None
    returning: bool = False
    teams: int | None = None
    spares: int = 2
    low_mobility: int = 0
    effort: int = 1

    def __post_init__(self) -> None:
        if (self.teams is not None and self.teams < 1) or min(self.spares, self.low_mobility) < 0:
            raise DataError(
                "The number of teams must be 1 or more, spare and easy turfs 0 or more.",
                where="teams {teams}, spares {spares}, easy {low_mobility}",
                mend="Leave --teams out to plan every turf.",
                teams=self.teams,
                spares=self.spares,
                low_mobility=self.low_mobility,
            )
        if self.start and not (abs(self.start[0]) <= 90 and abs(self.start[1]) <= 180):
            raise DataError(
                "The start point lies nowhere on earth.",
                where="--start {lat:g},{lon:g}",
                mend="Write latitude, comma, longitude: --start 48.8566,2.3522.",
                lat=self.start[0],
                lon=self.start[1],
            )


@dataclass(frozen=True)
class Made:
    """Turfs before they have their ids.

    Attributes
    ----------
    stops
        One row per stop, the columns of `schema.WALKLISTS` but for `turf_id`, and `turf` (a
        number), `arm`, `rank`, `profile`, `approach_m`, `return_m` (missing without a start),
        `opening` (share of its doors where a conversation is expected).
    unreached
        `address_id`, `reason`.
    least_walk_m
        No way of cutting the groups into as many turfs walks less.
    distance
        How walks were measured.
    notes
        What to look at before a team is sent.
    """

    stops: pd.DataFrame
    unreached: pd.DataFrame
    least_walk_m: float
    distance: str
    notes: tuple[Text, ...] = ()


def make_turfs(
    addresses: gpd.GeoDataFrame,
    registered: dict[str, float],
    plan: Plan,
    distance: Distance | None = None,
    progress: Callable[[float], object] | None = None,
) -> Made:
    """Cut the addresses to be visited into turfs and order each.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table with `arm` and `rank` of each one's bureau; the order of
        rows does not matter.
    registered
        Registered voters of each bureau, for addresses of which nothing is known.
    plan
        What the organiser wants.
    distance
        How to measure walks; straight lines by default.
    progress
        Told which share of the buildings is cut, 0 to 1, as the work goes on.

    Returns
    -------
    Made
        The stops in their order, and how they were found.

    Raises
    ------
    DataError
        When no address can be reached.
    """
    distance = distance or StraightLine(plan.work.detour)
    ordered = addresses.sort_values("address_id", ignore_index=True)
    reason = _unreached(ordered, distance)
    kept = ordered[reason == ""]
    if kept.empty:
        raise DataError(
            "No address of the targets can be walked to.",
            where="{n} address(es): {reason}",
            mend="Choose targets that have addresses, or a street graph of this place.",
            n=len(reason),
            reason=some(sorted(set(reason))),
        )
    counted = count_doors(kept, registered, plan.work)
    reason[counted.index[counted["doors"] == 0]] = LEFT_ALONE
    if (counted := counted[counted["doors"] > 0]).empty:
        raise DataError(
            "Every door of the targets asked not to be disturbed.",
            where="{n} address(es)",
            mend="Choose other targets, or take back on the page Field what was noted by mistake.",
            n=len(kept),
        )
    units = split_buildings(counted, plan.work)
    units["side"] = sides(units["number"])
    units = _placed(units, plan)
    units[["x", "y"]] = distance.own(units[["x", "y"]].to_numpy(), units["street"])
    xy = units[["x", "y"]].to_numpy()
    # Nobody walks across water: what lies on two parts of the streets is cut apart.
    part = pd.Series(distance.parts(xy), index=units.index).map("\0{:06d}".format)
    units["group"] = group_bureaux(units, xy, plan.work) + part.to_numpy(dtype=object)
    stops, least = _walked(units, plan, distance, progress or _to_nobody)
    stops["opening"] = plan.work.share_open
    gone = pd.DataFrame({"address_id": ordered["address_id"], "reason": reason})
    gone = gone[reason != ""].reset_index(drop=True)
    return Made(stops, gone, least, distance.name, _over_gaps(units[distance.over_gap(xy)]))


def _over_gaps(units: pd.DataFrame) -> tuple[Text, ...]:
    """Name the streets that nothing but a gap joins to the others, those with most doors first."""
    if units.empty:
        return ()
    doors = units.groupby("street")["dwellings"].sum().sort_values(ascending=False, kind="stable")
    note = Text(
        "{n} door(s) are on streets that a gap of up to 50 m parts from all others: a path that is "
        "not drawn was taken to lead there. On an island, set them aside: {streets}",
        n=int(doors.sum()),
        streets=some(
            Text("{street} ({n} doors)", street=street, n=int(n)) for street, n in doors.items()
        ),
    )
    return (note,)


def _unreached(addresses: gpd.GeoDataFrame, distance: Distance) -> np.ndarray:
    """Return why an address cannot be walked to, "" where it can."""
    # A point without coordinates may be none, empty, or of nan.
    points = addresses.geometry.to_numpy()
    points = np.where(shapely.is_missing(points) | shapely.is_empty(points), _NOWHERE, points)
    xy = np.c_[shapely.get_x(points), shapely.get_y(points)]
    known = np.flatnonzero(np.isfinite(xy).all(axis=1))
    reason = np.full(len(addresses), NO_COORDINATES, dtype=object)
    if len(known):
        found = distance.unreached(xy[known])
        reason[known] = np.array(UNREACHED, dtype=object)[found]
    return reason


def _placed(units: gpd.GeoDataFrame, plan: Plan) -> pd.DataFrame:
    """Add positions in metres and degrees, and the walk from the start point."""
    degrees = transformer(units.crs, "EPSG:4326")
    x, y = units.geometry.x.to_numpy(), units.geometry.y.to_numpy()
    longitude, latitude = degrees.transform(x, y)
    table = pd.DataFrame(units.drop(columns="geometry"))
    table = table.assign(x=x, y=y, latitude=latitude, longitude=longitude, approach_m=np.nan)
    if plan.start:
        metres = transformer("EPSG:4326", units.crs)
        start = metres.transform(plan.start[1], plan.start[0])
        table["approach_m"] = plan.work.detour * np.hypot(x - start[0], y - start[1])
    return table


def _to_nobody(_share: float) -> None:
    pass


def _walked(
    units: pd.DataFrame, plan: Plan, distance: Distance, progress: Callable[[float], object]
) -> tuple[pd.DataFrame, float]:
    """Return the stops of all groups, best ranks first, and the least walk there is."""
    pieces: list[pd.DataFrame] = []
    least, easy, number, done = 0.0, plan.low_mobility, 0, 0
    groups = sorted(units.groupby("group"), key=lambda pair: (pair[1]["rank"].min(), pair[0]))
    for _, group in groups:
        rest = group.reset_index(drop=True)
        if easy and len(gentle := _gentle(rest, plan, distance)):
            easy -= 1
            pieces.append(gentle.assign(turf=number))
            number += 1
            rest = rest.drop(index=gentle["row"]).reset_index(drop=True)
        if len(rest):
            turfs, walk_m = _turfs(rest, plan, plan.work, distance)
            least += walk_m
            pieces.append(turfs.assign(turf=turfs["turf"] + number))
            number = int(pieces[-1]["turf"].max()) + 1
        done += len(group)
        progress(done / len(units))
    stops = pd.concat(pieces, ignore_index=True)
    return stops.drop(columns=["row", "group"]), least


def _turfs(
    rows: pd.DataFrame, plan: Plan, work: Work, distance: Distance
) -> tuple[pd.DataFrame, float]:
    """Cut one group and order each of its turfs; `row` is the row of `rows` of each stop."""
    xy = rows[["x", "y"]].to_numpy()
    metres = add_crossings(distance.between(xy), rows, distance.over_main(xy), work)
    made = cut(rows["work_min"].to_numpy(), metres, work, effort=plan.effort)
    approach = rows["approach_m"].to_numpy() if plan.start else None
    walks = [ordered_walk(turf, metres, approach, plan) for turf in _members(made.label)]
    row, stop, legs, back = (np.concatenate(part) for part in zip(*walks, strict=True))
    stops = rows.iloc[row].assign(
        row=row,
        turf=np.cumsum(stop == 1) - 1,
        stop=stop,
        walk_m=legs,
        minutes=rows["work_min"].to_numpy()[row] + work.on_foot(legs),
        return_m=back,
        profile="standard",
    )
    return stops, made.least_walk_m


def _members(label: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of each turf, the turf of the first row first."""
    _, first = np.unique(label, return_index=True)
    for row in np.sort(first):
        yield np.flatnonzero(label == label[row])


def ordered_walk(
    members: np.ndarray, metres: np.ndarray, approach: np.ndarray | None, plan: Plan
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return rows of one turf in walking order, stops, legs, and the way back.

    Parameters
    ----------
    members
        Rows of `metres` that the turf holds, (m,).
    metres
        Walk between all pairs, (n, n).
    approach
        Metres from the start to each row, (n,); None without a start.
    plan
        Whether teams come back.

    Returns
    -------
    tuple
        Rows, 1…m, metres from the row before, metres back (nan where nobody comes back), each (m,).
    """
    inner = metres[np.ix_(members, members)]
    start = None if approach is None else approach[members]
    walked = order(inner, start, returning=plan.returning)
    legs = np.r_[0.0, inner[walked[:-1], walked[1:]]]
    back = inner[walked[-1], walked[0]] if start is None else start[walked[-1]]
    ways = np.full(len(walked), back if plan.returning else np.nan)
    return members[walked], np.arange(1, len(walked) + 1), legs, ways


def _gentle(rows: pd.DataFrame, plan: Plan, distance: Distance) -> pd.DataFrame:
    """Return the turf of a group that is easiest on the legs, empty where none is worth it."""
    work = plan.work.gentle()
    flat = rows[rows["dwellings_of_building"] <= work.ground_doors]
    if flat["work_min"].sum() < _WORTH * work.outing:
        return flat.iloc[:0]
    turfs, _ = _turfs(flat.reset_index(drop=True), plan, work, distance)
    sums = turfs.groupby("turf")[["minutes", "walk_m", "dwellings"]].sum()
    worth = sums[sums["minutes"] >= _WORTH * work.outing]
    if worth.empty:
        return flat.iloc[:0]
    best = turfs[turfs["turf"] == (worth["walk_m"] / worth["dwellings"]).idxmin()]
    return best.assign(profile="low_mobility", row=flat.index.to_numpy()[best["row"]])

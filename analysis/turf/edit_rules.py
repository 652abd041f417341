"""What holds of a turf that was changed by hand, and its walk, found anew."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, some
from analysis.geography.transformer import transformer
from analysis.turf.cut import forest
from analysis.turf.distance import Distance, add_crossings
from analysis.turf.planning import Plan, ordered_walk
from analysis.turf.summary import USES, describe_turfs, turf_records
from analysis.turf.walk_list import Walks
from analysis.turf.work import Work

# What is done only where it was said to be meant: pieces far from one another; bureaux in one
# turf that the cut kept apart; a turf that a team has in its hands.
ALLOWED = ("apart", "mix", "out")
# Doors further than this from all others of a turf are another walk.
APART_M = 250.0
_DECIMALS = {"minutes": 2, "walk_m": 1}


@dataclass(frozen=True)
class Ground:
    """Where a cut lies.

    Attributes
    ----------
    distance
        How its walks are measured.
    crs
        Metric.
    closed
        Where nobody may walk: control bureaux, within their limits, in `crs`; None where there
        are none.
    """

    distance: Distance
    crs: str
    closed: shapely.Geometry | None = None

    def xy(self, stops: pd.DataFrame) -> np.ndarray:
        """Return the positions of stops in metres (n × 2)."""
        metres = transformer("EPSG:4326", self.crs)
        both = metres.transform(stops["longitude"].to_numpy(), stops["latitude"].to_numpy())
        return np.column_stack(both)

    def crossed(self, walk: np.ndarray) -> float:
        """Return how many metres of a walk (n × 2, in order) lie where nobody may walk."""
        if self.closed is None or len(walk) < 2:  # noqa: PLR2004 - a way has two ends
            return 0.0
        return float(shapely.length(shapely.intersection(shapely.LineString(walk), self.closed)))


def plan_of(walks: Walks) -> Plan:
    """Return how a cut was planned, as its summary tells."""
    start = walks.summary["start"]
    return Plan(
        work=Work.of_cut(walks.summary["work"]),
        start=(float(start[0]), float(start[1])) if start else None,
        returning=bool(walks.summary["returning"]),
    )


def checked_walks(
    walks: Walks, changed: pd.DataFrame, allow: Collection[str], ground: Ground
) -> pd.DataFrame:
    """Return the stops of changed turfs in their new order.

    Parameters
    ----------
    walks
        The cut before the change.
    changed
        Its rows that lie in a changed turf, with `turf_id` as it will be and `was`.
    allow
        Names in `ALLOWED`.
    ground
        Where it lies.

    Returns
    -------
    pandas.DataFrame
        `changed` with stops, metres and minutes, and what `describe_turfs` needs.

    Raises
    ------
    DataError
        When a rule would be broken.
    """
    if changed.empty:
        return changed
    told = walks.by_turf().set_index("turf_id")
    opened = told.get("conversations", told["doors"] * walks.summary["work"]["share_open"])
    changed = changed.assign(
        arm=changed["was"].map(told["arm"]),
        profile=changed["was"].map(told["profile"]),
        # Who talks was told turf by turf: its doors take their turf's share along.
        opening=changed["was"].map(opened / told["doors"]).astype(float),
    )
    pieces = []
    for turf, rows in changed.sort_values(["address_id", "door_from"]).groupby("turf_id"):
        ordered = rows.reset_index(drop=True)
        _one_arm(str(turf), ordered)
        _bureaux_of_one_group(str(turf), ordered, walks, allow)
        pieces.append(_walked(walks, ordered, allow, ground))
    return pd.concat(pieces, ignore_index=True)


def _one_arm(turf: str, rows: pd.DataFrame) -> None:
    if len(set(rows["arm"])) > 1:
        raise DataError(
            "Two arms of the trial cannot be in one turf.",
            where="{turf}: {arms}",
            mend="Choose turfs or addresses of one arm.",
            turf=turf,
            arms=some(sorted(set(rows["arm"]))),
        )


def _bureaux_of_one_group(
    turf: str, rows: pd.DataFrame, walks: Walks, allow: Collection[str]
) -> None:
    bureaux = set(rows["bureau_id"])
    if "mix" in allow or len(bureaux) == 1:
        return
    # Bureaux the cut put into one turf, directly or by way of others, may be there again.
    reached, grown = {min(bureaux)}, True
    groups = [set(ids) for ids in walks.turfs.groupby("turf_id")["bureau_id"].unique()]
    while grown:
        near = set().union(reached, *(group for group in groups if group & reached))
        grown, reached = near != reached, near
    if not bureaux <= reached:
        raise DataError(
            "These bureaux were cut apart: in one turf their results could not be told apart.",
            where="{turf}: {bureaux}",
            mend="Choose within one bureau, or say that mixing them is meant (allow: mix).",
            turf=turf,
            bureaux=some(sorted(bureaux)),
        )


def _walked(
    walks: Walks, rows: pd.DataFrame, allow: Collection[str], ground: Ground
) -> pd.DataFrame:
    """Order one turf; `rows` are sorted, so that its doors alone decide."""
    turf, plan = str(rows["turf_id"].iloc[0]), plan_of(walks)
    easy = bool((rows["profile"] == "low_mobility").all())
    work = plan.work.gentle() if easy else plan.work
    xy = ground.distance.own(ground.xy(rows), rows["street"])
    if len(set(ground.distance.parts(xy).tolist())) > 1:
        raise DataError(
            "Nobody can walk from one part of this turf to the other: water or a railway lies "
            "between.",
            where="{turf}",
            mend="Choose turfs or addresses on one bank.",
            turf=turf,
        )
    metres = ground.distance.between(xy)
    _not_apart(turf, rows["was"].to_numpy(), metres, allow)
    metres = add_crossings(metres, rows, ground.distance.over_main(xy), work)
    approach = _approach(xy, plan, ground)
    row, stop, legs, back = ordered_walk(np.arange(len(rows)), metres, approach, plan)
    _not_through_controls(turf, xy[row], walks, rows["was"].unique(), ground)
    inside = plan.work.at_building(rows["dwellings"].to_numpy()[row])
    return rows.iloc[row].assign(
        stop=stop,
        walk_m=np.round(legs, _DECIMALS["walk_m"]),
        minutes=np.round(inside + work.on_foot(legs), _DECIMALS["minutes"]),
        approach_m=np.nan if approach is None else approach[row],
        return_m=back,
        profile="low_mobility" if easy else "standard",
    )


def _approach(xy: np.ndarray, plan: Plan, ground: Ground) -> np.ndarray | None:
    if plan.start is None:
        return None
    metres = transformer("EPSG:4326", ground.crs)
    start = np.array(metres.transform(plan.start[1], plan.start[0]))
    away: np.ndarray = plan.work.detour * np.hypot(*(xy - start).T)
    return away


def _not_apart(turf: str, was: np.ndarray, metres: np.ndarray, allow: Collection[str]) -> None:
    pieces = [np.flatnonzero(was == name) for name in np.unique(was)]
    if "apart" in allow or len(pieces) == 1:
        return
    between = np.array([[metres[np.ix_(a, b)].min() for b in pieces] for a in pieces])
    if (longest := float(forest(between)[-1])) > APART_M:
        raise DataError(
            "These doors are not neighbours: {metres} m lie between them.",
            where="{turf}: {pieces}",
            mend="Choose turfs side by side, or say that it is meant (allow: apart).",
            metres=round(longest),
            turf=turf,
            pieces=some(np.unique(was).tolist()),
        )


def _not_through_controls(
    turf: str, walk: np.ndarray, walks: Walks, was: Collection[str], ground: Ground
) -> None:
    if ground.closed is None:
        return
    before = sum(ground.crossed(ground.xy(walks.of(name))) for name in was)
    if (now := ground.crossed(walk)) > before + 1.0:
        raise DataError(
            "The walk would lead through a control bureau of the trial.",
            where="{turf}: {metres} m of it",
            mend="Choose turfs or addresses with no control between them.",
            turf=turf,
            metres=round(now),
        )


def described(walks: Walks, new: pd.DataFrame, kept: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what the summary tells of each turf: of the changed ones anew, by their names.

    Parameters
    ----------
    walks
        The cut before.
    new
        Stops of the changed turfs; `was` names the turf that each was in.
    kept
        Stops of the turfs that stay.

    Returns
    -------
    list of dict
        One record per turf, by `turf_id`.
    """
    same = set(kept["turf_id"])
    records = [dict(one) for one in walks.summary["turfs"] if one["turf_id"] in same]
    if len(new):
        uses = walks.by_turf().set_index("turf_id")["use"]
        place = new["was"].map(uses).map(USES.index).groupby(new["turf_id"]).min()
        table = describe_turfs(new, replace(plan_of(walks), teams=None))
        table["use"] = table["turf_id"].map(place).map(dict(enumerate(USES)))
        records += turf_records(table)
    return sorted(records, key=lambda one: str(one["turf_id"]))

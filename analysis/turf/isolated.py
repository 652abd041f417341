"""Isolated addresses: stops that cost more walking for a door than a conversation there takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.turf.walk_list import Walks
from analysis.turf.work import Work

# Stops that lie together at the end of a lane are one detour; more of them are a part of the walk.
TOGETHER = 3
_METRES_OF_A_DEGREE = 111_320


def isolated(walks: Walks) -> pd.DataFrame:
    """Return the stops that a turf would gain by leaving out.

    A detour is what the walk would be shorter by without the stop, or without up to `TOGETHER`
    stops that follow one another. The dearest is found first, and the next in what is left. From
    the stop before it to the one after it is then a straight line, made longer by the usual
    detour of the planner; or the difference of the ways there and back, which is never more than
    the streets take: an address is called isolated only where it surely is.

    Parameters
    ----------
    walks
        Turfs with their stops in walking order.

    Returns
    -------
    pandas.DataFrame
        `turf_id`, `stop`, `address_id`, `doors` and `minutes_per_door` (walking) of the stops
        where it is more than `Work.minutes_conversation`, most first.
    """
    work = Work.of_cut(walks.summary.get("work", {}))
    turfs = walks.turfs
    cost = np.zeros(len(turfs))
    near = _at_most(turfs, work) <= work.minutes_conversation
    doubtful = np.flatnonzero(~near.groupby(turfs["turf_id"]).transform("all"))
    for rows in turfs.iloc[doubtful].groupby("turf_id", sort=False).indices.values():
        cost[doubtful[rows]] = _minutes_per_door(turfs.iloc[doubtful[rows]], work)
    found = turfs.assign(minutes_per_door=cost)[cost > 0]
    kept = ["turf_id", "stop", "address_id", "dwellings", "minutes_per_door"]
    told = found[kept].rename(columns={"dwellings": "doors"})
    order = ["minutes_per_door", "turf_id", "stop"]
    return told.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _at_most(turfs: pd.DataFrame, work: Work) -> pd.Series:
    """Return what a detour that begins at each stop costs at most: all ways to, in and from it.

    In a town hardly any turf has a stop where this is much, and only there is it worth looking.
    """
    legs, doors = (turfs.groupby("turf_id", sort=False)[n] for n in ("walk_m", "dwellings"))
    metres, behind, most = turfs["walk_m"], 0.0, pd.Series(0.0, index=turfs.index)
    for others in range(TOGETHER):
        metres = metres + legs.shift(-others - 1).fillna(0.0)
        behind = behind + doors.shift(-others)
        most = most.combine(work.on_foot(metres) / behind, np.fmax)
    return most


def _minutes_per_door(stops: pd.DataFrame, work: Work) -> npt.NDArray[np.float64]:
    """Return what each isolated stop costs on foot for a door, in the order of one turf; else 0."""
    cost = np.zeros(len(stops))
    at, doors = _metres(stops), stops["dwellings"].to_numpy(dtype=float)
    legs, left = stops["walk_m"].to_numpy(dtype=float), np.arange(len(stops))
    while len(left) > 1:
        first, after, minutes = _dearest(legs, at[left], doors[left], work)
        if minutes <= work.minutes_conversation:
            break
        cost[left[first:after]] = minutes
        if after < len(left):
            legs = legs.copy()
            legs[after] = _between(legs, at[left], (first, after), work)
        left, legs = np.delete(left, range(first, after)), np.delete(legs, range(first, after))
    return cost


def _dearest(
    legs: npt.NDArray[np.float64],
    at: npt.NDArray[np.float64],
    doors: npt.NDArray[np.float64],
    work: Work,
) -> tuple[int, int, float]:
    """Return the stops, from one and up to another, that cost most minutes on foot for a door."""
    n, best = len(legs), (0, 0, 0.0)
    for first in range(n):
        # The whole turf is no detour of itself.
        for after in range(first + 1, min(first + TOGETHER, n, first + n - 1) + 1):
            saved = legs[first : after + 1].sum() - _between(legs, at, (first, after), work)
            minutes = float(work.on_foot(saved) / doors[first:after].sum())
            if minutes > best[2]:
                best = (first, after, minutes)
    return best


def _between(
    legs: npt.NDArray[np.float64],
    at: npt.NDArray[np.float64],
    out: tuple[int, int],
    work: Work,
) -> float:
    """Return the metres from the stop before those left out to the one after; 0 at an end."""
    first, after = out
    if first == 0 or after == len(at):
        return 0.0
    straight = work.detour * np.hypot(*(at[after] - at[first - 1]))
    there, among, back = legs[first], legs[first + 1 : after].sum(), legs[after]
    return float(max(straight, there - among - back, back - among - there))


def _metres(stops: pd.DataFrame) -> npt.NDArray[np.float64]:
    north = stops["latitude"].to_numpy(dtype=float)
    east = stops["longitude"].to_numpy(dtype=float) * np.cos(np.radians(north.mean()))
    return _METRES_OF_A_DEGREE * np.column_stack([east, north])

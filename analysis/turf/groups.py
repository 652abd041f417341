"""Which bureaux are cut together: each by itself, small ones with their nearest neighbour."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from analysis.turf.work import Work

# A bureau of fewer outings is too small to be cut into equal ones.
_SMALL = 3.0
# Further apart than this, bureaux share no outing.
_NEAR_M = 1000.0


def group_bureaux(units: pd.DataFrame, xy: np.ndarray, work: Work) -> np.ndarray:
    """Return the group of each building: bureaux of one arm that are cut together.

    A bureau makes a group. One with less than three outings of work joins the nearest
    bureau of its arm within a kilometre, middle to middle.

    Parameters
    ----------
    units
        Buildings, with `bureau_id`, `arm`, `work_min`.
    xy
        Their positions, metres.
    work
        Says how long an outing is.

    Returns
    -------
    numpy.ndarray
        Text: id of the first bureau of the group.
    """
    table = units[["bureau_id", "arm", "work_min"]].assign(x=xy[:, 0], y=xy[:, 1])
    bureaux = table.groupby("bureau_id").agg(
        arm=("arm", "first"), work_min=("work_min", "sum"), x=("x", "mean"), y=("y", "mean")
    )
    middle = bureaux[["x", "y"]].to_numpy()
    apart = cdist(middle, middle)
    arm = bureaux["arm"].to_numpy()
    apart[arm[:, None] != arm[None, :]] = np.inf
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argmin(axis=1)
    small = bureaux["work_min"].to_numpy() < _SMALL * work.outing
    joins = np.flatnonzero(small & (apart.min(axis=1) <= _NEAR_M))
    size = len(bureaux)
    links = coo_array((np.ones(len(joins)), (joins, nearest[joins])), shape=(size, size))
    _, part = connected_components(links, directed=False)
    first = pd.Series(bureaux.index).groupby(part).transform("min").set_axis(bureaux.index)
    group: np.ndarray = units["bureau_id"].map(first).to_numpy(dtype=object)
    return group

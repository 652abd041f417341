"""Small groups of bureaux that touch: drawn as one, so that fewer neighbours differ in arm."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from analysis.electorate.spatial import GAP_M
from analysis.errors import DataError, some
from analysis.experiments import unit_columns
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.outcomes import vintage_of

if TYPE_CHECKING:
    import geopandas as gpd

GROUP = "neighbours"  # the column of `with_groups`
_NONE = -1
_Links = list[list[int]]  # of each bureau, those that touch it


def groups_of_neighbours(
    bureaux: gpd.GeoDataFrame, *, size: int, within: pd.Series | None = None
) -> pd.Series:
    """Put bureaux that touch into groups of about `size`.

    The bureau with the fewest neighbours left begins, and takes the neighbours that touch
    most of the group; so few remain alone. A group of at most half the size joins the
    smallest group it touches. There is no chance in it: the same contours, the same groups.

    Parameters
    ----------
    bureaux
        `bureau_id` and its polygon, in a metric CRS; in any order.
    size
        Bureaux in a group; it may end with up to half as many again, or fewer.
    within
        Territory by `bureau_id`: groups stay within one. Everywhere when None.

    Returns
    -------
    pandas.Series
        Group by `bureau_id`, called after its first bureau; one without neighbours is alone.

    Raises
    ------
    DataError
        When a group would have fewer than two bureaux.
    """
    if size < 2:  # noqa: PLR2004 - one bureau is no group
        raise DataError(
            "A group of neighbours needs two bureaux or more.",
            where="asked: {size}",
            mend="Give 2 for pairs, 3 or 4 for small groups.",
            size=size,
        )
    here = bureaux.sort_values("bureau_id", ignore_index=True)
    names = here["bureau_id"].astype("str").to_numpy(dtype=object)
    territory = None if within is None else within.reindex(names).to_numpy()
    links = _links(here.geometry.to_numpy(), territory)
    group = _joined(_grown(links, size), links, size)
    # Bureaux are in the order of their names: the first of a group is where it begins.
    first = np.unique(group, return_index=True)[1]
    return pd.Series(names[first][group], index=pd.Index(names, name="bureau_id"), name=GROUP)


def with_groups(
    units: pd.DataFrame, rule: Rule, bureaux: gpd.GeoDataFrame, size: int
) -> tuple[pd.DataFrame, Rule]:
    """Return units with a column of groups of neighbours, and the rule that draws them so.

    Units that are decided beforehand are in no group.

    Parameters
    ----------
    units, rule
        One row per bureau of the trial, and how it is drawn.
    bureaux
        Contours of all vintages: the table `bureaux`.
    size
        Bureaux in a group, about.

    Returns
    -------
    tuple
        The units with the column `neighbours`, and the rule that draws by it.

    Raises
    ------
    DataError
        When clusters are asked for twice, or no contour is of the units.
    """
    if rule.cluster:
        raise DataError(
            "Clusters are either neighbours or a column, not both.",
            where="column {cluster}, groups of {size} neighbours",
            mend="Leave one of them out.",
            cluster=rule.cluster,
            size=size,
        )
    label = unit_columns.labels(units, rule.unit).astype("str")
    vintage = vintage_of(bureaux, label.tolist())
    drawn = bureaux[(bureaux["vintage"] == vintage) & bureaux["bureau_id"].isin(label)]
    if drawn.empty:
        raise DataError(
            "Nobody knows which units touch: the workspace has no contours of them.",
            where="{label}",
            mend="Build the workspace with the contours of these bureaux, or draw them singly.",
            label=some(label),
        )
    decided = unit_columns.flags(units, rule.must_treat, label)
    decided = decided | unit_columns.flags(units, rule.must_not_treat, label)
    unit_columns.groups(units, rule.territory, label)
    within = units[rule.territory].set_axis(label) if rule.territory else None
    free = drawn[drawn["bureau_id"].isin(label[~decided])]
    group = groups_of_neighbours(free, size=size, within=within)
    return units.assign(**{GROUP: label.map(group).fillna(label)}), replace(rule, cluster=GROUP)


def _links(shapes: npt.NDArray[np.object_], territory: npt.NDArray[np.object_] | None) -> _Links:
    if not len(shapes):
        return []
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=GAP_M)
    kept = one != other
    if territory is not None:
        kept &= territory[one] == territory[other]
    one, other = one[kept], other[kept]
    order = np.lexsort((other, one))
    ends = np.cumsum(np.bincount(one, minlength=len(shapes)))[:-1]
    return [near.tolist() for near in np.split(other[order], ends)]


def _grown(links: _Links, size: int) -> npt.NDArray[np.int64]:
    """Return the group of each bureau; those that found no free neighbour have small ones."""
    group = np.full(len(links), _NONE)
    free = [len(near) for near in links]  # neighbours in no group yet
    queue = [(count, bureau) for bureau, count in enumerate(free)]
    heapq.heapify(queue)
    groups = 0
    while queue:
        count, bureau = heapq.heappop(queue)
        if group[bureau] != _NONE or count != free[bureau]:
            continue
        touching: Counter[int] = Counter()
        for _ in range(size):
            group[bureau] = groups
            touching.pop(bureau, None)
            for near in links[bureau]:
                free[near] -= 1
                if group[near] == _NONE:
                    touching[near] += 1
                    heapq.heappush(queue, (free[near], near))
            if not touching:
                break
            bureau = min(touching, key=lambda one: (-touching[one], free[one], one))
        groups += 1
    return group


def _joined(group: npt.NDArray[np.int64], links: _Links, size: int) -> npt.NDArray[np.int64]:
    """Let small groups join the smallest group that they touch."""
    members = [np.flatnonzero(group == one).tolist() for one in range(group.max(initial=_NONE) + 1)]
    for one in sorted(range(len(members)), key=lambda g: (len(members[g]), g)):
        if 2 * len(members[one]) > size:
            continue
        others = {int(group[near]) for bureau in members[one] for near in links[bureau]} - {one}
        if not others:
            continue
        into = min(others, key=lambda g: (len(members[g]), g))
        group[members[one]] = into
        members[into] += members[one]
        members[one] = []
    return np.unique(group, return_inverse=True)[1]

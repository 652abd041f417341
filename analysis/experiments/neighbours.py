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
from scipy import sparse

from analysis.electorate.spatial import GAP_M
from analysis.errors import DataError, some
from analysis.experiments import unit_columns
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.outcomes import vintage_of

if TYPE_CHECKING:
    import geopandas as gpd

GROUP = "neighbours"  # the column of `with_groups`
APART = "too_near"  # the column of `with_distance`
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
        raise _unknown(label)
    decided = unit_columns.flags(units, rule.must_treat, label)
    decided = decided | unit_columns.flags(units, rule.must_not_treat, label)
    unit_columns.groups(units, rule.territory, label)
    within = units[rule.territory].set_axis(label) if rule.territory else None
    free = drawn[drawn["bureau_id"].isin(label[~decided])]
    group = groups_of_neighbours(free, size=size, within=within)
    return units.assign(**{GROUP: label.map(group).fillna(label)}), replace(rule, cluster=GROUP)


def with_distance(
    units: pd.DataFrame, rule: Rule, bureaux: gpd.GeoDataFrame, metres: float
) -> tuple[pd.DataFrame, Rule]:
    """Return units with a column of those too near to others to be drawn, and the rule for it.

    The best ranked stays, and holds out of the draw, uncanvassed, all that lie nearer to it
    than asked; then the best of the rest.

    Parameters
    ----------
    units, rule
        One row per bureau of the trial, and how it is drawn.
    bureaux
        Contours of all vintages: the table `bureaux`.
    metres
        Least distance between the contours of any two that are drawn.

    Returns
    -------
    tuple
        The units with a column of 0 and 1, and the rule that holds the ones out of the draw.

    Raises
    ------
    DataError
        When the distance is none, units are drawn in groups, or no contour is of the units.
    """
    if metres <= 0 or rule.cluster:
        raise DataError(
            "Units are kept apart by a distance, each drawn by itself.",
            where="--apart {metres:g}, clusters: {cluster}",
            mend="Give metres above 0, and neither --cluster nor --neighbours.",
            metres=metres,
            cluster=rule.cluster or "–",
        )
    label = unit_columns.labels(units, rule.unit).astype("str")
    shapes = contours_of(bureaux, label)
    decided = unit_columns.flags(units, rule.must_treat, label)
    held = unit_columns.flags(units, rule.must_not_treat, label)
    # Equal ranks: the first name, so that the order of a file decides nothing.
    order = np.lexsort((label.to_numpy(), -unit_columns.numbers(units, rule.rank_by)))
    out = held_apart(adjacent(shapes, metres), order, held=held, decided=decided)
    return units.assign(**{APART: out.astype("int64")}), replace(rule, must_not_treat=APART)


def held_apart(
    near: sparse.csr_array,
    order: npt.NDArray[np.int64],
    *,
    held: npt.NDArray[np.bool_],
    decided: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Return the units held out of a draw so that no two that are drawn are near.

    Parameters
    ----------
    near
        Units × units, as `adjacent` returns it.
    order
        Positions of the units, the best first.
    held, decided
        Units held out already, and units treated by decision: neither decides over others.

    Returns
    -------
    numpy.ndarray of bool
        One per unit, those of `held` among them.
    """
    out = held.copy()
    for place in order:
        if not out[place] and not decided[place]:
            # The best came first: whoever is near and still free ranks lower.
            others = near.indices[near.indptr[place] : near.indptr[place + 1]]
            out[others[~decided[others]]] = True
    return out


def contours_of(bureaux: gpd.GeoDataFrame, label: pd.Series) -> npt.NDArray[np.object_]:
    """Return the contour of each unit, None where it has none.

    Parameters
    ----------
    bureaux
        Contours of all vintages; those that know most units are taken.
    label
        Names of the units.

    Raises
    ------
    DataError
        When no contour is of the units.
    """
    vintage = vintage_of(bureaux, label.tolist())
    drawn = bureaux[(bureaux["vintage"] == vintage) & bureaux["bureau_id"].isin(label)]
    if drawn.empty:
        raise _unknown(label)
    shapes = drawn.drop_duplicates("bureau_id").set_index("bureau_id").geometry
    return np.asarray(shapes.reindex(label).to_numpy(), dtype=object)


def adjacent(shapes: npt.NDArray[np.object_], metres: float) -> sparse.csr_array:
    """Return which shapes lie within a distance of which others: ones, units × units.

    Parameters
    ----------
    shapes
        In a metric CRS; None has no neighbour.
    metres
        The distance; 0 for those that touch.
    """
    known = np.flatnonzero([shape is not None for shape in shapes])
    distance = max(metres, GAP_M)
    tree = shapely.STRtree(shapes[known])
    one, other = tree.query(shapes[known], predicate="dwithin", distance=distance)
    kept = one != other
    parts = (np.ones(int(kept.sum())), (known[one[kept]], known[other[kept]]))
    return sparse.csr_array(parts, shape=(len(shapes), len(shapes)))


def _unknown(label: pd.Series) -> DataError:
    return DataError(
        "Nobody knows which units touch: the workspace has no contours of them.",
        where="{label}",
        mend="Build the workspace with the contours of these bureaux, or draw them singly.",
        label=some(label),
    )


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

"""Small gaps between streets that a path not drawn may close, and what hangs together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

# A gap that a path not drawn may close: private streets of a campus end so, banks do not.
_PATH_M = 50.0


def parts_of(streets: pd.DataFrame, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of each street, the longest first, and the metres of each part."""
    a, b = streets["a"].to_numpy(), streets["b"].to_numpy()
    links = csr_array((np.ones(len(a)), (a, b)), shape=(count, count))
    _, label = connected_components(links, directed=False)
    metres = np.bincount(label[a], weights=streets["length_m"])
    order = np.argsort(-metres, kind="stable")
    number = np.empty(len(order), dtype=int)
    number[order] = np.arange(len(order))
    return number[label[a]], metres[order]


def with_paths(
    streets: pd.DataFrame, nodes: np.ndarray, water: Sequence[shapely.Geometry] = ()
) -> pd.DataFrame:
    """Add the ways across small gaps, from each part to the streets of a longer one near by.

    Parameters
    ----------
    streets
        `a`, `b` (rows of `nodes`), `length_m`, `crossable`.
    nodes
        Corners, metres (n × 2).
    water
        Lines that no such way crosses.

    Returns
    -------
    pandas.DataFrame
        The streets with these ways after them.
    """
    banks = shapely.STRtree(water)
    while True:
        part, length = parts_of(streets, len(nodes))
        small = np.flatnonzero(part > 0)
        if not len(small):
            return streets
        lines = shapely.linestrings(nodes[streets[["a", "b"]].to_numpy()])
        main = np.flatnonzero(part == 0)
        near, far = shapely.STRtree(lines[main]).query_nearest(
            lines[small], max_distance=_PATH_M, return_distance=True, all_matches=False
        )
        if not near.size:
            return streets
        gaps = pd.DataFrame({"small": small[near[0]], "main": main[near[1]], "gap": far})
        gaps = gaps[_dry(gaps, lines, banks)]
        if gaps.empty:
            return streets
        gaps = gaps.assign(part=part[gaps["small"]]).sort_values(["part", "gap", "small"])
        gaps = gaps.drop_duplicates("part")
        ways = [_ways_across(gaps, streets, lines, nodes, ends) for ends in _ENDS]
        streets = pd.concat([streets, *ways], ignore_index=True)


def _dry(gaps: pd.DataFrame, lines: np.ndarray, banks: shapely.STRtree) -> np.ndarray:
    """Tell which gaps no water lies in."""
    leap = shapely.shortest_line(lines[gaps["small"]], lines[gaps["main"]])
    dry = np.ones(len(gaps), dtype=bool)
    dry[banks.query(leap, predicate="intersects")[0]] = False
    return dry


# From either end of the one street to either end of the other.
_ENDS = (("a", "a"), ("a", "b"), ("b", "a"), ("b", "b"))


def _ways_across(
    gaps: pd.DataFrame,
    streets: pd.DataFrame,
    lines: np.ndarray,
    nodes: np.ndarray,
    ends: tuple[str, str],
) -> pd.DataFrame:
    """Return ways from an end of one street over the gap to an end of the other."""
    leap = shapely.shortest_line(lines[gaps["small"]], lines[gaps["main"]])
    leaps = shapely.get_coordinates(leap).reshape(-1, 2, 2)
    one = streets[ends[0]].to_numpy()[gaps["small"]]
    other = streets[ends[1]].to_numpy()[gaps["main"]]
    metres = np.hypot(*(nodes[one] - leaps[:, 0]).T) + np.hypot(*(nodes[other] - leaps[:, 1]).T)
    return pd.DataFrame(
        {"a": one, "b": other, "length_m": gaps["gap"].to_numpy() + metres, "crossable": True}
    )

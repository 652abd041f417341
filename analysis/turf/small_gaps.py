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
# A gap this small is a slip of the drawing: no arm of water is as narrow.
_SLIP_M = 5.0


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


def only_over_gaps(streets: pd.DataFrame, nodes: np.ndarray, drawn: int) -> np.ndarray:
    """Tell which streets hang together with the longest part over a gap alone.

    A gap is one that nothing explains: streets of one name on both sides are one street, and a
    few metres are a slip of the drawing. What is left may be a path not drawn, or water that is
    not: no file of streets tells an island from a campus.

    Parameters
    ----------
    streets
        As `with_paths` returns them, with `street`, the key of their name ("" for none).
    nodes
        Corners, metres (n × 2).
    drawn
        How many of these stood in the file; the others are ways across gaps.

    Returns
    -------
    numpy.ndarray
        For each street.
    """
    part, _ = parts_of(streets.iloc[:drawn], len(nodes))
    if not part.any():
        return np.zeros(len(streets), dtype=bool)
    lines = shapely.linestrings(nodes[streets[["a", "b"]].to_numpy()[:drawn]])
    name = streets["street"].to_numpy(dtype=object)[:drawn]
    small = np.flatnonzero(part > 0)
    tree = shapely.STRtree(lines)
    slips = tree.query(lines[small], predicate="dwithin", distance=_SLIP_M)
    named = small[name[small] != ""]
    ways = tree.query(lines[named], predicate="dwithin", distance=_PATH_M)
    a = np.r_[small[slips[0]], named[ways[0]]]
    b = np.r_[slips[1], ways[1]]
    sure = np.r_[np.ones(slips.shape[1], dtype=bool), name[named[ways[0]]] == name[ways[1]]]
    links = csr_array(
        (np.ones(sure.sum()), (part[a[sure]], part[b[sure]])), shape=(part.max() + 1,) * 2
    )
    _, whole = connected_components(links, directed=False)
    after, _ = parts_of(streets, len(nodes))
    ends = streets[["a", "b"]].to_numpy()
    of_corner = np.zeros(len(nodes), dtype=int)
    of_corner[ends[:drawn]] = part[:, None]
    over: np.ndarray = (whole[of_corner[ends]] != whole[0]).any(axis=1) & (after == 0)
    return over


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

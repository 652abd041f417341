"""The way along streets from stop to stop, as a line to draw."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from analysis.turf.graph import StreetGraph

# A detour round a block is found; who must go farther round gets a straight line.
_AROUND_M = 600.0
_UNREACHED = -9999  # as scipy writes it


def way_along(graph: StreetGraph, xy: np.ndarray) -> shapely.LineString:
    """Return the shortest way along streets through some stops, in their order.

    Parameters
    ----------
    graph
        Streets, metres.
    xy
        Stops, (n, 2) metres, two or more.

    Returns
    -------
    shapely.LineString
        From each stop to the corners between; straight where no street leads there.
    """
    low, high = xy.min(axis=0) - _AROUND_M, xy.max(axis=0) + _AROUND_M
    kept = np.flatnonzero(((graph.nodes >= low) & (graph.nodes <= high)).all(axis=1))
    edges = graph.tree.query_nearest(shapely.points(xy), all_matches=False)[1]
    ends = graph.edges[edges]
    place = np.full(len(graph.nodes), -1)
    place[kept] = np.arange(len(kept))
    sources = np.unique(place[ends][place[ends] >= 0])
    metres, before = dijkstra(
        graph.matrix(kept), directed=False, indices=sources, return_predecessors=True
    )
    row = np.full(len(kept), -1)
    row[sources] = np.arange(len(sources))
    points = [xy[0]]
    for n in range(len(xy) - 1):
        if edges[n] != edges[n + 1]:
            spots = graph.nodes[kept]
            off = [_off(place[ends[m]], spots, xy[m]) for m in (n, n + 1)]
            corners = _between((off[0], off[1]), metres, before, row)
            lines = shapely.linestrings(graph.nodes[ends[[n, n + 1]]])
            feet = [
                _foot(lines[0], xy[n]),
                *(spots[c] for c in corners),
                _foot(lines[1], xy[n + 1]),
            ]
            points += feet if corners else []
        points.append(xy[n + 1])
    return shapely.LineString(points)


def _foot(line: shapely.LineString, spot: np.ndarray) -> np.ndarray:
    """Return the point of a street in front of a stop."""
    return np.asarray(line.interpolate(line.project(shapely.Point(spot))).coords[0])


def _off(corners: np.ndarray, spots: np.ndarray, stop: np.ndarray) -> dict[int, float]:
    """Return how far each corner of its street is from a stop."""
    return {int(c): float(np.hypot(*(spots[c] - stop))) for c in corners if c >= 0}


def _between(
    off: tuple[dict[int, float], dict[int, float]],
    metres: np.ndarray,
    before: np.ndarray,
    row: np.ndarray,
) -> list[int]:
    """Return the corners from the street of a stop to that of the next; none if unreachable."""
    ways = [
        (near + metres[row[start], goal] + far, start, goal)
        for start, near in off[0].items()
        for goal, far in off[1].items()
    ]
    length, start, goal = min(ways, default=(np.inf, -1, -1))
    if not np.isfinite(length):
        return []
    corners = [goal]
    while corners[-1] != start:
        step = int(before[row[start], corners[-1]])
        if step == _UNREACHED:
            return []
        corners.append(step)
    return corners[::-1]

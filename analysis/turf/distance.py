"""How far it is from door to door: on streets where there is a graph, else as the crow walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from analysis.turf.graph import StreetGraph
from analysis.turf.own_streets import on_own_street
from analysis.turf.walk_list import FAR_FROM_STREETS, NO_STREET
from analysis.turf.work import Work

# Beyond this from any street, the graph does not know the place.
_FAR_M = 300.0  # as FAR_FROM_STREETS says
# Half the width of a street with its pavements: what lies within is on the street.
_ON_STREET_M = 15.0
# How far round a bureau a walk between two of its doors may lead.
_AROUND_M = 500.0
# Pairs of doors looked at together: lines between them are objects of 200 bytes each.
_PAIRS = 200_000
# What `Distance.unreached` answers, by number.
UNREACHED = ("", NO_STREET, FAR_FROM_STREETS)


class Distance(Protocol):
    """A way to measure walks."""

    @property
    def name(self) -> str:
        """What it is, for the report."""

    def unreached(self, xy: np.ndarray) -> np.ndarray:
        """Return the number of a reason in `UNREACHED` for each point, 0 where none."""

    def parts(self, xy: np.ndarray) -> np.ndarray:
        """Return a number for each point, the same where one can walk to the other."""

    def over_gap(self, xy: np.ndarray) -> np.ndarray:
        """Tell which points are walked to over a gap of streets that nothing explains."""

    def between(self, xy: np.ndarray) -> np.ndarray:
        """Return metres between all pairs of points (n × n) of one part, symmetric."""

    def over_main(self, xy: np.ndarray) -> np.ndarray:
        """Tell of all pairs of points (n × n) whether a main street lies between them."""

    def own(self, xy: np.ndarray, streets: pd.Series) -> np.ndarray:
        """Return points, those nearer to another part than their own street's put on that."""


@dataclass(frozen=True)
class StraightLine:
    """Straight lines, made longer by the usual detour."""

    detour: float = 1.3

    @property
    def name(self) -> str:
        """How walks are measured, for the summary of a cut."""
        return f"straight line × {self.detour:g}"

    def unreached(self, xy: np.ndarray) -> np.ndarray:
        """Return 0 for every point: nothing is known to lie in the way."""
        return np.zeros(len(xy), dtype=int)

    def parts(self, xy: np.ndarray) -> np.ndarray:
        """Return 0 for every point."""
        return np.zeros(len(xy), dtype=int)

    def over_gap(self, xy: np.ndarray) -> np.ndarray:
        """Return False for every point: there are no streets."""
        return np.zeros(len(xy), dtype=bool)

    def between(self, xy: np.ndarray) -> np.ndarray:
        """Return metres between all pairs of points."""
        metres: np.ndarray = self.detour * cdist(xy, xy)
        return metres

    def over_main(self, xy: np.ndarray) -> np.ndarray:
        """Return False for every pair: there are no streets."""
        return np.zeros((len(xy), len(xy)), dtype=bool)

    def own(self, xy: np.ndarray, streets: pd.Series) -> np.ndarray:  # noqa: ARG002 - as others do
        """Return the points as they are."""
        return xy


@dataclass(frozen=True)
class OnStreets:
    """Shortest ways on a street graph, never shorter than the straight line."""

    graph: StreetGraph

    @property
    def name(self) -> str:
        """How walks are measured, for the summary of a cut."""
        return f"street graph {self.graph.name}"

    def unreached(self, xy: np.ndarray) -> np.ndarray:
        """Return 1 where the nearest street leads nowhere, 2 far from any street, else 0."""
        points = shapely.points(xy)
        metres = np.full((2, len(xy)), np.inf)
        for row, tree in zip(metres, (self.graph.tree, self.graph.tree_apart), strict=True):
            found, distance = tree.query_nearest(
                points, max_distance=_FAR_M, return_distance=True, all_matches=False
            )
            row[found[0]] = distance
        street, nowhere = metres
        return np.where(nowhere < street, 1, np.where(np.isinf(street), 2, 0))

    def parts(self, xy: np.ndarray) -> np.ndarray:
        """Return the part of the graph that each point's nearest street belongs to."""
        parts: np.ndarray = self.graph.part[_settle(self.graph, xy).edge]
        return parts

    def over_gap(self, xy: np.ndarray) -> np.ndarray:
        """Tell which points have a nearest street that only a gap joins to the others."""
        over = np.zeros(len(xy), dtype=bool)
        lines = shapely.linestrings(self.graph.nodes[self.graph.edges[self.graph.over_gap]])
        # They are few, and so are the points near by, of which alone it is asked.
        tree = shapely.STRtree(lines)
        near = np.unique(tree.query(shapely.points(xy), predicate="dwithin", distance=_FAR_M)[0])
        if len(near):
            over[near] = self.graph.over_gap[_settle(self.graph, xy[near]).edge]
        return over

    def over_main(self, xy: np.ndarray) -> np.ndarray:
        """Tell of all pairs of points whether the line between them crosses a main street."""
        over = np.zeros((len(xy), len(xy)), dtype=bool)
        near = self.graph.tree_main.query(shapely.box(*xy.min(axis=0), *xy.max(axis=0)))
        if len(near):
            main = shapely.multilinestrings(self.graph.main[near])
            shapely.prepare(main)
            one, other = np.triu_indices(len(xy), 1)
            for first in range(0, len(one), _PAIRS):
                a, b = one[first : first + _PAIRS], other[first : first + _PAIRS]
                lines = shapely.linestrings(np.stack([xy[a], xy[b]], axis=1))
                over[a, b] = shapely.intersects(main, lines)
        return over | over.T

    def own(self, xy: np.ndarray, streets: pd.Series) -> np.ndarray:
        """Return points, those nearer to another part than their own street's put on that."""
        if not self.graph.named or not self.graph.part.any():
            return xy
        return on_own_street(xy, streets, self.graph.named, self.parts)

    def between(self, xy: np.ndarray) -> np.ndarray:
        """Return metres between all pairs of points.

        Doors on one stretch of street are apart by what lies along it, where it can be
        crossed or they stand on the same side; all others by the shortest way round
        corners. Doors away from the street add the way to it.
        """
        spot = _settle(self.graph, xy)
        straight = cdist(xy, xy)
        ways = self._corners(xy, spot.ends)
        place = np.searchsorted(ways.corners, spot.ends)
        metres = np.full(straight.shape, np.inf)
        for i in (0, 1):
            for j in (0, 1):
                via = ways.metres[np.ix_(place[:, i], place[:, j])]
                via = via + spot.to_end[:, i, None] + spot.to_end[None, :, j]
                np.minimum(metres, via, out=metres)
        same_edge = spot.edge[:, None] == spot.edge[None, :]
        same_side = same_edge & (spot.left[:, None] == spot.left[None, :])
        along = np.abs(spot.to_end[:, None, 0] - spot.to_end[None, :, 0])
        open_street = same_side | (same_edge & self.graph.crossable[spot.edge][:, None])
        np.minimum(metres, along, out=metres, where=open_street)
        metres += spot.aside[:, None] + spot.aside[None, :]
        # Two doors of one courtyard do not go out to the street and in again.
        np.minimum(metres, 1.3 * straight, out=metres, where=same_side)
        np.maximum(metres, straight, out=metres)
        np.fill_diagonal(metres, 0.0)
        # Sums in another order differ in their last digit, and solvers want symmetry.
        return np.minimum(metres, metres.T)

    def _corners(self, xy: np.ndarray, ends: np.ndarray) -> _Ways:
        """Return shortest ways between the corners `ends`, near by first, else anywhere."""
        corners = np.unique(ends)
        low, high = xy.min(axis=0) - _AROUND_M, xy.max(axis=0) + _AROUND_M
        near = ((self.graph.nodes >= low) & (self.graph.nodes <= high)).all(axis=1)
        near[corners] = True
        metres = self._ways(np.flatnonzero(near), corners)
        if np.isinf(metres).any():
            metres = self._ways(np.arange(len(near)), corners)
        return _Ways(corners, metres)

    def _ways(self, kept: np.ndarray, corners: np.ndarray) -> np.ndarray:
        rows = np.searchsorted(kept, corners)
        metres = dijkstra(self.graph.matrix(kept), directed=False, indices=rows)[:, rows]
        return np.minimum(metres, metres.T)


@dataclass(frozen=True)
class _Ways:
    corners: np.ndarray
    metres: np.ndarray


@dataclass(frozen=True)
class _Spot:
    """Where on the streets points are: edge, its ends, metres to both, side, metres aside."""

    edge: np.ndarray
    ends: np.ndarray
    to_end: np.ndarray
    left: np.ndarray
    aside: np.ndarray


def _settle(graph: StreetGraph, xy: np.ndarray) -> _Spot:
    # Of two streets equally near, the first: the answer must not hang on the tree's order.
    found = graph.tree.query_nearest(shapely.points(xy), all_matches=True)
    edge = np.full(len(xy), len(graph.edges))
    np.minimum.at(edge, found[0], found[1])
    ends = graph.edges[edge]
    a, b = graph.nodes[ends[:, 0]], graph.nodes[ends[:, 1]]
    along, off = b - a, xy - a
    square = np.maximum((along**2).sum(axis=1), 1e-9)
    share = np.clip((along * off).sum(axis=1) / square, 0, 1)
    length = graph.length_m[edge]
    aside = np.hypot(*(off - share[:, None] * along).T)
    return _Spot(
        edge=edge,
        ends=ends,
        to_end=np.c_[share * length, (1 - share) * length],
        left=along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0] > 0,
        aside=np.maximum(aside - _ON_STREET_M, 0),
    )


def add_crossings(
    metres: np.ndarray, rows: pd.DataFrame, over_main: np.ndarray, work: Work
) -> np.ndarray:
    """Return `metres` with what it costs to cross a street between two stops.

    Parameters
    ----------
    metres
        Walk between all pairs of stops, (n, n).
    rows
        `street` and `side` of each stop, n rows; an empty side is not known, and crosses nothing.
    over_main
        Whether a main street lies between two stops, (n, n), as `Distance.over_main` tells.
    work
        `crossing_m` between two sides of one street, `crossing_main_m` over a main street.

    Returns
    -------
    numpy.ndarray
        Metres, (n, n).

    Examples
    --------
    >>> rows = pd.DataFrame({"street": ["a", "a", "b"], "side": ["odd", "even", "odd"]})
    >>> over = np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]], dtype=bool)
    >>> add_crossings(np.zeros((3, 3)), rows, over, Work()).tolist()
    [[0.0, 10.0, 30.0], [10.0, 0.0, 30.0], [30.0, 30.0, 0.0]]
    """
    side = rows["side"].to_numpy()
    _, code = np.unique(rows["street"].to_numpy(), return_inverse=True)
    sided = (side[:, None] != side[None, :]) & (side != "")[:, None] & (side != "")[None, :]
    sided &= code[:, None] == code[None, :]
    main = max(work.crossing_main_m, work.crossing_m)
    return metres + np.where(over_main, main, work.crossing_m * sided)

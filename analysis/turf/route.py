"""The order in which to walk the buildings of one turf."""

from __future__ import annotations

from typing import Any

import fast_tsp
import numpy as np
from pyvrp import Client, Depot, Location, ProblemData, Route, SolveParams, VehicleType, solve
from pyvrp import IteratedLocalSearchParams as Search
from pyvrp.stop import MaxIterations

# Up to here fast-tsp tries every order within milliseconds; beyond, its answer would hang on the
# clock, so PyVRP walks on with a fixed number of iterations.
EXACT = 16
_LEAST, _EACH, _MEMORY = 150, 5, 10
_DM = 10
_LARGEST = 65_000  # fast-tsp keeps distances in 16 bits


def order(
    metres: np.ndarray, approach: np.ndarray | None = None, *, returning: bool = False
) -> np.ndarray:
    """Return the shortest order of buildings found; the best there is for a few.

    Parameters
    ----------
    metres
        Walk between all pairs of buildings (n × n), symmetric.
    approach
        Metres from the start point to each building; None begins at the best building.
    returning
        Whether to come back to the start point, or to the first building.

    Returns
    -------
    numpy.ndarray
        Rows of `metres` in walking order.
    """
    size = len(metres)
    if size < 3 and approach is None:
        return np.arange(size)
    free = approach is None
    start = np.zeros(size) if approach is None else approach
    if free and returning:
        # A round without a start point begins anywhere: at the first building.
        rest = 1 + order(metres[1:, 1:], metres[0, 1:], returning=True)
        return np.r_[0, rest]
    best = _exact(metres, start, returning) if size <= EXACT else _long(metres, start, returning)
    # Walked backwards a free way is as long: of the two, always the same one.
    return best[::-1] if free and best[-1] < best[0] else best


def length(metres: np.ndarray, walked: np.ndarray) -> float:
    """Return metres from the first building of an order to its last."""
    return float(metres[walked[:-1], walked[1:]].sum())


def visited(route: Route) -> list[int]:
    """Return the buildings of a route of PyVRP, in its order."""
    return [stop.idx for stop in route if stop.is_client()]


def _exact(metres: np.ndarray, start: np.ndarray, returning: bool) -> np.ndarray:
    """Solve by fast-tsp, which wants a round trip: an open way ends at a place that is nowhere."""
    size, extra = len(metres), 1 if returning else 2
    walk = np.zeros((size + extra, size + extra))
    walk[extra:, extra:] = metres
    # Every way pays the nearest approach; without it, a distant start does not blur the rest.
    walk[0, extra:] = walk[extra:, 0] = start - start.min()
    if not returning:
        # Nowhere lies beside the start and further from all else than any shortcut saves.
        walk[1, extra:] = walk[extra:, 1] = 1.0 + 2 * walk.max()
    units = np.rint(walk * min(_DM, _LARGEST / max(walk.max(), 1.0))).astype(int)
    tour = np.array(fast_tsp.find_tour(units.tolist()))
    tour = np.roll(tour, -int(np.flatnonzero(tour == 0)[0]))
    # Nowhere is the neighbour of the start on one side; the way leads off on the other.
    walked = tour if returning or tour[-1] == 1 else np.r_[tour[:1], tour[:0:-1]]
    return walked[walked >= extra] - extra


def _long(metres: np.ndarray, start: np.ndarray, returning: bool) -> np.ndarray:
    """Search with PyVRP: one team, whose way back costs nothing unless it returns."""
    size = len(metres)
    walk = np.zeros((size + 1, size + 1))
    walk[1:, 1:] = metres
    walk[0, 1:] = start
    walk[1:, 0] = start if returning else 0.0
    # PyVRP writes its own type of array into its signatures.
    metric: Any = np.rint(walk * _DM).astype(np.int64)
    problem = ProblemData(
        [Location(0, 0)] * (size + 1),
        [Client(n + 1) for n in range(size)],
        [Depot(0)],
        [VehicleType(1)],
        [metric],
        [np.zeros_like(metric)],
    )
    stop = MaxIterations(max(_LEAST, _EACH * size))
    params = SolveParams(ils=Search(history_length=_MEMORY))
    best = solve(problem, stop, seed=0, collect_stats=False, params=params).best
    return np.array(visited(best.routes()[0]))

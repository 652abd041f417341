"""Cut the buildings of a place into turfs of equal work that are short to walk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyvrp import (
    Client,
    Depot,
    Location,
    PenaltyParams,
    ProblemData,
    SolveParams,
    VehicleType,
    solve,
)
from pyvrp import IteratedLocalSearchParams as Search
from pyvrp.search import (
    BinaryOperator,
    NeighbourhoodParams,
    Relocate1,
    Relocate2,
    Swap11,
    SwapTails,
    UnaryOperator,
)
from pyvrp.stop import MaxIterations

from analysis.turf.route import visited
from analysis.turf.work import MOST, PLANNED, Work

# A turf may hold this much more than the mean of its group.
UNEVEN = 1.15
# Centimetres of walk that a second of work beyond the mean is worth: enough that no turf stays
# nearly empty, too little to lead teams across the bureau (docs/methods/turfs.md).
_BEYOND_MEAN = 4
# A turf under this share of the mean is left over.
_LEFT_OVER = 0.5
# Iterations for each building, and their ends; a short memory, for the searches are short. On the
# way a turf may be too long, at 2 m of walk a second at first: at PyVRP's usual 500 m it never is,
# and these searches end before that price comes down (benchmarks/turfs.py).
_EACH, _LEAST, _MOST = 1.5, 150, 1500
_MEMORY, _TOO_LONG = 10, 400.0
_NEIGHBOURS = 15
# Swaps of pairs cost time and shortened no walk where both were tried.
_MOVES: list[type[UnaryOperator | BinaryOperator]] = [Relocate1, Relocate2, Swap11, SwapTails]
_CM, _S = 100, 60


@dataclass(frozen=True, slots=True)
class Cut:
    """How a group of buildings was cut.

    Attributes
    ----------
    label
        Turf of each building, 0…k−1.
    least_walk_m
        No way of cutting it into so many turfs walks less (docs/methods/turfs.md).
    """

    label: np.ndarray
    least_walk_m: float


def cut(work_min: np.ndarray, metres: np.ndarray, work: Work, *, effort: int = 1) -> Cut:
    """Cut buildings into turfs of nearly equal minutes, walking as little as possible.

    The number of turfs is the least whose mean leaves a twentieth of the outing free.
    PyVRP (Wouda, Lan and Kool 2024) searches, from a fixed seed and for a fixed number of
    iterations: the same buildings in the same order give the same turfs.

    Parameters
    ----------
    work_min
        Minutes inside each building, each at most an outing.
    metres
        Walk between all pairs (n × n).
    work
        Length of the outing, walking speed.
    effort
        How many times the usual iterations to search.

    Returns
    -------
    Cut
        Every turf holds at least one building.

    Examples
    --------
    Two streets a kilometre apart, three buildings of 35 minutes each; an outing is two hours.

    >>> at = np.array([0, 10, 20, 1000, 1010, 1020])
    >>> metres = np.abs(at[:, None] - at).astype(float)
    >>> cut(np.full(6, 35.0), metres, Work(hours=2)).label.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    tree = forest(metres)
    total = float(work_min.sum() + work.on_foot(tree.sum()))
    if len(work_min) == 1 or total <= PLANNED * work.outing:
        return _labelled(np.zeros(len(work_min), dtype=int), tree)
    turfs = math.ceil(total / (PLANNED * work.outing))
    while turfs < len(work_min):
        if (label := _feasible(work_min, metres, work, (turfs, total), effort)) is not None:
            # Nobody goes out for a few doors that are left over, if the others can take them.
            if _smallest(label, work_min) < _LEFT_OVER and total <= (turfs - 1) * work.outing:
                fewer = _feasible(work_min, metres, work, (turfs - 1, total), effort)
                if fewer is not None and _smallest(fewer, work_min) >= _LEFT_OVER:
                    label = fewer
            return _labelled(label, tree)
        turfs += 1
    return _labelled(np.arange(len(work_min)), tree)


def _smallest(label: np.ndarray, work_min: np.ndarray) -> float:
    """Return the smallest turf's work as a share of the mean."""
    minutes = np.bincount(label, weights=work_min)
    return float(minutes.min() / minutes.mean())


def _feasible(
    work_min: np.ndarray, metres: np.ndarray, work: Work, into: tuple[int, float], effort: int
) -> np.ndarray | None:
    """Return the best cut into turfs, nearly even if there is one; None if none fits.

    `into` is their number, and the minutes that all of them take at least.
    """
    turfs, total = into
    mean = total / turfs
    # A building of a whole outing is a turf by itself, however even the others.
    biggest = float(work_min.max())
    most = max(MOST * work.outing, biggest)
    # Where big buildings do not fit evenly, the outing is filled further.
    for limit in (max(min(most, UNEVEN * mean), biggest), most):
        problem = _problem(work_min, metres, work, (turfs, mean, limit))
        if (label := _search(problem, effort)) is not None:
            return label
    return None


def forest(metres: np.ndarray) -> np.ndarray:
    """Return the edges of the shortest tree that joins all buildings, longest last.

    Prim (1957) needs no list of edges sorted, of which every pair of buildings is one.
    """
    left = np.ones(len(metres), dtype=bool)
    left[:1] = False
    nearest = metres[0].astype(float) if len(metres) else np.zeros(0)
    edges = np.zeros(max(len(metres) - 1, 0))
    for k in range(len(edges)):
        joined = int(np.where(left, nearest, np.inf).argmin())
        edges[k], left[joined] = nearest[joined], False
        np.minimum(nearest, metres[joined], out=nearest)
    # Doors that share one position are a millimetre apart.
    return np.sort(np.maximum(edges, 0.001))


def _labelled(label: np.ndarray, tree: np.ndarray) -> Cut:
    # Walks through k turfs are k trees: at least the shortest tree less its k − 1 longest edges.
    turfs = int(label.max()) + 1
    return Cut(label, float(tree[: len(tree) - turfs + 1].sum()))


def _problem(
    work_min: np.ndarray, metres: np.ndarray, work: Work, turfs: tuple[int, float, float]
) -> ProblemData:
    """State the cut as routes that begin and end anywhere: the depot is 0 m from everywhere."""
    number, mean, most = turfs
    size = len(work_min) + 1
    walk = np.zeros((size, size))
    walk[1:, 1:] = metres
    # PyVRP writes its own type of array into its signatures.
    metres_cm: Any = np.rint(walk * _CM).astype(np.int64)
    seconds: Any = np.rint(work.on_foot(walk) * _S).astype(np.int64)
    team = VehicleType(
        num_available=number,
        shift_duration=int(mean * _S),
        max_overtime=max(0, math.ceil(most * _S) - int(mean * _S)),
        unit_overtime_cost=_BEYOND_MEAN,
    )
    return ProblemData(
        [Location(0, 0)] * size,
        [Client(n + 1, service_duration=round(m * _S)) for n, m in enumerate(work_min)],
        [Depot(0)],
        [team],
        [metres_cm],
        [seconds],
    )


def _search(problem: ProblemData, effort: int) -> np.ndarray | None:
    """Return the turf of each building, or None where none keeps to the minutes."""
    each = round(min(max(_EACH * problem.num_clients, _LEAST), _MOST))
    params = SolveParams(
        operators=_MOVES,
        neighbourhood=NeighbourhoodParams(num_neighbours=_NEIGHBOURS),
        ils=Search(history_length=_MEMORY),
        penalty=PenaltyParams(max_penalty=_TOO_LONG),
    )
    stop = MaxIterations(effort * each)
    best = solve(problem, stop, seed=0, collect_stats=False, params=params).best
    if not best.is_feasible():
        return None
    label = np.empty(problem.num_clients, dtype=int)
    for turf, route in enumerate(best.routes()):
        label[visited(route)] = turf
    return label

"""Where neighbours moved together: Moran's I and its local parts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from analysis.errors import DataError

if TYPE_CHECKING:
    import geopandas as gpd

Floats = npt.NDArray[np.float64]
Progress = Callable[[float], None]

# Contours drawn by hand leave gaps of a few metres between neighbours.
GAP_M = 5.0
FEWEST = 10
# Quadrants as esda numbers them.
_KINDS = {1: "high_high", 2: "low_high", 3: "low_low", 4: "high_low"}


def _silent(done: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Clusters:
    """How far neighbouring bureaux are alike.

    Attributes
    ----------
    moran, p_value
        Moran's I and its two-sided p-value under random permutation of bureaux (normal
        approximation): 0 means no likeness, 1 full likeness.
    table
        `bureau_id`, `local` (local Moran), `p_value`, `kind`: `high_high`, `low_low`,
        `high_low`, `low_high`, empty where the p-value is above `alpha` or the bureau has
        no neighbour.
    islands
        Bureaux that touch no other.
    """

    moran: float
    p_value: float
    table: pd.DataFrame
    islands: tuple[str, ...]


def find_clusters(  # noqa: PLR0913 - a question, and how to answer it
    bureaux: gpd.GeoDataFrame,
    values: pd.Series,
    *,
    seed: int = 0,
    alpha: float = 0.05,
    permutations: int = 499,
    progress: Progress = _silent,
) -> Clusters:
    """Find where high or low values lie side by side.

    Parameters
    ----------
    bureaux
        Contours of one vintage, metric CRS, with `bureau_id`.
    values
        By bureau (index `bureau_id`), for example the residuals of a swing.
    seed
        Of the permutations.
    alpha
        Share of false alarms accepted among bureaux without a cluster.
    permutations
        Of the neighbours, for each bureau.
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Clusters
        Moran's I, and one row per bureau with its kind.

    Raises
    ------
    DataError
        When fewer than ten bureaux have a contour, a value and a neighbour, or all have
        the same value.

    References
    ----------
    Anselin, L. (1995). Local indicators of spatial association: LISA. Geographical
    Analysis 27, 93-115.
    """
    known = values.dropna()
    here = bureaux[bureaux["bureau_id"].isin(known.index)].sort_values("bureau_id")
    one, other = touching(here.geometry.to_numpy())
    alone = ~np.isin(np.arange(len(here)), one)
    islands = tuple(here["bureau_id"][alone])
    place = np.cumsum(~alone) - 1
    ids = here["bureau_id"].to_numpy()[~alone]
    y = known.loc[ids].to_numpy(dtype=float)
    if len(y) < FEWEST or np.ptp(y) == 0:
        raise DataError(
            "Clusters need at least ten neighbouring bureaux whose values differ.",
            where="{n} bureaux with contour, value and neighbour",
            mend="Choose a larger place, or one with contours.",
            n=len(y),
        )
    pairs = pd.Series(place[other]).groupby(place[one]).agg(list).to_dict()
    with warnings.catch_warnings():
        # These packages warn of parts of theirs that are not used here.
        warnings.simplefilter("ignore")
        from esda import Moran, Moran_Local
        from libpysal.weights import W

        weights = W(pairs, silence_warnings=True)
        moran = Moran(y, weights, permutations=0)
        local = Moran_Local(y, weights, permutations=0)
    neighbours = np.bincount(place[one])
    lag = np.bincount(place[one], y[place[other]] - y.mean()) / neighbours
    draws = np.random.default_rng(seed), permutations
    p_value = _p_values(y - y.mean(), lag, neighbours, draws, progress)
    kinds = np.where(p_value <= alpha, pd.Series(local.q).map(_KINDS), "")
    table = pd.DataFrame({"bureau_id": ids, "local": local.Is, "p_value": p_value, "kind": kinds})
    return Clusters(float(moran.I), float(moran.p_rand), table, islands)


def _p_values(
    z: Floats,
    lag: Floats,
    neighbours: npt.NDArray[np.int64],
    draws: tuple[np.random.Generator, int],
    progress: Progress,
) -> Floats:
    """Return two-sided p-values of the local Moran, others taking the neighbours' places.

    One draw of places serves all bureaux, as in esda, which neither says how far it is nor
    can be stopped.
    """
    rng, permutations = draws
    here = np.arange(len(z))
    seen, larger = z * lag, np.zeros(len(z), dtype="int64")
    # Values of neighbours tie often; the order they are added up in must not decide.
    least = seen - 1e-9 * np.abs(seen)
    for draw in range(permutations):
        # Places among the others: from one's own on, the next bureau stands there.
        places = rng.choice(len(z) - 1, size=neighbours.max(), replace=False)[:, None]
        drawn = np.where(here <= places, z[places + 1], z[places])
        means = np.cumsum(drawn, axis=0)[neighbours - 1, here] / neighbours
        larger += z * means >= least
        progress((draw + 1) / permutations)
    rarer = np.minimum(larger, permutations - larger)
    return np.asarray(np.minimum(2 * (rarer + 1) / (permutations + 1), 1.0))


def touching(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of positions of shapes that touch or nearly do, both ways."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=GAP_M)
    apart = one != other
    return one[apart], other[apart]

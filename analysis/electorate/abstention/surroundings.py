"""What lies around a bureau without a past of its own: its neighbours and its households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from analysis.tables.workspace import Workspace

if TYPE_CHECKING:
    import geopandas as gpd

# Contours closer than this touch: two sides of a street are two bureaux of one neighbourhood.
TOUCH_M = 20.0
# With fewer bureaux that have a past, what their surroundings tell cannot be learned.
FEWEST = 30
# How much a slope is held back, in bureaux: with this many it is halved.
HELD_BACK = 5.0
MEASURES = ("poverty_rate", "log_living_standard", "social_rate")


@dataclass(frozen=True)
class Surroundings:
    """What is known around every bureau.

    Attributes
    ----------
    touching
        Rows of two neighbours (2 × pairs), each pair in both orders.
    measures
        Bureaux × `MEASURES`: differences from the commune, 0 where unknown.
    known
        Which bureaux have measures.
    """

    touching: np.ndarray
    measures: np.ndarray
    known: np.ndarray


@dataclass(frozen=True)
class Told:
    """What surroundings tell of the bureaux that have no past.

    Attributes
    ----------
    effect
        Expected effect of every bureau; 0 where nothing is told.
    explained
        Variance that is thereby explained; 0 where nothing is told.
    about
        Which bureaux are told of.
    """

    effect: np.ndarray
    explained: np.ndarray
    about: np.ndarray

    @classmethod
    def nothing(cls, size: int) -> Told:
        """Return what is told where nothing is known around: effects of 0 for `size` bureaux."""
        return cls(np.zeros(size), np.zeros(size), np.zeros(size, dtype=bool))


def read_surroundings(
    workspace: Workspace, units: pd.DataFrame, seen: np.ndarray
) -> Surroundings | None:
    """Read neighbours and squares of the bureaux; None where all have a past, or none a contour.

    Parameters
    ----------
    workspace
        A built place.
    units
        `bureau_id`, `commune_id`, `vintage` (of the contour; missing where there is none).
    seen
        Which bureaux have a past of their own.

    Returns
    -------
    Surroundings or None
        Of the bureaux in the order of `units`.
    """
    drawn = units["vintage"].notna().to_numpy()
    if seen.all() or not drawn.any():
        return None
    vintage = int(units["vintage"].dropna().iloc[0])
    shapes = workspace.read("bureaux")
    shapes = shapes[shapes["vintage"] == vintage].set_index("bureau_id").geometry
    shapes = shapes.reindex(units["bureau_id"].astype("str"))
    context = workspace.read("context")
    context = context[context["vintage"] == vintage].set_index("bureau_id")
    measures, known = _measures(context.reindex(units["bureau_id"].astype("str")), units)
    return Surroundings(_touching(shapes), measures, known)


def _touching(shapes: gpd.GeoSeries) -> np.ndarray:
    rows = np.flatnonzero(shapes.notna() & ~shapes.is_empty)
    there = shapes.iloc[rows]
    if there.crs is not None and there.crs.is_geographic:
        there = there.to_crs(there.estimate_utm_crs())
    grounds = np.asarray(there.values)
    pairs = shapely.STRtree(grounds).query(grounds, predicate="dwithin", distance=TOUCH_M)
    return np.asarray(rows[pairs[:, pairs[0] != pairs[1]]])


def _measures(context: pd.DataFrame, units: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    households = context["households"].astype("float64")
    households = households.where(households > 0)
    table = pd.DataFrame(
        {
            "poverty_rate": context["poor_households"].astype("float64") / households,
            "log_living_standard": np.log(context["living_standard_eur"].astype("float64")),
            "social_rate": context["social_dwellings"].astype("float64") / households,
        }
    ).reset_index(drop=True)
    table -= table.groupby(units["commune_id"].astype("str").to_numpy()).transform("mean")
    known = table.notna().any(axis=1).to_numpy()
    return table[list(MEASURES)].fillna(0.0).to_numpy(), known


def tell(
    around: Surroundings,
    effects: np.ndarray,
    variance: float,
    seen: np.ndarray,
    size: np.ndarray,
) -> Told:
    """Learn from bureaux with a past what surroundings tell, and tell it of those without.

    A ridge regression of the bureaux' own effects on the mean effect of their neighbours and
    on their households, weighted by registered.

    Parameters
    ----------
    around
        Neighbours and measures, in the order of the bureaux.
    effects
        What each bureau adds to its commune at the election to come (expected).
    variance
        Of that effect among bureaux.
    seen
        Which bureaux have a past of their own.
    size
        Registered persons.

    Returns
    -------
    Told
        In the order of `effects`.
    """
    near, has = _neighbours(around.touching, effects, np.where(seen, size, 0.0))
    predictors = np.column_stack([near, around.measures])
    predictors = predictors[:, np.abs(predictors).max(axis=0) > 0]
    about = ~seen & (has | around.known)
    learn = seen & (has | around.known) & (size > 0)
    count, width = int(learn.sum()), predictors.shape[1]
    if count < max(FEWEST, 3 * width) or not width or not about.any():
        return Told.nothing(len(effects))
    weights = size[learn] / size[learn].mean()
    known, wanted = predictors[learn], effects[learn]
    moments = (known * weights[:, None]).T @ known
    held = moments + HELD_BACK * np.diag(np.diag(moments)) / count
    slopes = np.linalg.solve(held, (known * weights[:, None]).T @ wanted)
    error = np.sum(weights * (wanted - known @ slopes) ** 2) / (count - width)
    share = 1 - error / (np.sum(weights * wanted**2) / count)
    explained = about * variance * float(np.clip(share, 0.0, 1.0))
    return Told(np.where(about, predictors @ slopes, 0.0), explained, about)


def _neighbours(
    touching: np.ndarray, effects: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean effect of the neighbours that have a past, and who has such neighbours."""
    one, other = touching
    size = len(effects)
    total = np.bincount(one, weights[other], size)
    mean = np.bincount(one, weights[other] * effects[other], size) / np.where(total > 0, total, 1.0)
    return mean, total > 0

"""Who always stays home and who sometimes does: what rates by bureau can and cannot tell.

Rates of several elections bound the share that stayed home at all of them; where in
between it lies no table of bureaux can say. The estimate assumes how alike a person's
elections are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from analysis.electorate.abstention.series import Series
from analysis.errors import DataError

# Correlation of a person's inclinations at two elections. At it, the abstention of the four
# rounds of 2022 (26.3, 28.0, 52.5, 53.8%) makes 16% of constant abstainers, as many as the
# survey of the electoral rolls found that year (Insee Première 1928, 2022).
LIKENESS = 0.75
WITHIN_YEARS = 6.0
_NODES = 30


def split_abstainers(series: Series, *, likeness: float = LIKENESS) -> pd.DataFrame:
    """Split the registered of every bureau by how often they stay home.

    The latest first round of each kind counts, none older than six years before the last.
    Where a bureau was not there, its commune's rate stands in, else the place's.

    Parameters
    ----------
    series
        Past elections.
    likeness
        Correlation of a person's inclinations at two elections, 0 to below 1.

    Returns
    -------
    pandas.DataFrame
        In the order of `series.units`: `bureau_id`; `constant`, `intermittent` (estimated
        shares of the registered), each with `_low` and `_high` (bounds that hold whatever
        people do, as far as rolls and counts are the same people).

    Raises
    ------
    DataError
        When there are not two such elections, or `likeness` is out of range.

    References
    ----------
    Fréchet, M. (1951). Sur les tableaux de corrélation dont les marges sont données.
    Annales de l'Université de Lyon A 14, 53-77.
    """
    if not 0 <= likeness < 1:
        raise DataError(
            "The likeness of a person's elections is a correlation from 0 to below 1.",
            where="likeness = {likeness}",
            mend="Leave it at 0.75, or write a number such as 0.6.",
            likeness=likeness,
        )
    rates = _rates(series)
    constant, always = _both_ends(rates, likeness)
    low, high = rates.min(axis=1), rates.max(axis=1)
    stayed, came = rates.sum(axis=1), (1 - rates).sum(axis=1)
    return pd.DataFrame(
        {
            "bureau_id": series.units["bureau_id"].to_numpy(),
            "constant": constant,
            "constant_low": np.maximum(0.0, 1 - came),
            "constant_high": low,
            "intermittent": 1 - constant - always,
            "intermittent_low": high - low,
            "intermittent_high": np.minimum(1.0, np.minimum(stayed, came)),
        }
    )


def _rates(series: Series) -> np.ndarray:
    """Return bureaux × elections without gaps."""
    chosen = _chosen(series)
    if len(chosen) < 2:
        raise DataError(
            "Two first rounds of different kinds are needed to tell constant from intermittent "
            "abstainers.",
            where="found: {n} in the last {within_years:.0f} years",
            mend="Build the workspace with more elections.",
            n=len(chosen),
            within_years=WITHIN_YEARS,
        )
    kept = series.keep(np.array(chosen))
    rates = pd.DataFrame(kept.rates)
    communes = rates.groupby(series.units["commune_id"].to_numpy()).transform("mean")
    return rates.fillna(communes).fillna(pd.Series(kept.levels)).to_numpy()


def _chosen(series: Series) -> list[int]:
    """Return the latest first round of each kind, by position."""
    known = np.isfinite(series.levels)
    first = {e.kind: n for n, e in enumerate(series.elections) if e.round == 1 and known[n]}
    if not first:
        return []
    last = max(series.elections[n].date for n in first.values())
    years = {n: (last - series.elections[n].date).days / 365.25 for n in first.values()}
    return sorted(n for n, ago in years.items() if ago <= WITHIN_YEARS)


def _both_ends(rates: np.ndarray, likeness: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares that stay home at all elections, and at none.

    Each person has one inclination, normal in the bureau; at every election a normal
    surprise is added, and whoever is above the election's threshold stays home.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    thresholds = special.ndtri(np.clip(rates, 1e-6, 1 - 1e-6))
    constant, always = np.zeros(len(rates)), np.zeros(len(rates))
    for node, weight in zip(nodes, weights, strict=True):
        stays = special.ndtr((thresholds + np.sqrt(likeness) * node) / np.sqrt(1 - likeness))
        constant += weight * stays.prod(axis=1)
        always += weight * (1 - stays).prod(axis=1)
    return constant, always

"""How much of a swing is chance, learned from bureaux that lie side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.rates import OVERDISPERSION

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Pairs = tuple[Positions, Positions]

# Fewer pairs tell too little: then chance is taken as elsewhere, which is careful.
FEWEST = 20
# Even a panel of the same persons has some who change.
_LEAST = 0.05


@dataclass(frozen=True, slots=True)
class Noise:
    """Chance in a swing.

    Attributes
    ----------
    factor
        Variance of a swing by chance, over that of two independent counts of persons.
        Below 1 where mostly the same people voted the same way twice.
    pairs
        Pairs of bureaux it rests on.
    source
        `touching`: contours that touch; `numbered`: bureaux of one commune whose numbers
        follow one another, where contours are not known; `assumed`: too few pairs.
    """

    factor: float
    pairs: int
    source: Literal["touching", "numbered", "assumed"]


def estimate_noise(
    residual: Floats, variance: Floats, touching: Pairs | None, ids: pd.Index
) -> Noise:
    """Estimate chance from the squared differences of bureaux side by side.

    What neighbours have in common cancels; what differs between them beside chance stays
    in, so that the estimate is high rather than low.

    Parameters
    ----------
    residual
        Swing of each bureau less that of the whole.
    variance
        Of two independent counts of persons, by bureau.
    touching
        Positions of bureaux whose contours touch; None where contours are not known.
    ids
        Of the bureaux, `commune_number`.

    Returns
    -------
    Noise
        The factor of the variance, and the pairs it rests on.
    """
    source: Literal["touching", "numbered"] = "touching"
    one, other = touching if touching is not None else (np.array([], int), np.array([], int))
    if len(one) < FEWEST:
        source = "numbered"
        one, other = numbered(ids)
    if len(one) < FEWEST:
        return Noise(OVERDISPERSION, 0, "assumed")
    apart = (residual[one] - residual[other]) ** 2 / (variance[one] + variance[other])
    return Noise(max(float(apart.mean()), _LEAST), len(one), source)


def numbered(ids: pd.Index) -> Pairs:
    """Return positions of bureaux of one commune whose numbers follow one another.

    Parameters
    ----------
    ids
        `commune_number`; others have no number, and no neighbour.
    """
    names = pd.Series(ids.astype("str"))
    order = np.argsort(names.to_numpy(), kind="stable")
    commune = names.str.rpartition("_")[0].to_numpy()[order]
    follows = np.flatnonzero((commune[1:] == commune[:-1]) & (commune[1:] != ""))
    return order[follows], order[follows + 1]

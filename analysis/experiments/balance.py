"""Were the arms alike before anything was done? Differences, and one test of them all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.assignment import Lottery
from analysis.experiments.estimators import Codes, Floats, Layout, Regression, length, p_value
from analysis.experiments.trial_words import say
from analysis.tables.table_texts import TableTexts

# The usual line of a love plot: beyond it a difference is looked at.
LARGE = 0.1
_TIE = 1e-9


@dataclass(frozen=True)
class Balance(TableTexts):
    """Covariates by arm.

    Attributes
    ----------
    table
        One row per covariate: `covariate`, `treated`, `control` (means), `difference`
        (within blocks), `standardised` (by the pooled standard deviation of the arms, what
        a love plot shows) and `p_value` (HC2).
    distance
        Mahalanobis distance, squared, between the arms over all covariates.
    p_value
        Share of new draws at least as far apart.
    draws
        Number of draws.
    """

    table: pd.DataFrame
    distance: float
    p_value: float
    draws: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def summary(self, language: str = "en") -> str:
        """Say whether the arms are alike."""
        far = int((self.table["standardised"].abs() > LARGE).sum())
        counts = {"far": far, "count": len(self.table), "draws": self.draws}
        return say("balance", language, **counts, large=LARGE, p=self.p_value)


def check_balance(
    covariates: pd.DataFrame,
    assigned: Floats,
    lottery: Lottery,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
) -> Balance:
    """Compare the arms of a trial before the treatment.

    Parameters
    ----------
    covariates
        Units × covariates, numbers without gaps, units in the order of the lottery.
    assigned
        0 or 1 per unit.
    lottery
        The declared draw; the omnibus test re-runs it, its rule of acceptance included.
    rng, draws
        For the omnibus test.

    Returns
    -------
    Balance
        One row per covariate.

    Raises
    ------
    DataError
        When a covariate is missing for a unit.

    References
    ----------
    Hansen, B. B., and Bowers, J. (2008), Covariate balance in simple, stratified and
    clustered comparative studies, *Statistical Science* 23, 219–236.
    """
    values = covariates.to_numpy(dtype=float)
    if (gaps := np.isnan(values).any(axis=0)).any():
        raise DataError(
            "Balance needs covariates without gaps.",
            where="columns: {columns}",
            mend="Leave these columns out, or fill them in from an earlier source.",
            columns=", ".join(covariates.columns[gaps]),
        )
    block = lottery.block[lottery.member]
    rows = [
        (name, *_compare(values[:, i], assigned, block, lottery.member))
        for i, name in enumerate(covariates.columns)
    ]
    names = ["covariate", "treated", "control", "difference", "standardised", "p_value"]
    rule = lottery.accepting(values, 1.0).acceptance
    assert rule is not None
    arm = np.zeros(lottery.clusters)
    arm[lottery.member] = assigned
    distance = float(rule.distances(arm[None, :] @ rule.totals)[0])
    count, done = 0, 0
    while done < draws:
        step = min(500, draws - done)
        drawn = rule.distances(lottery.among_treated(lottery.faces(rng, step), rule.totals))
        count += int((drawn >= distance * (1 - _TIE)).sum())
        done += step
    table = pd.DataFrame(rows, columns=names)
    return Balance(table, distance, (1 + count) / (1 + draws), draws)


def _compare(values: Floats, assigned: Floats, block: Codes, cluster: Codes) -> tuple[float, ...]:
    arms = [values[assigned == code] for code in (1, 0)]
    pooled = float(np.sqrt(np.mean([arm.var(ddof=1) if len(arm) > 1 else 0.0 for arm in arms])))
    layout = Layout(block, cluster, np.ones(len(values)))
    regression = Regression(layout, assigned[:, None])
    difference = float(regression.coefficients(values)[0])
    # A cluster of one makes CR2 the same as HC2.
    error = length(regression.scores(values, "CR2"))
    standardised = difference / pooled if pooled > 0 else 0.0
    p = p_value(difference, error, regression.satterthwaite_df)
    return float(arms[0].mean()), float(arms[1].mean()), difference, standardised, p

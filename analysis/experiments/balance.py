"""Were the arms alike before anything was done? Differences, and one test of them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Trial
from analysis.experiments.assignment import Lottery
from analysis.experiments.estimators import Codes, Floats, Layout, Regression, length, p_value
from analysis.experiments.randomisation import adjust
from analysis.experiments.trial_words import Note, say
from analysis.tables.table_texts import TableTexts

# The usual line of a love plot: beyond it a difference is looked at.
LARGE = 0.1
_TIE = 1e-9
# A draw makes a covariate differ so much once in a thousand trials, all covariates together.
_SELDOM = 0.001


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

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON knows it; null is not defined."""
        rows = self.table.astype(object).where(self.table.notna(), None)
        return {
            "covariates": rows.to_dict("records"),
            "p_value": self.p_value,
            "draws": self.draws,
        }

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
    fit = _of_arms(assigned, lottery.block[lottery.member], lottery.member)
    rows = [(name, *_compare(values[:, i], fit)) for i, name in enumerate(covariates.columns)]
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


def differing(trial: Trial) -> list[Note]:
    """Name the covariates that differ between the arms more than a draw makes them.

    Such a one was probably measured after the canvass and carries part of its effect, or
    the arms are not those that were drawn: what is adjusted for it cannot be relied on.
    """
    block = np.zeros(len(trial.assigned), np.int64) if trial.block is None else trial.block
    cluster = np.arange(len(block)) if trial.cluster is None else trial.cluster
    names, p_values = [], []
    # Covariates of one file are known of the same units.
    fits: dict[bytes, Regression] = {}
    for name, values in trial.adjusting.everything.items():
        there = ~np.isnan(values)
        arms = trial.assigned[there]
        if (known := there.tobytes()) not in fits:
            codes = [np.unique(one[there], return_inverse=True)[1] for one in (block, cluster)]
            fits[known] = _of_arms(arms, *codes)
        fit = fits[known]
        swept = fit.layout.demean(arms)
        # Once the blocks are taken off, nothing of the arm or of the covariate may be left.
        if not (np.abs(swept) > _TIE).any() or len(arms) <= fit.layout.blocks + 1:
            continue
        names.append(name)
        p_values.append(_compare(values[there], fit)[-1])
    found = zip(names, adjust(np.array(p_values)), strict=True)
    far = {name: float(p) for name, p in found if p < _SELDOM}
    if not far:
        return []
    return [Note("covariates_differ", names=tuple(far), p=max(far.values()))]


def _of_arms(assigned: Floats, block: Codes, cluster: Codes) -> Regression:
    return Regression(Layout(block, cluster, np.ones(len(assigned))), assigned[:, None])


def _compare(values: Floats, fit: Regression) -> tuple[float, ...]:
    arms = [values[fit.regressors[:, 0] == code] for code in (1, 0)]
    pooled = float(np.sqrt(np.mean([arm.var(ddof=1) if len(arm) > 1 else 0.0 for arm in arms])))
    difference = float(fit.coefficients(values)[0])
    # A cluster of one makes CR2 the same as HC2.
    error = length(fit.scores(values, "CR2"))
    standardised = difference / pooled if pooled > 0 else 0.0
    p = p_value(difference, error, fit.df("CR2"))
    return float(arms[0].mean()), float(arms[1].mean()), difference, standardised, p

"""Whether a ranking puts first where the canvass does most: TOC, AUTOC and Qini of a trial.

The ranking is judged by the effect on the units it puts first, and the effect by the draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.analysis_spec import Spec, Trial, read_trial
from analysis.experiments.assignment import Flags, Lottery
from analysis.experiments.effects import as_observed
from analysis.experiments.estimation_sample import Sample, regression_of
from analysis.experiments.estimators import Codes, Floats, interval, p_value
from analysis.experiments.rank_order import Order
from analysis.experiments.trial_words import points, say
from analysis.experiments.unit_scores import Draw, together
from analysis.i18n import format_number

SHARES = tuple(k / 10 for k in range(1, 11))
FIRST = 0.2
# Equal statistics that were summed in another order count as equal.
_TIE = 1e-9
_FEWEST = 3  # groups: a spread of fewer is none
_BATCH = 2_000_000  # arms at once
_PIECE = 200_000  # scores at once: what a processor keeps at hand


@dataclass(frozen=True, slots=True)
class Area:
    """A number of the TOC with its error.

    Attributes
    ----------
    estimate, std_error
        On the scale of the outcome.
    p_randomisation
        Of one effect on all units, by drawing again; None when not asked.
    """

    estimate: float
    std_error: float
    p_randomisation: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """At 95%."""
        return interval(self.estimate, self.std_error, np.inf)

    @property
    def p(self) -> float:
        """Two-sided, of nought."""
        return p_value(self.estimate, self.std_error, np.inf)

    def to_json(self) -> dict[str, float | None]:
        """Return the numbers under the keys that scripts read."""
        low, high = self.interval
        told = {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "lower": low,
            "upper": high,
            "p": self.p,
        }
        return {**told, "p_randomisation": self.p_randomisation}


@dataclass(frozen=True)
class RankWeighted:
    """How well one ranking tells where the canvass does most, by one outcome.

    Attributes
    ----------
    by, outcome
        The column that ranks, largest first, and what was measured.
    autoc, qini
        Area under the TOC, and the area that counts each share by itself.
    toc
        One row per share of the units (of their weight): `share`, `effect` (on the first,
        less that on all), `lower`, `upper` (95%, each by itself).
    first
        The TOC at a fifth.
    n, groups, dropped
        Units judged, independent groups among them, units left out.
    in_points
        Whether the outcome is a share, and is told in points.
    """

    by: str
    outcome: str
    autoc: Area
    qini: Area
    toc: pd.DataFrame
    first: Area
    n: int
    groups: int
    dropped: int
    in_points: bool

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON knows it."""
        return {
            "by": self.by,
            "outcome": self.outcome,
            "autoc": self.autoc.to_json(),
            "qini": self.qini.to_json(),
            "toc": self.toc.to_dict("records"),
            "n": self.n,
            "groups": self.groups,
            "dropped": self.dropped,
        }

    def sentence(self, language: str = "en") -> str:
        """Say whether the ranking is better than chance, worse, or cannot be told from it."""
        low, high = self.autoc.interval
        key = "rank_better" if low > 0 else "rank_worse" if high < 0 else "rank_chance"
        told = {"low": low, "high": high, "area": self.autoc.estimate, "first": self.first.estimate}
        values = {name: self.told(value, language) for name, value in told.items()}
        return say(key, language, outcome=self.outcome, by=self.by, **values)

    def told(self, value: float, language: str = "en") -> str:
        """Write a number on the scale of the outcome, shares as points."""
        if self.in_points:
            return points(value, language=language)
        return format_number(value, 4, language=language, sign=True)


def judge_ranking(  # noqa: PLR0913 - table, columns, ranking, chance
    units: pd.DataFrame,
    spec: Spec,
    by: str,
    *,
    lottery: Lottery | None = None,
    rng: np.random.Generator | None = None,
    draws: int = 0,
) -> tuple[RankWeighted, ...]:
    """Estimate TOC, AUTOC and Qini of a ranking, one result per outcome.

    Parameters
    ----------
    units
        One row per unit, as for `estimate_impact`.
    spec
        Which columns hold what. With a weight, shares are of the weight; with covariates,
        what they tell of the outcome is taken off.
    by
        Column that ranks, largest first, known before the draw; units without it are left out.
    lottery
        The declared draw, units in the order of `units`; None: as many treated in each
        block as there were. Only drawing again needs it.
    rng, draws
        For p-values by drawing again; none without draws.

    Returns
    -------
    tuple of RankWeighted
        In the order of the outcomes, in their unit.

    Raises
    ------
    DataError
        When the column is of what came after the draw or says the same of all units, or too
        few independent groups are left.

    References
    ----------
    Yadlowsky, S., Fleming, S., Shah, N., Brunskill, E., and Wager, S. (2025), Evaluating
    treatment prioritization rules via rank-weighted average treatment effects, *Journal of
    the American Statistical Association*.
    """
    unit_columns.check(units, [by])
    if by in (*spec.outcomes, spec.assigned, spec.received, spec.reached):
        raise DataError(
            "A ranking must have been known before the draw.",
            where="--rank-by {by}",
            mend="Name the column that decided, or could have decided, where teams go first.",
            by=by,
        )
    trial, value = read_trial(units, spec), unit_columns.numbers(units, by)
    found = []
    for name in spec.outcomes:
        judged = _Judged.of(trial, spec, name, value)
        result = judged.result(by, len(units))
        if draws and rng is not None:
            result = judged.tested(result, lottery or as_observed(trial), rng, draws)
        found.append(result)
    return tuple(found)


def order_detectable(detectable: float, block_size: int) -> float:
    """Return the smallest difference in AUTOC seen between a trial's own order and another.

    Parameters
    ----------
    detectable
        Smallest mean effect that the trial sees with the same chance.
    block_size
        Units of a block, three or more. Blocks hold neighbours in the trial's own order; the
        other order has nothing to do with it.

    Notes
    -----
    The weights of AUTOC have variance 1, as −log(1 − U) has. So the error of AUTOC of the
    order that made the blocks is that of the mean effect; of an unrelated order it is
    √(1/n + (n − 1)²/(n(n − 2))) as large, since differences within blocks of n are known less
    well; and the errors are not correlated.
    """
    within = (block_size - 1) ** 2 / (block_size * (block_size - 2))
    return float(detectable * np.sqrt(1 + 1 / block_size + within))


def units_to_tell(units: float, detectable: float, difference: float) -> float:
    """Return how many units see `difference`, when as many as `units` see `detectable`.

    Parameters
    ----------
    units, detectable, difference
        Number of units there are, the smallest difference that these see, and the one to see.

    Returns
    -------
    float
        Of units like these; error falls as the root of their number.
    """
    return units * (detectable / difference) ** 2


@dataclass(frozen=True)
class _Judged:
    """The units that tell the effect on an outcome, and the ranking of those that have one."""

    name: str
    kept: Codes
    arms: Floats
    outcome: Floats
    draw: Draw
    weight: Floats
    order: Order
    ranked: Flags
    group: Codes
    in_points: bool

    @classmethod
    def of(cls, trial: Trial, spec: Spec, name: str, value: Floats) -> _Judged:
        """Choose the units of an outcome and order them by a value.

        Parameters
        ----------
        trial, spec, name, value
            The trial, whether weights are used, the outcome, and what ranks (nan: no place).

        Returns
        -------
        _Judged
            Units with the outcome; adjusted for the covariates where there are some.
        """
        usable = replace(trial, outcomes={name: _usable(trial, name)})
        adjusted = bool(trial.adjusting.names(name))
        sample = Sample.of(usable, name, complete=adjusted).without_repeats()[0]
        outcome = sample.outcome
        if sample.names:
            fit = regression_of(sample, "ancova")
            outcome = outcome - sample.covariates @ fit.coefficients(outcome)[1:]
        cluster = None if trial.cluster is None else trial.cluster[sample.kept]
        block = None if trial.block is None else sample.block
        weight, place = sample.weight if spec.weight else np.ones(sample.n), value[sample.kept]
        # A unit without a place still helps to tell what its block would have done.
        ranked = ~np.isnan(place)
        group = together(block, cluster, sample.n)
        _check(place[ranked], group[ranked], name)
        return cls(
            name=name,
            kept=np.flatnonzero(sample.kept),
            arms=sample.assigned,
            outcome=outcome,
            draw=Draw.of(sample.block, cluster),
            weight=weight,
            order=Order(place[ranked], weight[ranked]),
            ranked=ranked,
            group=np.unique(group[ranked], return_inverse=True)[1],
            in_points=bool((np.abs(sample.outcome) <= 1).all()),
        )

    def areas(self, arms: Floats, weights: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Return weighted sums of the scores and their errors: both draws × weights."""
        scores = self.draw.scores(arms, self.outcome, self.weight)[:, self.ranked]
        mean = (scores @ self.order.weight / self.order.weight.sum())[:, None]
        values, errors = [], []
        for one in weights:
            values.append(scores @ one)
            parts = _sums((scores - mean) * one, self.group)
            errors.append(np.sqrt((parts**2).sum(axis=1)))
        return np.column_stack(values), np.column_stack(errors)

    def result(self, by: str, units: int) -> RankWeighted:
        order = self.order
        weights = [order.autoc_weights, order.qini_weights, order.toc_weights(FIRST)]
        weights += [order.toc_weights(share) for share in SHARES]
        values, errors = (found[0] for found in self.areas(self.arms[None, :], weights))
        autoc, qini, first, *toc = map(Area, values.tolist(), errors.tolist())
        rows = [
            (share, one.estimate, *one.interval) for share, one in zip(SHARES, toc, strict=True)
        ]
        return RankWeighted(
            by=by,
            outcome=self.name,
            autoc=autoc,
            qini=qini,
            toc=pd.DataFrame(rows, columns=["share", "effect", "lower", "upper"]),
            first=first,
            n=len(self.group),
            groups=int(self.group.max()) + 1,
            dropped=units - len(self.group),
            in_points=self.in_points,
        )

    def tested(
        self, result: RankWeighted, lottery: Lottery, rng: np.random.Generator, draws: int
    ) -> RankWeighted:
        """Put beside the areas how often chance alone gives as much, all effects being one.

        Parameters
        ----------
        result, lottery, rng, draws
            The areas with their errors; the draw that was made, and how often it is made again.

        Returns
        -------
        RankWeighted
            `result`, each area with its `p_randomisation`.
        """
        weights = [self.order.autoc_weights, self.order.qini_weights]
        effect = self.draw.effect(self.arms[None, :], self.outcome)[0]
        null = replace(self, outcome=self.outcome - effect * self.arms)
        areas = result.autoc, result.qini
        seen = _ratio(np.array([a.estimate for a in areas]), np.array([a.std_error for a in areas]))
        as_far, done, step = np.zeros(2), 0, max(1, _BATCH // len(self.kept))
        while done < draws:
            some = min(step, draws - done)
            arms = lottery.redraw(rng, some)[:, self.kept]
            for part in np.array_split(arms, -(-arms.size // _PIECE)):
                # Studentised: right too where effects differ without following the order.
                drawn = _ratio(*null.areas(part.astype(float), weights))
                as_far += (np.abs(drawn) >= np.abs(seen) * (1 - _TIE)).sum(axis=0)
            done += some
        p = (1 + as_far) / (1 + draws)
        return replace(
            result,
            autoc=replace(result.autoc, p_randomisation=float(p[0])),
            qini=replace(result.qini, p_randomisation=float(p[1])),
        )


def _usable(trial: Trial, name: str) -> Floats:
    """Return an outcome, nan in blocks that have one arm only among the units that count."""
    outcome = trial.outcomes[name]
    by = trial.adjusting.values(name, len(outcome))
    there = ~np.isnan(outcome) & ~np.isnan(by).any(axis=1)
    if trial.block is not None:
        treated = np.bincount(trial.block, there * trial.assigned)
        size = np.bincount(trial.block, there)
        there &= ((treated > 0) & (treated < size))[trial.block]
    return np.where(there, outcome, np.nan)


def _check(place: Floats, group: Codes, name: str) -> None:
    if len(np.unique(place)) <= 1:
        raise DataError(
            "The ranking says the same of all units: there is nothing to judge.",
            where="{n} units with {name} and a place",
            mend="Name a column that tells units apart.",
            n=len(place),
            name=name,
        )
    if (groups := len(np.unique(group))) < _FEWEST:
        raise DataError(
            "Too few independent groups are left to judge a ranking.",
            where="{name}: {groups} blocks or clusters with both arms",
            mend="A ranking needs dozens of blocks; look at the columns --block and --cluster.",
            name=name,
            groups=groups,
        )


def _ratio(value: Floats, error: Floats) -> Floats:
    return np.divide(value, error, out=np.zeros_like(value), where=error > 0)


def _sums(columns: Floats, group: Codes) -> Floats:
    """Sum draws × units over the units of each group: draws × groups."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) > 0])
    return np.asarray(np.add.reduceat(columns[:, order], starts, axis=1))

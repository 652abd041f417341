"""What a design can see: by formula, and by drawing it again on elections of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DataError
from analysis.experiments import unit_columns
from analysis.experiments.adjusting import nothing_to_adjust
from analysis.experiments.design import Design, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.estimators import Floats, Layout
from analysis.experiments.permutation_sums import Masses, redrawn_moments
from analysis.experiments.promised import ESTIMATORS
from analysis.experiments.randomisation import MOST

_HALVINGS = 50
# One draw has no spread.
FEWEST = 2
# What varies less than this, beside its size, does not vary.
_FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of the designs of a curve.

    Attributes
    ----------
    outcomes
        Columns of past outcomes: nothing was done then, so their effect is nought.
    lagged
        Columns known before those outcomes, to adjust for.
    coverage
        Shares of the registered that would be reached in a treated unit.
    contamination
        Share reached in a control all the same.
    sizes
        Numbers of units, the best ranked first; all when empty.
    draws
        Draws of the simulation.
    power, level
        Wanted chance of seeing the effect, and of not seeing one that is not there.
    estimator
        What the headline will come from: `difference` leaves `lagged` out, `ancova` and `lin`
        need it; when empty, adjusted where there is anything to adjust for.
    """

    outcomes: tuple[str, ...]
    lagged: tuple[str, ...] = ()
    coverage: tuple[float, ...] = (0.1, 0.2, 0.3)
    contamination: float = 0.0
    sizes: tuple[int, ...] = ()
    draws: int = 1000
    power: float = 0.8
    level: float = 0.95
    estimator: str = ""

    def __post_init__(self) -> None:
        if self.estimator not in ("", *ESTIMATORS):
            raise DataError(
                "There is no estimator “{estimator}”.",
                where="estimator",
                mend="Write one of: {known}.",
                estimator=self.estimator,
                known=", ".join(ESTIMATORS),
            )
        if not FEWEST <= self.draws <= MOST:
            raise DataError(
                "A simulation needs draws, and not more than a machine holds.",
                where="draws = {draws}",
                mend="Give 1,000 to 1,000,000.",
                draws=self.draws,
            )
        if self.sizes and min(self.sizes) < 1:
            raise DataError(
                "A number of units is 1 or more.",
                where="sizes {sizes}",
                mend="Give how many units, the best ranked first, are to be drawn from.",
                sizes=", ".join(map(str, self.sizes)),
            )
        if not all(self.contamination < one <= 1 for one in self.coverage):
            raise DataError(
                "More must be reached in treated units than in controls.",
                where="coverage {coverage}, contamination {contamination}",
                mend="Give shares between 0 and 1, the coverage above the contamination.",
                coverage=self.coverage,
                contamination=self.contamination,
            )

    @property
    def adjusted(self) -> bool:
        """Whether what is seen is seen once `lagged` is taken off."""
        return bool(self.lagged) and self.estimator not in ("difference", "ipw", "allocation")

    @property
    def told(self) -> str:
        """What the headline will come from, one of `ESTIMATORS`."""
        return self.estimator or ("ancova" if self.lagged else "difference")


@dataclass(frozen=True, slots=True)
class Sight:
    """What one design sees of one outcome.

    Attributes
    ----------
    formula, simulated
        Smallest effect of assignment seen with the wanted chance.
    std_error
        Standard deviation of the estimate over draws of the design, no effect planted.
    false_alarms
        Share of draws in which the test finds an effect that is not there.
    """

    formula: float
    simulated: float
    std_error: float
    false_alarms: float


def detectable(std_error: float, df: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """Return the smallest effect seen with the wanted chance: (t₁ + t₂) · standard error.

    Parameters
    ----------
    std_error
        Of the estimate.
    df
        Degrees of freedom of Student's t.
    power
        Chance wanted of seeing the effect, 0 to 1.
    level
        Of the test: 1 − level is its size.

    Returns
    -------
    float
        In the unit of `std_error`.

    References
    ----------
    Bloom, H. S. (1995), Minimum detectable effects, *Evaluation Review* 19, 547–556.
    """
    bar = stats.t.ppf((1 + level) / 2, df) + stats.t.ppf(power, df)
    return float(bar) * std_error


def sight(
    design: Design, outcome: Floats, lagged: Floats, ask: Ask, rng: np.random.Generator
) -> Sight:
    """Tell what a design would see of an outcome like a past one.

    Parameters
    ----------
    design
        The design.
    outcome, lagged
        Per drawn unit; lagged is units × columns, none for no adjustment.
    ask
        Draws, power and level.
    rng
        Where the draws come from.

    Returns
    -------
    Sight
        Errors and smallest effects, in the unit of `outcome`.
    """
    lottery = design.lottery
    block, count = lottery.block[lottery.member], len(outcome)
    layout = Layout(block, lottery.member, np.ones(count))
    residual = _residual(layout, outcome, lagged)
    if np.abs(residual).max(initial=0) <= _FLAT * max(np.abs(outcome).max(initial=0), _FLAT):
        raise DataError(
            "The outcome does not vary within blocks: what chance does to it is not known.",
            where="{units} units drawn, {blocks} blocks",
            mend="Name a past outcome that differs between units, and is not a covariate too.",
            units=count,
            blocks=layout.blocks,
        )
    df = float(lottery.clusters - layout.blocks - 1 - lagged.shape[1])
    if df < 1:
        raise DataError(
            "The design is too small to say what it would see.",
            where="{clusters} units drawn, {blocks} blocks",
            mend="Draw from more units.",
            clusters=lottery.clusters,
            blocks=layout.blocks,
        )
    share = design.rule.share
    noise = _noise(residual, lottery.member, lottery.clusters, df)
    information = _spread(lottery.size, lottery.treated, share) * count / lottery.clusters
    formula = detectable(noise / np.sqrt(information), df, power=ask.power, level=ask.level)
    sums = np.bincount(lottery.member, residual, lottery.clusters)
    mass = np.bincount(lottery.member, minlength=lottery.clusters).astype(float)
    # No arm was observed yet: effects are added to the coefficient, not taken off outcomes.
    masses = Masses(mass, np.column_stack([sums, np.zeros(lottery.clusters)]))
    drawn = redrawn_moments(lottery, masses, rng, ask.draws)
    effects, errors = drawn.coefficient(0), drawn.std_error(0) * np.sqrt(lottery.clusters / df)
    bar = float(stats.t.ppf((1 + ask.level) / 2, df))

    def seen(effect: float) -> float:
        return float((np.abs(effects + effect) > bar * errors).mean())

    return Sight(formula, _smallest(seen, ask.power, formula), float(effects.std()), seen(0.0))


def power_curve(
    units: pd.DataFrame,
    rule: Rule,
    ask: Ask,
    rng: np.random.Generator,
    *,
    declaring: Callable[[pd.DataFrame, Rule], Design] = declare,
) -> pd.DataFrame:
    """Tabulate what designs of several sizes and coverages would see.

    Parameters
    ----------
    units
        One row per unit, with the columns of the rule and past outcomes.
    rule
        How a design is declared; the best ranked units enter first.
    ask
        Outcomes, sizes, coverages, draws.
    rng
        Where the draws come from.
    declaring
        `declare`, or what remembers its answers.

    Returns
    -------
    pandas.DataFrame
        One row per outcome × size × coverage: `outcome`, `units`, `drawn`, `controls`
        (expected), `coverage`, `contamination`, `std_error`, `detectable_assignment`,
        `detectable_formula`, `detectable_reached` (among those reached), `false_alarms`,
        `estimator` (what the headline comes from).

    Raises
    ------
    DataError
        When a column is missing or has gaps, or a design has no full block.
    """
    if not ask.outcomes:
        raise DataError(
            "Power needs past outcomes: what varied when nothing was done.",
            mend="Name columns of past results, or a workspace that has them.",
        )
    unit_columns.check(units, [*ask.outcomes, *map(unit_columns.category, ask.lagged)])
    if ask.estimator in ("ancova", "lin") and not ask.lagged:
        raise nothing_to_adjust(ask.estimator)
    ranked = units.iloc[np.argsort(-unit_columns.numbers(units, rule.rank_by), kind="stable")]
    rows = []
    for size in ask.sizes or (len(units),):
        chosen = ranked.head(size)
        design = declaring(chosen, rule)
        label = unit_columns.labels(chosen, rule.unit)
        order = pd.Index(label).get_indexer(design.units["unit_id"][design.drawn])
        lagged = _whole(chosen.iloc[order], (), ask.lagged if ask.adjusted else ())
        if ask.adjusted and ask.lagged and not (lagged != lagged[:1]).any():
            raise nothing_to_adjust(ask.estimator, ask.lagged)
        for name in ask.outcomes:
            found = sight(design, _whole(chosen.iloc[order], [name])[:, 0], lagged, ask, rng)
            rows += [_row(name, design, found, ask, coverage) for coverage in ask.coverage]
    return pd.DataFrame(rows)


def _row(name: str, design: Design, found: Sight, ask: Ask, coverage: float) -> dict[str, object]:
    return {
        "outcome": name,
        "units": len(design.units),
        "drawn": int(design.drawn.sum()),
        "controls": float(design.drawn.sum() * (1 - design.rule.share)),
        "coverage": coverage,
        "contamination": ask.contamination,
        "std_error": found.std_error,
        "detectable_assignment": found.simulated,
        "detectable_formula": found.formula,
        "detectable_reached": found.simulated / (coverage - ask.contamination),
        "false_alarms": found.false_alarms,
        "estimator": ask.told,
    }


def _whole(units: pd.DataFrame, names: Sequence[str], covariates: Sequence[str] = ()) -> Floats:
    values = {name: unit_columns.numbers(units, name) for name in names}
    for name in covariates:
        # `C(column)` has a column of 0 and 1 for each of its values but the first.
        values |= unit_columns.covariate(units, name)
    for name, column in values.items():
        if np.isnan(column).any():
            raise DataError(
                "Column {name} is empty for some units.",
                where="{empty} of {n} units",
                mend="Fill it in, or leave these units out on purpose.",
                name=name,
                empty=int(np.isnan(column).sum()),
                n=len(column),
            )
    return np.column_stack([np.empty((len(units), 0)), *values.values()])


def _residual(layout: Layout, outcome: Floats, lagged: Floats) -> Floats:
    swept = layout.demean(outcome)
    if not lagged.shape[1]:
        return swept
    by = np.column_stack([layout.demean(column) for column in lagged.T])
    return np.asarray(swept - by @ np.linalg.lstsq(by, swept, rcond=None)[0])


def _noise(residual: Floats, member: np.ndarray, clusters: int, df: float) -> float:
    """Return the standard deviation of a unit, as it counts when whole clusters are drawn."""
    sums = np.bincount(member, residual, clusters)
    return float(np.sqrt((sums**2).sum() / df / (len(residual) / clusters)))


def _spread(size: np.ndarray, treated: np.ndarray, share: float) -> float:
    """Return the expected sum over clusters of (arm − mean of its block)²."""
    fixed = treated >= 0
    full = treated[fixed] * (1 - treated[fixed] / size[fixed])
    # Drawn each by itself: on average the variance within a block loses one of its units.
    return float(full.sum() + ((size[~fixed] - 1) * share * (1 - share)).sum())


def _smallest(seen: Callable[[float], float], power: float, guess: float) -> float:
    low, high = 0.0, guess
    while seen(high) < power:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) >= power else (middle, high)
    return high

"""Whether tests at 5% reject 5 times in 100, and 95% intervals hold the truth 95 times in 100.

Trials are made at the edges of what a design can be, estimated as `impact` estimates them, and
counted: size where nothing had an effect, coverage where effects differ between units (or
blocks). Beside each estimator its simplest rival, for which nothing is promised.

    python benchmarks/inference.py [--trials 2000] [--seed 0] [--jobs 1] [--only "few clusters"]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import ROOT  # noqa: F401 - the library is found beside it

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import Lottery
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimates import Estimate, Impact
from analysis.experiments.estimators import Layout, Regression, interval, p_value

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
EFFECT, SPREAD, NOISE = 0.05, 0.02, 0.05
TRIALS = 2000
SIZE, COVERAGE = (0.04, 0.06), (0.94, 0.96)
TOGETHER = 10  # trials of one draw: each has its own units, levels and noise
NAMES = tuple(f"y{k}" for k in range(TOGETHER))
Picked = Callable[[Impact, str], Estimate]
Read = tuple[tuple[float, float], float]  # an interval and a p-value
Rival = Callable[[Impact, pd.DataFrame, str], Read]


@dataclass(frozen=True)
class Scenario:
    """One kind of trial, and what is read off its estimates.

    Attributes
    ----------
    member, block
        Of each unit its cluster, of each cluster its block.
    treated
        Treated clusters of each block.
    spec
        What is asked of it.
    ours
        Name → how an estimate is picked.
    rivals
        The same for what one would do without.
    correlation
        Share of the noise that units of a cluster have in common.
    effects
        Of each block, where they differ between blocks.
    lag
        Share of the noise that an earlier election tells.
    """

    member: Codes
    block: Codes
    treated: Codes
    spec: Spec
    ours: Mapping[str, Picked]
    rivals: Mapping[str, Rival] = field(default_factory=dict)
    correlation: float = 0.0
    effects: Floats | None = None
    lag: float = 0.0

    @property
    def lottery(self) -> Lottery:
        """The draw."""
        share = self.treated / np.bincount(self.block)
        return Lottery(self.member, self.block, self.treated, share)

    def trials(self, rng: np.random.Generator, *, effect: bool) -> pd.DataFrame:
        """Draw once, and play `TOGETHER` trials of the draw: one row per unit."""
        block = self.block[self.member]
        units, clusters, blocks = len(self.member), len(self.block), int(block.max()) + 1
        arm = self.lottery.redraw(rng, 1)[0].astype(float)
        shares = np.sqrt([self.correlation, self.lag, 1 - self.correlation - self.lag])
        columns = {"assigned": arm, "block": block, "cluster": self.member}
        for name in NAMES:
            own = np.zeros(units)
            if effect and self.effects is not None:
                own = self.effects[block]
            elif effect:
                own = EFFECT + SPREAD * rng.normal(size=units)
            common, past = rng.normal(size=clusters)[self.member], rng.normal(size=units)
            noise = np.column_stack([common, past, rng.normal(size=units)]) @ shares
            level = rng.normal(0.3, 0.05, blocks)[block]
            columns[name] = level + own * arm + NOISE * noise
            columns[f"past {name}"] = level + NOISE * past
        return pd.DataFrame(columns)


def pick(estimator: str) -> Picked:
    """Pick the estimate of assignment by an estimator."""
    return lambda impact, name: impact.pick(name, estimator=estimator)


def reread(estimator: str, kind: str, df: float) -> Rival:
    """Read an estimate with another error, or other degrees of freedom."""

    def read(impact: Impact, _table: pd.DataFrame, name: str) -> Read:
        found = impact.pick(name, estimator=estimator)
        return judged(found.value, found.std_errors[kind], df)

    return read


def equal_variances(_impact: Impact, table: pd.DataFrame, name: str) -> Read:
    """Read CR2 with the degrees of freedom of units that err each on its own."""
    arm, cluster = table["assigned"].to_numpy(dtype=float), table["cluster"].to_numpy()
    fit = Regression(Layout.of(len(arm), cluster=cluster), arm[:, None])
    y = table[name].to_numpy()
    value = float(fit.coefficients(y)[0])
    return judged(value, fit.std_errors(y)["CR2"], fit.satterthwaite_df)


def two_weights(_impact: Impact, table: pd.DataFrame, name: str) -> Read:
    """Weigh the arms of a block by 1 / p and 1 / (1 − p), HC1, as is often done."""
    arm, block = table["assigned"].to_numpy(), table["block"].to_numpy()
    p = (np.bincount(block, arm) / np.bincount(block))[block]
    weight = np.where(arm == 1, 1 / p, 1 / (1 - p))
    fit = Regression(Layout(block, np.arange(len(block)), weight), arm[:, None])
    y = table[name].to_numpy()
    value = float(fit.coefficients(y)[0])
    return judged(value, fit.std_errors(y)["HC1"], fit.residual_df)


def judged(value: float, error: float, df: float) -> Read:
    """Return the interval and the p-value of an estimate."""
    return interval(value, error, df), p_value(value, error, df)


def units_of(*sizes: int) -> Codes:
    """Return codes of groups of some sizes, one after another."""
    return np.repeat(np.arange(len(sizes)), sizes)


def scenarios() -> dict[str, Scenario]:
    """Return the kinds of trials that are played."""
    rng = np.random.default_rng(2026)
    blocked, grouped = Spec(NAMES, block="block"), Spec(NAMES, cluster="cluster")
    both = Spec(NAMES, block="block", cluster="cluster")
    past = tuple((name, f"past {name}") for name in NAMES)
    lagged = Spec(NAMES, block="block", lagged=past, measured_before=True)
    normal = 1e6

    def single(*sizes: int) -> tuple[Codes, Codes]:
        return np.arange(sum(sizes)), units_of(*sizes)

    small = np.repeat([3, 4, 5, 6], 10)
    mixed = [*small, *[8] * 10, *[12] * 5]
    return {
        "few clusters: 5 and 5 of 10 to 30 units": Scenario(
            units_of(*rng.integers(10, 31, 10)),
            np.zeros(10, dtype=np.int64),
            np.array([5]),
            grouped,
            {"difference, CR2": pick("difference_in_means")},
            {
                "the same, HC1": reread("difference_in_means", "HC1", normal),
                "the same, CR2 as normal": reread("difference_in_means", "CR2", normal),
                "the same, df of equal variances": equal_variances,
                "the same, CR0 as normal": reread("difference_in_means", "CR0", normal),
            },
            correlation=0.3,
        ),
        "clustered blocks: 15 of 5 clusters of 10, one control": Scenario(
            units_of(*[10] * 75),
            units_of(*[5] * 15),
            np.full(15, 4),
            both,
            {
                "mean of blocks": pick("block_size_weighted"),
                "block effects, CR2": pick("block_fixed_effects"),
            },
            {"block effects, HC1": reread("block_fixed_effects", "HC1", normal)},
            correlation=0.5,
        ),
        "clusters of 4 to 16, two per arm, 15 blocks": Scenario(
            units_of(*rng.integers(4, 17, 60)),
            units_of(*[4] * 15),
            np.full(15, 2),
            both,
            {
                "mean of blocks": pick("block_size_weighted"),
                "block effects, CR2": pick("block_fixed_effects"),
            },
            {"block effects, HC1": reread("block_fixed_effects", "HC1", normal)},
            correlation=0.5,
        ),
        "unequal probabilities: .5, .2, .8, nine blocks of 20": Scenario(
            *single(*[20] * 9),
            np.array([10, 4, 16] * 3),
            blocked,
            {
                "inverse probability (Hájek)": pick("ipw"),
                "Horvitz–Thompson": pick("horvitz_thompson"),
                "mean of blocks": pick("block_size_weighted"),
            },
            {"block effects, HC1": reread("block_fixed_effects", "HC1", 170)},
            effects=np.array([0.08, 0.02, 0.05] * 3),
        ),
        "mixed blocks: 40 with one control, 15 with four": Scenario(
            *single(*mixed),
            np.array([size - 1 if size < 8 else size - 4 for size in mixed]),  # noqa: PLR2004 - the small ones
            blocked,
            {
                "mean of blocks": pick("block_size_weighted"),
                "block effects, HC2": pick("block_fixed_effects"),
            },
            {
                "block effects, HC1": reread("block_fixed_effects", "HC1", 264),
                "block effects, HC0": reread("block_fixed_effects", "HC0", normal),
                "weights 1/p and 1/(1 − p), HC1": two_weights,
            },
        ),
        "two per arm: 12 blocks of four": Scenario(
            *single(*[4] * 12),
            np.full(12, 2),
            blocked,
            {
                "mean of blocks": pick("block_size_weighted"),
                "block effects, HC1": pick("block_fixed_effects"),
            },
            {"mean of blocks, blocks − 1": reread("block_size_weighted", "hybrid_p", 11)},
        ),
        "one control per block: 20 of five": Scenario(
            *single(*[5] * 20),
            np.full(20, 4),
            blocked,
            {
                "mean of blocks": pick("block_size_weighted"),
                "block effects, HC2": pick("block_fixed_effects"),
            },
            {
                "block effects, HC1": reread("block_fixed_effects", "HC1", 79),
                "block effects, HC0": reread("block_fixed_effects", "HC0", normal),
            },
        ),
        "lag-adjusted: 40 blocks of five, half told by the past": Scenario(
            *single(*[5] * 40),
            np.full(40, 4),
            lagged,
            {"block effects, covariates": pick("ancova"), "covariates by arm (Lin)": pick("lin")},
            {"block effects, HC1": reread("block_fixed_effects", "HC1", 159)},
            lag=0.5,
        ),
    }


def played(name: str, trials: int, again: int = 0) -> dict[str, tuple[float, float, float, float]]:
    """Play a scenario; return size, coverage, mean estimate and mean width by estimator."""
    scenario = scenarios()[name]
    seed = sum(name.encode()) + 1_000_000 * again
    counts: dict[str, Floats] = {}
    for effect in (False, True):
        rng = np.random.default_rng([seed, effect])
        for _ in range(trials // TOGETHER):
            table = scenario.trials(rng, effect=effect)
            impact = estimate_impact(table, scenario.spec)
            for which, (low, high), p in _read(scenario, impact, table):
                row = counts.setdefault(which, np.zeros(4))
                if effect:
                    row += [0, low <= EFFECT <= high, (low + high) / 2, high - low]
                else:
                    row[0] += p <= 0.05  # noqa: PLR2004 - the usual level
    return {which: tuple((row / trials).tolist()) for which, row in counts.items()}


def _read(
    scenario: Scenario, impact: Impact, table: pd.DataFrame
) -> Iterator[tuple[str, tuple[float, float], float]]:
    for name in NAMES:
        for which, chosen in scenario.ours.items():
            found = chosen(impact, name)
            yield which, found.interval, found.p_value
        for which, read in scenario.rivals.items():
            yield which, *read(impact, table, name)


def measure(trials: int, seed: int, jobs: int, only: str) -> bool:
    """Print the table, and tell whether every promise is kept."""
    kept = True
    print(f"{trials:,} trials without an effect, {trials:,} with; truth {100 * EFFECT:g} points")
    print(f"{'':6}{'estimator':34}{'size':>7}{'cover':>8}{'mean':>8}{'width':>8}")
    with ProcessPoolExecutor(jobs) as pool:
        names = [name for name in scenarios() if name.startswith(only)]
        given = [trials] * len(names), [seed] * len(names)
        for name, found in zip(names, pool.map(played, names, *given), strict=True):
            print(name)
            for which, (size, cover, mean, width) in found.items():
                good = SIZE[0] <= size <= SIZE[1] and COVERAGE[0] <= cover <= COVERAGE[1]
                rival = which in scenarios()[name].rivals
                mark = "rival" if rival else "PASS" if good else "FAIL"
                kept &= rival or good
                told = f"{size:7.3f}{cover:8.3f}{100 * mean:8.2f}{100 * width:8.2f}"
                print(f"{mark:6}{which:34}{told}", flush=True)
    return kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--seed", type=int, default=0, help="another one draws other trials")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="scenarios whose names begin so")
    asked = parser.parse_args()
    sys.exit(not measure(asked.trials, asked.seed, asked.jobs, asked.only))

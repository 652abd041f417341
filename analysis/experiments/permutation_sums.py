"""Sums over treated and control of many redrawn arms: all a test of no effect needs.

The regression with block effects has, for a redrawn arm z less its block's mean, the
coefficient Σz̃y / Σmz̃² and the error √Σz̃²(y − βmz̃)² / Σmz̃², where y and m are a cluster's
sums of weighted outcome (less its block's mean) and of weights. Both are sums over
clusters, so thousands of draws are a few products of matrices.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.experiments.assignment import EACH, Flags, Lottery
from analysis.experiments.estimators import Floats

_NUMBERS = 8_000_000  # of dense arms held at once: 64 MB
_ROUNDING = 1e-12
_TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True, slots=True)
class Masses:
    """What each cluster brings.

    Attributes
    ----------
    mass
        Sum of its weights; 0 when nothing of it is counted.
    values
        Clusters × (outcomes + 1): sums of weighted outcomes less their block's mean; the
        last column is the arm as it was, so that effects can be taken off the outcomes.
    """

    mass: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of each draw; K outcomes, and the observed arm as one more.

    Attributes
    ----------
    cross
        draws × (K + 1): Σ z̃ y.
    spread
        draws: Σ m z̃².
    squares
        draws × (2K + 1): Σ z̃² of y·y (K), y·arm (K), arm·arm (1).
    cubes
        draws × (K + 1): Σ z̃³ m y.
    fourth
        draws: Σ z̃⁴ m².
    """

    cross: Floats
    spread: Floats
    squares: Floats
    cubes: Floats
    fourth: Floats

    def coefficient(self, outcome: int, effect: float = 0.0) -> Floats:
        """Return each draw's coefficient once `effect` is taken off the treated."""
        slope = self.cross[:, outcome] - effect * self.cross[:, -1]
        return np.divide(slope, self.spread, out=np.zeros_like(slope), where=self.spread > 0)

    def std_error(self, outcome: int, effect: float = 0.0) -> Floats:
        """Return each draw's standard error, robust and by cluster (HC0, CR0)."""
        many = self.cross.shape[1] - 1
        value = self.coefficient(outcome, effect)
        square = (
            self.squares[:, outcome]
            - 2 * effect * self.squares[:, many + outcome]
            + effect**2 * self.squares[:, -1]
        )
        cube = self.cubes[:, outcome] - effect * self.cubes[:, -1]
        variance = square - 2 * value * cube + value**2 * self.fourth
        # What is left of a subtraction of equal numbers is rounding, not a variance.
        exact = variance > _ROUNDING * np.maximum(square, _TINY)
        return np.sqrt(np.where(exact, variance, 0)) / np.maximum(self.spread, _TINY)

    def statistic(self, outcome: int, effect: float, *, studentised: bool) -> Floats:
        """Return each draw's coefficient, or its ratio to its standard error.

        Parameters
        ----------
        outcome
            Which of the K.
        effect
            Constant effect per unit, supposed true.
        studentised
            Divide by the standard error; small-sample factors are the same in every draw
            and cancel.

        Returns
        -------
        numpy.ndarray
            One per draw: in the unit of the outcome, or in standard errors.
        """
        value = self.coefficient(outcome, effect)
        if not studentised:
            return value
        error = self.std_error(outcome, effect)
        far = np.where(value == 0, 0.0, np.copysign(np.inf, value))
        return np.divide(value, error, out=far, where=error > 0)


def observed_moments(lottery: Lottery, masses: Masses, arms: Flags) -> Moments:
    """Return the moments of the arms as they were drawn (per unit).

    Parameters
    ----------
    lottery
        The draw.
    masses
        Weights and sums of outcomes by cluster.
    arms
        One per unit, True is treated.

    Returns
    -------
    Moments
        Of one draw.
    """
    cluster = np.zeros(lottery.clusters, dtype=np.bool_)
    cluster[lottery.member] = arms
    return moments_of(lottery, masses, cluster[None, :])


def moments_of(lottery: Lottery, masses: Masses, arms: Flags) -> Moments:
    """Return the moments of arms: draws × clusters, True is treated.

    Parameters
    ----------
    lottery
        The draw.
    masses
        Weights and sums of outcomes by cluster.
    arms
        Draws × clusters, True is treated.

    Returns
    -------
    Moments
        One row per draw.
    """
    flips = sparse.csr_array((arms ^ lottery.baseline).astype(float))
    every = sparse.csr_array(sparse.eye_array(lottery.clusters))
    plan = _Plan.of(lottery, masses, every)
    return _unpack(_sums(plan, flips), masses.values.shape[1] - 1)


def redrawn_moments(
    lottery: Lottery, masses: Masses, rng: np.random.Generator, draws: int
) -> Moments:
    """Return the moments of `draws` new draws of the lottery.

    Parameters
    ----------
    lottery
        The draw.
    masses
        Weights and sums of outcomes by cluster.
    rng
        Where the draws come from.
    draws
        How many.

    Returns
    -------
    Moments
        One row per draw.
    """
    plan = _Plan.of(lottery, masses, lottery.flips)
    step = max(1, min(500, _NUMBERS // max(lottery.clusters, 1)))
    if draws <= step:
        # A single lot waits for no thread to begin.
        return _unpack(_sums(plan, lottery.faces(rng, draws)), masses.values.shape[1] - 1)
    parts: list[Future[Floats]] = []
    # Draws stay in one thread, so that a seed gives the same ones; they are added up in another.
    with ThreadPoolExecutor(1) as adding:
        for start in range(0, draws, step):
            faces = lottery.faces(rng, min(step, draws - start))
            if parts:
                parts[-1].result()  # no more than two lots of draws are held at once
            parts.append(adding.submit(_sums, plan, faces))
    sums = np.concatenate([part.result() for part in parts])
    return _unpack(sums, masses.values.shape[1] - 1)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Blocks whose treated share is the same in every draw need sums of the treated only.

    Arms come as faces of dice: `columns` are their sums, `mix` turns these into all that is
    wanted, `varying` tells which of the clusters of all other blocks they flip.
    """

    baseline: Floats
    columns: Floats
    mix: Floats
    base: Floats
    varying: sparse.csr_array
    within: sparse.csr_array
    mass: Floats
    values: Floats

    @classmethod
    def of(cls, lottery: Lottery, masses: Masses, flips: sparse.csr_array) -> _Plan:
        """Tell blocks whose sums follow from the treated alone from those that need every draw.

        Parameters
        ----------
        lottery
            How arms are drawn.
        masses
            What each cluster weighs and holds.
        flips
            Clusters that each face turns from the baseline (faces × clusters).

        Returns
        -------
        _Plan
            Sums by face for the first, and what the second need in each draw.
        """
        block, mass, values = lottery.block, masses.mass, masses.values
        count = len(lottery.share)
        low, high = np.full(count, np.inf), np.zeros(count)
        np.minimum.at(low, block, mass)
        np.maximum.at(high, block, mass)
        same = (lottery.treated != EACH) & np.isclose(low, high, rtol=1e-12) & (low > 0)
        fixed = same[block]
        share = np.where(fixed, lottery.share[block], 0.0)
        treated, always = _linear(masses, share)
        on = np.where(fixed[:, None], treated, 0.0)
        base = np.where(fixed[:, None], always, 0.0).sum(axis=0) + lottery.baseline @ on
        rest = np.flatnonzero(~fixed)
        local = np.unique(block[rest], return_inverse=True)[1]
        within = sparse.csr_array(
            (np.ones(len(rest)), (np.arange(len(rest)), local)),
            shape=(len(rest), int(local.max()) + 1 if len(rest) else 0),
        )
        signed = on * np.where(lottery.baseline, -1.0, 1.0)[:, None]
        steady, every = _steady(lottery, signed)
        mix = _mix(values.shape[1], (mass * ((1 - share) ** 3 + share**3))[fixed])
        kept = ~steady & mix.diagonal().astype(np.bool_)
        return cls(
            lottery.baseline[rest].astype(float),
            flips @ signed[:, kept],
            mix[kept],
            base + every,
            sparse.csr_array(flips[:, rest]),
            within,
            mass[rest],
            values[rest],
        )


def _linear(masses: Masses, share: Floats) -> tuple[Floats, Floats]:
    """Return what each cluster adds to all sums when it is treated, and in any case.

    z̃ is 1 − p for the treated and −p for the others; powers are linear in z.
    """
    mass, values, products = masses.mass, masses.values, _products(masses.values)
    treated = np.column_stack(
        [
            values,
            mass * (1 - 2 * share),
            products * (1 - 2 * share)[:, None],
            values * (mass * ((1 - share) ** 3 + share**3))[:, None],
            mass**2 * ((1 - share) ** 4 - share**4),
        ]
    )
    always = np.column_stack(
        [
            -values * share[:, None],
            mass * share**2,
            products * (share**2)[:, None],
            -values * (mass * share**3)[:, None],
            mass**2 * share**4,
        ]
    )
    return treated, always


def _steady(lottery: Lottery, signed: Floats) -> tuple[Flags, Floats]:
    """Tell the columns that are equal within blocks, and what they add to every draw."""
    first = np.unique(lottery.block, return_index=True)[1]
    steady = (signed == signed[first][lottery.block]).all(axis=0)
    flipped = np.minimum(lottery.treated, lottery.size - lottery.treated)
    every = np.where(lottery.treated == EACH, 0, flipped) @ signed[first]
    return steady, np.where(steady, every, 0.0)


def _mix(many: int, cubed: Floats) -> Floats:
    """Return what each column adds to each sum; one that is another's multiple has no 1.

    With one share and one mass throughout, Σ z̃³ m y is a multiple of Σ z̃ y.
    """
    columns = 4 * many + 1
    mix = np.eye(columns)
    if len(cubed) and cubed.min() == cubed.max():
        cross, cubes = np.arange(many), np.arange(3 * many, 4 * many)
        mix[cubes, cubes] = 0
        mix[cross, cubes] = cubed[0]
    return mix


def _products(values: Floats) -> Floats:
    arm = values[:, -1:]
    return np.concatenate([values[:, :-1] ** 2, values[:, :-1] * arm, arm**2], axis=1)


def _sums(plan: _Plan, faces: sparse.csr_array) -> Floats:
    total = plan.base + (faces @ plan.columns) @ plan.mix
    if not len(plan.mass):
        return np.asarray(total)
    arms = np.abs(plan.baseline - (faces @ plan.varying).toarray())
    mass, within = plan.mass, plan.within
    whole = mass @ within
    inside = (arms * mass) @ within
    share = np.divide(inside, whole, out=np.zeros_like(inside), where=whole > 0)
    # Nothing of a block without mass is counted, and its values are 0.
    arms = arms - share @ within.T
    square = arms**2
    return np.asarray(
        total
        + np.column_stack(
            [
                arms @ plan.values,
                square @ mass,
                square @ _products(plan.values),
                (square * arms) @ (plan.values * mass[:, None]),
                square**2 @ mass**2,
            ]
        )
    )


def _unpack(sums: Floats, many: int) -> Moments:
    ends = np.cumsum([many + 1, 1, 2 * many + 1, many + 1])
    cross, spread, squares, cubes, fourth = np.split(sums, ends, axis=1)
    return Moments(cross, spread[:, 0], squares, cubes, fourth[:, 0])

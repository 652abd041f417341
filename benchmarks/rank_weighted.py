"""Rankings judged by trials: false alarms under one effect, power and coverage under a slope.

python benchmarks/rank_weighted.py [--trials N]

Each line is a design: blocks of five draws with one control. Size is the share of trials whose
AUTOC (and Qini) is found to differ from nought; it must be .05 ± .01. Rankings are made anew every
500 trials. Half-samples of blocks
(Yadlowsky et al. 2025) and drawing again are beside the errors of the product, in fewer trials.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from common import promise

NORMAL, HALVES, FEW, DRAWS, AT_ONCE = 1.959964, 100, 300, 300, 500
POWERED = 2000
SLOPES = (0.0, 0.02, 0.04, 0.06, 0.08, 0.12)


@dataclass(frozen=True)
class Setting:
    """Blocks of five draws, `sizes` units in a draw, and the ranking that is judged."""

    name: str
    blocks: int
    sizes: int | tuple[int, int] = 1
    ranking: str = "unrelated"
    weighted: bool = False


SETTINGS = (
    Setting("300 blocks, unrelated ranking", 300),
    Setting("300 blocks, the ranking that made them", 300, ranking="own"),
    Setting("300 blocks, ranking of five values", 300, ranking="five"),
    Setting("300 blocks, weights .3 to 3", 300, weighted=True),
    Setting("100 blocks of clusters of 3", 100, 3),
    Setting("300 blocks of clusters of 1 to 5", 300, (1, 5)),
    Setting("60 blocks, unrelated ranking", 60),
)


class World:
    """Units of a setting, whose trials are drawn many at a time."""

    def __init__(self, setting: Setting, seed: int = 2025) -> None:
        from analysis.experiments.rank_order import Order
        from analysis.experiments.unit_scores import Draw

        self.rng = rng = np.random.default_rng(seed)
        self.clustered, draws = setting.sizes != 1, 5 * setting.blocks
        low, high = setting.sizes if isinstance(setting.sizes, tuple) else (setting.sizes,) * 2
        self.drawn = np.repeat(np.arange(draws), rng.integers(low, high + 1, draws))
        self.block, self.n = self.drawn // 5, len(self.drawn)
        value = {
            "unrelated": rng.random(self.n),
            "own": -np.arange(self.n) + 0.0,
            "five": rng.integers(0, 5, self.n) + 0.0,
        }[setting.ranking]
        weight = rng.uniform(0.3, 3, self.n) if setting.weighted else np.ones(self.n)
        self.order, self.draw = Order(value, weight), Draw.of(self.block, self.drawn)
        self.place = 0.5 - (np.argsort(np.argsort(-value)) + 0.5) / self.n

    def arms(self, trials: int) -> np.ndarray:
        """Draw the arms of many trials: trials × units."""
        control = self.rng.integers(0, 5, (trials, int(self.block.max()) + 1))
        return (self.drawn % 5 != control[:, self.block]).astype(float)

    def scores(self, trials: int, slope: float) -> np.ndarray:
        """Return the scores of many trials: trials × units."""
        arms = self.arms(trials)
        outcome = self.rng.normal(0, 0.05, arms.shape) + arms * (0.006 + slope * self.place)
        if self.clustered:
            outcome += self.rng.normal(0, 0.05, (trials, int(self.drawn.max()) + 1))[:, self.drawn]
        return self.draw.scores(arms, outcome, self.order.weight)

    def far(self, scores: np.ndarray, weights: np.ndarray, truth: float = 0.0) -> float:
        """Return the share of trials whose interval leaves `truth` out."""
        weight = self.order.weight
        centred = scores - (scores @ weight / weight.sum())[:, None]
        starts = np.flatnonzero(np.diff(self.block, prepend=-1))
        parts = np.add.reduceat(centred * weights, starts, axis=1)
        error = np.sqrt((parts**2).sum(axis=1))
        return float((np.abs(scores @ weights - truth) > NORMAL * error).mean())


def half_samples(world: World, scores: np.ndarray) -> float:
    """Return the share found by the half-sample bootstrap of blocks, ranks taken again."""
    from analysis.experiments.rank_order import Order

    blocks, found = int(world.block.max()) + 1, []
    for row in scores:
        values = []
        for _ in range(HALVES):
            half = np.zeros(blocks, bool)
            half[world.rng.permutation(blocks)[: blocks // 2]] = True
            kept = half[world.block]
            order = Order(world.order.value[kept], world.order.weight[kept])
            values.append(order.autoc_weights @ row[kept])
        found.append(abs(world.order.autoc_weights @ row) > NORMAL * np.std(values))
    return float(np.mean(found))


def drawn_again(world: World, trials: int) -> float:
    """Return the share found by drawing again."""
    import pandas as pd

    from analysis.experiments.analysis_spec import Spec
    from analysis.experiments.rank_weighted import judge_ranking

    spec, found = Spec(("y",), assigned="z", block="block"), []
    for _ in range(trials):
        arms = world.arms(1)[0]
        outcome = world.rng.normal(0, 0.05, world.n) + 0.006 * arms
        columns = {"y": outcome, "z": arms, "block": world.block, "rank": world.order.value}
        table = pd.DataFrame(columns)
        (one,) = judge_ranking(table, spec, "rank", rng=world.rng, draws=DRAWS)
        found.append((one.autoc.p_randomisation or 1) <= 0.05)  # noqa: PLR2004
    return float(np.mean(found))


def sizes(setting: Setting, trials: int) -> dict[str, float]:
    """Return the shares of trials in which one effect everywhere is found to differ."""
    found: dict[str, list[float]] = {"AUTOC": [], "Qini": []}
    for seed in range(max(trials // AT_ONCE, 1)):
        world = World(setting, seed)
        scores = world.scores(min(trials, AT_ONCE), 0.0)
        found["AUTOC"].append(world.far(scores, world.order.autoc_weights))
        found["Qini"].append(world.far(scores, world.order.qini_weights))
    return {name: float(np.mean(shares)) for name, shares in found.items()}


def main() -> int:
    """Print sizes with their limits, then power and coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=8000, help="of each size")
    trials, kept = parser.parse_args().trials, True
    for setting in SETTINGS:
        for name, size in sizes(setting, trials).items():
            print(f"{setting.name}, {name}: size {size:.4f}")
            kept &= promise("  distance from .05", abs(size - 0.05), 0.01, "")
    first = World(SETTINGS[0])
    print(
        f"half-samples of blocks, {FEW} trials: {half_samples(first, first.scores(FEW, 0.0)):.3f}"
    )
    print(f"drawing again, {FEW} trials: {drawn_again(first, FEW):.3f}")
    for setting in SETTINGS[:2]:
        world = World(setting)
        weights = world.order.autoc_weights
        for slope in SLOPES:
            truth = float(weights @ (slope * world.place))
            scores = world.scores(POWERED, slope)
            found, lost = world.far(scores, weights), world.far(scores, weights, truth)
            print(
                f"{setting.name}: first less last {100 * slope:.0f} points, AUTOC "
                f"{100 * truth:.2f}: found {found:.3f}, covered {1 - lost:.3f}"
            )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

"""Messages: planted effects are recovered, none is seldom seen, subjects are looked at every day.

python benchmarks/message_effects.py [--worlds N]

The rival of the two subjects is the usual test of two shares at 5%, made anew every day.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import promise
from scipy import stats

from analysis.messages import effect, subject_test
from tests.analysis.messages.test_effect import PLANTED, daily, simulated

WORLDS, A_DRAW, LEVEL = 2_000, 100, 0.05
BAR = -np.log(subject_test.ALPHA)


def control(worlds: int) -> bool:
    """Estimate a planted effect and none against the control, in draws of a hundred worlds."""
    inside, seen, values = [], [], []
    for seed in range(max(1, worlds // A_DRAW)):
        for change in (PLANTED, 0.0):
            table, acts = simulated(seed, change, trials=A_DRAW)
            found = [one.estimate for one in effect.estimated(table, acts)]
            low, high = np.array([one.interval for one in found]).T
            if change:
                inside += list((low <= change) & (change <= high))
                values += [one.value for one in found]
            else:
                seen += [one.p_value < LEVEL for one in found]
    spread = 3 * np.sqrt(LEVEL * (1 - LEVEL) / len(seen))
    print(f"      {len(seen)} worlds each: {np.mean(inside):.2%} of intervals hold the planted")
    print(f"      {PLANTED:.2f} (mean {np.mean(values):.4f}); none is seen {np.mean(seen):.2%}")
    return all(
        [
            promise("intervals that miss it", 1 - np.mean(inside), LEVEL + spread, "of 1"),
            promise("seen where there is none", np.mean(seen), LEVEL + spread, "of 1"),
            promise("bias of the effect", abs(np.mean(values) - PLANTED), 0.005, "of 1"),
        ]
    )


def decided(seed: int, factor: float, worlds: int, days: int) -> tuple[float, float]:
    """Return how often the rule decides when looked at every day, and how often the rival."""
    ours, usual = [], []
    for part in range(max(1, worlds // A_DRAW)):
        risk, acts = daily((seed, part), factor, A_DRAW, days)
        total = np.cumsum(subject_test.day_evidence(risk, acts), axis=1)
        ours += list((subject_test.evidence(total) >= BAR).any(axis=1))
        so_far = acts.cumsum(axis=1)
        gap = np.abs(so_far[..., 1] - so_far[..., 0]) / np.sqrt(np.maximum(so_far.sum(-1), 1))
        usual += list((gap > stats.norm.ppf(1 - LEVEL / 2)).any(axis=1))
    return float(np.mean(ours)), float(np.mean(usual))


def subjects(worlds: int) -> bool:
    """Look at two subjects on each of many days, alike and with B done twice as often."""
    kept = []
    for days in (14, 60):
        wrong, usual = decided(1, 1.0, worlds, days)
        print(f"      alike, {days} days: decided in {wrong:.2%}; the rival in {usual:.2%}")
        kept.append(promise(f"decided where alike, {days} days", wrong, LEVEL, "of 1"))
    found, _usual = decided(2, 2.0, worlds, 14)
    return all([*kept, promise("not decided where B is twice A", 1 - found, 0.2, "of 1")])


def main() -> None:
    """Measure, and say which promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS)
    worlds = parser.parse_args().worlds
    raise SystemExit(0 if all([control(worlds), subjects(worlds)]) else 1)


if __name__ == "__main__":
    main()

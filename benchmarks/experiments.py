"""Trials: seconds of an estimate and of drawing again, against loops of other packages.

python benchmarks/experiments.py [--runs N]

22,500 areas in 4,500 blocks of five. The fastest of the runs counts; ours and the loops of
others take turns, so that both meet the same moments of a busy machine. pyfixest is compared
where it is installed; it is no need of the project, and best kept in an environment of its own:

    python -m venv peers
    peers/bin/pip install -r requirements.txt pyfixest
    peers/bin/python benchmarks/experiments.py
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # small fits are quickest so, and others' loops are too

import argparse
import contextlib
import io
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from common import promise

BLOCKS, DRAWS, OUTCOMES = 4500, 10_000, 4
ESTIMATE, REDRAW, MEMORY, FASTER, LINEAR = 0.3, 2.0, 2000.0, 50.0, 1.3
PEER_DRAWS = 20


def areas(blocks: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    block = np.repeat(np.arange(blocks), 5)
    arm = np.tile([1, 1, 1, 1, 0], blocks)
    outcomes = {f"y{i}": rng.normal(size=5 * blocks) for i in range(OUTCOMES)}
    return pd.DataFrame({"assigned": arm, "block": block, **outcomes})


def seconds(
    work: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    taken = []
    for _ in range(runs):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def redraw(table: pd.DataFrame, draws: int, outcomes: int = OUTCOMES) -> None:
    """Test no effect on the outcomes by both statistics, without intervals."""
    from analysis.experiments.assignment import Lottery
    from analysis.experiments.randomisation import Observed, randomisation_test

    arm, block = table["assigned"].to_numpy(float), table["block"].to_numpy()
    seen = {f"y{i}": table[f"y{i}"].to_numpy() for i in range(outcomes)}
    observed = Observed(arm, seen, block, np.ones(len(table)))
    lottery = Lottery.of_arms(arm, block)
    rng = np.random.default_rng(1)
    randomisation_test(lottery, observed, rng=rng, draws=draws, level=None)


def statsmodels_loop(table: pd.DataFrame, draws: int) -> None:
    """Draw and fit one by one on outcomes whose block means are already taken off."""
    rng = np.random.default_rng(1)
    swept = table.drop(columns="block") - table.groupby("block").transform("mean")
    arms = table["assigned"].to_numpy(float).reshape(-1, 5)
    for _ in range(draws):
        arm = rng.permuted(arms, axis=1).ravel() - 0.8
        for i in range(OUTCOMES):
            sm.OLS(swept[f"y{i}"].to_numpy(), arm).fit(cov_type="HC1")


def estimate(table: pd.DataFrame) -> None:
    from analysis.experiments.analysis_spec import Spec
    from analysis.experiments.effects import estimate_impact

    estimate_impact(table, Spec(("y0",), block="block"))


def in_turn(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return the fastest seconds of each of two works that take turns."""
    rounds = [[seconds(work, 1, clock) for work in (ours, theirs)] for _ in range(runs)]
    return [min(taken) for taken in zip(*rounds, strict=True)]


def against_statsmodels(table: pd.DataFrame, runs: int) -> bool:
    """Compare all draws of ours with a few of a loop of fits, scaled up."""
    # Processor time, all threads of ours together: a short loop finds a quiet moment of a busy
    # machine more easily than a long run does.
    ours, few = in_turn(
        lambda: redraw(table, DRAWS),
        lambda: statsmodels_loop(table, PEER_DRAWS),
        runs,
        time.process_time,
    )
    loop = few * DRAWS / PEER_DRAWS
    print(f"      a loop of statsmodels fits would take {loop:.0f} s ({PEER_DRAWS} draws measured)")
    return promise("share of that loop's processor time", ours / loop, 1 / FASTER, "×")


def against_ritest(runs: int, draws: int = 100) -> bool:
    """Compare with pyfixest's `ritest` on the same unblocked problem, one outcome."""
    try:
        import pyfixest
    except ImportError:
        print("      not measured: pyfixest is not installed")
        return True
    table = areas(BLOCKS).assign(block=0)
    fit = pyfixest.feols("y0 ~ assigned", data=table)
    rng = np.random.default_rng(1)

    def theirs(reps: int) -> None:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            fit.ritest("assigned", rng=rng, reps=reps, type="randomization-c")

    theirs(2)  # its first call compiles
    ours, peer = in_turn(lambda: redraw(table, draws, 1), lambda: theirs(draws), runs)
    print(f"      unblocked, one outcome, {draws} draws: {ours:.2f} s, pyfixest {peer:.2f} s")
    return promise("share of the time of pyfixest's ritest", ours / peer, 1.0, "×")


def measure(runs: int) -> bool:
    table, few = areas(BLOCKS), areas(BLOCKS // 2)
    redraw(areas(50), 100)
    estimated = seconds(lambda: estimate(table), runs)
    kept = [promise("estimate with all errors, 22,500 areas", estimated, ESTIMATE, "s")]
    took = seconds(lambda: redraw(table, DRAWS), runs)
    kept.append(promise(f"{DRAWS:,} draws of {OUTCOMES} outcomes, 22,500 areas", took, REDRAW, "s"))
    # Growth in processor time: what else the machine does must not look like it.
    works = {
        "all": lambda: redraw(table, DRAWS),
        "half of the draws": lambda: redraw(table, DRAWS // 2),
        "half of the areas": lambda: redraw(few, DRAWS),
    }
    rounds = [
        {name: seconds(work, 1, time.process_time) for name, work in works.items()}
        for _ in range(runs)
    ]
    taken = {name: min(found[name] for found in rounds) for name in works}
    for name in ("half of the draws", "half of the areas"):
        growth = taken["all"] / 2 / taken[name]
        kept.append(promise(f"processor time for all against {name}", growth, LINEAR, "×"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept.append(promise("peak memory", peak, MEMORY, "MB"))
    kept.append(against_statsmodels(table, runs))
    kept.append(against_ritest(runs))
    return all(kept)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    sys.exit(not measure(parser.parse_args().runs))

"""Estimates of `impact` beside those of pyfixest on simulated trials: how far apart they are.

pyfixest is no requirement of the program: this makes an environment for it in a folder that is
thrown away, writes the trials there as files, and lets it estimate them on its own.

    python benchmarks/second_program.py [--trials 20] [--seed 0] [--python ENVIRONMENT/bin/python]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
import pandas as pd
from common import ROOT  # noqa: F401 - the library is found beside it

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact

VERSION = "0.60.0"
LIMIT = 1e-10
BLOCKS, SIZE = 30, 10

# Run by the other program alone: of each file, estimate and error of every row, as JSON.
_OTHER = """
import json, sys
import pandas as pd, pyfixest as pf

full = pf.ssc(k_adj=True, k_fixef="full", G_adj=False)
none = pf.ssc(k_adj=False, k_fixef="none", G_adj=False)
absorbed, dummies = "y ~ assigned | block", "y ~ assigned + C(block)"
rows = {
    "block effects, HC1": (absorbed, "HC1", full, None),
    "block effects, HC2": (dummies, "HC2", none, None),
    "block effects, HC3": (dummies, "HC3", none, None),
    "block effects, CRV1 without its factor": (absorbed, {"CRV1": "cluster"}, none, None),
    "weighted, HC1": (absorbed, "HC1", full, "w"),
    "inverse probability, HC1": (absorbed, "HC1", full, "ipw"),
    "covariates, HC1": ("y ~ assigned + x | block", "HC1", full, None),
    "covariates by arm (Lin), HC1": ("y ~ assigned + x0 + assigned:x0 | block", "HC1", full, None),
    "allocation, two stages, HC1": ("y ~ 1 | block | received ~ assigned", "HC1", full, None),
}
found = []
for file in sys.argv[1:]:
    table = pd.read_csv(file, float_precision="round_trip")
    told = {}
    for name, (formula, vcov, ssc, weights) in rows.items():
        fit = pf.feols(formula, table, vcov=vcov, ssc=ssc, weights=weights)
        of = "received" if "received" in formula else "assigned"
        told[name] = [float(fit.coef()[of]), float(fit.se()[of])]
    found.append(told)
print(json.dumps(found))
"""


def trial(rng: np.random.Generator) -> pd.DataFrame:
    """Draw a trial: blocks of ten of three probabilities, in clusters of two within an arm."""
    block = np.repeat(np.arange(BLOCKS), SIZE)
    treated = np.array([4, 6, 8])[np.arange(BLOCKS) % 3]
    place = np.arange(SIZE)
    arm = np.concatenate([place < count for count in treated]).astype(int)
    n = len(block)
    cluster = np.arange(n) // 2
    x = rng.normal(size=n)
    received = np.where(arm == 1, rng.random(n) < 0.6, rng.random(n) < 0.1).astype(int)
    level, shared = rng.normal(0.3, 0.1, BLOCKS)[block], rng.normal(0, 0.05, n // 2)[cluster]
    y = level + shared + 0.04 * received + 0.05 * x + rng.normal(0, 0.1, n)
    p = (treated / SIZE)[block]
    columns = {"y": y, "assigned": arm, "received": received, "block": block, "cluster": cluster}
    more = {"x": x, "x0": x - x.mean(), "w": rng.uniform(0.5, 2, n), "ipw": 1 / (p * (1 - p))}
    return pd.DataFrame(columns | more)


def ours(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Estimate a trial as `impact` does: estimate and error by row of the comparison."""
    asked = {"block": "block", "covariates": ("x",), "measured_before": True}
    impact = estimate_impact(
        table, Spec(("y",), received="received", weight="w", estimator="ipw", **asked)
    )
    clustered = estimate_impact(table, Spec(("y",), block="block", cluster="cluster"))

    def one(estimator: str, kind: str, estimand: str = "assignment") -> tuple[float, float]:
        found = impact.pick("y", estimand, estimator)
        return found.value, found.std_errors[kind]

    plain = clustered.pick("y", estimator="block_fixed_effects")
    return {
        **{f"block effects, {k}": one("block_fixed_effects", k) for k in ("HC1", "HC2", "HC3")},
        "block effects, CRV1 without its factor": (plain.value, plain.std_errors["CR0"]),
        "weighted, HC1": one("block_fixed_effects_weighted", "HC1"),
        "inverse probability, HC1": one("ipw", "HC1"),
        "covariates, HC1": one("ancova", "HC1"),
        "covariates by arm (Lin), HC1": one("lin", "HC1"),
        "allocation, two stages, HC1": one("block_fixed_effects", "HC1", "allocation"),
    }


def environment(folder: Path) -> Path:
    """Make an environment that has the other program; return its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", f"pyfixest=={VERSION}"]
    subprocess.run(install, check=True)  # noqa: S603 - the package named above
    return python


def compare(python: Path, folder: Path, trials: int, seed: int) -> bool:
    """Print the largest relative difference by row, and tell whether all are small."""
    rng = np.random.default_rng(seed)
    tables = [trial(rng) for _ in range(trials)]
    files = [folder / f"{number}.csv" for number in range(trials)]
    for table, file in zip(tables, files, strict=True):
        table.to_csv(file, index=False)
    words = [python, "-c", _OTHER, *files]
    told = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603
    largest: dict[str, list[float]] = {}
    for table, theirs in zip(tables, json.loads(told.stdout.splitlines()[-1]), strict=True):
        for name, pair in ours(table).items():
            apart = [abs(a / b - 1) for a, b in zip(pair, theirs[name], strict=True)]
            before = largest.setdefault(name, [0.0, 0.0])
            largest[name] = [max(one) for one in zip(before, apart, strict=True)]
    print(f"{trials} trials of {BLOCKS * SIZE} units in {BLOCKS} blocks; pyfixest {VERSION}")
    print(f"{'':6}{'estimate':42}{'value':>10}{'error':>10}")
    for name, (value, error) in largest.items():
        mark = "PASS" if max(value, error) <= LIMIT else "FAIL"
        print(f"{mark:6}{name:42}{value:10.1e}{error:10.1e}")
    print("      CR2: pyfixest has none; tests compare ours with full matrices")
    return all(max(pair) <= LIMIT for pair in largest.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--python", type=Path, help="of an environment that has pyfixest")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        other = given.python or environment(Path(made) / "other")
        sys.exit(not compare(other, Path(made), given.trials, given.seed))

"""How often each kind of error calls an effect sure that is none, where neighbours are alike.

    python benchmarks/explain_errors.py

Bureaux spread as in Paris (860 on 11 km × 9 km), and as in a small town (46 on 5 km × 4 km); a
covariate and what the model does not know are alike next door (correlation exp(−metres / 800)).
The covariate does nothing: a test at 5% should speak 5 times in 100.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from analysis.electorate.explain.coefficient_errors import conley  # noqa: E402
from analysis.electorate.explain.formula_terms import read_terms  # noqa: E402
from analysis.electorate.explain.regression import ModelSpec, fit_model  # noqa: E402

TRIALS, ALIKE_M = 400, 800.0
TOWNS = {"as Paris": (860, 11_000.0, 9_000.0), "small town": (46, 5_000.0, 4_000.0)}
REACHES_M = (1000.0, 2000.0, 3000.0)
NAMES = ("classical", "hc", *(f"conley {reach / 1000:.0f} km" for reach in REACHES_M))


def sizes(bureaux: int, wide: float, deep: float, rng: np.random.Generator) -> list[float]:
    """Return how often each kind rejects, as a share of the trials."""
    places = rng.uniform(0, 1, (bureaux, 2)) * [wide, deep]
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    root = np.linalg.cholesky(np.exp(-apart / ALIKE_M) + 1e-9 * np.eye(bureaux))
    table = pd.DataFrame({"bureau_id": [str(n) for n in range(bureaux)], "commune_id": "1"})
    table[["x_m", "y_m"]] = places
    told = np.zeros(len(NAMES))
    for _trial in range(TRIALS):
        alike = root @ rng.normal(size=(bureaux, 2)) + rng.normal(size=(bureaux, 2))
        data = table.assign(x=alike[:, 0], value=alike[:, 1], size=1000.0)
        spec = ModelSpec(read_terms("x", data.columns), family="least_squares")
        fitted = fit_model(data, spec)
        near = [conley(fitted.results, places, reach) for reach in REACHES_M]
        covariances = [fitted.covariances["classical"], fitted.covariances["hc"], *near]
        ratios = [fitted.params[1] / np.sqrt(matrix[1, 1]) for matrix in covariances]
        told += 2 * student.sf(np.abs(ratios), fitted.degrees) < 0.05
    return list(told / TRIALS)


def main() -> None:
    """Print one line per town."""
    print("  ".join(["rejects at 5%", *NAMES]))
    for name, (bureaux, wide, deep) in TOWNS.items():
        found = sizes(bureaux, wide, deep, np.random.default_rng(0))
        print(f"{name:14}", "  ".join(f"{share:.3f}" for share in found), flush=True)


if __name__ == "__main__":
    main()

"""Swing: chance as it is claimed beside chance as neighbours show it, in Paris and in a panel.

python benchmarks/swing.py --workspace DIR

DIR is Paris, built with its contours. Beside each number stands the rule of thumb: two
independent counts, their variance doubled.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from common import promise

PAIRS = (
    ("2017_pres_t1", "2022_pres_t1"),
    ("2022_pres_t1", "2022_legi_t1"),
    ("2017_legi_t1", "2022_legi_t1"),
    ("2019_euro_t1", "2022_pres_t1"),
    ("2022_legi_t1", "2024_legi_t1"),
)
OFF, FLAGGED_OFF = 0.1, 0.02
BUREAUX = 10_000


def measure_paris(folder: Path) -> bool:
    """Print, for every pair, squared differences of touching bureaux over what is claimed."""
    from analysis.electorate.spatial import touching
    from analysis.electorate.swing_by_bureau import Share, measure_swing
    from analysis.electorate.swing_noise import estimate_noise
    from analysis.tables.elections import Choice
    from analysis.tables.workspace import Workspace

    place, kept = Workspace(folder), True
    bureaux = place.read("bureaux")
    for pair in PAIRS:
        for share in (Share(Choice("left"), "valid"), Share()):
            swing = measure_swing(place, *pair, share)
            table = swing.table.set_index("bureau_id")
            vintage = place.read("elections").set_index("election_id").loc[pair[1], "vintage"]
            here = bureaux[(bureaux["vintage"] == vintage) & bureaux["bureau_id"].isin(table.index)]
            one, other = touching(here.geometry.to_numpy())
            rows = table.index.get_indexer(pd.Index(here["bureau_id"]))
            residual = table["residual"].to_numpy()[rows]
            variance = table["std_error"].to_numpy()[rows] ** 2
            ratio = float(
                np.mean((residual[one] - residual[other]) ** 2 / (variance[one] + variance[other]))
            )
            factor = swing.noise.factor
            counted = table["std_error"].to_numpy() ** 2 / factor
            alone = estimate_noise(table["residual"].to_numpy(), counted, None, table.index)
            doubled = table["residual"].abs() > 1.645 * np.sqrt(2 * counted)
            print(
                f"      {' > '.join(pair)}, {'left' if share.choice else 'abstention'}: touching "
                f"bureaux differ {ratio:.2f} times the claim, {ratio * factor / alone.factor:.2f} "
                f"where chance is learned from numbers alone, {ratio * factor / 2:.2f} where it is "
                f"two binomials doubled; unlike: {int(table['unlike'].sum())} of {len(table)}, "
                f"{int(doubled.sum())} with binomials doubled"
            )
            kept &= promise("ratio of touching bureaux off one", abs(ratio - 1), OFF, "")
            # One by construction; how far pairs that told nothing of chance differ is not.
            claimed = counted[rows]
            middle, low, high = unseen(residual, claimed, one, other)
            drawn = np.random.default_rng(1).normal(size=len(here)) * np.sqrt(claimed)
            _, least, most = unseen(drawn, claimed, one, other)
            print(
                f"      learned on half of the bureaux, judged on the others: {middle:.2f} times "
                f"the claim in the middle of 200 halvings, {low:.2f} to {high:.2f} in nine of ten; "
                f"{least:.2f} to {most:.2f} where swings are drawn as they are claimed"
            )
            kept &= promise("unseen bureaux off one, middle halving", abs(middle - 1), OFF, "")
    return kept


def unseen(
    residual: np.ndarray, claimed: np.ndarray, one: np.ndarray, other: np.ndarray
) -> tuple[float, float, float]:
    """Return how far pairs differ, over what other bureaux' pairs claim: median, 5th, 95th centile.

    Bureaux are put into two halves by lot, 200 times; chance is learned from the pairs inside one
    half, and judged on those inside the other.
    """
    apart = (residual[one] - residual[other]) ** 2 / (claimed[one] + claimed[other])
    rng, ratios = np.random.default_rng(0), []
    for _ in range(200):
        half = rng.random(len(residual)) < 0.5
        learned, judged = half[one] & half[other], ~half[one] & ~half[other]
        ratios.append(apart[judged].mean() / apart[learned].mean())
    low, middle, high = np.quantile(ratios, [0.05, 0.5, 0.95])
    return float(middle), float(low), float(high)


def measure_panel() -> bool:
    """Print how many bureaux of a panel electorate are called unlike, where none is."""
    from analysis.electorate.swing_by_bureau import _compare

    rng, kept = np.random.default_rng(0), True
    size = rng.integers(400, 1400, BUREAUX)
    for stay in (0.0, 0.6, 0.9):
        first = rng.binomial(size, 0.42)
        loyal = rng.binomial(first, stay)
        anew = size - loyal - rng.binomial(size - first, stay)
        second = loyal + rng.binomial(anew, (0.47 - stay * 0.42) / (1 - stay))
        swing = _compare(counts(first, size), counts(second, size), 0.90, ())
        table = swing.table
        doubled = table["std_error"] * np.sqrt(2 / swing.noise.factor)
        flagged = float(table["unlike"].mean())
        old = float((table["residual"].abs() > 1.645 * doubled).mean())
        print(f"      {stay:.0%} vote as before: {flagged:.1%} unlike, doubled binomial {old:.1%}")
        kept &= promise("flagged off 10%", abs(flagged - 0.10), FLAGGED_OFF, "")
    return kept


def counts(voted: np.ndarray, size: np.ndarray) -> pd.DataFrame:
    """Return numerator, rest and denominator by bureau of one town."""
    ids = [f"31555_{n:05d}" for n in range(len(size))]
    return pd.DataFrame({"num": voted, "rest": size - voted, "den": size}, index=ids).astype(float)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    given = parser.parse_args()
    results = [measure_panel()]
    if given.workspace:
        results.append(measure_paris(given.workspace))
    else:
        print("not measured: Paris, for want of --workspace")
    sys.exit(not all(results))

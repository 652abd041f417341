"""Learn how far transfers are off from districts whose truth is known.

python benchmarks/calibrate_transfers.py [--ei DIR]           write calibration.toml
python benchmarks/calibrate_transfers.py --check [--ei DIR]   coverage on the set left out; the town
python benchmarks/calibrate_transfers.py --tune [--ei DIR]    errors with other settings

Quantile regressions of the shift (logit of the truth between the bounds, less that of the
estimate) on what the estimate knows of a cell (`intervals.Cells.features`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
import tomli_w
from common import ROOT
from known_truths import EI, SETS, District, Floats, read_set

from analysis.electorate.transfers import solve
from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT, Pair
from analysis.electorate.transfers.intervals import Cells, describe
from analysis.electorate.transfers.margins import set_problem

FILE = ROOT / "analysis" / "electorate" / "transfers" / "calibration.toml"
LEVELS = (0.5, 0.8, 0.9, 0.95)
EXTREMES = (1.0, 99.0)
APART_LEVEL = 0.90


@dataclass(frozen=True)
class Learned:
    """Cells of known truth: their set, features and shift; EI by district."""

    sets: npt.NDArray[np.str_]
    features: Floats
    shift: Floats
    errors: dict[str, list[float]]


def look(district: District) -> tuple[Cells, Floats]:
    """Return the cells of a district, and the estimated table."""
    problem = set_problem(district.origin, district.destination)
    found = solve.estimate(problem.before, problem.after, np.random.default_rng(0))
    limits = solve.bounds(problem.before, problem.after)
    return describe(problem.before, problem.after, found, limits), found


def learn(folder: Path) -> Learned:
    sets, features, shifts, merged = [], [], [], []
    errors: dict[str, list[float]] = {name: [] for name in SETS}
    for name in SETS:
        for whole in read_set(folder, name):
            for district in (whole, whole.merged()):
                cells, found = look(district)
                features.append(cells.features)
                shifts.append((cells.to_logit(district.truth) - cells.place).ravel())
                sets.append(np.full(cells.estimate.size, name))
                merged.append(np.full(cells.estimate.size, district is not whole))
            errors[name].append(district.error(found))
    table = Learned(*map(np.concatenate, (sets, features, shifts)), errors)
    is_merged = np.concatenate(merged)
    # One cell of options kept apart for three of merged ones: intervals serve both, and
    # small ones, of which there are many, do not decide alone.
    rng = np.random.default_rng(0)
    apart = rng.choice(np.flatnonzero(~is_merged), is_merged.sum() // 3, replace=False)
    used = np.sort(np.concatenate([np.flatnonzero(is_merged), apart]))
    return Learned(table.sets[used], table.features[used], table.shift[used], errors)


def fit(features: Floats, shift: Floats) -> dict[str, object]:
    least, most = np.percentile(features, EXTREMES, axis=0)
    levels = {}
    for level in LEVELS:
        tails = {"lower": (1 - level) / 2, "upper": (1 + level) / 2}
        levels[f"{level:.2f}"] = {
            end: sm.QuantReg(shift, features).fit(q=tail, max_iter=5000).params.round(5).tolist()
            for end, tail in tails.items()
        }
    limits = {"least": least.round(5).tolist(), "most": most.round(5).tolist()}
    return {"range": limits, "levels": levels}


def write(learned: Learned) -> None:
    every = [error for errors in learned.errors.values() for error in errors]
    means = {name: round(float(np.mean(errors)), 2) for name, errors in learned.errors.items()}
    known = {
        "districts": len(every),
        "mean_error": round(float(np.mean(every)), 2),
        "worst_tenth": round(float(np.percentile(every, 90)), 2),
        "by_set": means,
    }
    table = fit(learned.features, learned.shift)
    apart = {"widen": learn_apart(table), "town_errors": range_in_town()}
    save({"known_truth": known, "apart": apart, **table})


def save(learned: dict[str, object]) -> None:
    """Write what was learned."""
    text = tomli_w.dumps(learned)
    FILE.write_text(
        "# Written by benchmarks/calibrate_transfers.py; see docs/methods/transfers.md.\n" + text,
        encoding="utf-8",
    )
    print(text)


def fictional_town() -> dict[str, tuple[Pair, pd.DataFrame]]:
    """Return tables and planted counts of every pair of elections of the fictional town."""
    from analysis.electorate.transfers.bureau_counts import tables_of
    from analysis.workflows.build import Inputs, build

    town = ROOT / "data_samples" / "valmont"
    files = [town / name for name in ("general_results.csv", "candidats_results.csv")]
    contours = {year: town / f"contours_{year}.geojson" for year in (2017, 2024)}
    planted = json.loads((town / "truth.json").read_text(encoding="utf-8"))["transfers"]
    names = {"BLANK": SPOILT, "NULL": SPOILT, "ABSTENTION": ABSTENTION}
    cases = {}
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(*files, contours=contours, places=("99900",), fictional=True)
        workspace = build(inputs, Path(folder) / "valmont")
        for pair, given in planted.items():
            truth = pd.DataFrame(given["counts"], given["origins"], given["destinations"])
            truth = truth.rename(index=names).groupby(level=0).sum()
            truth = truth.T.rename(index=names).groupby(level=0).sum().T
            cases[pair] = tables_of(workspace, *pair.split(">")), truth
    return cases


def learn_apart(table: dict[str, object]) -> float:
    """Return how much wider intervals must be between elections, from the fictional town.

    Its truth is planted and has what districts of known truth lack: abstention, other
    days, people who move. The least factor that covers nine cells in ten at 90%.
    """
    cases = fictional_town().values()
    for factor in np.arange(1.0, 3.0, 0.05):
        inside = np.concatenate([covers(*case, table, factor) for case in cases])
        if inside.mean() >= APART_LEVEL:
            return round(float(factor), 2)
    raise ValueError("no factor covers the fictional town")


def range_in_town() -> list[float]:
    """Return the least and the greatest EI among the pairs of the fictional town."""
    errors = [error for _name, error, *_rest in town()]
    return [round(min(errors), 1), round(max(errors), 1)]


def check_town() -> None:
    """Print the error in the fictional town, and how much its intervals cover."""
    for name, error, chance, covered in town():
        print(f"{name}: EI {error:.1f}, chance {chance:.1f}, covered {covered:.0%}")


def town() -> Iterator[tuple[str, float, float, float]]:
    """Yield each pair of elections of the fictional town: EI, that of chance, share covered."""
    from analysis.electorate.transfers import estimate_transfers

    for name, (pair, truth) in fictional_town().items():
        found = estimate_transfers(pair.origin, pair.destination, apart=True)
        votes = found.matrix().reindex_like(truth).fillna(0).to_numpy()
        low, high = (found.matrix(end).reindex_like(truth) for end in ("lower", "upper"))
        share, total = truth.div(truth.sum(axis=1), axis=0), truth.to_numpy().sum()
        chance = np.outer(truth.sum(axis=1), truth.sum()) / total
        errors = [
            50 * np.abs(table / table.sum() - truth.to_numpy() / total).sum()
            for table in (votes, chance)
        ]
        inside = ((low <= share) & (share <= high)).to_numpy()[low.notna().to_numpy()]
        yield name, errors[0], errors[1], float(inside.mean())


def covers(
    pair: Pair, truth: pd.DataFrame, table: dict[str, object], factor: float
) -> npt.NDArray[np.bool_]:
    """Tell which planted cells lie in their interval, widened by `factor`."""
    problem = set_problem(pair.origin, pair.destination)
    cells, _ = look(District(0, pair.origin, pair.destination, truth.to_numpy()))
    low, high = (
        pd.DataFrame(end, problem.origins, problem.destinations).reindex_like(truth)
        for end in span(cells, table, f"{APART_LEVEL:.2f}", factor)
    )
    return ((low <= truth) & (truth <= high)).to_numpy().ravel()


def span(
    cells: Cells, table: dict[str, object], level: str, factor: float = 1.0
) -> tuple[Floats, Floats]:
    """Return the interval that a table of coefficients gives."""
    features = np.clip(cells.features, table["range"]["least"], table["range"]["most"])
    ends = table["levels"][level]
    low, high = (
        factor * (features @ ends[end]).reshape(cells.estimate.shape) for end in ("lower", "upper")
    )
    return (
        np.floor(cells.to_persons(cells.place + np.minimum(low, 0))),
        np.ceil(cells.to_persons(cells.place + np.maximum(high, 0))),
    )


def check(folder: Path, learned: Learned) -> None:
    """Print the coverage on each set by intervals learned on the two others."""
    for name in SETS:
        others = learned.sets != name
        table = fit(learned.features[others], learned.shift[others])
        inside = {level: [] for level in table["levels"]}
        for district in (d.merged() for d in read_set(folder, name)):
            cells, _ = look(district)
            for level in inside:
                low, high = span(cells, table, level)
                inside[level].append(((low <= district.truth) & (district.truth <= high)).ravel())
        shares = {level: np.concatenate(found).mean() for level, found in inside.items()}
        print(name, " ".join(f"{level}: {share:.3f}" for level, share in shares.items()))


def tune(folder: Path) -> None:
    """Print the mean EI of each set, one setting changed at a time."""
    chosen = {"BAGS": solve.BAGS, "SOFTEN": solve.SOFTEN, "STEPS": solve.STEPS}
    others = {"BAGS": (1, 5, 40), "SOFTEN": (0.04, 0.06, 0.1, 0.12), "STEPS": (5, 10, 20, 30)}
    tries = [("chosen", chosen)]
    tries += [(f"{k} = {v}", {**chosen, k: v}) for k, values in others.items() for v in values]
    districts = {name: [d.merged() for d in read_set(folder, name)] for name in SETS}
    for label, settings in tries:
        for name, value in settings.items():
            setattr(solve, name, value)
        means = {n: np.mean([d.error(look(d)[1]) for d in ds]) for n, ds in districts.items()}
        print(f"{label:>14}", " ".join(f"{n} {m:.2f}" for n, m in means.items()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ei", type=Path, default=EI)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()
    if given.tune:
        tune(given.ei)
    elif given.check:
        check(given.ei, learn(given.ei))
        check_town()
    else:
        write(learn(given.ei))

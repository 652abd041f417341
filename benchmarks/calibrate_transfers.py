"""Learn how far transfers are off: from districts of known truth, and from published surveys.

python benchmarks/calibrate_transfers.py [--ei DIR] [--workspace DIR]   write calibration.toml
python benchmarks/calibrate_transfers.py --check [--ei DIR] [--workspace DIR]
                                         coverage on the set left out; the town; the surveys
python benchmarks/calibrate_transfers.py --tune [--ei DIR]              errors with other settings

On one day: the error of a cell's logarithm, once what the totals settle is taken off, is of a
t law whose scale is log-linear in `intervals.features`; one factor then makes 90% intervals
cover 90%. Districts are also taken with their units put together at random, so that what few
units cost is learned. Between two elections: a part of its own, the least whose intervals
hold what published surveys say of nine origins in ten.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w
from common import ROOT
from known_truths import EI, SETS, District, Floats, read_set
from surveyed_transfers import SURVEYED, Surveyed

from analysis.electorate.transfers import intervals, solve
from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT, Pair
from analysis.electorate.transfers.intervals import DEGREES, draw_tables, features
from analysis.electorate.transfers.margins import set_problem
from analysis.electorate.transfers.rounding import round_table

FILE = ROOT / "analysis" / "electorate" / "transfers" / "calibration.toml"
LEVEL = 0.90
EXTREMES = (1.0, 99.0)
# Options under 3% put together, or all apart.
KINDS = ("merged", "whole")
# Units put together, so that what few of them cost is learned.
COARSE = ((4, 6, 9), (13, 20, 30))


@dataclass(frozen=True)
class Known:
    """A problem of known truth, its estimate, and what its error may depend on."""

    set_name: str
    kind: str
    estimate: Floats
    truth: Floats
    features: Floats
    limits: tuple[Floats, Floats]

    @property
    def shift(self) -> Floats:
        """Logarithm of the truth less that of the estimate."""
        return np.log((self.truth + 0.5) / (self.estimate + 0.5))

    def error(self) -> float:
        """Return EI: the voters in 100 in the wrong cell."""
        return float(50 * np.abs(self.estimate - self.truth).sum() / self.truth.sum())


def look(set_name: str, kind: str, counts: tuple[Floats, Floats], truth: Floats) -> Known:
    """Estimate a problem of known truth."""
    found = solve.estimate(*counts, np.random.default_rng(0))
    limits = solve.bounds(*counts)
    votes = round_table(found, *limits).astype(float)
    return Known(set_name, kind, votes, truth, features(*counts, votes), limits)


def merged_error(district: District) -> float:
    """Return the EI of the estimate of a district."""
    problem = set_problem(district.origin, district.destination)
    return look("", "merged", (problem.before, problem.after), district.truth).error()


def learn(folder: Path) -> list[Known]:
    """Estimate every district: small options merged, all apart, and with fewer units."""
    rng, found = np.random.default_rng(5), []
    for name in SETS:
        for whole in read_set(folder, name):
            for district in (whole.merged(), whole):
                kind = "whole" if district is whole else "merged"
                problem = set_problem(district.origin, district.destination)
                counts = problem.before, problem.after
                found.append(look(name, kind, counts, district.truth))
                if district is whole:
                    continue
                for sizes in COARSE:
                    units = int(rng.choice(sizes))
                    if units < len(counts[0]):
                        few = coarser(counts, units, rng)
                        found.append(look(name, f"{units} units", few, district.truth))
    return found


def coarser(
    counts: tuple[Floats, Floats], units: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Put the units of a district together at random."""
    group = rng.permutation(np.arange(len(counts[0])) % units)
    summed = [np.zeros((units, side.shape[1])) for side in counts]
    for side, total in zip(counts, summed, strict=True):
        np.add.at(total, group, side)
    return summed[0], summed[1]


def fit(known: list[Known], rounds: int = 40) -> dict[str, object]:
    """Fit the scale of errors: scoring of a t likelihood, what totals settle taken off."""
    design = np.concatenate([one.features for one in known])
    least, most = np.percentile(design, EXTREMES, axis=0)
    clipped = [np.clip(one.features, least, most) for one in known]
    # Whole districts have many small cells; all of them together count as much as a third of
    # the cells of merged ones.
    cells = {kind: sum(one.estimate.size for one in known if one.kind == kind) for kind in KINDS}
    share = min(cells["merged"] / 3 / max(cells["whole"], 1), 1.0)
    weight = np.concatenate(
        [np.full(one.estimate.size, share if one.kind == "whole" else 1.0) for one in known]
    )
    design = np.concatenate(clipped)
    found = np.append(np.log(0.6), np.zeros(design.shape[1] - 1))
    for _ in range(rounds):
        parts = [
            settled_off(one.shift, np.exp(kept @ found))
            for one, kept in zip(known, clipped, strict=True)
        ]
        squares = np.concatenate(parts)
        scores = (DEGREES + 1) * squares / (DEGREES + squares) - 1
        inner = design.T @ (weight[:, None] * design)
        found = found + 0.5 * np.linalg.solve(inner, design.T @ (weight * scores))
    return {
        "coefficients": found.round(5).tolist(),
        "least": least.round(5).tolist(),
        "most": most.round(5).tolist(),
        "scale": 1.0,
    }


def settled_off(shift: Floats, spread: Floats) -> Floats:
    """Return squared errors over their scale, the effects of rows and columns taken off."""
    rows, columns = shift.shape
    cells = np.arange(shift.size)
    effects = np.zeros((shift.size, rows + columns))
    effects[cells, cells // columns] = 1
    effects[cells, rows + cells % columns] = 1
    basis, _ = np.linalg.qr((effects / spread[:, None])[:, :-1])
    error = shift.ravel() / spread
    error = error - basis @ (basis.T @ error)
    free = 1 - (basis**2).sum(axis=1)
    return np.asarray(error**2 / np.maximum(free, 0.05))


def covered(one: Known, spread: dict[str, object], level: float = LEVEL) -> tuple[Floats, Floats]:
    """Tell which true cells lie in their interval, and how wide it is, of the origin."""
    kept = np.clip(one.features, spread["least"], spread["most"])
    scale = spread["scale"] * np.exp(kept @ np.asarray(spread["coefficients"]))
    draws = draw_tables(one.estimate, scale.reshape(one.estimate.shape), 0)
    draws = np.clip(draws, *one.limits)
    low, high = intervals.interval(draws, one.estimate, one.limits, level)
    inside = (low <= one.truth) & (one.truth <= high)
    return inside.ravel(), ((high - low) / one.truth.sum(axis=1, keepdims=True)).ravel()


def coverage(known: list[Known], spread: dict[str, object], level: float = LEVEL) -> Floats:
    """Return the share of true cells covered, and the mean width."""
    inside, width = zip(*(covered(one, spread, level) for one in known), strict=True)
    return np.array([np.concatenate(inside).mean(), np.concatenate(width).mean()])


def scaled(known: list[Known]) -> dict[str, object]:
    """Fit the scale of errors, and the factor that makes 90% intervals cover 90%."""
    table = fit(known)
    merged = [one for one in known if one.kind == "merged"]
    low, high = 0.5, 2.0
    for _ in range(9):
        table["scale"] = (low + high) / 2
        enough = coverage(merged, table)[0] >= LEVEL
        low, high = (low, table["scale"]) if enough else (table["scale"], high)
    table["scale"] = round(high, 3)
    return table


def write(known: list[Known], workspace: Path | None) -> None:
    """Write what was learned."""
    merged = [one for one in known if one.kind == "merged"]
    errors = {name: [one.error() for one in merged if one.set_name == name] for name in SETS}
    every = [error for ones in errors.values() for error in ones]
    told = {
        "districts": len(every),
        "mean_error": round(float(np.mean(every)), 2),
        "worst_tenth": round(float(np.percentile(every, 90)), 2),
        "by_set": {name: round(float(np.mean(ones)), 2) for name, ones in errors.items()},
    }
    learned = {"known_truth": told, "spread": scaled(known)}
    old = intervals.calibration()
    save({**learned, "apart": old["apart"]})
    intervals.calibration.cache_clear()
    surveyed = Surveyed.of(workspace)
    context = surveyed.learn(SURVEYED)
    apart = {"context": context, "pairs": len(SURVEYED), "figures": surveyed.figures}
    save({**learned, "apart": {**apart, "town_errors": range_in_town()}})


def save(learned: dict[str, object]) -> None:
    """Write calibration.toml."""
    FILE.write_text(
        "# Written by benchmarks/calibrate_transfers.py; see docs/methods/transfers.md.\n"
        + tomli_w.dumps(learned),
        encoding="utf-8",
    )


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


def check(known: list[Known]) -> None:
    """Print coverage and width on each set, learned on all and on the two others."""
    everywhere = intervals.calibration()["spread"]
    kinds = sorted({one.kind for one in known})
    for name in SETS:
        mine = [one for one in known if one.set_name == name]
        merged = [one for one in mine if one.kind == "merged"]
        apart = scaled([one for one in known if one.set_name != name])
        for label, table in (("all sets", everywhere), ("the two others", apart)):
            told = [
                f"{level:.0%}: {share:.1%} (width {100 * width:.1f} points)"
                for level in intervals.LEVELS
                for share, width in [coverage(merged, table, level)]
            ]
            print(f"{name}, learned on {label}: " + ", ".join(told))
    for kind in kinds:
        ones = [one for one in known if one.kind == kind]
        share, width = coverage(ones, everywhere)
        mean = np.mean([one.error() for one in ones])
        print(f"{kind}: EI {mean:.1f}, 90%: {share:.1%} (width {100 * width:.1f} points)")


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
        means = {n: np.mean([merged_error(d) for d in ds]) for n, ds in districts.items()}
        print(f"{label:>14}", " ".join(f"{n} {m:.2f}" for n, m in means.items()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ei", type=Path, default=EI)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()
    if given.tune:
        tune(given.ei)
        sys.exit()
    every = learn(given.ei)
    if not given.check:
        write(every, given.workspace)
        intervals.calibration.cache_clear()
    check(every)
    check_town()
    Surveyed.of(given.workspace).check(intervals.calibration()["apart"]["context"])

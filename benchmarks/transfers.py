"""Transfers: error where the truth is known, coverage of intervals, seconds; Paris and France.

A survey of 300 persons is drawn from each known truth too: error with it, without, survey alone.

python benchmarks/transfers.py [--ei DIR] [--peers N] [--workspace DIR] [--workers N]

Every NAME.zip in DIR is a set of districts, as ../shared/data/README.md describes them.
--peers N runs the linear programs of nslphom on the first N districts of each set (slow).
Without --workspace, France is built into a temporary folder first.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from common import FILES, need_france, promise
from known_truths import EI, District, Floats, goodman_fitted, nslphom, read_set

if TYPE_CHECKING:
    from analysis.electorate.transfers import Transfers

MEAN_ERROR = {"SCO_2007": 8.4, "NZ_2008": 8.6, "NZ_2020": 9.4}
SECONDS, PARIS, NATION, LEVEL, OFF = 0.4, 5.0, 180.0, 0.90, 0.03
ASKED, WORTH = 300, 0.7


def estimate(district: District) -> pd.DataFrame:
    from analysis.electorate.transfers import estimate_transfers

    return estimate_transfers(district.origin, district.destination, level=LEVEL).table


def timed(work: Callable[[District], object], district: District) -> tuple[object, float]:
    started = time.perf_counter()
    done = work(district)
    return done, time.perf_counter() - started


def covered(table: pd.DataFrame, truth: Floats) -> Floats:
    """Tell which true cells lie in their interval."""
    share = (truth / truth.sum(axis=1, keepdims=True)).ravel()
    return ((table["lower"] - 1e-9 <= share) & (share <= table["upper"] + 1e-9)).to_numpy()


def measure_set(folder: Path, name: str, peers: int) -> bool:
    districts = [d.merged() for d in read_set(folder, name)]
    estimate(districts[0])
    errors, took, inside, goodman, lp, lp_took, ours = [], [], [], [], [], [], []
    widths: list[float] = []
    for number, district in enumerate(districts):
        table, seconds = timed(estimate, district)
        errors.append(district.error(table["votes"].to_numpy().reshape(district.truth.shape)))
        took.append(seconds)
        inside.append(covered(table, district.truth))
        widths.extend(table["upper"] - table["lower"])
        goodman.append(district.error(goodman_fitted(district)))
        if number < peers:
            found, seconds = timed(nslphom, district)
            lp.append(district.error(found))
            lp_took.append(seconds)
            ours.append(took[-1])
    print(
        f"{name}: {len(districts)} districts, Goodman + fitting in this run {np.mean(goodman):.2f}"
    )
    reference = folder / f"{name}_reference_errors.csv"
    if reference.is_file():
        means = pd.read_csv(reference).iloc[:, 4:].mean()
        print(
            "      published with the data: " + ", ".join(f"{k} {v:.2f}" for k, v in means.items())
        )
    limit = MEAN_ERROR.get(name, np.inf)
    kept = promise(f"mean EI, {name}", float(np.mean(errors)), limit, "")
    kept &= promise(f"seconds a district, {name}", float(np.mean(took)), SECONDS, "s")
    if lp:
        mine, theirs = np.mean(errors[:peers]), np.mean(lp)
        print(f"      nslphom here, {len(lp)} districts: {theirs:.2f}, ours {mine:.2f}")
        ratio = float(np.sum(ours) / np.sum(lp_took))
        kept &= promise(f"share of nslphom's time, {name}", ratio, 0.1, "×")
    share = float(np.concatenate(inside).mean())
    print(
        f"      {LEVEL:.0%} intervals cover {share:.1%} of {sum(map(len, inside)):,} true cells, "
        f"mean width {100 * np.mean(widths):.1f} points"
    )
    kept &= measure_survey(districts, name)
    return kept & promise(f"coverage off its level, {name}", abs(share - LEVEL), OFF, "")


def measure_survey(districts: list[District], name: str) -> bool:
    """Print what a survey of 300 persons is worth: with it, without, and alone."""
    from analysis.electorate.transfers.estimate import estimate_joint, tell
    from analysis.electorate.transfers.intervals import meet_totals
    from analysis.electorate.transfers.survey_fit import Survey

    rng = np.random.default_rng(1)
    errors: dict[str, list[float]] = {
        "without": [], "with": [], "survey alone": [], "survey fitted to the totals": []
    }  # fmt: skip
    inside = []
    for district in districts:
        truth = district.truth
        said = rng.multinomial(ASKED, (truth / truth.sum()).ravel()).reshape(truth.shape)
        asked = said.sum(axis=1)
        rows = [
            (origin, destination, said[i, j] / asked[i], asked[i])
            for i, origin in enumerate(district.origin)
            for j, destination in enumerate(district.destination)
            if asked[i]
        ]
        survey = Survey(
            pd.DataFrame(rows, columns=["origin", "destination", "share", "n"]), "simulated"
        )
        joint = estimate_joint(district.origin, district.destination)
        found = tell(joint, level=LEVEL, survey=survey)
        fitted = meet_totals(
            np.maximum(said, 0.2), truth.sum(axis=1), truth.sum(axis=0), sweeps=300
        )
        tables = (joint.votes, found.matrix().to_numpy(), said / ASKED * truth.sum(), fitted)
        for label, table in zip(errors, tables, strict=True):
            errors[label].append(district.error(table))
        inside.append(covered(found.table, truth))
    told = ", ".join(f"{label} {np.mean(ones):.2f}" for label, ones in errors.items())
    share = np.concatenate(inside).mean()
    print(f"      survey of {ASKED}: mean EI {told}; {LEVEL:.0%} intervals cover {share:.1%}")
    worth = float(np.mean(errors["with"]) / np.mean(errors["without"]))
    return promise(f"error with a survey over that without, {name}", worth, WORTH, "×")


def measure_unmerged(folder: Path, name: str) -> None:
    """Print error and coverage when every small option has its own row and column."""
    errors, inside = [], []
    for district in read_set(folder, name):
        table = estimate(district)
        votes = table["votes"].to_numpy(dtype=float).reshape(district.truth.shape)
        merged = District(0, district.origin, district.destination, votes).merged()
        errors.append(district.merged().error(merged.truth))
        inside.append(covered(table, district.truth))
    print(
        f"      all options apart: mean EI {np.mean(errors):.2f}, "
        f"coverage {np.concatenate(inside).mean():.1%} of {sum(map(len, inside)):,} cells"
    )


def measure_places(folder: Path, workers: int) -> bool:
    """Time Paris and the nation, and check that every total is met."""
    from analysis.electorate.transfers.bureau_counts import tables_of
    from analysis.electorate.transfers.place_transfers import transfers_of
    from analysis.tables.workspace import Workspace
    from analysis.workflows.build import Inputs, build

    if not (folder / "manifest.json").is_file():
        need_france()
        build(Inputs(*FILES), folder)
    workspace, asked = Workspace(folder), ("2022_pres_t1", "2022_pres_t2")
    pair = tables_of(workspace, *asked, "75056")
    started = time.perf_counter()
    found = estimate_transfers_of(pair.origin, pair.destination)
    size = f"{found.units} bureaux, {pair.origin.shape[1]} × {pair.destination.shape[1]} options"
    kept = promise(f"Paris, {size}", time.perf_counter() - started, PARIS, "s")
    started = time.perf_counter()
    with ProcessPoolExecutor(workers) as executor:
        nation = transfers_of(workspace, *asked, executor=executor)
    taken = time.perf_counter() - started
    kept &= promise(f"France, {nation.units:,} bureaux, {workers} processes", taken, NATION, "s")
    whole = tables_of(workspace, *asked)
    votes = nation.matrix()
    off = max(
        int((votes.sum(axis=1 - axis) - table.sum()).abs().max())
        for axis, table in enumerate((whole.origin, whole.destination))
    )
    return kept & promise("largest total that is not met", off, 0.5, "votes")


def estimate_transfers_of(origin: pd.DataFrame, destination: pd.DataFrame) -> Transfers:
    from analysis.electorate.transfers import estimate_transfers

    return estimate_transfers(origin, destination, apart=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ei", type=Path, default=EI)
    parser.add_argument("--peers", type=int, default=3)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    results = []
    names = sorted(file.stem for file in given.ei.glob("*.zip"))
    if not names:
        print(f"not measured: no districts of known truth in {given.ei}")
    for name in names:
        results.append(measure_set(given.ei, name, given.peers))
        measure_unmerged(given.ei, name)
    with tempfile.TemporaryDirectory() as aside:
        results.append(measure_places(given.workspace or Path(aside) / "france", given.workers))
    sys.exit(not all(results))

"""Turfs of all Paris on two processors, whether time grows with bureaux, and the nation from it.

python benchmarks/turfs_of_paris.py [--workers 2]

Paris from ../shared/data, every bureau a target, walks along the streets, no sheets: as many runs
of `turfs --each` as processors, each with its share of the addresses. First a fifth of the bureaux,
neighbours together, then all.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from common import FILES, promise
from turfs import PARIS, workspace

SECONDS, LINEAR = 100.0, 1.25
PARTS = 5


class Run(NamedTuple):
    """What a run cut, and what it took."""

    bureaux: int
    stops: int
    turfs: int
    seconds: float
    processor: float


def cut(folder: Path, stops: pd.Series, workers: int) -> Run:
    """Cut bureaux (addresses of each, by id) side by side, by the command a campaign would give."""
    from analysis.workflows.spread import commands_for, opened, run_each

    share = (stops.cumsum() * workers / stops.sum()).round(6).map(math.ceil).clip(1, workers)
    codes = tuple(f"{len(stops)}_{part}" for part in range(1, workers + 1))
    for code, part in zip(codes, range(1, workers + 1), strict=True):
        own = pd.Series(stops.index[share == part], name="bureau_id")
        own.to_csv(folder / f"{code}.csv", index=False)
    words: tuple[str, ...] = (
        "turfs",
        "--workspace",
        "paris",
        "--targets",
        "{code}.csv",
        "--no-sheets",
    )
    words += ("--streets", str(PARIS / "street_graph.txt"), "--out", "turfs_{code}")
    started, busy = time.perf_counter(), children()
    with opened(workers) as executor:
        ended = run_each(commands_for(codes, words, str(folder)), executor)
    seconds, busy = time.perf_counter() - started, children() - busy
    for code, one in ended.items():
        if one.exit_code:
            raise SystemExit(f"{code}: {one.complaint}")
    files = [folder / f"turfs_{code}" / "turfs.csv" for code in codes]
    read = (pd.read_csv(file, dtype=str).assign(folder=file.parent.name) for file in files)
    made = pd.concat(read)
    run = Run(made["bureau_id"].nunique(), len(made), turfs(made), seconds, busy)
    print(
        f"{run.bureaux} bureaux, {run.stops} stops, {run.turfs} turfs: {run.seconds:.1f} s, "
        f"{run.processor:.1f} s of one processor, {run.processor / run.bureaux:.3f} a bureau",
        flush=True,
    )
    return run


def turfs(made: pd.DataFrame) -> int:
    """Return the number of turfs: those of two runs may bear one name."""
    return len(made.drop_duplicates(["turf_id", "folder"]))


def children() -> float:
    """Return seconds of processor of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def nation(whole: Run) -> str:
    """Tell what the bureaux of the nation would take at the pace of Paris."""
    if not FILES[0].is_file():
        return "the nation: not estimated, its results are not at hand"
    columns = ["id_election", "code_commune", "code_bv"]
    results = pd.read_parquet(FILES[0], columns=columns)
    count = int((results["id_election"] == "2024_legi_t1").sum())
    hours = whole.processor / whole.bureaux * count / 3600
    return f"the nation, estimated: {count} bureaux, {hours:.1f} hours of one processor"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    if not PARIS.is_dir():
        print("not measured: ../shared/data/paris not found")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = workspace(folder / "paris").read("addresses")["bureau_id"].astype("str")
        stops = ids[ids != ""].value_counts().sort_index()
        print(f"      load of the machine {os.getloadavg()[0]:.1f}, processors {os.cpu_count()}")
        few = cut(folder, stops.iloc[: len(stops) // PARTS], workers)
        whole = cut(folder, stops, workers)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"      {most:.2f} GB at most in one process; {nation(whole)}")
    pace = (whole.processor / whole.stops) / (few.processor / few.stops)
    kept = [
        promise(f"turfs of all Paris, {workers} at a time", whole.seconds, SECONDS, "s"),
        promise("a stop of all Paris / of a fifth", pace, LINEAR, "×"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Turfs of all Paris on two processors, whether time grows with bureaux, and the nation from it.

python benchmarks/turfs_of_paris.py [--workers 2]

Paris from ../shared/data: each arrondissement is a run of `turfs --each`, every bureau a target,
walks along the streets, no sheets. First four arrondissements, then all twenty.
"""

from __future__ import annotations

import argparse
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
# Spread over the town, of many bureaux and of few.
FEW = ("05", "08", "11", "16")


class Run(NamedTuple):
    """What a run cut, and what it took."""

    bureaux: int
    stops: int
    turfs: int
    seconds: float
    processor: float


def cut(folder: Path, codes: tuple[str, ...], workers: int) -> Run:
    """Cut arrondissements side by side, each by the command a campaign would give."""
    from analysis.workflows.spread import commands_for, opened, run_each

    words = ("turfs", "--workspace", "paris", "--targets", "{code}.csv", "--no-sheets")
    words += ("--streets", str(PARIS / "street_graph.txt"), "--out", f"turfs_{len(codes)}_{{code}}")
    started, busy = time.perf_counter(), children()
    with opened(workers) as executor:
        ended = run_each(commands_for(codes, words, str(folder)), executor)
    seconds, busy = time.perf_counter() - started, children() - busy
    for code, one in ended.items():
        if one.exit_code:
            raise SystemExit(f"{code}: {one.complaint}")
    files = [folder / f"turfs_{len(codes)}_{code}" / "turfs.csv" for code in codes]
    made = pd.concat([pd.read_csv(file, dtype=str) for file in files])
    bureaux = made["bureau_id"].nunique()
    return Run(bureaux, len(made), made["turf_id"].nunique(), seconds, busy)


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
        bureaux = pd.Series(sorted(set(ids) - {""}), name="bureau_id")
        codes = bureaux.str.rpartition("_")[2].str[:2]
        for code, own in bureaux.groupby(codes):
            own.to_csv(folder / f"{code}.csv", index=False)
        print(f"      load of the machine {os.getloadavg()[0]:.1f}, processors {os.cpu_count()}")
        few = cut(folder, FEW, workers)
        whole = cut(folder, tuple(sorted(set(codes))), workers)
    for run in (few, whole):
        print(
            f"{run.bureaux} bureaux, {run.stops} stops, {run.turfs} turfs: {run.seconds:.1f} s, "
            f"{run.processor:.1f} s of one processor, {run.processor / run.bureaux:.3f} a bureau"
        )
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"      {most:.2f} GB at most in one process; {nation(whole)}")
    pace = (whole.processor / whole.stops) / (few.processor / few.stops)
    kept = [
        promise(f"turfs of all Paris, {workers} at a time", whole.seconds, SECONDS, "s"),
        promise("a stop of all Paris / of four arrondissements", pace, LINEAR, "×"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

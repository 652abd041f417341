"""Ranking all bureaux of France: as a whole process, and the draws alone.

python benchmarks/rank_france.py [--workspace DIR] [--runs N]

Without --workspace, France is built into a temporary folder first; one that is given is copied,
so that nothing is kept in it. `python -m analysis rank` is timed from the start of the interpreter
to its end: the first time, when the rates are worked out, and again, when they were kept. The peer
reads the same tables with pyarrow, adds the votes up by round and bureau and writes a CSV of
the size of the ranking with pandas, in a process that has done so once before; both in turn,
on a warm file cache. The fastest of the runs counts.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from common import FILES, ROOT, in_child, need_france, promise

if TYPE_CHECKING:
    from analysis.targeting.prospects import Prospects

# Seconds of a whole process, the first time and again; of rates that were kept; of the draws.
FIRST, AGAIN, KEPT, SECONDS, LINEAR = 5.0, 5.0, 3.0, 3.0, 1.3
SIZES = (10_000, 35_000, 69_000)
QUESTION = ("--bloc", "left", "--for", "2027_pres_t1", "--hours", "100000")


def built(given: Path | None, aside: Path) -> Path:
    from analysis.workflows.build import Inputs, build

    folder = aside / "france"
    if given is not None:
        shutil.copytree(given, folder, ignore=shutil.ignore_patterns(".rates"))
    else:
        need_france()
        build(Inputs(*FILES), folder)
    return folder


def command(folder: Path) -> tuple[float, float]:
    """Run the command; return its seconds and those of a processor."""
    out = folder.parent / "ranking.csv"
    told = [sys.executable, "-m", "analysis", "rank", "--workspace", str(folder)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*told, *QUESTION, "--out", str(out)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, sum(getattr(after, n) - getattr(before, n) for n in ("ru_utime", "ru_stime"))


def peer(folder: Path) -> float:
    import pandas as pd
    import pyarrow.parquet as pq

    columns = ["election_id", "bureau_id", "votes"]
    for _ in range(2):
        started = time.perf_counter()
        pq.read_table(folder / "turnout.parquet").to_pandas()
        votes = pq.read_table(folder / "votes.parquet", columns=columns).to_pandas()
        votes.groupby(columns[:2], observed=True)["votes"].sum()
        ranking = pd.read_parquet(folder.parent / "ranking.parquet")
        ranking.to_csv(folder.parent / "peer.csv", index=False)
    return time.perf_counter() - started


def whole_process(folder: Path, runs: int) -> bool:
    import pandas as pd

    command(folder)
    csv = folder.parent / "ranking.csv"
    table = pd.read_csv(csv, low_memory=False)
    table.to_parquet(folder.parent / "ranking.parquet")
    first, again, theirs = [], [], []
    for _ in range(runs):
        theirs.append(in_child(__file__, "peer", folder)["seconds"])
        shutil.rmtree(folder / ".rates", ignore_errors=True)
        first.append(command(folder))
        again.append(command(folder))
    print(f"      pyarrow and pandas, read, add up and write, warm {min(theirs):.1f} s")
    for name, found in (("first time", first), ("again", again)):
        seconds, busy = min(found)
        ratio = seconds / min(theirs)
        print(f"      {name}: {seconds:.1f} s, {busy:.1f} of a processor, {ratio:.2f} × the peer")
    kept = promise("rank all France, whole process, first time", min(first)[0], FIRST, "s")
    return promise("the same again", min(again)[0], AGAIN, "s") and kept


def rates(folder: Path) -> tuple[Prospects, bool]:
    """Return the rates, and whether those that were kept are soon read again."""
    from analysis.tables.workspace import Workspace
    from analysis.workflows.ranking import Scenario, prospects_of

    scenario, seconds = Scenario("left", "2027_pres_t1"), []
    shutil.rmtree(folder / ".rates", ignore_errors=True)
    for _ in range(2):
        started = time.perf_counter()
        found = prospects_of(Workspace(folder), scenario)
        seconds.append(time.perf_counter() - started)
    print(f"      rates of {len(found.table):,} bureaux, worked out: {seconds[0]:.1f} s")
    return found, promise("rates that were kept", seconds[1], KEPT, "s")


def seconds_of(prospects: Prospects, size: int) -> float:
    from analysis.targeting.rank import Settings, rank_bureaux

    part = replace(prospects, table=prospects.table.head(size))
    started = time.perf_counter()
    rank_bureaux(part, Settings(hours=100_000.0, draws=1000))
    return time.perf_counter() - started


def draws(prospects: Prospects, runs: int) -> bool:
    sizes = [min(size, len(prospects.table)) for size in SIZES]
    # The sizes in turn, so that a busy moment of the machine meets all of them.
    rounds = [{size: seconds_of(prospects, size) for size in sizes} for _ in range(runs)]
    taken = {size: min(found[size] for found in rounds) for size in sizes}
    for size, seconds in taken.items():
        each = 1e6 * seconds / size
        print(f"      {size:,} bureaux, 1,000 draws: {seconds:.2f} s, {each:.1f} µs a bureau")
    smallest, largest = min(sizes), max(sizes)
    growth = taken[largest] / largest / (taken[smallest] / smallest)
    kept = promise(f"rank {largest:,} bureaux with 1,000 draws", taken[largest], SECONDS, "s")
    name = f"time per bureau at {largest:,} against {smallest:,}"
    return promise(name, growth, LINEAR, "×") and kept


def measure(given: Path | None, aside: Path, runs: int) -> bool:
    folder = built(given, aside)
    kept = whole_process(folder, runs)
    prospects, soon = rates(folder)
    return draws(prospects, runs) and soon and kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--job", choices=("peer",))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.job:
        print(json.dumps({"seconds": peer(asked.folder)}))
    else:
        with tempfile.TemporaryDirectory() as made:
            sys.exit(not measure(asked.workspace, Path(made), asked.runs))

"""Ranking all bureaux of France with 1,000 draws: seconds, and whether time grows linearly.

python benchmarks/rank_france.py [--workspace DIR] [--runs N]

Without --workspace, France is built into a temporary folder first. The fastest of
the runs counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from common import FILES, need_france, promise

if TYPE_CHECKING:
    from analysis.targeting.prospects import Prospects

SECONDS, LINEAR = 3.0, 1.3
SIZES = (10_000, 35_000, 69_000)


def prospects_of(folder: Path) -> Prospects:
    from analysis.readers.calendar import election_of
    from analysis.tables.elections import Choice
    from analysis.tables.workspace import Workspace
    from analysis.targeting.prospects import prepare
    from analysis.workflows.build import Inputs, build

    if not (folder / "manifest.json").is_file():
        need_france()
        build(Inputs(*FILES), folder)
    started = time.perf_counter()
    prospects = prepare(Workspace(folder), Choice("left"), election_of("2027_pres_t1"))
    seconds = time.perf_counter() - started
    print(f"      rates of {len(prospects.table):,} bureaux, worked out once: {seconds:.1f} s")
    return prospects


def seconds_of(prospects: Prospects, size: int) -> float:
    from analysis.targeting.rank import Settings, rank_bureaux

    part = replace(prospects, table=prospects.table.head(size))
    started = time.perf_counter()
    rank_bureaux(part, Settings(hours=100_000.0, draws=1000))
    return time.perf_counter() - started


def measure(folder: Path, runs: int) -> bool:
    prospects = prospects_of(folder)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        sys.exit(not measure(given.workspace or Path(aside) / "france", given.runs))

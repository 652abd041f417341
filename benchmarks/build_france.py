"""Building all France against pyarrow reading and rewriting the same two files.

python benchmarks/build_france.py [--runs N]

Each side runs in a process of its own, in turn, on a warm file cache; the fastest
run of each counts. The peer writes what it read with pyarrow's defaults.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from common import FILES, in_child, need_france, promise

RATIO, MEMORY_GB = 3.0, 3.0


def build(folder: Path) -> None:
    from analysis.workflows.build import Inputs
    from analysis.workflows.build import build as build_workspace

    build_workspace(Inputs(*FILES), folder / "france")


def peer(folder: Path) -> None:
    import pyarrow.parquet as pq

    for file in FILES:
        pq.write_table(pq.read_table(file), folder / file.name)


def run_job(job: str, folder: Path) -> None:
    started = time.perf_counter()
    {"build": build, "peer": peer}[job](folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes.
    gigabytes = peak / (1e9 if sys.platform == "darwin" else 1e9 / 1024)
    print(json.dumps({"seconds": seconds, "gigabytes": gigabytes}))


def measure(runs: int) -> bool:
    need_france()
    for file in FILES:
        file.read_bytes()
    found: dict[str, list[dict[str, float]]] = {"peer": [], "build": []}
    for _ in range(runs):
        for job, results in found.items():
            with tempfile.TemporaryDirectory() as folder:
                results.append(in_child(__file__, job, Path(folder)))
    seconds = {job: min(r["seconds"] for r in results) for job, results in found.items()}
    peak = {job: max(r["gigabytes"] for r in results) for job, results in found.items()}
    print(f"      build of all France {seconds['build']:.1f} s, {peak['build']:.2f} GB")
    print(f"      pyarrow, read and rewrite {seconds['peer']:.1f} s, {peak['peer']:.2f} GB")
    kept = promise(
        "build of all France against pyarrow", seconds["build"] / seconds["peer"], RATIO, "×"
    )
    return promise("peak memory of the build", peak["build"], MEMORY_GB, "GB") and kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--job", choices=("build", "peer"))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.job:
        run_job(given.job, given.folder)
    else:
        sys.exit(not measure(given.runs))

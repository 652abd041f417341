"""Building all France, as a whole process, against pyarrow rewriting the same two files.

python benchmarks/build_france.py [--runs N]

The build is `python -m analysis build`, from the start of the interpreter to its end. The
peer reads and writes with pyarrow's defaults in a process that has done so once before.
Both run in turn, on a warm file cache; the fastest run of each counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import FILES, ROOT, in_child, need_france, promise

RATIO, MEMORY_GB = 3.0, 3.0


def peer(folder: Path) -> float:
    import pyarrow.parquet as pq

    for _ in range(2):
        started = time.perf_counter()
        for file in FILES:
            pq.write_table(pq.read_table(file), folder / file.name)
    return time.perf_counter() - started


def build(folder: Path) -> tuple[float, float]:
    """Run the command; return its seconds and the gigabytes it needed at most."""
    command = [sys.executable, "-m", "analysis", "build", "--workspace", str(folder / "france")]
    started = time.perf_counter()
    child = subprocess.Popen(
        [*command, "--results", *map(str, FILES)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit("the build failed")
    # Linux counts kibibytes, macOS bytes.
    return seconds, usage.ru_maxrss / (1e9 if sys.platform == "darwin" else 1e9 / 1024)


def measure(runs: int) -> bool:
    need_france()
    for file in FILES:
        file.read_bytes()
    theirs, ours, peak = [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(in_child(__file__, "peer", Path(folder))["seconds"])
            seconds, gigabytes = build(Path(folder))
        ours.append(seconds)
        peak.append(gigabytes)
    print(f"      build of all France, whole process {min(ours):.1f} s")
    print(f"      pyarrow, read and rewrite, warm {min(theirs):.1f} s")
    kept = promise("build of all France against pyarrow", min(ours) / min(theirs), RATIO, "×")
    return promise("peak memory of the build", max(peak), MEMORY_GB, "GB") and kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--job", choices=("peer",))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.job:
        print(json.dumps({"seconds": peer(given.folder)}))
    else:
        sys.exit(not measure(given.runs))

"""What the benchmarks share: where repository and test data are, and how a promise reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FRANCE = ROOT.parent / "shared" / "data" / "france"
FILES = (FRANCE / "general_results.parquet", FRANCE / "candidats_results.parquet")

# The benchmarks are run as files; the library lies beside their folder.
sys.path.insert(0, str(ROOT))


def need_france() -> None:
    """Say so and end well where the national files are not at hand."""
    if missing := [file.name for file in FILES if not file.is_file()]:
        print(f"not measured: {', '.join(missing)} not found in ../shared/data/france")
        sys.exit(0)


def promise(name: str, measured: float, limit: float, unit: str) -> bool:
    """Print one promise with its limit, and tell whether it is kept."""
    kept = measured <= limit
    print(
        f"{'PASS' if kept else 'FAIL'}  {name}: {measured:.3g} {unit} "
        f"(limit {limit:.3g} {unit}, {measured / limit:.2f} of it)",
        flush=True,
    )
    return kept


def promise_least(name: str, measured: float, limit: float, unit: str) -> bool:
    """Print one promise of at least so much, and tell whether it is kept."""
    kept = measured >= limit
    print(
        f"{'PASS' if kept else 'FAIL'}  {name}: {measured:.3g} {unit} "
        f"(at least {limit:.3g} {unit}, {measured / limit:.2f} of it)",
        flush=True,
    )
    return kept


def in_child(script: str, job: str, folder: Path) -> dict[str, Any]:
    """Run one job of a benchmark in a process of its own; return what it prints as JSON."""
    command = [sys.executable, script, "--job", job, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))

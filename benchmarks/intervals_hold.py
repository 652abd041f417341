"""Draw what `validate` found of chances told and come, and print how often intervals held.

python benchmarks/intervals_hold.py FILE.json [--bloc left] [--out PNG] [--language fr]

FILE is what `python -m analysis validate --workspace DIR --out FILE.json` wrote. The promise: over
the five worlds, 90% intervals of gain hold between 88 and 92 times of 100, on the mean of blocs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from common import promise


def main() -> int:
    """Print coverage by bloc, keep or break the promise, write the picture."""
    from analysis.charts.reliability_chart import reliability_chart
    from analysis.targeting.calibration import MOVEMENTS, Calibration

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--bloc", default="left")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--language", default="fr")
    asked = parser.parse_args()
    told = json.loads(asked.file.read_text(encoding="utf-8"))["calibration"]
    found = {bloc: Calibration.from_json(one) for bloc, one in told.items()}
    for bloc, one in found.items():
        parts = (
            f"{m}: {one.coverage(m):.3f} ± {one.errors.get(m, np.nan):.3f}, apart {one.gap(m):.3f}"
            for m in MOVEMENTS
        )
        print(f"{bloc:<10} {'; '.join(parts)}")
    mean = float(np.mean([one.coverage() for one in found.values()]))
    kept = promise("coverage, distance from .90", abs(mean - 0.90), 0.02, "")
    if asked.out:
        chart = reliability_chart(found[asked.bloc], language=asked.language)
        chart.savefig(asked.out, dpi=110)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

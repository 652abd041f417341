"""Draw what `validate` found of chances told and come, and print how often intervals held.

python benchmarks/intervals_hold.py FILE.json [--bloc left] [--out PNG] [--language fr]
python benchmarks/intervals_hold.py WORKSPACE [--pasts 150] [--for 2027_pres_t1]

FILE is what `python -m analysis validate --workspace DIR --out FILE.json` wrote. The promise: over
the five worlds, 90% intervals of gain hold between 88 and 92 times of 100, on the mean of blocs.
Of a WORKSPACE more pasts are drawn, so that the promise can be held to for every bloc.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import promise

if TYPE_CHECKING:
    from analysis.targeting.calibration import Calibration

FOUR = ("left", "centre", "right", "far_right")


def main() -> int:
    """Print coverage by bloc, keep or break the promise, write the picture."""
    from analysis.charts.reliability_chart import reliability_chart
    from analysis.targeting.calibration import MOVEMENTS, Calibration

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, metavar="FILE or WORKSPACE")
    parser.add_argument("--pasts", type=int, default=150)
    parser.add_argument("--for", dest="target", default="2027_pres_t1")
    parser.add_argument("--bloc", default="left")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--language", default="fr")
    asked = parser.parse_args()
    if asked.file.is_dir():
        found = _drawn(asked.file, asked.target, asked.pasts)
    else:
        told = json.loads(asked.file.read_text(encoding="utf-8"))["calibration"]
        found = {bloc: Calibration.from_json(one) for bloc, one in told.items()}
    kept = []
    for bloc, one in found.items():
        parts = (
            f"{m}: {one.coverage(m):.3f} ± {one.errors.get(m, np.nan):.3f}, apart {one.gap(m):.3f}"
            for m in MOVEMENTS
        )
        print(f"{bloc:<10} {'; '.join(parts)}", flush=True)
        if asked.file.is_dir():
            kept.append(promise(f"{bloc}, distance from .90", abs(one.coverage() - 0.90), 0.02, ""))
    mean = float(np.mean([one.coverage() for one in found.values()]))
    kept.append(promise("coverage, distance from .90", abs(mean - 0.90), 0.02, ""))
    if asked.out:
        chart = reliability_chart(found[asked.bloc], language=asked.language)
        chart.savefig(asked.out, dpi=110)
    return 0 if all(kept) else 1


def _drawn(folder: Path, election: str, pasts: int) -> dict[str, Calibration]:
    from analysis.tables.elections import Choice
    from analysis.targeting.calibration import NUMBERS, calibrate
    from analysis.targeting.prospects import prepare
    from analysis.workflows.ranking import open_workspace, target_of

    workspace = open_workspace(folder)
    target = target_of(workspace, election)
    return {
        bloc: calibrate(
            prepare(workspace, Choice(bloc), target),
            bloc,
            # Other chance than what `validate` uses: its twenty-four pasts are not among them.
            np.random.default_rng(77),
            size=(pasts, NUMBERS),
        )
        for bloc in FOUR
    }


if __name__ == "__main__":
    sys.exit(main())

"""Sheets and phone pages: seconds for 500 sheets, bytes of the largest page.

python benchmarks/sheets.py [--workspace DIR] [--turfs N] [--runs N] [--targets FILE]

Without --workspace, the embedded town is built into a temporary folder. The fastest of the
runs counts. Beside it, in the same run: the maps alone, drawn with matplotlib. With --targets, a
file of `rank`: the whole field kit against the cutting of the same turfs, in processor seconds.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from common import ROOT, promise

if TYPE_CHECKING:
    from analysis.exports.field_kit.kit import Kit
    from analysis.tables.workspace import Workspace

SECONDS, PAGE_KB = 15.0, 400.0
KIT_OVER_CUT = 1.0
STOPS = 12
PEER = 10  # maps that matplotlib draws; more would only take longer


def town(folder: Path) -> Workspace:
    from analysis.workflows.build import Inputs, build

    town = ROOT / "data_samples" / "valmont"
    results = (town / name for name in ("general_results.csv", "candidats_results.csv"))
    inputs = Inputs(
        *results,
        contours={2024: town / "contours_2024.geojson"},
        squares=town / "carreaux_200m.csv",
        addresses=town / "adresses-99.csv.gz",
        electors=town / "electeurs_par_adresse.csv",
        fictional=True,
    )
    return build(inputs, folder)


def copied(given: Path | None, aside: Path) -> Workspace:
    """Return a workspace of our own: a campaign writes its key into it."""
    from analysis.tables.workspace import Workspace

    if given is None:
        return town(aside / "town")
    shutil.copytree(given, aside / "copy")
    return Workspace(aside / "copy")


def kit_for(workspace: Workspace, turfs: int, stops: int = STOPS) -> Kit:
    from analysis.exports.field_kit.sheets import kit_of
    from tests.analysis.exports.walks_made import walks_of

    return kit_of(walks_of(workspace, turfs=turfs, stops=stops), workspace)


def peer_seconds(kit: Kit) -> float:
    """Return how long matplotlib takes for one map with its numbers, saved as PDF."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    started = time.perf_counter()
    for stops in [*kit.tables.values()][:PEER]:
        figure = Figure(figsize=(8.27, 4))
        chart = figure.add_axes((0, 0, 1, 1))
        chart.set_axis_off()
        chart.plot(stops["longitude"], stops["latitude"], "o--")
        west, east, south, north = *chart.get_xlim(), *chart.get_ylim()
        if kit.surroundings is not None:
            lines = kit.surroundings.segments
            x, y = lines[:, 0], lines[:, 1]
            near = (x > west) & (x < east) & (y > south) & (y < north)
            chart.add_collection(LineCollection(lines[near].reshape(-1, 2, 2), color="0.7"))
        for row in stops.itertuples():
            chart.annotate(str(row.stop), (row.longitude, row.latitude))
        figure.savefig(io.BytesIO(), format="pdf")
    return (time.perf_counter() - started) / PEER


def measure(workspace: Workspace, turfs: int, runs: int) -> bool:
    from analysis.exports.field_kit.phone import phone_page
    from analysis.exports.field_kit.sheets import sheets_pdf

    started = time.perf_counter()
    kit = kit_for(workspace, turfs)
    count = len(kit.tables)
    print(f"      facts and surroundings of {count} turfs: {time.perf_counter() - started:.1f} s")
    taken, worked = [], []
    for _ in range(runs):
        started, busy = time.perf_counter(), time.process_time()
        size = len(sheets_pdf(kit))
        taken.append(time.perf_counter() - started)
        worked.append(time.process_time() - busy)
    each = min(taken) / count
    # Both: a machine that others use makes the first many times the second.
    told = f"{min(taken):.1f} s, {min(worked):.1f} s of processor"
    print(f"      {count} sheets: {told}, {size / count / 1000:.1f} kB each")
    peer = peer_seconds(kit)
    print(f"      a map alone in matplotlib: {1000 * peer:.0f} ms, {peer / each:.1f} of our sheets")
    kept = promise(f"{turfs} sheets as PDF", each * turfs, SECONDS, "s")
    sizes = [len(phone_page(kit, turf_id)) / 1000 for turf_id in [*kit.tables][:: count // 20 or 1]]
    crowded = kit_for(workspace, turfs=1, stops=150)
    sizes.append(len(phone_page(crowded, "T0001")) / 1000)
    print(f"      phone pages: {min(sizes):.0f} to {max(sizes):.0f} kB (the last has 150 stops)")
    return promise("largest phone page", max(sizes), PAGE_KB, "kB") and kept


def measure_kit(workspace: Workspace, targets: Path) -> bool:
    """Compare the seconds of cutting with those of writing all that the teams take along."""
    from analysis.exports.field_kit.sheets import write_kit
    from analysis.workflows.turf_output import kit_for as kit_of_walks
    from analysis.workflows.turfs import Ask, make_walks

    started = time.process_time()
    walks = make_walks(workspace, targets, Ask())
    cut = time.process_time() - started
    kit = kit_of_walks(walks, workspace)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as out:
        files = len(write_kit(kit, out))
    written = time.process_time() - started
    print(f"      {len(kit.tables)} turfs cut in {cut:.1f} s, {files} files in {written:.1f} s")
    return promise("writing over cutting", written / cut, KIT_OVER_CUT, "times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--turfs", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--targets", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        place = copied(given.workspace, Path(aside))
        kept = measure(place, given.turfs, given.runs)
        if given.targets:
            kept = measure_kit(place, given.targets) and kept
        sys.exit(not kept)

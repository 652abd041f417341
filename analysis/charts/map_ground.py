"""The ground under every map, declared once: streets, outlines and labels, and how each looks.

Screens, pages to send, prints, sheets and phones draw from the same `Ground`; `STYLES` says which
lines are drawn at which scale, how wide, and in which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.geography.outlines import ARRONDISSEMENT, COMMUNE, outlines


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How a kind of line is drawn.

    Attributes
    ----------
    width_m
        Width on the ground.
    least_px, most_px
        Bounds of the width on screen.
    shown_m
        Drawn where a pixel is at most so many metres.
    named_m
        Named where a pixel is at most so many metres; 0 for never.
    """

    width_m: float
    least_px: float
    most_px: float
    shown_m: float
    named_m: float


# In the order they are drawn, the least important first.
STYLES: Mapping[str, LineStyle] = {
    "water": LineStyle(70.0, 1.5, 26.0, 400.0, 12.0),
    "path": LineStyle(3.0, 0.4, 2.5, 4.0, 1.2),
    "street": LineStyle(8.0, 0.5, 7.0, 14.0, 2.6),
    "main": LineStyle(14.0, 0.9, 12.0, 60.0, 6.0),
    "fast": LineStyle(14.0, 0.9, 12.0, 60.0, 7.0),
    "motorway": LineStyle(14.0, 0.8, 10.0, 120.0, 8.0),
}


WATER = "#86b5dc"
QUARTIER = "quartier"


@dataclass(frozen=True)
class Ground:
    """What lies under the colours of a map.

    Attributes
    ----------
    streets
        `name`, `kind`, one line for each stretch of one name and kind; metric CRS.
    outlines
        `level`, `code`, polygons of communes and arrondissements.
    labels
        `text`, `level`, `geometry`: a point inside what the label names.
    """

    streets: gpd.GeoDataFrame
    outlines: gpd.GeoDataFrame
    labels: gpd.GeoDataFrame


@dataclass(frozen=True, slots=True)
class TileSource:
    """Images of the ground on a server.

    Attributes
    ----------
    url
        Address with `{z}`, `{x}` and `{y}` (Web Mercator, 256 pixels).
    attribution
        Whom to name where they are shown.
    deepest
        Greatest zoom the server has.
    """

    url: str
    attribution: str
    deepest: int = 19


OPENSTREETMAP = TileSource("https://tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap")


@dataclass(frozen=True)
class Backdrop:
    """What lies under a map that leaves the house.

    Attributes
    ----------
    ground
        Drawn always; None where nothing is known of it.
    tiles
        Who offers images, for a map on screen that has network; None for nobody.
    """

    ground: Ground | None = None
    tiles: TileSource | None = OPENSTREETMAP


def ground_of(
    bureaux: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    names: Mapping[str, str],
    quartiers: Mapping[str, str] | None = None,
) -> Ground:
    """Return what maps of some bureaux draw under or over their colours.

    Parameters
    ----------
    bureaux
        A `schema.BUREAUX` table of one vintage.
    streets
        A `schema.STREETS` table in the same CRS; may be empty.
    names
        Name of each commune by its id.
    quartiers
        Name of the quartier of each bureau by its id, where they are known.

    Returns
    -------
    Ground
        In the CRS of `bureaux`.
    """
    grounds = outlines(bureaux)
    several = grounds["level"].eq(COMMUNE).sum() > 1
    named = grounds[(grounds["level"] == ARRONDISSEMENT) | several]
    texts = [
        arrondissement_label(code) if level == ARRONDISSEMENT else names.get(code, code)
        for level, code in zip(named["level"], named["code"], strict=True)
    ]
    points = shapely.point_on_surface(named.geometry.to_numpy())
    labels = gpd.GeoDataFrame(
        {"text": pd.Series(texts, dtype="str"), "level": named["level"].to_numpy()},
        geometry=points,
        crs=bureaux.crs,
    )
    if quartiers:
        # Last: where two names would touch, that of the larger part stays.
        labels = pd.concat([labels, _quartiers(bureaux, quartiers)], ignore_index=True)
    return Ground(merged_streets(streets), grounds, labels)


def _quartiers(bureaux: gpd.GeoDataFrame, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Return a label for each quartier, inside its largest piece."""
    own = bureaux["bureau_id"].astype("str").map(names)
    pieces = bureaux.geometry.groupby(own.to_numpy()).agg(
        lambda some: shapely.point_on_surface(_largest(shapely.union_all(some.to_numpy())))
    )
    return gpd.GeoDataFrame(
        {"text": pd.Series(pieces.index, dtype="str"), "level": QUARTIER},
        geometry=pieces.to_numpy(dtype=object),
        crs=bureaux.crs,
    )


def _largest(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return parts[np.argmax(shapely.area(parts))]


def arrondissement_label(code: str) -> str:
    """Return « 1er », « 18e »: what people call it, in any language of the screen."""
    number = int(code)
    return "1er" if number == 1 else f"{number}e"


# What bears such a name, or is so long, is what people find their way by.
_GREAT = r"(?i)(?:boulevard|avenue|quai|cours|bd|av)\b"
_GREAT_M = 1_500.0


def _great(streets: gpd.GeoDataFrame) -> pd.Series:
    named = streets["name"] != ""
    length = streets["length_m"].groupby(streets["name"]).transform("sum")
    return named & (streets["name"].str.match(_GREAT) | (length >= _GREAT_M))


# Width of the window of a map on screen over its height.
_WINDOW = 1.7
# Streets that a screen draws at once without waiting.
_FEW = 2_500


def in_window(
    streets: gpd.GeoDataFrame, bounds: np.ndarray, *, around_m: float, most: int = _FEW
) -> gpd.GeoDataFrame:
    """Return the streets round what is drawn, and those that the window shows beside.

    Parameters
    ----------
    streets
        A `schema.STREETS` table.
    bounds
        West, south, east and north of what is drawn, metres.
    around_m
        Every street this close is there.
    most
        Where the window shows more than these, only great ones stand beside.

    Returns
    -------
    geopandas.GeoDataFrame
        Rows of `streets`.
    """
    corners = bounds.reshape(2, 2) + [[-around_m], [around_m]]
    wide, high = corners[1] - corners[0]
    beside = np.array([max(0.0, _WINDOW * high - wide), max(0.0, wide / _WINDOW - high)]) / 2
    near = streets.intersects(shapely.box(*corners[0], *corners[1]))
    seen = streets.intersects(shapely.box(*(corners[0] - beside), *(corners[1] + beside)))
    known = ~streets["kind"].isin(["street", "path"]) | _great(streets)
    return streets[seen if seen.sum() <= most else near | (seen & known)]


def merged_streets(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return streets as one line for each stretch of one name and kind, by importance.

    Parameters
    ----------
    streets
        A `schema.STREETS` table.

    Returns
    -------
    geopandas.GeoDataFrame
        `name`, `kind`, lines.
    """
    if streets.empty:
        return streets[["name", "kind", "geometry"]]
    # « main » here and « fast » there are one boulevard to whoever reads its name.
    kind = streets["kind"].replace({"fast": "main"})
    kind = kind.mask((kind == "street") & _great(streets), "main")
    groups = streets.geometry.groupby([streets["name"].to_numpy(), kind.to_numpy()], sort=True)
    joined = groups.agg(
        lambda lines: shapely.line_merge(shapely.multilinestrings(list(lines.to_numpy())))
    )
    lines, row = shapely.get_parts(joined.to_numpy(dtype=object), return_index=True)
    table = joined.index.to_frame(index=False, name=["name", "kind"]).iloc[row]
    order = table["kind"].map({kind: n for n, kind in enumerate(STYLES)}).to_numpy()
    length = shapely.length(lines)
    first = np.lexsort((-length, order))
    merged = gpd.GeoDataFrame(
        table.reset_index(drop=True), geometry=np.asarray(lines, dtype=object), crs=streets.crs
    )
    return merged.iloc[first].reset_index(drop=True)


def light(ground: Ground, *, close_m: float, most_points: int) -> Ground:
    """Return a ground for a file that is to stay small.

    Parameters
    ----------
    ground
        In a metric CRS.
    close_m
        A line may be drawn so far from where it runs.
    most_points
        Points of streets; where there would be more, the least important kinds are left out.

    Returns
    -------
    Ground
        With simpler lines; outlines and labels are as they were.
    """
    lines = shapely.simplify(ground.streets.geometry.to_numpy(), close_m)
    streets = ground.streets.assign(geometry=lines).set_crs(ground.streets.crs)
    points = pd.Series(shapely.get_num_coordinates(lines)).groupby(streets["kind"].to_numpy()).sum()
    by_importance = points.reindex([*STYLES][::-1]).fillna(0).cumsum()
    kept = [kind for kind in STYLES if by_importance[kind] <= most_points]
    return replace(ground, streets=streets[streets["kind"].isin(kept)].reset_index(drop=True))

"""What every reader of streets does at the end: keeps those of the place, checks, reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, Text, some
from analysis.tables.schema import STREETS
from analysis.tables.sources import LeftOut, Report, Source

ROLE = "streets"
# A walk round the edge of a place leaves it; farther out nobody goes.
MARGIN_M = 1_000.0


def streets_of_place(  # noqa: PLR0913 - each tells what a file does not
    path: Path,
    lines: gpd.GeoDataFrame,
    *,
    within: shapely.Geometry | None,
    licence: str,
    left_out: tuple[LeftOut, ...] = (),
    notes: tuple[str, ...] = (),
) -> tuple[gpd.GeoDataFrame, Report]:
    """Return the streets in and round a place.

    Parameters
    ----------
    path
        The file they were read from.
    lines
        `street_id`, `name`, `kind`, `walkable`, `one_way`, lines in the metric CRS; `length_m`
        where the source measures it.
    within
        Outline of the place, metric; None keeps all.
    licence
        What the file is published under.
    left_out
        What the reader has left out already, by reason.
    notes
        What it had to mend.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.STREETS` table, and the report.

    Raises
    ------
    DataError
        When no street of the file lies in the place.
    """
    geometry = lines.geometry.to_numpy()
    length = shapely.length(geometry)
    # A corner that lies nowhere makes the length endless.
    drawn = (length > 0) & np.isfinite(length)
    table = lines[drawn].reset_index(drop=True)
    if within is not None:
        table = table[_near(table.geometry.to_numpy(), within)].reset_index(drop=True)
    if table.empty:
        raise DataError(
            "No street of this file lies in the place."
            if len(lines)
            else "No way of this file is a street with its points.",
            where="{file}: {n} street(s) read; {left_out}"
            if left_out
            else "{file}: {n} street(s) read",
            mend="Give streets of the commune or of its département.",
            file=path.name,
            n=len(lines),
            left_out=some(Text("{reason}: {n}", reason=o.reason, n=o.count) for o in left_out),
        )
    if "length_m" not in table:
        table["length_m"] = shapely.length(table.geometry.to_numpy())
    # A way may be there twice, whole or cut at the border of two extracts.
    twice = (
        table["street_id"] + " " + shapely.to_wkb(table.geometry.to_numpy(), hex=True)
    ).duplicated()
    copies = int(twice.sum())
    table = table[~twice].reset_index(drop=True)
    again = table["street_id"].groupby(table["street_id"]).cumcount()
    table["street_id"] = np.where(
        again > 0, table["street_id"] + "-" + (again + 1).astype(str), table["street_id"]
    )
    kept = STREETS.check(table[list(STREETS.columns)])
    far = int(drawn.sum()) - len(table) - copies
    gone = _left_out(left_out, empty=int((~drawn).sum()), far=far, copies=copies)
    read = len(table) + sum(item.count for item in gone)
    source = Source.of(path, role=ROLE, licence=licence)
    return kept, Report(source, read, len(table), gone, notes)


def _near(lines: np.ndarray, within: shapely.Geometry) -> np.ndarray:
    near = shapely.buffer(within, MARGIN_M)
    shapely.prepare(near)
    return np.asarray(shapely.intersects(near, lines))


def _left_out(
    told: tuple[LeftOut, ...], *, empty: int, far: int, copies: int
) -> tuple[LeftOut, ...]:
    more = (
        LeftOut(Text("a line without length"), empty),
        LeftOut(Text("a copy of another row"), copies),
        LeftOut(Text("more than {m} m from the place", m=int(MARGIN_M)), far),
    )
    return (*told, *(item for item in more if item.count))


def as_lines(rows: list[dict[str, Any]], shapes: list[Any], crs: str) -> gpd.GeoDataFrame:
    """Return rows and their lines (longitude, latitude) as one table in a metric CRS.

    Parameters
    ----------
    rows
        `street_id`, `name`, `kind`, `walkable`, `one_way` of each line.
    shapes
        Corners of each, (n, 2), longitude and latitude.
    crs
        Of the table returned, in metres.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per line, in the order of `rows`.
    """
    table = pd.DataFrame(rows, columns=["street_id", "name", "kind", "walkable", "one_way"])
    table = table.astype({"street_id": "str", "name": "str", "kind": "str"})
    table = table.astype({"walkable": bool, "one_way": bool})
    count = [len(shape) for shape in shapes]
    xy = np.concatenate(shapes) if shapes else np.empty((0, 2))
    line = np.repeat(np.arange(len(shapes)), count)
    geometry = shapely.linestrings(xy, indices=line) if shapes else []
    return gpd.GeoDataFrame(table, geometry=geometry, crs="OGC:CRS84").to_crs(crs)

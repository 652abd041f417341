"""Polygons that stand in a column of a table, as exports of open data portals have them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.readers.beginnings import cells_of, delimiter_of, encoding_of, plain
from analysis.readers.packed import opened

# Opendatasoft, PostGIS, QGIS.
SHAPES = frozenset({"geoshape", "geometry", "geom", "thegeom", "wkt", "wktgeom", "geojson"})
_START = 1 << 16


def column_of_shapes(names: Iterable[str]) -> str:
    """Return the name of the column that holds shapes; "" where none does."""
    return next((name for name in names if plain(name) in SHAPES), "")


def is_table_of_shapes(path: Path) -> bool:
    """Tell whether a text is a table with a column of shapes."""
    with opened(path) as stream:
        start = stream.read(_START)
    return b"\0" not in start and bool(column_of_shapes(_header(start)[0]))


def read_table_of_shapes(path: Path) -> gpd.GeoDataFrame:
    """Read a table with shapes as GeoJSON or WKT, in longitude and latitude unless they say more.

    Raises
    ------
    ValueError
        When it cannot be read as a table.
    """
    with opened(path) as stream:
        start = stream.read(_START)
    names, delimiter, encoding = _header(start)
    with opened(path) as stream:
        table = pd.read_csv(stream, sep=delimiter, encoding=encoding, dtype=str)
    column = str(table.columns[names.index(column_of_shapes(names))])
    texts = table[column].fillna("").str.strip()
    shapes = np.array([_shape(text) for text in texts], dtype=object)
    return gpd.GeoDataFrame(table.drop(columns=column), geometry=shapes, crs=4326)


def _shape(text: str) -> shapely.Geometry | None:
    """Return the shape of a cell; None where it holds none."""
    if text.startswith("{"):
        return shapely.from_geojson(text, on_invalid="ignore")
    return shapely.from_wkt(text.partition(";")[2] or text, on_invalid="ignore") if text else None


def _header(start: bytes) -> tuple[list[str], str, str]:
    encoding = encoding_of(start)
    first = next(iter(start.decode(encoding, errors="ignore").lstrip("\ufeff").splitlines()), "")
    delimiter = delimiter_of(first)
    return cells_of(first, delimiter), delimiter, encoding

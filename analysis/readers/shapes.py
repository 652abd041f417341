"""Shapes from any file: opened, brought into a metric CRS."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from analysis.errors import DataError, some
from analysis.geography.crs import checked_metric
from analysis.geography.transformer import transformer
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.outside_links import refuse_acting, refuse_bomb
from analysis.readers.packed import refuse_large, without_gzip
from analysis.readers.shape_tables import is_table_of_shapes, read_table_of_shapes
from analysis.readers.system_of_shapes import Expected, with_crs

# Shapefile, its table, GeoPackage, FlatGeobuf, Parquet.
_BINARY = (b"\x00\x00\x27\x0a", b"\x03", b"SQLite format 3\x00", b"fgb", b"PAR1")
# What lies beside shapes in a zip; never opened as shapes unless it is a virtual layer.
_BESIDE = {
    *(".dbf", ".shx", ".prj", ".cpg", ".qmd", ".qpj", ".sbn", ".sbx", ".qix"),
    *(".txt", ".md", ".pdf", ".html", ".xml"),
}
_SHAPES = {".shp", ".gpkg", ".geojson", ".json", ".fgb", ".kml"}
_ROUND_THE_EARTH_M = 4.1e7
# Beyond the area of a system no neighbour of what lies in it reaches so far.
_REACH_DEG = 5.0
_MOST_COLUMNS, _COUNTED = 2_000, 64 << 20
_START = 4096  # bytes in which GDAL looks for what a file is


def read_shapes(
    path: Path, *, layer: str = "", crs: str = "", metric: str = "", communes: Collection[str] = ()
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read every row of a file of shapes, with a CRS that is known.

    Parameters
    ----------
    path
        GeoJSON, TopoJSON, GeoPackage, Shapefile (alone or zipped), FlatGeobuf, KML, GeoParquet.
    layer
        Which one of several.
    crs
        The CRS of a file that names none; empty to trust the file.
    metric
        Metric CRS of a French place; coordinates that can only be Lambert-93 need no name there.
    communes
        Codes of the communes of that place: metres of one system alone lie there.

    Returns
    -------
    geopandas.GeoDataFrame
        The rows as they are, and what GDAL only warned of or had to be guessed.

    Raises
    ------
    DataError
        When the file is missing, empty, damaged, without shapes or without CRS.
    """
    if not path.is_file():
        raise DataError("There is no such file.", where="{path}", mend="Check the path.", path=path)
    if path.stat().st_size == 0:
        raise DataError(
            "{file} is empty.", where="{path}", mend="Download it again.", file=path.name, path=path
        )
    path = without_gzip(path)
    refuse_others(path)
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            raw = _open(path, layer)
    except DataError:
        raise
    # A damaged file makes GDAL, GEOS and Arrow raise each its own.
    except (RuntimeError, ValueError, OSError, IndexError, shapely.GEOSException) as error:
        raise _damaged(path, error) from error
    if not isinstance(raw, gpd.GeoDataFrame) or raw.empty or raw.geometry.isna().all():
        raise DataError(
            "{file} holds no shapes.",
            where="columns found: {columns}; {n} row(s)",
            mend="Give a file of polygons: GeoJSON, GeoPackage, Shapefile or GeoParquet.",
            file=path.name,
            columns=some(raw.columns, most=8),
            n=len(raw),
        )
    notes = [f"GDAL: {str(w.message).splitlines()[0]}" for w in heard]
    shapes, told = with_crs(raw, crs, path, Expected(metric, tuple(communes)))
    notes += told
    return shapes, tuple(dict.fromkeys(notes))


def columns_near(
    path: Path, bounds: tuple[float, float, float, float] | None, crs: str
) -> pd.DataFrame:
    """Return the columns, without the shapes, of the rows of a large file that touch a box.

    Parameters
    ----------
    path
        A GeoPackage.
    bounds
        West, south, east, north; None for all rows.
    crs
        Of the box.

    Returns
    -------
    pandas.DataFrame
        As the file has them.

    Raises
    ------
    DataError
        When it is not a file of shapes, or damaged.
    """
    refuse_others(path)
    try:
        theirs = pyogrio.read_info(path)["crs"]
        across = transformer(crs, theirs) if theirs and bounds else None
        box = across.transform_bounds(*bounds) if across and bounds else None
        return pyogrio.read_dataframe(path, bbox=box, read_geometry=False)
    except (RuntimeError, ValueError, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    told = str(error).partition("\n")[0].replace("/vsizip/", "").replace(str(path), path.name)
    return DataError(
        "{file} is not a file of shapes, or is cut or damaged.",
        where="{file}: {error}",
        mend="Download it again; give GeoJSON, GeoPackage, Shapefile (zipped) or GeoParquet.",
        file=path.name,
        error=told or type(error).__name__,
    )


def astray(shapes: gpd.GeoDataFrame, crs: str) -> np.ndarray:
    """Tell which shapes lie, or reach far to, where a metric CRS does not hold, where others do.

    Parameters
    ----------
    shapes
        In any CRS.
    crs
        The metric one.
    """
    area = checked_metric(crs).area_of_use
    if area is None:
        return np.zeros(len(shapes), dtype=bool)
    boxes = shapes.geometry.to_crs("EPSG:4326").bounds.to_numpy()
    away = np.array(
        [_apart(tuple(one), area.bounds) or _reaches_away(one, area.bounds) for one in boxes],
        dtype=bool,
    )
    return away & ~away.all()


def refuse_others(path: Path) -> None:
    """Refuse a file whose first bytes are of no format offered, whatever its name says.

    GDAL opens many more, and some of them make it read other files or ask other machines: a
    virtual layer (`<OGRVRTDataSource>`) named `.geojson` would.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    refuse_mistaken(path.name, start)
    if start.startswith(b"PK\x03\x04"):
        wrong = [name for name, first in _members(path) if not _is_offered(name, first)]
    else:
        wrong = [] if _is_offered("", start) or is_table_of_shapes(path) else [path.name]
    if wrong:
        raise DataError(
            "{file} is not a file of shapes that is read here.",
            where="{file}: {wrong}",
            mend="Give GeoJSON, GeoPackage, Shapefile (zipped), FlatGeobuf, KML or GeoParquet.",
            file=path.name,
            wrong=some(wrong),
        )
    refuse_acting(path)


def _is_offered(name: str, start: bytes) -> bool:
    """Tell whether the first bytes are of a format offered, or of what lies beside one in a zip."""
    if Path(name).suffix.lower() in _BESIDE:
        return b"VRT" not in start
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        return b"<kml" in text and b"VRT" not in text
    return text.startswith(b"{") or start.startswith(_BINARY)


def _members(path: Path) -> list[tuple[str, bytes]]:
    """Return the files of a zip with their first bytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_bomb(archive, path)
            found = []
            for one in archive.infolist():
                if not one.is_dir():
                    with archive.open(one) as file:
                        found.append((one.filename, file.read(_START)))
            return found
    # A member that is encrypted or packed in an unknown way raises RuntimeError.
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError) as error:
        raise DataError(
            "{file} is not a file of shapes, or is cut or damaged.",
            where="{file}: {error}",
            mend="Download it again; give GeoJSON, GeoPackage, Shapefile (zipped) or GeoParquet.",
            file=path.name,
            error=error,
        ) from error


def _open(path: Path, layer: str) -> pd.DataFrame:
    if path.suffix.lower() in {".parquet", ".geoparquet"}:
        refuse_large(path)
        return gpd.read_parquet(path)
    with path.open("rb") as file:
        text = file.read(_START).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text.startswith((b"{", b"<", b"PK")) and is_table_of_shapes(path):
        return _on_earth(read_table_of_shapes(path))
    # A ring that is not closed is closed; what cannot be mended is a row without a shape.
    more = {"layer": layer} if layer else {}
    whole = _in_folder(path)
    _refuse_wide(path, whole, more)
    return _on_earth(pyogrio.read_dataframe(whole, on_invalid="fix", **more))


def _refuse_wide(path: Path, whole: Path | str, more: dict[str, str]) -> None:
    """Refuse more columns than any table has: GDAL takes the square of their number to read them.

    Of a large file they are not counted, which would take a third of the time of reading it.
    """
    if path.stat().st_size > _COUNTED:
        return
    n = len(pyogrio.read_info(whole, **more)["fields"])
    if n > _MOST_COLUMNS:
        raise DataError(
            "{file} has {n} columns: no file of shapes has so many.",
            where="{file}",
            mend="Keep the column of the ids and those that are needed; at most {most}.",
            file=path.name,
            n=n,
            most=_MOST_COLUMNS,
        )


def _on_earth(raw: pd.DataFrame) -> pd.DataFrame:
    """Take away the shapes that lie nowhere: one endless coordinate is no reason to refuse all."""
    if not isinstance(raw, gpd.GeoDataFrame) or raw.empty:
        return raw
    beyond = raw.geometry.bounds.abs().max(axis=1) > _ROUND_THE_EARTH_M
    return raw.assign(geometry=raw.geometry.where(~beyond)) if beyond.any() else raw


def _in_folder(path: Path) -> Path | str:
    """Return the address of the one file of shapes in a zip, or of the folder of several.

    Raises
    ------
    DataError
        When it holds several that cannot be layers of one another.
    """
    if path.suffix.lower() != ".zip":
        return path
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    shapes = [n for n in names if Path(n).suffix.lower() in _SHAPES and "__MACOSX" not in n]
    if len(shapes) <= 1:
        return f"/vsizip/{path}/{shapes[0]}" if shapes else path
    folders = {str(PurePosixPath(name).parent) for name in shapes}
    if len(folders) > 1 or {Path(name).suffix.lower() for name in shapes} != {".shp"}:
        raise DataError(
            "{file} holds several files of shapes, and nothing tells which is meant.",
            where="{file}: {shapes}",
            mend="Take the one of the bureaux out of it, and give that.",
            file=path.name,
            shapes=some(shapes),
        )
    folder = folders.pop()
    return f"/vsizip/{path}" + ("" if folder == "." else f"/{folder}")


def fields_of(path: Path, layer: str) -> tuple[str, list[str]]:
    """Return the type of geometry of a layer and the names of its columns."""
    told = pyogrio.read_info(_in_folder(path), layer=layer)
    return str(told["geometry_type"] or ""), list(map(str, told["fields"]))


def layers_of(path: Path) -> list[str]:
    """Return the names of the layers of a file of shapes; none of one that cannot be opened.

    Raises
    ------
    DataError
        When it is of no format offered.
    """
    refuse_others(path)
    try:
        return [str(name) for name, _kind in pyogrio.list_layers(_in_folder(path))]
    except (RuntimeError, ValueError):
        return []  # the reading itself says what is wrong with the file


def to_metric(shapes: gpd.GeoDataFrame, crs: str, *, file: str) -> gpd.GeoDataFrame:
    """Bring shapes into a metric CRS.

    Parameters
    ----------
    shapes
        In any CRS.
    crs
        The one wanted, such as EPSG:2154.
    file
        Its name, for the error.

    Returns
    -------
    geopandas.GeoDataFrame
        A new table, coordinates in metres.

    Raises
    ------
    DataError
        When the CRS is not metric, or the shapes lie where it does not hold.
    """
    target = checked_metric(crs)
    west, south, east, north = shapes.to_crs("EPSG:4326").total_bounds
    area = target.area_of_use
    if area and _apart((west, south, east, north), area.bounds):
        raise DataError(
            "The shapes do not lie where {crs} holds ({area}).",
            where="{file}: longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}",
            mend="Check the place; look for swapped longitude and latitude or a wrong CRS.",
            crs=crs,
            area=area.name.split(" - ")[0],
            file=file,
            west=west,
            east=east,
            south=south,
            north=north,
        )
    moved = shapes.to_crs(target)
    return moved.set_geometry(shapely.force_2d(moved.geometry.to_numpy()), crs=target)


def _reaches_away(one: np.ndarray, other: tuple[float, ...]) -> bool:
    """Tell whether a box of degrees reaches far beyond another: a corner at 0, 0 does."""
    beside = one[0] < other[0] - _REACH_DEG or one[2] > other[2] + _REACH_DEG
    if other[0] > other[2]:
        beside = False
    return bool(beside or one[1] < other[1] - _REACH_DEG or one[3] > other[3] + _REACH_DEG)


def _apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Tell whether boxes of degrees do not meet; `other` may cross the antimeridian."""
    beside = one[0] > other[2] or one[2] < other[0]
    if other[0] > other[2]:
        beside = one[0] > other[2] and one[2] < other[0]
    return beside or one[1] > other[3] or one[3] < other[1]

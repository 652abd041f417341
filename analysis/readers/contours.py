"""Contours of bureaux de vote, from any file of polygons and any spelling of their ids."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePath

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, Listed, Text, some
from analysis.readers.codes import Named, arrondissement_of, in_place, parts
from analysis.readers.contour_ids import ID_NAMES, OF_BUREAUX, find_ids, ids_of_terrain
from analysis.readers.glance import GEOGRAPHIC, NO, OF_OTHERS, PERHAPS, SURE, Glance
from analysis.readers.polygons import dissolve, outlines, overlaps, repair
from analysis.readers.shape_tables import column_of_shapes
from analysis.readers.shapes import astray, fields_of, layers_of, read_shapes, to_metric
from analysis.tables.schema import BUREAUX, commune_of
from analysis.tables.sources import UNSTATED, LeftOut, Report, Source

_NAME_NAMES = ("llieu", "nombureauvote", "libelle", "nom_bureau", "lieu", "nom", "name")
# Files that may hold several layers.
_LAYERED = frozenset({".gpkg", ".zip", ".kml"})


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file does not say of itself; French files need nothing of it.

    Attributes
    ----------
    id_column, commune_column
        Columns of the unit and, where units repeat between communes, of the commune; a
        terrain's own may be made of several columns.
    commune
        The commune of every row of a terrain outside France without `commune_column`.
        With either of the two, ids are taken as they stand: `commune_unit`.
    layer, crs
        Which layer of several; the CRS of a file that names none.
    licence
        What the file is published under.
    """

    id_column: Named = ""
    commune_column: Named = ""
    commune: str = ""
    layer: str = ""
    crs: str = ""
    licence: str = UNSTATED

    @property
    def foreign(self) -> bool:
        """Whether ids are the terrain's own, not French codes."""
        return bool(self.commune_column or self.commune)


FRENCH = Layout()


def sniff(glance: Glance) -> float:
    """Tell polygons of bureaux by what they are called; other polygons are none."""
    if glance.suffix == ".zip":
        return PERHAPS
    packed = glance.suffix == ".gz" and "FeatureCollection" in glance.text
    if glance.suffix not in GEOGRAPHIC and not packed:
        drawn = column_of_shapes(glance.columns) and not OF_OTHERS.search(glance.name)
        return PERHAPS if drawn else NO
    if OF_OTHERS.search(glance.name):
        return NO
    properties = " ".join(re.findall(r'"properties"\s*:\s*\{([^{}]*)', glance.text))
    if properties:
        known = OF_BUREAUX.search(f"{PurePath(glance.name).stem} {properties}")
        return SURE if known else NO
    # What is not text cannot be looked into here: polygons are what one brings.
    is_text = glance.suffix in {".geojson", ".json"}
    return NO if is_text and "FeatureCollection" not in glance.text else PERHAPS


def read_contours(  # noqa: PLR0913 - each tells what one file does not
    path: Path | str,
    *,
    vintage: int,
    crs_metric: str,
    communes: tuple[str, ...] = (),
    layout: Layout = FRENCH,
    known: Collection[str] = (),
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read the polygons of the bureaux of one vintage.

    Parameters
    ----------
    path
        Any file GDAL reads (GeoJSON, GeoPackage, Shapefile or a zip of it), or GeoParquet.
    vintage
        The year the contours are of.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    communes
        Communes or départements to keep; empty for all. One commune alone also
        lends its code to ids that are numbers only.
    layout
        What the file does not say of itself.
    known
        Ids of the results: a column that holds them is one of ids, whatever its name.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.BUREAUX` table, and the report of what was repaired or left out.

    Raises
    ------
    DataError
        When the file cannot be read, has no CRS, no polygons or no column of ids,
        or holds other places than those asked for.
    """
    file = Path(path)
    layer, chosen = (layout.layer, ()) if layout.layer else _layer(file, parts(layout.id_column))
    metric = "" if layout.foreign else crs_metric
    of = {one.rpartition("_")[0] for one in known}
    raw, notes = read_shapes(file, layer=layer, crs=layout.crs, metric=metric, communes=of)
    shapes, left_out = _with_ids(raw, communes, layout, (file.name, known))
    if communes and not layout.foreign:
        shapes = _inside(shapes, communes, left_out, file.name)
    shapes = _without(shapes, shapes.geometry.isna() | shapes.is_empty, Text("no shape"), left_out)
    shapes = _without(
        shapes, astray(shapes, crs_metric), Text("lies in another part of the world"), left_out
    )
    shapes, repaired = repair(to_metric(shapes, crs_metric, file=file.name))
    shapes = _without(shapes, shapely.area(shapes.geometry) == 0, Text("not a polygon"), left_out)
    if shapes.empty:
        raise DataError(
            "{file} holds no polygon with an id.",
            where="{file}: {left_out}",
            mend="Give the areas of the bureaux, not the points of the voting places.",
            file=file.name,
            left_out=Listed(
                (Text("{reason}: {n}", reason=o.reason, n=o.count) for o in left_out), "; "
            ),
        )
    bureaux, joined = dissolve(shapes, "bureau_id")
    whole = outlines(bureaux) & ~bureaux["bureau_id"].isin(list(known)).to_numpy()
    gone = shapes["bureau_id"].isin(bureaux.loc[whole, "bureau_id"])
    shapes = _without(shapes, gone, Text("the outline of others put together"), left_out)
    bureaux = bureaux[~whole].reset_index(drop=True)
    table = BUREAUX.check(bureaux.assign(vintage=vintage))
    report = Report(
        Source.of(file, role=f"contours {vintage}", licence=layout.licence),
        rows_read=len(raw),
        rows_kept=len(shapes),
        left_out=tuple(left_out),
        notes=(*chosen, *notes, *repaired, *joined, *overlaps(bureaux, "bureau_id")),
    )
    return gpd.GeoDataFrame(table, crs=crs_metric), report


def _layer(file: Path, wanted: tuple[str, ...]) -> tuple[str, tuple[Text, ...]]:
    """Return which layer of several holds bureaux, by its polygons and names; "" of one alone."""
    if not file.is_file() or file.stat().st_size == 0 or file.suffix.lower() not in _LAYERED:
        return "", ()
    names = layers_of(file)
    if len(names) <= 1:
        return "", ()

    def speaks(name: str) -> int:
        kind, fields = fields_of(file, name)
        known = {*map(str.lower, fields)} & {*ID_NAMES, *map(str.lower, wanted)}
        return 4 * ("Polygon" in kind) + 2 * bool(known) + bool(OF_BUREAUX.search(name))

    best = max(names, key=speaks)
    layers = some((name for name in names if name != best), most=8)
    return best, (Text("read the layer {layer}, not {layers}", layer=best, layers=layers),)


def expect_known(
    contours: gpd.GeoDataFrame, known_ids: Collection[str], *, file: str, results: str = ""
) -> None:
    """Raise unless at least one bureau of the results has a contour.

    Parameters
    ----------
    contours
        `bureau_id`, `commune_id`, one row per bureau.
    known_ids
        Bureaux of the results.
    file, results
        Names of the files of both, for the error.

    Raises
    ------
    DataError
        When no id is in common; it says whether the communes are, and names both files.
    """
    if contours["bureau_id"].isin(list(known_ids)).any():
        return
    communes = {bureau.rpartition("_")[0] for bureau in known_ids}
    same = communes & set(contours["commune_id"])
    raise DataError(
        "The contours and the results are of the same commune, but no bureau has the same number."
        if same
        else "The contours and the results are of different places.",
        where="contours {file}: communes {commune_id}, ids {bureau_id}; results {results}: "
        "communes {communes}, ids {known_ids}",
        mend="Name the column of the bureaux' numbers with --contours-id COLUMN (in a column map: "
        "id under [geometry]), or give contours of another year."
        if same
        else "Whichever of the two files is of another place than yours, replace that one.",
        file=file,
        results=results,
        commune_id=some(contours["commune_id"].unique()),
        bureau_id=some(contours["bureau_id"]),
        communes=some(sorted(communes)),
        known_ids=some(sorted(known_ids)),
    )


def _without(
    shapes: gpd.GeoDataFrame, mask: np.ndarray | pd.Series, reason: str, left_out: list[LeftOut]
) -> gpd.GeoDataFrame:
    """Leave rows out, and write it down."""
    gone = np.asarray(mask, dtype=bool)
    if not gone.any():
        return shapes
    left_out.append(LeftOut(reason, int(gone.sum()), some(shapes["said"].to_numpy()[gone])))
    return shapes[~gone]


def _with_ids(
    raw: gpd.GeoDataFrame,
    communes: tuple[str, ...],
    layout: Layout,
    given: tuple[str, Collection[str]],
) -> tuple[gpd.GeoDataFrame, list[LeftOut]]:
    """Give every row `bureau_id`, `commune_id` and `name`; rows without an id are left out."""
    if layout.foreign:
        commune = layout.commune_column or layout.commune
        named = bool(layout.commune_column)
        ids = ids_of_terrain(raw, layout.id_column, commune, given=given, named=named)
        column = parts(layout.id_column)[-1]
    else:
        column, ids = find_ids(raw, communes, str(layout.id_column), given)
    spelt = {str(name).lower(): name for name in raw.columns if name != column}
    name = next((spelt[n] for n in _NAME_NAMES if n in spelt), None)
    shapes = gpd.GeoDataFrame(
        {
            "bureau_id": ids,
            "commune_id": commune_of(ids),
            "name": raw[name].fillna("").astype("str") if name else "",
            "said": raw[column].astype("str").where(raw[column].notna(), "(empty)"),
        },
        geometry=raw.geometry,
    )
    left_out: list[LeftOut] = []
    return _without(shapes, ids == "", Text("no id of a bureau"), left_out), left_out


def _inside(
    shapes: gpd.GeoDataFrame, communes: tuple[str, ...], left_out: list[LeftOut], file: str
) -> gpd.GeoDataFrame:
    """Keep the rows of the communes asked for."""
    inside = {bureau: _lies_in(bureau, communes) for bureau in shapes["bureau_id"].unique()}
    if not any(inside.values()):
        raise DataError(
            "The contours are of another place than the one asked for.",
            where="{file}: communes {inside}; asked for: {communes}",
            mend="Give the contours of the same commune, or the right place with --place.",
            file=file,
            inside=some(shapes["commune_id"].unique()),
            communes=some(communes),
        )
    return _without(shapes, ~shapes["bureau_id"].map(inside), Text("outside the place"), left_out)


def _lies_in(bureau: str, places: tuple[str, ...]) -> bool:
    commune, _, number = bureau.rpartition("_")
    return in_place(commune, places, arrondissement_of(commune, number))

"""Streets of IGN's BD TOPO: its class `troncon_de_route`, in any file of shapes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import DataError, Text, some
from analysis.readers.beginnings import plain
from analysis.readers.glance import GEOGRAPHIC, NO, SURE, Glance
from analysis.readers.shapes import layers_of, read_shapes, to_metric
from analysis.readers.street_tables import streets_of_place
from analysis.tables.sources import LeftOut, Report

LICENCE = Text("Licence Ouverte 2.0 (BD TOPO, IGN)")

_CLASS = "troncon_de_route"
# The second spellings are those of Shapefiles, whose names have ten letters.
_COLUMNS = {
    "street_id": ("cleabs", "id"),
    "nature": ("nature",),
    "importance": ("importance", "importanc"),
    "state": ("etat_de_l_objet", "etat"),
    "direction": ("sens_de_circulation", "sens"),
}
_NAMES = (
    *("nom_voie_ban_gauche", "nom_voie_ban_droite", "nom_v_ban_g", "nom_v_ban_d"),
    # Eleven letters, of which a Shapefile keeps ten.
    *("nom_v_ban_", "nom_v_ban1"),
    *("nom_collaboratif_gauche", "nom_collaboratif_droite", "nom_coll_g", "nom_coll_d"),
    *("nom_1_gauche", "nom_1_droite", "nom_1_g", "nom_1_d"),
    *("nom_voie_g", "nom_voie_d"),
)
_KINDS = {
    "Type autoroutier": "motorway",
    "Bretelle": "fast",
    **dict.fromkeys(("Route à 2 chaussées", "Route à 1 chaussée", "Rond-point"), "street"),
    **dict.fromkeys(("Route empierrée", "Chemin", "Sentier", "Escalier", "Piste cyclable"), "path"),
}
# Importance 1 to 3: between regions, towns and quarters.
_MAIN = ("1", "2", "3")


def sniff(glance: Glance) -> float:
    """Tell the class by its name or by the columns that only it has."""
    if glance.suffix not in GEOGRAPHIC | {".zip", ".parquet"}:
        return NO
    named = _CLASS in glance.name.lower()
    return SURE if named or '"sens_de_circulation"' in glance.text.lower() else NO


def read_bd_topo(
    path: Path | str, *, crs_metric: str, within: shapely.Geometry | None = None
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read the pieces of road of BD TOPO.

    Parameters
    ----------
    path
        GeoPackage (of the class or of all classes), Shapefile, GeoJSON or GeoParquet.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    within
        Outline of the place, metric; None keeps all.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.STREETS` table, and the report.

    Raises
    ------
    DataError
        When the file cannot be read, lacks columns, or holds no street of the place.
    """
    file = Path(path)
    raw, assumed = read_shapes(file, layer=_layer(file), metric=crs_metric)
    raw = gpd.GeoDataFrame(raw.rename(columns=str.lower), geometry=raw.geometry.to_numpy())
    raw = raw.set_crs(raw.crs or None)
    found = {new: next((c for c in old if c in raw), "") for new, old in _COLUMNS.items()}
    if missing := [new for new in ("street_id", "nature") if not found[new]]:
        raise DataError(
            "{file} is not BD TOPO's class troncon_de_route.",
            where="without a column for {missing}; columns found: {columns}",
            mend="Give the layer troncon_de_route (theme Transport) of BD TOPO.",
            file=file.name,
            missing=some(missing),
            columns=some(raw.columns, most=8),
        )
    table, report = _table(file, raw, found, crs_metric, within)
    return table, replace(report, notes=(*assumed, *report.notes))


def _layer(file: Path) -> str:
    """Return the layer to read of a file that holds all classes."""
    if file.suffix.lower() != ".gpkg" or not file.is_file():
        return ""
    return next((name for name in layers_of(file) if _CLASS in name.lower()), "")


def _table(
    file: Path,
    raw: gpd.GeoDataFrame,
    found: dict[str, str],
    crs: str,
    within: shapely.Geometry | None,
) -> tuple[gpd.GeoDataFrame, Report]:
    texts = {new: _texts(raw, old) for new, old in found.items()}
    kind = texts["nature"].map(plain).map({plain(name): kind for name, kind in _KINDS.items()})
    kind = kind.mask((kind == "street") & texts["importance"].isin(_MAIN), "main")
    shapeless = raw.geometry.isna() | raw.is_empty
    built = texts["state"].isin(("", "En service"))
    left_out = tuple(
        LeftOut(reason, int(rows.sum()), some(texts["nature"][rows].unique()))
        for reason, rows in (
            (Text("not in service"), ~built),
            (Text("no way on the ground"), built & kind.isna()),
            (Text("no shape"), built & kind.notna() & shapeless),
        )
        if rows.any()
    )
    kept = built & kind.notna() & ~shapeless
    moved = to_metric(raw.loc[kept, ["geometry"]], crs, file=file.name)
    # A piece is one line; files of shapes may wrap it as a collection of one.
    parts, row = shapely.get_parts(moved.geometry.to_numpy(), return_index=True)
    table = pd.DataFrame(
        {
            "street_id": texts["street_id"],
            "name": _names(raw),
            "kind": kind.astype("str"),
            "walkable": kind.ne("motorway"),
            "one_way": texts["direction"].isin(("Sens direct", "Sens inverse")),
        }
    )[kept].iloc[row]
    lines = gpd.GeoDataFrame(table.reset_index(drop=True), geometry=parts, crs=moved.crs)
    return streets_of_place(file, lines, within=within, licence=LICENCE, left_out=left_out)


def _texts(raw: pd.DataFrame, column: str) -> pd.Series:
    if not column:
        return pd.Series("", index=raw.index, dtype="str")
    return raw[column].fillna("").astype("str").str.strip()


def _names(raw: pd.DataFrame) -> pd.Series:
    """Return the first name a piece has, that of the address base before the tax office's."""
    names = pd.Series("", index=raw.index, dtype="str")
    for column in _NAMES:
        if column in raw:
            names = names.where(names != "", _texts(raw, column))
    return pd.Series(
        np.where(names.str.fullmatch(r"(?i:nc|sans nom|inconnu)"), "", names), index=raw.index
    ).map(lambda name: re.sub(r"\s+", " ", name))

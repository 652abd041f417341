"""What a place's maps stand on: its ground, and the images a server offers of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pandas as pd

from analysis.charts.map_ground import (
    OPENSTREETMAP,
    QUARTIER,
    Backdrop,
    Ground,
    TileSource,
    ground_of,
)
from analysis.errors import DataError
from analysis.geography.crs import metric_crs
from analysis.tables.schema import commune_of
from analysis.tables.workspace import Workspace
from analysis.workflows.own_tiles import OFF, named_tiles

if TYPE_CHECKING:
    import geopandas as gpd

# Files that draw streets and names themselves.
_DRAWN = (".html", ".pdf", ".png")


# Géoplateforme, WMTS without a key, Licence Ouverte 2.0.
PLAN_IGN = TileSource(
    "https://data.geopf.fr/wmts?SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile"
    "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png"
    "&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
    "Plan IGN",
    18,
)


def tiles_of(workspace: Workspace) -> TileSource | None:
    """Return who offers images of a place; None for an invented one, which is on no map."""
    url, credit = named_tiles(os.environ)
    if workspace.fictional or url == OFF:
        return None
    if url:
        return TileSource(url, credit)
    if workspace.manifest.get("terrain"):
        # A code of Bavaria, 09162001, begins as one of the Ariège.
        return OPENSTREETMAP
    communes = workspace.read("places")["commune_id"]
    return PLAN_IGN if len(communes) and _is_french(str(communes.iloc[0])) else OPENSTREETMAP


def _is_french(commune: str) -> bool:
    try:
        metric_crs(commune)
    except DataError:
        return False
    return True


def ground_in(workspace: Workspace, bureaux: gpd.GeoDataFrame) -> Ground:
    """Return the ground under maps of some bureaux of a workspace.

    Parameters
    ----------
    workspace
        The place; one without streets gives outlines and labels.
    bureaux
        Its bureaux of one vintage, those on the map.

    Returns
    -------
    Ground
        In the metric CRS of the workspace.
    """
    import geopandas as gpd

    streets = gpd.GeoDataFrame(workspace.read("streets"))
    names = workspace.read("places").set_index("commune_id")["name"]
    zones = workspace.read("zones")
    quartiers = zones[zones["kind"] == QUARTIER].set_index("bureau_id")["name"].astype("str")
    return ground_of(bureaux, streets, names.to_dict(), quartiers.to_dict())


def backdrop_in(workspace: Workspace, bureaux: gpd.GeoDataFrame, suffix: str) -> Backdrop | None:
    """Return what lies under a map that leaves the house.

    Parameters
    ----------
    workspace
        The place.
    bureaux
        Its bureaux of one vintage, those on the map.
    suffix
        Of the file.

    Returns
    -------
    Backdrop or None
        The ground, and who offers images of the place; None for files that draw no map.
    """
    if suffix.lower() not in _DRAWN or bureaux.empty:
        return None
    return Backdrop(ground_in(workspace, bureaux), tiles_of(workspace))


def ground_round(workspace: Workspace, bureau_ids: pd.Series) -> Ground | None:
    """Return the ground of the communes that some bureaux are in; None without contours.

    Parameters
    ----------
    workspace
        The place.
    bureau_ids
        Which bureaux.

    Returns
    -------
    Ground or None
        Of their last vintage, in the metric CRS of the workspace.
    """
    import geopandas as gpd

    bureaux = gpd.GeoDataFrame(workspace.read("bureaux"))
    communes = commune_of(bureau_ids).unique()
    near = bureaux[bureaux["commune_id"].isin(communes)]
    near = near[near["vintage"] == near["vintage"].max()]
    return ground_in(workspace, near) if len(near) else None

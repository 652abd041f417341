"""The streets of a place: read with the other files, and walked on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from analysis.errors import Text
from analysis.geography.street_names import name_streets
from analysis.readers.street_tables import ROLE
from analysis.tables.sources import Report
from analysis.tables.workspace import Workspace
from analysis.turf.graph import StreetGraph, graph_of


def read_streets(
    file: Path, addresses: gpd.GeoDataFrame, *, crs: str, within: shapely.Geometry | None
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read streets in any layout; nameless ones take the name of the addresses along them.

    Parameters
    ----------
    file
        OpenStreetMap, BD TOPO or a graph as text.
    addresses
        A `schema.ADDRESSES` table in `crs`; may be empty.
    crs
        Metric CRS of the place.
    within
        Its outline; None keeps all.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.STREETS` table, and the report.

    Raises
    ------
    DataError
        When the file cannot be read, or holds no street of the place.
    """
    streets, report = _read(file, crs_metric=crs, within=within)
    named = name_streets(streets, addresses)
    more = int((named["name"] != streets["name"]).sum())
    if not more:
        return named, report
    note = Text("{n} pieces without a name took that of the addresses along them", n=more)
    return named, replace(report, notes=(*report.notes, note))


def graph_in(workspace: Workspace) -> StreetGraph | None:
    """Return the graph of the streets of a workspace; None where it has none."""
    if not workspace.has(ROLE):
        return None
    files = [s["source"]["file"] for s in workspace.manifest["sources"]]
    roles = [s["source"]["role"] for s in workspace.manifest["sources"]]
    name = str(files[roles.index(ROLE)]) if ROLE in roles else ROLE
    return graph_of(gpd.GeoDataFrame(workspace.read(ROLE)), name)


def graph_in_file(file: Path, workspace: Workspace) -> StreetGraph:
    """Return the graph of a file of streets in any layout, in the CRS of a workspace.

    Raises
    ------
    DataError
        When the file cannot be read, or holds no street that can be walked.
    """
    streets, _report = _read(file, crs_metric=workspace.crs)
    return graph_of(streets, file.name)


def _read(file: Path, **of_place: Any) -> tuple[gpd.GeoDataFrame, Report]:  # noqa: ANN401
    # Brings what reads workbooks too: a cut on the streets of the place waits for none of it.
    from analysis.readers.reader_registry import reader_of

    streets, report = reader_of(ROLE, file).read(file, **of_place)
    return streets, report

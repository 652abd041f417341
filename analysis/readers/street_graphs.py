"""Streets of a graph saved as text: corners, and edges with the time a car takes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from analysis.errors import Text
from analysis.readers.glance import NO, SURE, Glance
from analysis.readers.street_tables import streets_of_place
from analysis.tables.sources import UNSTATED, Report
from analysis.turf.graph import CROSSED_KMH, WALKED_KMH, read_edges

_LEAST_NUMBERS = 2


def sniff(glance: Glance) -> float:
    """Tell a graph by its first two lines: counts, then a latitude and a longitude."""
    lines = glance.text.split("\n", 2)
    if glance.suffix != ".txt" or len(lines) < _LEAST_NUMBERS:
        return NO
    head, first = lines[0].split(), lines[1].split()
    counts = len(head) >= _LEAST_NUMBERS and all(word.isdecimal() for word in head)
    return SURE if counts and len(first) == _LEAST_NUMBERS and "." in first[0] else NO


def read_street_graph(
    path: Path | str, *, crs_metric: str, within: shapely.Geometry | None = None
) -> tuple[gpd.GeoDataFrame, Report]:
    """Read the edges of a street graph as streets without a name.

    Parameters
    ----------
    path
        As `turf.graph.read_graph` takes it.
    crs_metric
        As `geography.crs.metric_crs` gives it.
    within
        Outline of the place, metric; None keeps all.

    Returns
    -------
    geopandas.GeoDataFrame
        A `schema.STREETS` table, in the order of the file, and the report.

    Raises
    ------
    DataError
        When the file cannot be read, or holds no street of the place.
    """
    file = Path(path)
    edges, nodes, name = read_edges(file, crs_metric)
    speed = edges["speed_kmh"].to_numpy()
    kind = np.select([speed > WALKED_KMH, speed > CROSSED_KMH], ["motorway", "fast"], "street")
    table = pd.DataFrame(
        {
            "street_id": "edge/" + pd.Series(np.arange(len(edges)).astype(str)),
            "name": pd.Series("", index=edges.index, dtype="str"),
            "kind": pd.Series(kind, dtype="str"),
            "walkable": speed <= WALKED_KMH,
            "one_way": edges["one_way"],
            "length_m": edges["length_m"],
        }
    )
    lines = shapely.linestrings(nodes[edges[["a", "b"]].to_numpy()])
    mended = name.removeprefix(file.name).strip(" ()")
    notes = (Text("lengths brought back from degrees to metres"),) if mended else ()
    frame = gpd.GeoDataFrame(table, geometry=lines, crs=crs_metric)
    return streets_of_place(file, frame, within=within, licence=UNSTATED, notes=notes)

"""The ground of a map as one small file that a browser fetches once: streets, outlines, labels.

Its coordinates are written as those of the contours are (`geometry.py`): whole steps of Web
Mercator, each the difference from the point before.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analysis.charts.map_ground import STYLES, Ground
from analysis.workflows.base_maps import TileSource
from pages._ui.bureau_map.geometry import publish, varints, with_header

LAYOUT = 1
# Drawn above every street, in this order.
OUTLINES = ("arrondissement", "commune")
# A line this close to another drawing of it looks the same at every scale of the map.
_CLOSE_M, _STEP_M = 1.0, 0.5


def publish_ground(ground: Ground, *, digest: str, folder: Path | None = None) -> str:
    """Write the ground where the browser can fetch it, once per `digest`; return its address.

    Parameters
    ----------
    ground
        In a metric CRS.
    digest
        Names the content.
    folder
        Where files are written; by default where `publish_geometry` writes.

    Raises
    ------
    DataError
        When the folder cannot be written.
    """
    return publish(f"{digest}-ground-{LAYOUT}.bin", lambda: encode_ground(ground), folder)


def publish_style(source: TileSource, *, folder: Path | None = None) -> str:
    """Write a MapLibre style of grey images where the browser can fetch it; return its address."""
    raster = {"type": "raster", "tiles": [source.url], "tileSize": 256, "maxzoom": source.deepest}
    grey = {"raster-saturation": -1, "raster-opacity": 0.75}
    layer = {"id": "images", "type": "raster", "source": "images", "paint": grey}
    sources = {"images": raster | {"attribution": source.attribution}}
    text = json.dumps({"version": 8, "sources": sources, "layers": [layer]}).encode()
    return publish(f"style-{hashlib.sha256(text).hexdigest()[:16]}.json", lambda: text, folder)


def encode_ground(ground: Ground) -> bytes:
    """Return the file: header (JSON), kind and name of each line, points of each, coordinates."""
    lines = pd.concat([ground.streets, _borders(ground)], ignore_index=True)
    plane = gpd.GeoSeries(lines.geometry, crs=ground.outlines.crs).to_crs(3857)
    west, _south, _east, north = plane.total_bounds
    xy, row = shapely.get_coordinates(plane.to_numpy(), return_index=True)
    steps = np.rint((xy - [west, north]) * [1 / _STEP_M, -1 / _STEP_M]).astype(np.int64)
    codes, names = pd.factorize(lines["name"].fillna(""), sort=True)
    kinds = [*STYLES, *OUTLINES]
    header = {
        "step": _STEP_M,
        "west": west,
        "north": north,
        "lines": len(lines),
        "points": len(steps),
        "names": names.tolist(),
        "kinds": kinds,
        "styles": [_style(kind) for kind in kinds],
        "labels": _labels(ground, np.array([west, north])),
    }
    kind = lines["kind"].map({name: n for n, name in enumerate(kinds)}).to_numpy(dtype=np.uint8)
    moves = np.diff(steps, axis=0, prepend=0).ravel()
    counts = np.bincount(row, minlength=len(lines)).astype(np.int64)
    columns = [kind.tobytes(), varints(np.concatenate([codes.astype(np.int64), counts]))]
    return with_header(header, [*columns, varints((moves << 1) ^ (moves >> 63))])


def _borders(ground: Ground) -> gpd.GeoDataFrame:
    """Return the outlines as lines, a common border once, the commune's over all others."""
    frames = []
    for level in OUTLINES:
        shapes = ground.outlines.loc[ground.outlines["level"] == level]
        if len(shapes):
            edges = shapely.union_all(shapely.boundary(shapes.geometry.to_numpy()))
            parts = shapely.get_parts(shapely.line_merge(shapely.simplify(edges, _CLOSE_M)))
            table = pd.DataFrame({"name": [""] * len(parts), "kind": level})
            frames.append(gpd.GeoDataFrame(table, geometry=parts, crs=ground.outlines.crs))
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=ground.outlines.crs)


def _style(kind: str) -> list[float]:
    style = STYLES.get(kind)
    if style is None:
        return []
    return [style.width_m, style.least_px, style.most_px, style.shown_m, style.named_m]


def _labels(ground: Ground, corner: NDArray[np.float64]) -> list[list[Any]]:
    xy = shapely.get_coordinates(ground.labels.geometry.to_crs(3857).to_numpy())
    steps = np.rint((xy - corner) * [1 / _STEP_M, -1 / _STEP_M]).astype(int)
    texts, levels = ground.labels["text"], ground.labels["level"]
    return [
        [text, level, int(x), int(y)]
        for text, level, (x, y) in zip(texts, levels, steps, strict=True)
    ]

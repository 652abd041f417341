"""The ground as one small file: what a browser draws streets, outlines and names from.

Quantised Web Mercator; points are differences from the point before, as
zigzag variable-length integers (the encoding of Protocol Buffers). `ground_lines.js` reads it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analysis.charts.map_ground import STYLES, Ground

# Drawn above every street, in this order.
OUTLINES = ("arrondissement", "commune")
# A line this close to another drawing of it looks the same at every scale of the map.
_CLOSE_M, _LINE_STEP_M = 1.0, 0.5


def script() -> str:
    """Return the script that draws such a file on a canvas."""
    return (files("analysis.charts") / "ground_lines.js").read_text(encoding="utf-8")


def with_header(header: dict[str, object], columns: list[bytes]) -> bytes:
    """Join a JSON header and binary columns, each starting on a multiple of four bytes."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    padded = [column + bytes(-len(column) % 4) for column in columns]
    return b"".join([len(text).to_bytes(4, "little"), text, *padded])


def varints(values: NDArray[np.int64]) -> bytes:
    """Write whole numbers ≥ 0 in as many groups of seven bits as each needs."""
    rest = values.astype(np.uint64)
    groups = [rest]
    while (groups[-1] > 0x7F).any():
        groups.append(groups[-1] >> np.uint64(7))
    # A number needs its first group, and each further one that is not zero.
    lengths = 1 + np.count_nonzero(groups[1:], axis=0) if groups[1:] else np.ones_like(values)
    starts = np.cumsum(lengths) - lengths
    out = np.zeros(int(np.sum(lengths)), dtype=np.uint8)
    for place, group in enumerate(groups):
        here = lengths > place
        more = (lengths[here] > place + 1).astype(np.uint8) << 7
        out[starts[here] + place] = (group[here] & np.uint64(0x7F)).astype(np.uint8) | more
    return out.tobytes()


def encode_ground(ground: Ground, *, step_m: float = _LINE_STEP_M) -> bytes:
    """Return the file: header (JSON), kind and name of each line, points of each, coordinates.

    Parameters
    ----------
    ground
        In a metric CRS.
    step_m
        Points lie on a grid of so many metres: a coarse one makes a small file.
    """
    lines = pd.concat([ground.streets, _borders(ground)], ignore_index=True)
    plane = gpd.GeoSeries(lines.geometry, crs=ground.outlines.crs).to_crs(3857)
    west, _south, _east, north = plane.total_bounds
    xy, row = shapely.get_coordinates(plane.to_numpy(), return_index=True)
    steps = np.rint((xy - [west, north]) * [1 / step_m, -1 / step_m]).astype(np.int64)
    codes, names = pd.factorize(lines["name"].fillna(""), sort=True)
    kinds = [*STYLES, *OUTLINES]
    header = {
        "step": step_m,
        "west": west,
        "north": north,
        "lines": len(lines),
        "points": len(steps),
        "names": names.tolist(),
        "kinds": kinds,
        "styles": [_line_style(kind) for kind in kinds],
        "labels": _label_rows(ground, np.array([west, north]), step_m),
    }
    kind = lines["kind"].map({name: n for n, name in enumerate(kinds)}).to_numpy(dtype=np.uint8)
    moves = np.diff(steps, axis=0, prepend=0).ravel()
    counts = np.bincount(row, minlength=len(lines)).astype(np.int64)
    columns = [kind.tobytes(), varints(np.concatenate([codes.astype(np.int64), counts]))]
    return with_header(header, [*columns, varints((moves << 1) ^ (moves >> 63))])


def encode_addresses(addresses: gpd.GeoDataFrame) -> bytes:
    """Return where houses are, for a search in a browser (JSON): street by street.

    Parameters
    ----------
    addresses
        `street`, `number`, `suffix` and points in any CRS; those without a number are left out.

    Returns
    -------
    bytes
        `[[street, [[house, east, north], …]], …]`: of each house how many metres of Web Mercator
        it lies from the one before, the first from nought.
    """
    there = addresses[addresses["number"].notna() & ~addresses.geometry.is_empty]
    plane = there.geometry.to_crs(3857)
    table = pd.DataFrame(
        {
            "street": there["street"].astype("str").to_numpy(),
            "number": there["number"].astype("int64").to_numpy(),
            "suffix": there["suffix"].fillna("").astype("str").to_numpy(),
            "x": np.rint(plane.x).astype("int64").to_numpy(),
            "y": np.rint(plane.y).astype("int64").to_numpy(),
        }
    ).sort_values(["street", "number", "suffix"], kind="stable")
    first = ~table["street"].duplicated()
    moves = table[["x", "y"]].diff().where(~first, table[["x", "y"]], axis=0).astype("int64")
    house = (table["number"].astype("str") + " " + table["suffix"]).str.strip()
    rows: dict[str, list[list[Any]]] = {}
    for street, name, x, y in zip(table["street"], house, moves["x"], moves["y"], strict=True):
        rows.setdefault(street, []).append([name, x, y])
    return json.dumps([*rows.items()], ensure_ascii=False, separators=(",", ":")).encode()


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


def _line_style(kind: str) -> list[float]:
    style = STYLES.get(kind)
    if style is None:
        return []
    return [style.width_m, style.least_px, style.most_px, style.shown_m, style.named_m]


def _label_rows(ground: Ground, corner: NDArray[np.float64], step_m: float) -> list[list[Any]]:
    xy = shapely.get_coordinates(ground.labels.geometry.to_crs(3857).to_numpy())
    steps = np.rint((xy - corner) * [1 / step_m, -1 / step_m]).astype(int)
    texts, levels = ground.labels["text"], ground.labels["level"]
    return [
        [text, level, int(x), int(y)]
        for text, level, (x, y) in zip(texts, levels, steps, strict=True)
    ]

"""Contours as one small file that a browser fetches once and keeps.

The file is quantised Web Mercator (the plane of map tiles), one step for the whole file, so the
shared border of two bureaux stays shared. Points are differences from the point before, as
zigzag variable-length integers (the encoding of Protocol Buffers).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from streamlit import config, file_util
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.charts.ground_file import encode_addresses, encode_ground, varints, with_header
from analysis.charts.map_ground import Ground, TileSource
from analysis.errors import DataError, some
from pages._ui.access import owned_files

# Part of the file's name: a browser must not show a new layout to an old reader, or the reverse.
LAYOUT = 1
GROUND_LAYOUT = 2
# Streamlit stops serving a static folder of more than 1 GB when it starts.
KEPT_BYTES = 500_000_000
_FINEST_STEP_M = 0.5
_STEPS_ACROSS = 2**17


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Contours that have been published.

    Attributes
    ----------
    url
        Where the browser fetches them.
    ids
        Bureaux that have a contour, in the order of the file: what `Paint` is aligned with.
    made
        The year of the addresses that the contours were made from; None where they were drawn.
    year
        The year the contours are of; None to leave it unsaid.
    ground
        Address of the streets, outlines and labels; "" where there are none.
    tiles
        Who offers images of the place; None for nobody.
    addresses
        Address of the houses that a search finds; "" where none is known.
    """

    url: str
    ids: pd.Index
    made: int | None = None
    year: int | None = None
    ground: str = ""
    tiles: TileSource | None = None
    addresses: str = ""

    def __len__(self) -> int:
        """Return how many bureaux are on the map."""
        return len(self.ids)


def publish_geometry(
    bureaux: gpd.GeoDataFrame, *, digest: str, folder: Path | None = None
) -> Geometry:
    """Write contours where the browser can fetch them, once per `digest`.

    Parameters
    ----------
    bureaux
        `bureau_id`, optionally `name`, and polygons in any CRS. Bureaux without a polygon are
        left out.
    digest
        Names the content: the same digest must mean the same contours.
    folder
        Where files are written; by default `static/geometry` beside the app, which Streamlit
        serves.

    Raises
    ------
    DataError
        When there is no CRS, no polygon at all, an id twice, or the folder cannot be written.
    """
    drawn = _drawn(bureaux)
    url = publish(f"{digest}-{LAYOUT}.bin", lambda: encode(drawn), folder)
    return Geometry(url, pd.Index(drawn["bureau_id"].to_numpy()))


def publish(name: str, content: Callable[[], bytes], folder: Path | None = None) -> str:
    """Write a file where the browser can fetch it, unless it is there; return its address.

    Parameters
    ----------
    name
        Of the file; the same name must mean the same content.
    content
        Makes it.
    folder
        By default `static/geometry` beside the app, which Streamlit serves.

    Raises
    ------
    DataError
        When the folder cannot be written.
    """
    name = owned_files.shared_name(name)
    file = (folder or _static_folder()) / name
    try:
        if file.exists():
            os.utime(file)  # the least recently used go first
        else:
            _write(file, content())
            _prune(file.parent)
    except OSError as error:
        raise DataError(
            "The contours cannot be written where the browser fetches them.",
            where="{file}: {strerror}",
            mend="Give the app write access to this folder, or free some space.",
            file=file,
            strerror=error.strerror,
        ) from error
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    root = f"/{base}" if base else ""
    return f"{root}/app/static/geometry/{name}"


def encode(bureaux: gpd.GeoDataFrame) -> bytes:
    """Return the file: length of the header, header (JSON), counts, then coordinates."""
    plane = bureaux.geometry.to_crs(3857).to_numpy()
    west, south, east, north = shapely.total_bounds(plane)
    step = max(_FINEST_STEP_M, max(east - west, north - south) / _STEPS_ACROSS)
    points, rings_of, points_of = _quantised(plane, np.array([west, north]), step)
    named = next((c for c in ("label", "name") if c in bureaux), "bureau_id")
    names = bureaux[named]
    header = {
        "step": step,
        "west": west,
        "north": north,
        "rings": len(points_of),
        "points": len(points),
        "ids": bureaux["bureau_id"].astype(str).tolist(),
        "names": names.fillna("").astype(str).tolist(),
    }
    moves = np.diff(points, axis=0, prepend=0).ravel()
    zigzag = (moves << 1) ^ (moves >> 63)
    counts = np.concatenate([rings_of, points_of])
    return with_header(header, [varints(counts), varints(zigzag)])


def _drawn(bureaux: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kinds = bureaux.geometry.geom_type
    drawn = bureaux[kinds.isin(["Polygon", "MultiPolygon"]) & ~bureaux.geometry.is_empty]
    if drawn.empty:
        raise DataError(
            "There is no contour to draw.",
            where="{n} bureau(x)",
            mend="Add contours to this place, or work with the table alone.",
            n=len(bureaux),
        )
    if drawn.crs is None:
        raise DataError(
            "The contours have no coordinate reference system.",
            where="bureaux",
            mend="Set it: bureaux.set_crs(2154), or the one of the file.",
        )
    twice = drawn["bureau_id"][drawn["bureau_id"].duplicated()]
    if len(twice):
        raise DataError(
            "{n} bureau(x) have more than one contour.",
            where="{twice}",
            mend="Give the contours of one vintage only.",
            n=len(twice),
            twice=some(twice),
        )
    return drawn


def _quantised(
    plane: NDArray[np.object_], corner: NDArray[np.float64], step: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return points (steps east and south of the corner), rings per bureau, points per ring."""
    parts, bureau_of_part = shapely.get_parts(plane, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    points = np.rint((xy - corner) * [1 / step, -1 / step]).astype(np.int64)
    # A ring closes itself, so its last point is the first again; rounding repeats others.
    last = np.append(np.diff(ring_of_point) > 0, True)
    same = np.append((np.diff(points, axis=0) == 0).all(axis=1), False)
    keep = ~(last | same)
    rings_of = np.bincount(bureau_of_part[part_of_ring], minlength=len(plane))
    return points[keep], rings_of, np.bincount(ring_of_point[keep], minlength=len(rings))


def _static_folder() -> Path:
    context = get_script_run_ctx(suppress_warning=True)
    script = context.main_script_path if context else str(Path(__file__).parents[3] / "app.py")
    return Path(file_util.get_app_static_dir(script)) / "geometry"


def _write(file: Path, content: bytes) -> None:
    """Write aside, then rename: a browser never fetches half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as aside:
        aside.write(content)
    # Temporary files are private by default; another user may run the server that serves this.
    Path(aside.name).chmod(0o644)
    Path(aside.name).replace(file)


def _prune(folder: Path) -> None:
    kept = 0
    for file in sorted(folder.glob("*.bin"), key=lambda f: f.stat().st_mtime, reverse=True):
        kept += file.stat().st_size
        if kept > KEPT_BYTES:
            file.unlink(missing_ok=True)


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
    return publish(f"{digest}-ground-{GROUND_LAYOUT}.bin", lambda: encode_ground(ground), folder)


def publish_addresses(
    addresses: gpd.GeoDataFrame, *, digest: str, folder: Path | None = None
) -> str:
    """Write where houses are where the browser can fetch it, when somebody looks for one.

    Parameters
    ----------
    addresses
        A `schema.ADDRESSES` table.
    digest
        Names the content.
    folder
        Where files are written; by default where `publish_geometry` writes.

    Returns
    -------
    str
        Its address; "" where no address is known.
    """
    if addresses.empty:
        return ""
    return publish(f"{digest}-houses.json", lambda: encode_addresses(addresses), folder)


def publish_style(source: TileSource, *, folder: Path | None = None) -> str:
    """Write a MapLibre style of grey images where the browser can fetch it; return its address."""
    raster = {"type": "raster", "tiles": [source.url], "tileSize": 256, "maxzoom": source.deepest}
    grey = {"raster-saturation": -1, "raster-opacity": 0.75}
    layer = {"id": "images", "type": "raster", "source": "images", "paint": grey}
    sources = {"images": raster | {"attribution": source.attribution}}
    text = json.dumps({"version": 8, "sources": sources, "layers": [layer]}).encode()
    return publish(f"style-{hashlib.sha256(text).hexdigest()[:16]}.json", lambda: text, folder)

"""Where the addresses of the roll are, and how sure the geocoder was of each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from analysis.errors import Text
from analysis.geography.crs import checked_metric
from analysis.geography.transformer import transformer
from analysis.readers.address_positions import TURNED, decimals


def scores(raw: pd.DataFrame) -> tuple[dict[str, np.ndarray], tuple[Text, ...]]:
    """Return the scores from 0 to 1, where there are any; some files write them from 0 to 100."""
    if "score" not in raw:
        return {}, ()
    score = decimals(raw["score"])
    if not np.nanmax(score, initial=0.0) > 1:
        return {"score": score}, ()
    return {"score": score / 100}, (Text("geo_score is told from 0 to 100: read as hundredths"),)


def placed(raw: pd.DataFrame, crs: str) -> tuple[np.ndarray, tuple[Text, ...]]:
    """Return the points, and what was made of columns that hold each other's coordinate."""
    turned = raw.rename(columns={"lon": "lat", "lat": "lon"})
    if _share_within(turned, crs) <= _share_within(raw, crs):
        return _points(raw, crs), ()
    return _points(turned, crs), (TURNED,)


def _share_within(raw: pd.DataFrame, crs: str) -> float:
    """Return the share of positions that lie where a CRS holds."""
    area = checked_metric(crs).area_of_use
    west, south, east, north = area.bounds if area else (-180.0, -90.0, 180.0, 90.0)
    lon, lat = decimals(raw["lon"]), decimals(raw["lat"])
    return float(((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).mean())


def _points(raw: pd.DataFrame, crs: str) -> np.ndarray:
    lon, lat = (decimals(raw[name]) for name in ("lon", "lat"))
    known = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ((lon != 0) | (lat != 0))
    transform = transformer("EPSG:4326", checked_metric(crs)).transform
    x, y = transform(np.where(known, lon, np.nan), np.where(known, lat, np.nan))
    usable = np.isfinite(x) & np.isfinite(y)
    points: np.ndarray = shapely.points(np.where(usable, x, np.nan), np.where(usable, y, np.nan))
    return points

"""Rankings and findings as GeoJSON."""

from __future__ import annotations

import json
import math
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from analysis.exports.document import Leaving
from analysis.exports.embedded_provenance import KEY

_DIGITS = 6


def to_geojson(document: Leaving) -> bytes:
    """Write a FeatureCollection after RFC 7946: WGS 84, outer rings counterclockwise.

    One feature per bureau in the order of the ranking, with every column; a bureau without
    polygon is a feature whose geometry is null. The foreign member `palier` holds the
    provenance.
    """
    columns = list(document.table)
    features = [
        {
            "type": "Feature",
            "id": row[0],
            "geometry": geometry_of(shape),
            "properties": dict(zip(columns, map(plain, row), strict=True)),
        }
        for row, shape in zip(
            document.table.itertuples(index=False, name=None),
            document.places.geometry,
            strict=True,
        )
    ]
    collection = {
        "type": "FeatureCollection",
        "title": document.heading,
        **({"notes": list(document.remarks)} if document.remarks else {}),
        KEY: json.loads(document.provenance.to_json()),
        "features": features,
    }
    return json.dumps(
        collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def geometry_of(shape: BaseGeometry | None, *, digits: int = _DIGITS) -> dict[str, Any] | None:
    """Return a GeoJSON geometry with so many decimals, or None for none."""
    if shape is None or shape.is_empty:
        return None
    # The grid of `Document.places` leaves noise like 2.3490990000000003; round it away.
    return dict(mapping(shapely.transform(shape, lambda points: points.round(digits))))


def plain(value: object) -> object:
    """Return a value as JSON knows it: no NaN, no numpy, no NA."""
    if callable(item := getattr(value, "item", None)):
        value = item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool)) else None

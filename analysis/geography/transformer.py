"""From one coordinate system to another."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pyproj import Transformer


@lru_cache(64)
def transformer(source: Any, target: Any) -> Transformer:  # noqa: ANN401 - whatever pyproj takes
    """Return what moves x and y from one system to another.

    To look one up takes 4 ms, as long as many thousands of points: it is kept. Threads may share
    it.

    Parameters
    ----------
    source, target
        As pyproj takes them; x before y, longitude before latitude.
    """
    return Transformer.from_crs(source, target, always_xy=True)

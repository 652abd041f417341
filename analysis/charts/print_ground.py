"""The ground of a map on paper: streets over the colours, outlines, and names that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import matplotlib.patheffects as effects
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from analysis.charts.map_ground import QUARTIER, STYLES, WATER, Ground
from analysis.charts.names_apart import NamesApart
from analysis.geography.outlines import ARRONDISSEMENT

_INK, _PAPER = "#1c2733", "#ffffff"
# A point of paper shows as much as one pixel and a half of a screen.
_PIXELS = 1.5
_OUTLINE = {ARRONDISSEMENT: 0.5}
_OUTLINE_USUAL = 0.8
_MOST_NAMES = 45
_LABEL_SIZE, _NAME_SIZE = 7.0, 4.5
# A letter is about this wide, of its height.
_LETTER = 0.56
_NEAR_AGAIN = 60.0  # points between two writings of one name


@dataclass(frozen=True, slots=True)
class Name:
    """A name along a line: where its middle stands, and how it runs (degrees, read upright)."""

    text: str
    kind: str
    x: float
    y: float
    angle: float
    length: float


def names_along(streets: gpd.GeoDataFrame) -> Iterator[Name]:
    """Yield where the names of streets may stand, the most important and longest first.

    Parameters
    ----------
    streets
        `name`, `kind`, lines in a metric CRS.
    """
    named = streets[streets["name"] != ""]
    order = named["kind"].map({kind: n for n, kind in enumerate(STYLES)}).to_numpy()
    lines = named.geometry.to_numpy()
    length = shapely.length(lines)
    first = np.lexsort((-length, -order))
    at = [shapely.line_interpolate_point(lines, s, normalized=True) for s in (0.35, 0.5, 0.65)]
    low, mid, top = (shapely.get_coordinates(points) for points in at)
    run = top - low
    angle = np.degrees(np.arctan2(run[:, 1], run[:, 0]))
    upright = (angle + 90) % 180 - 90
    texts, kinds = named["name"].tolist(), named["kind"].tolist()
    for n in first.tolist():
        x, y = mid[n].tolist()
        yield Name(texts[n], kinds[n], x, y, float(upright[n]), float(length[n]))


def draw_ground(chart: Axes, ground: Ground, *, metres: float) -> None:
    """Draw streets, outlines and names over the colours of a map.

    Parameters
    ----------
    chart
        In the CRS of the ground; its limits are set.
    ground
        What is drawn.
    metres
        Shown by one point of paper.
    """
    limits = chart.get_xlim(), chart.get_ylim()
    pixel = metres / _PIXELS
    for kind, style in STYLES.items():
        lines = ground.streets.loc[ground.streets["kind"] == kind].geometry
        if len(lines) and pixel <= style.shown_m:
            wide = np.clip(style.width_m / metres, style.least_px / _PIXELS, style.most_px)
            _lines(chart, lines, colour=WATER if kind == "water" else _PAPER, width=float(wide))
    for level, shapes in ground.outlines.groupby("level"):
        edges = shapes.geometry.boundary
        _lines(chart, edges, colour=_INK, width=_OUTLINE.get(str(level), _OUTLINE_USUAL))
    _names(chart, ground, metres)
    chart.set(xlim=limits[0], ylim=limits[1])


def _lines(chart: Axes, lines: gpd.GeoSeries, *, colour: str, width: float) -> None:
    parts = shapely.get_parts(lines.to_numpy())
    drawn = LineCollection([shapely.get_coordinates(part) for part in parts])
    drawn.set(color=colour, linewidth=width, capstyle="round", alpha=0.85, zorder=1.5)
    chart.add_collection(drawn, autolim=False)


def _names(chart: Axes, ground: Ground, metres: float) -> None:
    (west, east), (south, north) = chart.get_xlim(), chart.get_ylim()
    edge = shapely.box(west, south, east, north).boundary
    written, labels = NamesApart(1.2 * _NAME_SIZE * metres, edge), ground.labels
    for text, level, spot in zip(labels["text"], labels["level"], labels.geometry, strict=True):
        size = _NAME_SIZE + 1 if level == QUARTIER else _LABEL_SIZE
        wide, high = len(text) * _LETTER * size * metres, 1.2 * size * metres
        if written.take((spot.x, spot.y), 0.0, wide, high=high):
            _write(chart, text, (spot.x, spot.y), size=size, weight="bold")
    count, last = 0, dict[str, list[tuple[float, float]]]()
    for name in names_along(ground.streets):
        at, wide = (name.x, name.y), len(name.text) * _LETTER * _NAME_SIZE * metres
        near = any(
            np.hypot(at[0] - x, at[1] - y) < _NEAR_AGAIN * metres
            for x, y in last.get(name.text, [])
        )
        if name.length < 0.8 * wide or near or not written.take(at, name.angle, wide):
            continue
        last.setdefault(name.text, []).append(at)
        _write(chart, name.text, at, size=_NAME_SIZE, angle=name.angle)
        if (count := count + 1) == _MOST_NAMES:
            break


def _write(  # noqa: PLR0913 - as `Axes.text`: where, what, and how it looks
    chart: Axes, text: str, at: tuple[float, float], *, size: float, weight: str = "normal",
    angle: float = 0.0,
) -> None:  # fmt: skip
    written = chart.text(
        *at,
        text,
        fontsize=size,
        fontweight=weight,
        color=_INK,
        rotation=angle,
        rotation_mode="anchor",
        ha="center",
        va="center",
        zorder=3.5,
        clip_on=True,
    )
    written.set_path_effects([effects.withStroke(linewidth=size / 4, foreground=_PAPER)])


def placed(ground: Ground, crs: object) -> Ground:
    """Return a ground in the CRS of a map."""
    if ground.outlines.crs == crs:
        return ground
    moved = (part.to_crs(crs) for part in (ground.streets, ground.outlines, ground.labels))
    return Ground(*moved)

"""A small map of a zone: its bureaux, their neighbours, and where that is in the place."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from shapely.geometry.base import BaseGeometry

from analysis.charts.names_apart import NamesApart
from analysis.charts.print_map import FAINT, INK, PAPER

_ZONE, _BESIDE, _GROUND, _LINE = "#0072b2", "#a9cfe6", "#eef0f2", "#b9c1c9"
_AWAY = "#f7f8f9"
# Metres of ground around a zone, at least, and as a share of its width.
_LEAST_M, _AROUND = 350.0, 0.6
# Inches of the map; points of letters, and how wide one is of its height.
_WIDE, _HIGH = 3.2, 2.4
_NAME, _NUMBER, _LETTER = 7.5, 8.5, 0.6
# Of the map: where the place stands in its corner.
_CORNER = (0.02, 0.02, 0.3, 0.3)
# Where a name is tried, in lines above its place; further away it would be another street.
_LINES = sorted((n / 2 for n in range(-3, 4)), key=abs)


def zone_map(
    bureaux: gpd.GeoDataFrame,
    zone: tuple[str, ...],
    beside: tuple[str, ...] = (),
    *,
    streets: pd.DataFrame | None = None,
) -> Figure:
    """Draw the bureaux of a zone, a small map of the place in the corner.

    Parameters
    ----------
    bureaux
        Contours of one vintage, metric CRS, with `bureau_id` and `label`, a short name.
    zone, beside
        Ids of the zone, and of those that come next.
    streets
        `street`, `x`, `y`: names to write, and where, in the same CRS; None for none.

    Returns
    -------
    matplotlib.figure.Figure
        Three inches wide; empty where none of the zone has a contour.
    """
    figure = Figure(figsize=(_WIDE, _HIGH), dpi=150, facecolor=_AWAY)
    chart = figure.add_axes((0, 0, 1, 1))
    chart.set_axis_off()
    own = bureaux[bureaux["bureau_id"].isin(zone)]
    if own.empty:
        return figure
    window = _window(own, figure)
    seen = bureaux[bureaux.intersects(shapely.box(*window))]
    colours = seen["bureau_id"].map(
        lambda one: _ZONE if one in zone else _BESIDE if one in beside else _GROUND
    )
    seen.plot(ax=chart, color=colours.tolist(), edgecolor=_LINE, linewidth=0.5, aspect=None)
    chart.set_xlim(window[0], window[2])
    chart.set_ylim(window[1], window[3])
    numbers = _labels(chart, own)
    if streets is not None:
        _names(chart, streets, window, numbers)
    _corner(figure, bureaux, own)
    return figure


def _window(own: gpd.GeoDataFrame, figure: Figure) -> tuple[float, float, float, float]:
    west, south, east, north = own.total_bounds
    width, height = figure.get_size_inches()
    room = max(_LEAST_M, _AROUND * max(east - west, north - south))
    half = max((east - west) / 2 + room, ((north - south) / 2 + room) * width / height)
    x, y = (west + east) / 2, (south + north) / 2
    return x - half, y - half * height / width, x + half, y + half * height / width


def _labels(chart: Axes, own: gpd.GeoDataFrame) -> list[tuple[str, float, float]]:
    points = own.geometry.representative_point()
    for text, point in zip(own["label"], points, strict=True):
        chart.text(
            point.x, point.y, text, color=PAPER, fontsize=_NUMBER, fontweight="bold", ha="center",
            va="center",
        )  # fmt: skip
    return [(str(text), point.x, point.y) for text, point in zip(own["label"], points, strict=True)]


def _names(
    chart: Axes,
    streets: pd.DataFrame,
    window: tuple[float, float, float, float],
    numbers: list[tuple[str, float, float]],
) -> None:
    """Write names of streets clear of numbers, of the corner and of one another, or not at all."""
    point = (window[3] - window[1]) / (_HIGH * 72)  # metres
    written = NamesApart(1.3 * _NAME * point)
    wide, high = window[2] - window[0], window[3] - window[1]
    middle = _CORNER[0] + _CORNER[2] / 2
    written.keep(
        (window[0] + middle * wide, window[1] + middle * high),
        _CORNER[2] * wide,
        high=_CORNER[3] * high,
    )
    for text, x, y in numbers:
        written.keep((x, y), len(text) * _LETTER * _NUMBER * point, high=1.3 * _NUMBER * point)
    for row in streets.itertuples():
        if not (window[0] < row.x < window[2] and window[1] < row.y < window[3]):
            continue
        # A name in the middle of its street, and never off the paper.
        across, edge = len(str(row.street)) * _LETTER * _NAME * point, _NAME * point
        half = across / 2 + edge / 2
        x = min(max(float(row.x), window[0] + half), window[2] - half)
        tried = (float(row.y) + lines * 1.4 * _NAME * point for lines in _LINES)
        inside = (y for y in tried if window[1] + edge < y < window[3] - edge)
        free = next((y for y in inside if written.take((x, y), 0.0, across)), None)
        if free is None:
            continue
        told = chart.text(
            x, free, str(row.street), fontsize=_NAME, color=INK, ha="center", va="center", zorder=5
        )
        told.set_path_effects([withStroke(linewidth=1.8, foreground=PAPER)])


def _corner(figure: Figure, bureaux: gpd.GeoDataFrame, own: gpd.GeoDataFrame) -> None:
    """Show in the corner where in the place the zone lies."""
    small = figure.add_axes(_CORNER, facecolor=PAPER)
    # A whole city in an inch: what is smaller than a hair is left out.
    west, south, east, north = bureaux.total_bounds
    fine = max(east - west, north - south) / 150
    whole = bureaux.geometry.simplify(fine).buffer(fine).union_all().simplify(fine)
    # Bureaux without a contour would leave holes in the middle of a city.
    whole = shapely.MultiPolygon([shapely.Polygon(p.exterior) for p in _parts(whole)])
    gpd.GeoSeries([whole]).plot(ax=small, color="#d9dee3", aspect=None)
    point = own.geometry.union_all().centroid
    small.plot([point.x], [point.y], "o", color=_ZONE, markersize=5, markeredgecolor=PAPER)
    small.set(xticks=[], yticks=[], xlabel="", ylabel="")
    small.set_aspect("equal")
    for spine in small.spines.values():
        spine.set_color(FAINT)
        spine.set_linewidth(0.4)
    small.patch.set_alpha(0.85)
    small.tick_params(colors=INK)


def _parts(shape: BaseGeometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(shape)
    return [part for part in parts if isinstance(part, shapely.Polygon)]

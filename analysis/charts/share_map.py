"""A plain map of bureaux in classes, with its legend: for a report or a slide."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis.charts.chart_words import say
from analysis.charts.colours import NO_DATA
from analysis.charts.map_ground import Ground, ground_of
from analysis.charts.print_ground import draw_ground
from analysis.charts.print_map import FAINT, INK
from analysis.geography.outlines import ARRONDISSEMENT

_EDGE = "#c4cad0"
# Outlines that would hide the colours between them, where there are many bureaux.
_CROWD, _THIN, _USUAL = 3000, 0.05, 0.25
_WIDE = 480.0  # points of the map, about


def share_map(
    areas: gpd.GeoDataFrame,
    *,
    entries: Sequence[tuple[str, str]],
    title: str,
    legend: str,
    language: str = "fr",
) -> Figure:
    """Draw bureaux in colours, and what each colour means.

    Parameters
    ----------
    areas
        Polygons in a metric CRS with `colour`, `#rrggbb`; missing where nothing is known.
    entries
        Colour and label, in the order of the legend.
    title, legend
        Headings of the figure and of its legend.
    language
        "fr" or "en".

    Returns
    -------
    matplotlib.figure.Figure
        Save it as PNG, SVG or PDF.
    """
    unknown = areas["colour"].isna()
    figure = Figure(figsize=(7.4, 6.2), layout="constrained")
    chart = figure.subplots()
    areas.plot(
        ax=chart,
        color=areas["colour"].where(~unknown, NO_DATA).tolist(),
        edgecolor=_EDGE,
        linewidth=_THIN if len(areas) > _CROWD else _USUAL,
    )
    chart.set_axis_off()
    if "commune_id" in areas and 0 < len(areas) <= _CROWD:
        draw_ground(chart, _ground(areas), metres=np.ptp(chart.get_xlim()) / _WIDE)
    shown = [*entries, *([(NO_DATA, say("no_data", language))] if unknown.any() else [])]
    marks = [Patch(facecolor=colour, edgecolor=_EDGE, label=label) for colour, label in shown]
    box = figure.legend(
        handles=marks,
        title=legend,
        fontsize=7.5,
        title_fontsize=8,
        frameon=False,
        alignment="left",
        loc="outside lower left",
        ncols=min(len(marks), 4) or 1,
        labelcolor=INK,
    )
    box.get_title().set_color(FAINT)
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def _ground(areas: gpd.GeoDataFrame) -> Ground:
    """Return outlines of communes and arrondissements; only these have names of their own."""
    none = gpd.GeoDataFrame({"name": [], "kind": []}, geometry=[], crs=areas.crs)
    ground = ground_of(areas, none, {})
    several = ground.labels["level"].eq(ARRONDISSEMENT)
    return Ground(none, ground.outlines, ground.labels[several])

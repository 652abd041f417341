"""A map for paper: A4 landscape, readable when printed in black and white."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from shapely.geometry.base import BaseGeometry

from analysis.charts.colours import Classes
from analysis.charts.map_ground import Ground
from analysis.charts.print_ground import draw_ground, placed

# Names of places and candidates are text: a dollar, a caret or an underscore means itself.
mpl.rcParams["text.parse_math"] = False

A4 = (11.69, 8.27)
INK, FAINT, PAPER = "#1c2733", "#5b6875", "#ffffff"
LABELLED = 30
_DARK = 0.4  # relative luminance under which white hatching shows better than black
_MAP = (0.03, 0.085, 0.685, 0.80)
_SIDE = (0.735, 0.085, 0.245, 0.80)
_LINE = 0.018  # of the paper's height, a line of notes
_ACROSS = 300  # letters: more of them than any paper is wide; names of places have no end
_FREE = 2  # lines of notes that stand below the scale where it usually is
_LABEL_GAP = 17.0  # points between the centres of two rank labels
_TOUCHING = 0.005  # of the gap: nobody sees two labels this much too near


@dataclass(frozen=True, slots=True)
class Sheet:
    """The words on the paper, already in its reader's language.

    Attributes
    ----------
    title, subtitle
        Above the map.
    legend
        What the colours measure, with its unit.
    targeted
        What the hatched polygons have in common.
    list_head
        Heads of the columns of `first`.
    first
        The first targets, rows of texts.
    notes
        Below the map: what it leaves out, sources.
    """

    title: str
    subtitle: str
    legend: str
    targeted: str
    list_head: tuple[str, ...] = ()
    first: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def print_map(
    areas: gpd.GeoDataFrame, *, graded: Classes, sheet: Sheet, ground: Ground | None = None
) -> Figure:
    """Draw a choropleth with numbered targets, streets, legend, scale and north.

    Parameters
    ----------
    areas
        Polygons in a metric CRS with `rank` (0 for none) and `targeted` (bool).
    graded
        Classes of the areas, in their order.
    sheet
        The words.
    ground
        Streets, outlines and names over the colours; None for the colours alone.

    Returns
    -------
    matplotlib.figure.Figure
        A4, landscape; save it as PDF or PNG.
    """
    figure = Figure(figsize=A4, facecolor=PAPER)
    # Words without end leave the map its half.
    lift = min(_LINE * max(len(sheet.notes) - _FREE, 0), _MAP[3] / 2)
    chart = figure.add_axes((_MAP[0], _MAP[1] + lift, _MAP[2], _MAP[3] - lift))
    chart.set_axis_off()
    _polygons(chart, areas, graded=graded)
    chart.set_aspect("equal")
    if ground is not None:
        chart.apply_aspect()
        draw_ground(chart, placed(ground, areas.crs), metres=metres_of(chart))
    _labels(chart, areas[areas["rank"].between(1, LABELLED)])
    _scale(figure, chart, lift=lift)
    _north(figure, areas)
    _words(figure, sheet)
    below = _legend(figure, graded, sheet)
    _list(figure, sheet, top=below, bottom=_SIDE[1] + lift)
    return figure


def metres_of(chart: Axes) -> float:
    """Return how many metres one point of paper shows."""
    left, right = chart.get_xlim()
    pixels = chart.get_window_extent().width
    return float((right - left) * chart.figure.dpi / (72 * pixels))


def _polygons(chart: Axes, areas: gpd.GeoDataFrame, *, graded: Classes) -> None:
    colours, targeted = graded.colours, areas["targeted"].to_numpy(dtype=bool)
    paths = [path_of(shape) for shape in areas.geometry]
    fill = PatchCollection(map(PathPatch, paths), facecolor=colours, edgecolor="#ffffff")
    fill.set_linewidth(0.35)
    chart.add_collection(fill)
    dark = np.array([luminance(colour) < _DARK for colour in colours], dtype=bool)
    for group, ink in ((targeted & dark, "#ffffff"), (targeted & ~dark, INK)):
        hatched = [PathPatch(paths[at]) for at in np.flatnonzero(group)]
        chart.add_collection(
            PatchCollection(
                hatched, facecolor="none", edgecolor=ink, hatch="////", linewidth=0, zorder=2
            )
        )
    outlines = [PathPatch(paths[at]) for at in np.flatnonzero(targeted)]
    for width, ink in ((2.4, PAPER), (1.1, "#000000")):
        chart.add_collection(
            PatchCollection(outlines, facecolor="none", edgecolor=ink, linewidth=width, zorder=3)
        )
    chart.autoscale_view()


def path_of(shape: BaseGeometry) -> Path:
    """Return a polygon or multipolygon as one path, holes left open."""
    rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(shape)))
    parts = [Path(shapely.get_coordinates(ring), closed=True) for ring in rings]
    return Path.make_compound_path(*parts)


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2) of `#rrggbb`, 0 black to 1 white."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _labels(chart: Axes, first: gpd.GeoDataFrame) -> None:
    """Write the ranks; labels that would overlap move aside, on a leader."""
    if first.empty:
        return
    chart.apply_aspect()
    at = shapely.get_coordinates(shapely.point_on_surface(first.geometry.array))
    points = chart.transData.transform(at) * 72 / chart.figure.dpi
    moved = spread(points, gap=_LABEL_GAP)
    places = chart.transData.inverted().transform(moved * chart.figure.dpi / 72)
    for rank, spot, place in zip(first["rank"], at, places, strict=True):
        chart.annotate(
            str(rank),
            xy=spot,
            xytext=place,
            ha="center",
            va="center",
            fontsize=6.5,
            fontweight="bold",
            color="#000000",
            zorder=5,
            bbox={"boxstyle": "circle,pad=0.25", "fc": PAPER, "ec": "#000000", "lw": 0.7},
            arrowprops={"arrowstyle": "-", "lw": 1.0, "color": "#000000", "shrinkA": 0,
                        "shrinkB": 0},
        )  # fmt: skip


def spread(points: npt.NDArray[np.float64], *, gap: float) -> npt.NDArray[np.float64]:
    """Move points apart until none is nearer to another than `gap`, give or take 0.5%.

    Parameters
    ----------
    points
        Shape (n, 2), in any unit.
    gap
        Least distance wanted, same unit.

    Returns
    -------
    numpy.ndarray
        Points near the given ones; a crowd that cannot be cleared in 300 steps is left
        as far apart as it got.
    """
    moved = points.astype(float) + _nudges(len(points))
    for _ in range(300):
        apart = moved[:, None, :] - moved[None, :, :]
        distance = np.hypot(apart[..., 0], apart[..., 1])
        np.fill_diagonal(distance, np.inf)
        short = np.clip(gap - distance, 0, None)
        if short.max() <= _TOUCHING * gap:
            break
        moved += (apart / distance[..., None] * short[..., None]).sum(axis=1) * 0.3
    return moved


def _nudges(n: int) -> npt.NDArray[np.float64]:
    """Return tiny distinct offsets: two labels on one spot need a way to go."""
    angle = np.arange(n) * 2.4  # the golden angle: no two the same
    return 0.01 * np.column_stack([np.cos(angle), np.sin(angle)])


def _scale(figure: Figure, chart: Axes, *, lift: float) -> None:
    """Draw a bar of a round length, a fifth of the map's width at most, above the notes."""
    left, right = chart.get_xlim()
    box = chart.get_position()
    most = (right - left) / 5
    power = 10 ** np.floor(np.log10(most))
    length = power * max(step for step in (1, 2, 5) if step * power <= most)
    wide = box.width * length / (right - left)
    for part, ink in ((0, INK), (1, PAPER)):
        spot = (_MAP[0] + part * wide / 2, 0.068 + lift)
        figure.add_artist(
            Rectangle(spot, wide / 2, 0.007, facecolor=ink, edgecolor=INK, linewidth=0.7)
        )
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    spot = (_MAP[0] + wide + 0.006, 0.0715 + lift)
    figure.text(*spot, text, fontsize=7.5, color=INK, va="center")


def _north(figure: Figure, areas: gpd.GeoDataFrame) -> None:
    """Point to true north, which leaves the vertical away from the grid's meridian."""
    angle = 0.0
    if areas.crs is not None and areas.crs.is_projected:
        west, south, east, north = areas.to_crs("OGC:CRS84").total_bounds
        factors = pyproj.Proj(areas.crs).get_factors((west + east) / 2, (south + north) / 2)
        angle = float(np.radians(factors.meridian_convergence))
    # In inches, or the paper's proportions would bend the angle.
    tip = np.array([[0.0, 0.20], [-0.075, -0.12], [0.0, -0.05], [0.075, -0.12]])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.array([_MAP[0] + _MAP[2] - 0.02, 0.80])
    figure.add_artist(Polygon(centre + tip @ turn / A4, facecolor=INK, edgecolor=INK))
    spot = centre + np.array([0.0, 0.30]) @ turn / A4
    figure.text(
        spot[0], spot[1], "N", ha="center", va="center", fontsize=9, fontweight="bold", color=INK
    )


def _words(figure: Figure, sheet: Sheet) -> None:
    # What is beyond the edge is drawn for nobody.
    title, subtitle = sheet.title[:_ACROSS], sheet.subtitle[:_ACROSS]
    figure.text(0.03, 0.945, title, fontsize=16, fontweight="bold", color=INK)
    figure.text(0.03, 0.912, subtitle, fontsize=10, color=FAINT)
    most = int(1 / _LINE)
    for at, note in enumerate(sheet.notes[: -most - 1 : -1]):
        figure.text(0.03, 0.02 + _LINE * at, note, fontsize=6.5, color=FAINT)


def _legend(figure: Figure, graded: Classes, sheet: Sheet) -> float:
    """Draw the legend at the top of the side; return where it ends."""
    left, top = _SIDE[0], _SIDE[1] + _SIDE[3]
    figure.text(left, top, sheet.legend, fontsize=8.5, fontweight="bold", color=INK, va="top")
    entries = [*zip(graded.palette[:0:-1], graded.labels[:0:-1], strict=True)]
    if (graded.index == 0).any():
        entries.append((graded.palette[0], graded.labels[0]))
    y = top - 0.05
    for colour, label in entries:
        _swatch(figure, (left, y), label, facecolor=colour)
        y -= 0.026
    dark = graded.palette[-1]
    box = _swatch(figure, (left, y), sheet.targeted, facecolor=dark)
    box.set(hatch="////", edgecolor=PAPER, linewidth=0)
    _swatch(figure, (left, y), "", facecolor="none").set(edgecolor="#000000", linewidth=1.1)
    return y - 0.03


def _swatch(figure: Figure, spot: tuple[float, float], label: str, *, facecolor: str) -> Rectangle:
    box = Rectangle(spot, 0.022, 0.018, facecolor=facecolor, edgecolor=FAINT, linewidth=0.4)
    figure.add_artist(box)
    figure.text(spot[0] + 0.028, spot[1] + 0.009, label, fontsize=7.5, color=INK, va="center")
    return box


def _list(figure: Figure, sheet: Sheet, *, top: float, bottom: float) -> None:
    """List the first targets under the legend, as many as the side holds."""
    line = 0.0153
    room = int((top - bottom) / line) - 1
    rows: Iterable[tuple[str, ...]] = (sheet.list_head, *sheet.first[: min(room, LABELLED)])
    for at, row in enumerate(rows):
        weight = "normal" if at else "bold"
        for column, text in enumerate(row):
            first = column == 0
            x = _SIDE[0] + (0.018, 0.026, 0.150, 0.245)[column]
            figure.text(
                x,
                top - line * at,
                text,
                fontsize=6.5,
                color=INK,
                fontweight="bold" if first else weight,
                ha="left" if column == 1 else "right",
            )

"""The print map: words, numbers, hatching, and polygons drawn whole."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from shapely.geometry import MultiPolygon, Polygon, box

from analysis.charts.colours import classes
from analysis.charts.print_map import Sheet, luminance, path_of, print_map, spread

WORDS = Sheet(
    title="Valmont: where to knock first",
    subtitle="bloc: left",
    legend="Score",
    targeted="within 100 hours",
    list_head=("Rank", "Bureau", "Score", "Gain"),
    first=(("1", "École", "120", "0.1"),),
    notes=("Sources: results",),
)


@pytest.fixture
def areas():
    cells = [box(x, y, x + 250, y + 250) for x in range(0, 2000, 250) for y in range(0, 1000, 250)]
    frame = gpd.GeoDataFrame(geometry=cells, crs="EPSG:2154").translate(565_000, 6_530_000)
    ranks = np.arange(1, len(frame) + 1)
    return gpd.GeoDataFrame({"rank": ranks, "targeted": ranks <= 5}, geometry=frame)


def texts(figure):
    return [text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))]


def test_the_paper_says_what_the_sheet_says_and_numbers_the_targets(areas):
    figure = print_map(areas, graded=classes(-areas["rank"]), sheet=WORDS)
    shown = texts(figure)
    assert {WORDS.title, WORDS.subtitle, WORDS.legend, WORDS.targeted, *WORDS.notes} <= set(shown)
    assert {str(rank) for rank in range(1, 31)} <= set(shown)
    assert "31" not in shown
    assert "200 m" in shown, "a round length, at most a fifth of 2,000 m of map"
    assert "N" in shown


def test_targets_are_hatched_and_only_they(areas):
    figure = print_map(areas, graded=classes(-areas["rank"]), sheet=WORDS)
    layers = figure.axes[0].findobj(PatchCollection)
    hatched = [layer for layer in layers if layer.get_hatch()]
    assert sum(len(layer.get_paths()) for layer in hatched) == 5


def test_bureaux_without_rank_are_drawn_as_no_data(areas):
    scores = -areas["rank"].astype(float)
    scores.iloc[-3:] = np.nan
    assert "pas de donnée" in texts(print_map(areas, graded=classes(scores), sheet=WORDS))
    assert "pas de donnée" not in texts(
        print_map(areas, graded=classes(-areas["rank"]), sheet=WORDS)
    )


@pytest.mark.parametrize("lines", [1, 3, 4, 9])
def test_notes_and_scale_stand_apart(areas, lines):
    notes = tuple(f"Note {line}: " + "from a long list of sources, " * 6 for line in range(lines))
    first = tuple((str(rank), f"Bureau {rank}", "1", "1") for rank in range(1, 31))
    sheet = replace(WORDS, notes=notes, first=first)
    figure = print_map(areas, graded=classes(-areas["rank"]), sheet=sheet)
    draw = FigureCanvasAgg(figure).get_renderer()
    written = {text.get_text(): text.get_window_extent(draw) for text in figure.texts}
    bars = [patch for patch in figure.artists if isinstance(patch, Rectangle)]
    ruler = [bar.get_window_extent(draw) for bar in bars if bar.get_x() < 0.5]
    assert len(ruler) == 2
    listed = [box for text, box in written.items() if text.startswith("Bureau ")]
    others = [*ruler, *listed, written["200 m"], figure.axes[0].get_window_extent(draw)]
    assert not [n for n in notes if any(written[n].overlaps(other) for other in others)]
    assert not any(bar.overlaps(figure.axes[0].get_window_extent(draw)) for bar in ruler)


def test_a_hole_stays_open():
    holed = Polygon(box(0, 0, 4, 4).exterior.coords, [box(1, 1, 3, 3).exterior.coords])
    figure = Figure(figsize=(1.2, 0.4), dpi=100)
    FigureCanvasAgg(figure)
    chart = figure.add_axes((0, 0, 1, 1), xlim=(0, 12), ylim=(0, 4))
    chart.set_axis_off()
    shape = MultiPolygon([holed, box(10, 0, 11, 1)])
    chart.add_patch(PathPatch(path_of(shape), facecolor="black", linewidth=0))
    figure.canvas.draw()
    grey = np.asarray(figure.canvas.buffer_rgba())[::-1, :, 0]
    spots = {"ring": (5, 5), "hole": (20, 20), "islet": (105, 5), "outside": (70, 5)}
    inked = {name for name, (x, y) in spots.items() if grey[y, x] < 128}
    assert inked == {"ring", "islet"}


def test_crowded_labels_are_moved_apart_and_lone_ones_stay():
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [500.0, 0.0]])
    moved = spread(points, gap=10)
    distance = np.hypot(*(moved[:, None] - moved[None]).transpose(2, 0, 1))
    assert distance[np.triu_indices(4, 1)].min() > 9.9
    assert np.abs(moved[3] - points[3]).max() < 0.02


def test_luminance_of_black_and_white():
    assert (luminance("#000000"), luminance("#ffffff")) == (0, pytest.approx(1))

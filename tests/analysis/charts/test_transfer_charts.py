"""Figures of transfers and swings: what stands on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from analysis.charts.swing_charts import before_and_after, cluster_map
from analysis.charts.transfer_charts import flows, heat_map
from analysis.electorate.spatial import Clusters
from analysis.electorate.swing_by_bureau import Swing
from analysis.electorate.swing_noise import Noise
from analysis.electorate.transfers import Transfers
from analysis.errors import DataError
from tests.made import grid


@pytest.fixture
def found():
    cells = [
        ("A", "x", 60),
        ("A", "abstention", 40),
        ("newcomers", "x", 1),
        ("newcomers", "abstention", 9),
    ]
    table = pd.DataFrame(cells, columns=["origin", "destination", "votes"])
    share = table["votes"] / table.groupby("origin")["votes"].transform("sum")
    return Transfers(
        table.assign(
            share_of_origin=share,
            lower=share * 0.5,
            upper=0.5 + share * 0.5,
            bound_lower=0.0,
            bound_upper=1.0,
        ),
        level=0.9,
        units=4,
        scaled=pd.DataFrame(columns=["unit", "origin_total", "destination_total"]),
    )


def texts(figure):
    """Return every text on a figure."""
    chart = figure.axes[0]
    ticks = [t.get_text() for axis in (chart.xaxis, chart.yaxis) for t in axis.get_ticklabels()]
    return [*ticks, *(t.get_text() for t in chart.texts), *(t.get_text() for t in figure.texts)]


def test_the_heat_map_shows_shares_intervals_and_the_caution(found):
    shown = texts(heat_map(found, title="Essai"))
    assert {"60", "40", "10", "90"} <= set(shown)
    assert "30–80" in shown
    assert "abstention" in shown
    assert any(text.startswith("nouveaux inscrits  (10)") for text in shown)
    assert any("Une estimation, jamais une preuve." in text for text in shown)
    assert "Essai" in shown


def test_options_may_have_other_names_and_another_language(found):
    shown = texts(heat_map(found, language="en", names={"A": "Ms A"}))
    assert any(text.startswith("Ms A") for text in shown)
    assert any("An estimate, never a proof." in text for text in shown)


def test_flows_are_as_wide_as_votes(found):
    figure = flows(found)
    ribbons = figure.axes[0].patches[:4]
    widths = sorted(
        float(abs(p.get_path().vertices[0, 1] - p.get_path().vertices[-1, 1])) for p in ribbons
    )
    assert widths == pytest.approx([1 / 110, 9 / 110, 40 / 110, 60 / 110])
    shown = texts(figure)
    assert any(text.startswith("A  91") for text in shown)
    assert any("jamais une preuve" in text for text in shown)


@pytest.mark.parametrize("draw", [heat_map, flows])
def test_an_unknown_language_is_refused(found, draw):
    with pytest.raises(DataError):
        draw(found, language="de")


def test_bureaux_that_moved_otherwise_stand_out():
    before = np.array([0.2, 0.3, 0.4])
    table = pd.DataFrame(
        {"before": before, "after": before + [0.1, 0.1, 0.3], "unlike": [False, False, True]}
    )
    figure = before_and_after(
        Swing(table, 0.3, 0.42, 0.9, (), Noise(1.0, 0, "assumed")), language="en"
    )
    dots = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    # All are drawn together, so that neither kind lies on top; the others stand in the legend.
    assert [len(c.get_offsets()) for c in dots] == [3, 0, 0]
    like, also_like, unlike = map(tuple, dots[0].get_facecolors())
    assert like == also_like != unlike
    assert unlike[:3] == tuple(dots[2].get_facecolors()[0][:3])
    legend = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert "whole: +12.0 points" in legend


def test_the_map_of_clusters_colours_every_bureau():
    bureaux = grid(["31555_0001", "31555_0002", "31555_0003"])
    table = pd.DataFrame({"bureau_id": ["31555_0001", "31555_0002"], "kind": ["high_high", ""]})
    figure = cluster_map(bureaux, Clusters(0.5, 0.01, table, ()), title="Essai")
    colours = figure.axes[0].collections[0].get_facecolors()
    assert len(colours) == 3
    assert len({tuple(c) for c in colours}) == 3

"""What moved between two elections: every bureau before and after, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.charts.chart_words import say
from analysis.charts.colours import graded
from analysis.charts.print_map import FAINT, INK
from analysis.charts.share_map import share_map
from analysis.electorate.spatial import Clusters
from analysis.electorate.swing_by_bureau import Swing
from analysis.experiments.trial_words import points
from analysis.i18n import Words, format_number, format_percent

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

# As many dots as may be told apart on one picture.
_FEW = 3000
# Of a crowd: how thin its dots are at most, and how far past most of it the picture goes.
_PALEST, _OUTSIDE, _AIR = 0.3, 0.002, 0.02
_LIKE, _UNLIKE = "#8fa3b5", "#b35806"
# Orange lost, purple gained, as on the map of the swing; pale where the neighbours differ.
KINDS = {
    "high_high": "#542788",
    "high_low": "#b2abd2",
    "low_high": "#fdb863",
    "low_low": "#b35806",
    "": "#f0f1f2",
}
_WORDS = Words(
    "chart",
    {
        "before": "before",
        "after": "after",
        "unlike": "moved unlike the whole ({})",
        "like": "as the whole, up to chance in the ballots",
        "uniform": "whole: {}",
        "outside": "{} outside the picture",
        "high_high": "more than the whole, neighbours too",
        "low_low": "less than the whole, neighbours too",
        "high_low": "more, but the neighbours less",
        "low_high": "less, but the neighbours more",
        "none": "nothing sure",
        "swing_legend": "Swing, in points",
        "residual_legend": "Swing less that of the whole, in points",
        "clusters_legend": "Swing next to that of the whole",
    },
)


def before_and_after(swing: Swing, *, title: str = "", language: str = "fr") -> Figure:
    """Draw each bureau's share before and after, and the uniform swing as a line.

    Parameters
    ----------
    swing
        A measured swing.
    title
        Heading.
    language
        Of the labels, "fr" or "en".

    Returns
    -------
    matplotlib.figure.Figure
        Bureaux whose interval leaves out the swing of the whole stand out in colour.
    """
    say("title", language)  # refuses an unknown language
    words, table = _WORDS[language], swing.table
    figure = Figure(figsize=(5.2, 5.0), layout="constrained")
    chart = figure.subplots()
    unlike = table["unlike"].to_numpy()
    share = format_percent(float(unlike.mean()), language=language)
    # Tens of thousands of dots would hide one another: all at once, small and thin, in the order
    # of the bureaux, so that neither kind lies on top. Paler than this they are not seen on paper.
    crowd = min(1.0, _FEW / max(len(table), 1))
    chart.scatter(
        table["before"],
        table["after"],
        s=max(9 * crowd, 1),
        alpha=max(0.6 * crowd, _PALEST),
        color=np.where(unlike, _UNLIKE, _LIKE),
        linewidths=0 if crowd < 1 else None,
    )
    for colour, label in ((_LIKE, words["like"]), (_UNLIKE, words["unlike"].format(share))):
        chart.scatter([], [], s=9, color=colour, label=label)
    ends = np.array([table["before"].min(), table["before"].max()])
    moved = points(swing.swing, language=language, digits=1)
    chart.plot(
        ends, ends + swing.swing, color=INK, linewidth=1, label=words["uniform"].format(moved)
    )
    chart.plot(ends, ends, color=FAINT, linewidth=0.8, linestyle=":")
    if crowd < 1:
        _draw_near(chart, table, language)
    for axis, word in ((chart.xaxis, "before"), (chart.yaxis, "after")):
        axis.set_major_formatter(FuncFormatter(lambda v, _: format_percent(v, language=language)))
        axis.set_label_text(words[word], fontsize=8, color=INK)
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.legend(fontsize=7, frameon=False, loc="upper left")
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def _draw_near(chart: Axes, table: pd.DataFrame, language: str) -> None:
    """Leave a few bureaux of a crowd out of the picture: hamlets of ten voters stretch it."""
    both = table[["before", "after"]].to_numpy(dtype=float)
    most = float(np.nanquantile(both, 1 - _OUTSIDE / 2)) + _AIR
    least = max(float(np.nanquantile(both, _OUTSIDE / 2)) - _AIR, -_AIR)
    chart.set_xlim(least, most)
    chart.set_ylim(least, most)
    gone = int(((both < least) | (both > most)).any(axis=1).sum())
    told = _WORDS[language]["outside"].format(format_number(gone, language=language))
    chart.text(0.99, 0.01, told, transform=chart.transAxes, ha="right", fontsize=7, color=FAINT)


def swing_map(
    bureaux: gpd.GeoDataFrame,
    swing: Swing,
    *,
    column: Literal["swing", "residual"] = "swing",
    title: str = "",
    language: str = "fr",
) -> Figure:
    """Draw what moved in each bureau, or what moved apart from the whole.

    Parameters
    ----------
    bureaux
        Contours of the vintage of the later election, with `bureau_id`.
    swing
        A measured swing.
    column
        `swing`, or `residual`: swing less that of the whole.
    title, language
        As for `before_and_after`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.
    """
    words = _WORDS[language]
    values = swing.table.set_index("bureau_id")[column].reindex(bureaux["bureau_id"])
    found, colours = graded(100 * values, language)
    areas = bureaux.assign(colour=pd.Series([None, *colours])[found.index].to_numpy())
    return share_map(
        areas,
        entries=list(zip(colours, found.labels[1:], strict=True)),
        title=title,
        legend=words[f"{column}_legend"],
        language=language,
    )


def cluster_map(
    bureaux: gpd.GeoDataFrame, clusters: Clusters, *, title: str = "", language: str = "fr"
) -> Figure:
    """Draw where neighbouring bureaux moved together.

    Parameters
    ----------
    bureaux
        Contours of the vintage the clusters were found on, with `bureau_id`.
    clusters
        Of the residuals of a swing.
    title, language
        As for `before_and_after`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.
    """
    say("title", language)  # refuses an unknown language
    words = _WORDS[language]
    kinds = clusters.table.set_index("bureau_id")["kind"].reindex(bureaux["bureau_id"])
    return share_map(
        bureaux.assign(colour=kinds.map(KINDS).to_numpy()),
        entries=[(colour, words[kind or "none"]) for kind, colour in KINDS.items()],
        title=title,
        legend=words["clusters_legend"],
        language=language,
    )

"""What moved between two elections: every bureau before and after, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from analysis.charts.colours import NO_DATA
from analysis.charts.print_map import FAINT, INK
from analysis.charts.words import number, percent, say
from analysis.electorate.clusters import Clusters
from analysis.electorate.swing import Swing

if TYPE_CHECKING:
    import geopandas as gpd

_LIKE, _UNLIKE = "#8fa3b5", "#b35806"
_KINDS = {
    "high_high": "#b35806",
    "high_low": "#fdb863",
    "low_high": "#b2abd2",
    "low_low": "#542788",
}
_WORDS = {
    "fr": {
        "before": "avant",
        "after": "après",
        "unlike": "bouge autrement que l’ensemble ({})",
        "like": "comme l’ensemble, au hasard des bulletins près",
        "uniform": "ensemble : {} point(s)",
        "high_high": "plus que l’ensemble, voisins aussi",
        "low_low": "moins que l’ensemble, voisins aussi",
        "high_low": "plus, mais les voisins moins",
        "low_high": "moins, mais les voisins plus",
        "none": "rien de sûr",
    },
    "en": {
        "before": "before",
        "after": "after",
        "unlike": "moved unlike the whole ({})",
        "like": "as the whole, up to chance in the ballots",
        "uniform": "whole: {} point(s)",
        "high_high": "more than the whole, neighbours too",
        "low_low": "less than the whole, neighbours too",
        "high_low": "more, but the neighbours less",
        "low_high": "less, but the neighbours more",
        "none": "nothing sure",
    },
}


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
    share = percent(float(unlike.mean()), language=language)
    for chosen, colour, label in (
        (~unlike, _LIKE, words["like"]),
        (unlike, _UNLIKE, words["unlike"].format(share)),
    ):
        part = table[chosen]
        chart.scatter(part["before"], part["after"], s=9, alpha=0.6, color=colour, label=label)
    ends = np.array([table["before"].min(), table["before"].max()])
    points = number(100 * swing.swing, 1, language=language, signed=True)
    chart.plot(
        ends, ends + swing.swing, color=INK, linewidth=1, label=words["uniform"].format(points)
    )
    chart.plot(ends, ends, color=FAINT, linewidth=0.8, linestyle=":")
    for axis, word in ((chart.xaxis, "before"), (chart.yaxis, "after")):
        axis.set_major_formatter(FuncFormatter(lambda v, _: percent(v, language=language)))
        axis.set_label_text(words[word], fontsize=8, color=INK)
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.legend(fontsize=7, frameon=False, loc="upper left")
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


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
    """
    say("title", language)  # refuses an unknown language
    words = _WORDS[language]
    kinds = clusters.table.set_index("bureau_id")["kind"].reindex(bureaux["bureau_id"])
    colours = kinds.map(_KINDS).fillna("#f3f4f5").where(kinds.notna(), NO_DATA)
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    chart = figure.subplots()
    bureaux.plot(ax=chart, color=list(colours), edgecolor="#c4cad0", linewidth=0.25)
    chart.set_axis_off()
    marks = [Patch(color=colour, label=words[kind]) for kind, colour in _KINDS.items()]
    marks += [
        Patch(facecolor="#f3f4f5", edgecolor="#c4cad0", label=words["none"]),
        Patch(color=NO_DATA, label=say("no_data", language)),
    ]
    chart.legend(
        handles=marks,
        fontsize=7,
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0, -0.12),
        ncols=3,
    )
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure

"""What goes with a share: effects in points with their intervals, curves, what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.charts.chart_words import say
from analysis.charts.colours import Classes, classes
from analysis.charts.print_map import FAINT, INK
from analysis.charts.share_map import share_map
from analysis.electorate.explain.covariates import is_share, label_of
from analysis.i18n import Words, format_number, format_percent

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

_SURE, _UNSURE, _GRID = "#236eb0", "#8fa3b5", "#d5dbe1"
# Panels of curves beside one another.
_ACROSS = 3
_WORDS = Words(
    "chart",
    {
        "effect_axis": "points, for the difference told",
        "from_to": "{} → {}",
        "curve_axis": "points, next to the middle bureau",
        "left_over": "What the model does not explain, in points",
        "bureaux_not_persons": "Bureaux are not persons (Robinson 1950).",
    },
)


def effect_labels(effects: pd.DataFrame, language: str) -> list[str]:
    """Name each effect: the covariate, and from which value to which."""
    words = _WORDS[language]
    return [
        f"{label_of(name, language)}\n"
        + words["from_to"].format(*(value_text(name, value, language) for value in ends))
        for name, *ends in effects[["name", "start", "end"]].itertuples(index=False)
    ]


def value_text(name: str, value: object, language: str) -> str:
    """Write a value of a covariate: a share in percent, a number with few digits, a level as is.

    Parameters
    ----------
    name
        Column, whose name says whether it is a share.
    value
        A number in the unit of its column, or a level.
    language
        Of the text, "fr" or "en".

    Returns
    -------
    str
        Two decimals below 10, none from 10 on; what is no number as it stands.
    """
    if not isinstance(value, (int, float, np.number)):
        return str(value)
    if is_share(name):
        return format_percent(float(value), language=language)
    digits = 0 if abs(float(value)) >= 10 else 2
    return format_number(float(value), digits, language=language)


def effect_chart(effects: pd.DataFrame, *, title: str = "", language: str = "fr") -> Figure:
    """Draw what a typical difference of each covariate goes with, the others as they are.

    Parameters
    ----------
    effects
        As `typical_effects` gives them.
    title
        Heading.
    language
        Of the labels, "fr" or "en".

    Returns
    -------
    matplotlib.figure.Figure
        Not yet written to a file.
    """
    say("title", language)  # refuses an unknown language
    words, rows = _WORDS[language], effects.iloc[::-1].reset_index(drop=True)
    figure = Figure(figsize=(7.4, 1.3 + 0.5 * len(rows)), layout="constrained")
    chart = figure.subplots()
    sure = (rows["lower"] * rows["upper"] > 0).to_numpy()
    colours = [_SURE if one else _UNSURE for one in sure]
    chart.axvline(0, color=FAINT, linewidth=0.9)
    chart.hlines(rows.index, rows["lower"], rows["upper"], colors=colours, linewidth=2.4)
    chart.scatter(rows["points"], rows.index, color=colours, s=34, zorder=3)
    for place, points in rows["points"].items():
        text = format_number(points, 1, language=language, sign=True)
        chart.annotate(text, (points, place), (0, 5), textcoords="offset points", fontsize=7.5,
                       ha="center", color=INK)  # fmt: skip
    chart.set_yticks(rows.index, effect_labels(rows, language), fontsize=7.5, color=INK)
    chart.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: format_number(x, 1, language=language, sign=True))
    )
    chart.set_xlabel(words["effect_axis"], fontsize=8, color=INK)
    _quiet(chart)
    chart.margins(y=0.12)
    return _headed(figure, title, words["bureaux_not_persons"])


def curve_chart(shapes: pd.DataFrame, *, title: str = "", language: str = "fr") -> Figure:
    """Draw the shape of each covariate that bends, with its interval.

    Parameters
    ----------
    shapes
        As `curves` gives them; empty draws no panel.
    title, language
        As for `effect_chart`.

    Returns
    -------
    matplotlib.figure.Figure
        Not yet written to a file.
    """
    say("title", language)
    words, names = _WORDS[language], list(dict.fromkeys(shapes["name"]))
    across = min(_ACROSS, max(len(names), 1))
    down = -(-len(names) // across) or 1
    figure = Figure(figsize=(3.1 * across + 0.6, 2.6 * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for chart, name in zip(panels, names, strict=False):
        part = shapes[shapes["name"] == name]
        chart.fill_between(part["value"], part["lower"], part["upper"], color=_SURE, alpha=0.18,
                           linewidth=0)  # fmt: skip
        chart.plot(part["value"], part["points"], color=_SURE, linewidth=2)
        chart.axhline(0, color=FAINT, linewidth=0.8)
        chart.xaxis.set_major_formatter(
            FuncFormatter(lambda x, _, name=name: value_text(name, x, language))
        )
        chart.set_title(label_of(name, language), fontsize=8, loc="left", color=INK)
        _quiet(chart)
    for chart in panels[len(names) :]:
        chart.set_visible(False)
    panels[0].set_ylabel(words["curve_axis"], fontsize=8, color=INK)
    return _headed(figure, title, words["bureaux_not_persons"])


def graded_residuals(points: pd.Series, language: str = "fr") -> tuple[Classes, tuple[str, ...]]:
    """Sort residuals, in points, into classes around nought; with their colours, without "none"."""
    found = classes(points, n=7, palette="diverging", language=language)
    return found, found.palette[1:]


def residual_map(
    bureaux: gpd.GeoDataFrame, residuals: pd.DataFrame, *, title: str = "", language: str = "fr"
) -> Figure:
    """Draw what a model leaves over in each bureau.

    Parameters
    ----------
    bureaux
        Contours, metric CRS, with `bureau_id`.
    residuals
        `bureau_id`, `residual` (share, −1 to 1).
    title, language
        As for `effect_chart`.

    Returns
    -------
    matplotlib.figure.Figure
        Not yet written to a file.
    """
    known = 100 * residuals.set_index("bureau_id")["residual"].reindex(bureaux["bureau_id"])
    found, colours = graded_residuals(known, language)
    return share_map(
        bureaux.assign(colour=pd.Series([None, *colours])[found.index].to_numpy()),
        entries=list(zip(colours, found.labels[1:], strict=True)),
        title=title,
        legend=_WORDS[language]["left_over"],
        language=language,
    )


def _quiet(chart: Axes) -> None:
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(axis="x", linewidth=0.4, color=_GRID)
    chart.set_axisbelow(True)


def _headed(figure: Figure, title: str, foot: str) -> Figure:
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    figure.supxlabel(foot, fontsize=7, color=FAINT, x=0.01, ha="left")
    return figure

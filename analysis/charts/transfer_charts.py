"""Transfers between two elections: a table in colours, and flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.charts.chart_words import name as bloc_name
from analysis.charts.chart_words import nuance, say
from analysis.charts.print_map import FAINT, INK
from analysis.electorate.transfers import Transfers
from analysis.i18n import Words, format_number, format_percent

# One hue from paper to ink, so that a grey print keeps the order; light under dark figures.
_RAMP = LinearSegmentedColormap.from_list("transfers", ["#ffffff", "#c6dbef", "#4292c6", "#08306b"])
_HUES = ("#2369ad", "#b35806", "#542788", "#39adc3", "#8c6d31", "#7b4173", "#3f6f5e", "#a05a5a")
# As French newspapers colour the blocs; options of one bloc are shades of its colour.
_BLOC_HUES = {
    "far_left": ("#8c1021", "#b33a45"),
    "left": ("#d6336c", "#e8608c", "#f08fae", "#a61e4d"),
    "centre": ("#e8a200", "#f2bd49"),
    "right": ("#2b6cb0", "#5b93cc", "#8ab4de"),
    "far_right": ("#1b2a57", "#4a5a8a"),
    "other": ("#7d6b57", "#a2937f", "#c0b5a4"),
}
_GREY = "#8a939c"
# Flows under this share of all are not drawn: threads that hide the others.
_THREAD = 0.002
_GAP = 0.012
_LINE = 0.024
_BAR = 0.03
# Inches of a figure that a page shows at its own size.
_SHOWN_IN = 9.0
_WORDS = Words(
    "chart",
    {
        "blank_null": "blank and null",
        "abstention": "abstention",
        "newcomers": "newcomers",
        "leavers": "leavers",
        "other": "others",
        "caution": "An estimate, never a proof.",
        "heat": "Of 100 in each row, how many go where ({} interval)",
    },
)


def option_name(option: str, language: str) -> str:
    """Name an option: blocs and those that are no candidate in words, candidates as they are."""
    say("title", language)  # refuses an unknown language
    return _WORDS[language].get(option) or bloc_name(nuance(option), language)


def heat_map(
    found: Transfers,
    *,
    title: str = "",
    language: str = "fr",
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw the table of transfers: rows are origins, colour and figure their shares.

    Parameters
    ----------
    found
        An estimate.
    title
        Heading, for example both elections and the place.
    language
        Of the labels, "fr" or "en".
    names
        What to call options instead of their own names.

    Returns
    -------
    matplotlib.figure.Figure
        Each cell has its percentage and, below it, its interval; options that are no
        candidate are named in words; the caution stands underneath.
    """
    shares = found.matrix("share_of_origin")
    low, high = (found.matrix(name).to_numpy() for name in ("lower", "upper"))
    rows, columns = shares.shape
    wide = 2.2 + 0.72 * columns
    figure = Figure(figsize=(wide, 1.7 + 0.48 * rows), layout="constrained")
    # A wide table is shown smaller: its letters grow with it.
    scale = max(1.0, wide / _SHOWN_IN)
    chart = figure.subplots()
    values = shares.to_numpy()
    chart.imshow(values, cmap=_RAMP, vmin=0, vmax=1, aspect="auto")
    labels = [_labels(axis, language, names) for axis in (shares.index, shares.columns)]
    votes = found.matrix().sum(axis=1)
    counted = [
        f"{label}  ({format_number(count, language=language)})"
        for label, count in zip(labels[0], votes, strict=True)
    ]
    size = 8 * scale
    chart.set_yticks(range(rows), counted, fontsize=size, color=INK)
    chart.set_xticks(range(columns), labels[1], fontsize=size, color=INK, rotation=35, ha="left")
    chart.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    for (row, column), share in np.ndenumerate(values):
        ink = "white" if share > 0.55 else INK
        chart.text(
            column,
            row - 0.15,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=9 * scale,
            color=ink,
        )
        span = f"{100 * low[row, column]:.0f}–{100 * high[row, column]:.0f}"
        chart.text(
            column, row + 0.27, span, ha="center", va="center", fontsize=7 * scale, color=ink
        )
    chart.spines[:].set_visible(False)
    heading = _WORDS[language]["heat"].format(format_percent(found.level, language=language))
    _frame(figure, title, f"{heading}.\n{_WORDS[language]['caution']}")
    return figure


def flows(
    found: Transfers,
    *,
    title: str = "",
    language: str = "fr",
    names: Mapping[str, str] | None = None,
    blocs: Mapping[str, str] | None = None,
) -> Figure:
    """Draw transfers as ribbons from the first election (left) to the second (right).

    Parameters
    ----------
    found
        An estimate.
    title, language, names
        As for `heat_map`.
    blocs
        Option of the first election → its bloc, whose usual colour it has.

    Returns
    -------
    matplotlib.figure.Figure
        Widths are persons; a ribbon has the colour of its origin, options that are no
        candidate are grey. Ribbons under 0.2% of all are left blank.
    """
    votes = found.matrix()
    table = votes.to_numpy(dtype=float) / votes.to_numpy().sum()
    figure = Figure(figsize=(8.2, 1.6 + 0.34 * max(table.shape)), layout="constrained")
    chart = figure.subplots()
    left, right = _stack(table.sum(axis=1)), _stack(table.sum(axis=0))
    hues = _hues(votes.index, blocs or {})
    # Where each ribbon starts and ends: flows of an option lie one on another.
    starts = left[:, None] - np.cumsum(table, axis=1) + table
    ends = right[None, :] - np.cumsum(table, axis=0) + table
    for (row, column), share in np.ndenumerate(table):
        if share >= _THREAD:
            _ribbon(chart, (starts[row, column], ends[row, column]), share, hues[row])
    sides = (
        (0.0, left, table.sum(axis=1), votes.index),
        (1.0, right, table.sum(axis=0), votes.columns),
    )
    for at, tops, sizes, options in sides:
        colours = hues if at == 0 else [_GREY] * len(options)
        chart.bar(
            np.full(len(sizes), at), sizes, width=_BAR, bottom=tops - sizes, color=colours, zorder=3
        )
        ha, step = ("right", -0.03) if at == 0 else ("left", 0.03)
        places = _spaced(tops - sizes / 2)
        for label, y, size in zip(_labels(options, language, names), places, sizes, strict=True):
            text = f"{label}  {format_percent(size, language=language)}"
            chart.text(at + step, y, text, ha=ha, va="center", fontsize=7.5, color=INK)
    chart.set_xlim(-0.42, 1.42)
    chart.axis("off")
    _frame(figure, title, _WORDS[language]["caution"])
    return figure


def _stack(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the top of each bar, from above, with a gap between bars."""
    return np.asarray(-(np.cumsum(sizes) - sizes) - _GAP * np.arange(len(sizes)))


def _spaced(places: npt.NDArray[np.float64]) -> list[float]:
    """Move labels down until none covers the one above."""
    spaced: list[float] = []
    for place in places:
        spaced.append(min(place, spaced[-1] - _LINE) if spaced else float(place))
    return spaced


def _ribbon(chart: Axes, tops: tuple[float, float], size: float, hue: str) -> None:
    start, end = tops
    near, far = _BAR / 2, 1 - _BAR / 2
    points = [
        *((near, start), (0.5, start), (0.5, end), (far, end)),
        *((far, end - size), (0.5, end - size), (0.5, start - size), (near, start - size)),
    ]
    codes: list[Any] = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3]
    chart.add_patch(PathPatch(Path(points, codes), facecolor=hue, alpha=0.45, linewidth=0))


def _hues(options: pd.Index, blocs: Mapping[str, str]) -> list[str]:
    special = set(_WORDS["en"]) - {"caution", "heat", "other"}
    named = [option for option in options if option not in special]
    hue: dict[str, str] = {}
    for n, option in enumerate(named):
        bloc = blocs.get(option, option)
        shades = _BLOC_HUES.get(bloc, (_HUES[n % len(_HUES)],))
        same = sum(blocs.get(one, one) == bloc for one in hue)
        hue[option] = shades[same % len(shades)]
    return [hue.get(option, _GREY) for option in options]


def _labels(options: pd.Index, language: str, names: Mapping[str, str] | None) -> list[str]:
    return [(names or {}).get(option) or option_name(option, language) for option in options]


def _frame(figure: Figure, title: str, foot: str) -> None:
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    figure.supxlabel(foot, fontsize=7, color=FAINT, x=0.01, ha="left")

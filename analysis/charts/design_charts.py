"""Pictures of a trial before it starts: whether the arms are alike, and what it can see."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.charts.axis_numbers import axis_numbers
from analysis.charts.print_map import FAINT, INK
from analysis.charts.trial_charts import COLOURS
from analysis.errors import DataError, some
from analysis.experiments.balance import LARGE, Balance
from analysis.experiments.trial_words import say

_WIDTH, _ROW, _FRAME = 6.4, 0.26, 1.0
_GRID = "#d5dbe1"
_CURVE = ("units", "coverage", "detectable_assignment", "detectable_reached")
_SHADES = ("#00765a", "#8a5a00", "#7a3f8f", "#555555")
_MARKS = ("D", "s", "^", "v")


def love_plot(balance: Balance, *, language: str = "fr") -> Figure:
    """Draw the standardised difference of every covariate, with the line usually drawn.

    Parameters
    ----------
    balance
        What `check_balance` found.
    language
        Of the labels, `fr` or `en`.
    """
    table = balance.table
    figure = Figure((_WIDTH, _FRAME + _ROW * len(table)), layout="constrained")
    chart = figure.subplots()
    places = np.arange(len(table))
    values = table["standardised"].to_numpy(dtype=float)
    far = np.abs(values) > LARGE
    chart.hlines(places, 0, values, color=_GRID, linewidth=1.5)
    for rows, ink, mark in ((~far, COLOURS["assignment"], "o"), (far, COLOURS["allocation"], "s")):
        chart.plot(values[rows], places[rows], mark, color=ink, markersize=6, linestyle="none")
    for at in (-LARGE, LARGE):
        chart.axvline(at, color=FAINT, linestyle="--", linewidth=0.9)
    chart.axvline(0, color=FAINT, linewidth=0.8)
    chart.set_yticks(places, table["covariate"].tolist())
    chart.set_ylim(len(table) - 0.5, -0.5)
    most = max(1.3 * LARGE, 1.1 * float(np.abs(values).max(initial=0.0)))
    chart.set_xlim(-most, most)
    axis, line = say("love_axis", language), say("love_line", language, large=LARGE)
    chart.set_xlabel(f"{axis} ({line})", fontsize=8, color=INK)
    figure.suptitle(balance.summary(language), x=0.01, ha="left", fontsize=8, color=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.xaxis.set_major_locator(MaxNLocator(7))
    chart.xaxis.set_major_formatter(axis_numbers(2, language=language))
    return figure


def power_chart(curve: pd.DataFrame, *, language: str = "fr") -> Figure:
    """Draw the smallest effect that is seen, by number of units and share reached.

    Parameters
    ----------
    curve
        The columns of `power_curve` or of `Placebo.median`: `units`, `coverage`,
        `detectable_assignment`, `detectable_reached` (shares). Several outcomes at one
        number of units are drawn as their median.
    language
        Of the labels.

    Raises
    ------
    DataError
        When a column is missing, or there is no row.
    """
    if missing := [name for name in _CURVE if name not in curve]:
        raise DataError(
            "The power curve lacks column(s) {missing}.",
            where="columns found: {columns}",
            mend="Pass the table of power_curve, its names unchanged.",
            missing=", ".join(missing),
            columns=some(curve.columns, most=8),
        )
    if curve.empty:
        raise DataError("The power curve is empty.", mend="Ask for one number of units or more.")
    table = curve[list(_CURVE)].groupby(["units", "coverage"], as_index=False).median()
    figure = Figure((_WIDTH, 3.2), layout="constrained")
    chart = figure.subplots()
    first = table.drop_duplicates("units")
    chart.plot(
        first["units"], 100 * first["detectable_assignment"], "o-",
        color=COLOURS["assignment"], linewidth=2, label=say("detectable_assignment", language),
    )  # fmt: skip
    for place, (coverage, part) in enumerate(table.groupby("coverage")):
        chart.plot(
            part["units"], 100 * part["detectable_reached"], linestyle="--", linewidth=1.2,
            marker=_MARKS[place % len(_MARKS)], color=_SHADES[place % len(_SHADES)], markersize=4,
            label=say("detectable_reached", language, coverage=100 * float(coverage)),
        )  # fmt: skip
    chart.set_ylim(bottom=0)
    chart.set_xlabel(say("units_axis", language), fontsize=8, color=INK)
    chart.set_ylabel(say("detectable_axis", language), fontsize=8, color=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(linewidth=0.4, color=_GRID)
    chart.tick_params(labelsize=7.5, colors=INK)
    if len(first) == 1:
        chart.set_xticks(first["units"])
    chart.xaxis.set_major_formatter(axis_numbers(0, language=language))
    chart.yaxis.set_major_formatter(axis_numbers(1, language=language))
    chart.legend(fontsize=7.5, frameon=False)
    return figure

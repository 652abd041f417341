"""Charts of the field: the course to the objective, when doors open, teams side by side."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.charts.axis_numbers import axis_numbers
from analysis.charts.chart_words import say
from analysis.charts.print_map import FAINT, INK
from analysis.fieldwork.outlook import Forecast
from analysis.i18n import format_percent

_DOORS, _TALKS, _GOAL, _GRID = "#0072b2", "#56b4e9", "#d55e00", "#d5dbe1"
_KINDS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
# Inches, at which letters can be read on a screen of 390 pixels.
_WIDE, _HIGH = 5.2, 3.0
_SIZE = 9
# Of doors that open, the least that an axis goes to.
_LEAST_SHARE = 0.1


def course_chart(
    daily: pd.DataFrame, found: Forecast | None, *, measure: str = "doors", language: str = "fr"
) -> Figure:
    """Draw doors and conversations by day, and the running total against the objective.

    Parameters
    ----------
    daily
        `day`, `doors`, `conversation`.
    found
        The forecast, whose fan and objective are drawn; None draws the days alone.
    measure
        What the objective counts: `doors` or `conversations`.
    language
        Of the labels, `fr` or `en`.

    Returns
    -------
    matplotlib.figure.Figure
        One panel without a forecast; with one, the running total above and the days below.
    """
    figure = Figure((_WIDE, _HIGH * (1.5 if found else 1)), layout="constrained", dpi=150)
    if found is None:
        _days(figure.subplots(), daily, language)
        return figure
    above, below = figure.subplots(2, 1, height_ratios=(1.5, 1), sharex=True)
    column = "doors" if measure == "doors" else "conversation"
    total = daily[column].cumsum()
    above.fill_between(
        found.days["day"], found.days["low"], found.days["high"], color=_DOORS, alpha=0.18,
        linewidth=0, label=say("field_fan", language),
    )  # fmt: skip
    above.plot(found.days["day"], found.days["mean"], "--", color=_DOORS, linewidth=1.4)
    above.plot(
        daily["day"], total, "-o", color=_DOORS, markersize=3, linewidth=1.6,
        label=say("field_so_far", language),
    )  # fmt: skip
    goal = say("field_objective", language)
    above.axhline(found.objective, color=_GOAL, linewidth=1.5, label=goal)
    above.set_ylim(0)
    # Doors only grow: of what is drawn, the lower edge of the fan alone may come into that corner.
    above.legend(fontsize=_SIZE - 1, framealpha=0.85, edgecolor="none", loc="lower right")
    _plain(above, language)
    _headed(above, say(f"field_total_{measure}", language))
    _days(below, daily, language)
    return figure


def _days(chart: Axes, daily: pd.DataFrame, language: str) -> None:
    days = pd.to_datetime(daily["day"])
    chart.bar(days, daily["doors"], width=0.8, color=_DOORS, label=say("field_doors", language))
    chart.bar(
        days, daily["conversation"], width=0.8, color=_TALKS, label=say("field_talks", language)
    )
    _headed(chart, say("field_by_day", language))
    chart.legend(fontsize=_SIZE - 1, frameon=False, ncols=2, loc="upper left")
    chart.set_ylim(0, max(float(daily["doors"].max()), 1) * 1.3)
    # Whole numbers of an axis of dates are days.
    chart.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))
    chart.xaxis.set_major_formatter(mdates.DateFormatter("%d/%m"))  # type: ignore[no-untyped-call]
    # Nobody knocks at half a door.
    chart.yaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))
    _plain(chart, language)


def opening_chart(table: pd.DataFrame, *, language: str = "fr") -> Figure:
    """Draw how many doors open by hour, a line per kind of building, with 90% intervals.

    Parameters
    ----------
    table
        As `Learned.table`: `weekend`, `hour`, `kind`, `rate`, `low`, `high`, `doors`.
    language
        Of the labels, `fr` or `en`.
    """
    parts = sorted(table["weekend"].unique())
    figure = Figure((_WIDE, _HIGH * len(parts)), layout="constrained", dpi=150)
    charts = np.atleast_1d(figure.subplots(len(parts), 1, sharex=True, sharey=True))
    kinds = sorted(table["kind"].unique())
    for chart, weekend in zip(charts, parts, strict=True):
        for place, kind in enumerate(kinds):
            rows = table[(table["weekend"] == weekend) & (table["kind"] == kind)]
            rows = rows.sort_values("hour")
            # Side by side: intervals of two kinds at one hour would hide one another.
            hours = rows["hour"] + 0.14 * (place - (len(kinds) - 1) / 2)
            ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["rate"].to_numpy())
            chart.errorbar(
                hours, rows["rate"], yerr=ends, fmt="-o", color=_KINDS[place % len(_KINDS)],
                markersize=4, linewidth=1, elinewidth=1.6, label=say(f"kind_{kind}", language),
            )  # fmt: skip
        _headed(chart, say("field_weekend" if weekend else "field_weekdays", language))
        # An axis of a few thousandths would say 0% at every mark.
        chart.set_ylim(0, max(chart.get_ylim()[1], _LEAST_SHARE))
        _plain(chart, language)
        chart.yaxis.set_major_formatter(
            FuncFormatter(lambda x, _: format_percent(x, language=language))
        )
    # Above the charts: within them it would hide intervals.
    lines, names = charts[0].get_legend_handles_labels()
    look = {"fontsize": _SIZE - 1, "frameon": False, "ncols": 2}
    figure.legend(lines, names, loc="outside upper center", **look)
    charts[-1].set_xlabel(say("field_hour", language), fontsize=_SIZE, color=INK)
    # Of one hour alone, the axis would show its hundredths.
    charts[-1].set_xlim(table["hour"].min() - 0.6, table["hour"].max() + 0.6)
    charts[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def team_chart(paces: pd.DataFrame, *, language: str = "fr") -> Figure:
    """Draw doors an hour of teams in the order of their names, with 90% intervals.

    Parameters
    ----------
    paces
        As `learning.learn_paces` returns them: `team_id`, `doors_per_hour`, `low`, `high`.
    language
        Of the labels, `fr` or `en`.
    """
    rows = paces.sort_values("team_id", ascending=False)
    figure = Figure((_WIDE, 0.9 + 0.32 * len(rows)), layout="constrained", dpi=150)
    chart = figure.subplots()
    at = np.arange(len(rows))
    ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["doors_per_hour"].to_numpy())
    chart.errorbar(rows["doors_per_hour"], at, xerr=ends, fmt="o", color=_DOORS, markersize=5)
    chart.set_yticks(at, rows["team_id"].replace("", "—"))
    chart.set_ylim(-0.7, len(rows) - 0.3)
    # A pace whose interval is a point stands within, not on the edge.
    chart.set_xlim(0, 1.05 * float(rows[["doors_per_hour", "high"]].max(axis=None) or 1))
    chart.set_xlabel(say("field_pace", language), fontsize=_SIZE, color=INK)
    _plain(chart, language)
    chart.yaxis.set_major_formatter(_names(rows["team_id"].replace("", "—").tolist()))
    chart.xaxis.set_major_formatter(axis_numbers(0, language=language))
    return figure


def _headed(chart: Axes, title: str) -> None:
    chart.set_title(title, fontsize=_SIZE, color=FAINT, loc="left")


def _names(names: list[str]) -> FuncFormatter:
    return FuncFormatter(lambda _x, place: names[place] if place < len(names) else "")


def _plain(chart: Axes, language: str) -> None:
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(linewidth=0.4, color=_GRID)
    chart.set_axisbelow(True)
    chart.tick_params(labelsize=_SIZE, colors=INK)
    chart.yaxis.set_major_formatter(axis_numbers(0, language=language))

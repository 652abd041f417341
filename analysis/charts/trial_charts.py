"""Pictures of a trial's result: estimates by quantity, chance alone, what a share reached makes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis import i18n
from analysis.charts.print_map import FAINT, INK
from analysis.errors import DataError, Listed
from analysis.experiments.estimates import Estimate, Impact
from analysis.experiments.randomisation import RandomisationTest
from analysis.experiments.subgroups import Subgroups
from analysis.experiments.trial_words import estimand_name, outcome_name, points, say

# Blue, orange and green of Okabe and Ito (2008), darkened for paper; markers tell them
# apart in grey.
COLOURS = {"assignment": "#2369ad", "allocation": "#b35806", "coverage": "#00765a"}
MARKERS = {"assignment": "o", "allocation": "s", "coverage": "D"}
_GRID, _CHANCE = "#d5dbe1", "#b9c4d0"
_WIDTH, _ROW, _FRAME = 6.4, 0.34, 0.75
_BINS = 45
_ROOM = 1.25


def coefficient_plot(
    impact: Impact, outcomes: Sequence[str] | None = None, *, language: str = "fr"
) -> Figure:
    """Draw the default estimates with their 95% intervals, one panel per quantity.

    Parameters
    ----------
    impact
        What a trial showed.
    outcomes
        Which, in this order; all when None. Those in points and others are not mixed:
        the scale of the first decides.
    language
        Of the labels, `fr` or `en`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.

    Raises
    ------
    DataError
        When none of the outcomes was estimated.
    """
    wanted = [e for e in impact.defaults if outcomes is None or e.outcome in outcomes]
    order = list(outcomes or dict.fromkeys(e.outcome for e in wanted))
    wanted = [e for e in wanted if e.in_points == wanted[0].in_points]
    by_quantity = {
        quantity: [e for e in wanted if e.estimand == quantity]
        for quantity in COLOURS
        if any(e.estimand == quantity for e in wanted)
    }
    if not by_quantity:
        raise DataError("There is no estimate to draw.", mend="Name outcomes of this impact.")
    rows = [len(estimates) for estimates in by_quantity.values()]
    figure = Figure((_WIDTH, _FRAME * len(rows) + _ROW * sum(rows)), layout="constrained")
    charts = figure.subplots(len(rows), 1, squeeze=False, sharex=True, height_ratios=rows)
    for chart, (quantity, found) in zip(charts[:, 0], by_quantity.items(), strict=True):
        found = sorted(found, key=lambda e: order.index(e.outcome))
        _whiskers(chart, found, [impact.marked(e.outcome, language) for e in found], language)
        heading = estimand_name(quantity, language)
        chart.set_title(heading, loc="left", fontsize=9, color=COLOURS[quantity], weight="bold")
    axis = "effect_axis" if wanted[0].in_points else "own_axis"
    charts[-1, 0].set_xlabel(say(axis, language), fontsize=8, color=INK)
    return figure


def subgroup_plot(subgroups: Subgroups, outcome: str, *, language: str = "fr") -> Figure:
    """Draw the effect of assignment on one outcome within each group, with its number.

    Parameters
    ----------
    subgroups
        The estimates within groups.
    outcome
        Which of them to draw.
    language
        Of the words, `fr` or `en`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.

    Raises
    ------
    DataError
        When the outcome was not estimated in any group.
    """
    chosen = [one for one in subgroups.found if one.estimate.outcome == outcome]
    if not chosen:
        raise DataError(
            "No subgroup has an estimate of {outcome}.",
            mend="Name another outcome.",
            outcome=outcome,
        )
    told = subgroups.to_frame(language)
    told = told[told["outcome"] == outcome]
    labels = [
        f"{column} = {group} (n = {i18n.format_number(n, language=language)})"
        for column, group, n in zip(told["column"], told["group"], told["n"], strict=True)
    ]
    figure = Figure((_WIDTH + 1.2, _FRAME + _ROW * len(chosen)), layout="constrained")
    chart = figure.subplots()
    _whiskers(chart, [one.estimate for one in chosen], labels, language)
    for place, one in enumerate(chosen):
        if not one.declared:
            chart.get_yticklabels()[place].set_fontstyle("italic")
    chart.set_title(outcome_name(outcome, language), loc="left", fontsize=9, color=INK)
    axis = say("effect_axis" if chosen[0].estimate.in_points else "own_axis", language)
    if not all(one.declared for one in chosen):
        axis = f"{axis}\n{say('italics', language)}"
    chart.set_xlabel(axis, fontsize=8, color=INK)
    return figure


def randomisation_histogram(
    test: RandomisationTest, outcome: str, *, language: str = "fr"
) -> Figure:
    """Draw what chance alone gives, and where the observed difference lies.

    Parameters
    ----------
    test
        A test by drawing again.
    outcome
        One of its outcomes.
    language
        Of the labels.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.

    Raises
    ------
    DataError
        When the outcome was not tested.
    """
    if outcome not in test.null:
        raise DataError(
            "{outcome} was not tested by drawing again.",
            where="tested: {null}",
            mend="Name one of these.",
            outcome=outcome,
            null=", ".join(test.null),
        )
    observed, null = test.value(outcome, "observed"), test.null[outcome]
    scale, told = 1.0, i18n.format_number(observed, 4, language=language, sign=True)
    if max(abs(observed), float(np.abs(null).max())) <= 1:
        scale, told = 100.0, points(observed, language=language)
    figure = Figure((_WIDTH, 2.6), layout="constrained")
    chart = figure.subplots()
    edges = np.histogram_bin_edges(scale * null, _BINS).tolist()
    far = np.abs(null) >= abs(observed)
    parts = [scale * null[~far], scale * null[far]]
    chart.hist(parts, edges, stacked=True, color=[_CHANCE, COLOURS["allocation"]])
    chart.axvline(scale * observed, color=COLOURS["assignment"], linewidth=2)
    chart.annotate(
        say("observed", language, value=told),
        (scale * observed, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", fontsize=8, color=COLOURS["assignment"],
    )  # fmt: skip
    _plain(chart, language)
    chart.set_ylabel(say("draws_axis", language), fontsize=8, color=INK)
    axis = "effect_axis" if scale > 1 else "own_axis"
    chance = say("by_chance", language, draws=test.draws)
    far_told = say("as_far", language, p=test.value(outcome))
    both = i18n.told(Listed([chance, far_told], "; "), language)
    chart.set_xlabel(f"{say(axis, language)}\n{both}", fontsize=8, color=INK)
    return figure


def reach_chart(
    assignment: Estimate,
    gap: float,
    *,
    press: float | None = None,
    language: str = "fr",
) -> Figure:
    """Draw the effect among those reached as the difference in the share reached changes.

    Parameters
    ----------
    assignment
        The effect of assignment, a share.
    gap
        Difference between the arms in the share reached that was measured, 0 to 1.
    press
        A figure to compare with, such as 0.031; none when None.
    language
        Of the labels.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, not yet written.

    Raises
    ------
    DataError
        When the difference is not between 0 and 1.
    """
    if not 0 < gap <= 1:
        raise DataError(
            "The difference in the share reached must lie between 0 and 1, and not be 0.",
            where="gap = {gap}",
            mend="Give a share: 0.136 for 13.6 points.",
            gap=gap,
        )
    shares = np.linspace(0.05, max(0.6, _ROOM * gap), 120)
    figure = Figure((_WIDTH, 3.2), layout="constrained")
    chart = figure.subplots()
    low, high = (100 * end / shares for end in assignment.interval)
    colour = COLOURS["coverage"]
    chart.fill_between(100 * shares, low, high, color=colour, alpha=0.15, linewidth=0)
    value = points(assignment.value, language=language)
    label = say("reach_line", language, value=value)
    chart.plot(100 * shares, 100 * assignment.value / shares, color=colour, label=label)
    here = assignment.value / gap
    told = points(here, language=language)
    mark = say("reach_here", language, gap=100 * gap, effect=told)
    chart.plot([100 * gap], [100 * here], "D", color=colour, markersize=7, label=mark)
    if press is not None:
        label = say("press_line", language)
        chart.axhline(100 * press, color=COLOURS["allocation"], linestyle="--", label=label)
    chart.axhline(0, color=FAINT, linewidth=0.8)
    chart.set_xlabel(say("reach_axis", language), fontsize=8, color=INK)
    chart.set_ylabel(say("reached_effect_axis", language), fontsize=8, color=INK)
    _plain(chart, language)
    chart.yaxis.set_major_formatter(_ticks(language))
    chart.legend(fontsize=7.5, frameon=False, loc="upper right")
    return figure


def _whiskers(chart: Axes, found: Sequence[Estimate], labels: Sequence[str], language: str) -> None:
    """Draw one row per estimate: its interval, its mark, and its value in words."""
    scale = 100.0 if found[0].in_points else 1.0
    for place, e in enumerate(found):
        colour, marker = COLOURS[e.estimand], MARKERS[e.estimand]
        ends = [scale * end for end in e.interval]
        chart.plot(ends, [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        # Hollow: the interval holds no effect.
        face = colour if e.detected else "white"
        chart.plot(scale * e.value, place, marker, color=colour, mfc=face, markersize=6)
        chart.annotate(
            i18n.format_number(scale * e.value, 2, language=language, sign=True),
            (scale * e.value, place), xytext=(0, 5), textcoords="offset points",
            ha="center", fontsize=7.5, color=INK,
        )  # fmt: skip
    chart.axvline(0, color=FAINT, linewidth=0.8)
    chart.set_yticks(range(len(found)), labels)
    chart.set_ylim(len(found) - 0.5, -0.7)
    _plain(chart, language)
    chart.tick_params(axis="y", length=0)
    chart.grid(axis="y", visible=False)


def _plain(chart: Axes, language: str) -> None:
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(axis="x", linewidth=0.4, color=_GRID)
    chart.set_axisbelow(True)
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.xaxis.set_major_formatter(_ticks(language))


def _ticks(language: str) -> FuncFormatter:
    def told(value: float, _: int) -> str:
        digits = 0 if value == round(value) else 1 if round(value, 1) == round(value, 6) else 2
        return i18n.format_number(value, digits, language=language)

    return FuncFormatter(told)

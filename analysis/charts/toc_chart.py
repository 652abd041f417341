"""Picture of a ranking judged by a trial: what the first shares of it gained above the mean."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.charts.print_map import FAINT, INK
from analysis.charts.trial_charts import COLOURS
from analysis.experiments.rank_weighted import RankWeighted
from analysis.experiments.trial_words import outcome_name, say
from analysis.i18n import format_number

_WIDTH, _HEIGHT = 6.4, 2.8
_GRID = "#d5dbe1"


def toc_chart(ranked: RankWeighted, *, language: str = "fr") -> Figure:
    """Draw the targeting operator characteristic with its 95% band, and its area in words.

    Parameters
    ----------
    ranked
        One ranking judged by one outcome.
    language
        Of the labels, `fr` or `en`.
    """
    scale = 100.0 if ranked.in_points else 1.0
    toc, colour = ranked.toc, COLOURS["assignment"]
    figure = Figure((_WIDTH, _HEIGHT), layout="constrained")
    chart = figure.subplots()
    share = 100 * toc["share"]
    chart.fill_between(
        share, scale * toc["lower"], scale * toc["upper"],
        color=colour, alpha=0.15, linewidth=0, label=say("band", language),
    )  # fmt: skip
    chart.plot(share, scale * toc["effect"], "o-", color=colour, linewidth=2, markersize=4)
    chart.axhline(0, color=FAINT, linewidth=0.9, label=say("toc_chance", language))
    low, high = (ranked.told(end, language) for end in ranked.autoc.interval)
    area = say("toc_area", language, area=ranked.told(ranked.autoc.estimate, language),
               low=low, high=high)  # fmt: skip
    chart.set_title(
        f"{outcome_name(ranked.outcome, language)} · {area}", loc="left", fontsize=8.5, color=INK
    )
    chart.set_xlim(0, 100)
    chart.set_xlabel(say("toc_share", language, by=ranked.by), fontsize=8, color=INK)
    axis = "toc_axis" if ranked.in_points else "toc_own_axis"
    chart.set_ylabel(say(axis, language), fontsize=8, color=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(linewidth=0.4, color=_GRID)
    chart.set_axisbelow(True)
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.xaxis.set_major_formatter(FuncFormatter(lambda x, _: format_number(x, language=language)))
    chart.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: format_number(y, 1, language=language))
    )
    chart.legend(fontsize=7.5, frameon=False, loc="best")
    return figure

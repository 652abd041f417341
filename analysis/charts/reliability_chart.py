"""Picture of probabilities told against how often they came true."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis.charts.chart_words import say
from analysis.charts.print_map import FAINT, INK
from analysis.charts.trial_charts import COLOURS
from analysis.i18n import format_percent
from analysis.targeting.calibration import AS_BELIEVED, MOVEMENTS, Calibration

_SIDE, _GRID = 3.6, "#d5dbe1"
_STYLES = {AS_BELIEVED: ("o-", "assignment"), "nothing": ("s--", "allocation")}


def reliability_chart(found: Calibration, *, language: str = "fr") -> Figure:
    """Draw, class by class, the chance told to be among the first and how often that came.

    Parameters
    ----------
    found
        Over drawn pasts and five stated worlds; the size of a dot is the share of bureaux.
    language
        Of the labels, `fr` or `en`.
    """
    figure = Figure((_SIDE * 1.35, _SIDE), layout="constrained")
    chart = figure.subplots()
    chart.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, label=say("as_told", language))
    for movement in MOVEMENTS:
        rows = found.reliability[found.reliability["movement"] == movement]
        style, colour = _STYLES[movement]
        chart.plot(
            rows["told"], rows["came"], style[1:], color=COLOURS[colour], linewidth=1.4,
            label=say(f"movement_{movement}", language),
        )  # fmt: skip
        chart.scatter(
            rows["told"], rows["came"], s=12 + 260 * rows["share"], marker=style[0],
            color=COLOURS[colour],
        )  # fmt: skip
    chart.set_xlim(0, 1)
    chart.set_ylim(0, 1)
    chart.set_xlabel(say("chance_told", language), fontsize=8, color=INK)
    chart.set_ylabel(say("chance_came", language), fontsize=8, color=INK)
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(linewidth=0.4, color=_GRID)
    chart.set_axisbelow(True)
    chart.tick_params(labelsize=7.5, colors=INK)
    for axis in (chart.xaxis, chart.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda x, _: format_percent(x, language=language)))
    chart.legend(fontsize=7.5, frameon=False, loc="upper left")
    return figure

"""One bureau over time: turnout and the share of a bloc, beside its town."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, MaxNLocator

from analysis.charts.chart_words import say, short_name
from analysis.charts.print_map import FAINT, INK
from analysis.errors import DataError, some
from analysis.i18n import format_percent

# As wide as the card that shows it, so that letters keep their size there.
_SIZE = (3.9, 3.9)
_COLOUR = {"turnout_rate": "#2369ad", "share_valid": "#b35806"}
_SECOND = 0.55  # from a first round to its second, where 1 leads to the next election
_MARKER = {1: "o", 2: "D"}
# Such a share means that the bloc had no opponent, as in some second rounds.
_ALONE = 0.995
_NEEDED = ("election_id", "date", "kind", "round", "turnout_rate", "share_valid")


def history(
    bureau: pd.DataFrame, town: pd.DataFrame, *, title: str = "", language: str = "fr"
) -> Figure:
    """Draw the turnout and the bloc's share of valid votes of one bureau over time.

    Parameters
    ----------
    bureau
        One row per election: `election_id`, `date`, `kind`, `round`, `turnout_rate` (share
        of registered), `share_valid` (of the bloc); rates in [0, 1], missing where unknown.
    town
        The same for the whole town, drawn as a thin line.
    title
        Heading, e.g. the name of the bureau.
    language
        Of the labels, "fr" or "en".

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, elections in order of date; round 1 is a dot, round 2 a diamond.

    Raises
    ------
    DataError
        When a column is missing or there is no election.
    """
    if missing := [column for column in _NEEDED if column not in bureau]:
        raise DataError(
            "The history lacks column(s) {missing}.",
            where="columns found: {columns}",
            mend="Pass one row per election with rates, not counts.",
            missing=", ".join(missing),
            columns=some(bureau.columns, most=8),
        )
    if bureau.empty:
        raise DataError(
            "This bureau has no election to show.", mend="Choose a bureau with results."
        )
    ordered = bureau.sort_values(["date", "round"])
    places = _places(ordered)
    figure = Figure(figsize=_SIZE, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    for chart, word, column, of in (
        (upper, "turnout", "turnout_rate", "of_registered"),
        (lower, "bloc_share", "share_valid", "of_valid"),
    ):
        _lines(chart, [ordered, town], column, places=places)
        heading = f"{say(word, language)} ({say(of, language)})"
        chart.set_title(heading, loc="left", fontsize=8.5, color=INK)
        chart.yaxis.set_major_formatter(_Rates(language))
    first = ordered[ordered["election_id"].isin(_firsts(ordered))]
    lower.set_xticks(
        [places[election] for election in first["election_id"]],
        [
            f"{short_name(kind, language)}\n{date.year}"
            for kind, date in zip(first["kind"], first["date"], strict=True)
        ],
    )
    _legend(upper, [say("this_bureau", language), say("town", language)])
    foot = say("rounds", language) if (bureau["round"] > 1).any() else ""
    if (bureau["share_valid"] > _ALONE).any():
        foot = f"{foot}\n{say('alone', language)}".strip()
    lower.set_xlabel(foot, fontsize=7, color=FAINT, loc="left")
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def _firsts(ordered: pd.DataFrame) -> list[str]:
    """Return the first round there is of each election."""
    kept = ordered.groupby([ordered["date"].dt.year, "kind"], sort=False)["election_id"].first()
    return [str(election) for election in kept]


def _places(ordered: pd.DataFrame) -> dict[str, float]:
    """Place the rounds side by side: in true time, those of one spring would overlap."""
    firsts, at = set(_firsts(ordered)), 0.0
    places: dict[str, float] = {}
    for election in ordered["election_id"]:
        at += 1.0 if election in firsts else _SECOND
        places[str(election)] = at
    return places


def _lines(
    chart: Axes, frames: list[pd.DataFrame], column: str, *, places: dict[str, float]
) -> None:
    """Draw the bureau, with a mark per round, and the town."""
    styles = ((1.6, _COLOUR[column]), (0.9, FAINT))
    for frame, (width, ink) in zip(frames, styles, strict=True):
        known = frame[frame["election_id"].isin(list(places))].dropna(subset=[column])
        spots = known["election_id"].astype("str").map(places).sort_values()
        chart.plot(spots, known.loc[spots.index, column], linewidth=width, color=ink)
    bureau = frames[0]
    for turn, marker in _MARKER.items():
        rounds = bureau[bureau["round"] == turn]
        spots = rounds["election_id"].astype("str").map(places)
        chart.scatter(spots, rounds[column], s=24, marker=marker, color=styles[0][1], zorder=3)
    chart.spines[["top", "right"]].set_visible(False)
    chart.grid(axis="y", linewidth=0.4, color="#d5dbe1")
    chart.tick_params(labelsize=7.5, colors=INK)
    chart.yaxis.set_major_locator(MaxNLocator(4))
    chart.margins(y=0.15)


def _legend(chart: Axes, labels: list[str]) -> None:
    # Above the panel and its heading, where neither line nor word can pass.
    chart.legend(
        chart.get_lines(), labels, loc="lower right", bbox_to_anchor=(1, 1.12), fontsize=7.5,
        frameon=False, ncols=2,
    )  # fmt: skip


class _Rates(Formatter):
    """Rates of an axis; with a decimal where its steps are no whole points."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Write all steps of the axis: to ask it for them at each one takes a tenth of a figure."""
        percent = 100 * np.asarray(values, dtype=float)
        digits = 0 if np.allclose(percent, percent.round(), atol=0.01) else 1
        return [format_percent(value, digits, language=self._language) for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write one of them alone."""
        del pos
        return self.format_ticks([x])[0]

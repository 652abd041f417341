"""Every long or cached call of the page; keyed by digests and choices."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.electorate.abstention.backtest import AbstentionBacktest, backtest_abstention
from analysis.electorate.abstention.forecast import (
    AbstentionForecast,
    forecast_abstention,
)
from analysis.electorate.abstention.level import Level
from analysis.electorate.abstention.series import Series
from analysis.electorate.abstention.split import split_abstainers
from analysis.electorate.history import Choice, read_history
from analysis.errors import DataError
from analysis.scenario import target_of
from analysis.workspace import Workspace
from pages._ui import loaders
from pages._ui.abstention.choices import Question
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _
from pages._ui.swing import loaders as swings
from pages._ui.swing.background import Progress, answer_of

# Reading the past comes before the forecast, whose own progress follows.
_READ = 0.3


@dataclass(frozen=True)
class Outlook:
    """A forecast, and what stands beside it on screen.

    Attributes
    ----------
    forecast
        As the library made it, at the level that it expects.
    series
        The past it rests on.
    units
        In the order of the forecast: `bureau_id`, `commune_id`, `commune` (name), `vintage`.
    split
        Constant and intermittent abstainers; None where they cannot be told apart.
    no_split
        Why not.
    """

    forecast: AbstentionForecast
    series: Series
    units: pd.DataFrame
    split: pd.DataFrame | None
    no_split: DataError | None

    @property
    def vintage(self) -> int | None:
        """Contours of the bureaux; None where there are none."""
        known = self.units["vintage"].dropna()
        return None if known.empty else int(known.iloc[0])


def outlook(place: Workspace, asked: Question) -> Outlook:
    """Forecast the abstention of an election; the page shows how far the work is."""
    bloc = _any_bloc(place)

    def work(progress: Progress) -> Outlook:
        target = target_of(place, asked.election)
        # Whose votes are read along does not matter here.
        history = read_history(place, Choice(bloc), before=target.date, places=asked.places)
        progress(_READ)
        series = Series.of_history(history, place)
        forecast = forecast_abstention(
            series, target, progress=lambda done: progress(_READ + (1 - _READ) * done)
        )
        names = place.read("places").set_index("commune_id")["name"].astype("str")
        commune = history.units["commune_id"].map(names).fillna(history.units["commune_id"])
        units = history.units[["bureau_id", "commune_id", "vintage"]].assign(commune=commune)
        try:
            return Outlook(forecast, series, units, split_abstainers(series), None)
        except DataError as error:
            return Outlook(forecast, series, units, None, error)

    key = ("abstention", str(place.path), place.digest, asked)
    found: Outlook = answer_of(key, work, label=_("Forecasting the abstention…"))
    return found


def _any_bloc(place: Workspace) -> str:
    table = loaders.table(str(place.path), place.digest, "candidates")
    sizes = table[table["bloc"] != ""].groupby("bloc")["votes"].sum()
    return str(sizes.idxmax()) if len(sizes) else ""


def at(place: Workspace, asked: Question, found: Outlook, level: Level) -> AbstentionForecast:
    """Return the forecast at a level; the expected one is that of the page Priorities."""
    if level == found.forecast.level:
        return found.forecast

    def work(progress: Progress) -> AbstentionForecast:
        target = found.forecast.target
        return forecast_abstention(found.series, target, level=level, progress=progress)

    key = ("abstention", str(place.path), place.digest, asked, level)
    forecast: AbstentionForecast = answer_of(key, work, label=_("Forecasting the abstention…"))
    return forecast


def look_back(place: Workspace, election: str) -> AbstentionBacktest:
    """Forecast a past election from those before it, and compare with what came."""

    def work(progress: Progress) -> AbstentionBacktest:
        return backtest_abstention(place, target_of(place, election), progress=progress)

    key = ("abstention backtest", str(place.path), place.digest, election)
    found: AbstentionBacktest = answer_of(key, work, label=_("Looking back at a past election…"))
    return found


def geometry(place: Workspace, found: Outlook) -> Geometry | None:
    """Publish the contours of the bureaux in view; None where none is known."""
    return swings.geometry(place, found.vintage, found.units)

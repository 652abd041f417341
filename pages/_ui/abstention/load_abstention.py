"""Every long or cached call of the page; keyed by digests and choices."""

from __future__ import annotations

from analysis.electorate.abstention.backtest import AbstentionBacktest
from analysis.electorate.abstention.level import Level
from analysis.tables.workspace import Workspace
from analysis.workflows import abstention
from analysis.workflows.abstention import Outlook, look_ahead
from pages._ui.abstention.abstention_choices import Question
from pages._ui.background import Progress, answer_of
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _
from pages._ui.swing import load_swing as swings


def outlook(place: Workspace, asked: Question) -> Outlook:
    """Forecast the abstention of an election; the page shows how far the work is."""

    def work(progress: Progress) -> Outlook:
        return look_ahead(place, asked.election, places=asked.places, progress=progress)

    key = ("abstention", str(place.path), place.digest, asked)
    found: Outlook = answer_of(key, work, label=_("Forecasting the abstention…"))
    return found


def at(place: Workspace, asked: Question, found: Outlook, level: Level) -> Outlook:
    """Return the forecast at a level; the expected one is that of the page Priorities."""
    if level == found.forecast.level:
        return found

    def work(progress: Progress) -> Outlook:
        return found.at(level, progress)

    key = ("abstention at a level", str(place.path), place.digest, asked, level)
    again: Outlook = answer_of(key, work, label=_("Forecasting the abstention…"))
    return again


def look_back(place: Workspace, election: str) -> AbstentionBacktest:
    """Forecast a past election from those before it, and compare with what came."""

    def work(progress: Progress) -> AbstentionBacktest:
        return abstention.look_back(place, election, progress)

    key = ("abstention backtest", str(place.path), place.digest, election)
    found: AbstentionBacktest = answer_of(key, work, label=_("Looking back at a past election…"))
    return found


def geometry(place: Workspace, found: Outlook) -> Geometry | None:
    """Publish the contours of the bureaux in view; None where none is known."""
    return swings.geometry(place, found.vintage, found.units)

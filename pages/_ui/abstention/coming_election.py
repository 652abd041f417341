"""The coming election: which it is, how many will stay home in all, and its forecast, made once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st

from analysis.electorate.abstention.backtest import AbstentionBacktest
from analysis.electorate.abstention.level import Level
from analysis.tables.workspace import Workspace
from analysis.workflows import abstention
from analysis.workflows.abstention import Outlook, look_ahead
from analysis.workflows.jobs import Key
from pages._ui import levels, state
from pages._ui.background import Progress, answer_of, is_known
from pages._ui.bureau_map import Geometry
from pages._ui.i18n import _, election_name, number, percent
from pages._ui.inputs import choose_election
from pages._ui.swing import two_elections
from pages._ui.swing.two_elections import choose_one
from pages._ui.territory import choose_places

_FROM, _LEVEL, _ERROR = "a_from", "a_level", "a_error"
EXPECTED, GIVEN = "expected", "given"
_LEAST, _MOST, _WIDEST = 1.0, 99.0, 25.0


@dataclass(frozen=True, slots=True)
class Question:
    """Which election is to come, and where.

    Attributes
    ----------
    election
        Id of an election, coming or past.
    places
        Communes or départements; empty for the whole workspace.
    """

    election: str
    places: tuple[str, ...]


def choose_question(place: Workspace) -> Question:
    """Ask for the election and the territory, as the page Priorities does."""
    left, right = st.columns([1.4, 1])
    with left:
        election = choose_election(place)
    with right:
        places = choose_places(place)
    return Question(election, places)


def choose_level(expected: Level) -> Level:
    """Ask how many will stay home in the whole place: as expected from the past, or as given."""
    names = {
        EXPECTED: _("As past elections suggest: {rate} ± {error} points").format(
            rate=percent(expected.value), error=number(100 * expected.std_error, 1)
        ),
        GIVEN: _("My own figure"),
    }
    columns = st.columns([1.4, 0.5, 0.5])
    with columns[0]:
        chosen = choose_one(
            _("Abstention in the whole place"),
            list(names),
            EXPECTED,
            key=_FROM,
            show=lambda one: names.get(one, one),
        )
        st.caption(_source(expected) if chosen == EXPECTED else _given())
    if chosen == EXPECTED:
        return expected
    with columns[1]:
        value = _number(_("Abstention (%)"), _LEVEL, round(100 * expected.value, 1), _LEAST, _MOST)
    with columns[2]:
        error = _number(
            _("Give or take (points)"), _ERROR, round(100 * expected.std_error, 1), 0.0, _WIDEST
        )
    return Level(value / 100, error / 100)


def _source(expected: Level) -> str:
    if expected.source == "usual":
        return _(
            "What is usual for this kind of election, moved by how this place differs. The “±” is "
            "a standard error: one time in three the level is further off."
        )
    return _(
        "From {election}. The “±” is a standard error: one time in three the level is further off."
    ).format(election=election_name(expected.source))


def _given() -> str:
    return _(
        "No bureau tells the level of the whole place: take it from polls or from judgement. "
        "The differences between bureaux stay."
    )


def _number(label: str, key: str, usual: float, least: float, most: float) -> float:
    state.recall(key, usual)
    asked = float(st.session_state[key])
    state.answer_with(key, min(max(asked, least), most) if math.isfinite(asked) else usual)
    begins = float(st.session_state[key])
    value = st.number_input(label, least, most, begins, step=0.5, format="%.1f", key=key)
    # Never the default: the expected level changes with the election, the answer does not.
    state.remember(key, value, None)
    return float(value)


def outlook(place: Workspace, asked: Question) -> Outlook:
    """Forecast the abstention of an election; the page shows how far the work is."""
    known = is_known(_key(place, asked))
    clear = levels.first_look(place, levels.Counted(asked.places), known=known)
    found = forecast(place, asked)
    clear()
    return found


def forecast(place: Workspace, asked: Question) -> Outlook:
    """Forecast the abstention of an election, without a first look meanwhile."""

    def work(progress: Progress) -> Outlook:
        return look_ahead(place, asked.election, places=asked.places, progress=progress)

    found: Outlook = answer_of(_key(place, asked), work, label=_("Forecasting the abstention…"))
    return found


def _key(place: Workspace, asked: Question) -> Key:
    return ("abstention", str(place.path), place.digest, asked)


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
    return two_elections.geometry(place, found.vintage, found.units)

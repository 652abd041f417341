"""The director's answer, worked out beside the page and kept until something changes."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from pathlib import Path

import streamlit as st

from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.store import VARIABLE
from analysis.tables.workspace import Workspace
from analysis.workflows.director import Brief, brief
from analysis.workflows.director_week import Week, example_week
from analysis.workflows.jobs import Key
from analysis.workflows.ranking import Scenario, ranking_file
from analysis.workflows.sealed_trials import in_force
from pages._ui import browser_clock, loaders
from pages._ui.background import Progress, answer_of, is_known
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, language


def brief_of(place: Workspace, scenario: Scenario) -> Brief:
    """Return the director's answer; the page shows how far it is."""
    return _brief(place, scenario, _mark(place), browser_clock.today())


def brief_ahead(place: Workspace, scenario: Scenario) -> Brief:
    """Return the answer on the whole field, for whoever will ask: nobody looks yet."""
    mark = load_fieldwork.whole(place) if _has_field(place) else None
    return _brief(place, scenario, mark, dt.datetime.now().astimezone().date())


def _brief(place: Workspace, scenario: Scenario, mark: Mark | None, day: dt.date) -> Brief:
    folder, toml = str(place.path), scenario.to_toml()

    def work(progress: Progress) -> Brief:
        # The ranking is the one of Priorities: the same numbers, and ready when one goes there.
        found = loaders.prospects_now(folder, place.digest, scenario, progress)
        ranked = loaders.ranking_now(folder, place.digest, toml)
        here = Workspace(Path(folder))
        file = ranking_file(here, Scenario.from_dict(tomllib.loads(toml)), ranked, found)
        return brief(file, mark.store if mark else None, day=day)

    key = _key(place, toml, mark, day)
    found: Brief = answer_of(key, work, label=_("Looking at what the hours can do…"))
    return found


def is_ready(place: Workspace, scenario: Scenario) -> bool:
    """Tell whether the director's answer is worked out."""
    day = browser_clock.today()
    return is_known(_key(place, scenario.to_toml(), _mark(place), day))


def _key(place: Workspace, toml: str, mark: Mark | None, day: dt.date) -> Key:
    return ("brief", str(place.path), place.digest, toml, in_force(place.path), mark, day)


def _mark(place: Workspace) -> Mark | None:
    """Return the state of the field; None before there is one, so that looking begins none."""
    return load_fieldwork.mark(place) if _has_field(place) else None


def _has_field(place: Workspace) -> bool:
    return bool(os.environ.get(VARIABLE)) or (place.path / FOLDER).is_dir()


def pictures(place: Workspace, found: Brief) -> list[bytes]:
    """Return the maps of the zones."""
    zones = tuple((zone.bureaux, zone.beside) for zone in found.zones)
    # matplotlib loads after the numbers are on screen.
    from analysis.workflows.director_files import zone_pictures

    key = ("zone maps", str(place.path), place.digest, zones)
    drawn: list[bytes] = answer_of(
        key, lambda _tell: zone_pictures(found), label=_("Drawing the zones…")
    )
    return drawn


def pdf(found: Brief, tongue: str) -> bytes:
    """Return the sheet."""
    from analysis.workflows.director_files import brief_to_bytes

    return brief_to_bytes(found, ".pdf", tongue)


def course(week: Week, state: tuple[object, ...]) -> bytes:
    """Return the chart of the days."""
    from analysis.workflows.director_files import week_picture

    key = ("course", language(), state)
    drawn: bytes = answer_of(
        key, lambda _tell: week_picture(week, key[1]), label=_("Drawing the days…")
    )
    return drawn


@st.cache_resource(max_entries=4, show_spinner=False)
def example(day: dt.date) -> Week:
    """Return the invented week."""
    return example_week(day)

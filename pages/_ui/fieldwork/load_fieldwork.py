"""The store of returns, and every question put to it; asked again only when returns came."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd
import streamlit as st

from analysis.fieldwork import learning, missing_buildings, progress, revisits
from analysis.fieldwork import left_alone as doors_alone
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.field_part import Part
from analysis.fieldwork.outlook import Correction, Forecast
from analysis.fieldwork.progress import Totals
from analysis.fieldwork.store import VARIABLE, Store, open_store
from analysis.tables.file_stamp import changed_ns
from analysis.tables.workspace import Workspace
from analysis.workflows import field_pictures, fieldwork, server_access
from analysis.workflows.turf_states import turfs_of_teams
from pages._ui import loaders, territory
from pages._ui.access import visitor

_SOME = 64
# A federation has seventy campaigns; those of one machine have a file each.
_STORES = 100
# Fifty phones send every few seconds: without this every page of a server would be counted and
# drawn anew for each of them.
HELD_S = 60
# Parts of a day's forecast do not move when the page is looked at twice.
_SEED = 0


def store(place: Workspace) -> Store:
    """Open the store of a place's campaign, cut to the part of it that who is here was given."""
    return _store(*_where(place)).within(part_of(place))


def part_of(place: Workspace) -> Part | None:
    """Return the bureaux and turfs of the field that who is here was given; None for all."""
    found = visitor.current()
    right = "see_field" if found.may("see_field") else "hand_out"
    given = found.parts(right)
    if given is None:
        return None
    zones = tuple(name for scope, name in given if scope == "zone")
    teams = frozenset(name for scope, name in given if scope == "team")
    bureaux = territory.bureaux_of(str(place.path), place.digest, zones) if zones else frozenset()
    return Part(bureaux, turfs_of_teams(place.path, teams))


def has_begun(place: Workspace) -> bool:
    """Tell whether a campaign was begun here; looking at a page begins none."""
    return (place.path / FOLDER / "campaign.json").is_file()


def _where(place: Workspace) -> tuple[str, str, int]:
    return str(place.path), os.environ.get(VARIABLE, ""), _stamp(place.path)


def _stamp(folder: Path) -> int:
    return changed_ns(folder / FOLDER / "campaign.json")


@st.cache_resource(
    max_entries=_STORES, show_spinner=False, on_release=lambda opened: opened.close()
)
def _store(folder: str, url: str, stamp: int) -> Store:
    del stamp  # the campaign was changed: its objective is part of the store
    return open_store(folder, url)


@dataclass(frozen=True, slots=True)
class Mark:
    """What answers depend on: the store, what it has received, and which turfs are in the field."""

    folder: str
    url: str
    campaign: int
    state: tuple[int, ...]
    part: Part | None = None

    @property
    def store(self) -> Store:
        """Return the store itself."""
        return _store(self.folder, self.url, self.campaign).within(self.part)


def mark(place: Workspace) -> Mark:
    """Return what the answers on screen depend on; on a server they may be a minute old."""
    return _mark(place, part_of(place))


def whole(place: Workspace) -> Mark:
    """Return the mark of the whole field, for work that goes on while nobody looks."""
    return _mark(place, None)


def _mark(place: Workspace, part: Part | None) -> Mark:
    asked = _where(place)
    if server_access.settings().server:
        return Mark(*asked, _held(*asked), part)
    return Mark(*asked, progress.state(_store(*asked).within(part)), part)


@st.cache_data(ttl=HELD_S, max_entries=_STORES, show_spinner=False)
def _held(folder: str, url: str, campaign: int) -> tuple[int, ...]:
    return progress.state(_store(folder, url, campaign))


def look_again() -> None:
    """Have the next page see what came in this moment: who brought it in looks for it."""
    _held.clear()


def narrowed(place: Workspace, asked: Mark) -> Mark:
    """Let who sees the whole field choose a part of the place by name; the mark of that part."""
    if asked.part is not None or not territory.has_parts(place):
        return asked
    if not (zones := territory.choose_places(place)):
        return asked
    part = Part(territory.bureaux_of(str(place.path), place.digest, zones))
    return replace(asked, part=part)


def stops(place: Workspace, opened: Store, turf: str) -> pd.DataFrame:
    """Return the addresses of a turf with their names, street by street."""
    addresses = loaders.table(str(place.path), place.digest, "addresses")
    return fieldwork.stops_of(opened, turf, addresses)


def address_names(place: Workspace, ids: pd.Series) -> pd.DataFrame:
    """Return `name` ("12 bis Rue Haute"; the id where it is not known) and `at`, an order."""
    addresses = loaders.table(str(place.path), place.digest, "addresses")
    return fieldwork.named(store(place), addresses, ids)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def totals(asked: Mark) -> Totals:
    """Return the campaign in a line."""
    return progress.totals(asked.store)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def by(asked: Mark, key: str) -> pd.DataFrame:
    """Return counts by day, team, bureau or turf."""
    return progress.by(asked.store, key)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def coverage(asked: Mark) -> pd.DataFrame:
    """Return what was covered of every bureau with turfs."""
    return progress.coverage(asked.store)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def outlook(asked: Mark, day: date) -> tuple[Forecast, Correction | None] | None:
    """Return the forecast and the cheapest correction; None without objective, end or returns."""
    return fieldwork.outlook(asked.store, day, seed=_SEED, early=True)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def learned(asked: Mark) -> learning.Learned:
    """Return the open rates by day of the week, hour and kind of building."""
    return fieldwork.learned(asked.store)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def course(asked: Mark, day: date, measure: str, tongue: str) -> bytes:
    """Return the chart of the days, with the forecast where there is one (PNG)."""
    found = outlook(asked, day)
    daily = by(asked, "day")
    return field_pictures.course_png(
        daily, found[0] if found else None, measure=measure, language=tongue
    )


@st.cache_data(max_entries=_SOME, show_spinner=False)
def opening(asked: Mark, tongue: str) -> bytes:
    """Return the chart of when doors open (PNG)."""
    return field_pictures.opening_png(learned(asked), tongue)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def teams(asked: Mark, tongue: str) -> bytes:
    """Return the chart of the paces of teams (PNG)."""
    return field_pictures.teams_png(learning.learn_paces(outings(asked)), tongue)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def outings(asked: Mark) -> pd.DataFrame:
    """Return the outings of every team."""
    return progress.outings(asked.store)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def to_return(asked: Mark, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the addresses to go back to, and what was promised."""
    return revisits.to_return(asked.store, day), revisits.wishes(asked.store, day)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def left_alone(asked: Mark) -> pd.DataFrame:
    """Return the reports of doors that asked not to be disturbed."""
    return doors_alone.left_alone(asked.store)


def buildings(asked: Mark) -> pd.DataFrame:
    """Return the buildings that volunteers reported; not kept: a decision is seen at once."""
    return missing_buildings.reports(asked.store)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def kept(asked: Mark) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return imports, flags and conflicts."""
    return asked.store.imports(), asked.store.flags(), asked.store.conflicts()

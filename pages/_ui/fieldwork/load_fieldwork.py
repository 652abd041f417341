"""The store of returns, and every question put to it; asked again only when returns came."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa
import streamlit as st

from analysis.database.models import PLAN
from analysis.fieldwork import exposure, field_plan, learning, progress, revisits
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.outlook import Aim, Correction, Forecast, Window, correct, forecast
from analysis.fieldwork.progress import Totals
from analysis.fieldwork.store import VARIABLE, Store, open_store
from analysis.tables.workspace import Workspace
from analysis.turf.walk_list import Walks
from pages._ui import loaders

_FEW, _SOME = 4, 64
FACTORS = ("weekend", "hour", "kind")
_SAME = ["turf_id", "address_id", "bureau_id", "dwellings"]
# Parts of a day's forecast do not move when the page is looked at twice.
_SEED = 0


def store(place: Workspace) -> Store:
    """Open the store of a place's campaign."""
    return _store(str(place.path), os.environ.get(VARIABLE, ""), _stamp(place.path))


def _stamp(folder: Path) -> int:
    file = folder / FOLDER / "campaign.json"
    return file.stat().st_mtime_ns if file.is_file() else 0


@st.cache_resource(
    max_entries=_FEW, show_spinner=False, on_release=lambda opened: opened.engine.dispose()
)
def _store(folder: str, url: str, stamp: int) -> Store:
    del stamp  # the campaign was changed: its objective is part of the store
    return open_store(folder, url)


def today(opened: Store) -> date:
    """Return the day it is where the campaign is."""
    return datetime.now(ZoneInfo(opened.campaign.time_zone)).date()


@dataclass(frozen=True, slots=True)
class Mark:
    """What answers depend on: the store, and what it has received."""

    folder: str
    url: str
    campaign: int
    state: tuple[int, int]

    @property
    def store(self) -> Store:
        """Return the store itself."""
        return _store(self.folder, self.url, self.campaign)


def mark(place: Workspace) -> Mark:
    """Return what the answers on screen depend on."""
    opened = store(place)
    stamp = _stamp(place.path)
    url = os.environ.get(VARIABLE, "")
    return Mark(str(place.path), url, stamp, progress.state(opened))


def register(opened: Store, walks: Walks) -> int:
    """Put turfs into the field."""
    return field_plan.register(opened.engine, walks.turfs[_SAME])


def plan_of(opened: Store, walks: Walks) -> str:
    """Tell whether the field knows these turfs: "same", "other", or "none"."""
    bureaux = sorted(walks.turfs["bureau_id"].unique())
    query = sa.select(*(PLAN.c[name] for name in _SAME))
    parts = [bureaux[at : at + 500] for at in range(0, len(bureaux), 500)]
    known = pd.concat([opened.frame(query.where(PLAN.c.bureau_id.in_(part))) for part in parts])
    if known.empty:
        return "none"
    keys = _SAME[:3]
    mine = walks.turfs.groupby(keys)["dwellings"].sum().sort_index()
    there = known.set_index(keys)["dwellings"].sort_index()
    same = mine.index.equals(there.index) and (mine.to_numpy() == there.to_numpy()).all()
    return "same" if same else "other"


def planned(opened: Store) -> list[str]:
    """Return the turfs that are in the field."""
    query = sa.select(PLAN.c.turf_id).distinct().order_by(PLAN.c.turf_id)
    return [str(turf) for turf in opened.frame(query)["turf_id"]]


def stops(place: Workspace, opened: Store, turf: str) -> pd.DataFrame:
    """Return the addresses of a turf with their names, street by street."""
    query = sa.select(PLAN.c.address_id, PLAN.c.dwellings).where(PLAN.c.turf_id == turf)
    found = opened.frame(query)
    names = address_names(place, found["address_id"])
    ordered = found.assign(address=names["name"].to_numpy(), at=names["at"].to_numpy())
    return ordered.sort_values("at").drop(columns="at").reset_index(drop=True)


def address_names(place: Workspace, ids: pd.Series) -> pd.DataFrame:
    """Return `name` ("12 bis Rue Haute"; the id where it is not known) and `at`, an order."""
    table = loaders.table(str(place.path), place.digest, "addresses").drop(columns="geometry")
    known = table[table["address_id"].isin(ids)].set_index("address_id").reindex(ids)
    number = known["number"].astype("Int64")
    house = number.astype("string").fillna("") + " " + known["suffix"].astype("string").fillna("")
    street = known["street"].astype("string").fillna("")
    name = (house.str.strip() + " " + street).str.strip()
    at = street + " " + number.fillna(0).astype("string").str.zfill(6) + house
    return pd.DataFrame({"name": name.where(name != "", known.index), "at": at})


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


def as_of(asked: Mark) -> date:
    """Return the last day that counts as over: today once returns of today are in."""
    now, last = today(asked.store), totals(asked).last_day
    return now if last and last >= now else now - timedelta(days=1)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def outlook(asked: Mark, day: date) -> tuple[Forecast, Correction | None] | None:
    """Return the forecast and the cheapest correction; None without objective, end or returns."""
    opened = asked.store
    campaign, now = opened.campaign, totals(asked)
    if not (campaign.objective and campaign.ends and now.first_day):
        return None
    starts = min(campaign.starts or now.first_day, day)
    column = "doors" if campaign.measure == "doors" else "conversation"
    daily = by(asked, "day").set_index("day")[column]
    rng = np.random.default_rng(_SEED)
    window = Window(starts, day, campaign.ends)
    found = forecast(daily, window, campaign.objective, rng=rng)
    return found, correct(found, progress.outings(opened), Aim(campaign.measure), rng=rng)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def learned(asked: Mark) -> learning.Learned:
    """Return the answer rates by day of the week, hour and kind of building."""
    return learning.learn_rates(progress.cells(asked.store, *FACTORS), factors=FACTORS)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def outings(asked: Mark) -> pd.DataFrame:
    """Return the outings of every team."""
    return progress.outings(asked.store)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def to_return(asked: Mark, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the addresses to go back to, and what was promised."""
    return revisits.to_return(asked.store, day), revisits.wishes(asked.store, day)


@st.cache_data(max_entries=_SOME, show_spinner=False)
def kept(asked: Mark) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return imports, flags and conflicts."""
    return asked.store.imports(), asked.store.flags(), asked.store.conflicts()


def contact(asked: Mark, place: Workspace) -> pd.DataFrame:
    """Return what every bureau received, for the page Impact."""
    from analysis.workflows.fieldwork import registered_of

    return exposure.contact(asked.store, registered_of(place))

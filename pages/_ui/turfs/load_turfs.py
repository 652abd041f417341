"""Every cached call of the page of walks; keyed by the folder of a cut, whose name is a digest."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.exports.field_kit.kit import Kit
from analysis.fieldwork.campaign import FOLDER
from analysis.geography import address_search
from analysis.tables.workspace import Workspace
from analysis.turf.walk_list import Walks
from analysis.workflows.time_slots import Opening, opening_of
from analysis.workflows.turf_output import kit_for, read_walks
from pages._ui import loaders
from pages._ui.fieldwork import load_fieldwork as field

_FEW = 4


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def walks(folder: str) -> Walks:
    """Return the walks of a cut, as they were written."""
    return read_walks(Path(folder))


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def kit(folder: str, workspace: str, digest: str, options: tuple[tuple[str, str], ...]) -> Kit:
    """Return what sheets and phone pages are written from."""
    del digest
    chosen = dict(options)
    return kit_for(
        walks(folder),
        Workspace(Path(workspace)),
        language=chosen["language"],
        large=bool(chosen["large"]),
        controller=chosen["controller"],
        contact=chosen["contact"],
        address=chosen["address"],
    )


def opening(place: Workspace, slot: str, share_open: float) -> Opening:
    """Return what opens in a slot; asked again when returns came."""
    begun = (place.path / FOLDER / "campaign.json").is_file()
    return _opening(str(place.path), slot, share_open, field.mark(place) if begun else None)


@st.cache_data(max_entries=_FEW, show_spinner=False)
def _opening(folder: str, slot: str, share_open: float, asked: field.Mark | None) -> Opening:
    del asked
    return opening_of(Workspace(Path(folder)), slot, share_open)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def outlines(workspace: str, digest: str, bureaux: tuple[str, ...]) -> list[dict[str, object]]:
    """Return the contours of some bureaux, light enough to travel with a picture."""
    table = loaders.table(workspace, digest, "bureaux")
    newest = table[table["bureau_id"].isin(bureaux)].sort_values("vintage")
    last = newest.drop_duplicates("bureau_id", keep="last")
    if last.empty:
        return []
    known = gpd.GeoDataFrame(last, crs=table.crs)
    light = known.geometry.simplify(10).boundary.to_crs("OGC:CRS84")
    found: list[dict[str, object]] = json.loads(light.to_json())["features"]
    return found


def addresses(address_ids: pd.Series) -> list[str]:
    """Name addresses of the place in use, "12 bis Rue Haute"; the id where it knows none."""
    named = field.address_names(loaders.workspace(), address_ids)["name"]
    return [str(name) for name in named]


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _index(workspace: str, digest: str) -> pd.DataFrame:
    return address_search.index_of(loaders.table(workspace, digest, "addresses"))


def find(place: Workspace, text: str) -> tuple[float, float] | None:
    """Return latitude and longitude of an address of the place; None when it is not there."""
    if not place.has("addresses") or not address_search.plain(text):
        return None
    return address_search.find(_index(str(place.path), place.digest), text)

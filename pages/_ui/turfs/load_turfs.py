"""Every cached call of the page of walks; keyed by the folder of a cut, whose name is a digest."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import streamlit as st

from analysis.charts.turf_deck import TurfPicture
from analysis.errors import DataError
from analysis.exports.field_kit.kit import Kit
from analysis.fieldwork.campaign import FOLDER
from analysis.geography import address_search
from analysis.tables.file_stamp import changed_ns
from analysis.tables.lately import Lately
from analysis.tables.workspace import Workspace
from analysis.turf.edit_rules import Ground
from analysis.turf.graph import StreetGraph
from analysis.turf.street_ways import way_along
from analysis.turf.summary import walks_within
from analysis.turf.walk_list import Walks
from analysis.workflows.base_maps import tiles_of
from analysis.workflows.door_contacts import door_form
from analysis.workflows.known_doors import alone_now
from analysis.workflows.server_access import room
from analysis.workflows.time_slots import Opening, opening_of
from analysis.workflows.turf_edits import ground_of
from analysis.workflows.turf_folder import SUMMARY
from analysis.workflows.turf_output import kit_for, read_walks
from analysis.workflows.turfs import streets_of
from pages._ui import loaders, territory
from pages._ui.access import visitor
from pages._ui.bureau_map import publish_style
from pages._ui.fieldwork import load_fieldwork as field

_FEW, _SOME = room(4), room(16)
_PICTURES: Lately[tuple[Walks, TurfPicture]] = Lately(_FEW)


def walks(folder: str) -> Walks:
    """Return the walks of a cut, as they are after its last change; all of them."""
    return _walks(folder, _mark(folder))


def own_walks(place: Workspace, folder: str) -> Walks | None:
    """Return the walks of a cut that lie in the zones of who is here; None where none does.

    Who was given the whole campaign has all of them.
    """
    zones = visitor.current().zones("hand_out")
    return walks(folder) if zones is None else _in_zones(place, folder, zones)


def _in_zones(place: Workspace, folder: str, zones: tuple[str, ...]) -> Walks | None:
    return _of_zones(folder, _mark(folder), str(place.path), place.digest, zones)


@st.cache_resource(max_entries=_SOME, show_spinner=False)
def _of_zones(
    folder: str, mark: int, workspace: str, digest: str, zones: tuple[str, ...]
) -> Walks | None:
    del mark
    every, bureaux = walks(folder), territory.bureaux_of(workspace, digest, zones)
    inside = every.turfs["bureau_id"].astype("str").isin(bureaux)
    turfs = set(every.turfs["turf_id"]) - set(every.turfs.loc[~inside, "turf_id"])
    addresses = loaders.table(workspace, digest, "addresses")
    own = addresses.loc[addresses["bureau_id"].isin(bureaux), "address_id"]
    return walks_within(every, turfs, set(own))


def _mark(folder: str) -> int:
    """Return what changes whenever a cut is written."""
    return changed_ns(Path(folder) / SUMMARY)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _walks(folder: str, mark: int) -> Walks:
    del mark
    return read_walks(Path(folder))


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def ground(folder: str, workspace: str, digest: str) -> Ground:
    """Return what changes to a cut are measured on; the streets are read once."""
    del digest
    return ground_of(Workspace(Path(workspace)), walks(folder))


def kit(
    folder: str,
    workspace: str,
    digest: str,
    options: tuple[tuple[str, str], ...],
    zones: tuple[str, ...] | None = None,
) -> Kit:
    """Return what sheets and phone pages are written from, after the last change.

    Parameters
    ----------
    folder, workspace, digest
        The cut, and its place.
    options
        What stands on the sheets.
    zones
        Those whose turfs are wanted; None for all.
    """
    # Doors that asked not to be disturbed since the cut make another kit, which is kept as well:
    # its tables are not worked out anew for each file that is taken.
    alone = alone_now(walks(folder), Workspace(Path(workspace))).summary.get("left_alone", ())
    return _kit(folder, (_mark(folder), str(alone)), workspace, digest, options, zones)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _kit(  # noqa: PLR0913, PLR0917 - what a cached answer rests on
    folder: str,
    state: tuple[int, str],
    workspace: str,
    digest: str,
    options: tuple[tuple[str, str], ...],
    zones: tuple[str, ...] | None,
) -> Kit:
    del state, digest
    chosen = dict(options)
    place = Workspace(Path(workspace))
    own = walks(folder) if zones is None else _in_zones(place, folder, zones)
    if own is None:
        raise DataError("None of these turfs is in your zones.", mend="Cut your zone first.")
    return kit_for(
        own,
        place,
        language=chosen["language"],
        large=bool(chosen["large"]),
        controller=chosen["controller"],
        contact=chosen["contact"],
        address=chosen["address"],
        door=door_form(workspace) if chosen.get("door") else None,
    )


def opening(place: Workspace, slot: str, share_open: float) -> Opening:
    """Return what opens in a slot; asked again when returns came."""
    begun = (place.path / FOLDER / "campaign.json").is_file()
    return _opening(str(place.path), slot, share_open, field.mark(place) if begun else None)


@st.cache_data(max_entries=_FEW, show_spinner=False)
def _opening(folder: str, slot: str, share_open: float, asked: field.Mark | None) -> Opening:
    del asked
    return opening_of(Workspace(Path(folder)), slot, share_open)


def picture(workspace: str, digest: str, cut: Walks, turf: str | None) -> TurfPicture:
    """Return what the map of turfs draws: those of a cut, or the walk of one."""
    # Of these very walks: kept beside their picture, no others can take their place in memory.
    asked = workspace, digest, id(cut), turf
    return _PICTURES.get(asked, lambda: (cut, _picture(workspace, digest, cut, turf)))[1]


def _picture(workspace: str, digest: str, cut: Walks, turf: str | None) -> TurfPicture:
    stops = cut.of(turf) if turf else cut.turfs
    bureaux = tuple(sorted(stops["bureau_id"].unique()))
    crs = Workspace(Path(workspace)).crs
    points = gpd.points_from_xy(stops["longitude"], stops["latitude"], crs="OGC:CRS84")
    house = stops["number"].astype("string").fillna("") + " " + stops["suffix"]
    label = (house.str.strip() + " " + stops["street"]).str.strip().astype("str")
    spots = gpd.GeoDataFrame(stops.assign(label=label), geometry=points).to_crs(crs)
    return TurfPicture(
        spots,
        gpd.GeoDataFrame(loaders.table(workspace, digest, "streets")),
        _last_contours(workspace, digest, bureaux),
        _route(workspace, digest, spots) if turf else None,
    )


def _route(workspace: str, digest: str, spots: gpd.GeoDataFrame) -> shapely.Geometry:
    xy = shapely.get_coordinates(spots.geometry.to_numpy())
    graph = _graph(workspace, digest)
    if graph is None or len(xy) < 2:  # noqa: PLR2004 - a way has two ends
        return shapely.LineString(xy if len(xy) > 1 else np.repeat(xy, 2, axis=0))
    return way_along(graph, xy)


@st.cache_resource(max_entries=room(2), show_spinner=False)
def _graph(workspace: str, digest: str) -> StreetGraph | None:
    del digest
    return streets_of(Workspace(Path(workspace)), "")


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _last_contours(workspace: str, digest: str, bureaux: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the contours of some bureaux in their last vintage."""
    table = loaders.table(workspace, digest, "bureaux")
    newest = table[table["bureau_id"].isin(bureaux)].sort_values("vintage")
    return gpd.GeoDataFrame(newest.drop_duplicates("bureau_id", keep="last"))


def style(place: Workspace) -> str | None:
    """Return the address of a style of images for maps of pydeck; None where nobody offers any."""
    source = tiles_of(place)
    return publish_style(source) if source else None


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

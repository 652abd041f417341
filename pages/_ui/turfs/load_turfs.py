"""Every cached call of the page of walks; keyed by the folder of a cut, whose name is a digest."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.exports.field_kit.kit import Kit
from analysis.fieldwork.campaign import FOLDER
from analysis.tables.schema import WALKLISTS
from analysis.tables.workspace import Workspace
from analysis.turf.walk_list import Walks, checked
from analysis.workflows.time_slots import Opening, opening_of
from pages._ui import loaders
from pages._ui.fieldwork import load_fieldwork as field

_FEW = 4
_DTYPES = {"str": "str", "int64": "int64", "float64": "float64", "Int64": "Int64"}


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def walks(folder: str) -> Walks:
    """Return the walks of a cut, as they were written."""
    at = Path(folder)
    types = {name: _DTYPES[column.dtype] for name, column in WALKLISTS.columns.items()}
    try:
        table = pd.read_csv(at / "turfs.csv", dtype=types, keep_default_na=False, na_values=NA)
        uncut = pd.read_csv(at / "uncut.csv", dtype="str", keep_default_na=False)
        summary = json.loads((at / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            "This cut cannot be read any more.",
            where="{at}: {error}",
            mend="Cut the turfs again, or put the folder back from a copy.",
            at=at,
            error=error,
        ) from error
    return Walks(checked(table), uncut, summary, summary["seal"])


# Only a house number may be missing; a street may well be called "NA".
NA = {"number": [""]}


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def kit(folder: str, workspace: str, digest: str, options: tuple[tuple[str, str], ...]) -> Kit:
    """Return what sheets and phone pages are written from."""
    # PDF machinery and fonts load when a file is wanted, not when the page opens.
    import shapely

    from analysis.exports.field_kit.sheets import kit_of
    from analysis.workflows.turfs import streets_of

    del digest
    place = Workspace(Path(workspace))
    graph = streets_of(place, "")
    streets = None if graph is None else shapely.linestrings(graph.nodes[graph.edges])
    chosen = dict(options)
    return kit_of(
        walks(folder),
        place,
        streets=streets,
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


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _index(workspace: str, digest: str) -> pd.DataFrame:
    """Return addresses by their plain names: "12 bis rue haute", without accents."""
    table = loaders.table(workspace, digest, "addresses")
    table = table[~(table.geometry.isna() | table.geometry.is_empty)]
    number = table["number"].astype("Int64").astype("string").fillna("")
    words = number + " " + table["suffix"].fillna("").astype("str") + " " + table["street"]
    points = gpd.GeoSeries(table.geometry, crs=table.crs).to_crs("OGC:CRS84")
    return pd.DataFrame(
        {
            "name": [plain(text) for text in words.tolist()],
            "latitude": points.y.to_numpy(),
            "longitude": points.x.to_numpy(),
        }
    )


def find(place: Workspace, text: str) -> tuple[float, float] | None:
    """Return latitude and longitude of an address of the place; None when it is not there."""
    if not place.has("addresses") or not plain(text):
        return None
    index = _index(str(place.path), place.digest)
    asked = plain(text)
    found = index[index["name"] == asked]
    if found.empty:
        found = index[index["name"].str.startswith(asked + " ")]
    if found.empty:
        found = index[index["name"].str.endswith(" " + asked)]
    if found.empty:
        return None
    # A street without a number: the middle of it.
    middle = found[["latitude", "longitude"]].median()
    return float(middle["latitude"]), float(middle["longitude"])


def plain(text: str) -> str:
    """Return a text in lower case, without accents, marks and double spaces."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))

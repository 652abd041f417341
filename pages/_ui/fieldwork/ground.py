"""The ground on a map: what was covered, how talks went, where opponents are."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import Scheme, classes
from analysis.tables.workspace import Workspace
from analysis.workflows.server_access import room
from pages._ui import loaders as places
from pages._ui.bureau_map import (
    Geometry,
    Legend,
    MapOptions,
    Number,
    Paint,
    bureau_map,
)
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, language


def ground(place: Workspace, asked: Mark) -> None:
    """Show the map of what is asked for."""
    names = {
        "covered": _("Covered (% of doors)"),
        "quality": _("Quality of the talks (1–5)"),
        "opponent": _("Opponent seen (per 100 doors)"),
        "open_rate": _("Doors opened (%)"),
        "answer_rate": _("Conversations (%)"),
    }
    what = st.segmented_control(
        _("Map of"),
        list(names),
        default="covered",
        required=True,
        format_func=names.__getitem__,
        key="field.map.what",
        persist_state="session",
        label_visibility="collapsed",
    )
    what = what or "covered"
    table = _by_bureau(asked)
    geometry = _geometry(str(place.path), place.digest, tuple(table["bureau_id"]))
    if geometry is None:
        st.info(_("No map: none of these bureaux has a contour here."))
        return
    shown = table.set_index("bureau_id").reindex(geometry.ids)
    # Most turfs are untouched or done: classes of as many turfs each would be two, 0 to 9 and 9 to
    # 100.
    scheme: Scheme = "equal-interval" if what == "covered" else "quantile"
    graded = classes(shown[what], n=5, scheme=scheme, language=language())
    paint = Paint(
        graded.index,
        Legend(names[what], graded.palette[1:], graded.labels[1:], _("Nothing known")),
        tooltip=(
            _("{tried} doors of {planned} ({covered}%)"),
            _("{talks} conversations, quality {quality}"),
            _("opponent seen {seen} times"),
        ),
        numbers={
            "tried": Number(shown["tried"]),
            "planned": Number(shown["planned"]),
            "covered": Number(shown["covered"]),
            "talks": Number(shown["conversation"]),
            "quality": Number(shown["quality"], 1),
            "seen": Number(shown["seen"]),
        },
    )
    bureau_map(geometry, paint, key="field.map", options=MapOptions(label=names[what], height=460))


def _by_bureau(asked: Mark) -> pd.DataFrame:
    """Return shares and counts of every bureau with turfs."""
    table = load_fieldwork.coverage(asked)
    counts = load_fieldwork.by(asked, "bureau_id").set_index("bureau_id")
    known = counts.reindex(table["bureau_id"]).reset_index(drop=True)
    doors = known["doors"].where(known["doors"] > 0).astype(float)
    return table.assign(
        covered=100 * table["covered"],
        quality=known["quality"],
        seen=known["opponent"],
        opponent=100 * known["opponent"] / doors,
        open_rate=100 * known["open_rate"],
        answer_rate=100 * known["answer_rate"],
        conversation=known["conversation"],
    )


@st.cache_resource(max_entries=room(4), show_spinner=False)
def _geometry(folder: str, digest: str, bureaux: tuple[str, ...]) -> Geometry | None:
    table = places.table(folder, digest, "bureaux")
    shown = table[table["bureau_id"].isin(bureaux)]
    if shown.empty:
        return None
    newest = shown[shown["vintage"] == shown["vintage"].max()]
    mark = int(np.bitwise_xor.reduce(pd.util.hash_array(newest["bureau_id"].to_numpy(object))))
    named = newest.assign(name=places.labels(newest["bureau_id"]))
    drawn = gpd.GeoDataFrame(named, crs=table.crs)
    name = f"{digest[:20]}-field-named-{mark:016x}"
    return places.with_ground(drawn, Workspace(Path(folder)), name)

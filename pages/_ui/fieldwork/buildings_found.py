"""Buildings that volunteers found and no file knows: what was told, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.charts.turf_cut_line import cut_layers
from analysis.charts.turf_deck import TurfPicture, turf_deck
from analysis.errors import DataError
from analysis.fieldwork import missing_buildings
from analysis.fieldwork.field_plan import turfs_in_field
from analysis.fieldwork.store import Store
from analysis.geography.address_search import degrees_in
from analysis.tables.workspace import Workspace
from analysis.workflows.fieldwork import building_sheet, take_in, today
from analysis.workflows.known_doors import metres_from_any, place_beside, street_round
from pages._ui import loaders, messages, phone_order
from pages._ui.access import visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import DAY, _, ngettext, number
from pages._ui.trial.number_tables import show_table

_PROBLEM, _PLACE = "field.building.problem", "field.building.place"
_ROUND_M, _FAR_M = 250.0, 1000.0
_SUFFIXES = ("", "bis", "ter", "quater", "A", "B", "C", "D")


def waiting(reported: pd.DataFrame) -> None:
    """Say how many of the buildings reported wait for a decision, where there are any."""
    number_ = int(reported["accepted"].isna().sum())
    if number_:
        st.info(
            ngettext(
                "A volunteer reports **{n} missing building**: see “Checks”.",
                "Volunteers report **{n} missing buildings**: see “Checks”.",
                number_,
            ).format(n=number(number_))
        )


def buildings(place: Workspace, opened: Store, asked: Mark) -> None:
    """List the buildings reported; let an organiser accept, refuse, and type one in."""
    st.subheader(_("Missing buildings"))
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.show_error(problem)
    found = load_fieldwork.buildings(asked)
    may = visitor.current().may("bring_returns")
    if found.empty:
        st.caption(_("Nobody has reported a building that is missing from the addresses."))
    else:
        table = _named(place, found)
        show_table(_shown(table, opened.campaign.time_zone))
        if may:
            _decide(place, opened, table)
    if may:
        with st.expander(_("Type in a building from a sheet")):
            _type_in(place, opened)


def _named(place: Workspace, found: pd.DataFrame) -> pd.DataFrame:
    """Add what each is read as: its number, and the street of the address beside it."""
    addresses = loaders.table(str(place.path), place.digest, "addresses")
    street = found["address_id"].map(
        addresses[addresses["address_id"].isin(found["address_id"])].set_index("address_id")[
            "street"
        ]
    )
    house = found["number"].astype("str") + " " + found["suffix"]
    name = house.str.strip() + " " + street.fillna(found["address_id"]).astype("str")
    return found.assign(name=name)


def _shown(table: pd.DataFrame, zone: str) -> pd.DataFrame:
    told = pd.to_datetime(table["at_s"], unit="s", utc=True).dt.tz_convert(zone)
    return pd.DataFrame(
        {
            _("Address"): table["name"],
            _("Doors"): table["doors"],
            _("Turf"): table["turf_id"],
            _("Reported on"): told.dt.date,
            _("Decision"): table["accepted"].map(_state, na_action=None),
        }
    )


def _state(accepted: object) -> str:
    if accepted is None or pd.isna(accepted):
        return _("waits for you")
    return _("accepted: in the next cut") if accepted else _("refused")


def _decide(place: Workspace, opened: Store, table: pd.DataFrame) -> None:
    """Ask where one stands, and whether it counts."""
    rows = {str(row["report_id"]): row for row in table.to_dict("records")}
    open_first = sorted(rows, key=lambda one: not pd.isna(rows[one]["accepted"]))
    one = st.selectbox(
        _("Building"),
        open_first,
        format_func=lambda name: f"{rows[name]['name']} ({_state(rows[name]['accepted'])})",
        key="field.building",
    )
    row = rows[one]
    text = st.text_input(
        _("Where it stands: latitude, longitude"),
        key=f"{_PLACE}.{one}",
        placeholder=_beside(place, row),
        help=_("Empty: between its neighbours by their numbers. Or click on the map."),
    )
    at = degrees_in(text or _beside(place, row))
    if at is None:
        st.caption(_("Write latitude, comma, longitude, or click on the map."))
    else:
        at = _in_the_place(place, at)
    _map(place, row, at)
    left, right = st.columns(2)
    left.button(
        _("Accept"),
        key="field.building.yes",
        type="primary",
        width="stretch",
        disabled=at is None,
        on_click=_decided,
        args=(opened, one, at),
    )
    right.button(
        _("Refuse"),
        key="field.building.no",
        width="stretch",
        on_click=_decided,
        args=(opened, one, None),
    )


def _in_the_place(place: Workspace, at: tuple[float, float]) -> tuple[float, float] | None:
    """Return where it stands; None, and say so, where that is far from every address."""
    table = gpd.GeoDataFrame(loaders.table(str(place.path), place.digest, "addresses"))
    metres = metres_from_any(table, at)
    if metres <= _FAR_M:
        return at
    st.error(
        _("This is {km} km from every address of the place: look at the two numbers again.").format(
            km=number(metres / 1000)
        )
    )
    return None


def _beside(place: Workspace, row: Mapping[str, Any]) -> str:
    """Return where it stands unless somebody says otherwise; nothing where that is not known."""
    if row["accepted"] is True:
        return f"{row['latitude']:.6f}, {row['longitude']:.6f}"
    addresses = gpd.GeoDataFrame(loaders.table(str(place.path), place.digest, "addresses"))
    try:
        latitude, longitude = place_beside(addresses, row["address_id"], int(row["number"]))
    except DataError:
        return ""
    return f"{latitude:.6f}, {longitude:.6f}"


def _map(place: Workspace, row: Mapping[str, Any], at: tuple[float, float] | None) -> None:
    """Draw the street round the place; a click is another place."""
    table = gpd.GeoDataFrame(loaders.table(str(place.path), place.digest, "addresses"))
    spots = street_round(table, str(row["address_id"]), at, round_m=_ROUND_M)
    if spots.empty:
        return
    house = spots["number"].astype("string").fillna("") + " " + spots["suffix"]
    label = house + " " + spots["street"]
    drawn = spots.assign(turf_id=row["turf_id"], stop=1, label=label.str.strip())
    none = drawn.iloc[:0]
    streets = gpd.GeoDataFrame(loaders.table(str(place.path), place.digest, "streets"))
    picture = TurfPicture(drawn, streets, none, mark=at)
    titles = {"stop": "", "doors": _("Doors")}
    deck = turf_deck(picture, style=None, titles=titles, wide_px=phone_order.map_px())
    deck.layers += cut_layers(drawn, [])
    key = f"field.building.map.{row['report_id']}.{at}"
    st.pydeck_chart(
        deck,
        height=340,
        key=key,
        on_select=lambda: _clicked(key, str(row["report_id"])),
        selection_mode="single-object",
    )


def _clicked(key: str, report_id: str) -> None:
    objects = st.session_state[key]["selection"].get("objects", {})
    picked = next((rows[0] for rows in objects.values() if rows and "cut" in rows[0]), None)
    if picked is not None:
        at = f"{picked['latitude']:.6f}, {picked['longitude']:.6f}"
        st.session_state[f"{_PLACE}.{report_id}"] = at


def _decided(opened: Store, report_id: str, at: tuple[float, float] | None) -> None:
    try:
        missing_buildings.decide(opened, report_id, datetime.now(UTC), place=at)
    except DataError as error:
        st.session_state[_PROBLEM] = error
        return
    visitor.current().note("building", report_id, 1)


def _type_in(place: Workspace, opened: Store) -> None:
    """Ask for a building that a sheet of paper names."""
    turfs = turfs_in_field(opened)
    if not turfs:
        st.info(_("No turfs are in the field yet."))
        return
    turf = st.selectbox(_("Turf"), turfs, key="field.building.turf", persist_state="session")
    stops = load_fieldwork.stops(place, opened, turf)
    addresses = loaders.table(str(place.path), place.digest, "addresses")
    here = addresses[addresses["address_id"].isin(stops["address_id"])]
    streets = here[here["street"] != ""].drop_duplicates("street").sort_values("street")
    beside = dict(zip(streets["street"], streets["address_id"].astype("str"), strict=True))
    if not beside:
        return
    street = st.selectbox(_("Street"), list(beside), key=f"field.building.street.{turf}")
    one, two, three = st.columns(3)
    told = {
        "number": one.number_input(_("Number"), 1, 9999, value=None, key="field.building.number"),
        "suffix": two.selectbox(_("bis, ter…"), _SUFFIXES, key="field.building.suffix"),
        "doors": three.number_input(_("Doors"), 1, 500, value=None, key="field.building.doors"),
    }
    day = st.date_input(_("Day"), today(opened), key="field.building.day", format=DAY)
    if st.button(
        _("Report this building"),
        key="field.building.add",
        disabled=told["number"] is None or told["doors"] is None,
    ):
        ((name, result),) = take_in(opened, [building_sheet(turf, beside[street], day, told)])
        if isinstance(result, DataError):
            messages.show_error(result)
            return
        load_fieldwork.look_again()
        visitor.current().note("import", name, result.missing)
        st.rerun()

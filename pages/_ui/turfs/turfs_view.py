"""Turfs on screen: four numbers, a map, a table, and what is in no turf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.turf_deck import turf_deck
from analysis.tables.workspace import Workspace
from analysis.turf.isolated import isolated
from analysis.turf.walk_list import Walks
from analysis.workflows.ranking import Scenario
from analysis.workflows.time_slots import LEARNED
from analysis.workflows.turf_cuts import cut_for
from analysis.workflows.turf_folder import bureaux_asked
from pages._ui import bureaux, loaders, messages, phone_order, state
from pages._ui.access import visitor
from pages._ui.i18n import (
    _,
    bloc_name,
    election_name,
    kind_name,
    ngettext,
    number,
    percent,
    pgettext,
)
from pages._ui.messages import translate
from pages._ui.trial.number_tables import show_table
from pages._ui.turfs import deck_map
from pages._ui.turfs import load_turfs as found

_TURF = "turfs.turf"
_MOST_UNCUT = 1000


def asked_otherwise(folder: Path, asked: Scenario, chosen: Sequence[str]) -> bool:
    """Tell, and say, for whom and where turfs were cut, where that is not what is asked above them.

    Parameters
    ----------
    folder
        Of the cut.
    asked
        What the page asks.
    chosen
        The only bureaux that are meant; empty: the best of the ranking.
    """
    elsewhere = bool(chosen) and set(bureaux_asked(folder)) != set(chosen)
    if elsewhere:
        st.warning(_("These turfs are of other bureaux than those chosen: cut the turfs again."))
    made = cut_for(folder)
    if made is None or _question(made) == _question(asked):
        return elsewhere
    votes = ", ".join(made.candidates) or bloc_name(made.bloc)
    st.warning(
        _("These turfs were cut for another question: {votes}, {election}.").format(
            votes=votes, election=election_name(made.election)
        )
    )
    return True


def _question(asked: Scenario) -> tuple[object, ...]:
    return asked.bloc, asked.candidates, asked.election, asked.places


def balance(walks: Walks) -> None:
    """Say what the cut is, and how even, in four numbers."""
    told = walks.summary
    columns = st.columns(4)
    columns[0].metric(_("Turfs"), number(told["count"]))
    columns[1].metric(_("Doors"), number(told["doors"]))
    columns[2].metric(_("Minutes a turf"), number(told["minutes_mean"]))
    columns[3].metric(
        _("Longest / mean"),
        number(told["minutes_max_over_mean"], 2),
        help=_("1 is perfect balance: every team has as much to do."),
    )


def how_cut(walks: Walks) -> None:
    """Say how walks were measured, from where they start, and what was left out."""
    told = walks.summary
    st.caption(
        _("Walk: {metres} m a turf, measured along {way}.").format(
            metres=number(told["walk_m_mean"]), way=_way(told["distance"])
        )
        + " "
        + _("Start: {start}.").format(
            start=", ".join(f"{x:.5f}" for x in told["start"])
            if told["start"]
            else _("where each walk is shortest")
        )
    )
    if opening := told.get("opening"):
        st.caption(_opening(opening))
    for note in told["notes"]:
        st.caption(":material/warning: " + bureaux.by_name(messages.translate(note)))


def slot_names() -> dict[str, str]:
    """Name the slots an outing may be planned for; "" is any."""
    return {
        "": _("any time"),
        "weekday_day": _("a weekday, by day"),
        "weekday_evening": _("a weekday, from 5 pm"),
        "weekend": _("a weekend"),
    }


def _opening(opening: Mapping[str, Any]) -> str:
    """Say at what share of doors one should talk in the slot, and how that is known."""
    when = slot_names()[opening["slot"]]
    if opening["source"] == LEARNED:
        rates = ", ".join(
            f"{kind_name(kind)} {percent(rate, 0)}" for kind, rate in opening["rates"].items()
        )
        text = _("Outing: {when}. Doors with a conversation then, learned at {n} doors: {rates}.")
        return text.format(when=when, n=number(opening["doors"]), rates=rates)
    text = _(
        "Outing: {when}. No returns tell of these hours yet: a conversation is assumed at {rate} "
        "of the doors, in every kind of building; within a bureau, the turfs with most doors an "
        "hour come first."
    )
    return text.format(when=when, rate=percent(max(opening["rates"].values()), 0))


def _way(distance: str) -> str:
    name, _space, rest = distance.partition(" graph")
    if name == "street" and _space:
        file, _paren, mended = rest.strip().partition(" (")
        file += f", {translate(mended.rstrip(')'))}" if mended else ""
        return _("the streets of the place") + (f" ({file})" if file else "")
    ratio = distance.rpartition(" ")[2]
    return _("a straight line × {ratio}").format(ratio=number(float(ratio), 1))


def choose_turf(walks: Walks) -> str | None:
    """Ask which turf to look at; the map asks too."""
    every = [None, *walks.turf_ids]
    if st.session_state.get(_TURF) not in every:
        st.session_state[_TURF] = None
    turf: str | None = st.selectbox(
        _("Turf"),
        every,
        format_func=lambda one: one or _("All turfs"),
        key=_TURF,
        persist_state="session",
        placeholder=_("All turfs"),
    )
    return turf


def look_at(turf: str) -> None:
    """Bring a turf into view wherever one is asked for; before `choose_turf` asks."""
    st.session_state[_TURF] = turf


def turf_map(place: Workspace, walks: Walks, turf: str | None, asks: DeltaGenerator) -> None:
    """Draw all turfs over the streets, or the walk of one.

    A click on a turf or a stop of the map of all turfs brings that turf into view. An address is
    looked for in `asks`; what else is asked of the map lies below it.
    """
    with asks:
        mark = _looked_for(place, walks)
    drawn, below = st.container(), st.container()
    with below:
        style = deck_map.ground(place)
        to_start = st.toggle(_("A click on a stop makes it the starting point"), key="turfs.click")
    titles = {"stop": pgettext("walk", "Stop"), "doors": _("Doors")}
    picture = found.picture(str(place.path), place.digest, walks, turf)
    deck = turf_deck(
        replace(picture, mark=mark), style=style, titles=titles, wide_px=phone_order.map_px()
    )
    # The name changes with what is drawn: a selection of another picture means nothing here.
    name = f"turfs.map.{turf or 'all'}.{mark}"
    with drawn:
        deck_map.show(deck, key=name, take=partial(_clicked, walks, to_start=to_start))


def _looked_for(place: Workspace, walks: Walks) -> tuple[float, float] | None:
    """Ask for an address; say in which turf it is; return where, latitude and longitude."""
    text = st.text_input(
        _("Find an address"), key="turfs.find", placeholder=_("12 rue Haute"), max_chars=120
    )
    if not text.strip():
        return None
    at = found.find(place, text)
    visitor.current().note_once("find", text)
    if at is None:
        st.caption(_("No address of this name here."))
        return None
    near = walks.at(at)
    st.caption(
        _("In turf {turf}, stop {stop}.").format(turf=near[0], stop=number(near[1]))
        if near
        else _("This address is in no turf.")
    )
    return at


def _clicked(walks: Walks, picked: deck_map.Picked, *, to_start: bool) -> None:
    """Bring the turf that was clicked into view, or set out from the stop."""
    if picked.get("turf_id") not in walks.turf_ids:
        return
    if to_start and "latitude" in picked:
        state.answer_with("turf_start", f"{picked['latitude']:.6f}, {picked['longitude']:.6f}")
    elif not to_start:
        look_at(picked["turf_id"])


def labels(stops: pd.DataFrame) -> pd.Series:
    """Return "12 bis Rue Haute" of each stop."""
    house = stops["number"].astype("string").fillna("") + " " + stops["suffix"]
    return (house.str.strip() + " " + stops["street"]).str.strip().astype("str")


def table(walks: Walks) -> None:
    """Show one row per turf."""
    turfs = walks.by_turf()
    uses = {"planned": _("next outing"), "spare": _("spare"), "later": _("later")}
    profiles = {"standard": "", "low_mobility": _("low mobility")}
    show_table(
        pd.DataFrame(
            {
                _("Turf"): turfs["turf_id"],
                _("Bureaux"): turfs["bureaux"].map(lambda ids: "; ".join(loaders.labels(ids))),
                _("Stops"): turfs["stops"],
                _("Doors"): turfs["doors"],
                _("Minutes"): turfs["minutes"],
                _("Walk (m)"): turfs["walk_m"],
                _("Doors/h"): turfs["doors_per_hour"],
                **_expected(turfs),
                _("For"): turfs["use"].map(uses),
                _("Profile"): turfs["profile"].map(profiles),
            }
        ),
        digits=1,
    )
    _out_of_the_way(walks)


def _out_of_the_way(walks: Walks) -> None:
    """List the addresses that cost more walking for a door than a conversation takes there."""
    found = isolated(walks)
    if found.empty:
        st.caption("✓ " + _("No address lies out of the way of its turf."))
        return
    st.markdown(
        ngettext(
            "**{n} address out of the way**: the detour costs more minutes on foot for a door than "
            "a conversation there takes.",
            "**{n} addresses out of the way**: the detour costs more minutes on foot for a door "
            "than a conversation there takes.",
            len(found),
        ).format(n=number(len(found)))
    )
    stops = found[["turf_id", "stop"]].merge(walks.turfs, how="left", on=["turf_id", "stop"])
    show_table(
        pd.DataFrame(
            {
                _("Turf"): found["turf_id"],
                pgettext("walk", "Stop"): found["stop"],
                _("Address"): labels(stops),
                _("Doors"): found["doors"],
                _("Minutes on foot for a door"): found["minutes_per_door"],
            }
        ),
        digits=1,
    )
    st.caption(
        _(
            "Sheets mark them. In “Change, hand over”, move one to another turf, or set it aside "
            "with the reason."
        )
    )


def _expected(turfs: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the conversations to expect; cuts of earlier versions do not tell."""
    known = "conversations" in turfs
    return {_("Expected conversations"): turfs["conversations"]} if known else {}


def stops_table(walks: Walks, turf: str) -> None:
    """Show the walk of one turf, stop by stop."""
    stops = walks.of(turf)
    show_table(
        pd.DataFrame(
            {
                pgettext("walk", "Stop"): stops["stop"],
                _("Address"): labels(stops),
                _("Doors"): stops["dwellings"],
                _("Minutes"): stops["minutes"],
                _("Walk (m)"): stops["walk_m"],
                _("Bureau"): loaders.labels(stops["bureau_id"]),
            }
        ),
        digits=1,
    )


def uncut(walks: Walks) -> None:
    """Show which addresses are in no turf, and why."""
    reasons = walks.summary["uncut"]
    total = sum(reasons.values())
    if not total:
        st.caption("✓ " + _("Every address of these bureaux is in exactly one turf."))
        return
    st.caption(
        ngettext(
            "{n} address of the file is in no turf:",
            "{n} addresses of the file are in no turf:",
            total,
        ).format(n=number(total))
    )
    st.markdown(
        "\n".join(
            f"- {number(count)} — {messages.plain(messages.translate(reason))}"
            for reason, count in reasons.items()
        )
    )
    shown = walks.uncut.head(_MOST_UNCUT)
    show_table(
        pd.DataFrame(
            {
                _("Address"): found.addresses(shown["address_id"]),
                _("Why"): [messages.plain(messages.translate(one)) for one in shown["reason"]],
            }
        )
    )

"""Turfs changed on the map, handed to teams, and how each stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts.turf_deck import STATE_COLOURS, turf_deck
from analysis.errors import DataError
from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from analysis.turf.editing import Edit, difference
from analysis.turf.walk_list import EXCLUDED, Walks
from analysis.workflows import fieldwork, turf_edits
from analysis.workflows.turf_states import (
    Guard,
    assign,
    guard,
    handed_out,
    refuse_others,
    turf_states,
)
from pages._ui import messages, phone_order, shell, state
from pages._ui.access import visitor
from pages._ui.fieldwork import load_fieldwork as field
from pages._ui.i18n import DAY, _, date, ngettext, number, pgettext
from pages._ui.trial.number_tables import show_table
from pages._ui.turfs import cut_line, deck_map, turf_history
from pages._ui.turfs import load_turfs as found
from pages._ui.turfs.cut_line import CUT
from pages._ui.turfs.turfs_view import labels, look_at

_CHOSEN, _ADDRESSES, _NEXT = "turfs.chosen", "turfs.addresses", "turfs.next"
_SAID, _PROBLEM, _SEEN = "turfs.said", "turfs.edit_problem", "turfs.seen"
VIEW = "turf_view"
_CLICK, _BY_STATE, _WHERE = "turfs.click_picks", "turfs.by_state", "turfs.where"


def is_open() -> bool:
    """Tell whether this side of the page is the one that was asked for, before it is shown."""
    state.recall(VIEW, "map")
    return bool(st.session_state[VIEW] == "edit")


def edit(place: Workspace, folder: Path, walks: Walks) -> None:
    """Show the map with what is chosen, the changes on offer, and who has which turf."""
    _tell()
    store = _store(place)
    today = fieldwork.today(store) if store else pd.Timestamp.now().date()
    states = turf_states(store, folder, today)
    states = states[states["turf_id"].isin(walks.turf_ids)].reset_index(drop=True)
    may = visitor.current().may("hand_out")
    _keep_choices(walks)
    map_side, side = st.columns(shell.MAP_AND_CARD)
    at = None
    with side:
        turfs, addresses = _choices(walks)
        if may:
            # What was on screen when the button was pressed: this run has not changed it yet.
            seen = st.session_state.get(_SEEN, {})
            log = turf_edits.log_of(folder)
            at = Change(place, folder, walks, store, seen.get(folder.name, log.version))
            _buttons(at, turfs, addresses, log)
            _hand_over(folder, turfs, seen.get(f"{folder.name}.handed"))
    with map_side:
        _map(place, folder, walks, states, (turfs, addresses), at.make if at else None)
    st.session_state[_SEEN] = {
        folder.name: turf_edits.log_of(folder).version,
        f"{folder.name}.handed": handed_out(folder),
    }
    _table(states, walks, turfs)
    if visitor.current().zones("hand_out") is None:
        turf_history.history(folder)


def _store(place: Workspace) -> Store | None:
    """Return the store of a campaign that has begun; looking at turfs begins none."""
    return field.store(place) if field.has_begun(place) else None


def _tell() -> None:
    """Say what the last change did, or why there was none."""
    # A box of its own, there when nothing is said too: the map below stays where one moved it.
    with st.container():
        if problem := st.session_state.pop(_PROBLEM, None):
            messages.show_error(problem)
        for text in st.session_state.pop(_SAID, ()):
            st.success(text)


def _keep_choices(walks: Walks) -> None:
    """Forget what is chosen and no longer there, before the widgets look."""
    changed = st.session_state.pop(_NEXT, None)
    turfs = changed or st.session_state.get(_CHOSEN, [])
    st.session_state[_CHOSEN] = [one for one in turfs if one in walks.turf_ids]
    there = set(walks.turfs["address_id"])
    # What was moved would move again, with the next address that is clicked.
    kept = st.session_state.get(_ADDRESSES, []) if changed is None else []
    st.session_state[_ADDRESSES] = [one for one in kept if one in there]


def _choices(walks: Walks) -> tuple[list[str], list[str]]:
    """Ask which turfs and which of their addresses are meant; the map asks too."""
    turfs: list[str] = st.multiselect(
        _("Turfs chosen"),
        walks.turf_ids,
        key=_CHOSEN,
        placeholder=_("On the map, or here"),
    )
    stops = walks.turfs
    picked = st.session_state[_ADDRESSES]
    offered = stops[stops["turf_id"].isin(turfs) | stops["address_id"].isin(picked)]
    offered = offered.drop_duplicates("address_id")
    names = dict(zip(offered["address_id"], labels(offered), strict=True))
    addresses: list[str] = st.multiselect(
        _("Addresses chosen"),
        list(names),
        format_func=lambda one: names.get(one, one),
        key=_ADDRESSES,
        placeholder=_("Of the chosen turfs"),
        disabled=not names,
    )
    return turfs, addresses


class Change:
    """A change that a button makes."""

    def __init__(  # noqa: PLR0913, PLR0917 - where, what, and what was seen
        self, place: Workspace, folder: Path, walks: Walks, store: Store | None, seen: int
    ) -> None:
        self.place, self.folder, self.walks, self.store, self.seen = (
            place,
            folder,
            walks,
            store,
            seen,
        )

    def make(self, one: Edit) -> None:
        """Make it, and show the page with what changed, or with what keeps it from being."""
        person = visitor.current().person
        allow = tuple(name for name in _allowed() if st.session_state.get(f"turfs.allow.{name}"))
        today = fieldwork.today(self.store) if self.store else pd.Timestamp.now().date()
        try:
            with st.spinner(_("Finding the walks again…")):
                after = turf_edits.change(
                    self.folder,
                    [replace(one, allow=allow)],
                    found.ground(str(self.folder), str(self.place.path), self.place.digest),
                    who=person.user_id if person else "",
                    seen=self.seen,
                    held_back=self._guard(guard(self.store, self.folder, today)),
                )
        except DataError as error:
            st.session_state[_PROBLEM] = error
            st.rerun()
        after = found.own_walks(self.place, str(self.folder)) or self.walks
        told = difference(self.walks, after)
        new = [turf for turf in after.turf_ids if turf not in self.walks.turf_ids]
        st.session_state[_NEXT] = new or [t for t in told["turf_id"] if t in after.turf_ids]
        st.session_state[_SAID] = [_changes(told, self.walks, after)]
        visitor.current().note("edit_turfs", one.op, len(told))
        st.rerun()

    def _guard(self, out: Guard) -> Callable[[Walks, Edit], None]:
        """Hold back changes to turfs that are out, and to those of others' zones."""
        zones = visitor.current().zones("hand_out")
        if zones is None:
            return out
        own = self.walks

        log = turf_edits.log_of(self.folder)
        me = visitor.current().person

        def both(walks: Walks, edit: Edit) -> None:
            out(walks, edit)
            mine = me is not None and turf_edits.author(log, edit.op) == me.user_id
            refuse_others(walks, edit, frozenset(own.turf_ids), mine=mine)

        return both


def _changes(told: pd.DataFrame, before: Walks, after: Walks) -> str:
    """Say in words which turfs are another now, and what became of the balance."""
    lines = []
    for row in told.to_dict("records"):
        if pd.isna(row["doors_after"]):
            text = _("{turf} is no more.")
        elif pd.isna(row["doors_before"]):
            text = _("{turf} is new: {doors} doors, {minutes} minutes.")
        else:
            text = _("{turf}: {before} → {doors} doors, {minutes} minutes.")
        lines.append(
            text.format(
                turf=row["turf_id"],
                before=number(row["doors_before"]),
                doors=number(row["doors_after"]),
                minutes=number(row["minutes_after"], 0),
            )
        )
    lines.append(
        _("Longest / mean: {before} → {after}.").format(
            before=number(before.summary["minutes_max_over_mean"], 2),
            after=number(after.summary["minutes_max_over_mean"], 2),
        )
    )
    return " ".join(lines)


def _allowed() -> dict[str, str]:
    return {
        "apart": _("Turfs that are not side by side"),
        "mix": _("Bureaux that were cut apart"),
        "out": _("Turfs a team has in its hands: I tell the team"),
    }


def _menu(side: DeltaGenerator, label: str, key: str, *, on: bool) -> Any:  # noqa: ANN401
    # Named by the version, it closes once its change is made: it would lie over « Undo ».
    return side.popover(label, key=f"turfs.menu.{key}", disabled=not on, width="stretch")


def _buttons(at: Change, turfs: list[str], addresses: list[str], log: turf_edits.Log) -> None:
    """Offer the changes; what cannot be done with what is chosen is grey."""
    one, other = st.columns(2)
    if one.button(_("Merge"), key="turfs.merge", disabled=len(turfs) < 2, width="stretch"):  # noqa: PLR2004
        at.make(Edit("merge", tuple(turfs)))
    with _menu(other, _("Split"), f"split.{log.version}", on=len(turfs) == 1):
        _split(at, turfs, addresses)
    with _menu(one, _("Move"), f"move.{log.version}", on=bool(addresses)):
        known = at.walks.nearest_to(addresses)
        to = st.selectbox(_("To turf"), known, None, key="turfs.to", placeholder=_("Choose"))
        if st.button(_("Move the addresses"), key="turfs.move", disabled=to is None):
            at.make(Edit("move", addresses=tuple(addresses), to=str(to)))
        if st.button(_("Make a new turf of them"), key="turfs.draw"):
            at.make(Edit("draw", addresses=tuple(addresses)))
    with _menu(other, _("Set aside"), f"aside.{log.version}", on=bool(addresses)):
        reason = st.radio(
            _("Why"),
            list(EXCLUDED),
            format_func=lambda name: messages.plain(messages.translate(EXCLUDED[name])),
            key="turfs.reason",
        )
        if st.button(_("Set the addresses aside"), key="turfs.exclude"):
            at.make(Edit("exclude", addresses=tuple(addresses), reason=reason))
    if one.button(_("Undo"), key="turfs.undo", disabled=not log.done, width="stretch"):
        at.make(Edit("undo"))
    if other.button(_("Redo"), key="turfs.redo", disabled=not log.undone, width="stretch"):
        at.make(Edit("redo"))
    with st.expander(_("Even so")):
        for name, label in _allowed().items():
            st.checkbox(label, key=f"turfs.allow.{name}")


def _split(at: Change, turfs: list[str], addresses: list[str]) -> None:
    stops = at.walks.turfs.drop_duplicates("address_id").set_index("address_id")
    ends = stops.loc[addresses, ["latitude", "longitude"]].to_numpy().tolist()
    if st.button(_("In two of equal work, along the walk"), key="turfs.split"):
        at.make(Edit("split", tuple(turfs)))
    short = len(ends) != 2  # noqa: PLR2004 - a line
    by_line = _("By the line through two chosen addresses")
    if st.button(by_line, key="turfs.split_line", disabled=short):
        at.make(Edit("split", tuple(turfs), line=tuple((lat, lon) for lat, lon in ends)))


def _hand_over(folder: Path, turfs: list[str], seen: Mapping[str, Any] | None) -> None:
    """Give the chosen turfs to a team for a day."""
    with st.form("turfs.hand_over", border=True):
        st.markdown("**" + _("Hand over") + "**")
        team = st.text_input(_("Team"), key="turfs.team", help=_("Its name, never a person's."))
        day = st.date_input(_("Day of the outing"), None, key="turfs.day", format=DAY)
        pressed = st.form_submit_button(_("Assign the chosen turfs"), width="stretch")
    if not pressed:
        return
    try:
        assign(folder, turfs, team=team, day=day, seen=seen)
        visitor.current().note("hand_over", " ".join(turfs[:20]), len(turfs))
        text = ngettext("{n} turf assigned.", "{n} turfs assigned.", len(turfs))
        st.session_state[_SAID] = [text.format(n=number(len(turfs)))]
        if len(turfs) == 1:
            # What comes next is its sheet or its link, under « Hand out ».
            look_at(turfs[0])
    except DataError as error:
        st.session_state[_PROBLEM] = error
    st.rerun()


def state_names() -> dict[str, str]:
    """Name how a turf may stand."""
    return {"ready": _("ready"), "out": _("out"), "back": _("back"), "late": _("late")}


def _map(  # noqa: PLR0913, PLR0917 - where, what is there, and what is chosen
    place: Workspace,
    folder: Path,
    walks: Walks,
    states: pd.DataFrame,
    chosen: tuple[list[str], list[str]],
    make: Callable[[Edit], None] | None,
) -> None:
    turfs, addresses = chosen
    picks = {"turfs": _("a turf"), "addresses": _("an address")}
    picks |= {CUT: _("two points of a cut")} if make else {}
    st.segmented_control(
        _("A click on the map chooses"),
        list(picks),
        format_func=picks.__getitem__,
        key=_CLICK,
        default="turfs",
        required=True,
    )
    by_state = st.toggle(_("Colours say how each turf stands"), key=_BY_STATE)
    picture = found.picture(str(place.path), place.digest, walks, None)
    standing = dict(zip(states["turf_id"], states["state"], strict=True)) if by_state else {}
    deck = turf_deck(
        replace(picture, states=standing, chosen=frozenset([*turfs, *addresses])),
        style=deck_map.ground(place),
        titles={"stop": pgettext("walk", "Stop"), "doors": _("Doors")},
        wide_px=phone_order.map_px(),
    )
    cutting = st.session_state.get(_CLICK) == CUT
    near = cutting and cut_line.lay_over(deck, picture, folder.name, turfs)
    # Told the same as before, the map stays where one moved it, also when the turfs end elsewhere.
    of, view = st.session_state.get(_WHERE, ("", None))
    if not near and of == folder.name:
        deck.initial_view_state = view
    st.session_state[_WHERE] = folder.name, deck.initial_view_state
    # Above the map: below it, what to do next would be under the fold.
    with st.container():
        if cutting:
            cut_line.say_next(folder.name, turfs, make)
    deck_map.show(deck, key="turfs.edit_map", take=partial(_clicked, folder, walks))
    if by_state:
        _legend(states)


def _legend(states: pd.DataFrame) -> None:
    counts = states["state"].value_counts()
    squares = [
        f'<span style="color:{colour}">■</span> {state_names()[state]} '
        f"({number(int(counts.get(state, 0)))})"
        for state, colour in STATE_COLOURS.items()
    ]
    st.html(" &nbsp; ".join(squares))


def _clicked(folder: Path, walks: Walks, picked: deck_map.Picked) -> None:
    """Choose what was clicked, or let go of it."""
    if cut_line.take(picked, folder.name, st.session_state.get(_CHOSEN, [])):
        return
    turf = picked.get("turf_id")
    if turf not in walks.turf_ids:
        return
    if st.session_state.get(_CLICK) == "addresses":
        if "address_id" in picked:
            _toggle(_ADDRESSES, str(picked["address_id"]))
    elif st.session_state.get(_CLICK) == CUT:
        cut_line.forget()
        st.session_state[_CHOSEN] = [str(turf)]
    else:
        _toggle(_CHOSEN, str(turf))


def _toggle(key: str, name: str) -> None:
    kept = st.session_state.get(key, [])
    st.session_state[key] = [one for one in kept if one != name] + [name] * (name not in kept)


def _table(states: pd.DataFrame, walks: Walks, chosen: list[str]) -> None:
    """List the turfs with team, day, state and work; those that are chosen lead."""
    leads = states["turf_id"].isin(chosen).to_numpy()
    states = pd.concat([states[leads], states[~leads]], ignore_index=True)
    work = walks.by_turf().set_index("turf_id")
    minutes = states["turf_id"].map(work["minutes"])
    show_table(
        pd.DataFrame(
            {
                _("Turf"): states["turf_id"],
                _("State"): states["state"].map(state_names()),
                _("Team"): states["team"],
                _("Day of the outing"): [
                    one and date(dt.date.fromisoformat(one)) for one in states["date"]
                ],
                _("Doors"): states["doors"],
                _("Doors told"): states["told"],
                _("Minutes"): minutes,
            }
        ),
        digits=0,
    )

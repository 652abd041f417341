"""Which place is open, among those on this machine."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from analysis.errors import DataError
from analysis.readers.known_places import place_name
from analysis.tables.workspace import Workspace
from pages._ui import browser_clock, state
from pages._ui.home import welcome
from pages._ui.i18n import _, date, ngettext, number

_KEY = "data.workspace"


def choose_workspace(place: Workspace) -> None:
    """Let the user open another place."""
    known, broken = _places()
    # The choice may have been made elsewhere: by a link, or by reading new files.
    st.session_state[_KEY] = place.path.name
    st.selectbox(
        _("Place to work on"),
        list(known),
        format_func=lambda name: _label(name, known[name]),
        key=_KEY,
        on_change=_take,
    )
    if len(known) == 1:
        st.caption(_("Only the embedded place is here so far: open your own under “Find a place”."))
    if broken:
        st.warning(
            _("These places cannot be read; bring their files again: {names}").format(
                names=", ".join(broken)
            )
        )


def describe(place: Workspace) -> None:
    """Show what the open place holds, and when it was read."""
    welcome.what_is_loaded(place)
    st.caption(_provenance(place))


def _take() -> None:
    state.choose_folder(st.session_state[_KEY])


def _places() -> tuple[dict[str, Workspace], list[str]]:
    known: dict[str, Workspace] = {}
    broken: list[str] = []
    for manifest in sorted(state.workspaces().glob("*/manifest.json")):
        try:
            known[manifest.parent.name] = Workspace(manifest.parent)
        except DataError:
            broken.append(manifest.parent.name)
    return known, broken


def _label(name: str, place: Workspace) -> str:
    elections = place.manifest["elections"]
    bureaux = max(entry["bureaux"] for entry in elections.values())
    counted = ngettext(
        "{name}: {elections} election, {bureaux} bureaux",
        "{name}: {elections} elections, {bureaux} bureaux",
        len(elections),
    )
    label = counted.format(name=name, elections=number(len(elections)), bureaux=number(bureaux))
    return _("{label} (fictional)").format(label=label) if place.fictional else label


def _provenance(place: Workspace) -> str:
    built = browser_clock.local(dt.datetime.fromisoformat(place.manifest["built"]))
    texts = [
        _("Read on {day} at {time}.").format(day=date(built.date()), time=f"{built:%H:%M}"),
        ngettext("{n} file.", "{n} files.", len(place.manifest["sources"])).format(
            n=len(place.manifest["sources"])
        ),
    ]
    if codes := place.manifest["places"]:
        names = [place_name(code) for code in codes]
        texts.append(_("Kept: {codes}.").format(codes=", ".join(names)))
    return " ".join(texts)

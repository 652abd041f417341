"""The turfs of who is here, and no other: a phone page and a sheet for each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import streamlit as st

from analysis.errors import DataError
from analysis.exports.field_kit.kit import Kit
from analysis.fieldwork.turf_links import page_holds
from analysis.workflows import server_access
from analysis.workflows.contacts_open import who_answers
from analysis.workflows.door_contacts import door_form
from analysis.workflows.turf_folder import cuts
from analysis.workflows.turf_states import turfs_of_teams
from pages._ui import loaders, messages, state
from pages._ui.access import gate, taken_away, visitor
from pages._ui.i18n import _, language
from pages._ui.turfs import load_turfs, turf_downloads


def show() -> None:
    """Offer each turf that the grants of who is here name, of the latest cut of its place."""
    found = visitor.current()
    if found.person is None:
        state.stop()
    scopes = found.person.scopes(found.campaign)
    named = {scope_id for scope, scope_id in scopes if scope == "turf"}
    for team in sorted(scope_id for scope, scope_id in scopes if scope == "team"):
        theirs = _of_team(team)
        text = (
            _("You go out with the team {team}: these turfs were handed to it.")
            if theirs
            else _("You go out with the team {team}: no turf is handed to it yet.")
        )
        st.write(text.format(team=f"`{messages.plain(team)}`"))
        named |= theirs
    if not named and not any(scope == "team" for scope, _id in scopes):
        st.info(_("No turf is given to you by its name or to a team of yours."))
        gate.link("pages/turfs.py", label=_("The turfs of your zone"), icon=":material/hiking:")
    given = dict(_kits(named))
    for turf, (place, kit) in sorted(given.items()):
        st.subheader(_("Turf {turf}").format(turf=turf))
        _open(place, kit, turf)
        left, right = st.columns(2)
        for side, label, content, suffix in (
            (left, _("Phone page (HTML)"), partial(turf_downloads.phone, kit, turf), ".html"),
            (
                right,
                _("Sheet to print (PDF)"),
                partial(turf_downloads.sheet, kit, turf, place),
                ".pdf",
            ),
        ):
            name = f"{turf}{suffix}"
            taken_away.offer(side, label, content, name, right="walk", key=f"own.{name}")
    for turf in sorted(named - set(given)):
        st.info(_("The turf {turf} is not cut: ask your organiser.").format(turf=f"`{turf}`"))


def _open(place: Path, kit: partial[Kit], turf: str) -> None:
    """Lead to the page of a turf on the phone that one holds: a file is opened by few of them."""
    if not st.button(
        _("Prepare it on this phone"), key=f"own.{turf}.open", type="primary", width="stretch"
    ):
        return
    with messages.explain_data_errors():
        made = turf_downloads.linked(kit, place, turf)
        visitor.current().note("download", f"{turf}.html")
        st.link_button(_("Open turf {turf}").format(turf=turf), made.code(turf), width="stretch")
        st.caption(_("Open it once while there is network: it works without any afterwards."))


def _of_team(team: str) -> set[str]:
    """Return the turfs that a team was handed, in any place of the campaign."""
    return {
        turf
        for manifest in state.workspaces().glob("*/manifest.json")
        for turf in turfs_of_teams(manifest.parent, [team])
    }


def _kits(named: set[str]) -> Iterator[tuple[str, tuple[Path, partial[Kit]]]]:
    """Find turfs among the places of the campaign."""
    for manifest in sorted(state.workspaces().glob("*/manifest.json")):
        for folder in cuts(manifest.parent)[:1]:
            for turf in named & set(load_turfs.walks(str(folder)).turf_ids):
                yield turf, (manifest.parent, _kit(manifest.parent, folder, turf))


def _kit(workspace: Path, folder: Path, turf: str) -> partial[Kit]:
    known = who_answers(workspace)
    options = {
        "address": server_access.settings().address,
        "contact": known.contact,
        "controller": known.name,
        "door": _door(workspace, turf),
        "large": "",
        "language": language(),
    }
    digest = loaders.open_place(workspace).digest
    asked = tuple(sorted(options.items()))
    return partial(load_turfs.kit, str(folder), str(workspace), digest, asked)


def _door(workspace: Path, turf: str) -> str:
    """Return who answers for contacts where the page handed out of a turf takes them, else ""."""
    try:
        form = door_form(workspace)
    except DataError:
        return ""
    # What the organiser ticked: a page prepared here takes the place of the one handed out.
    return str(form) if page_holds(workspace, turf, form.key) else ""

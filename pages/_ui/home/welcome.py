"""What the home page shows: the place that is open, and the way on."""

from __future__ import annotations

import streamlit as st

from analysis.tables.workspace import Workspace
from pages._ui import shell
from pages._ui.access import gate
from pages._ui.i18n import _, election_name, number


def what_palier_is() -> None:
    """Say what the house is for."""
    st.markdown(
        _(
            "The doors worth an hour of a volunteer's time: from the official results of every "
            "bureau de vote to a map, a list and files for the field teams, with how sure each "
            "number is."
        )
    )


def what_is_loaded(place: Workspace) -> None:
    """Show the place, its elections and what is known of its ground."""
    st.subheader(_("Loaded: {name}").format(name=shell.place_name()))
    elections = place.manifest["elections"]
    newest = max(elections, key=lambda name: (name[:4], elections[name]["registered"]))
    rows = {name: entry["rows"] for name, entry in place.manifest["tables"].items()}
    columns = st.columns(4)
    columns[0].metric(_("Elections"), number(len(elections)))
    columns[1].metric(
        _("Bureaux"), number(elections[newest]["bureaux"]), help=election_name(newest)
    )
    columns[2].metric(_("Registered voters"), number(elections[newest]["registered"]))
    columns[3].metric(_("Addresses"), number(rows.get("addresses", 0)))
    known = {
        _("contours"): rows.get("bureaux", 0),
        _("census squares"): rows.get("areas", 0),
        _("addresses"): rows.get("addresses", 0),
    }
    there = ", ".join(name for name, count in known.items() if count)
    missing = ", ".join(name for name, count in known.items() if not count)
    if there:
        st.caption(_("Known of the ground: {names}.").format(names=there))
    if missing:
        st.caption(
            _("Not loaded: {names}. What they would tell is assumed, and marked so.").format(
                names=missing
            )
        )


def what_next(*, abroad: bool) -> None:
    """Point to the next steps; where all vote at consulates there are no doors."""
    st.subheader(_("What to do next"))
    left, right = st.columns(2)
    with left, st.container(border=True):
        if abroad:
            gate.link(
                "pages/abstention.py", label=_("See who abstains"), icon=":material/trending_down:"
            )
            st.caption(_("Voters at consulates have no doors here: read what they did, and will."))
        else:
            gate.link(
                "pages/priorities.py",
                label=_("Find the priority bureaux"),
                icon=":material/target:",
            )
            st.caption(
                _(
                    "Choose a bloc and an election, move the weights, look at the map, take the "
                    "targets."
                )
            )
    with right, st.container(border=True):
        gate.link("pages/data.py", label=_("Open your own place"), icon=":material/database:")
        st.caption(_("Bring the official files of any commune, département or country."))
    st.subheader(_("What Palier does not know"))
    st.markdown(
        _(
            "- It ranks bureaux, never persons: nothing below the bureau is guessed.\n"
            "- What a conversation changes is uncertain: the published effects range from none to "
            "a few points. The intervals say so.\n"
            "- Past results show where abstainers and movable votes were, not where they will be."
        )
    )

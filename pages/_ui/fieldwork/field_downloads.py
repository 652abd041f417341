"""What leaves the field: every attempt, the counts, and what Impact needs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.workflows import fieldwork
from pages._ui.access import gate, taken_away
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _


def hand(place: Workspace, asked: Mark) -> None:
    """Offer files; each is made when its button is pressed."""
    name = f"palier_{place.path.name}"
    left, right = st.columns(2)
    taken_away.offer(
        left,
        _("Every attempt (CSV)"),
        partial(_attempts, asked),
        f"{name}_attempts.csv",
        key="field.attempts",
        on_click="ignore",
        width="stretch",
    )
    taken_away.offer(
        right,
        _("Counts by day, team, bureau, turf (Excel)"),
        partial(_counts, asked),
        f"{name}_field.xlsx",
        key="field.workbook",
        on_click="ignore",
        width="stretch",
    )
    st.subheader(_("For the page Impact"))
    st.markdown(
        _(
            "After the vote, Impact compares the bureaux that were to be canvassed with those held "
            "back. This table says what each bureau really received: `received`, the share of its "
            "doors knocked at, and `reached`, conversations per registered voter."
        )
    )
    taken_away.offer(
        None,
        _("Received and reached, by bureau (CSV)"),
        partial(_contact, asked, place),
        f"{name}_contact.csv",
        key="field.contact",
        on_click="ignore",
    )
    gate.link("pages/impact.py", label=_("Open Impact"), icon=":material/balance:")


def _attempts(asked: Mark) -> bytes:
    return fieldwork.attempts_to_bytes(asked.store)


def _contact(asked: Mark, place: Workspace) -> bytes:
    return fieldwork.contact_to_text(fieldwork.contact(asked.store, place)).encode()


def _counts(asked: Mark) -> bytes:
    return fieldwork.counts_to_bytes(asked.store)

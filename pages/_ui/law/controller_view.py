"""View: who answers for the campaign, as every notice, slip and letter says it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from analysis.contacts.contact_store import Controller
from analysis.contacts.controller_check import read_round
from analysis.workflows.controllers_apart import say_who_answers
from pages._ui import messages
from pages._ui.i18n import _
from pages._ui.law import load_law

_EXAMPLE = "2027-03-14, 75056, Europe/Paris"


def controller() -> None:
    """Show who answers, what is missing of it, and let it be said."""
    load_law.tell()
    with load_law.opened() as (_folder, contacts):
        who = contacts.controller
        if who.name:
            st.markdown(
                _("**{name}** answers for this campaign. Contact: {contact}").format(
                    name=messages.plain(who.name), contact=messages.plain(who.contact)
                )
            )
        else:
            st.warning(
                _(
                    "Nobody answers for this campaign yet: no contact of a person is taken, on "
                    "phones, on paper or on the public pages."
                )
            )
        if who.name and who.missing:
            names = [_labels()[name] for name in who.missing]
            st.info(_("Missing: {names}").format(names=", ".join(names)))
        asked = _form(who)
        if asked is not None:
            with messages.explain_data_errors():
                say_who_answers(contacts, asked)
            load_law.said(_("Said. What was said before is kept beside it."))


def _labels() -> dict[str, str]:
    return {
        "controller": _("Short name"),
        "name": _("Name of the candidate, list or party"),
        "address": _("Address"),
        "contact": _("E-mail or telephone for questions about data"),
        "sponsor": _("Who pays (sponsor)"),
        "financial_agent": _("Financial agent"),
        "election": _("Election"),
        "rounds": _("Days of voting"),
    }


def _form(who: Controller) -> Controller | None:
    """Ask who answers; None where nothing was sent."""
    labels = _labels()
    helps = {
        "controller": _(
            "The same in every campaign of the same controller: an objection holds in all of "
            "them. It cannot change once it is said."
        ),
        "contact": _("People read it on every page, slip and letter."),
    }
    with st.form("law.controller"):
        texts = {}
        for name in list(labels)[:-1]:
            texts[name] = st.text_input(
                labels[name], getattr(who, name), key=f"law.{name}", help=helps.get(name)
            ).strip()
        rounds = st.text_area(
            labels["rounds"],
            "\n".join(f"{one.date}, {one.territory}, {one.time_zone}" for one in who.rounds),
            key="law.rounds",
            placeholder=_EXAMPLE,
            help=_(
                "One line a round: day, commune or département, time zone. The law of the eve "
                "(no message from midnight on) depends on them."
            ),
        )
        if not st.form_submit_button(_("Say who answers"), type="primary", key="law.say"):
            return None
    days = tuple(read_round(line) for line in rounds.splitlines() if line.strip())
    return replace(who, rounds=days, **texts)

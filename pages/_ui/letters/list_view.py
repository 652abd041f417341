"""View: every message with where it stands, and what is missing before one can leave."""

from __future__ import annotations

import streamlit as st

from analysis.workflows import message_states
from analysis.workflows.message_states import Means, Standing
from pages._ui.access import gate, visitor
from pages._ui.i18n import _, number
from pages._ui.law.load_law import day_of
from pages._ui.letters import load_letters


def every() -> None:
    """Show every message with its state."""
    with load_letters.opened() as (contacts, _place):
        standings = message_states.standings(contacts)
        if standings:
            _table(standings)
        else:
            st.info(_("No message yet: write one."))
        missing(message_states.means(contacts))


def state_names() -> dict[str, str]:
    """Name where a message may stand."""
    return {
        "draft": _("draft, not approved"),
        "waiting": _("approved, not sent"),
        "sending": _("being sent"),
        "sent": _("sent"),
        "halted": _("halted"),
    }


def missing(means: Means) -> None:
    """Say what must be configured before a message leaves; nothing where all is there."""
    if means.whole:
        return
    st.warning(_("Not sent: this machine cannot send messages yet."))
    if not gate.opens(visitor.current(), "law"):
        st.caption(_("Whoever runs the campaign reads on this page what is missing."))
        return
    if not means.server:
        st.markdown(
            _(
                "- No mail server is named. Set `PALIER_SMTP` before the start, such as "
                "`smtp://USER:PASSWORD@mail.example.org:587`: your provider of mail tells it."
            )
        )
    if not means.address.startswith("https://"):
        st.markdown(
            _(
                "- Nobody outside reaches this machine, so nobody could leave in one click. Run "
                "Palier as a server with an https address (docs/server.md)."
            )
        )
    if not means.sender:
        st.markdown(
            _("- Who answers for the campaign gave no e-mail address: say it on the page Law.")
        )


def _table(standings: list[Standing]) -> None:
    names = state_names()
    load_letters.table_of(
        {
            _("Message"): [str(one.row["name"]) or "–" for one in standings],
            _("State"): [names[one.state] for one in standings],
            _("Last change"): [day_of(int(one.row["at_s"])) for one in standings],
            _("Version"): [number(one.row["version"]) for one in standings],
            _("Sent"): [number(one.progress.get("sent", 0)) for one in standings],
            _("Waiting"): [number(one.progress.get("waiting", 0)) for one in standings],
        }
    )

"""View: what may be done with people, by which rule, and what last passed or was refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from analysis.contacts import lawful, lawful_words
from analysis.contacts.contact_store import Contacts
from analysis.workflows import universes
from pages._ui import messages
from pages._ui.contacts import people_opened
from pages._ui.i18n import _, date, language, number


def rules() -> None:
    """Show the table of the law and the register of what passed."""
    with people_opened.opened() as (contacts, _place):
        st.markdown(
            _(
                "One table decides for every list, sheet, call, letter and message. What it does "
                "not allow is refused. It is not legal advice."
            )
        )
        _table()
        _passages(contacts)
        _open_questions()


def _channels() -> dict[str, str]:
    return {
        "door": _("Doors"),
        "post": _("Letters"),
        "phone": _("Calls"),
        "sms": _("Text messages"),
        "email": _("E-mail"),
        "themed_email": _("E-mail by theme"),
        "online": _("Online advertising"),
    }


def _table() -> None:
    channels = _channels()
    channel = st.selectbox(
        _("To reach people by"), list(channels), format_func=channels.__getitem__, key="law.channel"
    )
    rows = []
    for rule in sorted(lawful.table(), key=lambda one: (channel not in one.channels, one.rule)):
        conditions = rule.channels.get(channel)
        words = [messages.translate(lawful.CONDITIONS[one]) for one in conditions or ()]
        both = " " + _("and if") + " "
        allowed = _("if {conditions}").format(conditions=both.join(words)) if words else _("yes")
        rows.append(
            {
                _("Allowed"): _("no") if conditions is None else allowed,
                _("Rule"): messages.translate(lawful_words.why(rule.rule)),
                _("Basis"): lawful_words.basis(rule.rule, language()),
            }
        )
    st.table(pd.DataFrame(rows).set_index(_("Allowed")))


def _passages(contacts: Contacts) -> None:
    st.subheader(_("What passed, and what did not"))
    found = universes.passages(contacts)
    if not len(found):
        st.info(_("Nothing has passed yet."))
        return
    channels = _channels()
    rows = [
        {
            _("Day"): date(datetime.fromtimestamp(row.at_s, UTC).date()),
            _("Channel"): channels.get(row.channel, row.channel),
            _("Rows"): number(row.rows),
            _("By the rules"): " ".join(map(_why, row.rules)),
            _("Refused"): " ".join(
                _("{why} ({n})").format(why=_why(rule), n=_("all") if n == "all" else number(n))
                for rule, n in row.refused.items()
            )
            or "–",
        }
        for row in found.itertuples()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _why(rule: str) -> str:
    return messages.translate(lawful_words.why(rule))


def _open_questions() -> None:
    with st.expander(_("What only counsel can tell")):
        questions = (
            _("Whether the global rate of opens stays exempt from consent: it ships switched off."),
            _("Whether counting clicks is covered by the same exemption."),
            _("The legal basis of the roll: legitimate interest, or a task of public interest."),
            _("Letters and calls from a rented file: refused until counsel wrote it down."),
            _("Whether calls to people who gave their number need a consent of their own."),
            _("The wording of articles 18 and 19 of Regulation (EU) 2024/900 at your date."),
            _("How somebody on the suppression list may come back: it is never deleted."),
        )
        st.markdown("\n".join(f"- {one}" for one in questions))

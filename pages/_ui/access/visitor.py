"""Who is at the browser in this run, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from analysis.access import rights
from analysis.access.rights import Scope
from analysis.workflows import server_access

if TYPE_CHECKING:
    from analysis.access.membership import Person

VISITOR = "access.visitor"
_CAMPAIGN, _USER, _ASKED = "access.campaign", "access.user", "access.asked"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the browser; on one's own machine there is nobody to tell apart.

    Attributes
    ----------
    person
        None on one's own machine.
    campaign
        Which of the person's campaigns is open.
    """

    person: Person | None = None
    campaign: str = ""

    def may(self, right: str) -> bool:
        """Tell whether they have a right over the open campaign."""
        return self.person is None or self.person.may(self.campaign, right)

    def parts(self, right: str) -> tuple[tuple[Scope, str], ...] | None:
        """Return over which parts of the open campaign they have a right; None for the whole."""
        if self.person is None:
            return None
        return rights.parts(self.person.grants, self.campaign, right)

    def zones(self, right: str) -> tuple[str, ...] | None:
        """Return the zones over which they have a right; None where it is not cut to zones."""
        given = self.parts(right)
        return None if given is None else tuple(one for scope, one in given if scope == "zone")

    def note_once(self, action: str, what: str) -> None:
        """Write down a search, once for what is asked; what was asked is not written."""
        if self.person is not None and st.session_state.get(_ASKED) != (action, what):
            st.session_state[_ASKED] = (action, what)
            self.note(action, rows=1)

    def note(self, action: str, subject: str = "", rows: int | None = None) -> None:
        """Write down what they did; on one's own machine nobody asks."""
        if self.person is not None:
            from analysis.access import audit
            from analysis.database.engine import of_tenant

            own = of_tenant(server_access.engine(), self.campaign)
            audit.note(own, self.person.user_id, action, subject=subject, rows=rows)


def current() -> Visitor:
    """Return who it is in this run: the router has asked the store."""
    if not server_access.settings().server:
        return Visitor()
    found: Visitor = st.session_state[VISITOR]
    return found


def token() -> str:
    """Return the secret of the login that the browser sent when it connected."""
    return str(st.context.cookies.get(server_access.settings().cookie, ""))


def asked() -> Person | None:
    """Ask the store whose login it is; None where it is nobody's any more."""
    from analysis.access import sessions

    return sessions.who(server_access.engine(), token())


def look() -> Visitor | None:
    """Ask the store who it is now; None where nobody is logged in or their rights are gone."""
    st.session_state.pop(VISITOR, None)
    person = asked()
    if person is None or not (known := person.campaigns()):
        return None
    if st.session_state.get(_USER, person.user_id) != person.user_id:
        # A page that somebody else had open before: nothing of theirs stays.
        st.session_state.clear()
    st.session_state[_USER] = person.user_id
    campaign = st.session_state.get(_CAMPAIGN)
    found = Visitor(person, campaign if campaign in known else known[0])
    st.session_state[VISITOR] = found
    return found


def open_campaign(campaign: str) -> None:
    """Open another of the person's campaigns; nothing of the last one stays on screen."""
    for key in list(st.session_state):
        if not str(key).startswith("i18n."):
            del st.session_state[key]
    st.session_state[_CAMPAIGN] = campaign
    st.query_params.clear()

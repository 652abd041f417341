"""What a message changed against who was kept for comparison, and which subject did better."""

from __future__ import annotations

import streamlit as st

from analysis.contacts.contact_store import Contacts
from analysis.messages.approve import Approval, approval_of, is_sealed
from analysis.messages.effect import Effect
from analysis.messages.subject_days import subject_days
from analysis.messages.subject_test import look
from analysis.tables.workspace import Workspace
from analysis.workflows.message_effects import all_effects
from pages._ui import messages
from pages._ui.i18n import _, number, percent, signed
from pages._ui.letters import load_letters


def act_names() -> dict[str, str]:
    """Name the acts that are counted."""
    return {
        "volunteering": _("Said they volunteer"),
        "donation": _("Said they give"),
        "theme": _("Named a theme"),
        "talked": _("Talked with a caller"),
        "turnout": _("Turnout of the bureau"),
        "doors": _("Conversations per door knocked at"),
        "left": _("Unsubscribed"),
    }


def effect(contacts: Contacts, place: Workspace, message: str) -> None:
    """Show what a message changed, first of all."""
    approval = approval_of(contacts, message)
    assert approval is not None
    st.subheader(_("What it changed"))
    found = all_effects(contacts, place, message)
    if not found:
        st.info(_("Nobody was kept for comparison: what it changed cannot be known."))
    else:
        _table(found)
        _sees(approval)
        if not is_sealed(contacts, message):
            st.error(_("The draw in the store is not the one that was sealed: do not believe it."))
    if approval.control.get("subjects"):
        _subjects(contacts, message, approval)


def _table(found: list[Effect]) -> None:
    names, hidden = act_names(), _("too few to show")
    rows = [one.estimate for one in found]
    load_letters.table_of(
        {
            _("Act since the approval"): [names[one.act] for one in found],
            # With its interval beside it: a phone shows two columns of a table.
            _("Change in points (95%)"): [
                hidden
                if one is None
                else f"{signed(100 * one.value)} ({signed(100 * one.interval[0])} … "
                f"{signed(100 * one.interval[1])})"
                for one in rows
            ],
            _("Without the message"): [
                hidden if one.estimate is None else percent(one.without) for one in found
            ],
        }
    )
    st.caption(
        _(
            "{letters} drawn to get it against {controls} drawn to get nothing; an interval that "
            "holds 0 says that nothing could be seen."
        ).format(letters=number(found[0].letters), controls=number(found[0].controls))
    )


def _sees(approval: Approval) -> None:
    for rate, seen in approval.control.get("sees", {}).items():
        st.caption(
            _(
                "Said before: of an act of {rate}, a change of {seen} points or more is seen."
            ).format(rate=percent(float(rate), 0), seen=number(100 * float(seen), 1))
        )
    if (seen := approval.control.get("sees_turnout")) is not None:
        st.caption(
            _("Said before: a change of turnout of {seen} points or more is seen.").format(
                seen=number(100 * float(seen), 1)
            )
        )


def _subjects(contacts: Contacts, message: str, approval: Approval) -> None:
    st.markdown(_("**The two subjects**"))
    found = look(subject_days(contacts, message, approval))
    names = {
        "": _("Nobody can tell yet which does better. Look again whenever you like."),
        "A": _("A has more of it: decided, and it stays so."),
        "B": _("B has more of it: decided, and it stays so."),
    }
    st.markdown(
        _("{act}: A {a}, B {b}. {verdict}").format(
            act=act_names()[str(approval.control["compares"])],
            a=number(found.acts[0]),
            b=number(found.acts[1]),
            verdict=messages.plain(names[found.decided]),
        )
    )
    if not any(found.acts):
        return  # any factor fits what nobody did
    st.caption(
        _(
            "B over A: {factor} times as often, between {low} and {high} (95%, on all days "
            "together). Looking every day does not raise the risk of error above 5%."
        ).format(
            factor=number(found.factor, 2), low=number(found.low, 2), high=number(found.high, 2)
        )
    )

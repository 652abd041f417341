"""What to return to, and when; and where not to."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.fieldwork import left_alone
from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from analysis.workflows.fieldwork import take_in, today
from pages._ui import messages
from pages._ui.access import visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, date, ngettext, number
from pages._ui.trial.number_tables import show_table

_PROBLEM = "field.alone.problem"


def again(place: Workspace, opened: Store, asked: Mark) -> None:
    """Show promises first, then silent doors, then those that asked not to be disturbed."""
    silent, wishes = load_fieldwork.to_return(asked, today(opened))
    st.subheader(_("Promised"))
    if wishes.empty:
        st.caption(_("Nobody asked for another visit from today on."))
    else:
        names = load_fieldwork.address_names(place, wishes["address_id"])["name"].to_numpy()
        show_table(
            pd.DataFrame(
                {
                    _("On"): wishes["come_back_on"],
                    _("When"): wishes["come_back_slot"].map(_slot_name),
                    _("Address"): names,
                    _("Floor"): wishes["floor"],
                    _("Door"): wishes["door"],
                    _("Turf"): wishes["turf_id"],
                    _("Note"): wishes["note"],
                }
            )
        )
    st.subheader(_("Worth a second visit"))
    if silent.empty:
        st.caption(_("None yet: doors that stayed shut come here three days after the last visit."))
    else:
        _silent(place, silent)
    _left_alone(place, opened, asked)


def _silent(place: Workspace, silent: pd.DataFrame) -> None:
    names = load_fieldwork.address_names(place, silent["address_id"])["name"].to_numpy()
    show_table(
        pd.DataFrame(
            {
                _("Address"): names,
                _("Doors left"): silent["left"],
                _("Turf"): silent["turf_id"],
                _("Last visit"): silent["last_day"],
                _("It was"): silent["last_slot"].map(_slot_name),
                _("Visits"): silent["visits"],
            }
        )
    )
    st.caption(_("Come at another time of the day than last; three visits are enough."))


def _left_alone(place: Workspace, opened: Store, asked: Mark) -> None:
    """List the doors that asked not to be disturbed; an organiser may take one back."""
    st.subheader(_("Not to be disturbed"))
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.show_error(problem)
    reports = load_fieldwork.left_alone(asked)
    if reports.empty:
        st.caption(_("No door has asked not to be visited again."))
        return
    doors = int(reports["doors"].sum())
    st.markdown(
        ngettext(
            "**{n} door** has asked not to be visited again: the turfs cut from now on leave it "
            "out, and sheets and phone pages say so.",
            "**{n} doors** have asked not to be visited again: the turfs cut from now on leave "
            "them out, and sheets and phone pages say so.",
            doors,
        ).format(n=number(doors))
    )
    names = load_fieldwork.address_names(place, reports["address_id"])["name"].to_numpy()
    show_table(
        pd.DataFrame(
            {
                _("Address"): names,
                _("Doors"): reports["doors"],
                _("Floor"): reports["floor"],
                _("Door"): reports["door"],
                _("Noted on"): reports["day"],
                _("Turf"): reports["turf_id"],
            }
        )
    )
    if visitor.current().may("bring_returns"):
        _take_back(opened, reports.assign(name=names))


def _take_back(opened: Store, reports: pd.DataFrame) -> None:
    said = {
        str(row["attempt_id"]): _("{address} · {day}").format(
            address=" · ".join(filter(None, (row["name"], _floor(row["floor"])))),
            day=date(row["day"]),
        )
        for row in reports.to_dict("records")
    }
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    one = left.selectbox(
        _("Noted by mistake, or taken back"),
        list(said),
        index=None,
        format_func=said.__getitem__,
        key="field.alone",
        placeholder=_("Choose a door"),
        help=_("Its doors count as a refusal from then on, and later turfs go there again."),
    )
    right.button(
        _("Take back"),
        key="field.alone.back",
        width="stretch",
        disabled=one is None,
        on_click=_withdraw,
        args=(opened, one),
    )


def _withdraw(opened: Store, attempt_id: str) -> None:
    try:
        sheet = left_alone.withdrawal(opened, attempt_id, datetime.now(UTC))
    except DataError as error:
        st.session_state[_PROBLEM] = error
        return
    # The phone that told it may have a clock ahead of ours.
    ((name, result),) = take_in(opened, [sheet], ("future",))
    if isinstance(result, DataError):
        st.session_state[_PROBLEM] = result
        return
    st.session_state["field.alone"] = None
    load_fieldwork.look_again()
    visitor.current().note("import", name, result.new)


def _floor(text: str) -> str:
    return _("floor {n}").format(n=text) if text else ""


def _slot_name(code: str) -> str:
    """Name a part of the day."""
    names = {
        "morning": _("morning"),
        "midday": _("midday"),
        "afternoon": _("afternoon"),
        "evening": _("evening"),
    }
    return names.get(code, code)

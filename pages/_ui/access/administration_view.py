"""People of a campaign, invitations and logins: shown, given and taken back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import streamlit as st
from sqlalchemy.engine import Engine

from analysis.access import audit, rights, sessions
from analysis.access import invitations as invited
from analysis.access import membership as known
from analysis.access.rights import Grant, Scope
from analysis.database.engine import of_tenant
from analysis.workflows import server_access
from analysis.workflows.message_work import misconfigured
from pages._ui import browser_clock, loaders, messages, state, territory
from pages._ui.access import visitor
from pages._ui.i18n import _

_LINK = "admin.link"
_WEEK, _MOST_DAYS = 7, 60


def mail_settings() -> None:
    """Say what is wrong with the settings of mail, which the server read at its start."""
    for fault in misconfigured():
        messages.show_error(fault)


def people() -> None:
    """Show who has which role, and let it be taken back."""
    own, by = _own()
    st.markdown(_("Whoever loses their last role is out within five seconds."))
    for row in known.members(own):
        until = _day(row["until_s"]) if row["until_s"] else ""
        said = f"**{messages.plain(row['name'])}** · {role_name(row['role'])} · {_part(row)}"
        if _row(said + (f" · {until}" if until else ""), _("Take back"), f"role.{row['grant_id']}"):
            known.revoke(own, row["grant_id"], by=by)
            st.rerun()


def invitations() -> None:
    """Invite by address or by link, and take open invitations back."""
    own, by = _own()
    left, right = st.columns(2, gap="medium")
    with left:
        _by_mail(own, by)
    with right:
        _by_link(own, by)
    st.subheader(_("Open invitations"))
    for row in invited.invitations(own):
        taken = _("taken up") if row["taken_up"] else _("not yet taken up")
        said = f"**{messages.plain(row['name'])}** · {role_name(row['role'])} · {_part(row)}"
        said += f" · {taken} · {_day(row['expires_s'])}"
        if _row(said, _("Take back"), f"invitation.{row['invitation_id']}"):
            invited.revoke(own, row["invitation_id"], by=by)
            st.rerun()


def logins() -> None:
    """Show the logins in force of this campaign's people, and end them."""
    own, by = _own()
    names = {row["user_id"]: row["name"] for row in known.members(own)}
    for row in sessions.live(own, list(names)):
        said = _("**{name}**, since {start}, until {end}").format(
            name=messages.plain(names[row["user_id"]]),
            start=_moment(row["started_s"]),
            end=_moment(row["expires_s"]),
        )
        if _row(said, _("End"), f"login.{row['digest']}"):
            sessions.end_one(own, row["digest"])
            audit.note(own, by, "logout", subject=row["user_id"])
            st.rerun()


def _own() -> tuple[Engine, str]:
    """Return the store for the open campaign, and who asks."""
    found = visitor.current()
    if found.person is None or not found.may("people"):
        state.stop()
    return of_tenant(server_access.engine(), found.campaign), found.person.user_id


def _by_mail(own: Engine, by: str) -> None:
    with st.form("admin.mail", border=True):
        st.markdown("**" + _("With an account") + "**")
        email = st.text_input(_("Address of mail they log in with"), key="admin.mail.address")
        role = st.selectbox(
            _("Role"), rights.roles()[:-1], format_func=role_name, key="admin.mail.role"
        )
        given = _asked_part()
        sent = st.form_submit_button(_("Invite"), key="admin.mail.invite")
    st.caption(_("No mail is sent: tell them the address of this page."))
    if sent:
        with messages.explain_data_errors():
            whole = replace(given, role=role)
            invited.invite_by_mail(own, email, whole, days=_WEEK * 2, by=by)
        st.rerun()


def _asked_part() -> Grant:
    """Ask over what a role is given: the whole, a zone of the open place, or a team."""
    scope: Scope = st.radio(
        _("Over"),
        ["campaign", "zone", "team"],
        format_func=scope_name,
        horizontal=True,
        key="admin.mail.scope",
        help=_("Who has a zone or a team sees and does nothing beyond it."),
    )
    place = loaders.workspace()
    zones = loaders.zones(str(place.path), place.digest)
    names = {code: territory.part_name(place, code) for code in zones["place"]}
    zone = st.selectbox(
        _("Zone"), list(names), format_func=lambda one: names[one], key="admin.mail.zone"
    )
    team = st.text_input(_("Team"), max_chars=40, key="admin.mail.team")
    which = {"campaign": "", "zone": zone or "", "team": team.strip()}[scope]
    return Grant(visitor.current().campaign, "", scope, which)


def _by_link(own: Engine, by: str) -> None:
    with st.form("admin.link.form", border=True):
        st.markdown("**" + _("By link, for a volunteer without an account") + "**")
        name = st.text_input(_("Who it is for"), max_chars=80, key="admin.link.name")
        scope: Scope = st.radio(
            _("Gives"),
            ["turf", "team"],
            format_func=scope_name,
            horizontal=True,
            key="admin.link.scope",
        )
        which = st.text_input(_("Name of the turf or team"), max_chars=64, key="admin.link.which")
        days = st.number_input(
            _("Days"), min_value=1, max_value=_MOST_DAYS, value=_WEEK, key="admin.link.days"
        )
        sent = st.form_submit_button(_("Make a link"), key="admin.link.make")
    if sent:
        given = Grant(visitor.current().campaign, "volunteer", scope, which.strip())
        secret = invited.invite_by_link(own, name, given, days=int(days), by=by)
        st.session_state[_LINK] = secret
    if secret := st.session_state.pop(_LINK, None):
        st.info(_("Hand this link over now: it is shown once, and kept nowhere."))
        st.code(
            f"{server_access.settings().address.rstrip('/')}/invitation#{secret}", language=None
        )


def _row(said: str, button: str, key: str) -> bool:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(said)
    return right.button(button, key=f"admin.{key}")


def role_name(name: str) -> str:
    """Name a role."""
    return {
        "administrator": _("Administrator"),
        "strategist": _("Strategist"),
        "analyst": _("Analyst"),
        "organiser": _("Organiser"),
        "volunteer": _("Volunteer"),
    }[name]


def scope_name(name: str) -> str:
    """Say what a role is over."""
    return {
        "campaign": _("the whole campaign"),
        "zone": _("a zone"),
        "team": _("a team"),
        "turf": _("a turf"),
    }[name]


def _part(row: dict[str, Any]) -> str:
    return f"{scope_name(row['scope'])} {messages.plain(row['scope_id'])}".strip()


def _day(seconds: int) -> str:
    return _("until {day}").format(day=_local(seconds).strftime("%d/%m/%Y"))


def _moment(seconds: int) -> str:
    return _local(seconds).strftime("%d/%m %H:%M")


def _local(seconds: int) -> dt.datetime:
    return browser_clock.local(dt.datetime.fromtimestamp(seconds, dt.UTC))

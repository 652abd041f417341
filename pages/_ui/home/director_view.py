"""The director's page on screen: hours, zones, the week, what to decide."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.tables.workspace import Workspace
from analysis.workflows import by_level
from analysis.workflows import director_words as words
from analysis.workflows.director import Brief, Zone
from analysis.workflows.director_week import Week
from analysis.workflows.ranking import Scenario
from pages._ui import levels, loaders, messages, pictures, ready_panel
from pages._ui.access import gate, taken_away
from pages._ui.home import load_brief
from pages._ui.i18n import _, date, language
from pages._ui.priorities import ranking_view
from pages._ui.turfs import chosen_bureaux


def head(found: Brief) -> None:
    """Say whose campaign it is, how long there is, and offer the sheet of paper."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.subheader(messages.plain(words.heading(found, language())))
    under = [date(found.day), words.days_left(found, language())]
    left.caption(" · ".join(one for one in under if one))
    taken_away.offer(
        right,
        _("One-page PDF"),
        partial(load_brief.pdf, found, language()),
        f"palier_{found.file.workspace.path.name}_direction.pdf",
        key="home.pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
        width="stretch",
    )
    with right:
        gate.link("pages/priorities.py", label=_("Change the question"), icon=":material/tune:")


def hours(found: Brief) -> None:
    """Show what the hours can do."""
    with st.container(border=True):
        st.markdown("**" + _("What our hours can do") + "**")
        steps = words.chain(found, language())
        # Side by side, and wrapped on a phone.
        with st.container(horizontal=True):
            for number, unit in steps:
                st.metric(messages.plain(unit), number, width="content")
        said = (words.one_vote, words.last_time, words.where)
        for line in filter(None, (say(found, language()) for say in said)):
            st.markdown(messages.plain(line))


def zones(found: Brief) -> list[DeltaGenerator]:
    """Show the zones to begin with; return where their maps go, which come last."""
    st.markdown("**" + _("Where to begin") + "**")
    if not found.zones:
        st.info(_("No zone can be named: these hours gain no vote in any bureau."))
    places = []
    for n, zone in enumerate(found.zones):
        with st.container(border=True):
            name, way = st.columns([2, 1], vertical_alignment="center")
            name.markdown(f"**{messages.plain(zone.name)}**")
            with way:
                chosen_bureaux.way(zone.bureaux, key=f"home.zone.{n}")
            left, right = st.columns([1, 1.7])
            places.append(left.container())
            for title, text in words.zone_lines(found, zone, language()):
                right.markdown(f"**{title}** — {messages.plain(text)}")
    if found.zones and found.file.announced.table["vintage"].notna().any():
        st.caption(
            _(
                "Dark blue: the zone, a third of the hours; light blue: good neighbours, for when "
                "hours remain. The whole order is on Priorities."
            )
        )
    elif found.zones:
        st.caption(_("The whole order is on Priorities."))
    return places


_WENT = "home.went"


def first_look(place: Workspace, scenario: Scenario) -> Callable[[], object]:
    """Show what was counted in a place without contours while the answer is worked out."""
    known = load_brief.is_ready(place, scenario)
    clear = levels.first_look(place, levels.Counted(), known=known, opens=_to_priorities)
    _leave()
    return clear


def whole(place: Workspace, found: Brief) -> None:
    """Show a place of several communes without contours by département or commune."""
    ranked = found.file.announced
    offered = by_level.levels_in(place, ranked.table["commune_id"])
    if ranked.table["vintage"].notna().any() or len(offered) == 1:
        return
    table = by_level.ranking_by(place, ranked, offered[0])
    units = levels.Units(offered[0], table)
    look = ranking_view.units_look(table)
    levels.show(place, units, look, key="home.map", opens=_to_priorities)
    _leave()


def _to_priorities(code: str) -> None:
    levels.go(code)
    st.session_state[_WENT] = True


def _leave() -> None:
    # A page cannot be changed within a callback.
    if st.session_state.pop(_WENT, False):
        st.switch_page("pages/priorities.py")


def draw(
    place: Workspace, found: Brief, places: list[DeltaGenerator], course: DeltaGenerator
) -> None:
    """Draw what the words do not wait for: the days, then the maps of the zones."""
    shown, state = _shown_week(place, found)
    with course:
        if png := load_brief.course(shown, state):
            pictures.show(png, " ".join(words.week_lines(shown, language())))
    if not places:
        return
    with places[0]:
        drawn = load_brief.pictures(place, found)
    for where, zone, png in zip(places, found.zones, drawn, strict=True):
        if png:
            pictures.show(png, _map_said(zone), where)
        else:
            where.caption(_("No map: these bureaux have no contour here."))


def _map_said(zone: Zone) -> str:
    """Say what the map shows, for who does not see it."""
    return _("Map of {names}").format(names="; ".join(loaders.labels(zone.bureaux)))


def week(found: Brief) -> DeltaGenerator:
    """Show how the field stands, an invented week before that; return where its chart goes."""
    with st.container(border=True):
        st.markdown("**" + _("The week") + "**")
        if found.week is None:
            st.info(_("No turf is in the field yet. This is what will stand here:"))
            st.caption(":material/science: " + _("**Invented example**: no door was knocked at."))
        shown = found.week or load_brief.example(found.day)
        for line in words.week_lines(shown, language()):
            st.markdown(messages.plain(line))
        course = st.container()
        if found.week is None:
            gate.link("pages/turfs.py", label=_("Cut turfs"), icon=":material/hiking:")
        else:
            gate.link("pages/fieldwork.py", label=_("Field"), icon=":material/door_open:")
    return course


def _shown_week(place: Workspace, found: Brief) -> tuple[Week, tuple[object, ...]]:
    """Return the week on screen, and what names it among charts that are kept."""
    if found.week is None:
        return load_brief.example(found.day), ("example", found.day)
    shown = found.week
    return shown, (str(place.path), found.day, shown.totals, shown.objective, shown.ends)


def decisions(found: Brief) -> None:
    """Show what somebody must decide, each with the page where."""
    with st.container(border=True):
        st.markdown("**" + _("To decide") + "**")
        if not found.decisions:
            st.markdown("✓ " + _("Nothing waits for a decision."))
        ready_panel.listed(found.decisions)

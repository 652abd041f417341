"""What the doors taught: who opens when and where, how fast teams are; and who is told."""

from __future__ import annotations

import streamlit as st

from analysis.errors import DataError
from analysis.fieldwork import learning
from analysis.fieldwork.learning import Learned
from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from analysis.targeting.params import Params
from analysis.workflows.fieldwork import learned_params, write_covered
from pages._ui import messages, pictures
from pages._ui.access import gate, visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, kind_name, language, number, percent
from pages._ui.priorities import planner

_FED = "field.fed"
# Beyond this width the letters of a chart are larger than those of the page.
_MOST_PX = 760


def doors(place: Workspace, opened: Store, asked: Mark) -> None:
    """Show open rates and paces, and offer them to the ranking."""
    try:
        rates = load_fieldwork.learned(asked)
    except DataError as error:
        messages.show_error(error)
        return
    low, high = rates.level_interval()
    st.markdown(
        _(
            "**{rate} of doors opened** (90% interval {low} to {high}), {n} doors; "
            "**{talks} led to a conversation**."
        ).format(
            rate=percent(rates.level),
            talks=percent(float(rates.table["conversations"].sum() / rates.table["doors"].sum())),
            low=percent(low),
            high=percent(high),
            n=number(int(rates.table["doors"].sum())),
        )
    )
    _hours(asked, rates)
    paces = _paces(asked)
    _feed(place, opened, asked, rates, paces=paces)


def _hours(asked: Mark, rates: Learned) -> None:
    """Draw the open rate by hour, a line per kind of building, week and weekend apart."""
    best = rates.table.loc[rates.table["rate"].idxmax()]
    alt = _("Doors that open by hour and kind of building; most at {hour} h, {kind}: {rate}")
    pictures.show(
        load_fieldwork.opening(asked, language()),
        alt.format(
            hour=best["hour"], kind=kind_name(best["kind"]), rate=percent(float(best["rate"]))
        ),
        most_px=_MOST_PX,
    )
    st.caption(
        _(
            "An hour with few doors leans on what the other hours and buildings say. "
            "Bars: 90% intervals."
        )
    )


def _paces(asked: Mark) -> bool:
    """Show doors an hour of every team; return whether any hours are known."""
    try:
        paces = learning.learn_paces(load_fieldwork.outings(asked))
    except DataError as error:
        st.caption(messages.plain(messages.translate(error.what)))
        return False
    told = [
        _("{team} {pace} ({low} to {high})").format(
            team=row.team_id or "—",
            pace=number(row.doors_per_hour, 1),
            low=number(row.low, 1),
            high=number(row.high, 1),
        )
        for row in paces.itertuples()
    ]
    st.markdown("**" + _("Teams side by side") + "**")
    alt = _("Doors an hour: {teams}").format(teams="; ".join(told))
    pictures.show(load_fieldwork.teams(asked, language()), alt, most_px=_MOST_PX)
    st.caption(
        _(
            "Teams in the order of their names. Where the bars overlap, the difference may be the "
            "buildings or the hour: this ranks nobody."
        )
    )
    return True


def _feed(place: Workspace, opened: Store, asked: Mark, rates: Learned, *, paces: bool) -> None:
    """Offer what was learned to the ranking: its numbers, and the doors already visited."""
    if done := st.session_state.pop(_FED, None):
        st.success(done)
        gate.link("pages/priorities.py", label=_("See the ranking again"), icon=":material/target:")
    what = _("doors opened, conversations, doors already visited")
    if paces:
        what = _("doors opened, conversations, pace, doors already visited")
    st.caption(_("The ranking can count with what the doors taught: {what}.").format(what=what))
    if not visitor.current().may("plan"):
        return
    if not st.button(_("Give this to Priorities"), key="field.feed", type="primary"):
        return
    learned = learned_params(opened, rates)
    # A pace of where teams went says nothing of what a dense bureau, not yet visited, allows.
    taken = {name: told for name, told in learned.items() if name != "doors_per_hour_dense"}
    known = planner.params()
    usual = Params().to_dict()
    mine = {name: told for name, told in known.to_dict().items() if told != usual[name]}
    with messages.explain_data_errors():
        visited = write_covered(opened, place.path)
        visitor.current().note("learn", place.path.name, visited)
        planner.set_params(Params.from_dict({**mine, **taken}))
    st.session_state[_FED] = _(
        "Done: {numbers} of the planner's numbers are learned, and {n} bureaux know which share "
        "of their doors was visited."
    ).format(numbers=number(len(taken)), n=number(visited))
    st.rerun()

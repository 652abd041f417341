"""What the doors taught: who opens when and where, how fast teams are; and who is told."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from analysis.charts.turf_deck import HUES
from analysis.errors import DataError
from analysis.fieldwork import learning
from analysis.fieldwork.learning import Learned
from analysis.fieldwork.store import Store
from analysis.tables.workspace import Workspace
from analysis.targeting.params import Params
from analysis.workflows.fieldwork import learned_params, write_covered
from pages._ui import messages
from pages._ui.access import gate, visitor
from pages._ui.fieldwork import load_fieldwork
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, kind_name, number, percent
from pages._ui.priorities import planner
from pages._ui.trial.number_tables import show_table

_FED = "field.fed"


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
    _hours(rates)
    paces = _paces(asked)
    _feed(place, opened, asked, rates, paces=paces)


def _hours(rates: Learned) -> None:
    """Draw the open rate by hour, a line per kind of building, week and weekend apart."""
    table = rates.table.assign(
        kind=rates.table["kind"].map(kind_name),
        part=rates.table["weekend"].map({True: _("weekend"), False: _("weekdays")}),
        percent=100 * rates.table["rate"],
        least=100 * rates.table["low"],
        most=100 * rates.table["high"],
    )
    names = ["part", "hour", "kind", "percent", "least", "most", "doors"]
    rows = [dict(row) for row in table[names].astype(object).to_dict("records")]
    x = {
        "field": "hour",
        "type": "quantitative",
        "title": _("Hour"),
        "scale": {"zero": False},
        "axis": {"format": "d", "tickMinStep": 1},
    }
    colour = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "legend": {"orient": "bottom", "columns": 2, "labelLimit": 300, "symbolType": "stroke"},
        "scale": {"range": list(HUES)},
    }
    spec: dict[str, Any] = {
        "facet": {"field": "part", "type": "nominal", "title": None},
        "columns": 2,
        "data": {"values": rows},
        "spec": {
            "width": 280,
            "height": 220,
            "encoding": {"x": x, "color": colour},
            "layer": [
                {
                    "mark": {"type": "area", "opacity": 0.15},
                    "encoding": {
                        "y": {"field": "least", "type": "quantitative"},
                        "y2": {"field": "most"},
                    },
                },
                {
                    "mark": {"type": "line", "point": True},
                    "encoding": {
                        "y": {
                            "field": "percent",
                            "type": "quantitative",
                            "title": _("Doors opened (%)"),
                        },
                        "tooltip": [{"field": "kind"}, {"field": "hour"}, {"field": "doors"}],
                    },
                },
            ],
        },
    }
    st.vega_lite_chart(None, spec, key="field.hours")
    st.caption(
        _(
            "Learned with shrinkage: an hour with few doors leans on what the other hours and "
            "buildings say. Bands: 90% intervals."
        )
    )


def _paces(asked: Mark) -> bool:
    """Show doors an hour of every team; return whether any hours are known."""
    try:
        paces = learning.learn_paces(load_fieldwork.outings(asked))
    except DataError as error:
        st.caption(messages.plain(messages.translate(error.what)))
        return False
    show_table(
        pd.DataFrame(
            {
                _("Team"): paces["team_id"].replace("", "—"),
                _("Outings with known hours"): paces["timed"],
                _("Doors/h"): paces["doors_per_hour"],
                _("from"): paces["low"],
                _("to"): paces["high"],
            }
        ),
        digits=1,
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

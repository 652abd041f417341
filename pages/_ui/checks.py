"""Two honest checks beside a ranking: size alone, and a look back at a past election."""

from __future__ import annotations

import streamlit as st

from analysis.errors import DataError
from analysis.scenario import Scenario
from analysis.targeting.rank import Ranking
from analysis.workspace import Workspace
from pages._ui import loaders
from pages._ui.i18n import _, bloc_name, election_name, number, percent
from pages._ui.messages import show_error
from pages._ui.words import method_name

# Fewer lost votes than one in this many registered say nothing about an order of bureaux.
_LITTLE = 200


def checks(place: Workspace, scenario: Scenario, ranked: Ranking) -> None:
    """Show what size alone would have ranked, and what past rankings would have met."""
    st.subheader(_("Does the ranking say more than size?"))
    r = ranked.size_correlation
    st.markdown(
        _(
            "Rank correlation between the score and the number of registered: **{r}**. "
            "Near 1, the ranking would only repeat which bureaux are large; near 0, it does not "
            "depend on size."
        ).format(r=number(r, 2))
    )
    st.subheader(_("Would it have met the votes that were lost?"))
    try:
        back = loaders.backtest(place, scenario)
    except DataError as error:
        show_error(error)
        return
    votes = ", ".join(scenario.candidates) or bloc_name(scenario.bloc)
    st.markdown(
        _(
            "Placed on the eve of **{target}**, with earlier elections only. Between {reference} "
            "and that day, {votes} lost {lost} votes in the bureaux where it lost any. Spending "
            "the first {share} of the hours would have met:"
        ).format(
            target=election_name(back.target.election_id),
            reference=election_name(back.reference.election_id),
            votes=votes,
            lost=number(back.lost_votes),
            share=percent(back.hours_share, 0),
        )
    )
    table = back.to_frame()
    columns = st.columns(len(table))
    for column, row in zip(columns, table.itertuples(), strict=True):
        column.metric(method_name(str(row.method)), percent(row.met_share, 0))
    if back.lost_votes * _LITTLE < float(ranked.table["registered"].sum()):
        st.warning(_("So few votes were lost that this comparison says almost nothing."))
    curves = back.curves.assign(method=back.curves["method"].map(method_name))
    percent_axis = {"format": "%"}
    st.vega_lite_chart(
        curves,
        {
            "mark": "line",
            "encoding": {
                "x": {
                    "field": "hours_share",
                    "type": "quantitative",
                    "title": _("Share of all hours spent"),
                    "axis": percent_axis,
                },
                "y": {
                    "field": "met_share",
                    "type": "quantitative",
                    "title": _("Share of lost votes met"),
                    "axis": percent_axis,
                },
                "color": {"field": "method", "type": "nominal", "title": ""},
                "strokeDash": {"field": "method", "type": "nominal", "title": ""},
            },
            "config": {"legend": {"labelLimit": 300, "orient": "bottom", "columns": 2}},
        },
        height=380,
    )
    st.caption(
        _(
            "Votes lost tell where abstainers were, not whom a conversation would have changed: "
            "no past election can show that without a trial. An order that only mobilises does "
            "well here by construction."
        )
    )

"""Two honest checks beside a ranking: size alone, and a look back at a past election."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking, Settings
from analysis.targeting.validation import Backtest
from analysis.targeting.weights import PRESETS
from analysis.workflows.ranking import Scenario
from pages._ui import loaders
from pages._ui.i18n import _, bloc_name, election_name, number, percent
from pages._ui.labels import method_name, preset_name
from pages._ui.messages import show_error

# Colours that the colour-blind tell apart (Okabe and Ito 2008), the strongest first.
_COLOURS = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"]
# Where more are ranked, a look back takes longer than anybody waits for beside a list.
_MOST_BESIDE = 5000
# Fewer lost votes than one in this many registered say nothing about an order of bureaux.
_LITTLE = 200


def in_short(place: Workspace, scenario: Scenario, ranked: Ranking) -> None:
    """Say beside the ranking what its order would have met at a past election.

    It is that of the preset, with the usual numbers: moving a slider does not look back again.
    """
    if len(ranked.table) > _MOST_BESIDE:
        st.caption(_("What this order would have met in the past: view Checks."))
        return
    preset = scenario.settings.preset
    plain = Settings(preset=preset) if preset in PRESETS else Settings()
    try:
        back = loaders.backtest(place, replace(scenario, settings=plain))
    except DataError:
        st.caption(_("No past election of this place can be looked back at: see the view Checks."))
        return
    st.caption(
        _(
            "Looked back at {target}: the first {share} of the hours in the order “{preset}” would "
            "have met {met} of the votes that were lost; by chance {chance}; last abstention alone "
            "{last}; “50+1 (2014)” {classic}. The view Checks says what that proves."
        ).format(
            target=election_name(back.target.election_id),
            share=percent(back.hours_share, 0),
            preset=preset_name(plain.preset),
            met=percent(back.met("chosen"), 0),
            chance=percent(back.hours_share, 0),
            last=percent(back.met("last_abstention"), 0),
            classic=percent(back.met("classic_2014"), 0),
        )
    )
    _warn_of_few(back, ranked)


def _warn_of_few(back: Backtest, ranked: Ranking) -> None:
    if back.lost_votes * _LITTLE < float(ranked.table["registered"].sum()):
        st.warning(_("So few votes were lost that this comparison says almost nothing."))


def _table(back: Backtest) -> str:
    """Write the share met by every order as a table."""
    order, met = _("Order"), _("Share of lost votes met")
    rows = [
        f"| {method_name(str(row.method))} | {percent(row.met_share, 0)} |"
        for row in back.to_frame().itertuples()
    ]
    return "\n".join([f"| {order} | {met} |", "|---|---:|", *rows])


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
    st.markdown(_table(back))
    _warn_of_few(back, ranked)
    curves = back.curves.assign(method=back.curves["method"].map(method_name))
    order = list(curves["method"].drop_duplicates())
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
                "color": {
                    "field": "method",
                    "type": "nominal",
                    "title": "",
                    "scale": {"domain": order, "range": _COLOURS[: len(order)]},
                },
                "strokeDash": {"field": "method", "type": "nominal", "title": "", "sort": order},
            },
            "config": {"legend": {"labelLimit": 300, "orient": "bottom", "columns": 1}},
        },
        height=480,
    )
    st.caption(
        _(
            "Votes lost tell where abstainers were, not whom a conversation would have changed: "
            "no past election can show that without a trial. An order that only mobilises does "
            "well here by construction."
        )
    )

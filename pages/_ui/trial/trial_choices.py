"""How a trial is to be drawn: the widgets that ask, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranked_trial import (
    APART,
    COMMUNES,
    COVARIATES,
    NAMES,
    NEIGHBOURS,
    NOWHERE,
    Choices,
    within_hours,
)
from analysis.workflows.ranking import Scenario
from analysis.workflows.trial_power import ADJUSTED, lag_of
from pages._ui import loaders, selects, state
from pages._ui.i18n import _, election_name, number, percent

PLAIN = "difference"
_USUAL = "trial.first.usual"  # the number of bureaux that was offered last
_MOST_LISTED, _MOST_NEAR = 2000, 10
_FAR = 5000


def choose(ranked: Ranking) -> Choices:
    """Ask how to draw."""
    units = trial_units(ranked.table)
    # What can be carried out depends on the blocks, which are asked for below.
    above = st.container()
    left, right = st.columns(2)
    with left:
        size = _whole(_("Bureaux in a block"), "t_block", 5, 2, 20)
    with right:
        control = _whole(_("of which held back"), "t_control", 1, 1, size - 1)
    st.caption(
        _("Each bureau has a {share} chance of being held back.").format(
            share=percent(control / size, 0)
        )
    )
    found = Choices(len(units), block_size=size, control=control, value=_value())
    with st.expander(_("Territories, groups, exceptions, balance")):
        found = replace(
            found,
            territory=_territory(units),
            **_cluster(units),
            **_exceptions(units),
            **_balance(units),
        )
    with above:
        return replace(found, first=_first(units, ranked.settings.hours, found), seed=_seed(ranked))


def _first(units: pd.DataFrame, budget: float, choices: Choices) -> int:
    most = len(units)
    usual = within_hours(units, budget, choices)
    state.recall("t_first", usual)
    # An answer that was only the default follows the hours and the blocks.
    if st.session_state["t_first"] == st.session_state.get(_USUAL):
        state.answer_with("t_first", usual)
    st.session_state[_USUAL] = usual
    first = _whole(
        _("Bureaux in the trial, best first"),
        "t_first",
        usual,
        min(2, most),
        most,
        help_text=_("Of {n} where one can knock. Nobody has to visit all of them.").format(
            n=number(most)
        ),
    )
    if usual < most:
        st.caption(
            _(
                "You have {hours} hours: at first the trial takes the {n} best bureaux. On the "
                "whole place it would take about {needed} hours."
            ).format(
                hours=number(budget),
                n=number(usual),
                needed=number(float(units["hours"].sum()) * choices.rule.share),
            )
        )
    return first


def _seed(ranked: Ranking) -> int:
    return selects.seed(
        _("Seed of the draw"),
        key="t_seed",
        usual=ranked.settings.seed,
        help=_(
            "Any whole number that nobody could choose to suit: tonight's lottery, for one. The "
            "same seed draws the same bureaux."
        ),
    )


def _whole(  # noqa: PLR0913 - a number, its limits, its words
    label: str, key: str, default: int, least: int, most: int, *, help_text: str | None = None
) -> int:
    state.recall(key, default)
    state.answer_with(key, min(max(int(st.session_state[key]), least), most))
    begins = {"value": st.session_state[key], "step": 1}
    answer = int(
        st.number_input(label, min_value=least, max_value=most, **begins, key=key, help=help_text)
    )
    state.remember(key, answer, default)
    return answer


def choose_headline(place: Workspace, scenario: Scenario) -> tuple[str, str]:
    """Ask which estimate will be the headline; return it, and the election that adjusts it."""
    lag = lag_of(place, scenario)
    names = {PLAIN: _("The plain difference within blocks")}
    if lag:
        told = _("The difference adjusted for the same measure at {election}")
        names = {ADJUSTED: told.format(election=election_name(lag)), **names}
    chosen = _one(_("The headline after the vote"), "t_headline", names)
    return chosen, lag if chosen == ADJUSTED else ""


def _value() -> str:
    names = {
        "priority": _("The order of Priorities"),
        "gain_per_hour": _("Votes gained per hour"),
        "potential": _("Abstention × support, as in 2012"),
    }
    return _one(_("Blocks of bureaux alike by"), "t_value", names)


def _territory(units: pd.DataFrame) -> str:
    if len(units["commune_id"].unique()) == 1:
        return NOWHERE
    names = {NOWHERE: _("Across the whole territory"), COMMUNES: _("Within each commune")}
    return _one(_("Blocks are cut"), "t_territory", names)


def _cluster(units: pd.DataFrame) -> dict[str, Any]:
    names = {NOWHERE: _("One by one")}
    named = units["name"].fillna("").astype("str")
    if named[named != ""].duplicated().any():
        names[NAMES] = _("By polling place")
    if units["vintage"].notna().sum() > 1:
        names[NEIGHBOURS] = _("By neighbourhood")
        names[APART] = _("One by one, kept at a distance")
    if len(names) == 1:
        st.caption(_("No two bureaux share a polling place or have contours: each goes by itself."))
        return {}
    chosen = _one(_("What is drawn"), "t_cluster", names)
    if chosen == APART:
        metres = _whole(_("Metres between bureaux of the trial, at least"), "t_apart", 300, 1, _FAR)
        st.caption(
            _(
                "Bureaux too near to a better one stay out of the draw and are not canvassed: what "
                "neighbours tell one another cannot blur the answer. The price is fewer bureaux in "
                "the trial, and fewer doors: see what can be seen, below."
            )
        )
        return {"cluster": chosen, "metres": metres}
    if chosen != NEIGHBOURS:
        return {"cluster": chosen}
    near = _whole(_("Bureaux in a group, about"), "t_near", 3, 2, _MOST_NEAR)
    st.caption(
        _(
            "Neighbours talk. Bureaux that touch are drawn together: fewer of those held back lie "
            "beside those canvassed. The price is a less sharp answer."
        )
    )
    return {"cluster": chosen, "near": near}


def _one(label: str, key: str, names: dict[str, str]) -> str:
    first = next(iter(names))
    state.recall(key, first)
    if st.session_state[key] not in names:
        state.answer_with(key, first)
    begins = state.begins_with(key, list(names))
    answer = st.selectbox(label, list(names), **begins, format_func=names.__getitem__, key=key)
    state.remember(key, answer, first)
    return str(answer)


def _exceptions(units: pd.DataFrame) -> dict[str, Any]:
    ids = units["unit_id"].head(_MOST_LISTED).tolist()
    names = dict(zip(ids, loaders.labels(ids), strict=True))
    show = names.__getitem__
    treat = _several(_("Canvassed in any case (never drawn)"), "t_treat", ids, show)
    free = [one for one in ids if one not in treat]
    spare = _several(_("Never canvassed (never drawn)"), "t_not", free, show)
    if treat or spare:
        st.caption(
            _("Bureaux decided beforehand are in no estimate: there is no chance to compare.")
        )
    return {"must_treat": treat, "must_not": spare}


def _balance(units: pd.DataFrame) -> dict[str, Any]:
    whole = [name for name in COVARIATES if units[name].notna().all()]
    names = covariate_names()
    chosen = _several(
        _("Reject draws that are unbalanced on"), "t_balance", whole, names.__getitem__
    )
    if not chosen:
        return {"balance": (), "accept": 1.0}
    kept = _whole(_("Draw among the best balanced (in 100 draws)"), "t_accept", 20, 1, 100)
    return {"balance": chosen, "accept": kept / 100}


def _several(
    label: str, key: str, options: list[str], show: Callable[[str], str] = str
) -> tuple[str, ...]:
    state.recall(key, [])
    state.answer_with(key, [one for one in st.session_state[key] if one in options])
    chosen = st.multiselect(label, options, key=key, format_func=show, placeholder=_("None"))
    state.remember(key, chosen, [])
    return tuple(chosen)


def covariate_names() -> dict[str, str]:
    """Name what the arms are compared on."""
    return {
        "expected_abstention": _("Expected abstention"),
        "support": _("Support"),
        "registered": _("Registered"),
        "poverty_rate": _("Poor households"),
        "doors": _("Doors"),
        "potential": _("Abstention × support"),
        "density": _("Density"),
    }


def outcome_names(elections: Sequence[str], label: str) -> dict[str, str]:
    """Name columns of a ranking and of `outcomes_of` in the language of the session.

    Parameters
    ----------
    elections
        Of the outcomes.
    label
        What the columns of votes are called.
    """
    names = covariate_names()
    for one in elections:
        name = election_name(one)
        names[f"{one}_turnout"] = _("Turnout, {election}").format(election=name)
        names[f"{one}_{label}_registered"] = _("Votes of the registered, {election}").format(
            election=name
        )
        names[f"{one}_{label}_valid"] = _("Votes of the valid ballots, {election}").format(
            election=name
        )
        names[f"{one}_registered"] = _("Registered, {election}").format(election=name)
    return names

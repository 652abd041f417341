"""What a design can see: the power curve beside what holding bureaux back costs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from analysis.experiments.placebo import Measure
from analysis.experiments.pons_2012.published import published
from analysis.experiments.rank_weighted import order_detectable, units_to_tell
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.ranked_trial import APART, NEIGHBOURS, NOWHERE
from analysis.workflows.ranking import Scenario
from analysis.workflows.trial_power import DRAWS
from pages._ui import state
from pages._ui.i18n import _, election_name, language, number, percent
from pages._ui.messages import plain, translate
from pages._ui.pictures import figure
from pages._ui.trial import load_trials as trials
from pages._ui.trial.load_trials import Which
from pages._ui.trial.number_tables import show_table
from pages._ui.trial.trial_choices import PLAIN, choose_headline

# Effect of being drawn that a good canvass may hope for: Pons (2018) found under one point.
_HOPED = 0.02
_SLOPE = 4  # AUTOC of effects that fall in a straight line is a quarter of the fall


def sight(place: Workspace, scenario: Scenario, ranked: Ranking, which: Which) -> None:
    """Show the smallest effect the design can see, and its price."""
    headline = _headline(place, scenario, which)
    measure, spilled = _ask()
    adjust = headline != PLAIN
    found = trials.placebo(place, scenario, which, measure, spilled, adjust)
    curve = found.median()
    whole = curve[curve["units"] == curve["units"].max()]
    smallest = float(whole["detectable_assignment"].iloc[0])
    design = trials.design(place, scenario, which)
    price = trials.cost(ranked.table, design, smallest)
    columns = st.columns(3)
    columns[0].metric(
        _("Seen, on all drawn"),
        _("{points} points").format(points=number(100 * smallest, 2)),
        help=_("Smallest effect of being drawn for the canvass that 80 draws of 100 show."),
    )
    covered = whole.iloc[-1]
    columns[1].metric(
        _("Seen, among the reached"),
        _("{points} points").format(points=number(100 * covered["detectable_reached"], 2)),
        help=_("The same effect, if {share} of the registered are reached where teams go.").format(
            share=percent(covered["coverage"], 0)
        ),
    )
    columns[2].metric(_("Votes forgone"), number(price.votes_forgone, 1))
    if smallest > _HOPED:
        st.warning(
            _(
                "This trial is blind to what a canvass can do: it shows effects from {seen} points "
                "on, and those measured in France and elsewhere lie under {hoped}. Draw more "
                "bureaux, hold more of them back, or join with other campaigns; or use it for the "
                "habit, and expect “cannot tell”."
            ).format(seen=number(100 * smallest, 1), hoped=number(100 * _HOPED))
        )
    for line in price.summary(language()).splitlines():
        st.markdown(f"- {line}")
    from analysis.charts.design_charts import power_chart

    figure(power_chart, "trial_power", curve, language=language())
    elections = ", ".join(map(election_name, found.curve["election_id"].unique()))
    how = (
        _(
            "The design was drawn {draws} times on each of these elections, where nothing had been "
            "done, adjusted for the election before: {elections}. Median over them."
        )
        if adjust
        else _(
            "The design was drawn {draws} times on each of these elections, where nothing had been "
            "done, and not adjusted: {elections}. Median over them."
        )
    )
    st.caption(how.format(draws=number(DRAWS), elections=elections))
    if not isinstance(which, str) and which.cluster in (APART, NEIGHBOURS):
        alone = replace(which, cluster=NOWHERE)
        free = trials.placebo(place, scenario, alone, measure, spilled, adjust).median()
        st.caption(_price_of_space(smallest, free))
    if len(found.left_out):
        lost = found.left_out[["election_id", "examples"]].itertuples(index=False)
        st.caption(
            _(
                "Bureaux without a result at an election or the one before are not in it: {which}."
            ).format(
                which=plain("; ".join(f"{election_name(e)} ({translate(w)})" for e, w in lost))
            )
        )
    if (
        told := _orders(smallest, float(whole["units"].iloc[0]), design.rule.block_size)
    ) is not None:
        st.markdown(told)
    with st.expander(_("The curve as a table")):
        show_table(_shown(curve), digits=2)


def _headline(place: Workspace, scenario: Scenario, which: Which) -> str:
    """Return the headline that is chosen, or that the seal announces."""
    if isinstance(which, str):
        said = trials.trial(place, which).sealed.promise.get("estimator", ())
        return "".join(said[:1]) or PLAIN
    return choose_headline(place, scenario)[0]


def _price_of_space(smallest: float, free: pd.DataFrame) -> str:
    """Say what a distance, or groups of neighbours, cost in sight."""
    whole = free[free["units"] == free["units"].max()]
    return _(
        "Drawn one by one, without regard to neighbours, the same bureaux would show {points} "
        "points: what neighbours cost is the difference to {seen}."
    ).format(
        points=number(100 * float(whole["detectable_assignment"].iloc[0]), 2),
        seen=number(100 * smallest, 2),
    )


def _orders(smallest: float, units: float, block_size: int) -> str:
    """Say how large a trial must be to tell two orders apart."""
    mean = published()["assignment"]["hollande_r1"][0]
    seen = order_detectable(smallest, block_size)
    # Effects that fall in a straight line from twice the mean to nought: AUTOC is half the mean.
    needed = units_to_tell(units, seen, mean / 2)
    return _(
        "**Is this order better than another?** The trial tells it from an unrelated one if the "
        "effect falls in a straight line by {points} points or more from the first bureau to the "
        "last. With the effect of 2012 ({mean} points on average, twice that at the first bureau, "
        "none at the last), about {units} bureaux would have to be drawn."
    ).format(
        points=number(100 * _SLOPE * seen, 1),
        mean=number(100 * mean, 2),
        units=number(_rounded(needed)),
    )


def _rounded(count: float) -> float:
    """Keep two digits: the number is known no better."""
    return float(f"{count:.2g}")


def _ask() -> tuple[Measure, float]:
    left, right = st.columns(2)
    names: dict[Measure, str] = {
        "share_registered": _("Votes, of the registered"),
        "turnout": _("Turnout"),
    }
    state.recall("t_measure", "share_registered")
    if st.session_state["t_measure"] not in names:
        state.answer_with("t_measure", "share_registered")
    measure = left.selectbox(
        _("What would be measured"),
        list(names),
        **state.begins_with("t_measure", list(names)),
        format_func=names.__getitem__,
        key="t_measure",
    )
    state.remember("t_measure", measure, "share_registered")
    state.recall("t_spill", 0)
    state.answer_with("t_spill", min(max(int(st.session_state["t_spill"]), 0), 25))
    spilled = right.slider(
        _("Reached all the same where held back (%)"),
        0,
        25,
        st.session_state["t_spill"],
        key="t_spill",
        help=_(
            "In 2012 it was {share}: other canvassers, neighbours, meetings. It blurs the trial."
        ).format(share=percent(published()["coverage"]["reached_of_control"])),
    )
    state.remember("t_spill", spilled, 0)
    return measure, spilled / 100


def _shown(curve: pd.DataFrame) -> pd.DataFrame:
    names = {
        "units": _("Bureaux"),
        "controls": _("Held back, about"),
        "coverage": _("Share reached where canvassed (%)"),
        "detectable_assignment": _("Smallest effect of assignment (points)"),
        "detectable_reached": _("Smallest effect among those reached (points)"),
    }
    percents = ["coverage", "detectable_assignment", "detectable_reached"]
    scaled = curve.assign(**{name: 100 * curve[name] for name in percents})
    return scaled[list(names)].rename(columns=names)

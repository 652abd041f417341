"""A design that is not drawn yet: its blocks, on the map and in a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.experiments.design import Design
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.ranked_trial import Choices
from analysis.workflows.ranking import Scenario
from analysis.workflows.sealed_trials import retired
from pages._ui import loaders
from pages._ui.i18n import _, language, number
from pages._ui.messages import plain
from pages._ui.priorities.ranking_view import HOURS
from pages._ui.trial import arms_view
from pages._ui.trial import load_trials as trials
from pages._ui.trial.number_tables import show_table


def blocks(place: Workspace, scenario: Scenario, ranked: Ranking, choices: Choices) -> None:
    """Show which bureaux will be compared with which."""
    design = trials.design(place, scenario, choices)
    full = int(design.units.loc[design.units["full"], "block"].nunique())
    columns = st.columns(4)
    columns[0].metric(_("Bureaux drawn"), number(int(design.drawn.sum())))
    columns[1].metric(_("Full blocks"), number(full))
    columns[2].metric(_("Held back, about"), number(design.drawn.sum() * (1 - design.rule.share)))
    price = trials.cost(ranked.table, design, None)
    columns[3].metric(
        _("Votes forgone"),
        number(price.votes_forgone, 1),
        help=_(
            "Of {all} expected if every door of every bureau in the trial were knocked at."
        ).format(all=number(price.votes_all, 1)),
    )
    _groups(design)
    _reach(ranked, design)
    arms_view.map_of_blocks(
        loaders.geometry(place, loaders.prospects(place, scenario)),
        design.units,
        key="trial.blocks",
    )
    table(design.units, ranked, key="trial.blocks.table")
    _retired(place)
    with st.expander(_("How the draw is made")):
        st.markdown("\n".join(f"- {line}" for line in design.summary(language()).splitlines()))
        st.markdown(
            _(
                "Bureaux are ranked and cut into blocks of neighbours in the ranking; the lot "
                "decides inside each block. So the bureaux held back are like those canvassed, "
                "block by block, and the best targets are not all on one side."
            )
        )


def _groups(design: Design) -> None:
    """Say how many groups the lot draws, where it does not draw bureaux one by one."""
    if not design.rule.cluster:
        return
    sizes = design.units.loc[design.drawn, "cluster"].value_counts()
    st.caption(
        _(
            "The lot draws {n} groups, the largest of {most} bureaux; {alone} bureaux go by "
            "themselves."
        ).format(
            n=number(int((sizes > 1).sum())),
            most=number(int(sizes.max())),
            alone=number(int((sizes == 1).sum())),
        )
    )


def _retired(place: Workspace) -> None:
    """Name the designs that were retired here: nobody draws until the lot pleases, unseen."""
    if not (gone := retired(place.path)):
        return
    with st.expander(_("Designs retired here ({n})").format(n=len(gone))):
        lines = (f"- `{one[:12]}` — {plain(why)}" for one, why in gone.items())
        st.markdown("\n".join(lines))


def _reach(ranked: Ranking, design: Design) -> None:
    """Say how many of the treated the hours reach."""
    drawn = set(design.units["unit_id"])
    inside = ranked.table[ranked.table["bureau_id"].isin(drawn)]
    hours = float(inside["hours"].sum()) * design.rule.share
    if hours > ranked.settings.hours:
        st.caption(
            _(
                "Canvassing all that the draw will give would take about {needed} hours; you have "
                "{hours}. Bureaux that nobody visits count as canvassed in the estimate of "
                "assignment and dilute it: fewer bureaux, wholly visited, can show more."
            ).format(needed=number(hours), hours=number(ranked.settings.hours))
        )


def table(units: pd.DataFrame, ranked: Ranking, *, key: str) -> None:
    """Show the units of a design, in the order of the ranking; with their arm once drawn."""
    known = ranked.table.set_index("bureau_id")
    shown = units.assign(number=arms_view.block_numbers(units)).sort_values(
        ["number", "rank"], kind="stable", na_position="last"
    )
    facts = known.reindex(shown["unit_id"])
    arm = {}
    if "arm" in units:
        names = arms_view.arm_names()
        arm = {_("Arm"): arms_view.arms_of(shown).map(names).to_numpy()}
    together = {}
    if (shown["cluster"] != shown["unit_id"]).any():
        together = {_("Goes with"): loaders.labels(shown["cluster"])}
    show_table(
        pd.DataFrame(
            {
                # What a trial says of a bureau first: its name alone fills a phone.
                _("Block"): shown["number"].astype("Int64").to_numpy(),
                **arm,
                _("Bureau"): loaders.labels(shown["unit_id"]),
                **together,
                _("Rank"): facts["rank"].to_numpy(),
                _("Votes/100 h"): HOURS * facts["gain_per_hour"].to_numpy(),
                _("Registered"): facts["registered"].to_numpy(),
                _("Hours"): facts["hours"].round(0).to_numpy(),
            }
        ),
        digits=1,
        key=key,
    )

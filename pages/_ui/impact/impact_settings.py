"""The settings and the views of the page Impact."""

from __future__ import annotations

import datetime as dt
import hashlib

import streamlit as st

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.estimates import Impact
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import target_of
from pages._ui import loaders, selects
from pages._ui.i18n import _, date, election_name, language, number
from pages._ui.impact import (
    columns,
    groups,
    impact_view,
    judged_order,
    neighbours_felt,
    trial_report,
)
from pages._ui.impact import load_impact as impacts
from pages._ui.impact.source import EXAMPLE, Source
from pages._ui.trial import arms_view as trial_views

DRAWS = (0, 1000, 2000, 10_000)
_USUAL = 2000


def settings(source: Source) -> tuple[Spec, int, int] | None:
    """Ask which columns are what, and how often to draw again; None when not enough is said."""
    found = impacts.found(source)
    # Another table begins with its own guesses; the name of its columns tells them apart.
    names = "\n".join([source.kind, source.seal, *map(str, found.table.columns)])
    key = "impact." + hashlib.sha256(names.encode()).hexdigest()[:12]
    st.caption(
        _("{rows} rows, {columns} columns.").format(
            rows=number(len(found.table)), columns=number(len(found.table.columns))
        )
    )
    spec = columns.choose(found, sealed=bool(source.seal), key=key)
    draws = st.select_slider(
        _("Draws of randomisation inference"),
        DRAWS,
        value=_USUAL,
        format_func=number,
        key="impact.draws",
        persist_state="session",
    )
    seed = selects.seed(_("Seed"), key="impact_seed", usual=0)
    return (spec, int(draws), seed) if spec else None


def marked(source: Source) -> None:
    """Say at the head of the answer when nobody voted in it, or nothing had been done."""
    if source.kind == EXAMPLE:
        st.warning(
            _(
                "**Simulated.** Nobody voted in this trial: it has the design of 2012 and its "
                "published effects planted, to learn with."
            )
        )
    if (standing := impacts.standing(source)) and standing.kind != "announced":
        st.warning("  \n".join(note.say(language()) for note in standing.notes))
    if source.awaited:
        st.info(_awaited(source.awaited))
    if source.early:
        st.subheader(_("Placebo: what chance alone gives"))
        st.warning(
            _(
                "Nobody had been canvassed at {early}: what shows there is chance, not an effect "
                "of this trial."
            ).format(early=", ".join(map(election_name, source.early)))
        )


def _awaited(election: str) -> str:
    """Say of an election without results here whether it is still to come."""
    day = target_of(loaders.workspace(), election).date.date()
    if day < dt.datetime.now(tz=dt.UTC).date():
        said = _(
            "**No results yet.** This trial prepares {election}, whose results are not in this "
            "place: add them on the page Data. Until then there is nothing to estimate."
        )
    else:
        said = _(
            "**Not voted yet.** This trial prepares {election} ({day} at the earliest). Until "
            "its results are in this place there is nothing to estimate."
        )
    return said.format(election=election_name(election), day=date(day))


def one_outcome(spec: Spec) -> str:
    """Ask which outcome to look at."""
    if len(spec.outcomes) == 1:
        return spec.outcomes[0]
    return str(st.selectbox(_("Outcome"), spec.outcomes, key="impact.outcome"))


def map_of_arms(place: Workspace, source: Source, spec: Spec) -> None:
    """Show the arms on the map of the place that is open."""
    units = impacts.arms(source, spec)
    trial_views.map_of_arms(impacts.geometry(place, units["unit_id"]), units, key="impact.map")


def view(
    name: str, place: Workspace, source: Source, asked: tuple[Spec, int, int], impact: Impact
) -> None:
    """Show one view of the answer."""
    spec, draws, seed = asked
    found = impacts.found(source)
    if name == "map":
        map_of_arms(place, source, spec)
        neighbours_felt.neighbours(place, source, spec, draws, seed)
    elif name == "details":
        impact_view.every_estimate(impact)
        impact_view.missing(impact, found.lost)
    elif name == "report":
        trial_report.downloads(source, impact, found.lost, asked)
    else:
        outcome = one_outcome(spec)
        if name == "draws":
            impact_view.drawn_again(impact, outcome)
        elif name == "groups":
            groups.groups(source, spec, outcome)
            judged_order.order(source, spec, outcome, draws, seed)
        else:
            impact_view.quantities(impact, outcome)
            impact_view.sentences(impact)
            impact_view.pictures(impact)


def welcome() -> None:
    """Say what the page needs and what it will answer."""
    st.markdown(
        _(
            "Three questions, three numbers, never mixed up:\n\n"
            "- **Assignment**: what did being drawn change, whatever was done afterwards?\n"
            "- **Allocation**: what did it change where the lot decided that teams went?\n"
            "- **Coverage**: what did it change among those who were reached because of it?\n\n"
            "Bring a table with one row per bureau: the arm that was drawn (0 or 1), its block, "
            "results as shares, and, if known, what was carried out and the share reached. "
            "Controls belong in it. Or take the simulated example to see what comes out."
        )
    )

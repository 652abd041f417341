"""Pictures and tables of a ranking: the map, the list, how far the hours reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import classes
from analysis.geography.level_shapes import BUREAU
from analysis.tables.workspace import Workspace
from analysis.targeting.margin import last_margin
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Ranking
from analysis.workflows.by_level import ranking_by
from analysis.workflows.ranking import RankingFile, Scenario
from pages._ui import bureaux, levels, state
from pages._ui.bureau_map import (
    Geometry,
    Legend,
    MapOptions,
    Number,
    Paint,
    bureau_map,
)
from pages._ui.i18n import _, bloc_name, election_name, language, ngettext, number
from pages._ui.messages import translate
from pages._ui.priorities import steps

MAIN_MAP = "priorities.map"
# Votes are told for so many volunteer-hours: a few each, where an hour would be worth thousandths.
HOURS = 100
_MANY_HOURS = 3
# What the map tells of a bureau, of the sixty columns of a ranking.
_ON_MAP = (
    *("bureau_id", "rank", "score", "gain_per_hour", "gain_lower", "gain_upper"),
    *("top_k_probability", "registered", "held_back"),
)


def reach(ranked: Ranking) -> None:
    """Say how far the hours reach, in four numbers."""
    helps = {
        "votes": _(
            "Volunteer-hours for one net vote, with 90% ends: {votes} votes in all, between {low} "
            "and {high}; a team of two uses two hours an hour."
        ),
        "hours": _("Volunteer-hours to knock at every door of the bureaux reached."),
    }
    columns = st.columns(4)
    for column, (name, label, text) in zip(columns, reached(ranked), strict=True):
        told = helps.get(name)
        if name == "votes":
            low, high = _votes(ranked, "gain_lower"), _votes(ranked, "gain_upper")
            votes = number(_votes(ranked, "gain_per_hour"))
            told = helps[name].format(votes=votes, low=number(low), high=number(high))
        column.metric(label, text, help=told)


def last_time(file: RankingFile, scenario: Scenario) -> None:
    """Say which bureaux are counted, and set what the hours are worth against last time."""
    ranked, margin = file.announced, last_margin(file.prospects)
    if file.hold_back is not None:
        held = len(file.ranking.table) - len(ranked.table)
        st.caption(
            _("Counted without the {n} bureaux that the sealed trial leaves alone.").format(
                n=number(held)
            )
        )
    else:
        st.caption(
            _(
                "Every bureau is counted. The files for teams set one in five of the first aside "
                "for a trial and say what is left; after the trial is sealed, so does this page."
            )
        )
    if margin is None:
        return
    told = _("{election}: {ours} votes for {bloc} here, {theirs} for {rival}: {apart} ahead.")
    if margin.ahead < 0:
        told = _("{election}: {ours} votes for {bloc} here, {theirs} for {rival}: {apart} behind.")
    worth = _("Your {hours} hours are worth about {votes} ({low} to {high}).")
    st.markdown(
        told.format(
            election=election_name(margin.election_id),
            bloc=bloc_name(scenario.bloc) if scenario.bloc else _("your candidates"),
            rival=bloc_name(margin.rival),
            ours=number(margin.ours),
            theirs=number(margin.theirs),
            apart=number(abs(margin.ahead)),
        )
        + " "
        + worth.format(
            hours=number(float(ranked.table["hours"].head(ranked.k).sum())),
            votes=number(_votes(ranked, "gain_per_hour")),
            low=number(_votes(ranked, "gain_lower")),
            high=number(_votes(ranked, "gain_upper")),
        )
    )


def reached(ranked: Ranking) -> list[tuple[str, str, str]]:
    """Return how far the hours reach: name, label, and the number as it is written."""
    doors, hours = (ranked.table[name].head(ranked.k).sum() for name in ("doors", "hours"))
    return [
        (
            "bureaux",
            _("Bureaux reached, of {n}").format(n=number(len(ranked.table))),
            number(ranked.k),
        ),
        ("doors", _("Doors"), number(float(doors))),
        ("hours", _("Hours"), number(float(hours))),
        ("votes", *one_vote(ranked)),
    ]


def one_vote(ranked: Ranking) -> tuple[str, str]:
    """Write how many volunteer-hours a vote takes in the bureaux reached: 90% ends, and value."""
    worth, least, most = ranked.hours_per_vote()
    if np.isinf(worth):
        return _("One vote for"), _("none gained")
    ends = _("One vote for ({least} h, or none)") if np.isinf(most) else ""
    ends = ends or _("One vote for ({least} to {most} h)")
    told = ends.format(least=_hours(least), most="" if np.isinf(most) else _hours(most))
    return told, _("{worth} h").format(worth=_hours(worth))


def vote_of(bureau: pd.Series) -> str:
    """Write how many volunteer-hours a vote takes in one bureau, with 90% ends."""
    rates = (float(bureau[name]) for name in ("gain_per_hour", "gain_upper", "gain_lower"))
    worth, least, most = (1 / rate if rate > 0 else np.inf for rate in rates)
    if np.isinf(worth):
        return _("no vote gained")
    if np.isinf(most):
        told = _("one vote for {worth} hours ({least}, or none at all)")
        return told.format(worth=_hours(worth), least=_hours(least))
    told = _("one vote for {worth} hours ({least} to {most})")
    return told.format(worth=_hours(worth), least=_hours(least), most=_hours(most))


def _hours(hours: float) -> str:
    """Write hours: half an hour is not none."""
    return number(hours, 0 if hours >= _MANY_HOURS else 1)


def _votes(ranked: Ranking, rate: str) -> float:
    rates, hours = (ranked.table[name].head(ranked.k) for name in (rate, "hours"))
    return float((rates * hours).sum())


def levels_map(
    place: Workspace, ranked: Ranking, announced: RankingFile, geometry: Geometry | None
) -> None:
    """Show the ranking at the level asked for: départements, communes or bureaux."""
    level = levels.choose(place, ranked.table, drawn=geometry is not None)
    if level == BUREAU:
        shapes = levels.squares(place, ranked.table) if geometry is None else geometry
        told = () if geometry is None else steps.told(announced)
        priority_map(shapes, ranked, key=MAIN_MAP, told=told)
        return
    table = ranking_by(place, ranked, level, announced.announced)
    vintages = ranked.table["vintage"].dropna()
    vintage = None if geometry is None else int(vintages.iloc[0])
    levels.show(place, levels.Units(level, table, vintage), units_look(table), key=MAIN_MAP)


def units_look(table: pd.DataFrame) -> levels.Look:
    """Return how the ranking of départements or communes is shown."""
    gain = HOURS * table["gain_per_hour"]
    return levels.Look(
        _("Score (100: the mean bureau)"),
        table["score"],
        tooltip=(
            _("Score {score}; {gain} votes for 100 hours"),
            _("{reached} of {bureaux} bureaux within these hours"),
            _("{registered} registered"),
        ),
        numbers={
            "score": (table["score"], 0),
            "gain": (gain, 1),
            "reached": (table["reached"], 0),
            "bureaux": (table["bureaux"], 0),
            "registered": (table["registered"], 0),
        },
        columns={
            _("Score"): table["score"].round(0),
            _("Votes/100 h"): gain.round(1),
            _("Bureaux"): table["bureaux"],
            _("Reached"): table["reached"],
            _("Registered"): table["registered"],
            _("Doors"): table["doors"].round(0),
            _("Hours"): table["hours"].round(0),
        },
    )


def priority_map(
    geometry: Geometry | None, ranked: Ranking, *, key: str, told: Sequence[str] = ()
) -> None:
    """Show the score on the map; a click brings the bureau into view, the camera goes to `told`."""
    if geometry is None:
        st.info(
            _(
                "No map: this place has no contours of its bureaux. The ranking below is complete. "
                "Add contours on the Data page to see them."
            )
        )
        return
    table = ranked.table[[name for name in _ON_MAP if name in ranked.table]]
    table = table.set_index("bureau_id").reindex(geometry.ids)
    graded = classes(table["score"], n=7, language=language())
    paint = Paint(
        graded.index,
        Legend(
            _("Score (100: the mean bureau)"),
            graded.palette[1:],
            graded.labels[1:],
            hatched=_("held back by the sealed trial"),
        ),
        hatched=table["held_back"].eq(True) if "held_back" in table else None,
        tooltip=(
            _("Rank {rank}: score {score}"),
            _("{gain} votes for 100 hours [{low} to {high}]"),
            _("In the first {k}: {top} chances in 100").replace("{k}", str(ranked.k)),
            _("{registered} registered"),
        ),
        numbers={
            "rank": Number(table["rank"]),
            "score": Number(table["score"]),
            "gain": Number(HOURS * table["gain_per_hour"], 1),
            "low": Number(HOURS * table["gain_lower"], 1),
            "high": Number(HOURS * table["gain_upper"], 1),
            "top": Number(100 * table["top_k_probability"]),
            "registered": Number(table["registered"]),
        },
    )
    options = MapOptions(
        selected=state.selected(),
        shown=told,
        on_select=state.select,
        label=_("Map of the score of {n} bureaux").format(n=len(geometry)),
    )
    bureau_map(geometry, paint, key=key, options=options)
    bureaux.without_contour(geometry, ranked.table)


def ranked_list(ranked: Ranking, *, key: str) -> None:
    """Show the list; it follows the map, and a click on a row brings the bureau into view."""
    table = ranked.table
    top = (100 * table["top_k_probability"]).round(0)
    columns = {
        _("Votes/100 h"): (HOURS * table["gain_per_hour"]).round(1),
        _("from"): (HOURS * table["gain_lower"]).round(1),
        _("to"): (HOURS * table["gain_upper"]).round(1),
        _("Top {k} (%)").format(k=ranked.k): top,
        _("Score"): table["score"].round(0),
        _("Registered"): table["registered"],
        _("Abstention (%)"): (100 * table["expected_abstention"]).round(1),
        _("Support (%)"): (100 * table["support"]).round(1),
        _("Doors"): table["doors"].round(0),
        _("Hours"): table["hours"].round(0),
    }
    if "held_back" in table:
        names = table["label"].astype("str")
        told = _("held back") + " · " + names
        table = table.assign(label=told.where(table["held_back"], names))
    bureaux.show_list(table, columns, key=key, first={_("Rank"): table["rank"]}, beside=True)


def honesty(ranked: Ranking, draws: int) -> None:
    """Say what size alone would have ranked, and how the draws were made; exports make `draws`."""
    st.caption(
        _(
            "Is size what ranks? {r} (1: the largest first; 0: no; −1: the smallest first). "
            "Intervals hold 9 times in 10; {draws} random draws (seed {seed}), {all} in the files."
        ).format(
            r=number(ranked.size_correlation, 2),
            draws=number(ranked.settings.draws),
            seed=ranked.settings.seed,
            all=number(draws),
        )
    )
    if ranked.weights.need > 0 and ranked.table["poverty_rate"].isna().all():
        st.warning(_("Social need is unknown here (no squares): it changes nothing."))


def notes(found: Prospects) -> None:
    """Show what a careful user wants to know, folded."""
    if not found.notes:
        return
    title = ngettext("{n} remark on the data", "{n} remarks on the data", len(found.notes))
    with st.expander(title.format(n=number(len(found.notes)))):
        told = (bureaux.by_name(translate(note)) for note in found.notes)
        st.markdown("\n".join(f"- {note}" for note in told))

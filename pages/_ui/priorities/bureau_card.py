"""The card of one bureau: its past, its score in parts, and what is particular there."""

from __future__ import annotations

import html
import sys
import time

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.tables.elections import Election
from analysis.tables.workspace import Workspace
from analysis.targeting.prospects import Prospects
from analysis.targeting.rank import Ranking
from analysis.targeting.weights import PARTS
from analysis.workflows.ranking import Scenario
from pages._ui import bureaux, loaders, pictures, state
from pages._ui.i18n import _, election_name, number, part_name, percent
from pages._ui.priorities import by_hand
from pages._ui.priorities.ranking_view import vote_of

# Standard errors from the mean at which a difference is worth a sentence: nine chances in ten.
_SURE = 1.645
_MAP_FIRST_S = 1.2
_BLUE = "#236eb0"
_BAR = (
    '<div style="display:flex;align-items:center;gap:.5rem;margin:.2rem 0">'
    '<span style="flex:0 0 45%">{name}</span><span style="flex:1"><span style="display:block;'
    f'height:.8rem;width:{{width}}%;border:1px solid {_BLUE};background:{{fill}}"></span></span>'
    '<span style="flex:0 0 3rem;text-align:right">{value}</span></div>'
)


def bureau_card(ranked: Ranking, found: Prospects) -> tuple[str, DeltaGenerator]:
    """Show the bureau in view, or the first of the list; its picture comes last (`picture`).

    Parameters
    ----------
    ranked, found
        The ranking, and the rates it rests on.

    Returns
    -------
    tuple
        The bureau, and where its picture goes.
    """
    table = ranked.table
    chosen = state.selected()
    rows = np.flatnonzero(table["bureau_id"].to_numpy() == chosen)
    bureau = table.iloc[rows[0] if len(rows) else bureaux.first_listed(table["bureau_id"])]
    st.subheader(bureaux.title_of(bureau))
    if not len(rows):
        bureaux.ask_for_another()
    if bureau.get("held_back", False):
        st.info(_("Held back by the sealed trial: no team goes there."))
    _numbers(bureau, ranked)
    for sentence in particular(bureau, table):
        st.markdown(f"- {sentence}")
    back = str(bureau.get("put_back", "")).split()
    _put_back(back)
    _far_out(
        " ".join(e for e in str(bureau.get("far_out", "")).split() if e not in back),
        _annulled(found, str(bureau["bureau_id"])),
        found.history.elections,
    )
    by_hand.ask(bureau)
    _parts(bureau)
    where = st.container()
    _squares(bureau)
    _basis(bureau)
    return str(bureau["bureau_id"]), where


def picture(place: Workspace, scenario: Scenario, bureau_id: str, where: DeltaGenerator) -> None:
    """Draw the past of a bureau; the map and the list are already on their way."""
    alt = _("Turnout and share of the bloc over time, bureau and whole territory")
    pictures.show(loaders.past_of(place, scenario, bureau_id), alt, where)
    where.caption(
        _(
            "Thick line: this bureau; thin line: the whole territory. Older elections are brought "
            "onto today's bureaux where contours allow it."
        )
    )


def _numbers(bureau: pd.Series, ranked: Ranking) -> None:
    st.markdown(
        _(
            "**Rank {rank}** of {n} · **{vote}** · **{chance}** chance of being in the first {k}"
        ).format(
            rank=number(bureau["rank"]),
            n=number(len(ranked.table)),
            vote=vote_of(bureau),
            chance=percent(bureau["top_k_probability"], 0),
            k=number(ranked.k),
        )
    )
    st.caption(
        _("{doors} doors, {hours} volunteer-hours, {pace} doors per hour for a team.").format(
            doors=number(bureau["doors"]),
            hours=number(bureau["hours"]),
            pace=number(bureau["doors_per_hour"]),
        )
    )


def particular(bureau: pd.Series, table: pd.DataFrame) -> list[str]:
    """Say in three sentences where this bureau stands out most, with the figures."""
    texts = {
        "expected_abstention": _(
            "Expected abstention {value} against {mean} on average: rank {place} of {n}, highest "
            "first."
        ),
        "support": _(
            "Support for the bloc {value} of valid votes against {mean}: rank {place} of {n}, "
            "highest first."
        ),
        "volatility": _(
            "{value} of voters change sides between elections, at least, against {mean}: "
            "rank {place} of {n}, highest first."
        ),
        "poverty_rate": _(
            "{value} of households are poor against {mean}: rank {place} of {n}, highest first."
        ),
    }
    weights = table["registered"].to_numpy(dtype=float)
    found = []
    for column, text in texts.items():
        values = table[column].to_numpy(dtype=float)
        known = np.isfinite(values) & (weights > 0)
        spread = values[known].std() if known.any() else 0.0
        if not np.isfinite(bureau[column]) or spread == 0:
            continue
        mean = float(np.average(values[known], weights=weights[known]))
        error = _SURE * float(bureau.get(f"{column}_se", 0.0))
        sure = abs(bureau[column] - mean) > error
        place = int((values[known] > bureau[column]).sum()) + 1
        sentence = text.format(
            value=percent(bureau[column]),
            mean=percent(mean),
            place=number(place),
            n=number(int(known.sum())),
        )
        if not sure:
            sentence += " " + _("(Uncertain: it may be like the others.)")
        found.append((sure, abs(bureau[column] - mean) / spread, sentence))
    return [sentence for *_far, sentence in sorted(found, reverse=True)[:3]]


def _annulled(found: Prospects, bureau_id: str) -> set[str]:
    """Return the elections at which people voted in a bureau and no vote is counted."""
    here = (found.history.units["bureau_id"] == bureau_id).to_numpy()
    gone = found.history.annulled[here].any(axis=0)
    return {e.election_id for e, no in zip(found.history.elections, gone, strict=True) if no}


def _put_back(elections: list[str]) -> None:
    """Say at which elections votes of the bureau are used in another order than was typed."""
    if elections:
        st.warning(
            _(
                "{elections}: votes stood in another candidate's place here, two exchanged or a "
                "column that slipped, as the other elections and the bureaux around tell. The "
                "ranking has them put back. Compare with the minutes of the vote before sending a "
                "team."
            ).format(elections=", ".join(map(election_name, elections)))
        )


def _far_out(elections: str, annulled: set[str], past: tuple[Election, ...]) -> None:
    """Say which counts of the bureau are left out of its rates, and how sure that is."""
    if gone := [one for one in elections.split() if one in annulled]:
        st.caption(
            _(
                "{elections}: people voted here and no vote is counted, as where the result was "
                "annulled. The other rounds stand for it."
            ).format(elections=", ".join(map(election_name, gone)))
        )
    elections = " ".join(one for one in elections.split() if one not in annulled)
    if not elections:
        return
    latest = {one.election_id for one in past if one.date.year == past[-1].date.year}
    if {*elections.split()} <= latest:
        st.warning(
            _(
                "In doubt: at {elections}, the latest here, the counts are unlike all earlier "
                "ones. A typing error, or a bureau that has changed: only the next election will "
                "tell. Until then they are left out of the ranking and drawn to the other rounds. "
                "Compare with the minutes of the vote before sending a team."
            ).format(elections=", ".join(election_name(one) for one in elections.split()))
        )
        return
    st.warning(
        _(
            "{elections}: these counts are unlike those of the other elections here, before and "
            "after. A typing error in the official file, or a candidate of the place? They are "
            "left out of the ranking and drawn to the other rounds. Compare with the minutes of "
            "the vote before sending a team."
        ).format(elections=", ".join(election_name(one) for one in elections.split()))
    )


def _parts(bureau: pd.Series) -> None:
    parts = {name: float(bureau[f"part_{name}"]) for name in PARTS}
    shown = {part_name(name): value for name, value in parts.items() if abs(value) > 1e-9}  # noqa: PLR2004
    st.markdown(
        "**"
        + _("Score {score}, made of:").format(score=number(bureau["score"]))
        + "** "
        + ", ".join(f"{name} ({number(value, 1)})" for name, value in shown.items())
    )
    st.html(_bars(shown))


def _bars(parts: dict[str, float]) -> str:
    """Draw one bar a part; what is taken off is hollow. Labels and figures stay text."""
    most = max((abs(value) for value in parts.values()), default=1.0)
    rows = "".join(
        _BAR.format(
            name=html.escape(name),
            width=round(100 * abs(value) / most, 1),
            fill="transparent" if value < 0 else _BLUE,
            value=number(value, 1),
        )
        for name, value in parts.items()
    )
    return f'<div style="font-size:.875rem">{rows}</div>'


def _squares(bureau: pd.Series) -> None:
    if not np.isfinite(float(bureau["households"])):
        st.caption(_("No census squares here: households, income and social need are unknown."))
        return
    st.caption(
        _(
            "Census squares: {households} households, {poor} of them poor, mean standard of living "
            "{euro} €/year, {social} social dwellings."
        ).format(
            households=number(bureau["households"]),
            poor=percent(bureau["poverty_rate"]),
            euro=number(bureau["living_standard_eur"]),
            social=number(bureau["social_dwellings"]),
        )
    )


def _basis(bureau: pd.Series) -> None:
    names = {
        "abstention": _("abstention"),
        "support": _("support"),
        "movement": _("movement of the vote"),
        "marginal": _("who comes when turnout rises"),
        "doors_per_hour": _("pace"),
        "doors": _("doors"),
        "social_need": _("social need"),
        "share_open": _("share of doors that open"),
    }

    def said(column: str) -> str:
        return ", ".join(names.get(part, part) for part in str(bureau[column]).split())

    st.caption(
        _("Measured here: {measured}. Assumed: {assumed}.").format(
            measured=said("measured"), assumed=said("assumed")
        )
    )


def map_first() -> None:
    """Give the browser time to draw the first map before what else takes its cores.

    Only on the first page after a start, when matplotlib is still to be loaded.
    """
    if "matplotlib" not in sys.modules:
        time.sleep(_MAP_FIRST_S)

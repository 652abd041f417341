"""Two scenarios side by side, and what changes between them."""

from __future__ import annotations

import tomllib

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import Ranking
from analysis.workflows.hold_back import as_announced
from analysis.workflows.ranking import RankingFile, Scenario
from pages._ui import loaders, state
from pages._ui.i18n import _
from pages._ui.priorities import ranking_view
from pages._ui.priorities.named_scenarios import described, named
from pages._ui.trial.number_tables import show_table


def compare(place: Workspace, scenario: Scenario) -> None:
    """Show the kept scenario beside the one on screen."""
    text = state.kept()
    if st.button(_("Keep the scenario on screen as A"), type="secondary" if text else "primary"):
        state.keep(scenario.to_toml())
        st.rerun()
    named(place, scenario)
    if not text:
        st.info(_("Keep a scenario as A, then change the settings: B is what is on screen."))
        return
    try:
        kept = Scenario.from_dict(tomllib.loads(text))
        first = loaders.file_on_screen(place, kept)
        shapes = loaders.geometry(place, loaders.prospects(place, kept))
    except DataError:
        st.warning(_("The kept scenario does not fit this place. Keep another one."))
        return
    second = loaders.file_on_screen(place, scenario)
    st.markdown(_table(first.announced, second.announced))
    left, right = st.columns(2)
    geometry = loaders.geometry(place, loaders.prospects(place, scenario))
    for column, name, one, file, drawn in (
        (left, "A", kept, first, shapes),
        (right, "B", scenario, second, geometry),
    ):
        with column:
            st.markdown(f"**{name}** — {described(one)}")
            shown = as_announced(file.ranking, file.announced)
            ranking_view.priority_map(drawn, shown, key=f"compare.{name}")
    _changes(first, second)


def _table(first: Ranking, second: Ranking) -> str:
    """Write how far the hours reach in both scenarios."""
    rows = [
        f"| {label} | {one} | {other} |"
        for (_name, label, one), (_same, _label, other) in zip(
            ranking_view.reached(first), ranking_view.reached(second), strict=True
        )
    ]
    return "\n".join(["| | A | B |", "|---|---:|---:|", *rows])


def _changes(first: RankingFile, second: RankingFile) -> None:
    both = first.ranking.table[["bureau_id", "rank"]].merge(
        second.ranking.table[["bureau_id", "label", "rank", "registered"]],
        on="bureau_id",
        suffixes=("_a", "_b"),
    )
    reached = {"a": first.announced, "b": second.announced}
    inside = pd.DataFrame(
        {
            name: both["bureau_id"].isin(one.table["bureau_id"].head(one.k))
            for name, one in reached.items()
        }
    )
    entered, left = inside["b"] & ~inside["a"], inside["a"] & ~inside["b"]
    st.markdown(
        _(
            "**{same}** bureaux are reached in both, **{new}** only in B, **{gone}** only in A."
        ).format(
            same=int((inside["a"] & inside["b"]).sum()),
            new=int(entered.sum()),
            gone=int(left.sum()),
        )
    )
    moved = both.assign(move=both["rank_a"] - both["rank_b"])
    moved = moved[(entered | left) | (moved["move"].abs() > 0)]
    moved = moved.reindex(moved["move"].abs().sort_values(ascending=False).index).head(200)
    if moved.empty:
        st.caption(_("No bureau changes its rank."))
        return
    show_table(
        pd.DataFrame(
            {
                _("Bureau"): moved["label"],
                _("Rank in A"): moved["rank_a"],
                _("Rank in B"): moved["rank_b"],
                _("Places gained"): moved["move"],
                _("Registered"): moved["registered"],
            }
        )
    )

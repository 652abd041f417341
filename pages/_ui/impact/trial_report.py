"""The report of a trial, to take away: a page, as HTML or PDF, and the numbers as JSON."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.estimates import Impact
from analysis.exports.model_export import Finding, Written
from analysis.tables.workspace import Workspace
from analysis.workflows.impact import Answer, made_from
from analysis.workflows.impact_files import answer_to_bytes
from analysis.workflows.impact_tables import Origin, finding
from analysis.workflows.model_territory import title_of
from pages._ui import file_downloads
from pages._ui.access import taken_away
from pages._ui.i18n import _, language
from pages._ui.impact import load_impact as impacts
from pages._ui.impact.source import BROUGHT, EXAMPLE, OURS, Source, described, seal_of


def downloads(
    source: Source, impact: Impact, lost: pd.DataFrame | None, asked: tuple[Spec, int, int]
) -> None:
    """Offer the report and the estimates; a file is made when its button is pressed."""
    _spec, draws, seed = asked
    sources, standing = sources_of(source, draws, seed), impacts.standing(source)
    found = Answer(impact, None, lost, sources, standing=standing)
    title = _("What the canvass changed: {source}").format(source=described(source))
    fictional = False
    if source.kind == OURS:
        place = Workspace(Path(source.folder))
        title, fictional = f"{title} · {title_of(place, '', language())}", place.fictional
    names = {
        ".html": _("Report (HTML)"),
        ".pdf": _("Report (PDF)"),
        ".json": _("Estimates (JSON)"),
    }
    for column, (suffix, label) in zip(st.columns(3), names.items(), strict=True):
        taken_away.offer(
            column,
            label,
            partial(
                answer_to_bytes,
                found,
                suffix,
                language(),
                title=title,
                simulated=fictional or source.kind == EXAMPLE,
            ),
            f"palier_impact{suffix}",
            key=f"impact.report{suffix}",
            on_click="ignore",
            width="stretch",
        )

    origin = impacts.origin(source, *asked)
    file_downloads.promise()
    st.markdown("**" + _("Estimates") + "**")
    offer = partial(_table, impact, origin, "estimates")
    file_downloads.offer_table(offer, "palier_impact", key="impact.estimates")
    if impact.balance is not None:
        st.markdown("**" + _("Balance") + "**")
        offer = partial(_table, impact, origin, "balance")
        file_downloads.offer_table(offer, "palier_impact_balance", key="impact.balance")


def _table(impact: Impact, origin: Origin, show: str, _figure: str, how: Written) -> Finding:
    return finding(impact, origin, show=show, written=how)


def sources_of(source: Source, draws: int, seed: int) -> dict[str, Any]:
    """Say what an estimate on a source comes from."""
    sealed = seal_of(source)
    sources: dict[str, Any] = {}
    if source.kind == BROUGHT:
        sources = {"file": source.name, "sha256": hashlib.sha256(source.content).hexdigest()}
    if source.kind == OURS:
        sources = {"workspace": source.digest, "elections": list(source.elections)}
    return made_from({**sources, "seal": sealed.fingerprint if sealed else ""}, draws, seed)

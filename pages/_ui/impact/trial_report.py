"""The report of a trial, to take away: a page, as HTML or PDF, and the numbers as JSON."""

from __future__ import annotations

import hashlib
import json
from functools import partial

import pandas as pd
import streamlit as st

from analysis.experiments.estimates import Impact
from pages._ui.i18n import _, language
from pages._ui.impact import load_impact as impacts
from pages._ui.impact.source import BROUGHT, EXAMPLE, OURS, Source, described


def downloads(
    source: Source, impact: Impact, lost: pd.DataFrame | None, draws: int, seed: int
) -> None:
    """Offer the report and the estimates; a file is made when its button is pressed."""
    made = _made_from(source, draws, seed)
    title = _("What the canvass changed: {source}").format(source=described(source))
    columns = st.columns(3)
    for column, (suffix, label) in zip(
        columns,
        {
            ".html": _("Report (HTML)"),
            ".pdf": _("Report (PDF)"),
            ".json": _("Estimates (JSON)"),
        }.items(),
        strict=True,
    ):
        column.download_button(
            label,
            partial(_content, suffix, (impact, lost, title, made), language(), source),
            f"palier_impact{suffix}",
            key=f"impact.report{suffix}",
            on_click="ignore",
            width="stretch",
        )


def _made_from(source: Source, draws: int, seed: int) -> dict[str, object]:
    made: dict[str, object] = {"draws": draws, "seed": seed}
    if source.kind == BROUGHT:
        digest = hashlib.sha256(source.content).hexdigest()
        made |= {"file": source.name, "sha256": digest}
    if source.kind == OURS:
        made |= {"elections": list(source.elections), "seal": source.seal}
    elif source.folder:
        made["seal"] = source.seal
    return made


def _content(
    suffix: str,
    told: tuple[Impact, pd.DataFrame | None, str, dict[str, object]],
    tongue: str,
    source: Source,
) -> bytes:
    impact, lost, title, made = told
    standing = impacts.standing(source)
    if suffix == ".json":
        plan = {"plan": standing.to_json()} if standing else {}
        content = {**impact.to_json(), **plan, "made_from": made}
        return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
    # The report pulls in reportlab: only when it is wanted.
    from analysis.exports.reports.trial_report import TrialReport, to_html, to_pdf

    report = TrialReport(
        impact,
        title=title,
        lost=lost,
        made_from=made,
        simulated=source.kind == EXAMPLE,
        standing=standing,
    )
    write = to_html if suffix == ".html" else to_pdf
    return write(report, tongue)

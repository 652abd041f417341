"""An order judged by the trial, on screen: whether it puts first where the canvass does most."""

from __future__ import annotations

import streamlit as st

from analysis.experiments import guess_columns
from analysis.experiments.analysis_spec import Spec
from pages._ui.i18n import _, language
from pages._ui.impact import load_impact as impacts
from pages._ui.impact.source import Source
from pages._ui.pictures import figure

_NONE = ""


def order(source: Source, spec: Spec, outcome: str, draws: int, seed: int) -> None:
    """Ask for the column of an order, largest first, and say what the trial says of it."""
    st.subheader(_("Does an order put first where the canvass does most?"))
    # What came after the draw cannot have ranked.
    used = {*spec.outcomes, spec.assigned, spec.received, spec.reached, spec.block, spec.unit}
    options = [n for n in guess_columns.numeric(impacts.found(source).table) if n not in used]
    by = st.selectbox(
        _("Column that orders, largest first"),
        [_NONE, *options],
        format_func=lambda one: one or _("None"),
        key=f"impact.rank_by.{source.kind}",
        help=_("A score or a gain. A rank is smallest first: give the score instead."),
    )
    if not by:
        return
    for one in impacts.judged(source, spec, by, draws, seed):
        if one.outcome != outcome:
            continue
        # matplotlib loads only where the picture is wanted.
        from analysis.charts.toc_chart import toc_chart

        st.markdown(one.sentence(language()).replace("_", r"\_"))
        figure(toc_chart, "judged_order", one, language=language())

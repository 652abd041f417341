"""What treated neighbours changed, on screen: asked for in metres, tested under the draw."""

from __future__ import annotations

import streamlit as st

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.interference import Spillover
from analysis.tables.workspace import Workspace
from pages._ui.i18n import _, language
from pages._ui.impact import load_impact as impacts
from pages._ui.impact.source import Source

_FAR, _STEP = 20_000, 100


def neighbours(
    place: Workspace, source: Source, spec: Spec, draws: int, seed: int
) -> tuple[Spillover, ...]:
    """Ask how near a neighbour is, and say whether neighbours felt the canvass."""
    st.subheader(_("Did neighbours feel it?"))
    st.caption(
        _(
            "If people next door to a canvass vote otherwise too, bureaux held back beside those "
            "canvassed blur the comparison. Outcomes are held against the share of neighbours that "
            "were canvassed, and the sealed lot drawn again."
        )
    )
    if not st.toggle(_("Test it"), key=f"impact.spillover.{source.kind}"):
        return ()
    metres = st.number_input(
        _("Neighbours within (metres); 0: those that touch"),
        min_value=0,
        max_value=_FAR,
        value=0,
        step=_STEP,
        key="impact.spillover.metres",
        help=_("Distances are between the contours of the place that is open."),
    )
    found = impacts.felt(place, source, spec, float(metres), draws, seed)
    for one in found:
        st.markdown("- " + one.sentence(language()).replace("_", r"\_"))
    return found

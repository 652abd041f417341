"""« Ready? »: what to know before a file leaves, each with the page where it is mended."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

import streamlit as st

from analysis.workflows.ranking import RankingFile
from analysis.workflows.readiness import Remark, ready
from pages._ui import browser_clock, messages
from pages._ui.access import gate
from pages._ui.i18n import _, ngettext, number


def ask_if_ready(file: RankingFile) -> None:
    """Show in a box what is old, assumed, unsealed or without ground."""
    found = ready(file, browser_clock.today())
    title = _("Ready? Nothing stands in the way.")
    if found:
        title = ngettext("Ready? {n} thing to know", "Ready? {n} things to know", len(found))
    with st.expander(title.format(n=number(len(found))), icon=":material/checklist:"):
        listed(found)


def listed(remarks: Iterable[Remark]) -> None:
    """List remarks, those of one page together, then the way there."""
    names = {
        "data": _("Data"),
        "fieldwork": _("Field"),
        "priorities": _("Priorities"),
        "trial_design": _("Trial design"),
        "turfs": _("Walks"),
    }
    for page, own in groupby(remarks, key=attrgetter("page")):
        st.markdown("\n".join("- " + messages.plain(messages.translate(o.text)) for o in own))
        gate.link(f"pages/{page}.py", label=names[page], icon=":material/arrow_forward:")

"""Turfs of a few bureaux only: a zone that the director's page leads to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from pages._ui import loaders, messages, state, territory
from pages._ui.access import gate, visitor
from pages._ui.i18n import _, ngettext, number
from pages._ui.turfs import follow

_KEY, _PAGE = "turf_bureaux", "pages/turfs.py"


def way(bureaux: Sequence[str], *, key: str) -> None:
    """Offer to cut turfs of some bureaux of the whole place, to who may; one press cuts them.

    Parameters
    ----------
    bureaux
        Their ids.
    key
        Names the button.
    """
    if not gate.opens(visitor.current(), Path(_PAGE).stem):
        return
    if st.button(_("Cut turfs in this zone"), key=key, icon=":material/hiking:"):
        # A part of the place that was chosen before may hold none of them.
        wide = {"department": territory.EVERYWHERE, "commune": territory.EVERYWHERE}
        state.answer_ahead({_KEY: list(bureaux), **wide})
        follow.ask_at_once()
        st.switch_page(_PAGE)


def ask(table: pd.DataFrame) -> list[str]:
    """Say which bureaux alone are meant, with the way back to all; none: all are.

    Parameters
    ----------
    table
        A ranking; those of others are named and left out.
    """
    state.recall(_KEY, [])
    asked = list(st.session_state[_KEY])
    known = set(table["bureau_id"].astype("str"))
    here = [one for one in asked if one in known]
    if absent := len(asked) - len(here):
        text = ngettext(
            "{n} bureau chosen before is not in this ranking: it is left out.",
            "{n} bureaux chosen before are not in this ranking: they are left out.",
            absent,
        )
        st.warning(text.format(n=number(absent)))
    state.answer_with(_KEY, here)
    state.remember(_KEY, here, [])
    if not here:
        return []
    # Not a field: it would show the first of them and hide the others.
    st.markdown(
        "**" + _("Only these bureaux") + "** — " + messages.plain("; ".join(loaders.labels(here)))
    )
    st.button(
        _("The best of the ranking instead"),
        key="turfs.all_bureaux",
        on_click=partial(state.answer_with, _KEY, []),
        width="stretch",
    )
    return here

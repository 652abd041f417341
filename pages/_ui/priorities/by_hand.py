"""Bureaux that the strategist pins or excludes by hand, each with the reason that is kept."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages._ui import state
from pages._ui.i18n import _

_KINDS = ("pinned", "excluded")


def chosen(kind: str) -> dict[str, str]:
    """Return bureau → reason of one kind, `pinned` or `excluded`; the link keeps them."""
    state.recall(kind, [])
    pairs = [text.partition("=") for text in st.session_state[kind]]
    kept = {bureau: reason for bureau, _sign, reason in pairs if bureau and reason.strip()}
    state.remember(kind, texts(kept), [])
    return kept


def texts(table: Mapping[str, str]) -> list[str]:
    """Write bureau → reason as the link holds them."""
    return [f"{bureau}={reason}" for bureau, reason in table.items()]


def ask(bureau: pd.Series) -> None:
    """Show what was decided of a bureau, with a way to change it."""
    name = str(bureau["bureau_id"])
    if bureau["by_hand"]:
        said = {
            "pinned": _("Pinned by hand: {reason}"),
            "excluded": _("Excluded by hand: {reason}"),
        }
        st.info(said[bureau["by_hand"]].format(reason=bureau["by_hand_reason"]))
        st.button(
            _("Back to its rank"), key=f"hand.back.{name}", on_click=_set, args=("", name, "")
        )
        return
    with st.expander(_("Pin or exclude this bureau")):
        reason = st.text_input(
            _("Reason (kept with the scenario and in the files)"),
            key=f"hand.reason.{name}",
            placeholder=_("works all day on market days"),
        )
        if not reason.strip():
            st.caption(_("Write the reason first: whoever reads the file will ask."))
        # One under the other: beside the map there is no room for both.
        for kind, label in (("pinned", _("Pin: goes first")), ("excluded", _("Exclude"))):
            st.button(
                label,
                key=f"hand.{kind}.{name}",
                disabled=not reason.strip(),
                on_click=_set,
                args=(kind, name, reason.strip()),
                width="stretch",
            )


def _set(kind: str, bureau: str, reason: str) -> None:
    for one in _KINDS:
        table = chosen(one)
        table.pop(bureau, None)
        if one == kind:
            table[bureau] = reason
        state.answer_with(one, texts(table))

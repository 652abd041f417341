"""Bureaux that the strategist pins or excludes by hand, each with the reason that is kept."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages._ui import state
from pages._ui.i18n import _

_KINDS = ("pinned", "excluded")
_NO_REASON = "hand.no_reason"


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
        st.text_input(
            _("Reason (kept with the scenario and in the files)"),
            key=_reason_of(name),
            placeholder=_("works all day on market days"),
        )
        why = _("Write the reason first: whoever reads the file will ask.")
        (st.warning if st.session_state.pop(_NO_REASON, None) == name else st.caption)(why)
        # One under the other: beside the map there is no room for both. Never greyed: the press
        # itself ends the typing, and one on a grey button would do nothing.
        for kind, label in (("pinned", _("Pin: goes first")), ("excluded", _("Exclude"))):
            st.button(
                label,
                key=f"hand.{kind}.{name}",
                on_click=_decide,
                args=(kind, name),
                width="stretch",
            )


def _reason_of(bureau: str) -> str:
    return f"hand.reason.{bureau}"


def _decide(kind: str, bureau: str) -> None:
    """Pin or exclude a bureau for the reason that was typed; without one, say so."""
    if reason := st.session_state[_reason_of(bureau)].strip():
        _set(kind, bureau, reason)
    else:
        st.session_state[_NO_REASON] = bureau


def _set(kind: str, bureau: str, reason: str) -> None:
    for one in _KINDS:
        table = chosen(one)
        table.pop(bureau, None)
        if one == kind:
            table[bureau] = reason
        state.answer_with(one, texts(table))

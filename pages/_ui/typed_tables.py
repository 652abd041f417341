"""Tables that are typed into keep all that was typed, on a busy page too."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_give_keys = st.components.v2.component(
    "palier.typed_tables", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def keep_typed(key: str) -> None:
    """Have a page lose nothing that is typed into its tables; called after `st.data_editor`.

    Parameters
    ----------
    key
        Of the table.
    """
    _give_keys(key=f"{key}.typed", height=0)

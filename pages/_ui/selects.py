"""A select box whose answer the link keeps, and that says so when it does not know one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages._ui import state
from pages._ui.i18n import _


def select(
    label: str,
    options: list[str],
    *,
    key: str,
    show: Callable[[str], str],
    help: str | None = None,  # noqa: A002 - Streamlit's own name
) -> str:
    """Ask for one of `options`; the first is the default, and nonsense in a link is named."""
    state.recall(key, options[0])
    if (asked := st.session_state[key]) not in options:
        st.warning(
            _("{label}: “{asked}” is not known here; shown instead: {shown}.").format(
                label=label, asked=asked, shown=show(options[0])
            )
        )
        state.answer_with(key, options[0])
    choice = st.selectbox(
        label, options, **state.begins_with(key, options), key=key, format_func=show, help=help
    )
    state.remember(key, choice, options[0])
    return str(choice)

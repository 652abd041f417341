"""View: universes."""

import streamlit as st

from pages._ui.i18n import _


def universes() -> None:
    """Say that there is nothing yet."""
    st.info(_("Nothing is here yet."))

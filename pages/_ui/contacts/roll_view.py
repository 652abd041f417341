"""View: roll."""

import streamlit as st

from pages._ui.i18n import _


def roll() -> None:
    """Say that there is nothing yet."""
    st.info(_("Nothing is here yet."))

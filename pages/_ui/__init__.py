"""The app's machinery: everything that knows Streamlit beyond its plain widgets."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# Streamlit takes a folder `pages` for its old way of making several pages until the router has
# run once. A link to a page, opened first after a start, would then miss the router: run again.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()

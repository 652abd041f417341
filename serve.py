"""Palier's server: `streamlit run serve.py`. It runs `app.py`, and is ready before it is asked.

The libraries that every page needs load while the browser is still fetching the page's own
files. `streamlit run app.py` works as well, and opens a second or two later.
"""

import importlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

# What the first page imports, the slowest first; each brings others with it.
FIRST = ("pandas", "geopandas", "analysis.scenario", "pydeck")


def _load() -> None:
    for name in FIRST:
        importlib.import_module(name)


@asynccontextmanager
async def ready(_app: st.App) -> AsyncIterator[None]:
    """Load in the background, so that the server answers at once."""
    threading.Thread(target=_load, name="first imports", daemon=True).start()
    yield


app = st.App("app.py", lifespan=ready)

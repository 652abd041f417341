"""The few things that outlive a page: which workspace, which bureau, which kept scenario."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[2]
WORKSPACES = ROOT / "workspaces"
SAMPLE = ROOT / "data_samples" / "valmont"
# The embedded place is built here from its official files, the first time the app opens.
SAMPLE_NAME = "valmont"

_FOLDER = "state.folder"
_BUREAU = "state.bureau"
_KEPT = "state.kept"


def folder() -> Path:
    """Return the workspace in use: chosen, else named in the link, else the embedded place."""
    chosen = st.session_state.get(_FOLDER) or st.query_params.get("workspace", SAMPLE_NAME)
    named = WORKSPACES / Path(str(chosen)).name
    return named if (named / "manifest.json").is_file() else WORKSPACES / SAMPLE_NAME


def choose_folder(name: str) -> None:
    """Use the workspace `name` from now on, and forget what belonged to the last one."""
    st.session_state[_FOLDER] = name
    st.session_state.pop(_BUREAU, None)


def selected() -> str | None:
    """Return the bureau in view, if any."""
    bureau = st.session_state.get(_BUREAU)
    return str(bureau) if bureau else None


def select(bureau_id: str | None) -> None:
    """Bring a bureau into view, or none."""
    st.session_state[_BUREAU] = bureau_id


def kept() -> str | None:
    """Return the scenario kept for comparison, as TOML."""
    text = st.session_state.get(_KEPT)
    return str(text) if text else None


def keep(toml: str | None) -> None:
    """Keep a scenario for comparison, or drop it."""
    st.session_state[_KEPT] = toml


def write_link() -> None:
    """Put the workspace into the address, so that the link opens the same place."""
    name = folder().name
    if name != SAMPLE_NAME and st.query_params.get("workspace") != name:
        st.query_params["workspace"] = name

"""The few things that outlive a page: which workspace, which bureau, which kept scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from analysis.workflows import server_access
from pages._ui.access import visitor

ROOT = Path(__file__).parents[2]
WORKSPACES = ROOT / "workspaces"
SAMPLE = ROOT / "data_samples" / "valmont"
# The embedded place is built here from its official files, the first time the app opens.
SAMPLE_NAME = "valmont"

_FOLDER = "state.folder"
_BUREAU = "state.bureau"
# The place that the address named when this session last wrote it or chose another.
_WRITTEN = "state.written"
_ABSENT = "state.absent"
_KEPT = "state.kept"
_ANSWERS = "state.answers"
_PAGE, _RECALLED = "state.page", "state.recalled"


def workspaces() -> Path:
    """Return the folder of places: on a server, those of the open campaign only."""
    campaign = visitor.current().campaign
    return server_access.folder_of(campaign) if campaign else WORKSPACES


def folder() -> Path:
    """Return the workspace in use: of a link just followed, chosen, else the embedded place."""
    asked = st.query_params.get("workspace")
    # A session that began anew behind an open page must not take its own place for the link's.
    followed = asked if asked != st.session_state.get(_WRITTEN) and _is_here(asked) else None
    chosen = followed or st.session_state.get(_FOLDER) or asked or _usual()
    named = workspaces() / Path(str(chosen)).name
    return named if (named / "manifest.json").is_file() else workspaces() / SAMPLE_NAME


def _is_here(name: str | None) -> bool:
    return bool(name) and (workspaces() / Path(str(name)).name / "manifest.json").is_file()


def _usual() -> str:
    """Return the place that opens unless another was chosen: on a server, the campaign's own."""
    if visitor.current().person is None:
        return SAMPLE_NAME
    files = [f for f in workspaces().glob("*/manifest.json") if f.parent.name != SAMPLE_NAME]
    latest = max(files, key=lambda file: file.stat().st_mtime, default=None)
    return latest.parent.name if latest else SAMPLE_NAME


def absent() -> str | None:
    """Return the workspace that the link asked for and that is not on this machine."""
    asked = st.query_params.get("workspace")
    if asked and not _is_here(asked):
        st.session_state[_ABSENT] = asked
    missing = st.session_state.get(_ABSENT)
    return str(missing) if missing else None


def choose_folder(name: str) -> None:
    """Use the workspace `name` from now on, and forget what belonged to the last one."""
    st.session_state[_FOLDER] = name
    st.session_state[_WRITTEN] = st.query_params.get("workspace")
    st.session_state.pop(_BUREAU, None)
    st.session_state.pop(_ABSENT, None)


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


def recall(key: str, default: Any) -> None:  # noqa: ANN401 - whatever the widget takes
    """Give a widget its answer before it is shown: of this session, else of the link.

    A widget forgets when its page is left; the address and the session do not.
    """
    st.session_state.setdefault(_RECALLED, set()).add(key)
    if key in st.session_state:
        return
    answer = st.session_state.get(_ANSWERS, {}).get(key)
    if answer is None and key in st.query_params:
        answer = _parse(st.query_params.get_all(key), default)
    st.session_state[key] = default if answer is None else answer


def begins_with(key: str, options: list[str]) -> dict[str, int]:
    """Return where a list of options begins: at the answer.

    A browser that is behind takes what a widget begins with for the answer, and sends it back:
    wherever a widget is asked for, that is what `recall` put there, not the first or least.
    """
    return {"index": options.index(st.session_state[key])}


def remember(key: str, answer: Any, default: Any) -> None:  # noqa: ANN401
    """Keep the answer of a widget, in the address too unless it is the default."""
    st.session_state.setdefault(_ANSWERS, {})[key] = answer
    if answer == default:
        st.query_params.pop(key, None)
        return
    texts = [str(item) for item in answer] if isinstance(answer, list) else [str(answer)]
    if st.query_params.get_all(key) != texts:
        st.query_params[key] = texts


def answer_with(key: str, answer: Any) -> None:  # noqa: ANN401
    """Change the answer of a widget, from a callback or before it is shown."""
    # A value that is set goes back to the browser, and undoes what the user is doing there now.
    if key not in st.session_state or st.session_state[key] != answer:
        st.session_state[key] = answer
    st.session_state.setdefault(_ANSWERS, {})[key] = answer


def _parse(texts: list[str], default: Any) -> Any:  # noqa: ANN401
    """Return what a link says, in the kind of the default; None when it is nonsense."""
    if isinstance(default, list):
        return texts
    try:
        return type(default)(texts[-1])
    except ValueError:
        return None


def turn_to(page: str) -> None:
    """Let widgets take their answers anew where another page opens.

    Streamlit may still hold what a widget was given before it was answered, and would show that.
    """
    if st.session_state.get(_PAGE, page) != page:
        for key in {*st.session_state.get(_RECALLED, ()), *st.session_state.get(_ANSWERS, {})}:
            st.session_state.pop(key, None)
    st.session_state[_PAGE] = page


def write_link() -> None:
    """Put the workspace into the address, so that the link opens the same place."""
    name = folder().name
    # Another page opens without this page's address.
    st.session_state[_FOLDER] = name
    if name == SAMPLE_NAME:
        st.query_params.pop("workspace", None)
    elif st.query_params.get("workspace") != name:
        st.query_params["workspace"] = name
    st.session_state[_WRITTEN] = st.query_params.get("workspace")

"""The few things that outlive a page: which workspace, which bureau, which kept scenario."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

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
# What the address is to be at the end of the run; what it was; answers at each address of a page.
_PENDING, _SEEN, _PAST = "state.pending", "state.seen", "state.past"
_WROTE, _BEHIND_S = "state.wrote", 0.5
Address = tuple[tuple[str, tuple[str, ...]], ...]


def workspaces() -> Path:
    """Return the folder of places: on a server, those of the open campaign only."""
    campaign = visitor.current().campaign
    return server_access.folder_of(campaign) if campaign else WORKSPACES


def _place_asked() -> str | None:
    """Return the place in the address, as it will be where it waits to be written."""
    pending = st.session_state.get(_PENDING) or {}
    if "workspace" in pending:
        return pending["workspace"][0] if pending["workspace"] else None
    return st.query_params.get("workspace")


def folder() -> Path:
    """Return the workspace in use: of a link just followed, chosen, else the embedded place."""
    asked = _place_asked()
    # A session that began anew behind an open page must not take its own place for the link's.
    followed = asked if asked != st.session_state.get(_WRITTEN) and _is_here(asked) else None
    chosen = followed or st.session_state.get(_FOLDER) or asked or _usual()
    return workspaces() / (_plain(chosen) if _is_here(chosen) else SAMPLE_NAME)


def _is_here(name: str | None) -> bool:
    return bool(_plain(name)) and (workspaces() / _plain(name) / "manifest.json").is_file()


def _plain(name: str | None) -> str:
    """Return the last part of what an address asks for; "" where that leads out of the folder."""
    last = Path(str(name or "")).name
    return "" if last == ".." else last


def _usual() -> str:
    """Return the place that opens unless another was chosen: on a server, the campaign's own."""
    if visitor.current().person is None:
        return SAMPLE_NAME
    files = [f for f in workspaces().glob("*/manifest.json") if f.parent.name != SAMPLE_NAME]
    latest = max(files, key=lambda file: file.stat().st_mtime, default=None)
    return latest.parent.name if latest else SAMPLE_NAME


def absent() -> str | None:
    """Return the workspace that the link asked for and that is not on this machine."""
    asked = _place_asked()
    if asked and not _is_here(asked):
        st.session_state[_ABSENT] = asked
    missing = st.session_state.get(_ABSENT)
    return str(missing) if missing else None


def choose_folder(name: str) -> None:
    """Use the workspace `name` from now on, and forget what belonged to the last one."""
    st.session_state[_FOLDER] = name
    st.session_state[_WRITTEN] = _place_asked()
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
        # A page that asks nothing, such as the director's, hands it on to the next one.
        if answer is not None:
            st.session_state.setdefault(_ANSWERS, {})[key] = answer
    st.session_state[key] = default if answer is None else answer


def begins_with(key: str, options: list[str]) -> dict[str, Any]:
    """Return where a list of options begins: at the answer.

    A browser that is behind takes what a widget begins with for the answer, and sends it back:
    wherever a widget is asked for, that is what `recall` put there, not the first or least.
    """
    return {"index": options.index(st.session_state[key])}


def remember(key: str, answer: Any, default: Any) -> None:  # noqa: ANN401
    """Keep the answer of a widget, in the address too unless it is the default."""
    st.session_state.setdefault(_ANSWERS, {})[key] = answer
    if answer == default:
        put(key, None)
        return
    put(key, [str(item) for item in answer] if isinstance(answer, list) else [str(answer)])


def answer_ahead(answers: Mapping[str, Any]) -> None:
    """Answer widgets of a page that opens next."""
    st.session_state.setdefault(_ANSWERS, {}).update(answers)


def answered(key: str) -> str:
    """Return what was answered to what is no widget: of this session, else of the link."""
    kept = st.session_state.setdefault(_ANSWERS, {})
    return str(kept.setdefault(key, st.query_params.get(key, "")))


def put(key: str, texts: list[str] | None) -> None:
    """Put texts into the address, or None for nothing.

    Where a page opens all of them are written at the end of the run, as one step back.
    """
    if (pending := st.session_state.get(_PENDING)) is not None:
        pending[key] = texts
    elif texts is None:
        st.query_params.pop(key, None)
    elif st.query_params.get_all(key) != texts:
        st.query_params[key] = texts[0] if len(texts) == 1 else texts
    if pending is None and st.session_state.get(_SEEN) not in {None, _address()}:
        _note(_address())


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


def went_back() -> bool:
    """Tell whether the address was changed by the browser, back or forward, and by no answer.

    A browser that is behind sends the address before the last, with what was answered meanwhile.
    """
    if st.session_state.get(_SEEN) in {None, _address()}:
        return False
    if time.monotonic() - st.session_state.get(_WROTE, 0.0) < _BEHIND_S:
        return False
    kept = st.session_state.get(_ANSWERS, {})
    live = ((st.session_state.get(key), answer) for key, answer in kept.items())
    return all(now is None or now == answer for now, answer in live)


def begin() -> None:
    """Begin a run: until `turn_to` knows whether a page opens, the address waits."""
    st.session_state[_PENDING] = {}


def turn_to(page: str, *, back: bool) -> None:
    """Let widgets take their answers anew on another page, and where the browser went `back`.

    Streamlit may still hold what a widget was given before it was answered, and would show that.
    """
    before = st.session_state.get(_PAGE, page)
    kept = st.session_state.setdefault(_ANSWERS, {})
    if before != page or back:
        for key in {*st.session_state.get(_RECALLED, ()), *kept}:
            st.session_state.pop(key, None)
    if before == page and back:
        known, _then = st.session_state[_PAST].get((page, _address()), ({}, ()))
        st.session_state[_ANSWERS] = dict(known)
    if before != page:
        st.session_state.setdefault(_PAST, {}).pop((page, _address()), None)
    opens = back or st.session_state.get(_PAGE) != page
    st.session_state[_PAGE], st.session_state[_SEEN] = page, _address()
    if not opens:
        # What a button answered since is not what was answered at this address.
        write_address(anew=False)


def stop() -> NoReturn:
    """End the page here; once Streamlit was told so, nothing goes into the address."""
    write_address()
    st.stop()


def write_address(*, anew: bool = True) -> None:
    """Write into the address what was put there; `anew` keeps what is answered at it by now.

    An address that was gone back to stays as it is: written anew, it would be a step that no
    way back passes.
    """
    here, page = _address(), st.session_state.get(_PAGE)
    asked = {key: list(texts) for key, texts in here}
    for key, texts in (st.session_state.pop(_PENDING, None) or {}).items():
        asked.pop(key, None)
        if texts is not None:
            asked[key] = texts
    then = tuple(sorted((key, tuple(texts)) for key, texts in asked.items()))
    past, kept = st.session_state.setdefault(_PAST, {}), st.session_state.get(_ANSWERS, {})
    if past.get((page, here), ((), ()))[1] == then != here:
        return
    if (anew and then == here) or (page, here) not in past:
        past[page, here] = dict(kept), then
    if then != here:
        st.query_params.from_dict(asked)
        _note(then)


def _note(address: Address) -> None:
    """Keep what was answered at an address, and that it is ours."""
    kept, page = st.session_state.get(_ANSWERS, {}), st.session_state.get(_PAGE)
    st.session_state.setdefault(_PAST, {})[page, address] = dict(kept), address
    st.session_state[_SEEN], st.session_state[_WROTE] = address, time.monotonic()


def _address() -> Address:
    names = sorted(st.query_params)
    return tuple((name, tuple(st.query_params.get_all(name))) for name in names)


def write_link() -> None:
    """Put the workspace into the address, so that the link opens the same place."""
    name = folder().name
    # Another page opens without this page's address.
    st.session_state[_FOLDER] = name
    named = None if name == SAMPLE_NAME else name
    put("workspace", [named] if named else None)
    st.session_state[_WRITTEN] = named

"""The blocks of a message on screen: each with its fields, moved, removed, added."""

from __future__ import annotations

import base64
from typing import Any

import streamlit as st

from analysis.tables.workspace import Workspace
from analysis.workflows.message_figures import figures_of
from pages._ui import loaders, messages
from pages._ui.i18n import _

# What is being written: outlives the widgets, which forget when the page is left.
TOLD = "letters.told"
_COUNT = "letters.count"
_LINK = "https://…"


def kind_names() -> dict[str, str]:
    """Name the kinds of parts."""
    return {
        "title": _("Title"),
        "text": _("Text"),
        "picture": _("Picture"),
        "button": _("Button"),
        "figures": _("Figures of a quarter"),
    }


def fresh(block: dict[str, Any]) -> dict[str, Any]:
    """Return a part with a name of its own, so that its fields follow it when it moves."""
    n = st.session_state.get(_COUNT, 0) + 1
    st.session_state[_COUNT] = n
    return block | {"id": n}


def blocks_of(told: dict[str, Any], place: Workspace) -> None:
    """Show the parts of what is being written, and take in what is typed.

    Parameters
    ----------
    told
        Kept between runs; its `blocks` are changed in place.
    place
        Whose figures may be told.
    """
    parts: list[dict[str, Any]] = told["blocks"]
    names = kind_names()
    for n, block in enumerate(parts):
        with st.container(border=True):
            st.markdown(f"**{n + 1}. {names[block['kind']]}**")
            _FIELDS[block["kind"]](block, told, place)
            if told["channel"] != "sms":
                _order(parts, n)
    # A text message is one text.
    if told["channel"] != "sms":
        _add(parts)


def _order(parts: list[dict[str, Any]], n: int) -> None:
    """Offer to move a part, or to take it out."""
    key, last = f"letters.{parts[n]['id']}", n == len(parts) - 1
    with st.container(horizontal=True):
        if st.button(":material/arrow_upward:", key=f"{key}.up", disabled=not n, help=_("Move up")):
            _swap(parts, n - 1)
        told = _("Move down")
        if st.button(":material/arrow_downward:", key=f"{key}.down", disabled=last, help=told):
            _swap(parts, n)
        if st.button(":material/delete:", key=f"{key}.away", help=_("Take out")):
            del parts[n]
            st.rerun()


def _swap(parts: list[dict[str, Any]], n: int) -> None:
    parts[n], parts[n + 1] = parts[n + 1], parts[n]
    st.rerun()


def _add(parts: list[dict[str, Any]]) -> None:
    names = kind_names()
    with st.container(horizontal=True):
        for kind in names:
            if st.button(f"+ {names[kind]}", key=f"letters.add.{kind}"):
                parts.append(fresh({"kind": kind}))
                st.rerun()


def _line(block: dict[str, Any], name: str, label: str, **more: Any) -> None:  # noqa: ANN401
    key = f"letters.{block['id']}.{name}"
    block[name] = st.text_input(label, block.get(name, ""), key=key, max_chars=500, **more).strip()


def _title(block: dict[str, Any], _told: dict[str, Any], _place: Workspace) -> None:
    _line(block, "text", _("Title"))


def _text(block: dict[str, Any], _told: dict[str, Any], _place: Workspace) -> None:
    key = f"letters.{block['id']}.text"
    block["text"] = st.text_area(_("Text"), block.get("text", ""), key=key, max_chars=10_000)


def _picture(block: dict[str, Any], _told: dict[str, Any], _place: Workspace) -> None:
    file = st.file_uploader(
        _("PNG or JPEG, up to 500 kB: it travels with the message"),
        type=["png", "jpg", "jpeg"],
        max_upload_size=1,
        key=f"letters.{block['id']}.file",
    )
    if file is not None:
        block["data"] = base64.b64encode(file.getvalue()).decode()
    elif block.get("data"):
        st.caption(_("The picture of the last version is kept until another is chosen."))
    _line(block, "alt", _("What the picture shows, for who does not see it"))


def _button(block: dict[str, Any], _told: dict[str, Any], _place: Workspace) -> None:
    left, right = st.columns(2)
    with left:
        _line(block, "text", _("Words on the button"))
    with right:
        _line(block, "url", _("Where it leads"), placeholder=_LINK)


def _figures(block: dict[str, Any], told: dict[str, Any], place: Workspace) -> None:
    key = f"letters.{block['id']}"
    ids = sorted(loaders.table(str(place.path), place.digest, "turnout")["bureau_id"].unique())
    names = dict(zip(ids, loaders.labels(ids), strict=True))
    chosen = st.multiselect(
        _("Bureaux of the quarter; none for the whole place"),
        ids,
        format_func=names.__getitem__,
        key=f"{key}.quarter",
        placeholder=_("The whole place"),
    )
    if st.button(_("Put the figures in"), key=f"{key}.put"):
        with messages.explain_data_errors():
            found = figures_of(place, chosen, told["language"])
        block |= {"rows": [list(row) for row in found.rows], "source": found.source}
        # Their fields come below: they show what is put in.
        st.session_state[f"{key}.rows"] = _as_lines(block)
        st.session_state[f"{key}.source"] = found.source
    told_by = _("One figure a line: what it is = the figure")
    st.session_state.setdefault(f"{key}.rows", _as_lines(block))
    st.session_state.setdefault(f"{key}.source", block.get("source", ""))
    written = st.text_area(told_by, key=f"{key}.rows", max_chars=2_000)
    block["rows"] = [
        [part.strip() for part in line.rpartition("=")[::2]]
        for line in written.splitlines()
        if line.strip()
    ]
    block["source"] = st.text_input(_("Source of the figures"), key=f"{key}.source", max_chars=500)


def _as_lines(block: dict[str, Any]) -> str:
    return "\n".join(f"{label} = {value}" for label, value in block.get("rows", ()))


_FIELDS = {
    "title": _title,
    "text": _text,
    "picture": _picture,
    "button": _button,
    "figures": _figures,
}

"""The planner's numbers on screen: a table one may edit, kept in the session and the link."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.errors import DataError
from analysis.targeting.params import Params
from pages._ui import state
from pages._ui.i18n import LEARNED, _, number, parameter_name, parameter_source
from pages._ui.trial.number_tables import decimals
from pages._ui.typed_tables import keep_typed

_KEY = "planner.params"
_EDITOR = "planner.editor"
_LINK = "params"


def params() -> Params:
    """Return the numbers in force: edited, else of the link, else the defaults."""
    text = state.answered(_LINK)
    if st.session_state.get(f"{_KEY}.text") != text:
        st.session_state[f"{_KEY}.text"] = text
        st.session_state[_KEY] = _from_link(text)
    known: Params = st.session_state[_KEY]
    return known


def set_params(chosen: Params) -> None:
    """Put numbers in force, and into the link where they are not the defaults."""
    st.session_state[_KEY] = chosen
    st.session_state.pop(_EDITOR, None)
    text = _to_link(chosen)
    st.session_state[f"{_KEY}.text"] = text
    state.answer_with(_LINK, text)
    state.put(_LINK, [text] if text else None)


def edit(current: Params) -> None:
    """Show the table; a change takes effect at once, a wrong one is explained."""
    # The table loads only once it is opened: the map comes first.
    folded = st.expander(
        _("Planner's numbers and their sources"), key=f"{_KEY}.open", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        rows = pd.DataFrame(
            [
                (
                    name,
                    parameter_name(name),
                    *map(_written, (b.value, b.low, b.high)),
                    parameter_source(name, b.source),
                )
                for name, b in current.beliefs.items()
            ],
            columns=["name", "label", "value", "low", "high", "source"],
        ).set_index("name")
        # As text: a column of numbers is written in the browser's language, or in none.
        text = st.column_config.TextColumn
        st.data_editor(
            rows,
            key=_EDITOR,
            hide_index=True,
            disabled=["label", "source"],
            column_config={
                "label": _("Number"),
                "value": text(_("Most likely"), required=True, alignment="right"),
                "low": text(_("Low"), required=True, alignment="right"),
                "high": text(_("High"), required=True, alignment="right"),
                "source": _("Source"),
            },
            on_change=_take,
            args=(current,),
        )
        keep_typed(_EDITOR)
        if problem := st.session_state.pop(f"{_KEY}.problem", None):
            st.warning(problem)
        st.caption(_("Draws spread each number between low and high; the gain uses the mean."))
        if current != Params() and st.button(_("Back to the defaults")):
            set_params(Params())
            st.rerun()


def _take(current: Params) -> None:
    changes = st.session_state[_EDITOR]["edited_rows"]
    names = list(current.beliefs)
    plain = current.to_dict()
    kept = {n: b for n, b in plain.items() if b != Params().to_dict()[n]}
    try:
        given = {
            names[int(row)]: {
                **plain[names[int(row)]],
                **{cell: _read(text) for cell, text in cells.items()},
                "source": "user",
            }
            for row, cells in changes.items()
        }
        set_params(Params.from_dict({**kept, **given}))
    except (DataError, ValueError):
        st.session_state[f"{_KEY}.problem"] = _(
            "That number was not taken: low ≤ most likely ≤ high must hold."
        )
        st.session_state.pop(_EDITOR, None)


def _written(value: float) -> str:
    return number(value, decimals(pd.Series([value])))


def _read(text: str) -> float:
    """Return a number as people of either language write it; `ValueError` where it is none."""
    return float("".join(text.split()).replace(",", ".").replace("−", "-"))


def _to_link(chosen: Params) -> str:
    defaults = Params().beliefs
    return "~".join(
        f"{name}:{b.value:g}:{b.low:g}:{b.high:g}{_learned(b.source)}"
        for name, b in chosen.beliefs.items()
        if b != defaults[name]
    )


def _learned(source: str) -> str:
    """Return what the link says of a number that returns taught; nothing of others."""
    found = LEARNED.fullmatch(source)
    return f":{source.replace(' ', '-')}" if found else ""


def _from_link(text: str) -> Params:
    given = {}
    for part in filter(None, text.split("~")):
        name, *numbers = part.split(":")
        numbers, rest = numbers[:3], " ".join(numbers[3:]).replace("-", " ")
        if len(numbers) == 3:  # noqa: PLR2004 - value, low, high
            keys = ("value", "low", "high")
            source = rest if LEARNED.fullmatch(rest) else "user"
            given[name] = {**dict(zip(keys, numbers, strict=True)), "source": source}
    try:
        return Params.from_dict(given)
    except DataError:
        return Params()

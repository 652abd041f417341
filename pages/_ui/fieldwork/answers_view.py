"""What was answered at the doors: shares with intervals, by quarter, bureau and day."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from analysis.fieldwork.answer_counts import Answered, Asked
from analysis.fieldwork.small_cells import FLOOR
from analysis.geography.bureau_names import bureau_labels
from analysis.tables.workspace import Workspace
from analysis.workflows import door_script
from pages._ui import phone_order
from pages._ui.access import taken_away
from pages._ui.fieldwork.load_fieldwork import Mark
from pages._ui.i18n import _, language, number
from pages._ui.pictures import vega
from pages._ui.trial.number_tables import show_table

# Of the axis of shares; the names of answers stand beside it.
_PHONE_PX, _WIDE_PX = 150, 420


def answers(place: Workspace, asked: Mark) -> None:
    """Show the answers, and offer them as files."""
    found = _found(asked, _versions_mark(place))
    if not found.asked:
        st.info(
            _(
                "No answer has come back yet. Put a script into use, make the phone pages and "
                "sheets again, and answers are counted here, without a name."
            )
        )
        _aside(found)
        return
    st.markdown(_("**{n} conversations** with answers.").format(n=number(found.conversations)))
    titles = {n: one.script.say(one.question.text, language()) for n, one in enumerate(found.asked)}
    at = st.selectbox(_("Question"), list(titles), format_func=titles.__getitem__, key="answers.q")
    one = found.asked[at]
    if not one.question.codes:
        _texts(one)
    else:
        _shares(place, one)
    _aside(found)
    _files(place, found)


@st.cache_data(max_entries=16, show_spinner=False)
def _found(asked: Mark, versions: tuple[str, ...]) -> Answered:
    del versions  # another version makes other answers fit
    return door_script.answered(asked.store)


def _versions_mark(place: Workspace) -> tuple[str, ...]:
    return tuple(
        sorted(file.name for file in (place.path / "fieldwork" / "scripts").glob("*.toml"))
    )


def levels() -> dict[str, str]:
    """Name what answers are counted by."""
    return {
        "all": _("Everywhere"),
        "zone": _("By quarter"),
        "bureau": _("By bureau"),
        "day": _("By day"),
    }


def _shares(place: Workspace, one: Asked) -> None:
    names = levels()
    level = st.radio(_("Counted"), list(names), format_func=names.__getitem__, horizontal=True,
                     key="answers.level")  # fmt: skip
    table = door_script.shares_by(Answered((one,), 0, {}), place, level)
    fixed = {"yes": _("Yes"), "no": _("No")}
    said = {
        code: one.script.say(one.question.options.get(code, {}), language())
        or fixed.get(code, code)
        for code in one.question.codes
    }
    keys = pd.Series(table["key"].unique(), dtype="str")
    named = dict(zip(keys, _named(place, keys, level), strict=True))
    seen = table[table["share"].notna()]
    rows = pd.DataFrame({
        "where": seen["key"].map(named),
        "answer": seen["code"].map(said),
        "percent": 100 * seen["share"],
        "low": 100 * seen["low"],
        "high": 100 * seen["high"],
        "asked": seen["asked"],
    })  # fmt: skip
    if not rows.empty:
        _chart(rows, list(said.values()))
    show_table(
        rows.rename(columns={
            "where": names[level], "answer": _("Answer"), "percent": _("Share (%)"),
            "low": _("from"), "high": _("to"), "asked": _("Conversations"),
        }),
        digits=1,
    )  # fmt: skip
    st.caption(
        _(
            "90% intervals (Wilson), wider where turfs differ more than chance would have it; "
            "whoever opens and answers is not everybody. Under {floor} conversations nothing is "
            "shown, nor what would tell it by difference: {hidden} of {n} hidden here."
        ).format(
            floor=FLOOR, hidden=number(len(named) - seen["key"].nunique()), n=number(len(named))
        )
    )


def _named(place: Workspace, keys: pd.Series, level: str) -> list[str]:
    if level == "bureau":
        return list(bureau_labels(place, list(keys)))
    if level == "all":
        return [_("Everywhere")] * len(keys)
    return [key or _("elsewhere") for key in keys]


def _chart(rows: pd.DataFrame, order: list[str]) -> None:
    # Panels take no width of their page: on a phone half of a wide one is outside.
    phone = phone_order.on_phone()
    wide = _PHONE_PX if phone else _WIDE_PX
    x = {"field": "percent", "type": "quantitative", "title": _("Share (%)"),
         "scale": {"domain": [0, 100]}, "axis": {"tickCount": 5}}  # fmt: skip
    y = {"field": "answer", "type": "nominal", "title": None, "sort": order,
         "axis": {"labelLimit": 170 if phone else 260}}  # fmt: skip
    spec: dict[str, Any] = {
        "facet": {"row": {"field": "where", "type": "nominal", "title": None,
                          "header": {"labelAngle": 0, "labelAnchor": "start",
                                     "labelOrient": "top", "labelLimit": wide + 40}}},
        "spec": {
            "width": wide,
            "encoding": {"y": y},
            "layer": [
                {"mark": {"type": "bar", "opacity": 0.45}, "encoding": {"x": x}},
                {"mark": {"type": "rule", "strokeWidth": 2},
                 "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}}},
            ],
        },
    }  # fmt: skip
    most = rows["where"].drop_duplicates().head(12)
    shown = rows[rows["where"].isin(most)].astype(object)
    vega(None, {"data": {"values": shown.to_dict("records")}, **spec},
                       key="answers.chart")  # fmt: skip


def _texts(one: Asked) -> None:
    if len(one.texts) < FLOOR:
        st.caption(_("Fewer than {floor} answers: not shown yet.").format(floor=FLOOR))
        return
    show_table(pd.DataFrame({_("Answers"): sorted(one.texts, key=str.casefold)}))


def _aside(found: Answered) -> None:
    """Say which answers count in nothing, and why."""
    reasons = {
        "version": _("of a version this workspace does not have"),
        "question": _("to a question their version does not ask"),
        "code": _("none of the answers there are, or several where one is asked"),
        "condition": _("to a question that was not to be asked"),
    }
    if found.aside:
        told = "; ".join(f"{reasons[why]}: {number(n)}" for why, n in found.aside.items())
        st.caption(_("Kept, and counted in nothing: {told}.").format(told=told))


def _files(place: Workspace, found: Answered) -> None:
    name = f"palier_{place.path.name}_answers"
    left, right = st.columns(2)
    taken_away.offer(
        left, _("Answers (CSV)"),
        lambda: door_script.to_csv(door_script.shares_whole(found, place)),
        f"{name}.csv", key="answers.csv", on_click="ignore", width="stretch",
    )  # fmt: skip
    taken_away.offer(
        right, _("Answers (Excel)"),
        lambda: door_script.to_xlsx(door_script.shares_whole(found, place)),
        f"{name}.xlsx", key="answers.xlsx", on_click="ignore", width="stretch",
    )  # fmt: skip

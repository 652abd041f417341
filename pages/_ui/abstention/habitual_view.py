"""Constant and intermittent abstainers: an estimate between bounds, and what it cannot say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import classes
from analysis.workflows.abstention import Outlook
from pages._ui import bureaux, phone_order, shell
from pages._ui.bureau_map import Geometry, Legend, Number, Paint
from pages._ui.i18n import _, language, percent
from pages._ui.messages import show_error

PARTS = ("constant", "intermittent")


def split(found: Outlook, shapes: Geometry | None) -> None:
    """Show who always and who sometimes stays home, as far as bureaux can tell."""
    if found.split is None:
        if found.no_split is not None:
            show_error(found.no_split)
        return
    weights = found.forecast.table["registered"].to_numpy(dtype=float)
    whole = in_all(found.split, weights)
    label = _("Constant abstainers (% of registered, estimated)")
    map_side, list_side = st.columns(shell.MAP_AND_CARD)
    with map_side:
        honest()
    with map_side, phone_order.map_box():
        painted = paint(shapes, found.split, label)
        bureaux.show_map(shapes, painted, label=label, key="split.map")
        bureaux.without_contour(shapes, found.units)
    with list_side, phone_order.list_box():
        _list(found, found.split)
    with map_side:
        _whole(whole)


def _whole(whole: dict[str, float]) -> None:
    """Say how many of the whole place always stay home, sometimes, and never."""
    columns = st.columns(3)
    for column, name in zip(columns, PARTS, strict=False):
        column.metric(
            part_name(name),
            percent(whole[name]),
            help=_(
                "Of the registered of the whole place. All that is known for sure: between {low} "
                "and {high}."
            ).format(low=percent(whole[f"{name}_low"]), high=percent(whole[f"{name}_high"])),
        )
    columns[2].metric(
        _("Always vote"),
        percent(1 - whole["constant"] - whole["intermittent"]),
        help=_("Of the registered of the whole place."),
    )


def honest() -> None:
    """Say what aggregate results cannot tell."""
    st.warning(
        _(
            "Nobody knows from bureaux who stays home twice. The truth lies between the bounds as "
            "long as the rolls hold the same people; where between them rests on one "
            "assumption, how alike a person's elections are, taken from a national survey of the "
            "rolls (INSEE, 2022). No person is counted here: shares by bureau only."
        )
    )


def in_all(split: pd.DataFrame, weights: np.ndarray) -> dict[str, float]:
    """Return each column for all bureaux together, weighted by registered."""
    names = [name for name in split if name != "bureau_id"]
    return {str(name): float(np.average(split[name], weights=weights)) for name in names}


def part_name(part: str) -> str:
    """Name a part of the abstainers."""
    names = {"constant": _("Constant abstainers"), "intermittent": _("Intermittent voters")}
    return names[part]


def paint(shapes: Geometry | None, split: pd.DataFrame, label: str) -> Paint | None:
    """Return the colours of the share of constant abstainers."""
    if shapes is None:
        return None
    table = 100 * split.set_index("bureau_id").reindex(shapes.ids)
    graded = classes(table["constant"], n=7, language=language())
    return Paint(
        graded.index,
        Legend(label, graded.palette[1:], graded.labels[1:], _("Not at the last election")),
        tooltip=(
            _(
                "Constant: about {constant}% (all that is known: between {constant_low}% and "
                "{constant_high}%)"
            ),
            _(
                "Intermittent: about {intermittent}% (all that is known: between "
                "{intermittent_low}% and {intermittent_high}%)"
            ),
        ),
        numbers={str(name): Number(table[name], 1) for name in table},
    )


def _list(found: Outlook, split: pd.DataFrame) -> None:
    table = split.assign(
        label=found.units["label"].to_numpy(),
        registered=found.forecast.table["registered"].to_numpy(),
    ).sort_values(["constant", "bureau_id"], ascending=[False, True])

    def shares(name: str) -> pd.Series:
        return (100 * table[name]).round(1)

    columns = {
        _("Constant (%)"): shares("constant"),
        _("Constant ≥"): shares("constant_low"),
        _("Constant ≤"): shares("constant_high"),
        _("Intermittent (%)"): shares("intermittent"),
        _("Intermittent ≥"): shares("intermittent_low"),
        _("Intermittent ≤"): shares("intermittent_high"),
        _("Registered"): table["registered"],
    }
    bureaux.show_list(table, columns, key="split.list", beside=True)
    st.caption(_("≥ and ≤: all that is known for sure, in % of the registered."))

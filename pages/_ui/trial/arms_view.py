"""What the pages on trials share on screen: the choice of a view, the map of arms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import ramp
from pages._ui import state
from pages._ui.bureau_map import Geometry, Legend, MapOptions, Number, Paint, bureau_map
from pages._ui.i18n import _

# Blue and orange differ for every kind of colour blindness; grey is out of the draw.
ARMS = {"treated": "#236eb0", "control": "#e08214", "decided": "#8d99a3"}

_SHADES = 7


def choose_view(views: dict[str, str], key: str) -> str:
    """Ask which side of the answer to see; the address keeps it."""
    first = next(iter(views))
    state.recall(key, first)
    if st.session_state[key] not in views:
        state.answer_with(key, first)
    view = st.segmented_control(
        _("View"),
        list(views),
        default=st.session_state[key],
        required=True,
        format_func=views.__getitem__,
        key=key,
        label_visibility="collapsed",
    )
    state.remember(key, view or first, first)
    return view or first


def arm_names() -> dict[str, str]:
    """Name the arms."""
    return {
        "treated": _("To canvass"),
        "control": _("Held back (control)"),
        "decided": _("Decided, not drawn"),
    }


def arms_of(units: pd.DataFrame) -> pd.Series:
    """Return the arm of each unit, `decided` where it was not drawn; indexed by unit."""
    arm = units["arm"].where(units["block"] != "", "decided")
    return arm.set_axis(units["unit_id"])


def map_of_arms(geometry: Geometry | None, units: pd.DataFrame, *, key: str) -> None:
    """Show the arms of a design on the map.

    Parameters
    ----------
    geometry
        Contours; None where there are none.
    units
        The assignment: `unit_id`, `arm`, `block`, `rank`.
    key
        Names the map.
    """
    if not _drawable(geometry, units):
        return
    assert geometry is not None
    names = arm_names()
    codes = arms_of(units).map({arm: n for n, arm in enumerate(ARMS, start=1)})
    known = codes.reindex(geometry.ids).fillna(0).to_numpy().astype(int)
    legend = Legend(_("Arm"), list(ARMS.values()), list(names.values()), _("Not in the trial"))
    _show(geometry, units, known, legend, key)


def map_of_blocks(geometry: Geometry | None, units: pd.DataFrame, *, key: str) -> None:
    """Show which bureaux are compared with which, before anything is drawn."""
    if not _drawable(geometry, units):
        return
    assert geometry is not None
    number = block_numbers(units).set_axis(units["unit_id"]).reindex(geometry.ids).to_numpy()
    most = int(np.nanmax(number, initial=1))
    steps = min(_SHADES, most)
    # Blocks are whole: a shade holds those after one end, up to the next.
    ends = [k * most // steps for k in range(steps + 1)]
    labels = [str(b) if b == a + 1 else f"{a + 1}–{b}" for a, b in pairwise(ends)]
    known = np.where(np.isnan(number), 0, np.searchsorted(ends, np.nan_to_num(number)))
    title = _("Block (1: the first of the ranking)")
    legend = Legend(title, ramp(steps), labels, _("Not in the trial"))
    _show(geometry, units, known, legend, key)


def block_numbers(units: pd.DataFrame) -> pd.Series:
    """Give blocks numbers from 1 in their order; missing for units that are not drawn."""
    names = sorted(set(units["block"]) - {""})
    return units["block"].map({name: n for n, name in enumerate(names, start=1)}).astype(float)


def _drawable(geometry: Geometry | None, units: pd.DataFrame) -> bool:
    if geometry is not None and units["unit_id"].isin(geometry.ids).any():
        return True
    st.info(_("No map: none of these bureaux has a contour here."))
    return False


def _show(
    geometry: Geometry, units: pd.DataFrame, known: np.ndarray, legend: Legend, key: str
) -> None:
    shown = units.assign(number=block_numbers(units)).set_index("unit_id").reindex(geometry.ids)
    paint = Paint(
        known,
        legend,
        tooltip=(_("Block {block}, place {place} in the draw"),),
        numbers={
            "block": Number(shown["number"]),
            "place": Number(shown["rank"].astype(float)),
        },
    )
    options = MapOptions(label=legend.title, height=440)
    bureau_map(geometry, paint, key=key, options=options)

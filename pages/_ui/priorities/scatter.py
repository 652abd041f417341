"""Bureaux as points, support against abstention: what is chosen there is chosen on the map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analysis.charts.colours import classes
from analysis.targeting.rank import Ranking
from pages._ui import state
from pages._ui.i18n import _, language, number
from pages._ui.pictures import vega

# Points that travel to the screen; beyond, they would only hide one another.
SHOWN = 3000
_KEY, _POINTS = "priorities.scatter", "points"
_DARK = "#1a1a1a"


def scatter(ranked: Ranking) -> None:
    """Show the points, folded; a point chosen brings its bureau into view, and the other way."""
    folded = st.expander(
        _("Support and abstention, a point for each bureau"),
        icon=":material/scatter_plot:",
        key=f"{_KEY}.open",
        on_change="rerun",
    )
    if not folded.open:
        return
    with folded:
        rows = points(ranked, state.selected())
        if rows.empty:
            st.info(_("No bureau here has both a forecast abstention and an expected support."))
            return
        # A chart keeps the point that was chosen in it: one chosen elsewhere begins another.
        name = f"{_KEY}.{state.selected() or 'none'}"
        vega(
            rows,
            _spec(),
            key=name,
            on_select=lambda: take_choice(name),
            selection_mode=_POINTS,
            width="stretch",
            height=380,
        )
        told = _(
            "Colours are those of the map, sizes the registered. Click a point to see its bureau "
            "on the map, in the list and on the card; the ring is the bureau in view."
        )
        if len(ranked.table) > SHOWN:
            told += " " + _("Here the first {n} of the ranking.").format(n=number(SHOWN))
        st.caption(told)


def points(ranked: Ranking, chosen: str | None) -> pd.DataFrame:
    """Return the points (one row per bureau with both rates and ground), the largest first.

    Parameters
    ----------
    ranked
        The ranking; of more than `SHOWN` bureaux the first, and the one chosen.
    chosen
        The bureau in view.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `label`, `abstention` and `support` (percent), `registered`, `colour`,
        `told` (rank and score in words), `chosen`.
    """
    table = ranked.table
    # Colours are those of all bureaux, or the map would have others.
    graded = classes(table["score"], n=7, language=language())
    colour = pd.Series([graded.palette[n] for n in graded.index], index=table.index)
    kept = (table["rank"] <= SHOWN) | (table["bureau_id"] == chosen)
    # One polling station abroad or by post, where nobody walks, would press all others together.
    kept &= table[["expected_abstention", "support"]].notna().all(axis=1) & table["reachable"]
    table = table[kept]
    told = _("rank {rank}, score {score}, {registered} registered")
    return pd.DataFrame(
        {
            "bureau_id": table["bureau_id"].astype("str"),
            "label": table["label"].astype("str"),
            "abstention": (100 * table["expected_abstention"]).round(1),
            "support": (100 * table["support"]).round(1),
            "registered": table["registered"],
            "colour": colour[table.index],
            "told": [
                told.format(rank=number(rank), score=number(score), registered=number(size))
                for rank, score, size in zip(
                    table["rank"], table["score"], table["registered"], strict=True
                )
            ],
            "chosen": table["bureau_id"] == chosen,
        }
    ).sort_values(["chosen", "registered"], ascending=[True, False], ignore_index=True)


def _spec() -> dict[str, Any]:
    """Return the chart: points, and a ring round the one in view."""
    x = _axis("abstention", _("Expected abstention (% of registered)"))
    y = _axis("support", _("Expected support (% of valid votes)"))
    size = {
        "field": "registered",
        "type": "quantitative",
        "scale": {"range": [15, 160]},
        "legend": None,
    }
    # Vega knows one language: what stands in a tooltip is written here.
    tip = [
        {"field": "label", "type": "nominal", "title": _("Bureau")},
        {"field": "told", "type": "nominal", "title": _("Priority")},
    ]
    where = {"x": x, "y": y, "size": size}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    return {
        "layer": [
            {
                "params": [{"name": _POINTS, "select": {"type": "point", "fields": ["bureau_id"]}}],
                "mark": {"type": "circle", "opacity": 0.9, "stroke": "#888888", "strokeWidth": 0.4},
                "encoding": {**where, "color": colour, "tooltip": tip},
            },
            {
                "transform": [{"filter": "datum.chosen"}],
                "mark": {"type": "point", "filled": False, "size": 320, "strokeWidth": 2.5},
                "encoding": {"x": x, "y": y, "color": {"value": _DARK}, "tooltip": tip},
            },
        ]
    }


def _axis(field: str, title: str) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        # The number at an end of an axis stands within the picture, or it is cut.
        "axis": {"title": title, "tickMinStep": 1, "format": "d", "labelFlush": True},
    }


def take_choice(name: str) -> None:
    """Bring the bureau of a chosen point into view."""
    event: Mapping[str, Any] = st.session_state[name]
    picked = event["selection"].get(_POINTS) or []
    if picked:
        state.select(str(picked[0]["bureau_id"]))

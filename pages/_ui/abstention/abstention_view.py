"""The forecast on screen: the whole place, the map, the list."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.colours import classes
from analysis.electorate.abstention.forecast import AbstentionForecast
from analysis.geography.level_shapes import BUREAU
from analysis.tables.workspace import Workspace
from analysis.workflows.abstention import Outlook
from analysis.workflows.by_level import abstention_by
from pages._ui import bureaux, levels
from pages._ui.bureau_map import Geometry, Legend, Number, Paint
from pages._ui.i18n import _, election_name, language, ngettext, number, percent, pgettext
from pages._ui.messages import plain, translate


def whole(forecast: AbstentionForecast) -> None:
    """Say the level of the whole place, how far bureaux differ, and what the forecast lacks."""
    table = forecast.table
    columns = st.columns(3)
    columns[0].metric(
        _("Abstention in the whole place"),
        percent(forecast.level.value),
        help=_("Standard error: {n} points.").format(n=number(100 * forecast.level.std_error, 1)),
    )
    low, high = np.quantile(table["abstention"], [0.1, 0.9])
    columns[1].metric(
        _("Eight bureaux in ten"),
        _("{low} to {high}").format(low=percent(low, 0), high=percent(high, 0)),
        help=_("One bureau in ten is expected below the first, one in ten above the second."),
    )
    columns[2].metric(
        _("Usual width of an interval"),
        _("± {n} points").format(
            n=number(50 * float((table["high_90"] - table["low_90"]).median()), 1)
        ),
        help=_(
            "Half the 90% interval of the middle bureau, once the level of the whole place is "
            "known."
        ),
    )


def notes(forecast: AbstentionForecast) -> None:
    """Say what the forecast rests on, and that the ranking uses the same."""
    st.caption(
        ngettext(
            "Rests on {n} past election, {first}. The same forecast, at the level that it "
            "suggests, stands in the ranking of the page Priorities.",
            "Rests on {n} past elections, back to {first}. The same forecast, at the level that "
            "past elections suggest, stands in the ranking of the page Priorities.",
            len(forecast.elections),
        ).format(n=number(len(forecast.elections)), first=election_name(forecast.elections[0]))
    )
    for note in forecast.notes:
        st.caption(plain(bureaux.by_name(translate(note))))


def levels_map(place: Workspace, shapes: Geometry | None, found: Outlook) -> None:
    """Show the forecast at the level asked for: départements, communes or bureaux."""
    level = levels.choose(place, found.units, drawn=shapes is not None)
    if level == BUREAU:
        if shapes is None:
            shapes = levels.squares(place, found.units)
        forecast_map(shapes, found)
        return
    table = abstention_by(place, found.forecast, level)
    value = (100 * table["abstention"]).round(1)
    look = levels.Look(
        _("Abstention expected (% of registered)"),
        value,
        tooltip=(
            _("{expected}% expected: about {abstainers} people"),
            _("{registered} registered in {bureaux} bureaux"),
        ),
        numbers={
            "expected": (value, 1),
            "abstainers": (table["abstainers"], 0),
            "registered": (table["registered"], 0),
            "bureaux": (table["bureaux"], 0),
        },
        columns={
            _("Abstention (%)"): value,
            _("Abstainers"): table["abstainers"].round(0),
            _("Registered"): table["registered"],
            _("Bureaux"): table["bureaux"],
        },
    )
    vintage = None if shapes is None else found.vintage
    levels.show(place, levels.Units(level, table, vintage), look, key="abstention.map")


def forecast_map(shapes: Geometry | None, found: Outlook) -> None:
    """Show where more are expected to stay home; a click brings the bureau into view."""
    label = _("Abstention expected (% of registered)")
    drawn = paint(shapes, found.forecast, label)
    bureaux.show_map(shapes, drawn, label=label, key="abstention.map")
    bureaux.without_contour(shapes, found.units)


def paint(shapes: Geometry | None, forecast: AbstentionForecast, label: str) -> Paint | None:
    """Return the colours of a forecast."""
    if shapes is None:
        return None
    table = forecast.table.set_index("bureau_id").reindex(shapes.ids)
    graded = classes(100 * table["abstention"], n=7, language=language())
    return Paint(
        graded.index,
        Legend(label, graded.palette[1:], graded.labels[1:], _("Not at the last election")),
        tooltip=(
            _("{expected}% expected [{low} to {high}]"),
            _("{registered} registered; seen at {past} elections"),
        ),
        numbers={
            "expected": Number(100 * table["abstention"], 1),
            "low": Number(100 * table["low_90"], 1),
            "high": Number(100 * table["high_90"], 1),
            "registered": Number(table["registered"]),
            "past": Number(table["past"]),
        },
    )


def forecast_list(found: Outlook) -> None:
    """Show the list, highest abstention first; bureaux without ground stand apart, last."""
    table = found.forecast.table.assign(label=found.units["label"].to_numpy())
    table = table.iloc[highest_first(found)]
    columns: dict[str, pd.Series] = {
        pgettext("list", "Abstention (%)"): (100 * table["abstention"]).round(1),
        _("from"): (100 * table["low_90"]).round(1),
        _("to"): (100 * table["high_90"]).round(1),
        _("Registered"): table["registered"],
        _("Abstainers"): (table["abstention"] * table["registered"]).round(0),
        _("Elections seen"): table["past"],
        _("Rests on"): bureaux.in_words(table["source"], source_name),
    }
    bureaux.show_list(table, columns, key="abstention.list", beside=True)


def about_list(found: Outlook) -> None:
    """Say what the intervals of the list hold, and which bureaux stand apart in it."""
    st.caption(
        _(
            "Intervals: 90% of bureaux should be counted inside, if the level of the whole place "
            "is right; they hold chance in the count, not the level's own error."
        )
    )
    bureaux.without_ground(found.units)
    table = found.forecast.table
    if new := int((table["source"] != "own").sum()):
        st.caption(
            ngettext(
                "{n} bureau has no past of its own: its interval is wider.",
                "{n} bureaux have no past of their own: their intervals are wider.",
                new,
            ).format(n=number(new))
        )


def highest_first(found: Outlook) -> np.ndarray:
    """Return the rows in the order of the list: highest abstention first, no ground last."""
    table, nowhere = found.forecast.table, ~found.units["reachable"].to_numpy(dtype=bool)
    return np.lexsort((table["bureau_id"].astype("str"), -table["abstention"].to_numpy(), nowhere))


def source_name(source: str) -> str:
    """Name the nearest place with a past."""
    names = {
        "own": _("own past"),
        "around": _("its neighbours and households"),
        "commune": _("its commune"),
        "department": _("its département"),
        "place": _("the whole place"),
    }
    return names.get(source, source)

"""The card of one bureau: what is expected, its past, and the fan of what may come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts.chart_words import of_terrain, short_name
from analysis.electorate.abstention.forecast import AbstentionForecast
from analysis.tables.elections import Election
from analysis.workflows.abstention import Outlook
from pages._ui import bureaux, state
from pages._ui.abstention.abstention_view import highest_first, source_name
from pages._ui.i18n import _, language, ngettext, number, percent
from pages._ui.messages import plain
from pages._ui.pictures import vega

_BLUE, _FAINT = "#236eb0", "#8d99a3"
FAN = ("low_50", "high_50", "low_90", "high_90")
_FROM_BUREAU = tuple((name, "bureau") for name in FAN)
# Empty places between the last election and the one to come, for the fan to open in.
_ROOM = 2


def bureau_card(found: Outlook) -> None:
    """Show the bureau in view, or the first of the list."""
    row = row_in_view(found)
    one = found.forecast.table.iloc[row]
    st.subheader(plain(bureaux.title_of(found.units.iloc[row])))
    if one["bureau_id"] != state.selected():
        bureaux.ask_for_another()
    _numbers(found.forecast, row)
    shown = past_and_fan(found, row)
    vega(shown, _chart(shown["election"].tolist()), width="stretch", height=300)
    st.caption(
        _(
            "Thick line: this bureau; thin line: the whole place; dashed: expected. The fan: 50% "
            "(dark) and 90% (pale) intervals. Older elections are brought onto today's bureaux "
            "where contours allow it."
        )
    )
    _split(found, row)


def row_in_view(found: Outlook) -> int:
    """Return the row of the bureau in view, else of the one that leads the list."""
    table = found.forecast.table
    rows = np.flatnonzero(table["bureau_id"].to_numpy() == state.selected())
    order = highest_first(found)
    return int(
        rows[0] if len(rows) else order[bureaux.first_listed(table["bureau_id"].iloc[order])]
    )


def _numbers(forecast: AbstentionForecast, row: int) -> None:
    one = forecast.with_level_error().iloc[row]
    st.markdown(
        _(
            "**{rate} expected**: about {people} of {registered} registered. Counted between "
            "{low_50} and {high_50} one time in two, between {low_90} and {high_90} nine times in "
            "ten, if the level of the whole place is right; between {low_all} and {high_all} with "
            "the level's own error."
        ).format(
            rate=percent(one["abstention"]),
            people=number(round(one["abstention"] * one["registered"])),
            registered=number(one["registered"]),
            **{
                name: percent(one[name])
                for name in ("low_50", "high_50", "low_90", "high_90", "low_all", "high_all")
            },
        )
    )
    st.caption(
        ngettext(
            "Rests on: {source}; seen at {n} past election.",
            "Rests on: {source}; seen at {n} past elections.",
            int(one["past"]),
        ).format(source=source_name(str(one["source"])), n=number(one["past"]))
    )


def _split(found: Outlook, row: int) -> None:
    if found.split is None:
        return
    one = found.split.iloc[row]
    st.markdown(
        _(
            "Constant abstainers: about **{constant}** of the registered (all that is known: "
            "between {low} and {high}); intermittent: about **{sometimes}** (all that is known: "
            "between {least} and {most})."
        ).format(
            constant=percent(one["constant"]),
            low=percent(one["constant_low"]),
            high=percent(one["constant_high"]),
            sometimes=percent(one["intermittent"]),
            least=percent(one["intermittent_low"]),
            most=percent(one["intermittent_high"]),
        )
    )


def past_and_fan(found: Outlook, row: int) -> pd.DataFrame:
    """Return what the picture shows, one row per election and some room for the fan.

    Returns
    -------
    pandas.DataFrame
        `election` (label); `bureau`, `place`: rates counted; `bureau_next`,
        `place_next` and `low_50` … `high_90`: what is expected, from the last election
        counted to the one to come.
    """
    forecast = found.forecast
    past = pd.DataFrame(
        {
            "election": [label(election) for election in found.series.elections],
            "bureau": found.series.rates[row],
            "place": found.series.levels,
        }
    )
    one = forecast.table.iloc[row]
    ends = {name: one[name] for name in FAN}
    coming = pd.DataFrame(
        {"bureau_next": one["abstention"], "place_next": forecast.level.value, **ends},
        index=[len(past) + _ROOM],
    ).assign(election=label(forecast.target))
    room = pd.DataFrame({"election": [" " * (n + 1) for n in range(_ROOM)]})
    table = pd.concat([past, room.set_index(room.index + len(past)), coming])
    # What is expected begins where counting ended.
    for name, known in (("bureau_next", "bureau"), ("place_next", "place"), *_FROM_BUREAU):
        if len(seen := past.index[past[known].notna()]):
            table.loc[seen[-1], name] = past.loc[seen[-1], known]
    return table


def label(election: Election) -> str:
    """Name an election in short lines, for the foot of a chart."""
    kind = short_name(election.kind, language())
    if kind == election.kind:
        return election.election_id
    once = election.kind in {"euro", "refe"} or (
        election.round == 1 and of_terrain(election.kind, language())
    )
    turn = "" if once else _("r. {n}").format(n=election.round)
    return "|".join([*kind.splitlines(), f"{election.date:%Y}", turn])


def _chart(elections: list[str]) -> dict[str, object]:
    axis = {
        "labelExpr": "split(datum.label, '|')",
        "labelAngle": 0,
        "labelFontSize": 9,
        "labelOverlap": "greedy",
        "title": None,
    }
    scale = {"domain": elections}
    x = {"field": "election", "type": "ordinal", "scale": scale, "sort": None, "axis": axis}
    percents = {"format": "%", "title": _("Abstention, % of registered")}

    def y(field: str) -> dict[str, object]:
        scale = {"zero": False, "nice": True}
        return {"field": field, "type": "quantitative", "axis": percents, "scale": scale}

    def fan(width: int, opacity: float) -> dict[str, object]:
        ends = {"y": y(f"low_{width}"), "y2": {"field": f"high_{width}"}}
        return {
            "transform": [{"filter": f"isValid(datum.low_{width})"}],
            "mark": {"type": "area", "color": _BLUE, "opacity": opacity},
            "encoding": {"x": x, **ends},
        }

    def line(field: str, colour: str, width: float) -> dict[str, object]:
        dash = [4, 3] if field.endswith("_next") else [1, 0]
        point = {"color": colour, "size": 25}
        tip = [
            {"field": "election", "title": _("Election")},
            {"field": field, "type": "quantitative", "format": ".1%", "title": _("Abstention")},
        ]
        return {
            "transform": [{"filter": f"isValid(datum.{field})"}],
            "mark": {
                **{"type": "line", "color": colour, "strokeWidth": width},
                **{"strokeDash": dash, "point": point},
            },
            "encoding": {"x": x, "y": y(field), "tooltip": tip},
        }

    return {
        "layer": [
            fan(90, 0.2),
            fan(50, 0.35),
            line("place", _FAINT, 1),
            line("place_next", _FAINT, 1),
            line("bureau", _BLUE, 2.5),
            line("bureau_next", _BLUE, 1.5),
        ],
    }

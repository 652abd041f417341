"""How well the forecast would have done: next to rules of thumb, and inside its intervals."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.electorate.abstention.backtest import MODEL, AbstentionBacktest
from analysis.tables.workspace import Workspace
from pages._ui import loaders
from pages._ui.abstention import coming_election as outlooks
from pages._ui.i18n import _, election_name, number, percent
from pages._ui.pictures import vega
from pages._ui.swing.two_elections import choose_one
from pages._ui.trial.number_tables import show_table

_BLUE, _ORANGE, _PALE = "#236eb0", "#b35806", "#9ecae1"
# Bureaux drawn; the tables and numbers rest on all of them.
_DOTS = 3000
# Bureaux that a share is drawn of: of a few, it is chance.
_LEAST = 20


def proof(place: Workspace) -> None:
    """Ask for a past election, and compare its forecast with what came."""
    known = loaders.table(str(place.path), place.digest, "elections").sort_values("date")
    past = known["election_id"].tolist()[:0:-1]
    if not past:
        st.info(_("One election alone: nothing can be looked back at."))
        return
    first = known.loc[known["round"] == 1, "election_id"].tolist()[1:]
    usual = first[-1] if first else past[0]
    election = choose_one(_("Look back at"), past, usual, key="a_back", show=election_name)
    found = outlooks.look_back(place, election)
    _verdict(found)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**" + _("Error against rules of thumb") + "**")
        _errors(found)
    with right:
        st.markdown("**" + _("Are the intervals kept?") + "**")
        _reliability(found)
    st.markdown("**" + _("Expected and counted, bureau by bureau") + "**")
    _dots(found)
    with st.expander(_("All numbers")):
        show_table(table(found), digits=3)


def _verdict(found: AbstentionBacktest) -> None:
    methods = found.methods.set_index("method")
    errors = methods["mae_points_common"].drop(MODEL)
    best = str(errors.idxmin())
    st.markdown(
        _(
            "Placed on the eve of **{target}**, with earlier elections only, and the level of the "
            "whole place set aside: the forecast is off by **{model} points** on average, the best "
            "rule of thumb ({rule}) by **{other} points**. Counting alone makes {floor}: no "
            "forecast can do better."
        ).format(
            target=election_name(found.target.election_id),
            model=number(methods.loc[MODEL, "mae_points_common"], 2),
            rule=method_name(best),
            other=number(errors[best], 2),
            floor=number(found.noise_floor_points, 2),
        )
    )
    if errors[best] < methods.loc[MODEL, "mae_points_common"]:
        st.warning(_("Here a rule of thumb did better than the forecast."))


def _errors(found: AbstentionBacktest) -> None:
    shown = found.methods.assign(
        name=found.methods["method"].map(method_name),
        ours=found.methods["method"] == MODEL,
        floor=found.noise_floor_points,
    )
    x = {"type": "quantitative", "title": _("Mean error (points)")}
    y = {
        "field": "name",
        "type": "nominal",
        "sort": {"field": "mae_points_common"},
        "title": None,
        "axis": {"labelLimit": 220},
    }
    ours = {"condition": {"test": "datum.ours", "value": _BLUE}, "value": _PALE}
    tip = [{"field": "mae_points_common", "format": ".2f", "title": _("Mean error (points)")}]
    vega(
        shown,
        {
            "layer": [
                {
                    "mark": "bar",
                    "encoding": {
                        "x": {"field": "mae_points_common", **x},
                        "y": y,
                        "color": ours,
                        "tooltip": tip,
                    },
                },
                {
                    "mark": {"type": "rule", "color": _ORANGE, "strokeDash": [4, 3]},
                    "encoding": {"x": {"field": "floor", "aggregate": "max", **x}},
                },
            ],
        },
        height=380,
    )
    st.caption(_("Dashed: what counting alone makes. Weighted by registered voters."))


def _reliability(found: AbstentionBacktest) -> None:
    """Draw how many bureaux came inside the intervals that promised 50% and 90%."""
    groups = counted_groups(found, least=_LEAST)
    rows = [
        {"promised": share / 100, "covered": coverage(found, share, suffix), "group": group}
        for share in (50, 90)
        for suffix, group in groups.items()
    ]
    y = {
        "field": "covered",
        "type": "quantitative",
        "axis": {"format": "%"},
        "scale": {"domain": [0, 1]},
        "title": _("Bureaux that came inside"),
    }
    x = {
        "field": "promised",
        "type": "quantitative",
        "axis": {"format": "%", "values": [0, 0.5, 0.9]},
        "scale": {"domain": [0, 1]},
        "title": _("Promised by the interval"),
    }
    group = {
        "field": "group",
        "type": "nominal",
        "title": None,
        "sort": list(groups.values()),
        "scale": {"range": [_BLUE, _ORANGE, "#542788"]},
        "legend": {"orient": "bottom", "columns": 1, "labelLimit": 300},
    }
    ideal = {"values": [{"promised": 0, "covered": 0}, {"promised": 1, "covered": 1}]}
    vega(
        pd.DataFrame(rows),
        {
            "layer": [
                {
                    "data": ideal,
                    "mark": {"type": "line", "color": "#8d99a3", "strokeDash": [4, 3]},
                    "encoding": {"x": x, "y": y},
                },
                {
                    "mark": {"type": "point", "filled": True, "size": 110},
                    "encoding": {
                        "x": x,
                        "y": y,
                        "color": group,
                        "shape": {**group, "scale": {"range": ["circle", "square", "diamond"]}},
                        "tooltip": [
                            {"field": "group", "title": _("Bureaux")},
                            {"field": "covered", "format": ".1%", "title": _("Came inside")},
                        ],
                    },
                },
            ],
        },
        height=380,
    )
    st.caption(_("On the dashed line, an interval keeps exactly what it promises."))


def coverage(found: AbstentionBacktest, share: int, suffix: str) -> float:
    """Return the share of bureaux inside the forecast's interval of `share` percent."""
    own = found.methods[found.methods["method"] == MODEL]
    return float(own[f"coverage_{share}{suffix}"].iloc[0])


def group_names() -> dict[str, str]:
    """Name the sizes of bureaux that coverage is told for."""
    return {
        "": _("All bureaux"),
        "_small": _("Under 800 registered"),
        "_large": _("800 registered and more"),
    }


def counted_groups(found: AbstentionBacktest, *, least: int = 1) -> dict[str, str]:
    """Name the sizes of bureaux, each with how many there are; those of fewer are left out."""
    own = found.methods[found.methods["method"] == MODEL].iloc[0]
    counts = {suffix: int(own[f"n{suffix or '_judged'}"]) for suffix in group_names()}
    return {
        suffix: _("{group} ({n})").format(group=group, n=number(counts[suffix]))
        for suffix, group in group_names().items()
        if counts[suffix] >= least
    }


def _dots(found: AbstentionBacktest) -> None:
    bureaux = found.bureaux
    if len(bureaux) > _DOTS:
        bureaux = bureaux.iloc[:: len(bureaux) // _DOTS + 1]
    axis = {"format": "%"}
    scale = {"zero": False}

    def rate(field: str, title: str) -> dict[str, object]:
        shown = {"axis": axis, "scale": scale, "title": title}
        return {"field": field, "type": "quantitative", **shown}

    low, high = bureaux["expected"].min(), bureaux["expected"].max()
    ends = {"values": [{"expected": low, "came": low}, {"expected": high, "came": high}]}
    x, y = rate("expected", _("Expected")), rate("came", _("Counted"))
    tips = [
        {"field": "bureau_id", "title": _("Bureau")},
        {"field": "expected", "format": ".1%", "title": _("Expected")},
        {"field": "came", "format": ".1%", "title": _("Counted")},
    ]
    vega(
        bureaux,
        {
            "layer": [
                {
                    "mark": {"type": "circle", "color": _BLUE, "opacity": 0.5, "size": 30},
                    "encoding": {"x": x, "y": y, "tooltip": tips},
                },
                {
                    "data": ends,
                    "mark": {"type": "line", "color": _ORANGE, "strokeDash": [4, 3]},
                    "encoding": {"x": x, "y": y},
                },
            ],
        },
        height=360,
    )


def table(found: AbstentionBacktest) -> pd.DataFrame:
    """Return the table of methods as it is shown."""
    methods = found.methods
    points = {
        "mae_points": _("Mean error (points)"),
        "rmse_points": _("Root mean square (points)"),
        "mae_points_common": _("Mean error, same bureaux (points)"),
    }
    shares = {
        f"coverage_{share}{suffix}": f"{percent(share / 100, 0)} · {group}"
        for share in (50, 90)
        for suffix, group in counted_groups(found).items()
    }
    return pd.DataFrame(
        {
            _("Method"): methods["method"].map(method_name),
            _("Bureaux"): methods["n"],
            **{title: methods[name].round(2) for name, title in points.items()},
            _("Rank correlation"): methods["spearman"].round(3),
            **{title: (100 * methods[name]).round(1) for name, title in shares.items()},
        }
    )


def method_name(method: str) -> str:
    """Name the forecast, or a rule of thumb."""
    names = {
        MODEL: _("This forecast"),
        "last": _("Last election"),
        "last_of_kind": _("Last of the same kind"),
        "mean_of_kinds": _("Mean of the last of each kind"),
        "mean_of_last_two": _("Mean of the last two"),
    }
    return names.get(method, method)

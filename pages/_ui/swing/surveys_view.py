"""Published surveys beside the estimate: both figures, the interval, and where they part."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.electorate.transfers import Transfers
from analysis.electorate.transfers.survey_fit import Survey
from analysis.electorate.transfers.surveys import survey_in
from pages._ui.i18n import _, ngettext, number, option_name, percent
from pages._ui.messages import plain
from pages._ui.pictures import vega
from pages._ui.trial.number_tables import show_table

_BLUE, _PALE, _ORANGE = "#236eb0", "#9ecae1", "#b35806"


def own_survey() -> Survey | None:
    """Ask for a survey of one's own to join to the counts; None without one."""
    with st.expander(_("Join a survey of your own")):
        file = st.file_uploader(
            _("Survey (CSV)"),
            type=["csv", "txt"],
            key="transfers.survey",
            help=_(
                "Columns: origin, destination (options as in the table, or “neither”), share of "
                "the origin, n persons asked of that origin."
            ),
        )
        st.caption(
            _(
                "The estimate then meets the totals of every bureau and strays least from both "
                "counts and survey, each weighed by its own error."
            )
        )
    return survey_in(file.name, file.getvalue()) if file else None


def surveys(beside: pd.DataFrame, found: Transfers, survey: Survey | None) -> None:
    """Show estimate, interval and surveys side by side, and say where they part."""
    parted = int(beside["apart"].sum())
    if parted:
        st.warning(
            ngettext(
                "{n} survey figure of {all} lies outside the interval ({level}) of the estimate.",
                "{n} survey figures of {all} lie outside the interval ({level}) of the estimate.",
                parted,
            ).format(n=number(parted), all=number(len(beside)), level=percent(found.level, 0))
        )
    else:
        st.info(
            _("All {all} survey figures lie within the interval ({level}) of the estimate.").format(
                all=number(len(beside)), level=percent(found.level, 0)
            )
        )
    named = beside.assign(cell=[_cell(row) for row in beside.itertuples()])
    vega(
        named[["cell", "share", "estimate", "lower", "upper", "institute", "published"]],
        _chart(),
        width="stretch",
    )
    show_table(table(beside), digits=1)
    if survey:
        others = bool((beside["source"] != "").any())
        told = (
            _("“{name}” is joined to the estimate; the others are not.")
            if others
            else _("“{name}” is joined to the estimate.")
        )
        st.caption(told.format(name=plain(survey.name)))
    beside = beside[beside["source"] != ""]
    if beside.empty:
        return
    st.caption(
        _(
            "Surveys ask all of France what a person chose and will choose: intentions change, and "
            "not everybody remembers. In a town, voters may differ from the country's. Nothing of "
            "these published figures is in the estimate; their scatter is what widens its "
            "intervals."
        )
    )
    sources = beside.drop_duplicates("source")
    st.caption(
        _("Sources: {sources}").format(
            sources=" · ".join(
                plain(f"{row.institute} {row.published}: {row.source}")
                for row in sources.itertuples()
            )
        )
    )


def table(beside: pd.DataFrame) -> pd.DataFrame:
    """Return the figures as they are shown: names in words, shares in percent."""

    def points(name: str) -> pd.Series:
        return (100 * beside[name]).round(1)

    return pd.DataFrame(
        {
            _("First election"): beside["origin"].map(option_name),
            _("Second election"): beside["destination"].map(_destination),
            _("Survey (%)"): points("share"),
            _("Estimate (%)"): points("estimate"),
            _("from (%)"): points("lower"),
            _("to (%)"): points("upper"),
            _("They part"): beside["apart"],
            _("Institute"): beside["institute"],
            _("Published"): beside["published"],
        }
    )


def _cell(row: object) -> str:
    origin, destination = str(getattr(row, "origin", "")), str(getattr(row, "destination", ""))
    return _("{origin} → {destination}").format(
        origin=option_name(origin), destination=_destination(destination)
    )


def _destination(name: str) -> str:
    return _("neither (abstention, blank, null)") if name == "neither" else option_name(name)


def _chart() -> dict[str, object]:
    """Return the chart: a line for the interval, a dot for the estimate, a diamond a survey."""
    y = {
        "field": "cell",
        "type": "nominal",
        "sort": None,
        "title": None,
        # An arrow ends a line, so that a telephone has room for the chart.
        "axis": {"labelLimit": 150, "labelExpr": "split(datum.label, '→ ')", "labelLineHeight": 12},
    }

    def x(field: str) -> dict[str, object]:
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": [0, 1]},
            "title": _("Share of these voters"),
            "axis": {"format": "%", "tickCount": 5},
        }

    tips = [
        {"field": "institute", "title": _("Institute"), "type": "nominal"},
        {"field": "published", "title": _("Published"), "type": "nominal"},
        {"field": "share", "title": _("Survey"), "type": "quantitative", "format": ".0%"},
        {"field": "estimate", "title": _("Estimate"), "type": "quantitative", "format": ".1%"},
    ]
    survey = {"type": "point", "shape": "diamond", "filled": True, "size": 80, "color": _ORANGE}
    return {
        "layer": [
            {
                "mark": {"type": "rule", "color": _PALE, "strokeWidth": 7},
                "encoding": {"y": y, "x": x("lower"), "x2": {"field": "upper"}},
            },
            {
                "mark": {"type": "point", "filled": True, "color": _BLUE, "size": 90},
                "encoding": {"y": y, "x": x("estimate")},
            },
            {"mark": survey, "encoding": {"y": y, "x": x("share"), "tooltip": tips}},
        ],
        "height": {"step": 34},
    }

"""What goes with a share, on screen: effects, curves, what is left over, models, files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from analysis.charts import explain_charts as charts
from analysis.electorate.explain.covariates import is_share
from analysis.electorate.explain.term_words import labelled, model_label
from analysis.errors import Text
from analysis.exports.model_export import Finding, Written
from analysis.tables.workspace import Workspace
from analysis.workflows.explain_bureaux import Question
from analysis.workflows.explain_files import TABLES, better_elsewhere, finding, notes_of
from analysis.workflows.explaining import Explanation
from pages._ui import bureaux, file_downloads
from pages._ui.bureau_map import Geometry, Legend, Number, Paint
from pages._ui.explain.explain_choices import (
    choose_terms,
    covariate_name,
    explanation,
    geometry,
)
from pages._ui.i18n import _, language, ngettext, number, percent, signed
from pages._ui.messages import plain, translate
from pages._ui.pictures import vega
from pages._ui.swing.two_elections import choose_one
from pages._ui.trial.number_tables import show_table

_BLUE, _GREY = "#236eb0", "#8fa3b5"
# Words of an interval that leaves out nought: what a team may repeat.
_MOST_SENTENCES = 3


def goes_with(place: Workspace, asked: Question) -> None:
    """Show what goes with an abstention or a swing.

    Parameters
    ----------
    place
        The workspace.
    asked
        What is to be explained; with what is asked here.
    """
    asked = choose_terms(place, asked)
    found = explanation(place, asked)
    st.warning(plain(translate(notes_of(found, language())[0])))
    _numbers(found)
    if better := better_elsewhere(found, language()):
        st.info(plain(translate(better)))
    _effects(found)
    _curves(found)
    _left_over(place, found)
    _models(found)
    _files(place, found)


def _numbers(found: Explanation) -> None:
    columns = st.columns(4)
    columns[0].metric(_("Bureaux compared"), number(len(found.fitted.data)))
    columns[1].metric(
        _("Differences explained"),
        percent(found.fitted.explained, 0),
        help=_("Share of the differences between bureaux that the model accounts for."),
    )
    models = found.comparison.table
    columns[2].metric(
        _("Error elsewhere"),
        _("{n} points").format(n=number(models["held_out"].iloc[-1], 1)),
        help=_(
            "Mean error in parts of the place that the model had not seen; without any covariate "
            "it is {n} points."
        ).format(n=number(models["held_out"].iloc[0], 1)),
    )
    if found.dependence is not None:
        columns[3].metric(
            _("Likeness of neighbours (Moran’s I)"),
            number(found.dependence.moran, 2),
            help=_("Of what is left over. By chance alone: p = {p}.").format(
                p=number(found.dependence.p_value, 3)
            ),
        )


def _effects(found: Explanation) -> None:
    st.subheader(_("A typical difference, in points"))
    vega(effect_rows(found), _effect_spec(), width="stretch")
    for row in sentences(found):
        st.markdown(f"- {row}")
    st.caption(
        _(
            "Each line: from the lower to the upper quarter of the registered, the other "
            "covariates as they are. Blue: the 95% interval leaves out nought."
        )
    )


def effect_rows(found: Explanation) -> pd.DataFrame:
    """Return what the chart of effects shows, one row per effect."""
    effects = found.effects
    return pd.DataFrame(
        {
            "label": [
                text.replace("\n", "|") for text in charts.effect_labels(effects, language())
            ],
            "points": effects["points"],
            "lower": effects["lower"],
            "upper": effects["upper"],
            "sure": effects["lower"] * effects["upper"] > 0,
        }
    )


def _effect_spec() -> dict[str, object]:
    axis = {
        "labelExpr": "split(datum.label, '|')",
        "title": None,
        "labelLimit": 210,
        "labelFontSize": 11,
    }
    y = {"field": "label", "type": "ordinal", "sort": None, "axis": axis}
    title = _("points")
    x = {"field": "points", "type": "quantitative", "axis": {"title": title, "format": "+.1f"}}
    colour = {"condition": {"test": "datum.sure", "value": _BLUE}, "value": _GREY}
    ends = {"x": {**x, "field": "lower"}, "x2": {"field": "upper"}}
    tip = [
        {"field": name, "type": "quantitative", "format": "+.1f", "title": word}
        for name, word in (("points", title), ("lower", _("from")), ("upper", _("to")))
    ]
    shared = {"y": y, "color": colour, "tooltip": tip}
    return {
        "height": {"step": 44},
        "layer": [
            {"mark": {"type": "rule", "color": _GREY}, "encoding": {"x": {"datum": 0}}},
            {"mark": {"type": "rule", "strokeWidth": 3}, "encoding": {**shared, **ends}},
            {"mark": {"type": "point", "filled": True, "size": 80}, "encoding": {**shared, "x": x}},
        ],
    }


def sentences(found: Explanation) -> list[str]:
    """Say the largest effects that are no chance, as a team may repeat them."""
    effects, parts = found.effects, ("points", "lower", "upper")
    sure = effects[effects["lower"] * effects["upper"] > 0]
    largest = sure["points"].abs().sort_values(ascending=False, kind="stable").index
    text = (
        _("**{name}**, from {start} to {end}: {points} points of abstention ({lower} to {upper}).")
        if found.asked.what == "abstention"
        else _("**{name}**, from {start} to {end}: {points} points of swing ({lower} to {upper}).")
    )
    return [
        text.format(
            name=plain(covariate_name(name)),
            start=charts.value_text(name, start, language()),
            end=charts.value_text(name, end, language()),
            **{part: signed(float(effects.loc[row, part]), 1) for part in parts},
        )
        for row in largest[:_MOST_SENTENCES]
        for name, start, end in [effects.loc[row, ["name", "start", "end"]]]
    ]


def _curves(found: Explanation) -> None:
    for name in dict.fromkeys(found.curves["name"]):
        part = found.curves[found.curves["name"] == name].drop(columns="name")
        st.markdown(f"**{plain(covariate_name(str(name)))}**")
        axis = {"title": None, **({"format": ".0%"} if is_share(str(name)) else {})}
        x = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": False}}
        y = {"field": "points", "type": "quantitative", "axis": {"title": _("points")}}
        band = {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}}
        vega(
            part,
            {
                "layer": [
                    {"mark": {"type": "area", "color": _BLUE, "opacity": 0.2}, "encoding": band},
                    {"mark": {"type": "line", "color": _BLUE}, "encoding": {"x": x, "y": y}},
                ]
            },
            width="stretch",
            height=240,
        )
    if len(found.curves):
        st.caption(_("Points of the share, next to where the covariate is at its middle."))


def _left_over(place: Workspace, found: Explanation) -> None:
    st.subheader(_("What is left over"))
    shapes = geometry(place, found)
    label = _("What the model does not explain (points)")
    bureaux.show_map(shapes, paint(shapes, found, label), label=label, key="map.left_over")
    for note in notes_of(found, language())[1:]:
        if note != better_elsewhere(found, language()):
            st.caption(plain(bureaux.by_name(translate(note))))
    for reason in found.left_out:
        text = ngettext(
            "{n} bureau is left out: {why}.", "{n} bureaux are left out: {why}.", reason.count
        )
        st.caption(text.format(n=number(reason.count), why=plain(translate(_named(reason.reason)))))


def _named(reason: str) -> str:
    """Name the covariates in a reason as the page does."""
    if not isinstance(reason, Text):
        return reason
    return reason.with_values(lambda names: ", ".join(map(covariate_name, names.split(", "))))


def paint(shapes: Geometry | None, found: Explanation, label: str) -> Paint | None:
    """Return the colours of what a model leaves over, around nought."""
    if shapes is None:
        return None
    table = 100 * found.bureaux.set_index("bureau_id")[["value", "fitted", "residual"]].reindex(
        shapes.ids
    )
    graded, colours = charts.graded_residuals(table["residual"], language())
    return Paint(
        graded.index,
        Legend(label, colours, graded.labels[1:], _("Not in the model")),
        tooltip=(_("{value} points; the model says {fitted}, and {residual} is left over"),),
        numbers={name: Number(table[name], 1) for name in table},
    )


def _models(found: Explanation) -> None:
    st.subheader(_("Models side by side"))
    show_table(model_rows(found), fewer={_("Explained (%)"): 1}, digits=2, width="stretch")
    by = {
        "department_id": _("département by département"),
        "commune_id": _("commune by commune"),
        "arrondissement": _("arrondissement by arrondissement"),
    }.get(found.comparison.held_out_by, _("ten parts by lot"))
    st.caption(
        _(
            "Error elsewhere: mean error, in points, where the model had not seen the part ({by}, "
            "{n} in all). {criterion}: lower is better within this table."
        ).format(by=by, n=found.comparison.folds, criterion=found.comparison.criterion or "AIC")
    )
    with st.expander(_("All coefficients, and their errors of four kinds")):
        show_table(coefficient_rows(found), width="stretch")
        if (near := found.dependence) is not None and near.model is not None:
            st.markdown(
                _("With the neighbours ({kind}, strength {n}), in points of the share:").format(
                    kind=near.model.kind, n=number(near.model.strength, 2)
                )
            )
            show_table(_in_words(near.model.to_frame(), found), digits=3, width="stretch")


def coefficient_rows(found: Explanation) -> pd.DataFrame:
    """Return the coefficients as they are shown: the numbers of statsmodels, columns by name."""
    return _in_words(found.to_frame().drop(columns="term"), found)


def _in_words(table: pd.DataFrame, found: Explanation) -> pd.DataFrame:
    heads = {
        "in_words": _("Column"),
        "estimate": _("Coefficient"),
        "std_error": _("Standard error"),
        "statistic": "t",
        "p_value": "p",
        "lower": _("from"),
        "upper": _("to"),
        "se_classical": _("Error, bureaux alike"),
        "se_hc": _("Error, unlike (HC)"),
        "se_cluster": _("Error, by commune"),
        "se_conley": _("Error, by distance (Conley)"),
        "vif": "VIF",
        "total": _("With the neighbours’ echo"),
    }
    return labelled(table, found.names, language()).drop(columns="column").rename(columns=heads)


def model_rows(found: Explanation) -> pd.DataFrame:
    """Return the table of models as it is shown."""
    table = found.comparison.table
    columns: dict[str, object] = {
        _("Model"): [model_label(str(name), found.names, language()) for name in table["model"]],
        _("Columns"): table["columns"],
        _("Explained (%)"): (100 * table["explained"]).round(1),
        _("Error elsewhere (points)"): table["held_out"].round(2),
    }
    if found.comparison.criterion:
        columns[found.comparison.criterion] = table["criterion"].round(0)
    return pd.DataFrame(columns)


def _files(place: Workspace, found: Explanation) -> None:
    file_downloads.promise()
    asked = found.asked
    name = f"palier_{asked.what}_{asked.election}"
    names = {
        "effects": _("Typical differences"),
        "coefficients": _("Coefficients"),
        "models": _("Models side by side"),
        "curves": _("Curves"),
        "neighbours": _("Neighbours"),
        "bureaux": _("Bureaux, with what is left over"),
    }
    absent = {"neighbours": found.dependence is None, "curves": found.curves.empty}
    there = [table for table in TABLES if not absent.get(table)]
    which = choose_one(_("Which table"), there, "effects", key="e_table",
                       show=lambda one: names.get(one, one))  # fmt: skip

    def make(table: str, figure: str, how: Written) -> Finding:
        return finding(place, found, table=table, figure=figure, written=how)

    offered: Callable[[str, Written], Finding] = partial(make, which)
    drawn = found.vintage is not None
    notes = map(translate, notes_of(found, language()))
    file_downloads.offer_table(
        offered,
        f"{name}_{which}",
        key="explain",
        notes=notes,
        places=drawn if which == "bureaux" else None,
    )
    figures = {"effects": _("Typical differences")}
    if len(found.curves):
        figures["curves"] = _("Curves")
    if drawn:
        figures["residuals"] = _("Map of what is left over")
    file_downloads.offer_figures(offered, name, key="explain", figures=figures)

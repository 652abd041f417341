"""Subgroups on screen: those the plan announced, and those that are only looked at."""

from __future__ import annotations

import streamlit as st

from analysis.experiments import guess_columns
from analysis.experiments.analysis_spec import Spec
from pages._ui.i18n import _, language
from pages._ui.impact import load_impact as impacts
from pages._ui.impact.source import Source
from pages._ui.pictures import figure
from pages._ui.trial.number_tables import show_table


def groups(source: Source, spec: Spec, outcome: str) -> None:
    """Ask for columns to split by, and show the effect in each group."""
    found = impacts.found(source)
    used = {*spec.outcomes, spec.assigned, spec.block, spec.unit}
    promised = [name for name in found.promised if name in found.table]
    options = [
        *promised,
        *(n for n in guess_columns.numeric(found.table) if n not in used | set(promised)),
    ]
    names = st.multiselect(
        _("Split by"),
        options,
        default=promised,
        key=f"impact.groups.{source.kind}",
        help=_(
            "Numbers are cut into thirds. What the sealed plan did not announce is exploratory."
        ),
        placeholder=_("Choose one or more"),
    )
    if lost := [name for name in found.promised if name not in found.table]:
        st.warning(
            _("The plan announced subgroups that the table does not hold: {names}.").format(
                names=", ".join(lost)
            )
        )
    if not names:
        st.info(_("Choose a column: towns and villages, thirds of abstention × support…"))
        return
    from analysis.charts.trial_charts import subgroup_plot

    result = impacts.subgroups(source, spec, tuple(names))
    figure(subgroup_plot, "impact_groups", result, outcome, language=language())
    for line in result.summary(language()).splitlines()[len(result.found) :]:
        st.markdown(f"- {line}".replace("_", r"\_"))
    table = result.to_frame(language())
    standing = {True: _("announced"), False: _("exploratory")}
    points = ["estimate", "std_error", "lower", "upper"]
    told = table.assign(
        declared=table["declared"].map(standing), **{n: (100 * table[n]).round(2) for n in points}
    )
    labels = {
        "column": _("Column"),
        "group": _("Group"),
        "declared": _("Standing"),
        "outcome": _("Outcome"),
        "estimate": _("Assignment (points)"),
        "lower": _("from"),
        "upper": _("to"),
        "p_value": "p",
        "p_holm": "Holm",
        "treated": _("To canvass"),
        "control": _("Held back"),
    }
    show_table(told[list(labels)].rename(columns=labels))

"""How 0.4 becomes 3: an effect of assignment divided by the difference in the share reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.errors import DataError
from analysis.experiments.estimates import Estimate
from analysis.experiments.pons_2012.published import published
from analysis.experiments.pons_2012.reproduction import from_assignment_to_reached
from pages._ui import state
from pages._ui.i18n import _, language, number, signed
from pages._ui.pictures import figure
from pages._ui.points import load_points

_WIDE = 1.96  # half-width of a 95% interval in standard errors


def arithmetic(path: str) -> None:
    """Let the share reached be changed, and show how 0.4 becomes 3."""
    st.subheader(_("3. How 0.4 becomes 3"))
    st.markdown(
        _(
            "Dividing an effect by the difference in the share reached gives the effect *among "
            "those reached*, if nothing else changed. The smaller that difference, the larger the "
            "number, and the larger its uncertainty. Move the sliders."
        )
    )
    assignment = _assignment(path)
    treated, control = _shares()
    gap = (treated - control) / 100
    try:
        reached = float(from_assignment_to_reached(assignment.value, [gap])["reached"].iloc[0])
    except DataError:
        st.warning(_("More must be reached where the lot sent teams than where it did not."))
        return
    allocation = _allocation(path)
    columns = st.columns(3)
    columns[0].metric(_("Assignment: all drawn areas"), points(assignment.value))
    columns[1].metric(_("Allocation: areas on a list"), points(allocation))
    columns[2].metric(
        _("Coverage: those reached"),
        points(reached),
        help=_("{assignment} divided by {gap} points of difference in the share reached.").format(
            assignment=points(assignment.value), gap=number(100 * gap, 1)
        ),
    )
    ends = sorted(end / gap for end in assignment.interval)
    st.caption(
        _("95% interval among those reached, the share taken as known: {low} to {high}.").format(
            low=points(ends[0]), high=points(ends[1])
        )
        + " "
        + _("The paper, from more decimals than it prints, has {reached} at round 1.").format(
            reached=points(published()["coverage"]["among_reached"])
        )
    )
    from analysis.charts.trial_charts import reach_chart

    press = published()["press"]["claim"]
    figure(reach_chart, "points_arithmetic", assignment, gap, press=press, language=language())


def points(value: float) -> str:
    """Write a share as points with its sign."""
    return _("{points} points").format(points=signed(100 * value, 2))


def _assignment(path: str) -> Estimate:
    facts = published()
    names = {
        "adjusted": _("Published, adjusted for all controls"),
        "plain": _("Published, without controls"),
        "ours": _("Ours, on the areas above"),
    }
    key = "p_effect"
    state.recall(key, "adjusted")
    if st.session_state[key] not in names:
        state.answer_with(key, "adjusted")
    chosen = st.radio(
        _("Effect of assignment on Hollande, round 1"),
        list(names),
        format_func=names.__getitem__,
        key=key,
        horizontal=True,
    )
    state.remember(key, chosen, "adjusted")
    ours = load_points.reproduction(path).impact.pick("hollande_r1")
    if chosen == "ours":
        return ours
    table = "assignment_adjusted" if chosen == "adjusted" else "assignment"
    value, error = facts[table]["hollande_r1"]
    return replace(ours, value=value, interval=(value - _WIDE * error, value + _WIDE * error))


def _allocation(path: str) -> float:
    facts, chosen = published(), st.session_state["p_effect"]
    if chosen == "ours":
        return load_points.reproduction(path).impact.pick("hollande_r1", "allocation").value
    table = "allocation_adjusted" if chosen == "adjusted" else "allocation"
    return float(facts[table]["hollande_r1"][0])


def _shares() -> tuple[float, float]:
    usual = round_one()
    left, right = st.columns(2)
    return (
        _share(left, _("Reached where the lot sent teams (%)"), "p_treated", usual[0]),
        _share(right, _("Reached where it did not (%)"), "p_control", usual[1]),
    )


def round_one() -> tuple[float, float]:
    """Return the shares reached at round 1, in percent: treated and control areas."""
    facts: dict[str, Any] = published()
    control = facts["reached"]["round_1"]["control"]
    # The multiplier of the archive is one over the difference.
    return round(100 * (control + 1 / facts["coverage"]["m1"]), 2), round(100 * control, 2)


def _share(column: Any, label: str, key: str, usual: float) -> float:  # noqa: ANN401 - a column
    state.recall(key, usual)
    state.answer_with(key, min(max(float(st.session_state[key]), 0.0), 100.0))
    begins = st.session_state[key]
    answer = float(column.slider(label, 0.0, 100.0, begins, step=0.01, format="localized", key=key))
    state.remember(key, answer, usual)
    return answer

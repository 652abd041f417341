"""Which column of a table is what: guessed, and corrected by the user."""

from __future__ import annotations

import streamlit as st

from analysis.experiments import guess_columns
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.estimators import KINDS
from analysis.workflows.trial_results import TrialTable
from pages._ui.i18n import _

_NONE = ""
_ROLES = ("unit", "assigned", "received", "reached", "block", "cluster", "weight")
AUTO = "auto"


def choose(found: TrialTable, *, sealed: bool, key: str) -> Spec | None:
    """Ask which columns hold what; None while there is no outcome or no arm.

    Parameters
    ----------
    found
        The table, and what is known of it.
    sealed
        Whether arms and blocks come from a seal.
    key
        Names the table: another table starts from its own guesses.
    """
    table = found.table
    chosen = {role: guess_columns.column_for(role, table) for role in _ROLES}
    if sealed:
        chosen |= {"assigned": _NONE, "block": _NONE, "cluster": _NONE}
    numbers = guess_columns.numeric(table)
    taken = set(chosen.values())
    options = [name for name in numbers if name not in taken or name == chosen["weight"]]
    known = [name for name in found.outcomes if name in options]
    if empty := [name for name in found.outcomes if name not in options]:
        st.caption(_("No unit has a value of: {names}.").format(names="; ".join(empty)))
    outcomes = st.multiselect(
        _("Outcomes"),
        options,
        default=known if found.outcomes else guess_columns.outcomes(table, taken),
        key=f"{key}.outcomes",
        help=_("Turnout, votes: shares between 0 and 1 are told in points."),
        placeholder=_("Choose one or more"),
    )
    asked = ("received", "reached", "weight") if sealed else _ROLES[1:]
    names = [_NONE, *map(str, table.columns)]
    for role in asked:
        chosen[role] = _column(role, names, chosen[role], key)
    covariates = st.multiselect(
        _("Known before the draw, to adjust for"),
        found.before
        or [n for n in numbers if n not in {*outcomes, chosen["assigned"], chosen["received"]}],
        default=found.covariates,
        key=f"{key}.covariates",
        help=_("The result of an earlier election, for one."),
        placeholder=_("None"),
    )
    before = True if found.before else None
    if covariates and not found.before:
        before = _before(key)
    with st.expander(_("Finer settings")):
        chosen["unit"] = _column("unit", names, chosen["unit"], key)
        error, gap = _finer(key, asks_gap=not chosen["reached"])
    if not outcomes or not (chosen["assigned"] or sealed):
        st.info(_("Say which column is the outcome, and which the arm that was drawn (0 or 1)."))
        return None
    return Spec(
        outcomes=tuple(outcomes),
        covariates=tuple(covariates),
        estimator=found.estimator,
        lagged=tuple(pair for pair in found.lagged if pair[0] in outcomes),
        std_error=error,
        gap=gap,
        measured_before=before,
        assigned=chosen["assigned"] or "assigned",
        received=chosen["received"],
        reached=chosen["reached"],
        block=chosen["block"],
        cluster=chosen["cluster"],
        weight=chosen["weight"],
        unit=chosen["unit"],
    )


def _column(role: str, names: list[str], usual: str, key: str) -> str:
    labels = {
        "unit": (_("Name of the unit"), _("A code that no two rows share.")),
        "assigned": (
            _("Arm that was drawn (0 or 1)"),
            _("1: drawn to be canvassed; 0: held back."),
        ),
        "received": (
            _("Carried out (0 to 1)"),
            _("On a team's list, or canvassed: needed for the effect of allocation."),
        ),
        "reached": (
            _("Share reached (0 to 1)"),
            _("Of the registered, in every bureau, controls included: needed for coverage."),
        ),
        "block": (_("Block of the draw"), _("Arms are compared inside each block.")),
        "cluster": (_("Drawn together"), _("Units that the lot treated as one.")),
        "weight": (_("Weight (registered)"), _("Adds weighted estimates beside the others.")),
    }
    label, told = labels[role]
    return str(
        st.selectbox(
            label,
            names,
            index=names.index(usual) if usual in names else 0,
            format_func=lambda name: name or _("None"),
            key=f"{key}.{role}",
            help=told,
        )
    )


def _before(key: str) -> bool | None:
    answers = {"unsaid": _("I do not know"), "yes": _("Yes"), "no": _("No")}
    said = st.radio(
        _("Were they measured before the draw?"),
        list(answers),
        format_func=answers.__getitem__,
        key=f"{key}.before",
        horizontal=True,
    )
    return {"yes": True, "no": False}.get(said)


def _finer(key: str, *, asks_gap: bool) -> tuple[str | None, float | None]:
    kind = st.selectbox(
        _("Standard error of the intervals"),
        [AUTO, *KINDS],
        format_func=lambda one: (
            _("The usual one (HC1; HC2 where a unit is alone in its arm; CR2 with clusters)")
            if one == AUTO
            else one
        ),
        key=f"{key}.error",
    )
    gap = None
    if asks_gap:
        gap = st.number_input(
            _("Difference in the share reached, if known (points)"),
            min_value=0.1,
            max_value=100.0,
            value=None,
            step=0.1,
            key=f"{key}.gap",
            help=_("From a survey or from doors counted by arm: gives the effect of coverage."),
        )
    return (None if kind == AUTO else kind), (gap / 100 if gap else None)

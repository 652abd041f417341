"""Sealed designs by name: whose votes, which election, since when, and what they announce."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence

import streamlit as st

from analysis.errors import DataError
from analysis.experiments.trial_words import outcome_name
from analysis.tables.workspace import Workspace
from analysis.workflows.sealed_trials import Trial
from analysis.workflows.trial_results import scenario_sealed_with
from pages._ui.i18n import _, bloc_name, date, election_name, language, number
from pages._ui.trial import load_trials as trials

_SHORT = 12
_ELECTION = re.compile(r"\d{4}_[a-z]+_t[12](?=_)")


def seal_names(place: Workspace, seals: Sequence[str]) -> dict[str, str]:
    """Name sealed designs of a place; two that would be called alike are told by their mark."""
    names = {one: _named(place, one) for one in seals}
    often = Counter(names.values())
    # In front, since a narrow box shows the beginning only.
    return {
        one: name if often[name] == 1 else f"{one[:_SHORT]} · {name}" for one, name in names.items()
    }


def _named(place: Workspace, fingerprint: str) -> str:
    try:
        trial = trials.trial(place, fingerprint)
    except DataError:
        # The one that is chosen tells what is wrong with it.
        return fingerprint[:_SHORT]
    drawn = trial.sealed.assignment
    drawn = drawn[drawn["block"] != ""]
    held = int((drawn["arm"] == "control").sum())
    return _("{what} · {day} · to canvass: {treated}, held back: {held}").format(
        what=_prepared(trial), day=_day(trial), treated=number(len(drawn) - held), held=number(held)
    )


def _prepared(trial: Trial) -> str:
    """Say whose votes at which election; of a seal without scenario, what it announces them of."""
    if scenario := scenario_sealed_with(trial):
        votes, election = (
            ", ".join(scenario.candidates) or bloc_name(scenario.bloc),
            scenario.election,
        )
        return f"{votes}, {election_name(election)}"
    of = map(_ELECTION.match, trial.sealed.promise.get("outcomes", ()))
    elections = dict.fromkeys(election_name(one[0]) for one in of if one)
    return ", ".join(elections) or _("Sealed elsewhere")


def _day(trial: Trial) -> str:
    """Write the day since which the place keeps a seal, which itself holds no date."""
    kept = dt.datetime.fromtimestamp(trial.file.stat().st_mtime, tz=dt.UTC)
    return date(kept.date())


def announced(trial: Trial) -> str:
    """Say in a line what a sealed design announces that will be looked at, and its mark."""
    mark = _("Mark of the seal: `{fingerprint}`.").format(fingerprint=trial.fingerprint[:_SHORT])
    outcomes = trial.sealed.promise.get("outcomes", ())
    if not outcomes:
        return _("It announces no outcome.") + " " + mark
    told = _("It announces: {outcomes}.").format(outcomes=outcome_names(outcomes))
    return f"{told} {mark}"


def outcome_names(outcomes: Sequence[str]) -> str:
    """Name announced outcomes; one of a table that was brought keeps its own name."""
    told = [outcome_name(one, language()) for one in outcomes]
    return " · ".join(
        f"`{one}`" if name == one else name for one, name in zip(outcomes, told, strict=True)
    )


def choose(place: Workspace, seals: Sequence[str], *, key: str) -> str:
    """Ask which sealed design, the newest first; say its whole name and what it announces."""
    names = seal_names(place, seals)
    chosen = st.selectbox(_("Sealed design"), seals[::-1], format_func=names.__getitem__, key=key)
    # The box shows the beginning of a name only.
    st.caption(f"**{names[chosen]}**  \n" + announced(trials.trial(place, chosen)))
    return chosen

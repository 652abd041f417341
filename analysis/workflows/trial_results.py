"""What is known of the units of a sealed trial: results of elections, and facts from before."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.experiments.balance import Balance, check_balance
from analysis.experiments.outcomes import Outcomes, outcomes_of, vintage_of
from analysis.experiments.pons_2012.reproduction import Areas
from analysis.experiments.pons_2012.simulation import simulate_2012
from analysis.experiments.promised import Announced
from analysis.experiments.seal import Sealed
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranking import Scenario, target_of
from analysis.workflows.sealed_trials import Trial

# What the ranking knew before the draw: to adjust for, and to cut into subgroups.
BEFORE = ("potential", "registered", "density", "expected_abstention", "support", "poverty_rate")
EXAMPLE_NAME = "simulate_2012"
VOTES = "votes"
_PAST = 4
_SHARES = ("registered", "valid")


@dataclass(frozen=True)
class TrialTable:
    """A table of units, and what its columns are for.

    Attributes
    ----------
    table
        One row per unit.
    lost
        What was lost by arm between the trial's contours and those of the elections; None
        when nothing could be.
    promised
        Subgroups that the sealed plan announced.
    outcomes, covariates
        Columns that the plan, else the elections asked for, make outcomes and adjust for.
    before
        Columns that are known to be of before the draw; empty where nobody knows.
    lagged
        Outcome and its own past, where the plan adjusts each for an earlier election.
    estimator
        The plain difference, where the plan's headline is adjusted and nothing here can be:
        a placebo at the very election that adjusts. Else empty: as the plan says.
    """

    table: pd.DataFrame
    lost: pd.DataFrame | None = None
    promised: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    lagged: tuple[tuple[str, str], ...] = ()
    estimator: str = ""

    def under(self, promise: Mapping[str, tuple[str, ...]]) -> TrialTable:
        """Let what the plan promised go before what would be guessed."""
        announced = Announced.of(promise, outcomes=self.outcomes) or Announced()
        outcomes = [n for n in announced.outcomes if n in (self.outcomes or self.table)]
        covariates = [n for n in promise.get("covariates", ()) if n in (self.before or self.table)]
        return replace(
            self,
            promised=tuple(promise.get("subgroups", ())),
            outcomes=tuple(outcomes) or self.outcomes,
            covariates=tuple(covariates),
        )

    def named(self, names: Mapping[str, str]) -> TrialTable:
        """Give columns other names, wherever they stand."""

        def told(columns: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(name, name) for name in columns)

        return TrialTable(
            self.table.rename(columns=dict(names)),
            self.lost,
            told(self.promised),
            told(self.outcomes),
            told(self.covariates),
            told(self.before),
            tuple((names.get(one, one), names.get(past, past)) for one, past in self.lagged),
            self.estimator,
        )


def example_table() -> pd.DataFrame:
    """Return a simulated trial of the design of 2012: one row per area that used the lists."""
    return Areas(simulate_2012().areas, simulated=True, source=EXAMPLE_NAME).main


def scenario_sealed_with(trial: Trial) -> Scenario | None:
    """Return the scenario sealed with a design; None where it is not there or cannot be read."""
    if not trial.scenario:
        return None
    try:
        return Scenario.from_dict(tomllib.loads(trial.scenario))
    except (DataError, tomllib.TOMLDecodeError):
        return None


def results_on(
    workspace: Workspace,
    units: Sequence[str],
    elections: Sequence[str],
    choices: Mapping[str, Choice],
    *,
    vintage: int | None = None,
) -> Outcomes:
    """Read the results of elections on units, whatever was redrawn in between.

    Parameters
    ----------
    workspace
        The place.
    units, elections
        Bureaux, and ids of elections.
    choices
        Label → whose votes; turnout is always read.
    vintage
        Year of the contours the units are of; None: those that know most of them.

    Returns
    -------
    Outcomes
        One row per unit, in the order asked; shares 0 to 1.

    Raises
    ------
    DataError
        When the workspace does not hold the units or the elections.
    """
    if vintage is None:
        vintage = vintage_of(workspace.read("context"), units)
    return outcomes_of(workspace, elections, units, vintage=vintage, choices=choices)


def drawn_arms(sealed: Sealed) -> pd.Series:
    """Return `treated` or `control` by unit, of those that the lot drew."""
    return sealed.assignment[sealed.design.drawn].set_index("unit_id")["arm"]


def results_of_trial(
    workspace: Workspace,
    trial: Trial,
    elections: Sequence[str],
    ranked: pd.DataFrame | None = None,
) -> TrialTable:
    """Return the units of a sealed trial with their results and what was known before.

    Parameters
    ----------
    workspace, trial
        The place, and a sealed design of it.
    elections
        Ids of those whose results are outcomes.
    ranked
        The ranking that the trial was drawn from: facts from before; None adds none.

    Returns
    -------
    TrialTable
        One row per unit of the design, with what each column is for.

    Raises
    ------
    DataError
        When the workspace does not hold the units or the elections.
    """
    sealed = trial.sealed
    outcomes = _outcomes(workspace, trial, tuple(elections))
    lost = outcomes.lost(drawn_arms(sealed))
    table = outcomes.table
    if ranked is not None:
        facts = trial_units(ranked)[["unit_id", *BEFORE]]
        table = table.merge(facts, on="unit_id", how="left")
    counts = {f"{one}_registered" for one in elections}
    asked = [
        name
        for name in table
        if name not in counts and name.startswith(tuple(f"{one}_" for one in elections))
    ]
    before = [name for name in table if name not in {"unit_id", *asked, *counts}]
    lag = _lag(trial)
    pasts = {name: f"{lag}{name[len(one) :]}" for one in elections for name in asked
             if name.startswith(f"{one}_")}  # fmt: skip
    lagged = tuple((name, past) for name, past in pasts.items() if lag and past in before)
    known = TrialTable(table, lost, outcomes=tuple(asked), before=tuple(before), lagged=lagged)
    known = known.under(sealed.promise)
    planned = "".join(sealed.promise.get("estimator", ())[:1])
    adjusts = planned in ("ancova", "lin") and not (known.lagged or known.covariates)
    return replace(known, estimator="difference" if adjusts else "")


def _lag(trial: Trial) -> str:
    return "".join(trial.sealed.promise.get("lag", ())[:1])


def _outcomes(workspace: Workspace, trial: Trial, elections: tuple[str, ...]) -> Outcomes:
    """Read the results of the elections asked for, and of the one before each kind of them."""
    units = trial.sealed.design.units["unit_id"].tolist()
    earlier = _earlier(workspace, elections, scenario_sealed_with(trial))
    if lag := _lag(trial):
        # A placebo may be as early as what adjusts: then it has no past here.
        earlier = list(dict.fromkeys([*earlier, lag]))
    read = [*elections, *(one for one in earlier if one not in elections)]
    return results_on(workspace, units, read, choices_of(workspace, trial))


def _earlier(
    workspace: Workspace, elections: tuple[str, ...], scenario: Scenario | None
) -> list[str]:
    """Return the last election before the trial and those asked for: what adjusts for the past."""
    known = workspace.read("elections").sort_values("date")
    first = known.loc[known["election_id"].isin(elections), "date"].min()
    if scenario is not None:
        first = min(first, pd.Timestamp(target_of(workspace, scenario.election).date))
    return known.loc[known["date"] < first, "election_id"].tolist()[-1:]


def choices_of(workspace: Workspace, trial: Trial) -> dict[str, Choice]:
    """Return whose votes are looked at: the scenario's, else the blocs that the plan announced."""
    if scenario := scenario_sealed_with(trial):
        return {scenario.votes_label: scenario.choice}
    announced = " ".join(trial.sealed.promise.get("outcomes", ()))
    blocs = workspace.read("candidates")["bloc"].dropna().unique()
    return {
        bloc: Choice(bloc)
        for bloc in map(str, blocs)
        if any(re.search(rf"(_t\d_|\b){re.escape(bloc)}_{end}\b", announced) for end in _SHARES)
    }


def balance_of(
    workspace: Workspace,
    scenario: Scenario,
    sealed: Sealed,
    facts: pd.DataFrame,
    *,
    name: Callable[[Sequence[str]], Mapping[str, str]],
) -> Balance:
    """Compare the arms of a sealed design before the canvass.

    Parameters
    ----------
    workspace, scenario, sealed
        The place; whose votes count; the design.
    facts
        `bureau_id`, and what was known of each bureau before the draw.
    name
        Given the past elections, what each column to compare is called; votes are `VOTES`.

    Returns
    -------
    Balance
        One row per column compared.

    Raises
    ------
    DataError
        When the workspace does not hold the units.
    """
    drawn = sealed.assignment[sealed.design.drawn]
    units = drawn["unit_id"].tolist()
    known = facts.set_index("bureau_id").reindex(units).reset_index(drop=True)
    before = target_of(workspace, scenario.election).date
    elections = workspace.read("elections").sort_values("date")
    past = elections.loc[elections["date"] < pd.Timestamp(before), "election_id"].tolist()[-_PAST:]
    found = results_on(workspace, units, past, {VOTES: scenario.choice})
    outcomes = found.table.drop(columns="unit_id")
    names = name(past)
    shown = [
        c for c in names if not c.endswith("_valid") and c not in {f"{e}_registered" for e in past}
    ]
    covariates = pd.concat([known, outcomes.reset_index(drop=True)], axis=1)
    covariates = covariates.reindex(columns=shown).rename(columns=dict(names))
    return check_balance(
        covariates.loc[:, covariates.notna().all()],
        drawn["assigned"].to_numpy(dtype=float),
        sealed.design.lottery,
        rng=np.random.default_rng(sealed.seed),
    )

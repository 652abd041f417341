"""What a design would have seen at past elections, where nothing had been done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from analysis.electorate.history import History, read_history
from analysis.errors import DataError, some
from analysis.experiments import unit_columns
from analysis.experiments.design import Design, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.power import Ask, power_curve
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace

Measure = Literal["share_registered", "turnout"]
_OUTCOME, _BEFORE = "placebo outcome", "placebo outcome before"
_CURVE = ["units", "controls", "coverage", "detectable_assignment", "detectable_reached"]


@dataclass(frozen=True, slots=True)
class PlaceboAsk:
    """What is asked of past elections.

    Attributes
    ----------
    before
        Nothing at or after this day is read.
    measure
        Votes of the choice among the registered, or turnout.
    coverage, contamination
        Shares of the registered reached in treated units, and in controls all the same.
    sizes
        Numbers of bureaux, the best ranked first; all when empty.
    draws
        Draws of the simulation.
    adjust
        Whether the same measure at the election before serves as covariate.
    """

    before: datetime
    measure: Measure = "share_registered"
    coverage: tuple[float, ...] = (0.1, 0.2, 0.3)
    contamination: float = 0.0
    sizes: tuple[int, ...] = ()
    draws: int = 500
    adjust: bool = True


@dataclass(frozen=True)
class Placebo:
    """Smallest effects that a design would have seen.

    Attributes
    ----------
    curve
        The columns of `power_curve`, `election_id`, and `asked` (bureaux asked for, of which
        `units` have results then), one row per past election × number of bureaux × coverage.
    left_out
        Targets without a result at an election or the one before: `election_id`,
        `bureaux`, `examples`.
    """

    curve: pd.DataFrame
    left_out: pd.DataFrame

    def median(self) -> pd.DataFrame:
        """Tabulate the median over past elections by number of bureaux and coverage."""
        # An election may lack a bureau or two: it counts with the number that was asked.
        table = self.curve.assign(units=self.curve["asked"])[_CURVE]
        return table.groupby(["units", "coverage"], as_index=False).median()[_CURVE]


def placebo_curve(  # noqa: PLR0913 - place, choice, design, question, chance
    targets: pd.DataFrame,
    workspace: Workspace,
    choice: Choice,
    *,
    rule: Rule,
    ask: PlaceboAsk,
    rng: np.random.Generator,
) -> Placebo:
    """Draw a design on ranked bureaux, and look at what it would see of past elections.

    Parameters
    ----------
    targets
        Ranked bureaux: `bureau_id` and the columns of the rule.
    workspace
        Their place, with past elections.
    choice
        Whose votes.
    rule
        How the design is declared.
    ask
        Which elections, numbers of bureaux, coverages.
    rng
        Where the draws come from.

    Returns
    -------
    Placebo
        The smallest effects seen at each past election, shares of the registered.

    Raises
    ------
    DataError
        When there are too few past elections, or no target has any.
    """
    unit_columns.check(targets, ["bureau_id", rule.rank_by])
    targets, declaring = targets.reset_index(drop=True), _declaring_once()
    history = read_history(workspace, choice, before=ask.before)
    values = _measured(history, ask.measure)
    places = pd.Index(history.units["bureau_id"]).get_indexer(targets["bureau_id"].astype("str"))
    known = np.where((places >= 0)[:, None], values[places], np.nan)
    sizes = tuple(dict.fromkeys(min(size, len(targets)) for size in ask.sizes or (len(targets),)))
    rows, lost = [], []
    for now, before in _pairs(history, values, adjust=ask.adjust):
        whole = np.isfinite(known[:, now]) & np.isfinite(known[:, before])
        election = history.elections[now].election_id
        if not whole.all():
            gone = targets.loc[~whole, "bureau_id"]
            lost.append((election, int((~whole).sum()), some(gone)))
        table = targets[whole].assign(
            **{_OUTCOME: known[whole, now], _BEFORE: known[whole, before]}
        )
        drawn = table[rule.cluster].nunique() if rule.cluster else len(table)
        # Where some are not known the rest may not fill a block: that election says nothing.
        if not whole.all() and drawn < rule.block_size:
            continue
        asked = _ask(ask, sizes, len(table))
        curve = power_curve(table, rule, asked, rng, declaring=declaring)
        own = {"outcome": ask.measure, "election_id": election}
        rows.append(curve.assign(**own, asked=np.repeat(sizes, len(ask.coverage))))
    if not rows:
        raise DataError(
            "No target has results at past elections: the power of the trial is unknown.",
            where="targets: {bureau_id}",
            mend="Rank bureaux of this workspace, or build it with earlier results.",
            bureau_id=some(targets["bureau_id"]),
        )
    left_out = pd.DataFrame(lost, columns=["election_id", "bureaux", "examples"])
    return Placebo(pd.concat(rows, ignore_index=True), left_out)


def _declaring_once() -> Callable[[pd.DataFrame, Rule], Design]:
    """Return what declares a design once for the same rows: it rests on no election."""
    known: dict[tuple[int, ...], Design] = {}

    def declaring(units: pd.DataFrame, rule: Rule) -> Design:
        rows = tuple(units.index)
        if rows not in known:
            known[rows] = declare(units, rule)
        return known[rows]

    return declaring


def _measured(history: History, measure: Measure) -> np.ndarray:
    counts = history.votes if measure == "share_registered" else history.ballots
    registered = np.where(history.registered > 0, history.registered, np.nan)
    return np.asarray(counts / registered)


def _pairs(history: History, values: np.ndarray, *, adjust: bool) -> list[tuple[int, int]]:
    """Return each first round with the election before that can serve as its covariate."""
    known = [
        place
        for place, election in enumerate(history.elections)
        # At a second round the offer depends on the first, and bureaux may have no vote.
        if election.round == 1 and np.isfinite(values[:, place]).any()
    ]
    if not adjust:
        return [(now, now) for now in known]
    if len(known) < 2:  # noqa: PLR2004 - one to see, one to adjust for
        raise DataError(
            "A look back needs two past first rounds: one to see, and one before it.",
            where="found: {found}",
            mend="Build the workspace with earlier results, or do not adjust for the one before.",
            found=some(history.elections[place].election_id for place in known),
        )
    return list(zip(known[1:], known[:-1], strict=True))


def _ask(ask: PlaceboAsk, sizes: tuple[int, ...], most: int) -> Ask:
    return Ask(
        outcomes=(_OUTCOME,),
        lagged=(_BEFORE,) if ask.adjust else (),
        coverage=ask.coverage,
        contamination=ask.contamination,
        sizes=tuple(min(size, most) for size in sizes),
        draws=ask.draws,
    )

"""A trial on a ranking: which bureaux enter, how they are drawn, what its columns are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.experiments.design import Design, declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.neighbours import adjacent, groups_of_neighbours, held_apart
from analysis.tables.workspace import Workspace
from analysis.targeting.rank import reach
from analysis.workflows.hold_back import trial_units
from analysis.workflows.ranking import Scenario, shapes_of

if TYPE_CHECKING:
    import geopandas as gpd

COVARIATES = ("expected_abstention", "support", "registered", "poverty_rate", "doors")
NOWHERE, COMMUNES, NAMES, NEIGHBOURS = "", "commune_id", "name", "neighbours"
APART = "apart"


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen of a design.

    Attributes
    ----------
    first
        How many of the best bureaux enter.
    value, territory, cluster
        Columns to rank by, to stay within, and to keep together; empty for none. The last may
        be `neighbours`: groups of bureaux that touch, or `apart`: one by one, none near another.
    near
        Bureaux in a group of neighbours, about.
    metres
        Least distance between bureaux that are kept apart.
    block_size, control
        Of a full block.
    must_treat, must_not
        Bureaux decided beforehand.
    balance, accept
        Columns to balance on, and the share of draws that may be drawn.
    seed
        Of the draw.
    """

    first: int
    value: str = "priority"
    territory: str = NOWHERE
    cluster: str = NOWHERE
    near: int = 3
    metres: int = 300
    block_size: int = 5
    control: int = 1
    must_treat: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    balance: tuple[str, ...] = ()
    accept: float = 1.0
    seed: int = 0

    @property
    def grouped(self) -> bool:
        """Whether bureaux are drawn in groups."""
        return self.cluster not in (NOWHERE, APART)

    @property
    def needs_shapes(self) -> bool:
        """Whether contours decide who is drawn with whom, or not at all."""
        return self.cluster in (NEIGHBOURS, APART)

    @property
    def rule(self) -> Rule:
        """The rule that the choices make."""
        return Rule(
            rank_by=self.value,
            territory=self.territory,
            block_size=self.block_size,
            control=self.control,
            cluster="group" if self.grouped else "",
            must_treat="must_treat" if self.must_treat else "",
            must_not_treat="must_not_treat" if self.must_not or self.cluster == APART else "",
            balance=self.balance,
            accept=self.accept,
            unit="unit_id",
        )

    def units(self, table: pd.DataFrame, shapes: gpd.GeoDataFrame | None = None) -> pd.DataFrame:
        """Return the units of the design, with the columns its rule names.

        Parameters
        ----------
        table
            The ranking.
        shapes
            Its contours; needed for groups of neighbours, and for a distance.
        """
        units = trial_units(table, self.first)
        ids = units["unit_id"]
        if self.grouped:
            # A bureau without the name, or without a neighbour, goes by itself.
            known = self._neighbours(units, shapes) if shapes is not None else units[self.cluster]
            named = known.fillna("").astype("str")
            units = units.assign(group=named.where(named != "", ids))
        held = ids.isin(self.must_not).to_numpy()
        if self.cluster == APART and shapes is not None:
            held = self._held_apart(units, shapes, held)
        return units.assign(
            must_treat=ids.isin(self.must_treat).astype("int64"),
            must_not_treat=held.astype("int64"),
        )

    def _held_apart(
        self, units: pd.DataFrame, shapes: gpd.GeoDataFrame, held: np.ndarray
    ) -> np.ndarray:
        known = shapes.drop_duplicates("bureau_id").set_index("bureau_id").geometry
        here = np.asarray(known.reindex(units["unit_id"]).to_numpy(), dtype=object)
        order = np.lexsort((units["unit_id"].to_numpy(), -units[self.value].to_numpy(dtype=float)))
        decided = units["unit_id"].isin(self.must_treat).to_numpy()
        return held_apart(adjacent(here, self.metres), order, held=held, decided=decided)

    def _neighbours(self, units: pd.DataFrame, shapes: gpd.GeoDataFrame) -> pd.Series:
        decided = {*self.must_treat, *self.must_not}
        drawn = units.loc[~units["unit_id"].isin(decided), "unit_id"]
        within = units.set_index("unit_id")[self.territory] if self.territory else None
        here = shapes[shapes["bureau_id"].isin(drawn)]
        return units["unit_id"].map(groups_of_neighbours(here, size=self.near, within=within))


def design_of(workspace: Workspace, ranked: pd.DataFrame, choices: Choices) -> Design:
    """Declare the design that choices make of a ranking.

    Parameters
    ----------
    workspace
        The place, which has the contours.
    ranked
        The ranking, a row per bureau.
    choices
        Which bureaux enter, and how they are drawn.

    Returns
    -------
    Design
        Its blocks, not yet drawn.

    Raises
    ------
    DataError
        When they cannot be drawn so.
    """
    shapes = shapes_of(workspace, ranked) if choices.needs_shapes else None
    return declare(choices.units(ranked, shapes), choices.rule)


def outcome_columns(scenario: Scenario) -> tuple[str, str, str]:
    """Return the outcomes that a trial can promise: votes of registered, turnout, votes of valid.

    Their names are those that `experiments.outcomes.outcomes_of` gives.
    """
    start, label = scenario.election, scenario.votes_label
    return f"{start}_{label}_registered", f"{start}_turnout", f"{start}_{label}_valid"


def within_hours(units: pd.DataFrame, budget: float, choices: Choices) -> int:
    """Return how many bureaux the campaign can carry a trial out in, in full blocks.

    Parameters
    ----------
    units
        Those that can enter the trial, best first.
    budget
        Hours to spend; bureaux held back take none.
    choices
        Of the blocks and what is kept together.

    Returns
    -------
    int
        At least one full block, where there are bureaux enough.
    """
    paid = reach(units["hours"].to_numpy(dtype=float) * choices.rule.share, budget)
    if paid >= len(units):
        return len(units)
    together = 1
    if choices.cluster == NEIGHBOURS:
        together = choices.near
    elif choices.grouped:
        named = units[choices.cluster].fillna("").astype("str")
        together = int(named[named != ""].value_counts().max())
    block = choices.block_size * together
    spared = len({*choices.must_treat, *choices.must_not})
    return min(max(paid // block, 1) * block + spared, len(units))

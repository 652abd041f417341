"""Abstention at past elections, side by side on one set of bureaux."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.electorate.abstention.eliminated import read_eliminated
from analysis.electorate.abstention.surroundings import Surroundings, read_surroundings
from analysis.electorate.history import History
from analysis.errors import DataError, some
from analysis.geography.crosswalk import prorate
from analysis.tables.elections import Election
from analysis.tables.schema import commune_of
from analysis.tables.workspace import Workspace

_PARTS = ["ballots", "abstentions"]
# Codes of overseas territories and of voters abroad begin with one of these.
_OVERSEAS = ("97", "98")
_FAR = (*_OVERSEAS, "99", "Z")


@dataclass(frozen=True)
class Series:
    """Counts of past elections on the bureaux of one day.

    Attributes
    ----------
    units
        One row per bureau, any order: `bureau_id`, `commune_id`, `registered` (persons).
    elections
        Past elections, oldest first.
    registered, ballots
        Arrays (bureaux × elections) of persons; NaN where a bureau did not vote.
    around
        What lies around the bureaux; None where all have a past or nothing is known.
    eliminated
        Before a second round: by second round, past or to come, the share of the registered
        whose choice of its first round stands no more, (bureaux,), NaN where unknown.
    """

    units: pd.DataFrame
    elections: tuple[Election, ...]
    registered: np.ndarray
    ballots: np.ndarray
    around: Surroundings | None = None
    eliminated: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of_history(cls, history: History) -> Series:
        """Return the abstention part of a history."""
        return cls(history.units, history.elections, history.registered, history.ballots)

    def surrounded(self, workspace: Workspace, target: Election) -> Series:
        """Return the series with what lies around its bureaux, and who is out before a target.

        Parameters
        ----------
        workspace
            A built place, which holds the elections of the series.
        target
            The election to come; of a second round it is read who stands.

        Returns
        -------
        Series
            The same counts; `units` needs `vintage`.
        """
        around = read_surroundings(workspace, self.units, self.seen)
        out: Mapping[str, np.ndarray] = {}
        if target.round == 2:
            out = read_eliminated(workspace, self.units, (*self.elections, target))
        return replace(self, around=around, eliminated=out)

    @property
    def seen(self) -> np.ndarray:
        """Whether each bureau has a rate at any past election, (bureaux,)."""
        return np.asarray(np.isfinite(self.rates).any(axis=1))

    @property
    def rates(self) -> np.ndarray:
        """Abstention rates (bureaux × elections), NaN where unknown."""
        size = np.where(self.registered > 0, self.registered, np.nan)
        return (self.registered - self.ballots) / size

    @property
    def levels(self) -> np.ndarray:
        """Abstention rate of all bureaux together, one per election; NaN where none voted."""
        known = np.isfinite(self.registered) & np.isfinite(self.ballots)
        registered = np.where(known, self.registered, 0).sum(axis=0)
        ballots = np.where(known, self.ballots, 0).sum(axis=0)
        return 1 - ballots / np.where(registered > 0, registered, np.nan)

    def keep(self, elections: np.ndarray) -> Series:
        """Return the series of some elections, given by position."""
        chosen = tuple(self.elections[n] for n in elections)
        counts = self.registered[:, elections], self.ballots[:, elections]
        return replace(self, elections=chosen, registered=counts[0], ballots=counts[1])


def department_of(commune_id: pd.Series) -> pd.Series:
    """Return the département of each commune from its code: three characters overseas."""
    code = commune_id.astype("str")
    return code.str[:2].where(~code.str.startswith(("97", "98")), code.str[:3])


def is_far(commune_id: pd.Series) -> np.ndarray:
    """Tell which communes lie overseas or stand for voters abroad."""
    return commune_id.astype("str").str.startswith(_FAR).to_numpy()


def is_overseas(commune_id: pd.Series) -> np.ndarray:
    """Return whether each commune lies overseas, by its code, (communes,)."""
    return commune_id.astype("str").str.startswith(_OVERSEAS).to_numpy()


def read_series(workspace: Workspace, target: Election) -> tuple[Series, pd.DataFrame]:
    """Read the elections before one that was held, on the bureaux where it was held.

    Elections drawn in other contours are handed on through the crosswalk; where there
    is none, bureaux are followed by their code.

    Parameters
    ----------
    workspace
        A built place.
    target
        An election of the workspace.

    Returns
    -------
    tuple
        The series, and what came: `registered` and `ballots` of the target, in the
        order of `Series.units`.

    Raises
    ------
    DataError
        When the target is not in the workspace, nothing precedes it, or no bureau is common.
    """
    table = workspace.read("elections").set_index("election_id")
    if target.election_id not in table.index:
        raise DataError(
            "The election to forecast is not in this workspace: there is nothing to compare with.",
            where="{election_id}; elections: {table}",
            mend="Choose one of these, or build the workspace with its results.",
            election_id=target.election_id,
            table=some(table.index, most=12),
        )
    past = table[table["date"] < pd.Timestamp(target.date)].sort_values("date", kind="stable")
    if past.empty:
        raise DataError(
            "No election of this workspace precedes the one to forecast.",
            where="{election_id}; elections: {table}",
            mend="Choose a later election, or build the workspace with earlier results.",
            election_id=target.election_id,
            table=some(table.index, most=12),
        )
    counts = _read_counts(workspace)
    came = counts[target.election_id]
    vintage, links = table.loc[target.election_id, "vintage"], _links(workspace)
    moved = [_on(counts[name], past.loc[name, "vintage"], vintage, links) for name in past.index]
    cube = np.stack([one.reindex(came.index).to_numpy(dtype=float) for one in moved], axis=1)
    if not np.isfinite(cube).any():
        raise DataError(
            "No bureau of this election has voted before under the same code.",
            where="{election_id}: {came}",
            mend="Build the workspace with the contours of both years, or with results whose "
            "bureaux are numbered alike.",
            election_id=target.election_id,
            came=some(came.index),
        )
    elections = tuple(
        Election(name, row.date.to_pydatetime(), row.kind, int(row.round))
        for name, row in zip(past.index, past.itertuples(), strict=True)
    )
    ids = came.index.astype("str")
    units = pd.DataFrame({"bureau_id": ids})
    units["commune_id"] = commune_of(units["bureau_id"])
    outcome = pd.DataFrame(
        {"registered": came.sum(axis=1).to_numpy(), "ballots": came["ballots"].to_numpy()}
    )
    units["registered"] = outcome["registered"]
    units["vintage"] = pd.array([vintage] * len(units), dtype="Int64")
    series = Series(units, elections, cube.sum(axis=2), cube[:, :, 0])
    return series.surrounded(workspace, target), outcome


def _read_counts(workspace: Workspace) -> dict[str, pd.DataFrame]:
    """Return ballots and abstentions of every election, indexed by bureau, sorted."""
    turnout = workspace.read(
        "turnout", columns=["election_id", "bureau_id", "registered", "ballots"]
    )
    turnout["abstentions"] = turnout["registered"] - turnout["ballots"]
    turnout["bureau_id"] = turnout["bureau_id"].astype("str")
    groups = turnout.groupby("election_id", observed=True)
    return {str(name): part.set_index("bureau_id")[_PARTS].sort_index() for name, part in groups}


def _links(workspace: Workspace) -> dict[tuple[int, int], pd.DataFrame]:
    groups = workspace.read("crosswalk").groupby(["from_vintage", "to_vintage"])
    return {(int(one), int(other)): part for (one, other), part in groups}


def _on(
    counts: pd.DataFrame,
    own: object,
    wanted: object,
    links: dict[tuple[int, int], pd.DataFrame],
) -> pd.DataFrame:
    if pd.isna(own) or pd.isna(wanted) or own == wanted:
        return counts
    found = links.get((int(own), int(wanted)))  # type: ignore[call-overload]
    return counts if found is None else prorate(counts, found)

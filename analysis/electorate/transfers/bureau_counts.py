"""Counts of two elections of a workspace by bureau, ready for an estimate of transfers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.electorate.counts import ANNULLED
from analysis.errors import DataError, Text, some
from analysis.geography.crosswalk import prorate
from analysis.geography.zones import lies_in, whole_communes, zones_of
from analysis.tables.schema import commune_of
from analysis.tables.sources import LeftOut
from analysis.tables.workspace import Workspace

# Options that are no candidate; screens and files say them in words.
SPOILT, ABSTENTION, NEWCOMERS, LEAVERS = "blank_null", "abstention", "newcomers", "leavers"


@dataclass(frozen=True)
class Pair:
    """Two elections on the bureaux of the second.

    Attributes
    ----------
    origin, destination
        Whole persons: one row per bureau (its id), one column per candidate or nuance,
        then `blank_null`, `abstention`, and `newcomers` or `leavers` of the roll. The
        totals of a bureau are equal.
    departments
        Code of the département of each bureau.
    left_out
        What is not in them, and why.
    """

    origin: pd.DataFrame
    destination: pd.DataFrame
    departments: pd.Series
    left_out: tuple[LeftOut, ...]


def tables_of(workspace: Workspace, origin: str, destination: str, place: str = "") -> Pair:
    """Read two elections as tables of counts on the same bureaux.

    Bureaux of another vintage are handed on through the crosswalk; where there is none,
    they are followed by their code. Candidates are options of their own when they stood
    in every bureau; else those of one nuance are one option.

    Parameters
    ----------
    workspace
        A built place.
    origin, destination
        Ids of two elections.
    place
        A commune or a département; empty for the whole workspace.

    Returns
    -------
    Pair
        Counts of persons (bureaux × options) of both elections, on one index.

    Raises
    ------
    DataError
        When an election or the place is absent, both elections are one, the place is
        smaller than a commune, or no bureau took part in both.
    """
    elections = workspace.read("elections").set_index("election_id")
    _check_elections(list(elections.index), origin, destination)
    places = _places(workspace, place)
    before, lost_before = _counted(*_counts(workspace, origin, places), origin)
    after, lost_after = _counted(*_counts(workspace, destination, places), destination)
    vintages = elections.loc[[origin, destination], "vintage"]
    before = _hand_on(workspace, before, vintages)
    common = before.index.intersection(after.index).sort_values()
    asked = (place,) if place and place not in places.values() else ()
    common = common[lies_in(workspace, common, asked)]
    if common.empty:
        raise DataError(
            "No bureau took part in both elections.",
            where="{origin}: {before}; {destination}: {after}",
            mend="Choose two elections of the same place; for bureaux that were renumbered, "
            "build the workspace with contours of both vintages.",
            origin=origin,
            before=some(before.index),
            destination=destination,
            after=some(after.index),
        )
    left_out = (
        *lost_before,
        *lost_after,
        *_absent(before.index.difference(common), origin),
        *_absent(after.index.difference(common), destination),
    )
    old, new = _balance(before.loc[common], after.loc[common])
    communes = commune_of(common.to_series())
    return Pair(
        origin=old,
        destination=new,
        departments=communes.map(places),
        left_out=left_out,
    )


def counts_of(
    workspace: Workspace, election: str, place: str = ""
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Read one election as a table of counts.

    Parameters
    ----------
    workspace
        A built place.
    election
        Its id.
    place
        A commune, a département or a part of one; empty for the whole workspace.

    Returns
    -------
    tuple
        Whole persons, bureaux × options (rows sum to the registered), and what is not in them.

    Raises
    ------
    DataError
        As `tables_of`, and when no bureau is left.
    """
    known = list(workspace.read("elections")["election_id"])
    _check_elections(known, election, "")
    places = _places(workspace, place)
    counts, lost = _counts(workspace, election, places)
    asked = (place,) if place and place not in places.values() else ()
    counts = counts[lies_in(workspace, counts.index, asked)].sort_index()
    if counts.empty:
        raise DataError(
            "No bureau of this place took part in that election.",
            where="{election}",
            mend="Choose another election, or a larger place.",
            election=election,
        )
    return counts, lost


def standing_of(workspace: Workspace, election: str, bureaux: pd.Index) -> pd.DataFrame:
    """Tell where each option stood: no candidate of it is not a candidate without a vote.

    Parameters
    ----------
    workspace
        A built place.
    election
        Its id.
    bureaux
        Ids.

    Returns
    -------
    DataFrame
        True where the results name the option: bureaux × options, as `counts_of` has them.
    """
    cells, _votes, names = _cells(workspace, election, bureaux)
    named = np.bincount(cells, minlength=len(bureaux) * len(names)).reshape(len(bureaux), -1)
    return pd.DataFrame(named > 0, index=bureaux, columns=names)


def net_caution() -> str:
    """Return how newcomers and leavers are to be read."""
    return Text(
        "Newcomers and leavers are net, bureau by bureau: where as many came as went, none shows."
    )


def _absent(bureaux: pd.Index, election: str) -> tuple[LeftOut, ...]:
    if bureaux.empty:
        return ()
    reason = Text("bureaux that have no counterpart at the other election")
    return (LeftOut(reason, len(bureaux), some(bureaux), election_id=election),)


def _check_elections(known: list[str], origin: str, destination: str) -> None:
    for election in filter(None, (origin, destination)):
        if election not in known:
            raise DataError(
                "The election {election} is not in this workspace.",
                where="elections: {elections}",
                mend="Choose among these, or build the workspace with its results.",
                election=election,
                elections=some(known, most=20),
            )
    if origin == destination:
        raise DataError(
            "Transfers go from one election to another: both are the same here.",
            where="{origin}",
            mend="Choose two different elections.",
            origin=origin,
        )


def _places(workspace: Workspace, place: str) -> dict[str, str]:
    """Return the communes asked for, each with its département."""
    table = workspace.read("places")
    if place:
        wanted = (table["commune_id"] == place) | (table["department_id"] == place)
        if not wanted.any() and place in set(zones_of(workspace)["place"]):
            wanted = table["commune_id"].isin(whole_communes(workspace, (place,)))
        if not wanted.any() and "_" in place:
            raise DataError(
                "Transfers are told for a commune or more, never for a bureau.",
                where="{place}",
                mend="Choose a commune or a département; a bureau's own voters cannot be told "
                "from its totals.",
                place=place,
            )
        if not wanted.any():
            raise DataError(
                "This workspace does not hold {places}.",
                where="communes: {commune_id}",
                mend="Choose a commune or a département of the workspace.",
                places=place,
                commune_id=some(table["commune_id"], most=8),
            )
        table = table[wanted]
    return dict(
        zip(table["commune_id"].astype(str), table["department_id"].astype(str), strict=True)
    )


def _counts(
    workspace: Workspace, election: str, places: dict[str, str]
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Count one election: bureaux × options, abstention and spoilt ballots among them."""
    turnout = workspace.read(
        "turnout", columns=["election_id", "bureau_id", "registered", "ballots", "valid"]
    )
    turnout = turnout[turnout["election_id"] == election]
    ids = turnout["bureau_id"].astype("str")
    here = commune_of(ids).isin(list(places)) & (turnout["registered"] > 0)
    turnout = turnout[here].set_axis(ids[here]).drop(columns=["election_id", "bureau_id"])
    votes = _votes(workspace, election, turnout.index)
    sums = votes.sum(axis=1)
    named = sums == turnout["valid"]
    left_out = []
    if not named.all():
        lost = turnout.index[~named]
        reason = Text("bureaux whose votes by candidate are not known")
        left_out.append(LeftOut(reason, len(lost), some(lost), election_id=election))
    counts = votes.assign(
        **{
            SPOILT: turnout["ballots"] - turnout["valid"],
            ABSTENTION: turnout["registered"] - turnout["ballots"],
        }
    )[named]
    return counts.loc[:, counts.sum() > 0], tuple(left_out)


def _counted(
    counts: pd.DataFrame, left_out: tuple[LeftOut, ...], election: str
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Leave out bureaux whose count was annulled: nobody knows whom their people voted for."""
    voted = counts.sum(axis=1) - counts.get(ABSTENTION, 0)
    annulled = (voted >= ANNULLED) & (voted == counts.get(SPOILT, 0))
    if not annulled.any():
        return counts, left_out
    lost = counts.index[annulled]
    reason = Text("bureaux whose votes by candidate are not known")
    counts = counts[~annulled]
    return counts.loc[:, counts.sum() > 0], (
        *left_out,
        LeftOut(reason, len(lost), some(lost), election_id=election),
    )


def _votes(workspace: Workspace, election: str, bureaux: pd.Index) -> pd.DataFrame:
    """Return votes by bureau and option (candidate, nuance or bloc)."""
    cells, votes, names = _cells(workspace, election, bureaux)
    summed = np.bincount(cells, votes, len(bureaux) * len(names)).reshape(len(bureaux), -1)
    largest = np.argsort(-summed.sum(axis=0), kind="stable")
    return pd.DataFrame(summed.astype("int64"), index=bureaux, columns=names).iloc[:, largest]


def _cells(
    workspace: Workspace, election: str, bureaux: pd.Index
) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Return where each row of votes belongs among bureaux × options, its votes, the options."""
    columns = ["election_id", "bureau_id", "candidate_id", "votes"]
    table = workspace.read_arrow("votes", columns=columns, elections=[election])
    row = _codes(table["bureau_id"], bureaux)
    candidates = workspace.read("candidates")
    candidates = candidates[candidates["election_id"] == election].reset_index(drop=True)
    column = _codes(table["candidate_id"], pd.Index(candidates["candidate_id"]))
    known = (row >= 0) & (column >= 0)
    row, column = row[known], column[known]
    stood = np.isin(np.arange(len(candidates)), column)
    most = np.bincount(row).max(initial=0)
    label = _labels(candidates, apart=stood.sum() <= most)
    option, names = pd.factorize(label)
    return row * len(names) + option[column], table["votes"].to_numpy()[known], names


def _labels(candidates: pd.DataFrame, *, apart: bool) -> pd.Series:
    """Return what each candidate counts as: itself, or where others stood, its nuance."""
    name = candidates["name"].where(candidates["name"] != "", candidates["candidate_id"])
    if apart:
        # Two of one name are told apart by what tells them apart in the table.
        return name.where(~name.duplicated(keep=False), candidates["candidate_id"])
    family = candidates["nuance"].where(candidates["nuance"] != "", candidates["bloc"])
    return family.where(family != "", "other")


def _codes(ids: pa.ChunkedArray, wanted: pd.Index) -> np.ndarray:
    array = ids.combine_chunks()
    positions = wanted.get_indexer(pd.Index(array.dictionary.to_pylist(), dtype="str"))
    return np.asarray(positions[array.indices.to_numpy(zero_copy_only=False)])


def _hand_on(workspace: Workspace, counts: pd.DataFrame, vintages: pd.Series) -> pd.DataFrame:
    if vintages.isna().any() or vintages.nunique() < 2:
        return counts
    links = workspace.read("crosswalk")
    chosen = links[
        (links["from_vintage"] == vintages.iloc[0]) & (links["to_vintage"] == vintages.iloc[1])
    ]
    return counts if chosen.empty else prorate(counts, chosen)


def _balance(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add newcomers and leavers, so that both sides of a bureau are the same persons."""
    grown = after.sum(axis=1) - before.sum(axis=1)
    sides = (
        before.assign(**{NEWCOMERS: grown.clip(lower=0)}),
        after.assign(**{LEAVERS: (-grown).clip(lower=0)}),
    )
    old, new = (side.loc[:, side.sum() > 0] for side in sides)
    return old, new

"""Results of elections on the units of a trial, even where bureaux were redrawn since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.electorate.counts import read_counts
from analysis.errors import DataError, some
from analysis.experiments.trial_words import Note
from analysis.geography.crosswalk import prorate
from analysis.tables.elections import Choice
from analysis.tables.workspace import Workspace

# A unit that keeps this share of itself between two contours counts as the same.
SAME = 0.95
_KEPT = ["ballots", "abstentions", "valid", "votes", "offered"]


@dataclass(frozen=True)
class Outcomes:
    """What units did at elections.

    Attributes
    ----------
    table
        One row per unit, in the order asked: `unit_id`, and per election E
        `E_registered` (persons), `E_turnout` (share of registered), and per choice C
        `E_C_registered`, `E_C_valid` (shares of registered, of valid votes). Missing where
        the unit has no result, or nobody of the choice stood.
    units
        One row per election × unit: `election_id`, `unit_id`, `found` (has a result),
        `redrawn` (less than 95% of it is one bureau of that election, or of that bureau it),
        `by_code` (its contours are others or unknown, and there is no crosswalk: the bureau
        was followed by its code, and nobody knows whether it was redrawn).
    flows
        One row per election × bureau that goes to several units: `election_id`, `from_id`,
        `unit_id`, `registered` handed on.
    """

    table: pd.DataFrame
    units: pd.DataFrame
    flows: pd.DataFrame

    def lost(self, arms: pd.Series) -> pd.DataFrame:
        """Tell what was lost by arm.

        Parameters
        ----------
        arms
            Arm of each unit, indexed by unit.

        Returns
        -------
        pandas.DataFrame
            One row per election × arm: `election_id`, `arm`, `units`, `without_result`,
            `redrawn`, `by_code`, `mixed_share` (of its registered, those of bureaux that serve
            units of both arms: there the arms are blurred, and the effect looks smaller than
            it is).
        """
        units = self.units.assign(arm=self.units["unit_id"].map(arms))
        units = units.dropna(subset=["arm"])
        units["without_result"] = ~units["found"]
        keys = ["election_id", "arm"]
        groups = units.groupby(keys)
        told = groups[["without_result", "redrawn"]].sum()
        told["by_code"] = groups["by_code"].any()
        told.insert(0, "units", groups.size())
        flows = self.flows.assign(arm=self.flows["unit_id"].map(arms)).dropna(subset=["arm"])
        serves = flows.groupby(["election_id", "from_id"])["arm"].transform("nunique")
        mixed = flows[serves > 1].groupby(keys)["registered"].sum()
        names = [n for n in self.table if n.endswith("_registered") and self._is_count(n)]
        whole = self.table.melt("unit_id", names, "election_id", "registered")
        whole["election_id"] = whole["election_id"].str.removesuffix("_registered")
        whole["arm"] = whole["unit_id"].map(arms)
        total = whole.groupby(keys)["registered"].sum()
        told["mixed_share"] = (mixed.reindex(told.index).fillna(0) / total).fillna(0.0)
        return told.reset_index()

    def _is_count(self, name: str) -> bool:
        return name.removesuffix("_registered") in set(self.units["election_id"])


def outcomes_of(
    workspace: Workspace,
    election_ids: Sequence[str],
    unit_ids: Sequence[str],
    *,
    vintage: int | None,
    choices: Mapping[str, Choice],
) -> Outcomes:
    """Read turnout and votes of elections on the units of a trial.

    Parameters
    ----------
    workspace
        A built place.
    election_ids
        Elections of the workspace.
    unit_ids
        Bureaux that are the units.
    vintage
        Contours that the units are of: elections drawn in others come through the
        crosswalk, whole persons at a time. None: bureaux are followed by their code.
    choices
        Label → whose votes; columns are named by the label.

    Returns
    -------
    Outcomes
        One row per unit, in the order asked; shares 0 to 1.

    Raises
    ------
    DataError
        When an election is not in the workspace, units repeat, or no unit has a result.
    """
    elections = workspace.read("elections").set_index("election_id")
    _check(elections, election_ids, pd.Index(unit_ids))
    links, units = workspace.read("crosswalk"), pd.Index(unit_ids, dtype="str")
    nobody = {"": Choice()} if not choices else {}
    tables: dict[str, pd.Series] = {"unit_id": units.to_series(index=range(len(units)))}
    judged, flows = [], []
    counts = {
        label: read_counts(
            workspace,
            list(election_ids),
            choice.members if label else lambda c: np.zeros(len(c), dtype=bool),
            (),
        )
        for label, choice in {**choices, **nobody}.items()
    }
    for number, election in enumerate(election_ids):
        chosen, by_code = _links(links, elections["vintage"].get(election), vintage)
        for label, dense in counts.items():
            before = dense.table(number)[_KEPT]
            here = _on_units(before, chosen, units)
            tables |= _columns(here, election, label)
        told = _judge(before, chosen, here)
        judged.append(told.assign(by_code=by_code, election_id=election))
        flows.append(_flows(before, chosen).assign(election_id=election))
    table = pd.DataFrame(tables)
    found = pd.concat(judged, ignore_index=True)
    if not found["found"].any():
        raise DataError(
            "No unit of the trial has a result in this workspace.",
            where="units: {units}; elections: {election_ids}",
            mend="Open the workspace of the trial's place; units are named by their bureau.",
            units=some(units),
            election_ids=some(election_ids),
        )
    return Outcomes(table, found, pd.concat(flows, ignore_index=True))


def vintage_of(bureaux: pd.DataFrame, unit_ids: Sequence[str]) -> int | None:
    """Return the contours whose bureaux the units are: the latest that know most of them.

    Parameters
    ----------
    bureaux
        `bureau_id` and `vintage`, one row per contour: the tables `context` and `bureaux`.
    unit_ids
        The units.

    Returns
    -------
    int or None
        The year; None where no unit has a contour.
    """
    drawn = bureaux[bureaux["bureau_id"].isin(list(unit_ids))]
    if drawn.empty:
        return None
    known = drawn.groupby("vintage").size()
    return int(known[known == known.max()].index.max())


def _check(elections: pd.DataFrame, wanted: Sequence[str], units: pd.Index) -> None:
    if missing := [name for name in wanted if name not in elections.index]:
        raise DataError(
            "This workspace does not hold the election(s) {missing}.",
            where="elections: {elections}",
            mend="Build the workspace with its results, or name one of these.",
            missing=", ".join(missing),
            elections=some(elections.index, most=12),
        )
    if (twice := units.duplicated()).any():
        raise DataError(
            "A unit stands in several rows, or has no name.",
            where="{units}",
            mend="Keep one row per unit.",
            units=some(dict.fromkeys(units[twice])),
        )


def _links(
    table: pd.DataFrame, source: object, target: int | None
) -> tuple[pd.DataFrame | None, bool]:
    """Return the crosswalk between two vintages, and whether codes stand in for a lacking one."""
    if target is None or source is None or pd.isna(source):
        return None, True
    if source == target:
        return None, False
    chosen = (table["from_vintage"] == source) & (table["to_vintage"] == target)
    return (table[chosen], False) if chosen.any() else (None, True)


def _on_units(before: pd.DataFrame, links: pd.DataFrame | None, units: pd.Index) -> pd.DataFrame:
    if links is None:
        return before.reindex(units)
    moved = prorate(before[_KEPT[:-1]], links)
    # Whether somebody stood is no count: a unit inherits it from any part it has.
    stood = before["offered"].reindex(links["from_id"]).groupby(links["to_id"].to_numpy()).max()
    moved["offered"] = stood.reindex(moved.index).fillna(before["offered"].reindex(moved.index))
    return moved.reindex(units)


def _columns(here: pd.DataFrame, election: str, label: str) -> dict[str, pd.Series]:
    here = here.reset_index(drop=True).astype(float)
    registered = here["ballots"] + here["abstentions"]
    voters = registered.where(registered > 0)
    named = {
        f"{election}_registered": registered,
        f"{election}_turnout": here["ballots"] / voters,
    }
    if label:
        votes = here["votes"].where(here["offered"] > 0)
        named[f"{election}_{label}_registered"] = votes / voters
        named[f"{election}_{label}_valid"] = votes / here["valid"].where(here["valid"] > 0)
    return named


def _judge(before: pd.DataFrame, links: pd.DataFrame | None, here: pd.DataFrame) -> pd.DataFrame:
    """Say of each unit whether it has a result, and whether it was redrawn."""
    units = here.index
    judged = pd.DataFrame({"unit_id": units, "found": here["ballots"].notna().to_numpy()})
    if links is None:
        return judged.assign(redrawn=False)
    sent = _sent(before, links)
    received = sent.groupby("to_id")["registered"].transform("sum")
    part = np.minimum(sent["weight"], sent["registered"] / received.where(received > 0))
    most = part.groupby(sent["to_id"]).max().reindex(units)
    return judged.assign(redrawn=(most < SAME).to_numpy() & judged["found"].to_numpy())


def _flows(before: pd.DataFrame, links: pd.DataFrame | None) -> pd.DataFrame:
    if links is None:
        return pd.DataFrame({"from_id": [], "unit_id": [], "registered": []})
    sent = _sent(before, links)
    several = sent.groupby("from_id")["to_id"].transform("nunique") > 1
    kept = sent.loc[several, ["from_id", "to_id", "registered"]]
    return kept.rename(columns={"to_id": "unit_id"}).reset_index(drop=True)


def _sent(before: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    registered = before["ballots"] + before["abstentions"]
    sent = links[["from_id", "to_id", "weight"]]
    sent = sent[sent["from_id"].isin(registered.index)]
    handed = sent["weight"] * registered.reindex(sent["from_id"]).to_numpy()
    return sent.assign(registered=handed)


def followed_by_code(lost: pd.DataFrame) -> list[Note]:
    """Name the elections whose bureaux were followed by their code alone."""
    elections = dict.fromkeys(lost.loc[lost["by_code"], "election_id"])
    return [Note("by_code", election=one) for one in elections]

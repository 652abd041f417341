"""What past elections and places say of every bureau, before any planner's number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.electorate.history import Choice, Election, History, read_history
from analysis.electorate.rates import Rate, expect_rate
from analysis.electorate.reserve import expect_reserve
from analysis.electorate.volatility import expect_volatility
from analysis.errors import DataError, some
from analysis.workspace import Workspace

# In a commune of this size and above, doors are assumed dense; under the other, spread.
DENSE_REGISTERED, SPREAD_REGISTERED = 20_000, 1_000


@dataclass(frozen=True)
class Prospects:
    """Every bureau of a place, ready to be valued.

    Attributes
    ----------
    table
        One row per bureau, sorted by id: `bureau_id`, `commune_id`, `registered`,
        `vintage`; `abstention`, `support`, `reserve`, `volatility`, each with `_se`;
        `spacing_m` (metres between neighbouring addresses, missing if unknown),
        `households`, `poverty_rate`, `density` (0 spread … 1 dense, assumed),
        `covered` (share of doors already visited).
    history
        What the rates rest on.
    target
        The election to prepare.
    notes
        What a careful user wants to know.
    """

    table: pd.DataFrame
    history: History
    target: Election
    notes: tuple[str, ...]


def prepare(
    workspace: Workspace,
    choice: Choice,
    target: Election,
    *,
    places: tuple[str, ...] = (),
    covered: pd.DataFrame | None = None,
) -> Prospects:
    """Work out the rates of every bureau from the elections before `target`.

    Parameters
    ----------
    workspace
        A built place.
    choice
        The bloc or the candidates to gain votes for.
    target
        The election to prepare; nothing at or after its day is used.
    places
        Communes or départements; empty for the whole workspace.
    covered
        `bureau_id`, `covered`: share of doors already visited, 0 to 1.

    Raises
    ------
    DataError
        When there is no past election, the choice has no candidate, or `covered` names
        bureaux that do not exist.
    """
    history = read_history(workspace, choice, before=target.date, places=places)
    table = electorate_table(history, target)
    table = table.join(_surroundings(workspace, history), on="bureau_id")
    communes = workspace.read("places").set_index("commune_id")["name"]
    table["commune"] = table["commune_id"].map(communes).fillna(table["commune_id"])
    table["name"] = table["name"].fillna("")
    table["density"] = _assumed_density(history.units)
    table["covered"] = _covered(table["bureau_id"], covered)
    return Prospects(table, history, target, _notes(history))


def electorate_table(history: History, target: Election) -> pd.DataFrame:
    """Return the expected rates of every bureau, one column each and one for its error."""
    table = history.units.copy()
    support = expect_rate(history.votes, history.valid, history, target)
    rates: dict[str, Rate] = {
        "abstention": expect_rate(history.abstentions, history.registered, history, target),
        "support": support,
        "reserve": expect_reserve(history, support),
        "volatility": expect_volatility(history),
    }
    for name, rate in rates.items():
        table[name] = rate.value
        table[f"{name}_se"] = rate.std_error
    return table


def _surroundings(workspace: Workspace, history: History) -> pd.DataFrame:
    """Return what lies inside each bureau that has a contour of the right vintage."""
    context = workspace.read("context")
    drawn = history.units[["bureau_id", "vintage"]].dropna().astype({"vintage": "int64"})
    known = drawn.merge(context, on=["bureau_id", "vintage"]).set_index("bureau_id")
    count = known["addresses"].astype("float64").replace(0, np.nan)
    households = known["households"].astype("float64")
    poverty = known["poor_households"].astype("float64") / households.where(households > 0)
    return pd.DataFrame(
        {
            "name": known["name"],
            "spacing_m": np.sqrt(known["area_m2"] / count),
            "addresses": count,
            "households": households.where(households > 0),
            "poverty_rate": poverty,
            "living_standard_eur": known["living_standard_eur"],
            "social_dwellings": known["social_dwellings"].astype("float64"),
        }
    )


def _assumed_density(units: pd.DataFrame) -> np.ndarray:
    size = units.groupby("commune_id")["registered"].transform("sum").clip(lower=1)
    low, high = np.log(SPREAD_REGISTERED), np.log(DENSE_REGISTERED)
    return np.clip((np.log(size) - low) / (high - low), 0, 1).to_numpy()


def _covered(ids: pd.Series, covered: pd.DataFrame | None) -> np.ndarray:
    if covered is None:
        return np.zeros(len(ids))
    if unknown := sorted(set(covered["bureau_id"]) - set(ids)):
        raise DataError(
            "The table of visited doors names bureaux that this place does not have.",
            where=some(unknown),
            mend="Write bureau ids as the ranking does: 75056_0101.",
        )
    share = ids.map(covered.set_index("bureau_id")["covered"]).fillna(0.0)
    if not share.between(0, 1).all():
        raise DataError(
            "The share of visited doors must lie between 0 and 1.",
            where=some(ids[~share.between(0, 1)]),
            mend="Write 0.4 for 40 doors in 100.",
        )
    return share.to_numpy()


def _notes(history: History) -> tuple[str, ...]:
    return tuple(
        f"{row.election_id}: {row.bureaux} bureaux ({row.registered} registered) are none of "
        f"today's: {row.examples}"
        for row in history.unmatched.itertuples()
    )

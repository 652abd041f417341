"""What past elections and places say of every bureau, before any planner's number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.electorate.abstention.forecast import AbstentionForecast, forecast_abstention
from analysis.electorate.abstention.series import Series
from analysis.electorate.history import History, read_history
from analysis.electorate.rates import Rate, expect_rate
from analysis.electorate.reserve import expect_reserve
from analysis.electorate.volatility import expect_volatility, far_out
from analysis.errors import some
from analysis.tables.covered import read_covered
from analysis.tables.elections import Choice, Election
from analysis.tables.workspace import Workspace

# In a commune of this size and above, doors are assumed dense; under the other, spread.
DENSE_REGISTERED, SPREAD_REGISTERED = 20_000, 1_000
# Shares of the time that reading the past, then the forecast, have taken when they end.
_READ, _FORECAST = 0.25, 0.85

Progress = Callable[[float], None]


def silent(done: float) -> None:
    """Report nothing."""


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
        `covered` (share of doors already visited), `reachable` (has ground to walk on),
        `far_out` (elections at which votes moved as nowhere else, ids separated by spaces).
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
    progress: Progress = silent,
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
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Raises
    ------
    DataError
        When there is no past election, the choice has no candidate, or the
        workspace's `covered.csv` is wrong.
    """
    history = read_history(workspace, choice, before=target.date, places=places)
    progress(_READ)
    forecast = forecast_abstention(
        Series.of_history(history, workspace),
        target,
        progress=lambda done: progress(_READ + (_FORECAST - _READ) * done),
    )
    table = electorate_table(history, target, forecast)
    progress(0.95)
    table = table.join(_surroundings(workspace, history), on="bureau_id")
    communes = workspace.read("places").set_index("commune_id")["name"]
    table["commune"] = table["commune_id"].map(communes).fillna(table["commune_id"])
    table["name"] = table["name"].fillna("")
    table["reachable"] = has_ground(table)
    table["density"] = _assumed_density(history.units)
    table["covered"] = read_covered(workspace.path, table["bureau_id"], whole=not places)
    far = far_out(history)
    when = far.groupby("bureau_id")["election_id"].agg(" ".join).astype("str")
    table["far_out"] = when.reindex(table["bureau_id"].astype("str"), fill_value="").to_numpy()
    return Prospects(table, history, target, (*_notes(history, far), *forecast.notes))


def electorate_table(
    history: History, target: Election, forecast: AbstentionForecast | None = None
) -> pd.DataFrame:
    """Return the expected rates of every bureau, one column each and one for its error.

    Parameters
    ----------
    history
        Past elections.
    target
        The election to come.
    forecast
        Of its abstention, in the order of `history.units`; None makes it.
    """
    forecast = forecast or forecast_abstention(Series.of_history(history), target)
    table = history.units.copy()
    support = expect_rate(history.votes, history.valid, history, target)
    rates: dict[str, Rate] = {
        "abstention": Rate(
            value=forecast.table["abstention"].to_numpy(),
            std_error=forecast.table["abstention_se"].to_numpy(),
            level=forecast.level.value,
            elections=forecast.elections,
        ),
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


def has_ground(table: pd.DataFrame) -> np.ndarray:
    """Tell which bureaux have ground: all, but those named by a word that have no contour.

    Where a town's bureaux have contours, one without whose number begins with
    letters (`JUS1`: prisoners, postal votes) has no doors. A number alone without
    a contour is a bureau redrawn since, and has.
    """
    drawn = table["vintage"].notna()
    town_drawn = drawn.groupby(table["commune_id"]).transform("any")
    word = table["bureau_id"].str.rpartition("_")[2].str.match(r"[A-Za-z]{2}")
    return ~(town_drawn & ~drawn & word).to_numpy()


def _assumed_density(units: pd.DataFrame) -> np.ndarray:
    size = units.groupby("commune_id")["registered"].transform("sum").clip(lower=1)
    low, high = np.log(SPREAD_REGISTERED), np.log(DENSE_REGISTERED)
    return np.clip((np.log(size) - low) / (high - low), 0, 1).to_numpy()


def _notes(history: History, far: pd.DataFrame) -> tuple[str, ...]:
    unmatched = [
        f"{row.election_id}: {row.bureaux} bureaux ({row.registered} registered) are none of "
        f"today's: {row.examples}"
        for row in history.unmatched.itertuples()
    ]
    moved = [
        f"{election}: votes moved between blocs far more than elsewhere in {len(rows)} bureaux, as "
        "a typing error in the official file or a candidate of the place would make them; the move "
        f"counts as the largest usual one: {some(rows['bureau_id'])}"
        for election, rows in far.groupby("election_id")
    ]
    return (*unmatched, *moved)

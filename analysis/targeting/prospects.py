"""What past elections and places say of every bureau, before any planner's number."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.electorate.abstention.forecast import AbstentionForecast, forecast_abstention
from analysis.electorate.abstention.series import Series
from analysis.electorate.history import Choice, Election, History, read_history
from analysis.electorate.rates import Rate, expect_rate
from analysis.electorate.reserve import expect_reserve
from analysis.electorate.volatility import expect_volatility, far_out
from analysis.errors import DataError, Text, some
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
    table["covered"] = read_covered(workspace, table["bureau_id"], whole=not places)
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


def read_covered(workspace: Workspace, ids: pd.Series, *, whole: bool = True) -> np.ndarray:
    """Return the share of doors already visited in each bureau; 0 where nothing is said.

    Parameters
    ----------
    workspace
        Its file `covered.csv`, if there is one, has the columns `bureau_id` and
        `covered`, a share from 0 to 1.
    ids
        The bureaux wanted.
    whole
        Whether `ids` are all bureaux of the workspace, so that another one is a mistake.

    Raises
    ------
    DataError
        When the file names bureaux that do not exist, or shares outside 0 to 1.
    """
    file = workspace.path / "covered.csv"
    if not file.is_file():
        return np.zeros(len(ids))
    covered = _read_csv(file)
    share = pd.to_numeric(covered["covered"].str.replace(",", "."), errors="coerce")
    if (wrong := ~share.between(0, 1)).any():
        raise DataError(
            "The share of visited doors must be a number between 0 and 1.",
            where="covered.csv: {bureaux}",
            mend="Write 0.4 for 40 doors in 100.",
            bureaux=some(covered["bureau_id"][wrong]),
        )
    unknown = sorted(set(covered["bureau_id"]) - set(ids)) if whole else []
    if unknown or covered["bureau_id"].duplicated().any():
        twice = covered["bureau_id"][covered["bureau_id"].duplicated()]
        raise DataError(
            "The table of visited doors names bureaux that this place does not have, or twice.",
            where="covered.csv: {bureaux}",
            mend="Write each bureau once, as the ranking does: 75056_0101.",
            bureaux=some([*unknown, *twice]),
        )
    known = pd.Series(share.to_numpy(), index=covered["bureau_id"])
    return ids.map(known).fillna(0.0).to_numpy()


def _read_csv(file: Path) -> pd.DataFrame:
    try:
        # Excel in French writes semicolons, scripts write commas.
        table = pd.read_csv(file, sep=None, engine="python", dtype="str", encoding="utf-8-sig")
        return table[["bureau_id", "covered"]].dropna()
    except (KeyError, ValueError, OSError, csv.Error) as error:
        raise DataError(
            "The table of visited doors cannot be read.",
            where="{file}: {error}",
            mend="Give it two columns, bureau_id and covered, in UTF-8.",
            file=file.name,
            error=error,
        ) from error


def _notes(history: History, far: pd.DataFrame) -> tuple[str, ...]:
    unmatched = [
        Text(
            "{election_id}: {bureaux} bureaux ({registered} registered) are "
            "none of today's: {examples}",
            election_id=row.election_id,
            bureaux=row.bureaux,
            registered=row.registered,
            examples=row.examples,
        )
        for row in history.unmatched.itertuples()
    ]
    moved = [
        Text(
            "{election}: votes moved between blocs far more than elsewhere "
            "in {n} bureaux, as a typing error in the official file or a "
            "candidate of the place would make them; the move counts as the "
            "largest usual one: {bureau_id}",
            election=election,
            n=len(rows),
            bureau_id=some(rows["bureau_id"]),
        )
        for election, rows in far.groupby("election_id")
    ]
    return (*unmatched, *moved)

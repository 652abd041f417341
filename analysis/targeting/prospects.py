"""What past elections and places say of every bureau, before any planner's number."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
import pandas as pd

from analysis.electorate.abstention.forecast import AbstentionForecast, forecast_abstention
from analysis.electorate.abstention.series import Series
from analysis.electorate.exchanged import doubtful, near, put_back, votes_as_typed
from analysis.electorate.far_rounds import FarRounds, without_far_rounds
from analysis.electorate.history import History, read_history
from analysis.electorate.movement import expect_movement
from analysis.electorate.rates import Rate
from analysis.electorate.reserve import expect_marginal, expect_reserve
from analysis.electorate.support import expect_support
from analysis.electorate.volatility import expect_volatility
from analysis.errors import Text, some
from analysis.geography.bureau_names import bureau_labels, polling_places
from analysis.tables.covered import read_covered
from analysis.tables.elections import Choice, Election
from analysis.tables.schema import BLOCS
from analysis.tables.workspace import Workspace
from analysis.targeting.ground import has_ground
from analysis.targeting.rivals import expect_rival, rival_of, stood

# In a commune of this size and above, doors are assumed dense; under the other, spread.
DENSE_REGISTERED, SPREAD_REGISTERED = 20_000, 1_000
# Shares of the time that reading the past, then the forecast and the rates, have taken.
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
        `vintage`; `abstention`, `support`, `movement`, `marginal`, `rival_marginal`, `reserve`,
        `volatility`, each with `_se`; `rival_support`;
        `spacing_m` (metres between neighbouring addresses, missing if unknown),
        `households`, `poverty_rate`, `density` (0 spread … 1 dense, assumed),
        `covered` (share of doors already visited), `reachable` (has ground to walk on),
        `far_out` (elections whose counts are left out as they were typed, ids separated by
        spaces), `put_back` (those of them whose votes are used in another order).
    history
        Past counts as they were published; the rates rest on it without the far-out ones.
    rival
        Bloc against which votes are counted; empty where no other stood.
    rival_by_results
        The one that the place's results choose when nobody names another.
    target
        The election to prepare.
    notes
        What a careful user wants to know.
    """

    table: pd.DataFrame
    history: History
    target: Election
    notes: tuple[str, ...]
    rival: str = ""
    rival_by_results: str = ""


def prepare(  # noqa: PLR0913 - a question on a place
    workspace: Workspace,
    choice: Choice,
    target: Election,
    *,
    places: tuple[str, ...] = (),
    rival: str = "",
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
    rival
        Bloc against which votes are counted; empty: the strongest other one.
    progress
        Told the share done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Prospects
        One row per bureau: rates 0 to 1 with their standard errors.

    Raises
    ------
    DataError
        When there is no past election, the choice has no candidate, or the
        workspace's `covered.csv` is wrong.
    """
    past = _read(workspace, choice, target, places, progress)
    found = prospects_of(workspace, past, choice, target, places=places, rival=rival)
    progress(_FORECAST)
    return found


@dataclass(frozen=True)
class Past:
    """What every bloc's prospects rest on: counts as published, as they are used, abstention.

    The forecast of abstention is made beside what does not need it; `forecast` waits for it. What
    each bureau is called and surrounded by (`_described`) is looked up beside both.
    """

    history: History
    sound: History
    far: FarRounds
    back: np.ndarray
    coming: Future[AbstentionForecast]
    described: Future[pd.DataFrame]

    @property
    def forecast(self) -> AbstentionForecast:
        """Abstention as it is expected; errors are those of `forecast_abstention`."""
        return self.coming.result()

    def of_bloc(self, bloc: str) -> Past:
        """Return the same past for the votes of another bloc."""
        number = BLOCS.index(bloc)
        both = (self.history, self.sound)
        history, sound = (replace(h, votes=stood(h.blocs[:, :, number])) for h in both)
        return replace(self, history=history, sound=sound)


def read_past(
    workspace: Workspace,
    choice: Choice,
    target: Election,
    *,
    places: tuple[str, ...] = (),
    progress: Progress = silent,
) -> Past:
    """Read the elections before `target`, leave out what is far out, forecast abstention.

    Errors are those of `prepare`.

    Parameters
    ----------
    workspace, choice, target, places, progress
        As for `prepare`.

    Returns
    -------
    Past
        Counts of persons (bureaux × elections), and the forecast.
    """
    past = _read(workspace, choice, target, places, progress)
    # What is wrong with the forecast is said here.
    past.coming.result()
    progress(_FORECAST)
    return past


def _read(
    workspace: Workspace,
    choice: Choice,
    target: Election,
    places: tuple[str, ...],
    progress: Progress,
) -> Past:
    """Return a past as `read_past` does, while its forecast is still being made."""
    beside = ThreadPoolExecutor(2)
    # The forecast would wait for it.
    beside.submit(import_module, "scipy.sparse")
    history = read_history(workspace, choice, before=target.date, places=places)
    progress(_READ)
    described = beside.submit(_described, workspace, history, whole=not places)
    sound, far = without_far_rounds(history)
    sound, far, back = _put_back(workspace, choice, history, (sound, far))
    series = Series.of_history(sound).surrounded(workspace, target)
    coming = beside.submit(forecast_abstention, series, target)
    beside.shutdown(wait=False)
    return Past(history, sound, far, back, coming, described)


def prospects_of(  # noqa: PLR0913 - a question on a past
    workspace: Workspace,
    past: Past,
    choice: Choice,
    target: Election,
    *,
    places: tuple[str, ...] = (),
    rival: str = "",
) -> Prospects:
    """Return the prospects of one choice from a past that was read; see `prepare`.

    Parameters
    ----------
    past
        As `read_past` gives it.
    workspace, choice, target, places, rival
        As for `prepare`.

    Returns
    -------
    Prospects
        One row per bureau: rates 0 to 1 with their standard errors.
    """
    history, sound = past.history, past.sound
    usual = rival_of(sound, choice, target)
    against = rival_of(sound, choice, target, rival) if rival else usual
    # What needs no forecast first: it is still being made.
    left_out = _left_out(history, past)
    table = electorate_table(sound, target, past.coming, rival=against)
    table = table.join(past.described.result())
    ids = history.units["bureau_id"].astype("str")
    for name, some_of in (("far_out", left_out), ("put_back", left_out[left_out["put_back"]])):
        when = some_of.groupby("bureau_id")["election_id"].agg(" ".join).astype("str")
        table[name] = when.reindex(ids, fill_value="").to_numpy()
    notes = (*_notes(history, left_out), *past.forecast.notes)
    return Prospects(table, history, target, notes, against, usual)


def _described(workspace: Workspace, history: History, *, whole: bool) -> pd.DataFrame:
    """Return what each bureau is called, what surrounds it, and whether it was visited."""
    units = history.units
    table = units[["bureau_id"]].join(_surroundings(workspace, history), on="bureau_id")
    table = table.drop(columns="bureau_id")
    communes = workspace.read("places").set_index("commune_id")["name"]
    table["commune"] = units["commune_id"].map(communes).fillna(units["commune_id"])
    named = polling_places(workspace)
    table["name"] = [named.get(one, "") for one in units["bureau_id"].tolist()]
    table["label"] = bureau_labels(workspace, units["bureau_id"]).to_numpy()
    table["reachable"] = has_ground(units.join(table), history)
    table["density"] = _assumed_density(units)
    table["covered"] = read_covered(workspace.path, units["bureau_id"], whole=whole)
    return table


def _put_back(
    workspace: Workspace, choice: Choice, history: History, found: tuple[History, FarRounds]
) -> tuple[History, FarRounds, np.ndarray]:
    """Return a past with the votes that only stood in another's place, and where they did."""
    doubt = doubtful(history, found[1])
    if not doubt.any():
        return *found, doubt
    ids = [e.election_id for e, at in zip(history.elections, doubt.T, strict=True) if at.any()]
    beside = history.units["bureau_id"][near(doubt)]
    return put_back(history, *found, votes_as_typed(workspace, choice, ids, beside))


def _left_out(history: History, past: Past) -> pd.DataFrame:
    """Return `bureau_id`, `election_id`, `annulled` and `put_back` of what is far out."""
    row, election = np.nonzero(past.far.any)
    names = np.array([e.election_id for e in history.elections], dtype=object)
    ids = history.units["bureau_id"].astype("str").to_numpy()[row]
    found = {"annulled": history.annulled[row, election], "put_back": past.back[row, election]}
    return pd.DataFrame({"bureau_id": ids, "election_id": names[election], **found})


def electorate_table(
    history: History,
    target: Election,
    forecast: AbstentionForecast | Future[AbstentionForecast] | None = None,
    *,
    rival: str = "",
) -> pd.DataFrame:
    """Return the expected rates of every bureau, one column each and one for its error.

    Parameters
    ----------
    history
        Past elections.
    target
        The election to come.
    forecast
        Of its abstention, in the order of `history.units`; it may still be in the making; None
        makes it.
    rival
        Bloc whose marginal voters are counted against; empty: none.

    Returns
    -------
    pandas.DataFrame
        In the order of `history.units`: rates 0 to 1.
    """
    table = history.units.copy()
    support = expect_support(history, history.votes, target)
    others: dict[str, Rate] = {
        "support": support,
        "movement": expect_movement(history),
        "marginal": expect_marginal(history, history.votes, support.value),
        "reserve": expect_reserve(history, support),
        "volatility": expect_volatility(history),
    }
    against = expect_rival(history, target, rival)
    if isinstance(forecast, Future):
        forecast = forecast.result()
    forecast = forecast or forecast_abstention(Series.of_history(history), target)
    abstention = Rate(
        value=forecast.table["abstention"].to_numpy(),
        std_error=forecast.table["abstention_se"].to_numpy(),
        level=forecast.level.value,
        elections=forecast.elections,
    )
    for name, rate in ({"abstention": abstention} | others).items():
        table[name] = rate.value
        table[f"{name}_se"] = rate.std_error
    return table.assign(**against)


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
    uncounted = [
        Text(
            "{election}: in {n} bureaux people voted and no vote is counted, as where the "
            "result was annulled; their other rounds stand for it: {bureau_id}",
            election=election,
            n=len(rows),
            bureau_id=some(rows["bureau_id"]),
        )
        for election, rows in far[far["annulled"]].groupby("election_id")
    ]
    moved = [
        Text(
            "{election}: in {n} bureaux the counts are unlike those before "
            "and after, as a typing error in the official file or a "
            "candidate of the place would make them; they are left out there "
            "and drawn to the other rounds: {bureau_id}",
            election=election,
            n=len(rows),
            bureau_id=some(rows["bureau_id"]),
        )
        for election, rows in far[~far["annulled"] & ~far["put_back"]].groupby("election_id")
    ]
    exchanged = [
        Text(
            "{election}: in {n} bureaux votes stand in another candidate's place, two exchanged "
            "or a column that slipped, as the other rounds and the bureaux around tell; they are "
            "put back: {bureau_id}",
            election=election,
            n=len(rows),
            bureau_id=some(rows["bureau_id"]),
        )
        for election, rows in far[far["put_back"]].groupby("election_id")
    ]
    return (*unmatched, *uncounted, *moved, *exchanged)

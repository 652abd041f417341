"""The forecast of abstention by bureau, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.electorate.abstention.level import Level, expect_level
from analysis.electorate.abstention.multilevel import (
    Observed,
    Posterior,
    Tree,
    active,
    infer,
    learn,
)
from analysis.electorate.abstention.projection import project
from analysis.electorate.abstention.resemblance import Calendar, Link, link, no_link
from analysis.electorate.abstention.second_rounds import with_rules
from analysis.electorate.abstention.series import Series, department_of, is_far
from analysis.electorate.abstention.surroundings import Told, tell
from analysis.electorate.abstention.transform import (
    MEASURED_SPREAD,
    OVERDISPERSION,
    half_width,
    rate_of,
    shift_to,
    slope_at,
)
from analysis.errors import DataError, Text
from analysis.tables.elections import Election
from analysis.tables.keys_among import is_among
from analysis.tables.table_texts import TableTexts

# Elections beyond these many rounds say nothing that later ones do not.
MOST_ELECTIONS = 14
# About so many bureaux teach what bureaux, communes and départements add: in France all of them
# would move a forecast by a fiftieth of its standard error.
TEACHERS = 20_000
# A bureau whose roll has grown or shrunk is no longer the same streets: standard deviation
# of its value per unit of log registered.
REDRAWN = 0.25
SHARES = (50, 90)

Progress = Callable[[float], None]


def silent(done: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class AbstentionForecast(TableTexts):
    """Expected abstention of every bureau, given the level of the whole place.

    Attributes
    ----------
    table
        One row per bureau in the order given: `bureau_id`, `commune_id`, `registered`;
        `abstention` (expected rate), `abstention_se` (its standard error, given the
        level); `low_50`, `high_50`, `low_90`, `high_90` (interval of the rate that will
        be counted, given the level); `past` (elections it was seen at), `source` (`own`;
        `around`: neighbours and households; `commune`, `department` or `place`: the nearest
        that has a past).
    target
        The election to come.
    level
        Abstention of the place, to which the table is scaled; its error is not in the table.
    links
        How past elections count, for bureaux, communes and départements.
    elections
        Ids of the elections it rests on, oldest first.
    notes
        What a careful user wants to know.
    """

    table: pd.DataFrame
    target: Election
    level: Level
    links: tuple[Link, Link, Link]
    elections: tuple[str, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per bureau with its expected rate and intervals (`table`)."""
        return self.table

    def summary(self) -> str:
        """Say the result in one sentence."""
        rate, error = 100 * self.level.value, 100 * self.level.std_error
        tenth, ninth = np.quantile(self.table["abstention"], [0.1, 0.9]) * 100
        return (
            f"At a level of {rate:.1f}% (standard error {error:.1f} points), one bureau in ten "
            f"is expected below {tenth:.1f}% and one in ten above {ninth:.1f}%."
        )

    def with_level_error(self, share: float = 0.90) -> pd.DataFrame:
        """Return the table with `low_all`, `high_all`: intervals that hold the level's error too.

        Parameters
        ----------
        share
            Of the outcomes that the interval is to hold.
        """
        rate = self.table["abstention"].to_numpy()
        size = np.maximum(self.table["registered"].to_numpy(dtype=float), 1.0)
        counted = OVERDISPERSION * rate * (1 - rate) / size
        own = self.table["abstention_se"].to_numpy()
        reach = half_width(share) * np.sqrt(own**2 + counted + self.level.std_error**2)
        low, high = np.clip(rate - reach, 0, 1), np.clip(rate + reach, 0, 1)
        return self.table.assign(low_all=low, high_all=high)


def forecast_abstention(
    series: Series,
    target: Election,
    *,
    level: Level | None = None,
    progress: Progress = silent,
) -> AbstentionForecast:
    """Forecast the abstention of every bureau at a coming election.

    Rates are turned to the scale asin √rate, where counting noise is the same at every
    rate. What bureaux, communes and départements add at past elections is learned with
    its covariances, those are extended to the coming election by how much it resembles
    the past ones, and the expected effects are added up.

    Parameters
    ----------
    series
        Past elections on the bureaux of the target; later elections must not be in it.
    target
        The election to come.
    level
        Abstention of the whole place; None expects it from past levels.
    progress
        Told the share done, 0 to 1.

    Returns
    -------
    AbstentionForecast
        One row per bureau of the series, in its order; rates of the registered, 0 to 1.

    Raises
    ------
    DataError
        When the series holds no election before the target.
    """
    series = _usable(series, target)
    levels = series.levels
    level = level or expect_level(series.elections, levels, target)
    calendar = Calendar.of((*series.elections, target), np.append(levels, level.value))
    seen = _observed(series)
    progress(0.1)
    mean, links = _links(seen, series, calendar)
    progress(0.5)
    posterior = infer(seen, mean, tuple(one.covariance for one in links))
    progress(0.8)
    effect, variance = with_rules(series, target, *project(posterior, links))
    told = _told(series, posterior, links[0])
    table = _table(series, effect + told.effect, variance - told.explained, level)
    table["source"] = table["source"].mask(told.about, "around")
    progress(1.0)
    return AbstentionForecast(
        table=table,
        target=target,
        level=level,
        links=links,
        elections=tuple(e.election_id for e in series.elections),
        notes=_notes(series, table),
    )


def _usable(series: Series, target: Election) -> Series:
    """Return the latest elections before the target at which anybody was registered."""
    voted = np.nansum(series.registered, axis=0) > 0
    before = np.array([e.date < target.date for e in series.elections], dtype=bool)
    kept = np.flatnonzero(voted & before)
    if not len(kept):
        raise DataError(
            "No election with registered voters precedes the one to forecast.",
            where="{election_id}",
            mend="Build the workspace with earlier results, or choose a later election.",
            election_id=target.election_id,
        )
    return series.keep(kept[-MOST_ELECTIONS:])


def _observed(series: Series) -> Observed:
    known = np.isfinite(series.ballots) & (series.registered > 0)
    size = np.where(known, series.registered, np.nan)
    # Anscombe's constants keep the scale even where nobody, or everybody, stayed home.
    values = np.arcsin(np.sqrt((size - series.ballots + 0.375) / (size + 0.75)))
    today = np.maximum(series.units["registered"].to_numpy(dtype=float), 1.0)
    moved = REDRAWN * np.log(np.where(known, series.registered, 1.0) / today[:, None])
    noise = np.where(known, 1 / (4 * np.where(known, size, 1.0) + 2) + moved**2, 1.0)
    communes = series.units["commune_id"]
    return Observed(values, noise, Tree.of(communes, department_of(communes)))


def _links(
    seen: Observed, series: Series, calendar: Calendar
) -> tuple[np.ndarray, tuple[Link, Link, Link]]:
    """Learn covariances on the bureaux with a past, and extend them to the target.

    Overseas and abroad take no part in the learning: a dozen territories thirty points
    away would be most of the variance between départements.
    """
    near = ~is_far(series.units["commune_id"]) | is_far(series.units["commune_id"]).all()
    known = np.isfinite(seen.rates)
    keep = known.any(axis=1) & near
    if not known[keep].any(axis=0).all():
        keep = known.any(axis=1)
    # Whole communes, spread over all départements by their codes; all of them where a vote of a
    # few cities would be known in none.
    some = keep & (seen.tree.commune % max(int(keep.sum()) // TEACHERS, 1) == 0)
    keep = some if known[some].any(axis=0).all() else keep
    learned = seen.only(keep)
    weights = series.units["registered"].to_numpy(dtype=float)[keep] + 1.0
    mean, covariances = learn(learned, weights)
    members = zip(covariances, learned.tree.sizes, active(learned.tree), strict=True)
    bureau, commune, department = (
        link(covariance, calendar, size) if use else no_link(covariance)
        for covariance, size, use in members
    )
    return mean, (bureau, commune, department)


def _told(series: Series, known: Posterior, bureau: Link) -> Told:
    """Return what surroundings tell of bureaux without a past."""
    size = series.units["registered"].to_numpy(dtype=float)
    if series.around is None:
        return Told.nothing(len(size))
    # What is new at the election to come is as unknown to neighbours as to the bureau.
    spread = bureau.weights @ bureau.covariance @ bureau.weights
    effects = known.bureau @ bureau.weights
    return tell(series.around, effects, MEASURED_SPREAD**2 * spread, series.seen, size)


def _table(series: Series, effect: np.ndarray, variance: np.ndarray, level: Level) -> pd.DataFrame:
    units = series.units[["bureau_id", "commune_id", "registered"]].reset_index(drop=True)
    size = units["registered"].to_numpy(dtype=float)
    angle = effect + shift_to(effect, size, level.value)
    rate = rate_of(angle)
    spread = np.sqrt(variance)
    columns: dict[str, object] = {"abstention": rate, "abstention_se": slope_at(rate) * spread}
    counted = np.sqrt(variance + OVERDISPERSION / (4 * np.maximum(size, 1.0) + 2))
    for share in SHARES:
        reach = half_width(share / 100) * counted
        columns[f"low_{share}"] = rate_of(angle - reach)
        columns[f"high_{share}"] = rate_of(angle + reach)
    past = np.isfinite(series.rates)
    columns["past"] = past.sum(axis=1)
    columns["source"] = _source(units["commune_id"], past.any(axis=1))
    return units.assign(**columns)


def _source(communes: pd.Series, known: np.ndarray) -> np.ndarray:
    """Name the nearest place with a past: the bureau, its commune, its département."""
    lacking, there = communes[~known], communes[known].drop_duplicates()
    places = ((lacking, there), (department_of(lacking), department_of(there)))
    near = [is_among(own, past) for own, past in places]
    source = np.full(len(known), "own", dtype="<U10")
    source[~known] = np.select(near, ["commune", "department"], "place")
    return source


def _notes(series: Series, table: pd.DataFrame) -> tuple[str, ...]:
    new = int((table["source"] != "own").sum())
    alone = [
        Text(
            "The forecast of abstention rests on one election "
            "({election_id}): what changes between elections is taken from "
            "experience elsewhere.",
            election_id=series.elections[0].election_id,
        )
    ]
    strangers = [
        Text(
            "{new} bureaux have no past of their own: their abstention is "
            "expected like that of their neighbours, or of their commune.",
            new=new,
        )
    ]
    return tuple((alone if len(series.elections) == 1 else []) + (strangers if new else []))

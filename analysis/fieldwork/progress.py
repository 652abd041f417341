"""How far the field has come: questions to the store, each answered from its sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from analysis.database.engine import reading
from analysis.database.models import (
    COUNTS,
    ERASURES,
    IMPORTS,
    META,
    TALLY_DAY,
    TALLY_HOUR,
    TALLY_TURF,
)
from analysis.errors import DataError
from analysis.fieldwork.outcome_codes import REFUSALS
from analysis.fieldwork.store import Store
from analysis.fieldwork.tallies import NO_HOUR

# An outing whose pace can be told: reports, and seconds between the first and the last.
_TIMED_REPORTS = 10
_TIMED_SECONDS = (20 * 60, 5 * 3600)
_COUNTED = (
    "attempts",
    "doors",
    "conversations",
    "refusals",
    "planned",
    "teams",
    "turfs",
    "bureaux",
)
KEYS = ("day", "team_id", "bureau_id", "turf_id")


@dataclass(frozen=True, slots=True)
class Totals:
    """Doors, conversations and days of the whole campaign.

    Attributes
    ----------
    attempts, doors, conversations, refusals
        Reports, doors they tell of, and doors behind which somebody talked, or refused to.
    planned
        Doors of all turfs.
    teams, turfs, bureaux
        How many returned something.
    first_day, last_day
        Of the returns; None before the first.
    """

    attempts: int
    doors: int
    conversations: int
    refusals: int
    planned: int
    teams: int
    turfs: int
    bureaux: int
    first_day: date | None
    last_day: date | None

    @property
    def answer_rate(self) -> float:
        """Conversation rate: conversations per door; nan before the first door."""
        return self.conversations / self.doors if self.doors else float("nan")

    @property
    def open_rate(self) -> float:
        """Doors that opened, to talk or to refuse, per door; nan before the first door."""
        return (self.conversations + self.refusals) / self.doors if self.doors else float("nan")

    def of(self, measure: str) -> int:
        """Return what the objective counts: doors or conversations."""
        return self.doors if measure == "doors" else self.conversations


def totals(store: Store) -> Totals:
    """Return the campaign in a line."""
    t = TALLY_DAY.c
    query = sa.select(
        *(total(t[name]) for name in ("attempts", "doors", "conversation")),
        total(refusals(t)),
        sa.select(total(TALLY_TURF.c.planned)).scalar_subquery(),
        *(sa.func.count(t[name].distinct()) for name in ("team_id", "turf_id", "bureau_id")),
        *(edge(t.day).filter(t.attempts > 0) for edge in (sa.func.min, sa.func.max)),
    )
    row = store.frame(query).iloc[0].tolist()
    numbers = dict(zip(_COUNTED, map(int, row[:8]), strict=True))
    return Totals(**numbers, first_day=_day(row[8]), last_day=_day(row[9]))


def by(store: Store, key: str) -> pd.DataFrame:
    """Return the counts by day, team, bureau or turf, in the order of the key.

    Returns
    -------
    pandas.DataFrame
        The key, the counts of `models.COUNTS`, `answer_rate` (conversations / doors),
        `open_rate` (conversations and refusals / doors) and `quality` (mean, 1 to 5).

    Raises
    ------
    DataError
        When there is no such key.
    """
    if key not in KEYS:
        raise DataError(
            "Returns are not counted by this.",
            where="{key}",
            mend="Take one of: {known}.",
            key=key,
            known=", ".join(KEYS),
        )
    column = TALLY_DAY.c[key]
    sums = (total(TALLY_DAY.c[name]).label(name) for name in COUNTS)
    return _with_rates(store.frame(sa.select(column, *sums).group_by(column).order_by(column)))


def outings(store: Store) -> pd.DataFrame:
    """Return what is needed to know the pace: one row per team.

    An outing is a turf's day of a team. Its hours are those between its first and its last
    report, so that it counts for the pace only with ten reports or more over 20 minutes to 5
    hours, hours known.

    Returns
    -------
    pandas.DataFrame
        `team_id`, `outings`, and over them `doors`, `doors_squared`, `conversations`,
        `conversations_squared`; `timed` (outings that count for the pace), and over those
        `timed_doors`, `hours`, `pace`, `pace_squared` (sums of doors per hour).
    """
    t = TALLY_DAY.c
    doors, talks, seconds = (
        total(value) for value in (t.doors, t.conversation, t.last_s - t.first_s)
    )
    keys = (t.turf_id, t.day, t.team_id)
    each = (
        sa.select(t.team_id, doors.label("d"), talks.label("c"), seconds.label("s"))
        .add_columns(total(t.attempts).label("a"))
        .group_by(*keys)
        .having(doors > 0)
        .subquery()
    )
    timed = sa.and_(each.c.a >= _TIMED_REPORTS, each.c.s.between(*_TIMED_SECONDS))
    pace = each.c.d * 3600.0 / each.c.s

    def over(value: Any, where: Any = None) -> Any:  # noqa: ANN401 - expressions
        return sa.func.coalesce(
            sa.func.sum(value if where is None else sa.case((where, value), else_=None)), 0
        )

    query = sa.select(
        each.c.team_id,
        sa.func.count().label("outings"),
        total(each.c.d).label("doors"),
        over(1.0 * each.c.d * each.c.d).label("doors_squared"),
        total(each.c.c).label("conversations"),
        over(1.0 * each.c.c * each.c.c).label("conversations_squared"),
        total(sa.case((timed, 1), else_=0)).label("timed"),
        total(sa.case((timed, each.c.d), else_=0)).label("timed_doors"),
        (over(each.c.s, timed) / 3600.0).label("hours"),
        over(pace, timed).label("pace"),
        over(pace * pace, timed).label("pace_squared"),
    )
    table = store.frame(query.group_by(each.c.team_id).order_by(each.c.team_id))
    real = ["doors_squared", "conversations_squared", "hours", "pace", "pace_squared"]
    return table.astype(dict.fromkeys(real, float))


def cells(store: Store, *keys: str) -> pd.DataFrame:
    """Return what is needed to learn open and conversation rates: one row per cell of the keys.

    Parameters
    ----------
    store
        The store.
    keys
        Any of `weekend`, `hour`, `kind`, `bureau_id`. Attempts without an hour are left out
        when hours are asked for.

    Returns
    -------
    pandas.DataFrame
        The keys, `doors`, `conversations`, `opened` (conversations and refusals), `clusters` (a
        turf's hour and kind of building), `squares` and `opened_squares`, the sums over clusters
        of conversations² / doors and of opened² / doors: how much they differ.
    """
    t = TALLY_HOUR.c
    columns = [t[name] for name in keys]
    opened = t.conversation + refusals(t)
    squared = (sa.cast(one, sa.Float) * one / t.doors for one in (t.conversation, opened))
    squares, opened_squares = map(sa.func.sum, squared)
    query = sa.select(
        *columns,
        total(t.doors).label("doors"),
        total(t.conversation).label("conversations"),
        total(opened).label("opened"),
        sa.func.count().label("clusters"),
        squares.label("squares"),
        opened_squares.label("opened_squares"),
    ).where(t.doors > 0)
    if "hour" in keys:
        query = query.where(t.hour != NO_HOUR)
    table = store.frame(query.group_by(*columns).order_by(*columns))
    return table.assign(weekend=table["weekend"].astype(bool)) if "weekend" in keys else table


def coverage(store: Store) -> pd.DataFrame:
    """Return what was covered of every bureau with turfs or returns.

    Returns
    -------
    pandas.DataFrame
        `bureau_id` (empty: addresses of no turf), `planned` (doors of its turfs), `tried`
        (knocked at; at an address at most its dwellings, so that partly visited buildings that
        were returned to count too much), `silent` (tried, and neither opened nor moved),
        `covered` (tried / planned, 0 to 1; nan where nothing was planned).
    """
    t = TALLY_TURF.c
    sums = (total(t[name]).label(name) for name in ("planned", "tried", "silent"))
    table = store.frame(sa.select(t.bureau_id, *sums).group_by(t.bureau_id).order_by(t.bureau_id))
    share = (table["tried"] / table["planned"].where(table["planned"] > 0)).clip(upper=1.0)
    return table.assign(covered=share.astype(float))


def turf_days(store: Store) -> pd.DataFrame:
    """Return how far each turf in the field is.

    Returns
    -------
    pandas.DataFrame
        `turf_id`, `planned` (its doors), `tried` (knocked at), `last_day` (of its returns; None
        before the first), in the order of turfs.
    """
    t, d = TALLY_TURF.c, TALLY_DAY.c
    last = sa.select(d.turf_id, sa.func.max(d.day).label("last_day"))
    last_days = last.where(d.attempts > 0).group_by(d.turf_id).subquery()
    query = (
        sa.select(t.turf_id, total(t.planned).label("planned"), total(t.tried).label("tried"))
        .add_columns(sa.func.max(last_days.c.last_day).label("last_day"))
        .outerjoin(last_days, last_days.c.turf_id == t.turf_id)
        .group_by(t.turf_id)
        .having(sa.func.sum(t.planned) > 0)
        .order_by(t.turf_id)
    )
    return store.frame(query)


def state(store: Store) -> tuple[int, ...]:
    """Return a mark for screens: imports, turfs in the field and names taken out change it."""
    imports = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(IMPORTS.c.received_s), 0))
    turfs = sa.select(sa.func.count(), total(TALLY_TURF.c.planned))
    erased = sa.select(META.c.value).where(META.c.name == ERASURES)
    asked = (imports.select_from(IMPORTS), turfs.select_from(TALLY_TURF), erased)
    # Every screen asks every few seconds: one transaction for all three.
    with reading(store.engine) as connection:
        rows = [connection.execute(store.limited(one)).all() for one in asked]
    return tuple(int(value) for several in rows for row in several for value in row)


def total(value: Any) -> Any:  # noqa: ANN401 - a column or an expression
    """Return a sum, 0 of nothing, as a whole number in both engines."""
    return sa.cast(sa.func.coalesce(sa.func.sum(value), 0), sa.BigInteger)


def refusals(counts: Any) -> Any:  # noqa: ANN401 - a table, or the columns of one of the store
    """Return the doors that opened to refuse, those that asked not to be disturbed included."""
    first, *others = (counts[name] for name in REFUSALS)
    return sum(others, start=first)


def _with_rates(table: pd.DataFrame) -> pd.DataFrame:
    with np.errstate(invalid="ignore"):
        doors, talks = table["doors"].to_numpy(dtype=float), table["conversation"].to_numpy()
        talked, opened = talks / doors, (talks + refusals(table).to_numpy()) / doors
        quality = table["quality_sum"].to_numpy() / table["quality_n"].to_numpy(dtype=float)
    rates = {"answer_rate": talked, "open_rate": opened, "quality": quality}
    return table.drop(columns=["quality_sum"]).assign(**rates)


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None

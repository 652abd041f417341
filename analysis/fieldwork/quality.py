"""What looks wrong in the returns of an outing: flagged for a person to judge, never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analysis.database.engine import lock, reading, writing
from analysis.database.models import ATTEMPTS, DUE, FLAGS, PLAN
from analysis.errors import some
from analysis.fieldwork.outcome_codes import UNDONE
from analysis.fieldwork.tallies import CHUNK, before_start, replaced

_COLUMNS = ("attempt_id", "turf_id", "day", "team_id", "address_id", "at_s", "hour", "source")
_MORE = ("outcome", "doors", "bureau_id")
RULES = (
    *("too_fast", "rate_out_of_range", "reported_twice", "outside_turf", "more_doors"),
    "before_start",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond what an outing is flagged; judgement, wide on purpose.

    Attributes
    ----------
    doors, seconds
        More doors than this within so many seconds are too fast. A range of doors is noted
        in one go, so the number leaves room for a staircase.
    least_rate, most_rate, from_doors
        Conversations per door of a team's day in a turf, judged from so many doors on.
    shared
        Share of the addresses of the smaller report that two reports of a day may share.
    more
        Doors told of at an address in a day, as a multiple of its dwellings.
    """

    doors: int = 60
    seconds: int = 120
    least_rate: float = 0.01
    most_rate: float = 0.80
    from_doors: int = 40
    shared: float = 0.5
    more: float = 1.5


def catch_up(engine: Engine, limits: Limits | None = None) -> int:
    """Judge the turfs that got returns since the last time, and return how many there were.

    All that a turf returned is looked at anew, so that the order of files plays no part. No
    position is looked at: what is judged are instants, numbers and addresses of doors.

    Raises
    ------
    DataError
        When the store fails; the turfs then stay due.
    """
    done = 0
    while part := _due(engine):
        with writing(engine) as connection:
            lock(connection, part)
            flags = _flags(_attempts(connection, part), _plan(connection, part), limits or Limits())
            connection.execute(sa.delete(FLAGS).where(FLAGS.c.turf_id.in_(part)))
            if not flags.empty:
                rows: list[Any] = flags.to_dict("records")
                connection.execute(sa.insert(FLAGS), rows)
            connection.execute(sa.delete(DUE).where(DUE.c.turf_id.in_(part)))
        done += len(part)
    return done


def _due(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        query = sa.select(DUE.c.turf_id).order_by(DUE.c.turf_id).limit(CHUNK)
        return list(connection.execute(query).scalars())


def _attempts(connection: Connection, turfs: list[str]) -> pd.DataFrame:
    # Those of a wrong clock count in nothing, and are what a person should look at.
    out = replaced(some=True, early=False).subquery()
    columns = [ATTEMPTS.c[name] for name in (*_COLUMNS, *_MORE)]
    query = (
        sa.select(*columns, sa.func.coalesce(before_start(), sa.false()).label("early"))
        .outerjoin(out, out.c.attempt_id == ATTEMPTS.c.attempt_id)
        .where(out.c.attempt_id.is_(None), ATTEMPTS.c.outcome != UNDONE)
        .where(ATTEMPTS.c.turf_id.in_(turfs))
    )
    rows = connection.execute(query, {"turfs": turfs}).all()
    table = pd.DataFrame(rows, columns=[*_COLUMNS, *_MORE, "early"])
    return table.astype({"early": bool})


def _plan(connection: Connection, turfs: list[str]) -> pd.DataFrame:
    query = sa.select(PLAN.c.turf_id, PLAN.c.address_id, PLAN.c.dwellings)
    rows = connection.execute(query.where(PLAN.c.turf_id.in_(turfs))).all()
    return pd.DataFrame(rows, columns=["turf_id", "address_id", "dwellings"])


def _flags(attempts: pd.DataFrame, plan: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Return one row per turf, day and rule, with the number of offenders and examples."""
    if attempts.empty:
        return _none()
    early = attempts[attempts["early"]]
    attempts = attempts[~attempts["early"]]
    known = attempts.merge(plan, on=["turf_id", "address_id"], how="left")
    # In the order of RULES.
    offenders = (
        _too_fast(attempts, limits),
        _out_of_range(attempts, limits),
        _twice(attempts, limits),
        known.loc[known["dwellings"].isna(), ["turf_id", "day", "address_id"]],
        _more_doors(known, limits),
        early[["turf_id", "day", "address_id"]],
    )
    parts = [
        found.set_axis(["turf_id", "day", "example"], axis=1).assign(rule=rule)
        for rule, found in zip(RULES, offenders, strict=True)
        if not found.empty
    ]
    if not parts:
        return _none()
    rows = pd.concat(parts).groupby(["turf_id", "day", "rule"])["example"]
    flags = rows.agg(count="size", detail=lambda items: some(sorted(set(items))))
    return flags.reset_index()


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=["turf_id", "day", "rule", "count", "detail"])


def _too_fast(attempts: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    timed = attempts[attempts["hour"].notna()].sort_values(["at_s", "attempt_id"])
    timed = timed.assign(at=pd.to_datetime(timed["at_s"], unit="s"))
    keys = ["turf_id", "day", "team_id"]
    if timed.empty:
        return timed[["turf_id", "day", "address_id"]]
    window = timed.groupby(keys).rolling(f"{limits.seconds}s", on="at")["doors"].sum()
    most = window.groupby(level=keys).max().reset_index()
    fast = most[most["doors"] > limits.doors]
    said = fast["doors"].astype("int64").astype("str") + f" / {limits.seconds} s"
    return fast[["turf_id", "day"]].assign(example=said)


def _out_of_range(attempts: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    talked = attempts["doors"].where(attempts["outcome"].eq("conversation"), 0)
    sums = attempts.assign(talked=talked).groupby(["turf_id", "day", "team_id"], as_index=False)
    outing = sums[["doors", "talked"]].sum()
    rate = outing["talked"] / outing["doors"]
    odd = ~rate.between(limits.least_rate, limits.most_rate)
    found = outing[odd & (outing["doors"] >= limits.from_doors)]
    said = found["talked"].astype("str") + " / " + found["doors"].astype("str")
    return found[["turf_id", "day"]].assign(example=said)


def _twice(attempts: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find days on which two teams, or a phone and a sheet, tell of the same addresses."""
    keys = ["turf_id", "day"]
    reports = attempts.assign(report=attempts["team_id"] + " " + attempts["source"])
    each = reports[[*keys, "report", "address_id"]].drop_duplicates()
    addresses = each.groupby([*keys, "address_id"], as_index=False).size()
    shared = addresses["size"].gt(1).groupby([addresses[k] for k in keys]).sum()
    smaller = each.groupby([*keys, "report"]).size().groupby(level=keys).min()
    names = each.groupby(keys)["report"].agg(lambda n: " + ".join(sorted(set(n.str.strip()))))
    found = names[(shared > 0) & (shared >= limits.shared * smaller)]
    return found.reset_index()


def _more_doors(known: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    keys = ["turf_id", "day", "address_id"]
    told = known.groupby(keys, as_index=False).agg(
        doors=("doors", "sum"), dwellings=("dwellings", "first")
    )
    # One door more than the file of addresses knows is nothing to look at.
    return told.loc[told["doors"] > limits.more * told["dwellings"] + 1, keys]

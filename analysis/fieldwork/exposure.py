"""What returns give to the rest of the house: to the ranking, and to the impact of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from analysis.database.engine import reading
from analysis.database.models import ATTEMPTS
from analysis.errors import DataError, some
from analysis.fieldwork import progress
from analysis.fieldwork.learning import Learned
from analysis.fieldwork.outcome_codes import UNDONE
from analysis.fieldwork.store import Store
from analysis.fieldwork.tallies import replaced
from analysis.tables.spreadsheet_text import csv_text

_PART = 20_000
_LEAST_BETWEEN = 0.1


@dataclass(frozen=True, slots=True)
class AtTheDoor:
    """Minutes the planner counts at a door that opens and at one that does not."""

    conversation: float = 3.0
    no_answer: float = 1.0


def contact(store: Store, registered: pd.Series) -> pd.DataFrame:
    """Return what every bureau received and whom it reached, for the impact of a trial.

    Parameters
    ----------
    store
        The store.
    registered
        Registered voters by `bureau_id` (the index): every bureau of the trial, controls and
        bureaux nobody went to included.

    Returns
    -------
    pandas.DataFrame
        `bureau_id`, `received` (share of its doors knocked at, 0 to 1; 0 without turfs),
        `reached` (conversations / registered, at most 1: a conversation counts one voter),
        `doors`, `conversations`, `registered`.

    Raises
    ------
    DataError
        When a bureau is given twice or has nobody registered.
    """
    wrong = registered.index.duplicated() | (registered.to_numpy() <= 0)
    if wrong.any():
        raise DataError(
            "A bureau stands twice, or has nobody registered.",
            where="{registered}",
            mend="Give the registered voters of each bureau of the trial once.",
            registered=some(registered.index[wrong]),
        )
    seen = progress.by(store, "bureau_id").set_index("bureau_id")
    share = progress.coverage(store).set_index("bureau_id")["covered"]
    of_trial = seen[["doors", "conversation"]].reindex(registered.index).fillna(0).astype("int64")
    reached = of_trial["conversation"] / registered.astype(float)
    return pd.DataFrame(
        {
            "bureau_id": registered.index,
            "received": share.reindex(registered.index).fillna(0.0).to_numpy(),
            "reached": np.minimum(reached.to_numpy(), 1.0),
            "doors": of_trial["doors"].to_numpy(),
            "conversations": of_trial["conversation"].to_numpy(),
            "registered": registered.to_numpy(),
        }
    )


def visited_shares(store: Store) -> pd.Series:
    """Return the share of doors visited, 0 to 1, of every bureau with turfs and returns."""
    table = progress.coverage(store)
    seen = table[(table["tried"] > 0) & (table["planned"] > 0)]
    return seen.set_index("bureau_id")["covered"]


def learned_params(
    rates: Learned, outings: pd.DataFrame, at_the_door: AtTheDoor | None = None
) -> Mapping[str, Mapping[str, Any]]:
    """Return the planner's numbers that the doors have taught, as `Params.from_dict` takes them.

    Parameters
    ----------
    rates
        Open rates of all cells (`of="opened"`).
    outings
        As `progress.outings` returns them.
    at_the_door
        Minutes the planner counts there; the rest of the learned pace goes between doors.

    Returns
    -------
    mapping
        `share_open`, where a door opened `share_talk`, and where hours are known
        `minutes_between` and `doors_per_hour_dense`: value, low, high and source of each. The
        pace holds where the teams went: if that was not dense, leave the last one out.

    Raises
    ------
    ValueError
        When the rates are of conversations: `share_talk` would be counted twice.
    """
    if rates.of != "opened":
        raise ValueError("share_open is a rate of doors opened, not of conversations")
    minutes = at_the_door or AtTheDoor()
    low, high = rates.level_interval()
    source = f"learned at {int(rates.table['doors'].sum())} doors"
    learned: dict[str, dict[str, Any]] = {"share_open": _belief((low, rates.level, high), source)}
    talk_share = 1.0
    if talk := rates.talk_interval():
        talk_share = talk[1]
        source = f"learned at {int(rates.table['opened'].sum())} doors"
        learned["share_talk"] = _belief(talk, source)
    timed, hours = float(outings["timed"].sum()), float(outings["hours"].sum())
    if timed and hours:
        pace = outings["timed_doors"].sum() / hours
        spread = outings["pace_squared"].sum() / timed - (outings["pace"].sum() / timed) ** 2
        half = 1.645 * np.sqrt(max(spread, 0.0) / timed)
        source = f"learned on {int(timed)} outings"
        paces = (max(pace - half, 1.0), max(pace, 1.0), pace + half + 1e-9)
        learned["doors_per_hour_dense"] = _belief(paces, source)
        talks = rates.level * talk_share
        at_door = talks * minutes.conversation + (1 - talks) * minutes.no_answer
        between = [max(60 / p - at_door, _LEAST_BETWEEN) for p in reversed(paces)]
        learned["minutes_between"] = _belief((between[0], between[1], between[2]), source)
    return learned


def _belief(range_: tuple[float, float, float], source: str) -> dict[str, Any]:
    low, value, high = (round(float(number), 4) for number in range_)
    return {"value": value, "low": min(low, value), "high": max(high, value), "source": source}


def export(store: Store, path: Path) -> int:
    """Write every attempt as CSV, those replaced or undone included, and return their number.

    The last column, `counts`, is 1 for those that count. Rows are streamed: a store of millions
    needs no more memory than a small one.

    Raises
    ------
    DataError
        When the file cannot be written.
    """
    out = replaced().subquery("replaced")
    counts = sa.case(
        (sa.or_(out.c.attempt_id.is_not(None), ATTEMPTS.c.outcome == UNDONE), 0), else_=1
    )
    query = (
        sa.select(*ATTEMPTS.c, counts.label("counts"))
        .outerjoin(out, out.c.attempt_id == ATTEMPTS.c.attempt_id)
        .order_by(ATTEMPTS.c.attempt_id)
    )
    number = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(names := [*ATTEMPTS.c.keys(), "counts"]) + "\n")
            with reading(store.engine) as connection:
                # Of this query alone: a transaction begins with others that are read at once.
                streamed = store.limited(query).execution_options(yield_per=_PART)
                with connection.execute(streamed) as result:
                    for part in result.partitions():
                        rows = pd.DataFrame(part, columns=names, dtype="object")
                        file.write(csv_text(rows, head=False))
                        number += len(part)
    except OSError as error:
        raise DataError(
            "The export cannot be written.",
            where="{path}: {strerror}",
            mend="Name a file in a folder that may be written to, on a disk with room.",
            path=path,
            strerror=error.strerror,
        ) from error
    return number

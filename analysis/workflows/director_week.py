"""How the field stands: turfs by state, days, chances, the cheapest correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import Text
from analysis.fieldwork import inbox, progress
from analysis.fieldwork.outlook import Aim, Correction, Forecast, Window, correct, forecast
from analysis.fieldwork.progress import Totals
from analysis.fieldwork.store import Store
from analysis.workflows.fieldwork import last_day_over, outlook
from analysis.workflows.readiness import Remark

# A turf that was neither begun nor worked on for so long, once the campaign began.
LATE_DAYS = 7
# Doors of a turf that are tried when it counts as done: some are behind locked gates.
_DONE = 0.9


@dataclass(frozen=True)
class Week:
    """How the field stands.

    Attributes
    ----------
    objective, measure, ends
        What is wanted (0: nothing was said), of what, by when.
    totals
        Of the campaign so far.
    turfs
        Turfs in the field by state: `waiting`, `out`, `late`, `done`.
    daily
        `day`, `doors`, `conversation`, all days with returns.
    forecast, correction
        As `fieldwork.outlook` returns them; None without objective, end or returns, and for
        `correction` where none will do.
    """

    objective: int
    measure: str
    ends: date | None
    totals: Totals
    turfs: Mapping[str, int]
    daily: pd.DataFrame
    forecast: Forecast | None
    correction: Correction | None


def week_of(store: Store, day: date) -> Week | None:
    """Return how the field stands; None where no turf is out and nothing came back."""
    totals, states = progress.totals(store), progress.turf_days(store)
    if states.empty and not totals.attempts:
        return None
    campaign, found = store.campaign, None
    if campaign.objective and campaign.ends and totals.first_day:
        found = outlook(store, last_day_over(store), early=True)
    begins = campaign.starts or totals.first_day
    return Week(
        objective=campaign.objective,
        measure=campaign.measure,
        ends=campaign.ends,
        totals=totals,
        turfs=turf_states(states, day, begins),
        daily=progress.by(store, "day")[["day", "doors", "conversation"]],
        forecast=found[0] if found else None,
        correction=found[1] if found else None,
    )


def turf_states(turfs: pd.DataFrame, day: date, begins: date | None) -> dict[str, int]:
    """Count turfs by state.

    Parameters
    ----------
    turfs
        As `progress.turf_days` returns them.
    day
        Today.
    begins
        First day of the campaign; None where it is not known: nothing is late then.

    Returns
    -------
    dict
        `waiting` (not begun), `out` (begun), `late` (not done and nothing for `LATE_DAYS`
        days), `done` (nine doors of ten tried).
    """
    done = turfs["tried"] >= _DONE * turfs["planned"]
    since = pd.to_datetime(turfs["last_day"]).fillna(pd.Timestamp(begins or day))
    late = ~done & (since < pd.Timestamp(day - timedelta(days=LATE_DAYS)))
    begun = turfs["tried"] > 0
    return {
        "waiting": int((~done & ~late & ~begun).sum()),
        "out": int((~done & ~late & begun).sum()),
        "late": int(late.sum()),
        "done": int(done.sum()),
    }


def field_decisions(store: Store, week: Week) -> list[Remark]:
    """Return what the field wants decided."""
    found = []
    if waiting := len(inbox.waiting(store.folder)):
        found.append(
            Remark(
                "waiting", Text("Returns received and not counted: {n}.", n=waiting), "fieldwork"
            )
        )
    flags, conflicts = store.flags(), store.conflicts()
    if len(flags) or len(conflicts):
        found.append(
            Remark(
                "returns",
                Text(
                    "Returns to check: {flags} look odd, {conflicts} were told in two ways.",
                    flags=len(flags),
                    conflicts=len(conflicts),
                ),
                "fieldwork",
            )
        )
    if not (week.objective and week.ends):
        found.append(
            Remark(
                "objective",
                Text(
                    "No objective or no last day is set: nobody can say whether you will be "
                    "there in time."
                ),
                "fieldwork",
            )
        )
    return found


def plain_week(week: Week) -> dict[str, Any]:
    """Return plain values for JSON."""
    found, fix = week.forecast, week.correction
    return {
        "objective": week.objective,
        "measure": week.measure,
        "ends": week.ends and week.ends.isoformat(),
        "doors": week.totals.doors,
        "conversations": week.totals.conversations,
        "turfs": dict(week.turfs),
        "probability": found.probability if found else None,
        "expected": found.expected if found else None,
        "interval": list(found.interval()) if found else None,
        "correction": asdict(fix) if fix else None,
        "daily": [
            {"day": str(row.day), "doors": int(row.doors), "conversations": int(row.conversation)}
            for row in week.daily.itertuples()
        ],
    }


def example_week(day: date) -> Week:
    """Return an invented week, to show what will stand where nothing has come back yet."""
    doors = np.array([38, 0, 61, 44, 0, 120, 97, 52, 0, 70, 58, 0, 135, 104, 61, 47, 0, 66])
    days = [day - timedelta(days=len(doors) - n) for n in range(len(doors))]
    talks = np.round(doors * 0.24).astype(int)
    daily = pd.DataFrame({"day": days, "doors": doors, "conversation": talks})
    window = Window(days[0], day - timedelta(days=1), day + timedelta(days=30))
    rng = np.random.default_rng(0)
    found = forecast(daily.set_index("day")["doors"], window, 2600, rng=rng)
    out = doors[doors > 0].astype(float)
    outings = pd.DataFrame(
        {"outings": [len(out)], "doors": [out.sum()], "doors_squared": [(out**2).sum()]}
    )
    total, spoke = int(doors.sum()), int(talks.sum())
    return Week(
        objective=2600,
        measure="doors",
        ends=window.ends,
        totals=Totals(total, total, spoke, total // 12, 3100, 2, 9, 4, days[0], days[-1]),
        turfs={"waiting": 14, "out": 5, "late": 2, "done": 7},
        daily=daily,
        forecast=found,
        correction=correct(found, outings, Aim("doors"), rng=rng),
    )

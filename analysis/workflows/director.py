"""What a director asks with ten minutes: what the hours can do, where first, how the week goes.

One answer for the page, the sheet of paper and the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.electorate.spatial import touching
from analysis.errors import DataError, Text
from analysis.fieldwork import inbox, progress
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.outlook import Aim, Correction, Forecast, Window, correct, forecast
from analysis.fieldwork.progress import Totals
from analysis.fieldwork.store import Store, open_store
from analysis.geography.zone_names import zone_names
from analysis.readers.calendar import election_of, is_dated
from analysis.tables.workspace import Workspace
from analysis.targeting.first_zones import (
    MOST,
    Pairs,
    ZoneWorth,
    best_of,
    first_zones,
    worth_of,
)
from analysis.targeting.margin import Margin, last_margin
from analysis.workflows.fieldwork import last_day_over, outlook, today
from analysis.workflows.hold_back import set_aside
from analysis.workflows.ranking import (
    RankingFile,
    Scenario,
    answer,
    open_workspace,
    ranking_file,
    read_scenario,
    shapes_of,
)
from analysis.workflows.readiness import Remark, ready
from analysis.workflows.refusals import is_held, one_choice

# The votes to come, nearest first, of which a campaign prepares one.
COMING = (
    *("2027_pres_t1", "2027_pres_t2", "2027_legi_t1", "2027_legi_t2", "2028_regi_t1"),
    *("2028_dpmt_t1", "2029_euro_t1", "2032_muni_t1", "2032_muni_t2"),
)
# A turf that was neither begun nor worked on for so long, once the campaign began.
LATE_DAYS = 7
# Doors of a turf that are tried when it counts as done: some are behind locked gates.
_DONE = 0.9


@dataclass(frozen=True, slots=True)
class Hours:
    """What the hours can do, as the ranking tells it.

    Attributes
    ----------
    asked, spent
        Volunteer-hours to spend, and those of the bureaux reached.
    bureaux, of
        Bureaux reached, of how many.
    doors, conversations, votes
        Expected; votes are net, with 90% ends `low` and `high`.
    per_vote, least, most
        Volunteer-hours for one vote, with both 90% ends; infinite where none is gained.
    """

    asked: float
    spent: float
    bureaux: int
    of: int
    doors: float
    conversations: float
    votes: float
    low: float
    high: float
    per_vote: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone to begin with.

    Attributes
    ----------
    name
        Its district and streets.
    bureaux, beside
        Ids: of the zone, and of good ones that touch it, for when hours remain.
    worth
        What it asks and may bring.
    top
        Mean probability (0 to 1) that its bureaux are among the first that the hours reach.
    unsteady
        Whether our share there is less sure than in half the place.
    """

    name: str
    bureaux: tuple[str, ...]
    beside: tuple[str, ...]
    worth: ZoneWorth
    top: float
    unsteady: bool


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


@dataclass(frozen=True)
class Brief:
    """The director's page.

    Attributes
    ----------
    file
        The ranking it rests on.
    place
        Name of the place.
    day, vote
        Today, and the day of the vote; None where it is not known.
    hours, margin, mean
        What the hours can do, the margin last time, and what the whole place would be worth.
    zones
        Zones to begin with.
    week
        None where no turf is in the field and nothing came back.
    decisions
        What somebody must decide, the most pressing first.
    """

    file: RankingFile
    place: str
    day: date
    vote: date | None
    hours: Hours
    margin: Margin | None
    mean: ZoneWorth
    zones: tuple[Zone, ...]
    week: Week | None
    decisions: tuple[Remark, ...]

    @property
    def days_left(self) -> int | None:
        """Days until the vote; None where its day is not known or over."""
        if self.vote is None or self.vote < self.day:
            return None
        return (self.vote - self.day).days

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; what is infinite or not known is null."""
        scenario, week = self.file.scenario, self.week
        return {
            "place": self.place,
            "fictional": self.file.workspace.fictional,
            "day": self.day.isoformat(),
            "election": scenario.election,
            "bloc": scenario.bloc,
            "candidates": list(scenario.candidates),
            "days_left": self.days_left,
            "hours": _plain(asdict(self.hours)),
            "margin": self.margin and {**asdict(self.margin), "ahead": self.margin.ahead},
            "zones": [
                {
                    "name": zone.name,
                    "bureaux": list(zone.bureaux),
                    "beside": list(zone.beside),
                    "among_the_first": zone.top,
                    **_plain(asdict(zone.worth)),
                }
                for zone in self.zones
            ],
            "week": week and _plain_week(week),
            "decisions": [one.to_dict() for one in self.decisions],
        }


def usual_scenario(workspace: Workspace) -> Scenario:
    """Return what is asked before anybody has said: the largest bloc, the next vote.

    Raises
    ------
    DataError
        When no candidate of the place has a bloc.
    """
    table = workspace.read("candidates")
    sizes = table[table["bloc"] != ""].groupby("bloc", observed=True)["votes"].sum()
    if sizes.empty:
        raise DataError(
            "No candidate of this place has a bloc: there is nobody to gain votes for.",
            where="{folder}",
            mend="Give candidates their blocs on the page Data, or name candidates.",
            folder=workspace.path.name,
        )
    known = workspace.read("elections").sort_values("date")
    places = workspace.read("places")
    coming = next((name for name in COMING if is_held(name, places)), COMING[0])
    dated = any(map(is_dated, known["election_id"]))
    election = coming if dated else str(known["election_id"].iloc[-1])
    return Scenario(str(sizes.sort_values(ascending=False).index[0]), election)


def brief_of(
    folder: Path,
    asked: Mapping[str, Any],
    *,
    params: Path | None = None,
    url: str = "",
    day: date | None = None,
) -> Brief:
    """Answer a director from a workspace.

    Parameters
    ----------
    folder
        The workspace.
    asked
        Parts of a scenario, which go before what `params` says; the usual ones where neither
        says.
    params
        File of parameters or of a scenario (TOML).
    url
        Of the store of returns; "" for the workspace's own.
    day
        Today; None for the day it is.

    Returns
    -------
    Brief
        Its numbers are those of `rank` for the same question.
    """
    workspace = open_workspace(folder)
    given = one_choice(asked)
    if params:
        scenario = read_scenario(params, **given)
    else:
        usual = usual_scenario(workspace)
        scenario = Scenario.from_dict({"election": usual.election, "bloc": usual.bloc, **given})
    ranking, prospects = answer(workspace, scenario)
    file = ranking_file(workspace, scenario, ranking, prospects)
    if not (url or (folder / FOLDER).is_dir()):
        return brief(file, None, day=day or date.today())  # noqa: DTZ011 - where one stands
    store = open_store(folder, url)
    try:
        return brief(file, store, day=day or today(store))
    finally:
        store.engine.dispose()


def brief(file: RankingFile, store: Store | None, *, day: date) -> Brief:
    """Answer a director from a ranking and the store of returns.

    Parameters
    ----------
    file
        The ranking; controls of a sealed trial are set aside.
    store
        Where returns are; None where there is no field yet.
    day
        Today.
    """
    announced = set_aside(file.ranking, file.table)
    first = worth_of(announced.table.head(announced.k))
    per_vote, least, most = announced.hours_per_vote()
    talks = announced.table.head(announced.k)
    hours = Hours(
        asked=file.scenario.settings.hours,
        spent=first.hours,
        bureaux=announced.k,
        of=len(announced.table),
        doors=first.doors,
        conversations=float((talks["conversations_per_hour"] * talks["hours"]).sum()),
        votes=first.votes,
        low=first.low,
        high=first.high,
        per_vote=per_vote,
        least=least,
        most=most,
    )
    week = None if store is None else week_of(store, day)
    return Brief(
        file=file,
        place=_place_name(file.workspace),
        day=day,
        vote=_vote_day(file),
        hours=hours,
        margin=last_margin(file.prospects),
        mean=worth_of(announced.table[announced.table["registered"] > 0]),
        zones=_zones(file, announced.table, announced.k),
        week=week,
        decisions=(*_of_field(store, week), *ready(file, day)),
    )


def _zones(file: RankingFile, table: pd.DataFrame, k: int) -> tuple[Zone, ...]:
    best = best_of(table, k)
    if best.empty:
        return ()
    near = near_of(file.workspace, best)
    ids = best["bureau_id"].astype("str").to_numpy()
    found = first_zones(best, near, file.scenario.settings.hours, MOST)
    names = zone_names(file.workspace, [ids[zone].tolist() for zone in found])
    usual = float(table["support_se"].median())
    zones = []
    taken = {place for zone in found for place in zone}
    for zone, name in zip(found, names, strict=True):
        beside = sorted(set(near[1][np.isin(near[0], zone)].tolist()) - taken)
        rows = best.iloc[zone]
        zones.append(
            Zone(
                name=name,
                bureaux=tuple(ids[zone]),
                beside=tuple(ids[beside]),
                worth=worth_of(rows),
                top=float(rows["top_k_probability"].mean()),
                unsteady=float(rows["support_se"].mean()) > usual,
            )
        )
    return tuple(zones)


def near_of(workspace: Workspace, best: pd.DataFrame) -> Pairs:
    """Return which bureaux touch, by position both ways; without contours, none do."""
    shapes = shapes_of(workspace, best)
    nothing = np.empty(0, dtype=np.int64)
    if shapes.empty:
        return nothing, nothing
    at = best.reset_index().set_index("bureau_id")["index"]
    one, other = touching(shapes.geometry.to_numpy())
    places = at.reindex(shapes["bureau_id"]).to_numpy()
    return places[one], places[other]


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


def _of_field(store: Store | None, week: Week | None) -> list[Remark]:
    """Return what the field wants decided."""
    if store is None or week is None:
        return []
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


def _place_name(workspace: Workspace) -> str:
    names = workspace.read("places")["name"].astype("str").tolist()
    return names[0] if len(names) == 1 else workspace.path.name


def _vote_day(file: RankingFile) -> date | None:
    try:
        return election_of(file.scenario.election).date.date()
    except DataError:  # another country's
        return None


def _plain_week(week: Week) -> dict[str, Any]:
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


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in values.items()
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

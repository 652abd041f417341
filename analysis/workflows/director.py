"""What a director asks with ten minutes: what the hours can do, where first, how the week goes.

One answer for the page, the sheet of paper and the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.electorate.spatial import touching
from analysis.errors import DataError
from analysis.fieldwork.campaign import FOLDER
from analysis.fieldwork.store import Store, open_store
from analysis.geography.zone_names import zone_names
from analysis.geography.zones import COUNTRY, departments
from analysis.readers.calendar import election_of
from analysis.tables.workspace import Workspace
from analysis.targeting.first_zones import (
    MOST,
    Pairs,
    ZoneWorth,
    best_of,
    first_zones,
    of_villages,
    worth_of,
)
from analysis.targeting.margin import Margin, last_margin
from analysis.vocabulary import Vocabulary
from analysis.workflows.director_week import Week, field_decisions, plain_week, week_of
from analysis.workflows.fieldwork import today
from analysis.workflows.late_trial import turfs_held_back
from analysis.workflows.part_totals import first_parts
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
from analysis.workflows.refusals import one_choice
from analysis.workflows.usual_question import usual_scenario


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
    parts
        Where the hours go first: name of an arrondissement or another part of the place, bureaux
        reached there, votes expected of them.
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
    parts: tuple[tuple[str, int, float], ...]
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
            "parts": [
                {"name": name, "bureaux": bureaux, "votes": votes}
                for name, bureaux, votes in self.parts
            ],
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
            "week": week and plain_week(week),
            "decisions": [one.to_dict() for one in self.decisions],
        }


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
        store.close()


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

    Returns
    -------
    Brief
        Its week is None without a store.
    """
    announced = file.announced
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
        place=place_name(file.workspace),
        day=day,
        vote=_vote_day(file),
        hours=hours,
        margin=last_margin(file.prospects),
        mean=worth_of(announced.table[announced.table["registered"] > 0]),
        parts=first_parts(file),
        zones=zones_to_begin(file),
        week=week,
        decisions=(*_of_field(file, store, week), *ready(file, day)),
    )


def _of_field(file: RankingFile, store: Store | None, week: Week | None) -> Iterable[Remark]:
    if store is None or week is None:
        return ()
    return *turfs_held_back(store, file.workspace.path), *field_decisions(store, week)


def zones_to_begin(file: RankingFile) -> tuple[Zone, ...]:
    """Return the zones to begin with, best first; none where the hours gain no vote anywhere."""
    table = file.announced.table
    best = best_of(table, file.announced.k)
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
    """Return which bureaux touch, by position both ways; without contours, those of a village."""
    shapes = shapes_of(workspace, best)
    if shapes.empty:
        return of_villages(best)
    at = best.reset_index().set_index("bureau_id")["index"]
    one, other = touching(shapes.geometry.to_numpy())
    places = at.reindex(shapes["bureau_id"]).to_numpy()
    return places[one], places[other]


def place_name(workspace: Workspace) -> str:
    """Return what people call a place: its commune, département or country, else its folder."""
    places = workspace.read("places")
    if len(places) == 1:
        return str(places["name"].iloc[0])
    if told := Vocabulary(workspace.manifest.get("terrain", {})).name():
        return told
    codes = places["department_id"].unique()
    if len(codes) >= COUNTRY:
        return "France"
    alone = departments().get(str(codes[0]), "") if len(codes) == 1 else ""
    return alone or workspace.path.name


def _vote_day(file: RankingFile) -> date | None:
    if (told := file.workspace.manifest.get("terrain")) is not None:
        days = {str(one["id"]): str(one["date"]) for one in Vocabulary(told).elections()}
        held = days.get(file.scenario.election)
        return date.fromisoformat(held) if held else None
    try:
        return election_of(file.scenario.election).date.date()
    except DataError:  # another country's
        return None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in values.items()
    }

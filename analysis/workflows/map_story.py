"""A ranking told in a few steps of a map: where votes are, who stays home, where an hour pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.geography.zones import zones_of
from analysis.tables.workspace import Workspace
from analysis.targeting.first_zones import worth_of
from analysis.workflows.director import zones_to_begin
from analysis.workflows.part_totals import dividing_kinds, parts_of
from analysis.workflows.ranking import RankingFile

SUPPORT, ABSTENTION, HOUR, ZONE = "support", "abstention", "hour", "zone"
# A part with fewer registered than this share of the place tells of a few streets.
_LEAST = 0.01
# Where parts that large hold less of the registered, the extreme one is mostly among the others.
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is looked at, and its number.

    Attributes
    ----------
    about
        `SUPPORT`, `ABSTENTION`, `HOUR` or `ZONE`.
    name
        Of the part of the place, or of the zone.
    bureaux
        Ids of what the camera goes to.
    here, whole
        Share (0 to 1) of the first two, volunteer-hours for a vote of the others: there, and in
        the whole place; infinite where no vote is gained.
    """

    about: str
    name: str
    bureaux: tuple[str, ...]
    here: float
    whole: float


def story(file: RankingFile) -> tuple[Step, ...]:
    """Return the steps of a ranking, in the order in which they are told.

    Parts are those of the first of `part_totals.dividing_kinds` of which most are not too small; in
    a place without any, only the zones are told.

    Parameters
    ----------
    file
        The ranking; controls of a sealed trial are set aside.
    """
    table = file.announced.table
    known = table[(table["registered"] > 0) & (table["hours"] > 0)].reset_index(drop=True)
    if known.empty:
        return ()
    mean = worth_of(known)
    zones = [
        Step(ZONE, zone.name, zone.bureaux, zone.worth.hours_per_vote, mean.hours_per_vote)
        for zone in zones_to_begin(file)
    ]
    parts = _parts(file.workspace, known)
    if parts is None:
        return tuple(zones)
    worth = {part: worth_of(rows) for part, rows in known.groupby(parts.to_numpy()) if part}
    names = _names(file.workspace)
    told = (
        (SUPPORT, {part: one.support for part, one in worth.items()}, mean.support),
        (ABSTENTION, {part: one.abstention for part, one in worth.items()}, mean.abstention),
        # The fewest hours for a vote come first.
        (HOUR, {part: -one.hours_per_vote for part, one in worth.items()}, -mean.hours_per_vote),
    )
    steps = []
    for about, values, whole in told:
        part = max(sorted(values), key=values.__getitem__)
        if not np.isfinite(values[part]):
            continue
        ids = tuple(known.loc[parts.eq(part).to_numpy(), "bureau_id"].astype("str"))
        steps.append(Step(about, names.get(part, part), ids, abs(values[part]), abs(whole)))
    return (*steps, *zones)


def _parts(workspace: Workspace, known: pd.DataFrame) -> pd.Series | None:
    """Return the part of each bureau, "" for those too small to tell of; None where all are."""
    for kind in dividing_kinds(workspace, known["bureau_id"]):
        parts = parts_of(workspace, known["bureau_id"], kind)
        registered = known["registered"].groupby(parts.to_numpy()).sum() / known["registered"].sum()
        large = registered.index[(registered >= _LEAST) & (registered.index != "")]
        if registered[large].sum() >= _MOST:
            return parts.where(parts.isin(large), "")
    return None


def _names(workspace: Workspace) -> dict[str, str]:
    zones = zones_of(workspace).drop_duplicates("place")
    return dict(zip(zones["place"].astype("str"), zones["name"].astype("str"), strict=True))

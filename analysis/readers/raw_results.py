"""Results as the reader of a layout hands them over, before any check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.tables.sources import Report

_UNREADABLE = ("election_id", "bureau_id", "found")


_ZONES = ("bureau_id", "kind", "zone_id", "name")


def no_zones() -> pd.DataFrame:
    """Return the table of zones of a file that names none."""
    return pd.DataFrame(columns=list(_ZONES), dtype="str")


def nothing_unreadable() -> pd.DataFrame:
    """Return the table of rows with broken counts that a whole file has."""
    return pd.DataFrame(columns=list(_UNREADABLE), dtype=object)


@dataclass(frozen=True, slots=True)
class Raw:
    """Results of one file or several.

    Attributes
    ----------
    counts
        One row per election × bureau: `election_id`, `bureau_id` (categories),
        `registered`, `ballots`, `blank`, `null`, `valid`; missing where unreadable.
    ballots
        One row per election × bureau × candidate: `election_id`, `bureau_id`,
        `nuance`, `name` (categories, "" for unknown), `votes` (missing where unreadable).
    places
        `commune_id`, `name`, `department_id`.
    reports
        One account for each file.
    unreadable
        `election_id`, `bureau_id` and `found` (line and cell) of each count that is no whole
        number.
    zones
        `bureau_id`, `kind`, `zone_id`, `name`: constituencies and cantons that the file names, one
        row per bureau and kind, the latest election's.
    """

    counts: pd.DataFrame
    ballots: pd.DataFrame
    places: pd.DataFrame
    reports: tuple[Report, ...]
    unreadable: pd.DataFrame = field(default_factory=nothing_unreadable)
    zones: pd.DataFrame = field(default_factory=no_zones)


def combine(raws: Sequence[Raw]) -> Raw:
    """Put the results of several files together, one after another."""
    if len(raws) == 1:
        return raws[0]

    def stack(name: str, ids: tuple[str, ...]) -> pd.DataFrame:
        frames = [getattr(raw, name) for raw in raws]
        table = pd.concat([f.astype(dict.fromkeys(ids, "str")) for f in frames], ignore_index=True)
        return table.astype(dict.fromkeys(ids, "category"))

    return Raw(
        counts=stack("counts", ("election_id", "bureau_id")),
        ballots=stack("ballots", ("election_id", "bureau_id", "nuance", "name")),
        places=pd.concat([raw.places for raw in raws], ignore_index=True),
        reports=tuple(report for raw in raws for report in raw.reports),
        unreadable=pd.concat([raw.unreadable for raw in raws], ignore_index=True),
        zones=pd.concat([raw.zones for raw in raws], ignore_index=True).drop_duplicates(
            ["bureau_id", "kind"], keep="last"
        ),
    )

"""Results as the reader of a layout hands them over, before any check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from analysis.tables.sources import Report

_UNREADABLE = ("election_id", "bureau_id", "found")


_ZONES = ("bureau_id", "kind", "zone_id", "name")


def no_zones() -> pd.DataFrame:
    """Return the table of zones of a file that names none."""
    return _nothing(_ZONES, "str").copy()


def nothing_unreadable() -> pd.DataFrame:
    """Return the table of rows with broken counts that a whole file has."""
    return _nothing(_UNREADABLE, "object").copy()


@cache
def _nothing(columns: tuple[str, ...], dtype: str) -> pd.DataFrame:
    """Make such a table once: every file asks for it."""
    return pd.DataFrame(columns=list(columns), dtype=dtype)


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


def of_election(table: pd.DataFrame, election_id: str) -> pd.DataFrame:
    """Return a table of one election with its `election_id`, a category as in `Raw`."""
    codes, names = np.zeros(len(table), dtype="int8"), pd.Index([election_id], dtype="str")
    return table.assign(election_id=pd.Categorical.from_codes(codes, names[: len(table)]))


def _stacked(columns: list[pd.Series]) -> pd.Categorical:
    """Put categories together, those that a row has, in their order."""
    filled = [column for column in columns if len(column)] or columns[:1]
    return union_categoricals(filled, sort_categories=True).remove_unused_categories()


def combine(raws: Sequence[Raw]) -> Raw:
    """Put the results of several files together, one after another."""
    if len(raws) == 1:
        return raws[0]

    def stack(name: str, ids: tuple[str, ...]) -> pd.DataFrame:
        frames = [getattr(raw, name) for raw in raws]
        rest = pd.concat([frame.drop(columns=list(ids)) for frame in frames], ignore_index=True)
        told = {one: _stacked([frame[one] for frame in frames]) for one in ids}
        return rest.assign(**told)[frames[0].columns]

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

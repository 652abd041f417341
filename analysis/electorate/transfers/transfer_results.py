"""What an estimate of transfers holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.errors import Text
from analysis.tables.sources import LeftOut
from analysis.tables.table_texts import TableTexts

COLUMNS = (
    "origin",
    "destination",
    "votes",
    "share_of_origin",
    "lower",
    "upper",
    "bound_lower",
    "bound_upper",
)


@dataclass(frozen=True)
class Transfers(TableTexts):
    """Who voted what next, estimated.

    Attributes
    ----------
    table
        One row per pair of options: `origin`, `destination`, `votes` (whole persons; they
        sum to the totals of both elections), `share_of_origin`, `lower` and `upper` (the
        interval), `bound_lower` and `bound_upper` (Duncan-Davis: certain); shares of the
        origin, in [0, 1].
    level
        Of the interval.
    units
        Units the estimate rests on.
    scaled
        `unit`, `origin_total`, `destination_total` of units whose two totals differed.
    left_out
        Units not used, by reason.
    notes
        What a careful reader is told with it.
    """

    table: pd.DataFrame
    level: float
    units: int
    scaled: pd.DataFrame
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        share = self.table["share_of_origin"]
        for low, high in (("lower", "upper"), ("bound_lower", "bound_upper")):
            if not ((self.table[low] <= share + 1e-9) & (share <= self.table[high] + 1e-9)).all():
                raise ValueError(Text("a share lies outside its interval or its bounds"))

    def to_frame(self) -> pd.DataFrame:
        """Return `table`, as it is written to files."""
        return self.table.copy()

    def matrix(self, values: str = "votes") -> pd.DataFrame:
        """Return one column of `table` as origins × destinations, in the order of the options."""
        wide = self.table.pivot_table(
            index="origin", columns="destination", values=values, sort=False, aggfunc="sum"
        )
        return wide.reindex(
            index=self.table["origin"].unique(), columns=self.table["destination"].unique()
        )

    def summary(self) -> str:
        """Say the largest transfer between different options, with its interval."""
        others = self.table[self.table["origin"] != self.table["destination"]]
        top = (others if len(others) else self.table).nlargest(1, "votes").iloc[0]
        return (
            f"{top['origin']} → {top['destination']}: {top['votes']:,} voters, "
            f"{100 * top['share_of_origin']:.0f}% of the origin ({100 * self.level:.0f}% interval "
            f"{100 * top['lower']:.0f} to {100 * top['upper']:.0f}%)."
        )


def add_up(parts: Iterable[Transfers]) -> Transfers:
    """Add up the transfers of several places.

    Their errors are taken to go the same way everywhere, for the method errs alike in
    all of them: ends of intervals are added, which is careful, not sharp.

    Parameters
    ----------
    parts
        Estimates at one level; options may differ from place to place.
    """
    listed = list(parts)
    persons = []
    for part in listed:
        before = part.table.groupby("origin")["votes"].transform("sum")
        ends = part.table[list(COLUMNS[4:])].mul(before, axis=0)
        persons.append(part.table[["origin", "destination", "votes"]].join(ends))
    summed = pd.concat(persons).groupby(["origin", "destination"], as_index=False, sort=False).sum()
    # Every pair has its row, those that no place has too: then nobody can have moved so.
    pairs = pd.MultiIndex.from_product(
        [summed["origin"].unique(), summed["destination"].unique()], names=COLUMNS[:2]
    )
    summed = summed.set_index(["origin", "destination"]).reindex(pairs, fill_value=0).reset_index()
    total = summed.groupby("origin")["votes"].transform("sum")
    shares = summed[list(COLUMNS[4:])].div(total, axis=0).clip(0, 1)
    table = summed[["origin", "destination", "votes"]].assign(
        share_of_origin=summed["votes"] / total, **{name: shares[name] for name in shares}
    )
    return Transfers(
        table=table[list(COLUMNS)],
        level=listed[0].level,
        units=sum(part.units for part in listed),
        scaled=pd.concat([part.scaled for part in listed], ignore_index=True),
        left_out=tuple(reason for part in listed for reason in part.left_out),
    )

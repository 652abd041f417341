"""What an estimate of transfers holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
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
    draws
        Tables that could as well be true (draws × origins × destinations, persons): for the
        interval of a sum of cells; None where none were drawn.
    """

    table: pd.DataFrame
    level: float
    units: int
    scaled: pd.DataFrame
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    draws: npt.NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

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
        """Say the largest transfer, with its interval."""
        top = self.table.nlargest(1, "votes").iloc[0]
        return (
            f"{top['origin']} → {top['destination']}: {top['votes']:,} voters, "
            f"{100 * top['share_of_origin']:.0f}% of the origin ({100 * self.level:.0f}% interval "
            f"{100 * top['lower']:.0f} to {100 * top['upper']:.0f}%)."
        )

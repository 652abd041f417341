"""How a trial is to be drawn, in words that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analysis.errors import DataError

# A thousand draws are thrown away for one that is kept.
LEAST_ACCEPTED = 0.001


@dataclass(frozen=True, slots=True)
class Rule:
    """How units are ranked, cut into blocks and drawn; an empty name means no column.

    Attributes
    ----------
    rank_by
        Column whose largest values come first.
    territory
        Blocks stay within it.
    block_size, control
        Units (or clusters) of a full block, and how many of them are controls.
    cluster
        Units that must have the same arm; a cluster ranks by the mean of its units.
    must_treat, must_not_treat
        Columns of 0 and 1: units kept out of the draw, and out of the estimate.
    balance, accept
        Columns to balance on, and the share of draws, the best balanced, that may be drawn.
    incomplete
        What becomes of the units that are left when a territory's full blocks are cut:
        each drawn by itself with the same probability (as in France in 2012), or left out.
    unit
        Names of the units; when empty, the first of `columns.UNIT_NAMES` there is.
    """

    rank_by: str
    territory: str = ""
    block_size: int = 5
    control: int = 1
    cluster: str = ""
    must_treat: str = ""
    must_not_treat: str = ""
    balance: tuple[str, ...] = ()
    accept: float = 1.0
    incomplete: str = "each"
    unit: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.control < self.block_size:
            raise DataError(
                "A block needs at least one control and one treated.",
                where="block size {block_size}, control {control}",
                mend="Give fewer controls than the block has units: 5 and 1, for one.",
                block_size=self.block_size,
                control=self.control,
            )
        if self.incomplete not in ("each", "leave_out"):
            raise DataError(
                "Units left over are drawn each by itself or left out.",
                where="incomplete = {incomplete}",
                mend="Write each or leave_out.",
                incomplete=self.incomplete,
            )
        if not LEAST_ACCEPTED <= self.accept <= 1:
            raise DataError(
                "The share of draws to accept must lie between 0.001 and 1.",
                where="accept = {accept}",
                mend="Give 0.1 to draw among the best balanced tenth, 1 to accept every draw.",
                accept=self.accept,
            )
        if self.accept < 1 and not self.balance:
            raise DataError(
                "There is nothing to balance the draws on.",
                where="accept = {accept}",
                mend="Name columns with --balance, or accept every draw.",
                accept=self.accept,
            )

    @property
    def share(self) -> float:
        """Probability of a unit to be treated."""
        return 1 - self.control / self.block_size

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain values."""
        return {**asdict(self), "balance": list(self.balance)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Rule:
        """Read what `to_dict` wrote."""
        return cls(**{**values, "balance": tuple(values["balance"])})

"""What holding controls back costs in expected votes, beside what it lets one see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError
from analysis.experiments.design import TREATED, Design
from analysis.experiments.estimators import Floats
from analysis.experiments.trial_words import say


@dataclass(frozen=True, slots=True)
class HoldOut:
    """The price of knowing.

    Attributes
    ----------
    units
        Units of the design.
    controls
        Expected number of units held back by the draw, and those held back by decision.
    votes_forgone, votes_all
        Expected net votes of canvassing them, and of canvassing every unit.
    detectable
        Smallest effect of assignment that will be seen; None when nobody asked.
    power
        Chance of seeing it.
    """

    units: int
    controls: float
    votes_forgone: float
    votes_all: float
    detectable: float | None = None
    power: float = 0.8

    @property
    def share(self) -> float:
        """Share of the units that is held back."""
        return self.controls / self.units

    def summary(self, language: str = "en") -> str:
        """Say the cost, and what it buys."""
        cost = say(
            "hold_out",
            language,
            controls=self.controls,
            units=self.units,
            share=100 * self.share,
            forgone=self.votes_forgone,
            all=self.votes_all,
        )
        if self.detectable is None:
            return f"{cost}\n{say('hold_out_blind', language)}"
        seen = {"effect": 100 * self.detectable, "power": 100 * self.power}
        return f"{cost}\n{say('hold_out_sees', language, **seen)}"


def hold_out(
    design: Design, votes: Floats, sight: float | None = None, *, power: float = 0.8
) -> HoldOut:
    """Weigh the controls of a design.

    Parameters
    ----------
    design
        The design.
    votes
        Expected net votes of canvassing each unit, in the order of `design.units`.
    sight
        Smallest effect of assignment that the design sees, from `power_curve`.
    power
        Chance with which it sees it.

    Returns
    -------
    HoldOut
        Controls, and expected net votes forgone and in all.

    Raises
    ------
    DataError
        When votes are missing, or are not one number per unit.
    """
    values = np.asarray(votes, dtype=float)
    if values.shape != (len(design.units),) or not np.isfinite(values).all():
        raise DataError(
            "The cost of the controls needs the expected votes of every unit.",
            where="{known} numbers for {n} units",
            mend="Give one number per unit, in the order of the design; 0 where nothing is won.",
            known=int(np.isfinite(values).sum()),
            n=len(design.units),
        )
    # A unit left out of the draw is canvassed only where that was decided.
    decided = (design.units["given"] != TREATED).to_numpy()
    chance = np.where(design.drawn, 1 - design.rule.share, decided)
    forgone = float((chance * values).sum())
    return HoldOut(len(values), float(chance.sum()), forgone, float(values.sum()), sight, power)

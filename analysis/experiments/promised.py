"""What a plan announced before the draw, and how what is estimated stands to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ESTIMATORS = ("difference", "ancova", "lin", "ipw", "allocation")


@dataclass(frozen=True, slots=True)
class Announced:
    """The announcement, under the names that the table of results uses.

    Attributes
    ----------
    outcomes
        In the order of the plan: the first is the headline.
    covariates
        Columns to adjust for.
    estimator
        What the headline comes from; empty where the plan does not say.
    """

    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    estimator: str = ""

    @classmethod
    def of(
        cls, promise: Mapping[str, Sequence[str]], names: Mapping[str, str] | None = None
    ) -> Announced | None:
        """Read the promise of a seal; None for a seal made without a plan.

        Parameters
        ----------
        promise
            As `Sealed.promise`.
        names
            What the table calls the columns of the plan, where it renamed them.
        """
        if not promise:
            return None
        told = names or {}
        columns = {
            key: tuple(told.get(name, name) for name in promise.get(key, ()))
            for key in ("outcomes", "covariates")
        }
        return cls(**columns, estimator="".join(promise.get("estimator", ())[:1]))

    def first(self, outcomes: Sequence[str]) -> tuple[str, ...]:
        """Return outcomes with those that were announced first, in the order of the plan."""
        kept = [name for name in self.outcomes if name in outcomes]
        return (*kept, *(name for name in outcomes if name not in kept))

"""What a plan announced before the draw, and whether plan and draw are still those."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.experiments.trial_words import Note

_SHORT = 12
# Results begin with their election: `2022_pres_t1_left_registered`.
_ELECTION = re.compile(r"\d{4}_[a-z]+_t\d_")
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
    lag
        Election whose results of the same measures adjust; empty for none.
    of_lag
        What the table calls its results, where it renamed them.
    """

    outcomes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    estimator: str = ""
    lag: str = ""
    of_lag: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        promise: Mapping[str, Sequence[str]],
        names: Mapping[str, str] | None = None,
        *,
        outcomes: Sequence[str] = (),
    ) -> Announced | None:
        """Read the promise of a seal; None for a seal made without a plan.

        A plan may announce a measure before anybody knows the election: `left_registered` then
        is that of every election looked at.

        Parameters
        ----------
        promise
            As `Sealed.promise`.
        names
            What the table calls the columns of the plan, where it renamed them.
        outcomes
            Those looked at, as the table calls them.

        Returns
        -------
        Announced or None
            What was promised, under the names of the table.
        """
        if not promise:
            return None
        told = names or {}

        def named(key: str) -> tuple[str, ...]:
            return tuple(told.get(name, name) for name in promise.get(key, ()))

        def said(key: str) -> str:
            return "".join(promise.get(key, ())[:1])

        lag = said("lag")
        renamed = tuple(theirs for ours, theirs in told.items() if lag and _is_of(ours, lag))
        ours = {theirs: own for own, theirs in told.items()}
        looked_at = {one: ours.get(one, one) for one in outcomes}
        # An outcome by its name and by its measure is announced once.
        promised = tuple(
            dict.fromkeys(
                found
                for name in promise.get("outcomes", ())
                for found in _of_measure(name, looked_at) or [told.get(name, name)]
            )
        )
        return cls(promised, named("covariates"), said("estimator"), lag, renamed)

    def adjusts_for(self, covariate: str) -> bool:
        """Return whether a covariate was announced, by name or as a result of the lag."""
        return covariate in (*self.covariates, *self.of_lag) or bool(
            self.lag and _is_of(covariate, self.lag)
        )

    def first(self, outcomes: Sequence[str]) -> tuple[str, ...]:
        """Return outcomes with those that were announced first, in the order of the plan."""
        kept = [name for name in self.outcomes if name in outcomes]
        return (*kept, *(name for name in outcomes if name not in kept))


def _of_measure(name: str, looked_at: Mapping[str, str]) -> list[str]:
    """Return which outcomes are what a plan named without an election; the exact name is one."""
    if name in looked_at.values():
        return []
    return [theirs for theirs, own in looked_at.items() if _ELECTION.sub("", own, count=1) == name]


def _is_of(column: str, election: str) -> bool:
    return column.startswith(f"{election}_")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A draw of some of the same units that came before: its name, seed, why it was replaced."""

    fingerprint: str
    seed: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether plan and draw of a seal are those that were announced.

    Attributes
    ----------
    fingerprint
        What names the seal.
    whole
        Whether its content matches its fingerprint.
    plan
        Its text beside the seal: the one that was `sealed`, `another`, or `absent`.
    earlier
        Other draws of some of its units, as the seal or a ledger tells.
    """

    fingerprint: str
    whole: bool = True
    plan: Literal["sealed", "another", "absent"] = "absent"
    earlier: tuple[Earlier, ...] = ()

    @property
    def kind(self) -> str:
        """`announced`, `replaced` or `tampered`."""
        if not self.whole:
            return "tampered"
        return "replaced" if self.earlier or self.plan == "another" else "announced"

    def to_json(self) -> dict[str, object]:
        """Return it as JSON knows it."""
        return {"standing": self.kind, "notes": [str(note) for note in self.notes]}

    @property
    def notes(self) -> tuple[Note, ...]:
        """Say it, the worst first."""
        short = self.fingerprint[:_SHORT]
        if not self.whole:
            return (Note("plan_tampered", fingerprint=short),)
        told = [
            Note(
                "draw_replaced",
                fingerprint=one.fingerprint[:_SHORT],
                seed=one.seed,
                why=one.why or Note("no_reason"),
            )
            for one in self.earlier
        ]
        return (*told, Note(f"plan_{self.plan}", fingerprint=short))

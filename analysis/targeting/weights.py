"""The strategist's weights on top of the gain, and a score that falls apart into parts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.targeting.value import Value, hesitant, reachable

PARTS = ("mobilise", "persuade", "hesitant", "need", "access", "classic", "visited")


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts; only their proportions matter.

    Attributes
    ----------
    mobilise
        The bloc's voters who would come if brought to vote, met in an hour.
    persuade
        Votes won over or kept in an hour: support, and how far the bloc's vote has moved.
    hesitant
        Voters met in an hour where the vote is contested and has moved.
    need
        Share of poor households, from the squares.
    access
        Pace: doors an hour.
    classic
        Abstention × support, whatever the pace: « 50+1 (2014) ».
    visited
        Taken off in proportion to the doors already visited.
    """

    mobilise: float = 0.0
    persuade: float = 0.0
    hesitant: float = 0.0
    need: float = 0.0
    access: float = 0.0
    classic: float = 0.0
    visited: float = 0.0

    def __post_init__(self) -> None:
        values = self.to_dict()
        if not all(np.isfinite(v) and v >= 0 for v in values.values()):
            raise DataError(
                "Weights must be numbers from 0 upwards.",
                where="{values}",
                mend="Write 0 for a part that shall not count.",
                values=", ".join(f"{k} = {v}" for k, v in values.items()),
            )

    @property
    def total(self) -> float:
        """Sum of the weights that share out the score."""
        return sum(weight for name, weight in self.to_dict().items() if name != "visited")

    def to_dict(self) -> dict[str, float]:
        """Return the weights by name."""
        return {item.name: float(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Weights:
        """Return weights from plain values, or raise `DataError` on an unknown name."""
        if unknown := sorted(set(given) - set(PARTS)):
            raise DataError(
                "Unknown weight(s): {unknown}.",
                mend="Known ones: {known}.",
                unknown=", ".join(unknown),
                known=", ".join(PARTS),
            )
        try:
            return cls(**{name: float(value) for name, value in given.items()})
        except (TypeError, ValueError) as error:
            raise DataError("A weight is not a number.", where="{given}", given=given) from error


# Strategies in words: mixed, ours to the polls, convince, and the formula of 2014. None stands
# for votes per hour themselves.
PRESETS: dict[str, Weights | None] = {
    "gain_per_hour": None,
    "abstainers_first": Weights(mobilise=1.0),
    "undecided_first": Weights(hesitant=1.0),
    "classic_2014": Weights(classic=1.0),
}


def gain_weights(value: Value, registered: np.ndarray) -> Weights:
    """Return what mobilising and persuading weigh in the mean gain, as shares of 1.

    A part that costs votes on the mean weighs 0 here; `gain_points` counts it as it is.
    """
    gained, _ = _gains(value, registered)
    parts = {name: max(float(mean), 0.0) for name, mean in gained.items()}
    total = sum(parts.values())
    return Weights(**{name: part / total for name, part in parts.items()})


def gain_points(value: Value, registered: np.ndarray) -> pd.DataFrame:
    """Return the points of each part where votes per hour rank: 100 for the mean gain.

    Raises
    ------
    DataError
        When the parameters leave no gain to share out.
    """
    gained, total = _gains(value, registered)
    points = {name: np.zeros(len(registered)) for name in PARTS}
    for name in gained:
        points[name] = 100 * getattr(value, f"gain_{name}") / total
    return pd.DataFrame(points)


def need_ground(table: pd.DataFrame) -> None:
    """Refuse a place where nobody can knock at a door.

    Raises
    ------
    DataError
        When no bureau has ground to walk on and somebody registered.
    """
    if not reachable(table).any():
        raise DataError(
            "None of these bureaux has doors to knock at: their voters live abroad, in prison or "
            "vote by post.",
            where="{n} bureaux",
            n=len(table),
            mend="Read what they voted under Abstention and Swing; choose a place with ground "
            "to rank doors.",
        )


def _gains(value: Value, registered: np.ndarray) -> tuple[dict[str, float], float]:
    gained = {
        name: float(np.average(getattr(value, f"gain_{name}"), weights=registered))
        for name in ("mobilise", "persuade")
    }
    total = sum(gained.values())
    if total <= 0:
        raise DataError(
            "With these parameters knocking at doors gains no votes: nothing to rank by.",
            where="votes per hour: mobilising {mobilise:.4f}, persuading {persuade:.4f}",
            mend="Set effect_turnout or effect_vote above 0, or rank by your own weights.",
            mobilise=gained["mobilise"],
            persuade=gained["persuade"],
        )
    return gained, total


def part_indices(table: pd.DataFrame, value: Value) -> pd.DataFrame:
    """Return each part as an index: 1 for the place's mean, weighted by registered.

    A part that is unknown everywhere is 1 for all, so that it changes nothing; where
    it is unknown in one bureau it is 1 there. `visited` is the share already covered.
    """
    parts = {
        name: np.where(np.isfinite(raw), raw, mean) / mean if mean > 0 else np.ones(len(raw))
        for name, (raw, mean) in _raw_parts(table, value).items()
    }
    there = reachable(table)
    parts = {name: index * there for name, index in parts.items()}
    return pd.DataFrame(parts | {"visited": table["covered"].to_numpy()}, index=table.index)


def part_means(table: pd.DataFrame, value: Value) -> dict[str, float]:
    """Return the place's mean of each part before it became an index."""
    return {name: mean for name, (_, mean) in _raw_parts(table, value).items()}


def _raw_parts(table: pd.DataFrame, value: Value) -> dict[str, tuple[np.ndarray, float]]:
    met = value.conversations_per_hour * value.household
    raw = {
        "mobilise": met * (table["abstention"] * table["marginal"]).to_numpy(),
        "persuade": met * value.persuadable,
        "hesitant": met * hesitant(table),
        "need": table["poverty_rate"].to_numpy(dtype=float),
        "access": value.doors_per_hour,
        "classic": (table["abstention"] * table["support"]).to_numpy(),
    }
    registered = table["registered"].to_numpy(dtype=float)
    return {name: (values, _mean(values, registered)) for name, values in raw.items()}


def _mean(values: np.ndarray, registered: np.ndarray) -> float:
    known = np.isfinite(values) & (registered > 0)
    return float(np.average(values[known], weights=registered[known])) if known.any() else 0.0


def score_parts(parts: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    """Return the points each part contributes; their sum is the score, 100 for the mean bureau.

    Raises
    ------
    DataError
        When all weights are 0.
    """
    if weights.total <= 0:
        raise DataError(
            "All weights are 0: there is nothing to rank by.",
            mend="Raise the weight of the abstainers to mobilise, of the undecided to persuade, of "
            "social need or of ease of access; or choose a preset.",
        )
    share = {
        name: 100 * weight / weights.total
        for name, weight in weights.to_dict().items()
        if name != "visited"
    }
    share["visited"] = -100 * weights.visited
    return pd.DataFrame({name: parts[name] * share[name] for name in PARTS})

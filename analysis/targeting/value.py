"""Expected net votes per volunteer-hour, bureau by bureau, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from analysis.targeting.params import Params

# Mean length of a tour through n scattered points of an area: 0.7124 · sqrt(n · area).
# Beardwood, Halton and Hammersley (1959); constant: Applegate et al. (2006), p. 497.
TOUR = 0.7124
Number = TypeVar("Number", float, np.ndarray)
SLOWEST, FASTEST = 10.0, 30.0  # doors per hour: ends of the ranges in the field's manuals


@dataclass(frozen=True, slots=True)
class Means:
    """The place's means that effects are measured against, weighted by registered."""

    abstention: float
    changeable: float


@dataclass(frozen=True)
class Value:
    """What an hour in each bureau is worth, and the parts it is made of.

    Attributes
    ----------
    doors
        Doors not yet visited.
    doors_per_hour, doors_per_volunteer_hour
        Pace of a team; of each of its volunteers.
    conversations_per_hour
        Per volunteer-hour.
    mobilisable, persuadable
        Shares of the registered: the bloc's abstainers; voters who may change sides.
    gain_mobilise, gain_persuade
        Votes per volunteer-hour.
    """

    doors: np.ndarray
    doors_per_hour: np.ndarray
    doors_per_volunteer_hour: np.ndarray
    conversations_per_hour: np.ndarray
    mobilisable: np.ndarray
    persuadable: np.ndarray
    gain_mobilise: np.ndarray
    gain_persuade: np.ndarray

    @property
    def gain_per_hour(self) -> np.ndarray:
        """Net votes for the bloc per volunteer-hour."""
        return self.gain_mobilise + self.gain_persuade

    @property
    def hours(self) -> np.ndarray:
        """Volunteer-hours to knock at every door that is left."""
        return self.doors / self.doors_per_volunteer_hour


def place_means(table: pd.DataFrame) -> Means:
    """Return the means of `Prospects.table`, weighted by registered."""
    weights = table["registered"].to_numpy(dtype=float)
    abstention = table["abstention"].to_numpy()
    persuadable = (1 - abstention) * changeable(table)
    mean = float(np.average(abstention, weights=weights))
    return Means(mean, float(np.average(persuadable, weights=weights) / (1 - mean)))


def changeable(table: pd.DataFrame) -> np.ndarray:
    """Return the share of voters who may come to the bloc or leave it.

    Of the voters who change sides, more move to or from a bloc that is neither absent
    nor alone: 4 · s · (1 - s) of the volatility, 1 where the bloc has half the vote.
    """
    support = table["support"].to_numpy()
    return np.asarray(4 * support * (1 - support) * table["volatility"].to_numpy())


def value_bureaux(table: pd.DataFrame, params: Params, means: Means | None = None) -> Value:
    """Value an hour of canvassing in every bureau.

    Per conversation, mobilising gains τ · (a / ā) · s votes and persuading gains
    ε · (1 - a) · (v / v̄): τ and ε are the mean effects of the parameters, a the
    expected abstention, s the bloc's share among abstainers, v the changeable
    share of voters, ā and v̄ the place's means. See docs/methods/value.md.

    Parameters
    ----------
    table
        `Prospects.table`.
    params
        The planner's numbers; the means of their ranges are used.
    means
        The place's means; those of `table` when not given.
    """
    means = means or place_means(table)
    open_share = params.share_open.mean
    pace = doors_per_hour(table, params)
    per_volunteer = pace / params.team_size.mean
    # No door, no conversation: such a bureau gains nothing and comes last.
    conversations = per_volunteer * open_share * reachable(table)
    mobilisable = table["abstention"].to_numpy() * abstainer_support(
        table, params.reserve_weight.mean
    )
    persuadable = (1 - table["abstention"].to_numpy()) * changeable(table)
    return Value(
        doors=doors(table, params),
        doors_per_hour=pace,
        doors_per_volunteer_hour=per_volunteer,
        conversations_per_hour=conversations,
        mobilisable=mobilisable,
        persuadable=persuadable,
        gain_mobilise=conversations
        * params.effect_turnout.mean
        * mobilisable
        / max(means.abstention, 1e-9),
        gain_persuade=conversations
        * params.effect_vote.mean
        * persuadable
        / max(means.changeable, 1e-9),
    )


def abstainer_support(table: pd.DataFrame, reserve_weight: float) -> np.ndarray:
    """Return the bloc's share among abstainers: neighbours' votes and the reserve, mixed."""
    mixed = (1 - reserve_weight) * table["support"] + reserve_weight * table["reserve"]
    return mixed.to_numpy()


def doors(table: pd.DataFrame, params: Params) -> np.ndarray:
    """Return doors left to knock at: households where squares tell, else registered per door."""
    assumed = table["registered"] / params.registered_per_door.mean
    known = table["households"].astype("float64")
    # Squares are of another year and shared out by area: far from the roll, they are
    # not this bureau's households.
    plausible = known.between(0.4 * assumed, 2.5 * assumed)
    left = known.where(plausible, assumed) * (1 - table["covered"])
    return left.to_numpy() * reachable(table)


def reachable(table: pd.DataFrame) -> np.ndarray:
    """Return 1 for a bureau with ground to walk on and somebody registered, else 0."""
    return (table["reachable"] & (table["registered"] > 0)).to_numpy(dtype=float)


def doors_per_hour(table: pd.DataFrame, params: Params) -> np.ndarray:
    """Return the pace of a team: minutes at the door, between doors, and on foot."""
    at_door = minutes_at_door(
        params.share_open.mean,
        params.minutes_conversation.mean,
        params.minutes_no_answer.mean,
        params.minutes_between.mean,
    )
    return np.clip(60 / (at_door + walk_minutes(table, params, at_door)), SLOWEST, FASTEST)


def minutes_at_door(share_open: Number, talk: Number, none: Number, between: Number) -> Number:
    """Return minutes per door apart from walking, for one mix of answers or for many."""
    return between + share_open * talk + (1 - share_open) * none


def walk_minutes(table: pd.DataFrame, params: Params, at_door: float) -> np.ndarray:
    """Return minutes on foot per door: from the spacing of addresses, else the assumed pace."""
    per_address = TOUR * params.detour.mean * table["spacing_m"].astype("float64")
    doors_at_address = (doors(table.assign(covered=0.0), params) / table["addresses"]).clip(lower=1)
    measured = per_address / (60 * params.walking_speed.mean) / doors_at_address
    dense, spread = params.doors_per_hour_dense.mean, params.doors_per_hour_spread.mean
    pace = spread + (dense - spread) * table["density"]
    assumed = np.maximum(60 / pace - at_door, 0.0)
    return measured.fillna(assumed).to_numpy(dtype=float)


def provenance_of_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Say for every bureau which parts were measured there and which assumed."""
    flags = {
        "doors_per_hour": table["spacing_m"].notna(),
        "doors": table["households"].notna(),
        "social_need": table["poverty_rate"].notna(),
    }
    measured = pd.DataFrame({name: flag.to_numpy() for name, flag in flags.items()})
    names = np.array(list(flags))
    codes = measured.to_numpy() @ (1 << np.arange(len(names)))
    always = ("abstention", "support", "volatility")
    texts = [
        (
            " ".join([*always, *names[[bool(code >> n & 1) for n in range(len(names))]]]),
            " ".join(["share_open", *names[[not code >> n & 1 for n in range(len(names))]]]),
        )
        for code in range(1 << len(names))
    ]
    said = np.array(texts, dtype=object)[codes]
    return pd.DataFrame({"measured": said[:, 0], "assumed": said[:, 1]}, index=table.index)

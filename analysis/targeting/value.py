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


# Who answers a conversation more than others is not known: five answers, and how likely each is.
# All alike is what experiments could not refute; the others share the doubt.
ANSWERS = ("equal", "abstention", "fence", "volatility", "opponents")
LIKELY = (0.6, 0.1, 0.1, 0.1, 0.1)


@dataclass(frozen=True, slots=True)
class Means:
    """The place's means that indices are measured against, weighted by registered."""

    abstention: float
    support: float
    movement: float


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
    household
        Persons moved per person talked to: one, and a share of the others behind the door.
    mobilisable
        Net share of marginal voters, the bloc's less the rival's, times how open the bureau
        is to being brought to vote (1 on the mean); may be below 0.
    persuadable
        Index, 1 on the mean: the bloc's support and how far its vote has moved.
    gain_mobilise, gain_persuade
        Net votes per volunteer-hour.
    """

    doors: np.ndarray
    doors_per_hour: np.ndarray
    doors_per_volunteer_hour: np.ndarray
    conversations_per_hour: np.ndarray
    household: np.ndarray
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
    names = ("abstention", "support", "movement")
    return Means(*(float(np.average(table[name], weights=weights)) for name in names))


def value_bureaux(table: pd.DataFrame, params: Params, means: Means | None = None) -> Value:
    """Value an hour of canvassing in every bureau.

    Per person reached, ε · [(1 - α) · S · g + α · W] votes are won over or kept and
    τ · [(1 - β) + β · A] · (m - m') brought to vote: S, W and A are the indices of support,
    movement and abstention, g who responds, on the mean of five answers, m and m' the shares of
    the bloc and of its rival among marginal voters, τ, ε, α and β the means of the parameters.
    See docs/methods/value.md.

    Parameters
    ----------
    table
        `Prospects.table`.
    params
        The planner's numbers; the means of their ranges are used.
    means
        The place's means; those of `table` when not given.

    Returns
    -------
    Value
        Arrays by bureau; gains in votes per volunteer-hour.
    """
    means = means or place_means(table)
    pace = doors_per_hour(table, params)
    per_volunteer = pace / params.team_size.mean
    # No door, no conversation: such a bureau gains nothing and comes last.
    conversations = per_volunteer * params.conversation_rate * reachable(table)
    moved = household(table, params, params.spill_over.mean)
    net = (table["marginal"] - table["rival_marginal"]).to_numpy()
    mobilisable = net * mixed(index(table, "abstention", means), params.abstention_weight.mean)
    alpha = params.movement_weight.mean
    responding = np.asarray(LIKELY) @ respond(table)
    persuadable = (1 - alpha) * index(table, "support", means) * responding
    persuadable += alpha * index(table, "movement", means)
    return Value(
        doors=doors(table, params),
        doors_per_hour=pace,
        doors_per_volunteer_hour=per_volunteer,
        conversations_per_hour=conversations,
        household=moved,
        mobilisable=mobilisable,
        persuadable=persuadable,
        gain_mobilise=conversations * moved * params.effect_turnout.mean * mobilisable,
        gain_persuade=conversations * moved * params.effect_vote.mean * persuadable,
    )


def index(table: pd.DataFrame, name: str, means: Means) -> np.ndarray:
    """Return a column of `Prospects.table` as an index: 1 for the place's mean.

    Parameters
    ----------
    table
        `Prospects.table`.
    name
        Of a column that `means` knows.
    means
        The place's means.

    Returns
    -------
    numpy.ndarray
        (bureaux,)
    """
    return table[name].to_numpy() / max(getattr(means, name), 1e-9)


def mixed(values: np.ndarray, weight: float) -> np.ndarray:
    """Return from the same everywhere (weight 0) to in proportion to an index (weight 1)."""
    return np.asarray((1 - weight) + weight * values)


def household(table: pd.DataFrame, params: Params, spill_over: float) -> np.ndarray:
    """Return persons moved per person talked to: the others behind the door count in part.

    Parameters
    ----------
    table
        `Prospects.table`.
    params
        The planner's numbers.
    spill_over
        Share of the effect that the others take over, 0 to 1.

    Returns
    -------
    numpy.ndarray
        Persons, (bureaux,); 1 where people live alone.
    """
    all_doors = _doors_in_all(table, params) * reachable(table)
    persons = table["registered"].to_numpy(dtype=float) / np.maximum(all_doors, 1e-9)
    return np.asarray(1 + spill_over * others_behind(persons))


def others_behind(persons: np.ndarray) -> np.ndarray:
    """Return how many stand behind a door besides the one talked to: none to three."""
    return np.asarray(np.clip(persons, 1.0, 4.0) - 1.0)


def answers(table: pd.DataFrame) -> np.ndarray:
    """Return five answers to who responds more, as indices of the place (answers × bureaux).

    The same everywhere; in proportion to abstention; on the fence of voting; where many change
    sides; among voters of others.
    """
    weights = table["registered"].to_numpy(dtype=float)
    away, ours = table["abstention"].to_numpy(), table["support"].to_numpy()
    found = np.stack(
        [
            np.ones(len(weights)),
            away,
            away * (1 - away),
            table["volatility"].to_numpy(),
            (1 - away) * (1 - ours),
        ]
    )
    return np.asarray(found / np.average(found, axis=1, weights=weights)[:, None])


def respond(table: pd.DataFrame) -> np.ndarray:
    """Return who responds more where the bloc's voters are (answers × bureaux).

    Weighted so that the place's mean of those who respond among ours is that of ours.
    """
    ours, weights = table["support"].to_numpy(), table["registered"].to_numpy(dtype=float)
    if not (ours * weights).sum() > 0:
        return np.ones((len(ANSWERS), len(weights)))
    found = answers(table)
    mean = np.average(found * ours, axis=1, weights=weights) / np.average(ours, weights=weights)
    return np.asarray(found / np.maximum(mean, 1e-9)[:, None])


def hesitant(table: pd.DataFrame) -> np.ndarray:
    """Return where voters who come to the polls may be won: contested, and moved before.

    Half (1 - a) · s · (1 - s), half (1 - a) · movement, each 1 for the place's mean.
    """
    return np.asarray((_hesitant(table) / hesitant_levels(table)[:, None]).mean(axis=0))


def hesitant_levels(table: pd.DataFrame) -> np.ndarray:
    """Return the place's means of both halves of `hesitant`, weighted by registered."""
    weights = table["registered"].to_numpy(dtype=float)
    return np.maximum(np.average(_hesitant(table), axis=1, weights=weights), 1e-12)


def _hesitant(table: pd.DataFrame) -> np.ndarray:
    voting, ours = 1 - table["abstention"].to_numpy(), table["support"].to_numpy()
    return np.stack([voting * ours * (1 - ours), voting * table["movement"].to_numpy()])


def doors(table: pd.DataFrame, params: Params) -> np.ndarray:
    """Return doors left to knock at: households where squares tell, else registered per door."""
    left = 1 - table["covered"].to_numpy(dtype=float)
    return np.asarray(_doors_in_all(table, params) * left * reachable(table))


def _doors_in_all(table: pd.DataFrame, params: Params) -> np.ndarray:
    """Return doors, those knocked at already included."""
    assumed = table["registered"].to_numpy(dtype=float) / params.registered_per_door.mean
    known = table["households"].astype("float64").to_numpy()
    return np.where(measured_doors(table, params), known, assumed)


def measured_doors(table: pd.DataFrame, params: Params) -> np.ndarray:
    """Tell where squares count the doors."""
    assumed = table["registered"].to_numpy(dtype=float) / params.registered_per_door.mean
    # Squares are of another year and shared out by area: far from the roll, they are
    # not this bureau's households.
    known = table["households"].astype("float64").to_numpy()
    return np.asarray((known >= 0.4 * assumed) & (known <= 2.5 * assumed))


def measured_pace(table: pd.DataFrame) -> np.ndarray:
    """Tell where addresses give the walk from door to door."""
    return table["spacing_m"].notna().to_numpy()


def reachable(table: pd.DataFrame) -> np.ndarray:
    """Return 1 for a bureau with ground to walk on and somebody registered, else 0."""
    somebody = table["registered"].to_numpy(dtype=float) > 0
    return (table["reachable"].to_numpy(dtype=bool) & somebody).astype(float)


def doors_per_hour(table: pd.DataFrame, params: Params) -> np.ndarray:
    """Return the pace of a team: minutes at the door, between doors, and on foot."""
    at_door = minutes_at_door(
        params.conversation_rate,
        params.minutes_conversation.mean,
        params.minutes_no_answer.mean,
        params.minutes_between.mean,
    )
    return np.clip(60 / (at_door + walk_minutes(table, params, at_door)), SLOWEST, FASTEST)


def minutes_at_door(talks: Number, talk: Number, none: Number, between: Number) -> Number:
    """Return minutes per door apart from walking, for one conversation rate or for many.

    Parameters
    ----------
    talks
        Conversations per door knocked at, 0 to 1.
    talk, none
        Minutes of a conversation, and at a door without one.
    between
        Minutes from one door to the next.

    Returns
    -------
    float or numpy.ndarray
        Minutes.

    Examples
    --------
    Three doors in ten open; a talk takes four minutes, a shut door one, the way half of one.

    >>> minutes_at_door(0.3, 4.0, 1.0, 0.5)
    2.4
    """
    return between + talks * talk + (1 - talks) * none


def walk_minutes(table: pd.DataFrame, params: Params, at_door: float) -> np.ndarray:
    """Return minutes on foot per door: from the spacing of addresses, else the assumed pace.

    Parameters
    ----------
    table
        `Prospects.table`.
    params
        The planner's numbers.
    at_door
        Minutes at a door, which the assumed pace holds too.

    Returns
    -------
    numpy.ndarray
        Minutes, (bureaux,).
    """
    per_address = TOUR * params.detour.mean * table["spacing_m"].astype("float64").to_numpy()
    addresses = table["addresses"].astype("float64").to_numpy()
    # Where no address is known the assumed pace holds.
    with np.errstate(divide="ignore", invalid="ignore"):
        at_address = _doors_in_all(table, params) * reachable(table) / addresses
    measured = per_address / (60 * params.walking_speed.mean) / np.maximum(at_address, 1)
    dense, spread = params.doors_per_hour_dense.mean, params.doors_per_hour_spread.mean
    pace = spread + (dense - spread) * table["density"].to_numpy(dtype=float)
    assumed = np.maximum(60 / pace - at_door, 0.0)
    return np.where(np.isnan(measured), assumed, measured)


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
    always = ("abstention", "support", "movement", "marginal")
    texts = [
        (
            " ".join([*always, *names[[bool(code >> n & 1) for n in range(len(names))]]]),
            " ".join(["share_open", *names[[not code >> n & 1 for n in range(len(names))]]]),
        )
        for code in range(1 << len(names))
    ]
    said = np.array(texts, dtype=object)[codes]
    return pd.DataFrame({"measured": said[:, 0], "assumed": said[:, 1]}, index=table.index)

"""How sure the ranking is: draws over the planner's numbers and the bureaux' rates."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.targeting.params import Params
from analysis.targeting.value import (
    ANSWERS,
    FASTEST,
    LIKELY,
    SLOWEST,
    Means,
    Value,
    hesitant_levels,
    household,
    measured_doors,
    measured_pace,
    minutes_at_door,
    others_behind,
    place_means,
    reachable,
    respond,
    walk_minutes,
)
from analysis.targeting.weights import Weights, part_indices, part_means, score_parts

# Bureaux × draws worked on at once, to fit a processor's cache; draws ranked at once.
PIECE, AT_ONCE = 1 << 18, 50
# Rates drawn for every bureau, and how many normal numbers there are to choose from.
RATES, POOL = 4, 1 << 20
_COLUMNS = ("abstention", "support", "movement", "marginal", "rival_marginal")
_ERRORS = tuple(f"{name}_se" for name in _COLUMNS)
_Columns = Mapping[str, np.ndarray]
LEVEL = 0.90
# More say nothing that fewer do not, and would not fit into memory.
MOST_DRAWS = 100_000
# Ten hours of every registered person of France would be fifty times as much.
MOST_HOURS = 1e7


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many bureaux the hours reach, how many draws tell how sure, and where nobody is sent."""

    k: int
    draws: int = 1000
    aside: np.ndarray | bool = False


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What the draws say of every bureau.

    Attributes
    ----------
    lower, upper
        Ends of the 90% interval of the gain, votes per volunteer-hour.
    top_probability
        Share of draws in which the bureau is among the first K by score.
    k, draws
        How many bureaux are wanted; how many draws were made.
    """

    lower: np.ndarray
    upper: np.ndarray
    top_probability: np.ndarray
    k: int
    draws: int


@dataclass(frozen=True, slots=True)
class ScorePlan:
    """How a weighted score is put together again in every draw.

    Attributes
    ----------
    mobilise, persuade, contested, moved, classic
        Points per unit of the part; `contested` and `moved` are the two halves of `hesitant`.
    fixed
        Points of the parts that are not drawn, one per bureau.
    """

    mobilise: float
    persuade: float
    contested: float
    moved: float
    classic: float
    fixed: np.ndarray


def plan_score(table: pd.DataFrame, value: Value, weights: Weights) -> ScorePlan:
    """Prepare the strategist's weights for the draws.

    Parameters
    ----------
    table
        `Prospects.table`.
    value
        What an hour is worth in each bureau.
    weights
        Of the parts of the score.

    Returns
    -------
    ScorePlan
        Points per unit of each part that is drawn, and those that are fixed.
    """
    means = part_means(table, value)
    points = score_parts(part_indices(table, value), weights)
    given = weights.to_dict()

    def per_unit(name: str) -> float:
        return 100 * given[name] / weights.total / means[name] if means[name] > 0 else 0.0

    fixed = points[["need", "access", "visited"]].sum(axis=1).to_numpy("float32")
    contested, moved = per_unit("hesitant") / (2 * hesitant_levels(table))
    return ScorePlan(
        per_unit("mobilise"), per_unit("persuade"), contested, moved, per_unit("classic"), fixed
    )


@dataclass(frozen=True, slots=True)
class _Common:
    """Draws that all bureaux share, one per draw; rows of one."""

    effect_turnout: np.ndarray
    effect_vote: np.ndarray
    talks: np.ndarray
    at_door: np.ndarray
    walk: np.ndarray
    movement_weight: np.ndarray
    abstention_weight: np.ndarray
    spill_over: np.ndarray
    dense: np.ndarray
    spread: np.ndarray
    persons: np.ndarray
    answer: np.ndarray
    level: np.ndarray


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a walk through each bureau takes: measured, or assumed from the planner's numbers.

    Attributes
    ----------
    walk
        Minutes on foot per door where addresses tell; NaN where the pace is assumed.
    density
        0 spread … 1 dense, for the assumed pace.
    others
        Persons behind a door besides the one talked to; NaN where doors are assumed.
    """

    walk: np.ndarray
    density: np.ndarray
    others: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame, params: Params) -> _Ground:
        """Read the ground of bureaux: what is not measured is NaN, density is always told."""
        walk = walk_minutes(table, params, _central_minutes(params))
        walk = np.where(measured_pace(table), walk, np.nan)
        others = household(table, params, 1.0) - 1
        others = np.where(measured_doors(table, params), others, np.nan)
        density = table["density"].to_numpy()
        return cls(*(one.astype("float32") for one in (walk, density, others)))

    def conversations(self, part: slice, common: _Common) -> np.ndarray:
        """Return conversations in a volunteer's hour (bureaux × draws)."""
        walk = self.walk[part, None]
        pace = 60 / (common.at_door + common.walk * walk)
        if (assumed := np.isnan(walk[:, 0])).any():
            density = self.density[part, None][assumed]
            told = common.spread + (common.dense - common.spread) * density
            # A door takes its minutes, however near the next one is.
            pace[assumed] = np.minimum(told, 60 / common.at_door)
        met = np.clip(pace, SLOWEST, FASTEST, out=pace)
        met *= common.talks
        return np.asarray(met)

    def household(self, part: slice, common: _Common) -> np.ndarray:
        """Return persons moved per person talked to (bureaux × draws)."""
        others = self.others[part, None]
        return 1 + common.spill_over * np.where(np.isnan(others), common.persons, others)


def simulate(
    table: pd.DataFrame,
    params: Params,
    rng: np.random.Generator,
    *,
    wanted: Wanted,
    plan: ScorePlan | None = None,
) -> Uncertainty:
    """Draw the planner's numbers and every bureau's rates, and rank again each time.

    Parameters
    ----------
    table
        `Prospects.table`, sorted by bureau, so that the order of input rows does not matter.
    params
        Ranges to draw from (triangular); one draw of them holds for all bureaux.
    rng
        Source of chance.
    wanted
        How many bureaux, how many draws, and which bureaux are never among the first.
    plan
        The strategist's weights; None ranks each draw by its own gain.

    Returns
    -------
    Uncertainty
        Ends of the gain per hour, and chances of the first places, by bureau.
    """
    draws, size = wanted.draws, len(table)
    common = _draw_common(params, rng, draws)
    responding = respond(table).astype("float32")
    ground = _Ground.of(table, params)
    noise = _Noise(rng, size, draws)
    scores = np.empty((draws, size), dtype="float32")
    ends = np.empty((2, size))
    means = place_means(table)
    columns = {name: table[name].to_numpy("float32") for name in (*_COLUMNS, *_ERRORS)}
    low, high = (round(share * (draws - 1)) for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))

    def draw_piece(part: slice) -> None:
        piece = {name: values[part, None] for name, values in columns.items()}
        rates, net = _draw_rates(piece, noise, part)
        met = ground.conversations(part, common) * ground.household(part, common)
        indices = _indices(rates, net, responding[:, part], common, means)
        gain = common.effect_vote * indices[0]
        gain += common.effect_turnout * indices[1]
        gain *= met
        if plan is None:
            scores[:, part] = gain.T
        else:
            drawn = _drawn_points(rates, indices[0], met * common.level, plan)
            scores[:, part] = (drawn + plan.fixed[part, None]).T
        # A full sort of short rows is faster than looking for two of their values.
        gain.sort(axis=1)
        ends[0, part], ends[1, part] = gain[:, low], gain[:, high]

    step = max(PIECE // draws, 1)
    _over_threads(draw_piece, [slice(n, min(n + step, size)) for n in range(0, size, step)])
    # Nobody to meet there: no draw puts such a bureau in front.
    there = reachable(table) > 0
    scores[:, ~there | wanted.aside] = -np.inf
    first = np.where(~there | wanted.aside, 0.0, _among_first(scores, wanted.k))
    return Uncertainty(ends[0] * there, ends[1] * there, first, wanted.k, draws)


class _Noise:
    """Standard normal draws for every bureau × rate, as windows of one long row of them.

    Each window starts elsewhere, so that within a draw no two numbers are the same;
    sixty times fewer numbers are drawn than are used.
    """

    def __init__(self, rng: np.random.Generator, size: int, draws: int) -> None:
        starts = max(min(RATES * size * draws, POOL), RATES * size)
        pool = rng.standard_normal(starts + draws - 1, dtype="float32")
        self.windows = np.lib.stride_tricks.sliding_window_view(pool, draws)
        self.starts = rng.choice(starts, (RATES, size), replace=False)

    def of(self, rate: int, part: slice) -> np.ndarray:
        """Return bureaux × draws for one rate of a piece, a fresh array."""
        return self.windows[self.starts[rate, part]]


def _central_minutes(params: Params) -> float:
    return minutes_at_door(
        params.conversation_rate,
        params.minutes_conversation.mean,
        params.minutes_no_answer.mean,
        params.minutes_between.mean,
    )


def _draw_common(params: Params, rng: np.random.Generator, draws: int) -> _Common:
    drawn = {name: belief.draw(rng, draws) for name, belief in params.beliefs.items()}
    talks = drawn["share_open"] * drawn["share_talk"]
    at_door = minutes_at_door(
        talks,
        drawn["minutes_conversation"],
        drawn["minutes_no_answer"],
        drawn["minutes_between"],
    )
    detour = drawn["detour"] / params.detour.mean
    columns = {
        "effect_turnout": drawn["effect_turnout"],
        "effect_vote": drawn["effect_vote"],
        "talks": talks / drawn["team_size"],
        "at_door": at_door,
        "walk": detour * params.walking_speed.mean / drawn["walking_speed"],
        "movement_weight": drawn["movement_weight"],
        "abstention_weight": drawn["abstention_weight"],
        "spill_over": drawn["spill_over"],
        "dense": drawn["doors_per_hour_dense"],
        "spread": drawn["doors_per_hour_spread"],
        "persons": others_behind(drawn["registered_per_door"]),
        # What the draw changes for all alike must not tilt a weighted score.
        "level": params.conversation_rate * at_door / talks / _central_minutes(params),
    }
    told = {n: v.astype("float32")[None, :] for n, v in columns.items()}
    return _Common(**told, answer=rng.choice(len(ANSWERS), draws, p=LIKELY))


_Rates = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _draw_rates(piece: _Columns, noise: _Noise, part: slice) -> tuple[_Rates, np.ndarray]:
    """Return bureaux × draws: abstention, support, movement, share of marginal voters; its net."""

    def rate(number: int, name: str) -> np.ndarray:
        drawn = noise.of(number, part)
        drawn *= piece[f"{name}_se"]
        drawn += piece[name]
        return drawn

    abstention, support, movement = (rate(n, name) for n, name in enumerate(_COLUMNS[:3]))
    for drawn in (abstention, support):
        np.clip(drawn, 0.0, 1.0, out=drawn)
    np.maximum(movement, 0.0, out=movement)
    # The bloc's and its rival's shares of the same voters: two errors, drawn as one for the net.
    marginal = noise.of(3, part)
    net = marginal * np.hypot(piece["marginal_se"], piece["rival_marginal_se"])
    net += piece["marginal"] - piece["rival_marginal"]
    # A strategy that counts ours alone bears the error of ours alone.
    marginal *= piece["marginal_se"]
    marginal += piece["marginal"]
    return (abstention, support, movement, marginal), net


def _indices(
    rates: _Rates, net: np.ndarray, responding: np.ndarray, common: _Common, means: Means
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many are won over or kept, and are brought to vote, per person reached."""
    abstention, support, movement, _ = rates
    alpha, beta = common.movement_weight, common.abstention_weight
    persuade = responding.T[:, common.answer] * support
    persuade *= (1 - alpha) / np.float32(max(means.support, 1e-9))
    persuade += (alpha / np.float32(max(means.movement, 1e-9))) * movement
    mobilise = (beta / np.float32(max(means.abstention, 1e-9))) * abstention
    mobilise += 1 - beta
    mobilise *= net
    return persuade, mobilise


def _drawn_points(
    rates: _Rates, persuade: np.ndarray, met: np.ndarray, plan: ScorePlan
) -> np.ndarray:
    """Return the points of the drawn parts (bureaux × draws)."""
    abstention, support, movement, marginal = rates
    points = np.float32(plan.persuade) * persuade
    if plan.mobilise:
        points += np.float32(plan.mobilise) * abstention * marginal
    if plan.contested:
        open_vote = np.float32(plan.contested) * support * (1 - support)
        points += (1 - abstention) * (open_vote + np.float32(plan.moved) * movement)
    points *= met
    if plan.classic:
        points += np.float32(plan.classic) * abstention * support
    return np.asarray(points)


def _among_first(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the share of draws in which each bureau is among the first `k`."""
    draws, size = scores.shape
    if k >= size:
        return np.ones(size)
    if k <= 0:
        return np.zeros(size)
    # Any k bureaux bound the k-th score from below: those that lead in one draw leave
    # few of the others to sort in the next.
    leaders = np.argpartition(scores[0], size - k)[size - k :]

    def count(rows: slice) -> np.ndarray:
        first = np.zeros(size, dtype="uint16")
        for row in scores[rows]:
            candidates = row[row >= row[leaders].min()]
            place = len(candidates) - k
            first += row >= np.partition(candidates, place)[place]
        return first

    jobs = [slice(start, start + AT_ONCE) for start in range(0, draws, AT_ONCE)]
    return np.sum(_over_threads(count, jobs), axis=0, dtype="int64") / draws


def _over_threads(work: Callable[[slice], Any], jobs: list[slice]) -> list[Any]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, jobs))

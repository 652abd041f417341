"""Bureaux in the order in which an hour of canvassing repays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text
from analysis.tables.table_texts import TableTexts
from analysis.targeting.draws import MOST_DRAWS, MOST_HOURS, Wanted, plan_score, simulate
from analysis.targeting.params import Params
from analysis.targeting.prospects import Prospects
from analysis.targeting.value import Value, provenance_of_parts, reachable, value_bureaux
from analysis.targeting.weights import (
    PARTS,
    PRESETS,
    Weights,
    gain_points,
    gain_weights,
    need_ground,
    part_indices,
    score_parts,
)

FIRST_COLUMNS = [
    "bureau_id",
    "rank",
    "score",
    "gain_per_hour",
    "gain_lower",
    "gain_upper",
    "top_k_probability",
    "registered",
    "arm",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the strategist has set.

    Attributes
    ----------
    params
        The planner's numbers.
    preset, weights
        Name of a preset, or `custom` with the weights to use.
    hours, seed, draws
        Volunteer-hours to spend before the vote; seed and number of draws of the uncertainty.
    pinned, excluded
        Bureaux that go first, or are left out, by hand: id → reason.
    """

    params: Params = field(default_factory=Params)
    preset: str = "gain_per_hour"
    weights: Weights | None = None
    hours: float = 500.0
    seed: int = 0
    draws: int = 1000
    pinned: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if both := sorted({*self.pinned} & {*self.excluded}):
            raise DataError(
                "A bureau cannot be pinned and excluded at once.",
                where="{both}",
                mend="Take it out of [pinned] or out of [excluded].",
                both=", ".join(both),
            )
        if bare := sorted(k for k, v in {**self.pinned, **self.excluded}.items() if not v.strip()):
            raise DataError(
                "A bureau is pinned or excluded without a reason.",
                where="{bare}",
                mend='Write it: "75056_1850" = "met at the market, asked us to come".',
                bare=", ".join(bare),
            )
        if self.preset not in (*PRESETS, "custom"):
            raise DataError(
                "Unknown preset “{preset}”.",
                mend="Known ones: {known}.",
                preset=self.preset,
                known=", ".join([*PRESETS, "custom"]),
            )
        if self.preset == "custom" and self.weights is None:
            raise DataError("The preset “custom” needs weights.", mend="Add a [weights] table.")
        if self.seed < 0 or not 1 <= self.draws <= MOST_DRAWS:
            raise DataError(
                "The seed must be 0 or more, and the draws 1 or more, up to {most}.",
                where="seed = {seed}, draws = {draws}",
                mend="Write seed = 0 and draws = 1000.",
                most=MOST_DRAWS,
                seed=self.seed,
                draws=self.draws,
            )
        if MOST_HOURS < self.hours < np.inf:
            raise DataError(
                "Nobody has that many hours: {most} at most.",
                where="hours = {hours}",
                mend="Write volunteer-hours: 20 volunteers × 10 outings of 2 hours are 400.",
                most=int(MOST_HOURS),
                hours=self.hours,
            )
        if not 0 < self.hours < np.inf:
            raise DataError(
                "The hours to spend must be more than 0.",
                where="hours = {hours}",
                mend="Write volunteer-hours: 20 volunteers × 10 outings of 2 hours are 400.",
                hours=self.hours,
            )

    @property
    def chosen(self) -> Weights | None:
        """The weights in force; None where the gain per hour itself ranks."""
        return self.weights if self.preset == "custom" else PRESETS[self.preset]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as a scenario file holds them."""
        plain: dict[str, Any] = {
            "preset": self.preset,
            "hours": self.hours,
            "seed": self.seed,
            "draws": self.draws,
            "params": self.params.to_dict(),
        }
        hand = {"pinned": dict(self.pinned), "excluded": dict(self.excluded)}
        plain |= {name: table for name, table in hand.items() if table}
        return plain | ({"weights": self.weights.to_dict()} if self.weights else {})

    @classmethod
    def from_dict(
        cls, given: dict[str, Any], where: str = "", *, beside: Collection[str] = ()
    ) -> Settings:
        """Return settings from plain values; an unknown name or a bad value raises `DataError`.

        Parameters
        ----------
        given, where, beside
            Values by name; the file, which an error names; what else it may hold, to be listed too.

        Returns
        -------
        Settings
            `custom` where weights are given without a preset.
        """
        tabular = ("weights", "params", "pinned", "excluded")
        known = {"preset", "hours", "seed", "draws", *tabular}
        if unknown := sorted(set(given) - known):
            raise DataError(
                "Unknown setting(s): {unknown}.",
                where="{place}",
                mend="Known ones: {known}.",
                unknown=", ".join(unknown),
                place=where,
                known=", ".join(sorted({*known, *beside})),
            )
        tables = {name: given[name] for name in tabular if name in given}
        if flat := [name for name, table in tables.items() if not isinstance(table, Mapping)]:
            raise DataError(
                "Not a table: {flat}.",
                where="{place}",
                mend="Write [weights], [params], [pinned] or [excluded] on a line of its own, and "
                "what belongs to it below.",
                flat=", ".join(flat),
                place=where,
            )
        weights = Weights.from_dict(given["weights"]) if "weights" in given else None
        numbers = {"hours": float, "seed": int, "draws": int}
        try:
            told = {name: kind(given[name]) for name, kind in numbers.items() if name in given}
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(
                "A setting is not a number.",
                where="{place}: {error}",
                mend="Write hours = 500.",
                place=where,
                error=error,
            ) from error
        return cls(
            params=Params.from_dict(given.get("params", {}), where),
            preset=str(given.get("preset", "custom" if weights else "gain_per_hour")),
            weights=weights,
            pinned=_texts(tables.get("pinned", {})),
            excluded=_texts(tables.get("excluded", {})),
            **told,
        )


def _texts(given: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in given.items()}


@dataclass(frozen=True)
class Ranking(TableTexts):
    """Ranked bureaux, with what the ranking rests on.

    Attributes
    ----------
    table
        One row per bureau in order of rank: `FIRST_COLUMNS`, the commune, parts of the score
        (`part_…`, points that sum to `score`), rates, doors, hours, pace, what was measured.
    settings, k
        What the strategist had set, and how many bureaux the hours reach.
    size_correlation
        Spearman correlation of the score with the registered: what size alone would have ranked.
    weights
        The weights in force, as shares of 1.
    """

    table: pd.DataFrame
    settings: Settings
    k: int
    size_correlation: float
    weights: Weights

    def __post_init__(self) -> None:
        parts = self.table[[f"part_{name}" for name in PARTS]].sum(axis=1)
        if not np.allclose(parts, self.table["score"]):
            raise ValueError(Text("the parts must sum to the score"))

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table

    def summary(self) -> str:
        """Say the result in one sentence."""
        worth, least, most = self.hours_per_vote()
        until = "or none" if np.isinf(most) else f"to {most:.0f}"
        return (
            f"{self.settings.hours:.0f} volunteer-hours reach {self.k} of {len(self.table)} "
            f"bureaux ({self.table.head(self.k)['doors'].sum():.0f} doors): one vote for "
            f"{worth:.0f} hours ({least:.0f} {until})."
        )

    def hours_per_vote(self) -> tuple[float, float, float]:
        """Return hours per net vote in the bureaux reached, and both 90% ends; inf for none."""
        first = self.table[["hours", "gain_per_hour", "gain_upper", "gain_lower"]].head(self.k)
        spent = float(first["hours"].sum())
        names = ("gain_per_hour", "gain_upper", "gain_lower")
        votes = [float((first[name] * first["hours"]).sum()) for name in names]
        worth, least, most = (spent / v if v > 0 else np.inf for v in votes)
        return worth, least, most


def score_bureaux(prospects: Prospects, settings: Settings) -> tuple[pd.DataFrame, Value, Weights]:
    """Return every bureau's score and parts in the order of `prospects`, without draws."""
    need_ground(prospects.table)
    value = value_bureaux(prospects.table, settings.params)
    registered = prospects.table["registered"].to_numpy(dtype=float)
    if settings.chosen is None:
        return gain_points(value, registered), value, gain_weights(value, registered)
    points = score_parts(part_indices(prospects.table, value), settings.chosen)
    return points, value, settings.chosen


def weights_in_force(prospects: Prospects, preset: str, params: Params) -> Weights:
    """Return the weights of the parts of the score under a preset, such as sliders show.

    Parameters
    ----------
    prospects, preset, params
        As `prepare` returns it; a name of `PRESETS`, "gain_per_hour" or another; planner's numbers.

    Returns
    -------
    Weights
        The usual ones for a preset that has none, and where there is nothing to rank by.
    """
    if preset != "gain_per_hour":
        return PRESETS.get(preset) or Weights()
    try:
        return score_bureaux(prospects, Settings(params=params))[2]
    except DataError:
        # The ranking itself will say what is wrong with these numbers.
        return Weights()


def rank_bureaux(prospects: Prospects, settings: Settings, aside: Collection[str] = ()) -> Ranking:
    """Rank the bureaux of a place for the settings of a strategist.

    Parameters
    ----------
    prospects, settings
        As `prepare` returns it; weights, hours, planner's numbers, seed.
    aside
        Bureaux that keep their rank and take no hours: none is among the first `k`.

    Returns
    -------
    Ranking
        Bureaux nobody is registered in come last, with a score of 0.

    Raises
    ------
    DataError
        When the weights or the parameters leave nothing to rank by.
    """
    prospects = _in_order(prospects)
    points, value, weights = score_bureaux(prospects, settings)
    score = points.sum(axis=1).to_numpy()
    hand = _by_hand(prospects.table["bureau_id"], settings)
    order = _order(prospects.table, score, hand)
    away = prospects.table["bureau_id"].isin(aside).to_numpy()
    k = reach(value.hours[order[~away[order]]], settings.hours)
    plan = None if settings.chosen is None else plan_score(prospects.table, value, weights)
    rng, wanted = np.random.default_rng(settings.seed), Wanted(k, settings.draws, away)
    drawn = simulate(prospects.table, settings.params, rng, wanted=wanted, plan=plan)
    table = prospects.table.assign(
        score=score,
        gain_per_hour=value.gain_per_hour,
        gain_lower=drawn.lower,
        gain_upper=drawn.upper,
        top_k_probability=np.where(hand == 0, drawn.top_probability, (hand < 0) * 1.0),
        by_hand=pd.Series(hand, prospects.table.index).map(_HAND).astype("str"),
        by_hand_reason=_reasons(prospects.table["bureau_id"], settings),
        arm="",
        gain_mobilise=value.gain_mobilise,
        gain_persuade=value.gain_persuade,
        mobilisable=value.mobilisable,
        persuadable=value.persuadable,
        doors=value.doors,
        hours=value.hours,
        doors_per_hour=value.doors_per_hour,
        conversations_per_hour=value.conversations_per_hour,
        **{f"part_{name}": points[name] for name in PARTS},
        **provenance_of_parts(prospects.table),
    )
    table = table.rename(
        columns={
            "abstention": "expected_abstention",
            "abstention_se": "expected_abstention_se",
        }
    )
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    others = [name for name in table if name not in FIRST_COLUMNS]
    return Ranking(
        table=table[[*FIRST_COLUMNS, *others]],
        settings=settings,
        k=k,
        size_correlation=_size_correlation(score, prospects.table["registered"]),
        weights=_shares(weights),
    )


def _in_order(prospects: Prospects) -> Prospects:
    """Return the bureaux by id: ties and draws depend on the order of rows."""
    table = prospects.table
    if table["bureau_id"].is_monotonic_increasing:
        return prospects
    return replace(prospects, table=table.sort_values("bureau_id", ignore_index=True))


_HAND = {-1: "pinned", 0: "", 1: "excluded"}


def _by_hand(ids: pd.Series, settings: Settings) -> np.ndarray:
    """Return -1 for a pinned bureau, 1 for an excluded one, else 0."""
    there = ids.isin(settings.excluded).astype(int) - ids.isin(settings.pinned).astype(int)
    return there.to_numpy()


def _reasons(ids: pd.Series, settings: Settings) -> pd.Series:
    given = {**settings.pinned, **settings.excluded}
    reasons = pd.Series("", index=ids.index, dtype="str")
    known = ids.isin(given)
    reasons[known] = [given[str(one)] for one in ids[known]]
    return reasons


def _order(table: pd.DataFrame, score: np.ndarray, hand: np.ndarray) -> np.ndarray:
    """Return positions by falling score; ties by id, in which `table` is sorted."""
    empty = reachable(table) == 0
    return np.lexsort((np.arange(len(table)), -np.round(score, 9), hand, empty))


def reach(hours: np.ndarray, budget: float) -> int:
    """Return how many bureaux, taken in order, the hours pay for; at least one."""
    paid = np.searchsorted(np.cumsum(hours), budget * (1 + 1e-9), side="right")
    return max(int(paid), 1)


def _size_correlation(score: np.ndarray, registered: pd.Series) -> float:
    if len(score) < 3 or np.ptp(score) == 0 or registered.eq(registered.iloc[0]).all():
        return float("nan")
    ranks = pd.Series(score).rank(), registered.reset_index(drop=True).rank()
    return float(np.corrcoef(*ranks)[0, 1])


def _shares(weights: Weights) -> Weights:
    scaled = {n: w / weights.total for n, w in weights.to_dict().items() if n != "visited"}
    return replace(weights, **scaled)

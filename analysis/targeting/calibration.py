"""Whether 90% intervals hold the gain nine times of ten, and chances come true as often as told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.electorate.abstention.forecast import forecast_abstention
from analysis.electorate.abstention.series import Series
from analysis.electorate.far_rounds import without_far_rounds
from analysis.electorate.history import History
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.targeting.draws import Wanted, simulate
from analysis.targeting.params import Belief, Params
from analysis.targeting.prospects import Prospects, electorate_table
from analysis.targeting.rank import Settings, reach, score_bureaux
from analysis.targeting.rivals import rival_of
from analysis.targeting.simulated_past import Spread
from analysis.targeting.validation import DECIDES
from analysis.targeting.value import ANSWERS, reachable
from analysis.targeting.worlds import true_gains

# Pasts drawn, planner's numbers drawn for each, draws that the product makes of each.
PASTS, NUMBERS, DRAWS = 24, 30, 1000
# Bureaux that are drawn of a larger place, commune by commune.
MOST = 1500
# Ends of the classes of probability.
EDGES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
# What movement counts in the truth: as the planner's range has it, or nothing.
AS_BELIEVED, NOTHING = "believed", "nothing"
MOVEMENTS = (AS_BELIEVED, NOTHING)
COVERED = ("movement", "world", "coverage")
RELIABILITY = ("movement", "lower", "upper", "told", "came", "share")


@dataclass(frozen=True)
class Calibration:
    """How often what was told came true, over drawn elections and five stated worlds.

    Attributes
    ----------
    covered
        One row per world, and per `movement` in the truth: `coverage`, the share of bureaux whose
        true gain lies in the 90% interval.
    reliability
        One row per class of probability to be among the first K, and per `movement`: its ends
        `lower`, `upper`, the mean `told`, the share that `came`, the `share` of all bureaux there.
    pasts, numbers
        How many pasts were drawn, and planner's numbers for each.
    errors
        Standard error of each coverage by `movement`: bureaux of one past err together, so that it
        is as sure as the pasts are many.
    """

    covered: pd.DataFrame
    reliability: pd.DataFrame
    pasts: int
    numbers: int
    errors: dict[str, float] = field(default_factory=dict)

    def coverage(self, movement: str = AS_BELIEVED) -> float:
        """Return the coverage over the five worlds."""
        rows = self.covered["movement"] == movement
        return float(self.covered.loc[rows, "coverage"].mean())

    def gap(self, movement: str = AS_BELIEVED) -> float:
        """Return how far told and come are apart, on the mean over bureaux."""
        rows = self.reliability[self.reliability["movement"] == movement]
        apart = (rows["told"] - rows["came"]).abs()
        return float((apart * rows["share"]).sum() / rows["share"].sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "coverage": {m: round(self.coverage(m), 4) for m in MOVEMENTS},
            "coverage_se": {m: round(error, 4) for m, error in self.errors.items()},
            "gap": {m: round(self.gap(m), 4) for m in MOVEMENTS},
            "covered": self.covered.round(4).to_dict("records"),
            "reliability": self.reliability.round(4).to_dict("records"),
            "pasts": self.pasts,
            "numbers": self.numbers,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Calibration:
        """Return it from plain values; KeyError where one is missing."""
        return cls(
            pd.DataFrame(told["covered"], columns=list(COVERED)),
            pd.DataFrame(told["reliability"], columns=list(RELIABILITY)),
            int(told["pasts"]),
            int(told["numbers"]),
            told.get("coverage_se", {}),
        )


def calibrate(
    prospects: Prospects,
    bloc: str,
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (PASTS, NUMBERS),
    progress: Callable[[float], None] = lambda _done: None,
) -> Calibration:
    """Draw pasts whose truth is known, ask the product of each, and compare.

    Parameters
    ----------
    prospects
        Of a real place: its history gives the spread that pasts are drawn from, its table the
        ground (doors, distances).
    bloc
        Whose votes.
    rng
        Source of chance.
    size
        How many pasts, and planner's numbers drawn from their ranges for each.
    progress
        Told the share done.

    Returns
    -------
    Calibration
        How often intervals held the truth, and chances came true, 0 to 1.

    Raises
    ------
    DataError
        When votes by bloc are known of fewer than two first rounds.
    """
    prospects, (pasts, numbers) = _narrowed(prospects, rng), size
    spread = Spread.of(without_far_rounds(prospects.history)[0])
    held: dict[str, list[np.ndarray]] = {movement: [] for movement in MOVEMENTS}
    told: list[np.ndarray] = []
    came: dict[str, list[np.ndarray]] = {movement: [] for movement in MOVEMENTS}
    for number in range(pasts):
        asked = _Asked.of(prospects, spread, bloc, rng)
        there = reachable(asked.truth) > 0
        for params in _numbers(rng, numbers):
            weights = (params.movement_weight.mean, 0.0)
            told.append(asked.top[there])
            for movement, gains in zip(
                MOVEMENTS, true_gains(asked.truth, params, weights), strict=True
            ):
                inside = (gains >= asked.lower) & (gains <= asked.upper)
                held[movement].append(inside[:, there].mean(axis=1))
                first = _first(np.where(there, gains, -np.inf), asked.k)
                came[movement].append(first[:, there].mean(axis=0))
        progress((number + 1) / pasts)
    covered = [
        (movement, world, float(share))
        for movement, rows in held.items()
        for world, share in zip(ANSWERS, np.mean(rows, axis=0), strict=True)
    ]
    classes = [_classes(m, np.concatenate(told), np.concatenate(came[m])) for m in MOVEMENTS]
    return Calibration(
        pd.DataFrame(covered, columns=list(COVERED)),
        pd.concat(classes, ignore_index=True),
        pasts,
        numbers,
        {movement: _error(np.reshape(rows, (pasts, -1))) for movement, rows in held.items()}
        if pasts > 1
        else {},
    )


def _error(held: np.ndarray) -> float:
    """Return the standard error of a coverage, from how pasts differ (pasts × what each tells)."""
    return float(held.mean(axis=1).std(ddof=1) / np.sqrt(len(held)))


@dataclass(frozen=True)
class _Asked:
    """What the product says of one drawn past, and the truth it was drawn from, by column."""

    truth: Mapping[str, pd.Series]
    lower: np.ndarray
    upper: np.ndarray
    top: np.ndarray
    k: int

    @classmethod
    def of(
        cls, prospects: Prospects, spread: Spread, bloc: str, rng: np.random.Generator
    ) -> _Asked:
        """Draw a past and a truth, and ask the product about it.

        Parameters
        ----------
        prospects
            Of the place that is imagined.
        spread
            How past and truth stray.
        bloc
            The candidate's.
        rng
            Chance.

        Returns
        -------
        _Asked
            90% ends of the gain per hour, and the chance to be among the first `k`, by bureau.
        """
        history, truth = spread.draw(prospects.target, rng)
        votes = history.blocs[:, :, BLOCS.index(bloc)]
        history = replace(history, votes=np.where(votes > 0, votes, np.nan))
        asked = _prospects(prospects, history, bloc)
        points, value, _ = score_bureaux(asked, Settings())
        order = np.argsort(-points.sum(axis=1).to_numpy(), kind="stable")
        k = reach(value.hours[order], DECIDES * float(value.hours.sum()))
        drawn = simulate(asked.table, Params(), rng, wanted=Wanted(k, DRAWS))
        real = asked.table.assign(**truth.rates(bloc, asked.rival, spread.valid))
        return cls(_columns(real), drawn.lower, drawn.upper, drawn.top_probability, k)


def _columns(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Take a table apart: a column of it is asked for tens of thousands of times."""
    return {
        str(name): column.astype("float64") if pd.api.types.is_numeric_dtype(column) else column
        for name, column in table.items()
    }


def _narrowed(prospects: Prospects, rng: np.random.Generator) -> Prospects:
    """Return some communes, whole, of a large place."""
    communes = prospects.table["commune_id"].astype("str")
    if len(communes) <= MOST:
        return prospects
    codes, sizes = np.unique(communes, return_counts=True)
    drawn = rng.permutation(len(codes))
    kept = communes.isin(codes[drawn[: np.searchsorted(np.cumsum(sizes[drawn]), MOST) + 1]])
    rows, history = np.flatnonzero(kept.to_numpy()), prospects.history
    counts = ("registered", "ballots", "valid", "votes", "blocs")
    narrow = replace(
        history,
        units=history.units.iloc[rows].reset_index(drop=True),
        **{name: getattr(history, name)[rows] for name in counts},
    )
    table = prospects.table.iloc[rows].reset_index(drop=True)
    return replace(prospects, table=table, history=narrow)


def _prospects(prospects: Prospects, history: History, bloc: str) -> Prospects:
    """Return what the product makes of a drawn past, on the ground of the real place."""
    target, choice = prospects.target, Choice(bloc)
    sound, _ = without_far_rounds(history)
    rival = rival_of(sound, choice, target)
    forecast = forecast_abstention(Series.of_history(sound), target)
    found = electorate_table(sound, target, forecast, rival=rival)
    rates = found.drop(columns=[n for n in history.units.columns if n in found])
    return replace(prospects, table=prospects.table.assign(**rates), history=history, rival=rival)


def _numbers(rng: np.random.Generator, size: int) -> list[Params]:
    """Draw planner's numbers evenly over their ranges (a Latin hypercube), each as certain."""
    beliefs = Params().beliefs
    even = (np.arange(size)[None, :] + rng.random((len(beliefs), size))) / size
    shares = rng.permuted(even, axis=1)
    drawn = [belief.at(share) for belief, share in zip(beliefs.values(), shares, strict=True)]
    return [
        Params(
            **{
                n: _certain(b, v)
                for (n, b), v in zip(beliefs.items(), map(float, one), strict=True)
            }
        )
        for one in zip(*drawn, strict=True)
    ]


def _certain(belief: Belief, value: float) -> Belief:
    return replace(belief, value=value, low=value, high=value)


def _first(gains: np.ndarray, k: int) -> np.ndarray:
    """Tell which bureaux are the first `k` in each row."""
    order = np.argsort(-gains, axis=1, kind="stable")[:, :k]
    first = np.zeros(gains.shape, dtype=bool)
    np.put_along_axis(first, order, values=True, axis=1)
    return first


def _classes(movement: str, told: np.ndarray, came: np.ndarray) -> pd.DataFrame:
    """Return the reliability of probabilities, class by class."""
    place = np.clip(np.searchsorted(EDGES, told, side="right") - 1, 0, len(EDGES) - 2)
    rows = pd.DataFrame({"place": place, "told": told, "came": came})
    found = rows.groupby("place").agg(
        told=("told", "mean"), came=("came", "mean"), share=("told", "size")
    )
    edges = np.array(EDGES)
    return found.assign(
        movement=movement,
        lower=edges[found.index],
        upper=edges[found.index + 1],
        share=found["share"] / len(told),
    )[list(RELIABILITY)]

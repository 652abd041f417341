"""How far an estimated transfer may be from the truth: tables that could as well be true."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import DataError, some

Floats = npt.NDArray[np.float64]

# Written by benchmarks/calibrate_transfers.py from districts whose truth is known.
_FILE = Path(__file__).with_name("calibration.toml")
LEVELS = (0.5, 0.8, 0.9, 0.95)
# Degrees of freedom of the errors: known truths have more far ones than a normal law.
DEGREES = 6
DRAWS = 400
_LEAST = 0.5  # half a person: an estimate of nobody may still be wrong
_FARTHEST = 9.0  # a factor of 8,000 either way is all that a share can show
_CENTRINGS, _SWEEPS, _LAST_SWEEPS = 3, 12, 40
_ROUNDS = 5


def spread_of(before: Floats, after: Floats, estimate: Floats) -> Floats:
    """Return the scale of the error of each cell's logarithm, both ballots cast on one day.

    Parameters
    ----------
    before, after
        Counts (units × options), equal totals.
    estimate
        Joint table (origins × destinations), persons.

    Returns
    -------
    numpy.ndarray
        Origins × destinations, logarithms.
    """
    known = calibration()["spread"]
    kept = np.clip(features(before, after, estimate), known["least"], known["most"])
    logarithm = kept @ np.asarray(known["coefficients"])
    return np.asarray(known["scale"] * np.exp(logarithm).reshape(estimate.shape))


def features(before: Floats, after: Floats, estimate: Floats) -> Floats:
    """Return what the error of a cell depends on (cells × 4).

    One; the logarithm of the units, of the share that the cell takes of the smaller of its
    two options, and of that option's share of everyone.

    Parameters
    ----------
    before, after
        Counts (units × options), equal totals.
    estimate
        Joint table (origins × destinations), persons.

    Returns
    -------
    numpy.ndarray
        One row per cell, destinations of the first origin first.
    """
    old, new = before.sum(axis=0), after.sum(axis=0)
    smaller = np.minimum(old[:, None], new[None, :])
    place = np.log(np.maximum(estimate, _LEAST) / smaller)
    size = np.log(smaller / old.sum())
    one = np.ones_like(place)
    columns = (one, np.log(len(before)) * one, place, size)
    return np.stack(columns, axis=-1).reshape(place.size, -1)


def between_elections(spread: Floats) -> Floats:
    """Widen the errors of one day to those between two elections.

    Opponents who live side by side are taken for one another, and that does not fall with
    the number of bureaux: its own part is added, learned from pairs of elections that
    surveys have asked about.
    """
    return np.asarray(np.hypot(spread, calibration()["apart"]["context"]))


def draw_tables(estimate: Floats, spread: Floats, seed: int, draws: int = DRAWS) -> Floats:
    """Draw tables with the estimate's totals that could as well be true.

    Parameters
    ----------
    estimate
        Joint table (origins × destinations), persons.
    spread
        Scale of the error of each cell's logarithm.
    seed
        Of the draws.
    draws
        How many.

    Returns
    -------
    numpy.ndarray
        Draws × origins × destinations; the estimate is about their median.
    """
    middle, moved = chances(estimate, spread, seed, draws)
    rows, columns = totals_of(estimate)
    return meet_totals(np.exp(middle + moved), rows, columns, sweeps=_LAST_SWEEPS)


def chances(
    estimate: Floats, spread: Floats, seed: int, draws: int = DRAWS
) -> tuple[Floats, Floats]:
    """Return logarithms of a middle table, and errors of it, draw by draw.

    Parameters
    ----------
    estimate, spread, seed, draws
        As for `draw_tables`.

    Returns
    -------
    tuple of numpy.ndarray
        Origins × destinations, and draws × origins × destinations.
    """
    kept = np.maximum(estimate, _LEAST)
    rows, columns = totals_of(estimate)
    chance = np.random.default_rng(seed).standard_t(DEGREES, size=(draws, *estimate.shape))
    moved = np.clip(chance * spread, -_FARTHEST, _FARTHEST)
    middle = np.log(kept)
    # Totals pull large cells down: what is lost so is put back before the last draw.
    for _ in range(_CENTRINGS):
        tables = meet_totals(np.exp(middle + moved), rows, columns, sweeps=_SWEEPS)
        middle += np.log(kept) - np.log(np.maximum(np.median(tables, axis=0), _LEAST))
    return middle, moved


def totals_of(estimate: Floats) -> tuple[Floats, Floats]:
    """Return the totals of the origins and of the destinations, cells of nobody counted half."""
    kept = np.maximum(estimate, _LEAST)
    return kept.sum(axis=1), kept.sum(axis=0)


def meet_totals(tables: Floats, rows: Floats, columns: Floats, *, sweeps: int) -> Floats:
    """Fit each of many tables to the same totals (Deming and Stephan 1940).

    Parameters
    ----------
    tables
        Positive: origins × destinations, or draws × origins × destinations.
    rows, columns
        Totals.
    sweeps
        Rounds of proportional fitting.

    Returns
    -------
    numpy.ndarray
        Of the shape of `tables`.
    """
    # Draws lie along the last axis: sums over a handful of options, many tables at a time.
    many = np.ascontiguousarray(tables.reshape(-1, *tables.shape[-2:]).transpose(1, 2, 0))
    across = np.ones(many.shape[1:])
    for _ in range(sweeps):
        down = rows[:, None] / np.maximum((many * across).sum(axis=1), 1e-300)
        across = columns[:, None] / np.maximum((many * down[:, None]).sum(axis=0), 1e-300)
    met = many * down[:, None] * across
    return np.asarray(met.transpose(2, 0, 1).reshape(tables.shape))


def interval(
    draws: Floats, estimate: Floats, limits: tuple[Floats, Floats], level: float
) -> tuple[Floats, Floats]:
    """Return the lower and upper end for each cell, whole persons, within the bounds.

    Parameters
    ----------
    draws
        Of `draw_tables`.
    estimate
        Joint table, whole persons; an interval holds it.
    limits
        Duncan-Davis bounds.
    level
        One of `LEVELS`.

    Returns
    -------
    tuple of numpy.ndarray
        Origins × destinations each, persons.

    Raises
    ------
    DataError
        When it is none of them.
    """
    if level not in LEVELS:
        raise DataError(
            "There is no interval at the level {level:g}.",
            where="levels: {levels}",
            mend="Choose one of these levels.",
            level=level,
            levels=some([f"{one:g}" for one in LEVELS], most=9),
        )
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    low = np.maximum(np.floor(np.minimum(low, estimate)), limits[0])
    high = np.minimum(np.ceil(np.maximum(high, estimate)), limits[1])
    for _ in range(_ROUNDS):
        for axis in (0, 1):
            # Views: each end of a cell must leave the others of its row, or column, room.
            sides = [side if axis else side.T for side in (low, high, estimate, *limits)]
            for row in zip(*sides, strict=True):
                _make_room(*row)
    return low, high


def _make_room(low: Floats, high: Floats, estimate: Floats, least: Floats, most: Floats) -> None:
    """Widen the ends of a row until each of them leaves the other cells room, in place."""
    total = estimate.sum()
    over = low.sum() - low - (total - high)
    worst = int(over.argmax())
    if over[worst] > 0:
        others = np.arange(len(low)) != worst
        can = (low - least) * others
        low -= np.ceil(can * min(1.0, over[worst] / max(can.sum(), 1.0)))
        np.maximum(low, least, out=low)
    under = total - low - (high.sum() - high)
    worst = int(under.argmax())
    if under[worst] > 0:
        others = np.arange(len(low)) != worst
        can = (most - high) * others
        high += np.ceil(can * min(1.0, under[worst] / max(can.sum(), 1.0)))
        np.minimum(high, most, out=high)


@cache
def calibration() -> dict[str, Any]:
    """Return coefficients, ranges and typical errors, as measured on known truths."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))

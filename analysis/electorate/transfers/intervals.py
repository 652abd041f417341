"""How far an estimated transfer may be from the truth, learned where the truth is known."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import DataError, some

Floats = npt.NDArray[np.float64]

# Written by benchmarks/transfers.py --calibrate from districts whose truth is known.
_FILE = Path(__file__).with_name("calibration.toml")
_HALF = 0.5  # half a person on either side keeps logits finite at the bounds
_EDGE = 1e-4


@dataclass(frozen=True)
class Cells:
    """What is known of each cell of a table besides its estimate; all in persons.

    Attributes
    ----------
    estimate, low, high
        Estimate and Duncan-Davis bounds (origins × destinations).
    smaller
        The smaller of the totals of origin and destination: no transfer exceeds it.
    std_error
        Of a regression without constraints, geometric mean of both directions.
    everyone
        Persons in the whole table.
    """

    estimate: Floats
    low: Floats
    high: Floats
    smaller: Floats
    std_error: Floats
    everyone: float

    @property
    def place(self) -> Floats:
        """Logit of where the estimate lies between its bounds."""
        return self.to_logit(self.estimate)

    @property
    def features(self) -> Floats:
        """What the width of an interval depends on (cells × 5)."""
        place = self.place.ravel()
        error = np.log(np.maximum(self.std_error / self.smaller, 1e-9)).ravel()
        size = np.log(self.smaller / self.everyone).ravel()
        return np.column_stack([np.ones(place.size), error, place, place**2, size])

    def to_logit(self, persons: Floats) -> Floats:
        """Return the logit of `persons` between the bounds."""
        share = (persons - self.low + _HALF) / (self.high - self.low + 2 * _HALF)
        share = np.clip(share, _EDGE, 1 - _EDGE)
        return np.asarray(np.log(share / (1 - share)))

    def to_persons(self, logit: Floats) -> Floats:
        """Return persons within the bounds from a logit."""
        share = 1 / (1 + np.exp(-logit))
        persons = self.low - _HALF + share * (self.high - self.low + 2 * _HALF)
        return np.clip(persons, self.low, self.high)


def describe(
    before: Floats, after: Floats, estimate: Floats, limits: tuple[Floats, Floats]
) -> Cells:
    """Gather what the intervals of a table rest on.

    Parameters
    ----------
    before, after
        Counts (units × options), equal totals.
    estimate
        Joint table, persons.
    limits
        Duncan-Davis bounds.
    """
    old, new = before.sum(axis=0), after.sum(axis=0)
    forward = _std_errors(before, after) * old[:, None]
    backward = _std_errors(after, before).T * new[None, :]
    return Cells(
        estimate=estimate,
        low=limits[0],
        high=limits[1],
        smaller=np.minimum(old[:, None], new[None, :]),
        std_error=np.sqrt(forward * backward),
        everyone=float(old.sum()),
    )


def _std_errors(before: Floats, after: Floats) -> Floats:
    """Return robust errors of the shares in a regression weighted by size (White 1980)."""
    size = before.sum(axis=1)
    x, y = before / size[:, None], after / size[:, None]
    squares = x.T @ (size[:, None] * x)
    # A trace of ridge: options that always go together have no error of their own.
    inverse = np.linalg.inv(squares + 1e-6 * np.trace(squares) * np.eye(x.shape[1]))
    residual = y - x @ (inverse @ (x.T @ (size[:, None] * y)))
    lever = (size[:, None] * x) @ inverse
    return np.asarray(np.sqrt((lever**2).T @ residual**2))


def interval(cells: Cells, level: float, *, apart: bool) -> tuple[Floats, Floats]:
    """Return the lower and upper end for each cell, persons, within the bounds.

    Parameters
    ----------
    cells
        See `describe`.
    level
        One of the levels that were calibrated.
    apart
        Whether the two ballots were cast on different days; those of known truth were
        not, and people change more from one election to the next.

    Raises
    ------
    DataError
        When that level was not.
    """
    known = calibration()
    table = known["levels"].get(f"{level:.2f}")
    if table is None:
        raise DataError(
            "There is no interval at the level {level:g}.",
            where="levels: {levels}",
            mend="Choose one of these levels.",
            level=level,
            levels=some(known["levels"], most=9),
        )
    span = known["range"]
    features = np.clip(cells.features, span["least"], span["most"])
    widen = known["apart"]["widen"] if apart else 1.0
    ends = []
    for name in ("lower", "upper"):
        shift = (features @ np.asarray(table[name])).reshape(cells.estimate.shape)
        ends.append(cells.to_persons(cells.place + widen * shift))
    # Quantiles learned apart may pass over the estimate; an interval holds it, in whole persons.
    lower = np.floor(np.minimum(ends[0], cells.estimate))
    return lower, np.ceil(np.maximum(ends[1], cells.estimate))


@cache
def calibration() -> dict[str, Any]:
    """Return coefficients, ranges and typical errors, as measured on known truths."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))

"""A survey joined to an estimate from counts: nearest to both, each weighed by its own error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.transfers.bureau_counts import ABSTENTION, SPOILT
from analysis.electorate.transfers.intervals import chances, meet_totals, totals_of
from analysis.electorate.transfers.joint import Joint
from analysis.errors import DataError, Text, some

Floats = npt.NDArray[np.float64]

# Surveys put those who stayed home and those who spoilt their ballot together.
NEITHER = "neither"
TOGETHER = {NEITHER: (ABSTENTION, SPOILT)}
# No share is so certain that one answer could not be otherwise.
_LEAST = 1e-4
_STEPS, _STRIDE, _SWEEPS, _RIDGE = 12, 2.0, 60, 1e-9


@dataclass(frozen=True)
class Asked:
    """What a survey says of a table of transfers.

    Attributes
    ----------
    sums
        Answers × origins × destinations: 1 where a cell counts for the answer, over the
        persons of its origin.
    share
        Of each answer, of its origin.
    n
        Persons asked of that origin.
    origin
        Position of the origin.
    """

    sums: Floats
    share: Floats
    n: Floats
    origin: npt.NDArray[np.intp]

    def covariance(self, expected: Floats) -> Floats:
        """Return that of the answers of persons who are as `expected` shares say."""
        share = np.clip(expected, _LEAST, 1 - _LEAST)
        cells = self.sums.reshape(len(share), -1) > 0
        # Answers that hold the same cell hold one another; those of one origin exclude.
        within = (cells[:, None] & cells[None, :]).any(axis=-1)
        both = np.where(within, np.minimum(share[:, None], share), 0.0)
        together = (both - np.outer(share, share)) / np.sqrt(np.outer(self.n, self.n))
        return np.asarray(np.where(self.origin[:, None] == self.origin, together, 0.0))


@dataclass(frozen=True)
class Survey:
    """What persons said of both their ballots.

    Attributes
    ----------
    table
        One row per answer: `origin`, `destination` (options of the estimate, or `neither`
        for abstention and spoilt ballots together), `share` of the origin in [0, 1], `n`
        persons asked of that origin.
    name
        What it is called, for notes and errors.
    """

    table: pd.DataFrame
    name: str

    def of(self, joint: Joint) -> Asked:
        """Put the answers onto the cells of an estimate.

        Raises
        ------
        DataError
            When an option is not one of the estimate's.
        """
        origins = _places(self.table["origin"], joint.origins)
        destinations = [
            _members(name, joint.destinations) for name in self.table["destination"].astype(str)
        ]
        unknown = [
            f"{row.origin} → {row.destination}"
            for row, origin, members in zip(
                self.table.itertuples(), origins, destinations, strict=True
            )
            if origin < 0 or not members
        ]
        if unknown:
            raise DataError(
                "The survey asks of options that these elections do not have.",
                where="{name}: {unknown}",
                mend="Name them as the estimate does: from {origins}; to {destinations}.",
                name=self.name,
                unknown=some(unknown),
                origins=some(joint.origins, most=20),
                destinations=some((*joint.destinations, NEITHER), most=20),
            )
        voters = np.maximum(joint.votes.sum(axis=1), 1)
        sums = np.zeros((len(self.table), *joint.votes.shape))
        for answer, (origin, members) in enumerate(zip(origins, destinations, strict=True)):
            sums[answer, origin, members] = 1 / voters[origin]
        share, n = (self.table[name].to_numpy(dtype=float) for name in ("share", "n"))
        return Asked(sums, share, n, np.asarray(origins))

    def note(self) -> str:
        """Return the sentence that tells a reader of it."""
        return Text(
            "The estimate is joined to the survey {name} ({answers} figures): it meets the totals "
            "of every bureau, and strays least from the counts and from the survey, each weighed "
            "by its own error. What a survey gets wrong besides chance is not in the interval.",
            name=self.name,
            answers=len(self.table),
        )


def _places(names: pd.Series, options: tuple[str, ...]) -> list[int]:
    known = {_plain(option): number for number, option in enumerate(options)}
    return [known.get(_plain(str(name)), -1) for name in names]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())


def _members(name: str, options: tuple[str, ...]) -> list[int]:
    """Return the options that a destination of a survey stands for."""
    together = TOGETHER.get(_plain(name), (name,))
    return [place for place in _places(pd.Series(together), options) if place >= 0]


def join_survey(estimate: Floats, spread: Floats, asked: Asked, seed: int) -> tuple[Floats, Floats]:
    """Return the table nearest to an estimate and a survey, and draws around it.

    The errors of the logarithms of cells are normal with their spread, the answers counts of
    so many persons; the most likely table is found by Fisher scoring, and each draw starts
    from an error of the one and an error of the other (randomised maximum likelihood).

    Parameters
    ----------
    estimate
        Joint table (origins × destinations), persons.
    spread
        Scale of the error of each cell's logarithm.
    asked
        What the survey says.
    seed
        Of the draws.

    Returns
    -------
    tuple of numpy.ndarray
        Persons: origins × destinations, and draws × origins × destinations.

    References
    ----------
    Greiner, D. J. and Quinn, K. M. (2010). Exit polling and racial bloc voting: combining
    individual-level and R×C ecological data. Annals of Applied Statistics 4, 1774-1796.
    Oliver, D. S., He, N. and Reynolds, A. C. (1996). Conditioning permeability fields to
    pressure data. ECMOR V.
    """
    rows, columns = totals_of(estimate)
    variance = (spread**2).ravel()
    answers = asked.sums.reshape(len(asked.share), -1)

    def table(error: Floats, middle: Floats) -> Floats:
        return meet_totals(np.exp(middle + error), rows, columns, sweeps=_SWEEPS)

    start = np.log(np.maximum(estimate, 0.5))
    error = np.zeros_like(start)
    for _ in range(_STEPS):
        here = table(error, start)
        slope = answers @ _moves(here)
        told = answers @ here.ravel()
        gain = _gain(slope, variance, asked.covariance(told))
        wanted = gain @ (asked.share - told + slope @ error.ravel())
        step = np.clip(wanted.reshape(error.shape) - error, -_STRIDE, _STRIDE)
        error = error + step
    found = table(error, start)
    middle, moved = chances(estimate, spread, seed)
    # Answers that sum to one leave one direction without chance: nothing is amiss with that.
    chance = np.random.default_rng([seed, 1]).multivariate_normal(
        asked.share, asked.covariance(told), size=len(moved), method="eigh", check_valid="ignore"
    )
    drawn = moved
    for _ in range(3):
        said = table(drawn, middle).reshape(len(moved), -1) @ answers.T
        strayed = (drawn - moved).reshape(len(moved), -1) @ slope.T
        pulled = (chance - said + strayed) @ gain.T
        drawn = moved + np.clip(pulled, -4, 4).reshape(moved.shape)
    return found, table(drawn, middle)


def _moves(table: Floats) -> Floats:
    """Return how cells move with the logarithms of cells, all totals kept (cells × cells)."""
    rows, columns = table.shape
    cells = np.arange(table.size)
    sums = np.zeros((table.size, rows + columns))
    sums[cells, cells // columns] = 1
    sums[cells, rows + cells % columns] = 1
    weighed = table.ravel()[:, None] * sums
    taken = weighed @ np.linalg.pinv(sums.T @ weighed) @ weighed.T
    return np.diag(table.ravel()) - taken


def _gain(slope: Floats, variance: Floats, noise: Floats) -> Floats:
    spanned = variance[:, None] * slope.T
    known = slope @ spanned + noise
    ridge = _RIDGE * np.eye(len(known))
    return np.asarray(np.linalg.solve(known + ridge, spanned.T).T)

"""Tables of transfers of one place or several, before intervals are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.transfers.solve import fit_margins, town_fit
from analysis.tables.sources import LeftOut

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# Half a person: an estimate of nobody may be corrected too.
_LEAST = 0.5
_SETTLE_ROUNDS, _SETTLED = 40, 1e-4


@dataclass(frozen=True)
class Piece:
    """One place that was estimated by itself.

    Attributes
    ----------
    origins, destinations
        Names of its options.
    before, after
        Counts (units × options), equal totals.
    votes
        The estimate (origins × destinations), whole persons.
    """

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    before: Floats
    after: Floats
    votes: Whole


@dataclass(frozen=True)
class Joint:
    """Estimated transfers of all pieces together.

    Attributes
    ----------
    origins, destinations
        Names of the options.
    votes
        The estimate (origins × destinations), whole persons.
    limits
        Duncan-Davis bounds, persons.
    spread
        Scale of the error of each cell's logarithm, both ballots cast on one day.
    poor
        Whether there are too few units to tell more than the bounds.
    units
        Units it rests on.
    scaled, left_out
        As in `Transfers`.
    pieces
        The places it was estimated in.
    """

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    votes: Whole
    limits: tuple[Floats, Floats]
    spread: Floats
    poor: bool
    units: int
    scaled: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    pieces: tuple[Piece, ...]


def add_up(parts: Iterable[Joint]) -> Joint:
    """Add up the transfers of several places.

    Their errors are taken to go the same way everywhere, for the method errs alike in all of
    them: the error of a sum is the sum of the errors, which is careful, not sharp.

    Parameters
    ----------
    parts
        Estimates; options may differ from place to place.
    """
    listed = list(parts)
    origins = tuple(dict.fromkeys(name for part in listed for name in part.origins))
    destinations = tuple(dict.fromkeys(name for part in listed for name in part.destinations))
    votes = np.zeros((len(origins), len(destinations)), dtype=np.int64)
    low, high, error, weight = np.zeros((4, *votes.shape))
    for part in listed:
        cells = _cells(part.origins, part.destinations, origins, destinations)
        votes[cells] += part.votes
        low[cells] += part.limits[0]
        high[cells] += part.limits[1]
        # A cell of nobody may be wrong too: by its error around one person.
        persons = np.maximum(part.votes, 1.0)
        error[cells] += persons * part.spread
        weight[cells] += persons
    return Joint(
        origins=origins,
        destinations=destinations,
        votes=votes,
        limits=(low, high),
        spread=np.divide(error, weight, out=np.ones_like(error), where=weight > 0),
        poor=all(part.poor for part in listed),
        units=sum(part.units for part in listed),
        scaled=pd.concat([part.scaled for part in listed], ignore_index=True),
        left_out=tuple(reason for part in listed for reason in part.left_out),
        pieces=tuple(piece for part in listed for piece in part.pieces),
    )


def _cells(
    origins: tuple[str, ...],
    destinations: tuple[str, ...],
    every_origin: tuple[str, ...],
    every_destination: tuple[str, ...],
) -> tuple[npt.NDArray[np.intp], ...]:
    return np.ix_(
        [every_origin.index(name) for name in origins],
        [every_destination.index(name) for name in destinations],
    )


def settle(wanted: Floats, joint: Joint) -> Floats:
    """Return the table nearest to `wanted` that the totals of every unit allow.

    The odds ratios of every piece are multiplied by the same table until its units, each
    fitted to its own totals, add up to what is wanted or come no nearer.

    Parameters
    ----------
    wanted
        Joint table (origins × destinations), persons.
    joint
        The estimate that `wanted` corrects.
    """
    tilt = wanted / np.maximum(joint.votes, _LEAST)
    best, nearest = tilt, np.inf
    for _ in range(_SETTLE_ROUNDS):
        reached = _add_up_units(tilt, joint, town_fit)
        off = np.abs(reached - wanted).sum() / wanted.sum()
        if off >= nearest:
            break
        best, nearest = tilt, off
        if off < _SETTLED:
            break
        tilt = tilt * np.maximum(wanted, _LEAST) / np.maximum(reached, _LEAST)
    return _add_up_units(best, joint, _exactly)


def _exactly(seed: Floats, before: Floats, after: Floats) -> Floats:
    return np.asarray(fit_margins(seed, before, after, sweeps=500, tolerance=1e-6).sum(axis=0))


def _add_up_units(tilt: Floats, joint: Joint, fit: Callable[..., Floats]) -> Floats:
    total = np.zeros(joint.votes.shape)
    for piece in joint.pieces:
        names = piece.origins, piece.destinations
        cells = _cells(*names, joint.origins, joint.destinations)
        seed = np.maximum(piece.votes, _LEAST / 2) * tilt[cells]
        total[cells] += fit(seed, piece.before, piece.after)
    return total

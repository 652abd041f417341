"""Transfers between two tables of counts, with an interval and what is certain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.transfers import solve
from analysis.electorate.transfers.intervals import calibration, describe, interval
from analysis.electorate.transfers.margins import Problem, set_problem
from analysis.electorate.transfers.rounding import round_table
from analysis.electorate.transfers.transfer_results import COLUMNS, Transfers
from analysis.errors import Text

Floats = npt.NDArray[np.float64]
Progress = Callable[[float], None]


def estimate_transfers(  # noqa: PLR0913 - a question, and how to answer it
    origin: pd.DataFrame,
    destination: pd.DataFrame,
    *,
    seed: int = 0,
    level: float = 0.90,
    apart: bool = False,
    progress: Progress | None = None,
) -> Transfers:
    """Estimate who voted what next from counts by unit at two elections.

    Regressions with shares as coefficients, both ways and over reweighted units, give a
    first table; a few rounds of fitting it to the totals of every unit and adding up
    again give the estimate (see docs/methods/transfers.md).

    Parameters
    ----------
    origin, destination
        Whole numbers: one row per unit (the index), one column per option, abstention
        among them. The totals of a unit should agree; else its origin is scaled.
    seed
        Of the reweighting; the same seed gives the same answer.
    level
        Of the interval: 0.5, 0.8, 0.9 or 0.95.
    apart
        Whether the ballots were cast on different days: intervals are then wider.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Transfers
        Votes that meet all totals exactly, intervals and bounds.

    Raises
    ------
    DataError
        When the tables cannot be compared (`problem.set_problem`) or there are no
        intervals at `level`.

    References
    ----------
    Goodman, L. A. (1953). Ecological regressions and behavior of individuals. American
    Sociological Review 18, 663-664.
    Pavía, J. M. and Romero, R. (2024). Improving estimates accuracy of voter transitions.
    Sociological Methods & Research 53, 1919-1957.
    """
    problem = set_problem(origin, destination)
    before, after = problem.before, problem.after
    found = solve.estimate(before, after, np.random.default_rng(seed), progress)
    limits = solve.bounds(before, after)
    votes = round_table(found, *limits)
    cells = describe(before, after, votes.astype(float), limits)
    poor = problem.units < max(votes.shape)
    ends = limits if poor else interval(cells, level, apart=apart)
    result = Transfers(
        table=_long(problem, votes, ends, limits),
        level=level,
        units=problem.units,
        scaled=problem.scaled,
        left_out=problem.left_out,
    )
    return replace(result, notes=_notes(problem, apart=apart, poor=poor))


def caution() -> str:
    """Return the sentence that goes with every estimate of transfers."""
    known = calibration()["known_truth"]
    return Text(
        "An estimate, never a proof. Where the truth is known "
        "({districts} districts), {mean_error:.1f} voters in 100 were "
        "put in the wrong cell on average.",
        districts=known["districts"],
        mean_error=known["mean_error"],
    )


def apart_caution() -> str:
    """Return the sentence that goes with transfers from one day to another."""
    # Nobody publishes who voted what on two days.
    least, most = calibration()["apart"]["town_errors"]
    return Text(
        "The districts whose truth is known cast both ballots on one "
        "day. From one election to another people change more: in the "
        "fictional town, {least:.0f} to {most:.0f} voters in 100 are put "
        "in the wrong cell, and intervals are widened by what it shows.",
        least=least,
        most=most,
    )


def _long(
    problem: Problem,
    votes: npt.NDArray[np.int64],
    ends: tuple[Floats, Floats],
    limits: tuple[Floats, Floats],
) -> pd.DataFrame:
    total = votes.sum(axis=1, keepdims=True)
    pairs = pd.MultiIndex.from_product([problem.origins, problem.destinations])
    shares = (votes, *ends, *limits)
    columns = {name: (part / total).ravel() for name, part in zip(COLUMNS[3:], shares, strict=True)}
    return pd.DataFrame(
        {
            "origin": pairs.get_level_values(0),
            "destination": pairs.get_level_values(1),
            "votes": votes.ravel(),
            **columns,
        }
    )


def _notes(problem: Problem, *, apart: bool, poor: bool) -> tuple[str, ...]:
    said = (
        caution(),
        apart_caution() if apart else "",
        _too_few(problem) if poor else "",
        _scaled(problem) if len(problem.scaled) else "",
    )
    return tuple(note for note in said if note)


def _too_few(problem: Problem) -> str:
    options = max(len(problem.origins), len(problem.destinations))
    return Text(
        "There are more options ({options}) than units ({units}): the "
        "interval is all that the totals allow.",
        options=options,
        units=problem.units,
    )


def _scaled(problem: Problem) -> str:
    gaps = problem.scaled["destination_total"] - problem.scaled["origin_total"]
    return Text(
        "{n} unit(s) had other totals in the two tables ({persons} persons "
        "in all): their origin was scaled to the destination.",
        n=len(problem.scaled),
        persons=int(gaps.abs().sum()),
    )

"""Transfers between two tables of counts, with an interval and what is certain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.transfers import solve
from analysis.electorate.transfers.intervals import (
    between_elections,
    calibration,
    draw_tables,
    interval,
    spread_of,
)
from analysis.electorate.transfers.joint import Joint, Piece, settle
from analysis.electorate.transfers.margins import set_problem
from analysis.electorate.transfers.rounding import round_table
from analysis.electorate.transfers.survey_fit import Survey, join_survey
from analysis.electorate.transfers.transfer_results import COLUMNS, Transfers
from analysis.errors import Text

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Progress = Callable[[float], None]
# Where a place has fewer units than options, its cells may be anything: e⁴ times as much.
_UNKNOWN = 4.0


def estimate_transfers(  # noqa: PLR0913 - a question, and how to answer it
    origin: pd.DataFrame,
    destination: pd.DataFrame,
    *,
    seed: int = 0,
    level: float = 0.90,
    apart: bool = False,
    survey: Survey | None = None,
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
        Of the reweighting and of the draws; the same seed gives the same answer.
    level
        Of the interval: 0.5, 0.8, 0.9 or 0.95.
    apart
        Whether the ballots were cast on different days: intervals are then wider.
    survey
        What persons said of both their ballots; the estimate then strays least from both.
    progress
        Told the share done; what it raises stops the work.

    Returns
    -------
    Transfers
        Votes that meet all totals exactly, intervals and bounds.

    Raises
    ------
    DataError
        When the tables cannot be compared (`margins.set_problem`), there are no intervals
        at `level`, or the survey names an option that is none.

    References
    ----------
    Goodman, L. A. (1953). Ecological regressions and behavior of individuals. American
    Sociological Review 18, 663-664.
    Pavía, J. M. and Romero, R. (2024). Improving estimates accuracy of voter transitions.
    Sociological Methods & Research 53, 1919-1957.
    """
    joint = estimate_joint(origin, destination, seed=seed, progress=progress)
    return tell(joint, seed=seed, level=level, apart=apart, survey=survey)


def estimate_joint(
    origin: pd.DataFrame,
    destination: pd.DataFrame,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Joint:
    """Estimate one place, without intervals.

    Parameters
    ----------
    origin, destination, seed, progress
        As for `estimate_transfers`.

    Returns
    -------
    Joint
        The joint table in persons, and what it was made from.

    Raises
    ------
    DataError
        When the tables cannot be compared (`margins.set_problem`).
    """
    problem = set_problem(origin, destination)
    before, after = problem.before, problem.after
    found = solve.estimate(before, after, np.random.default_rng(seed), progress)
    limits = solve.bounds(before, after)
    votes = round_table(found, *limits)
    poor = problem.units < max(votes.shape)
    spread = spread_of(before, after, votes.astype(float))
    names = problem.origins, problem.destinations
    return Joint(
        *names,
        votes=votes,
        limits=limits,
        spread=np.full(votes.shape, _UNKNOWN) if poor else spread,
        poor=poor,
        units=problem.units,
        scaled=problem.scaled,
        left_out=problem.left_out,
        pieces=(Piece(*names, before, after, votes),),
    )


def tell(
    joint: Joint,
    *,
    seed: int = 0,
    level: float = 0.90,
    apart: bool = False,
    survey: Survey | None = None,
) -> Transfers:
    """Tell an estimate with its intervals, a survey joined to it where there is one.

    Parameters
    ----------
    joint
        The estimate.
    seed, level, apart, survey
        As for `estimate_transfers`.

    Returns
    -------
    Transfers
        Whole persons and shares by origin and destination, with their intervals.

    Raises
    ------
    DataError
        When there are no intervals at `level`, or the survey names an option that is none.
    """
    spread = between_elections(joint.spread) if apart else joint.spread
    estimate = joint.votes.astype(float)
    if survey is None:
        votes, draws = joint.votes, draw_tables(estimate, spread, seed)
    else:
        found, draws = join_survey(estimate, spread, survey.of(joint), seed)
        votes = round_table(settle(found, joint), *joint.limits)
    draws = np.clip(draws, *joint.limits)
    ends = interval(draws, votes.astype(float), joint.limits, level)
    return Transfers(
        table=_long(joint, votes, joint.limits if joint.poor else ends),
        level=level,
        units=joint.units,
        scaled=joint.scaled,
        left_out=joint.left_out,
        notes=_notes(joint, apart=apart, survey=survey),
        draws=draws,
    )


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
    known = calibration()["apart"]
    least, most = known["town_errors"]
    return Text(
        "The districts whose truth is known cast both ballots on one day. From one election to "
        "another people change more, and opponents who live side by side are taken for one "
        "another: in the fictional town, {least:.0f} to {most:.0f} voters in 100 are put in the "
        "wrong cell. Intervals are widened by what {figures} published survey figures on "
        "{pairs} presidential second rounds show.",
        least=least,
        most=most,
        figures=known["figures"],
        pairs=known["pairs"],
    )


def _long(joint: Joint, votes: Whole, ends: tuple[Floats, Floats]) -> pd.DataFrame:
    total = votes.sum(axis=1, keepdims=True)
    pairs = pd.MultiIndex.from_product([joint.origins, joint.destinations])
    shares = (votes, *ends, *joint.limits)
    columns = {name: (part / total).ravel() for name, part in zip(COLUMNS[3:], shares, strict=True)}
    return pd.DataFrame(
        {
            "origin": pairs.get_level_values(0),
            "destination": pairs.get_level_values(1),
            "votes": votes.ravel(),
            **columns,
        }
    )


def _notes(joint: Joint, *, apart: bool, survey: Survey | None) -> tuple[str, ...]:
    said = (
        caution(),
        apart_caution() if apart else "",
        _too_few(joint) if joint.poor else "",
        _scaled(joint.scaled) if len(joint.scaled) and len(joint.pieces) == 1 else "",
        survey.note() if survey else "",
    )
    return tuple(note for note in said if note)


def _too_few(joint: Joint) -> str:
    options = max(len(joint.origins), len(joint.destinations))
    return Text(
        "There are more options ({options}) than units ({units}): the "
        "interval is all that the totals allow.",
        options=options,
        units=joint.units,
    )


def _scaled(scaled: pd.DataFrame) -> str:
    gaps = scaled["destination_total"] - scaled["origin_total"]
    return Text(
        "{n} unit(s) had other totals in the two tables ({persons} persons "
        "in all): their origin was scaled to the destination.",
        n=len(scaled),
        persons=int(gaps.abs().sum()),
    )

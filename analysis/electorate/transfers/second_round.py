"""What if: a second round counted from a first one by shares that a person writes down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.electorate.transfers.bureau_counts import ABSTENTION, LEAVERS, NEWCOMERS, SPOILT
from analysis.electorate.transfers.rounding import share_out
from analysis.electorate.transfers.transfer_results import Transfers
from analysis.errors import DataError, some

Floats = npt.NDArray[np.float64]
# Where a start has no estimate to lean on; beliefs to be edited, as the page says.
LOYAL, NEIGHBOUR, STAYS_HOME, FAR_SPOILT = 0.92, 0.60, 0.85, 0.15
# Bureaux of one place follow its shares up to so much of their electors, where no earlier
# pair of rounds tells: the larger of what Paris and the embedded town show.
ASSUMED_SPREAD = 0.03
_DRAWS, _AT_ONCE = 400, 4_000
_NOT_VALID = (SPOILT, ABSTENTION)
_CLOSE, _LEAST_WORTH = 1e-6, 1e-3
_DIGITS = 6  # the last digits of a float differ between processors


@dataclass(frozen=True)
class SecondRound:
    """A second round as the shares have it.

    Attributes
    ----------
    table
        One row per bureau: `bureau_id`, `registered`, whole persons of each destination
        (they sum to `registered`), `valid`, `leader` ("" where nobody votes), `lead` over
        the next, share of valid votes in [0, 1].
    shares
        One row per bureau and finalist: `bureau_id`, `finalist`, `votes`, `share_valid`,
        `lower`, `upper`.
    whole
        One row per destination: `destination`, `votes`, `share_valid` (NaN where it is no
        finalist), `lower`, `upper` of that share, `chance_first` of a finalist.
    level
        Of the intervals.
    spread
        How far a bureau strays from the shares of the whole: see `spread_between`.
    """

    table: pd.DataFrame
    shares: pd.DataFrame
    whole: pd.DataFrame
    level: float
    spread: float

    def __post_init__(self) -> None:
        parts = self.table[[*self.whole["destination"]]].sum(axis=1)
        if not (parts == self.table["registered"]).all():
            raise ValueError("the parts of a bureau must sum to its registered")


def start_from(found: Transfers) -> pd.DataFrame:
    """Return the shares of an estimate, without who came to the roll or left it."""
    shares = found.matrix("votes").astype(float)
    kept = shares.drop(index=NEWCOMERS, columns=LEAVERS, errors="ignore")
    return _whole_rows(kept)


def start_by_blocs(
    options: Sequence[str], finalists: Sequence[str], blocs: Mapping[str, str]
) -> pd.DataFrame:
    """Return shares to begin editing from, where nothing was estimated.

    Finalists keep most of their own; whoever has a finalist of their bloc goes there more
    often than not; the rest share themselves out between finalists, blank and home.

    Parameters
    ----------
    options
        Of the first round.
    finalists
        Of them, those in the second.
    blocs
        Option → bloc, as far as known.

    Returns
    -------
    pandas.DataFrame
        Options × (finalists, blank and null, abstention); rows sum to 1.
    """
    _check_finalists(options, finalists)
    table = pd.DataFrame(0.0, index=[*options], columns=[*finalists, *_NOT_VALID])
    for option in options:
        near = [one for one in finalists if blocs.get(one) and blocs[one] == blocs.get(option)]
        if option == ABSTENTION:
            first = {ABSTENTION: STAYS_HOME}
        elif option in finalists:
            first = {option: LOYAL}
        elif near:
            first = {one: NEIGHBOUR / len(near) for one in near}
        else:
            first = {SPOILT: FAR_SPOILT, ABSTENTION: 2 * FAR_SPOILT}
        rest = (1 - sum(first.values())) / len(finalists)
        for one in finalists:
            table.loc[option, one] = rest
        for destination, share in first.items():
            table.loc[option, destination] += share
    return table


def merged(shares: pd.DataFrame, option: str, into: str, *, follow: float) -> pd.DataFrame:
    """Return shares after a list has merged into a finalist.

    Parameters
    ----------
    shares
        Options × destinations.
    option, into
        The list that merges, and the finalist.
    follow
        Of its voters, how many follow, 0 to 1; the others go where they went, in proportion.

    Returns
    -------
    pandas.DataFrame
        As `shares`, whose other rows stay; the row of the list sums to 1.

    Raises
    ------
    DataError
        When an option is not in the table.
    """
    _check_known(shares, option, into)
    others = shares.loc[option].drop(into)
    row = others * ((1 - follow) / others.sum() if others.sum() else 0.0)
    row[into] = 1 - row.sum()
    return _with_row(shares, option, row)


def withdrawn(shares: pd.DataFrame, finalist: str) -> pd.DataFrame:
    """Return shares after a finalist has withdrawn: those who would have come share themselves out.

    Each row keeps its proportions between what is left; a row that has nothing left abstains.
    """
    _check_known(shares, "", finalist)
    return _whole_rows(shares.drop(columns=finalist))


def mobilised(shares: pd.DataFrame, come: float) -> pd.DataFrame:
    """Return shares in which so many who abstained at the first round come, 0 to 1.

    They share themselves out as those who came anyway, or evenly where nobody did.
    """
    row = shares.loc[ABSTENTION].drop(ABSTENTION)
    even = pd.Series(1.0, index=row.index).where(~row.index.isin(_NOT_VALID), 0.0)
    row = row if row.sum() > 0 else even
    row = row / row.sum() * come
    row[ABSTENTION] = 1 - come
    return _with_row(shares, ABSTENTION, row)


def count_second_round(  # noqa: PLR0913 - counts, shares, and how sure
    first: pd.DataFrame,
    shares: pd.DataFrame,
    *,
    rng: np.random.Generator,
    asked: int = 100,
    spread: float = ASSUMED_SPREAD,
    level: float = 0.90,
) -> SecondRound:
    """Count a second round in every bureau from its first and from the shares of the whole.

    Votes are the expected ones, rounded so that every bureau keeps its electors. Intervals
    hold two doubts: how sure the shares are (each row as if so many of its voters had been
    asked), and how far a bureau strays from the whole.

    Parameters
    ----------
    first
        Bureaux × options of the first round, whole persons; rows sum to the registered.
    shares
        Options × destinations, rows sum to 1.
    rng
        Of the draws.
    asked
        Voters of each option that the shares are worth.
    spread
        As `spread_between` finds it.
    level
        Of the intervals.

    Returns
    -------
    SecondRound
        Whole persons by bureau, and intervals.

    Raises
    ------
    DataError
        When an option has no shares, or a row does not sum to 1.
    """
    shares = _checked(first, shares)
    counts = first.to_numpy(float)
    registered = first.sum(axis=1).to_numpy(np.int64)
    votes = share_out(counts @ shares.to_numpy(float), registered)
    finalists = np.flatnonzero(~shares.columns.isin(_NOT_VALID))
    drawn = np.stack([rng.dirichlet(row, _DRAWS) for row in _worth(shares, asked)], axis=1)
    low, top, totals = _intervals(counts, drawn, finalists, (spread, level), rng)
    table = _table(first, shares, votes, finalists)
    long = _long(table, votes[:, finalists], shares.columns[finalists], (low, top))
    return SecondRound(table, long, _whole(shares, votes, totals, level), level, spread)


def _table(
    first: pd.DataFrame,
    shares: pd.DataFrame,
    votes: npt.NDArray[np.int64],
    finalists: npt.NDArray[np.intp],
) -> pd.DataFrame:
    table = pd.DataFrame(votes, columns=shares.columns)
    table.insert(0, "bureau_id", first.index.astype("str"))
    table.insert(1, "registered", votes.sum(axis=1))
    stood = votes[:, finalists]
    valid, order = stood.sum(axis=1), np.sort(stood, axis=1)
    lead = order[:, -1] - (order[:, -2] if len(finalists) > 1 else 0)
    leader = shares.columns[finalists].to_numpy(object)[np.argmax(stood, axis=1)]
    leader = np.where(valid > 0, leader, "")
    return table.assign(valid=valid, leader=leader, lead=_of(lead, valid).round(_DIGITS))


def _long(
    table: pd.DataFrame, stood: npt.NDArray[np.int64], names: pd.Index, ends: tuple[Floats, Floats]
) -> pd.DataFrame:
    """Return one row per bureau and finalist."""
    share = _of(stood, table["valid"].to_numpy()[:, None])
    return pd.DataFrame(
        {
            "bureau_id": np.repeat(table["bureau_id"].to_numpy(), len(names)),
            "finalist": np.tile(names.to_numpy(object), len(table)),
            "votes": stood.ravel(),
            "share_valid": share.ravel().round(_DIGITS),
            # Whole persons may round past the end of a narrow interval.
            "lower": np.fmin(ends[0], share).ravel().round(_DIGITS),
            "upper": np.fmax(ends[1], share).ravel().round(_DIGITS),
        }
    )


def spread_between(first: pd.DataFrame, second: pd.DataFrame, shares: pd.DataFrame) -> float:
    """Return how far bureaux strayed from the shares of the whole at two past rounds.

    Parameters
    ----------
    first, second
        Whole persons, bureaux × options of each round.
    shares
        Options × destinations, of the whole.

    Returns
    -------
    float
        Standard deviation, of a bureau's electors, of a destination that half of them
        choose, beyond what chance makes of the same shares; others by √(share·(1 − share)).
    """
    known = [one for one in shares.columns if one in second]
    common = first.index.intersection(second.index)
    given = first.reindex(columns=shares.index, fill_value=0).loc[common].to_numpy(float)
    share = shares[known].to_numpy(float)
    off = second.loc[common, known].to_numpy(float) - given @ share
    chance = given @ (share * (1 - share))
    size = given.sum(axis=1)[:, None]
    middle = given @ share / np.maximum(size, 1.0)
    room = (4 * middle * (1 - middle) * size**2).sum()
    return float(np.sqrt(max((off**2 - chance).sum() / room, 0.0))) if room else ASSUMED_SPREAD


def _intervals(
    counts: Floats,
    drawn: Floats,
    finalists: npt.NDArray[np.intp],
    doubt: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Return both ends of the finalists' shares by bureau, and the votes of the whole by draw."""
    spread, level = doubt
    ends = ((1 - level) / 2, (1 + level) / 2)
    ended, totals = [], np.zeros((len(drawn), drawn.shape[2]))
    for start in range(0, len(counts), _AT_ONCE):
        part = counts[start : start + _AT_ONCE]
        people = part.sum(axis=1)[None, :, None]
        size = np.maximum(people, 1.0)
        expected = np.einsum("bi,dij->dbj", part, drawn) / size
        # A Dirichlet: no share falls below nought, and the middle stays where it is.
        sure = 1 / (4 * spread**2 + 1 / size) - 1
        worth = rng.standard_gamma(np.maximum(expected * sure, _LEAST_WORTH))
        whole = worth.sum(axis=2, keepdims=True)
        # Of one elector every share may be too small for a number: the middle stands in.
        share = np.divide(worth, whole, out=expected, where=whole > 0)
        totals += (share * people).sum(axis=1)
        votes = (share * size)[:, :, finalists]
        of = _of(votes, votes.sum(axis=2, keepdims=True))
        ended.append(np.quantile(of, ends, axis=0))
    return *np.concatenate(ended, axis=1), totals


def _whole(
    shares: pd.DataFrame, votes: npt.NDArray[np.int64], totals: Floats, level: float
) -> pd.DataFrame:
    finalist = ~shares.columns.isin(_NOT_VALID)
    of = _of(totals, totals[:, finalist].sum(axis=1, keepdims=True))
    low, top = np.quantile(of, ((1 - level) / 2, (1 + level) / 2), axis=0)
    sums = votes.sum(axis=0)
    share = _of(sums, np.full(len(sums), sums[finalist].sum()))
    first = np.argmax(np.where(finalist, totals, -1.0), axis=1)
    chance = np.bincount(first, minlength=len(finalist)) / len(totals)
    hidden = np.where(finalist, 1.0, np.nan)
    return pd.DataFrame(
        {
            "destination": shares.columns.astype("str"),
            "votes": sums,
            "share_valid": (share * hidden).round(_DIGITS),
            "lower": (np.fmin(low, share) * hidden).round(_DIGITS),
            "upper": (np.fmax(top, share) * hidden).round(_DIGITS),
            "chance_first": chance * hidden,
        }
    )


def _worth(shares: pd.DataFrame, asked: int) -> Floats:
    # A share of nought stays nearly so: nobody asked said it.
    return np.asarray(np.maximum(shares.to_numpy(float) * asked, _LEAST_WORTH))


def _of(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    part, whole = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    nothing = np.zeros(np.broadcast_shapes(part.shape, whole.shape))
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0))


def _whole_rows(shares: pd.DataFrame) -> pd.DataFrame:
    """Let rows sum to 1; who has nothing left stays home."""
    sums = shares.sum(axis=1)
    shares = shares.div(sums.where(sums > 0, 1.0), axis=0)
    if ABSTENTION not in shares:
        shares = shares.assign(**{ABSTENTION: 0.0})
    shares.loc[sums <= 0, ABSTENTION] = 1.0
    return shares


def _with_row(shares: pd.DataFrame, option: str, row: pd.Series) -> pd.DataFrame:
    changed = shares.copy()
    changed.loc[option] = row.reindex(shares.columns)
    return changed


def _checked(first: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the shares in the order of the counts."""
    if lacking := [one for one in first.columns if one not in shares.index]:
        raise DataError(
            "Nothing says where the voters of {lacking} go.",
            mend="Give every option of the first round its row.",
            lacking=some(lacking),
        )
    shares = shares.loc[first.columns].astype(float)
    sums = shares.sum(axis=1)
    wrong = shares.index[(sums - 1).abs().gt(_CLOSE) | (shares < -_CLOSE).any(axis=1)]
    if len(wrong):
        raise DataError(
            "The shares of a row must sum to 100 and be none below 0.",
            where="{wrong}",
            mend="Correct these rows.",
            wrong=some(wrong),
        )
    if shares.columns.isin(_NOT_VALID).all():
        raise DataError("Nobody stands at this second round.", mend="Leave one list at least.")
    return shares


def _check_finalists(options: Iterable[str], finalists: Sequence[str]) -> None:
    unknown = [one for one in finalists if one not in set(options) - set(_NOT_VALID)]
    if unknown or not finalists:
        raise DataError(
            "A second round needs one or more who stood at the first.",
            where="{unknown}",
            mend="Choose among those of the first round.",
            unknown=some(unknown) if unknown else "—",
        )


def _check_known(shares: pd.DataFrame, option: str, destination: str) -> None:
    known = (not option or option in shares.index) and destination in shares.columns
    if not known or destination in _NOT_VALID:
        raise DataError(
            "There is no such list in these shares.",
            where="{option} → {destination}",
            mend="Choose among those of the table.",
            option=option,
            destination=destination,
        )

"""Counts that add up and cannot be: a bureau far larger than in its own other rounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.errors import Text, some

# Of 824,151 bureaux and rounds of France 2014 to 2024, and of 10,121 of Paris, none is both three
# times its own lower median and three times that of its election.
_FACTOR = 3.0
# Registered of the same bureaux moved by 5% at most from round to round there.
_WHOLE_FACTOR = 2.0
# A bureau known from one round only is compared with the next largest.
_ALONE_FACTOR = 20.0


def strange_size(counts: pd.DataFrame) -> pd.Series:
    """Tell which rows have far more registered than their bureau in other rounds.

    Parameters
    ----------
    counts
        `election_id`, `bureau_id`, `registered`, one row per bureau of an election.

    Returns
    -------
    pandas.Series
        Of truths, on the index of `counts`. Where all bureaux of an election are too large, none
        is: that the whole election is so, `told_of_sizes` says.
    """
    return _is_strange(counts, _lower_median(counts, "bureau_id"))


def _is_strange(counts: pd.DataFrame, own: pd.Series) -> pd.Series:
    registered = counts["registered"].astype("float64")
    strange = registered > _FACTOR * own
    if not strange.any():
        return strange
    return strange & (registered > _FACTOR * _lower_median(counts, "election_id"))


def _lower_median(counts: pd.DataFrame, by: str) -> pd.Series:
    """Return the lower median of the registered of each row's group: of two, the smaller."""
    groups = pd.Categorical(counts[by])
    registered = counts["registered"].to_numpy("float64", na_value=np.nan)
    known = ~np.isnan(registered) & (groups.codes >= 0)
    code, size = groups.codes[known], registered[known]
    rows = np.bincount(code, minlength=len(groups.categories))
    first = np.cumsum(rows) - rows
    medians = np.full(len(rows) + 1, np.nan)
    some_rows = np.flatnonzero(rows)
    in_order = size[np.lexsort((size, code))]
    medians[some_rows] = in_order[(first + (rows - 1) // 2)[some_rows]]
    return pd.Series(medians[groups.codes], index=counts.index)


def told_of_sizes(turnout: pd.DataFrame) -> tuple[Text, ...]:
    """Tell of bureaux and of whole elections that are too large, and what may be done.

    Parameters
    ----------
    turnout
        A `schema.TURNOUT` table, without what was set aside.

    Returns
    -------
    tuple of Text
        Notes for the account of the results; empty where sizes are as they may be.
    """
    own = _lower_median(turnout, "bureau_id")
    return (*_many(turnout, own), *_whole(turnout, own), *_alone(turnout))


def _named(rows: pd.DataFrame) -> Text:
    return some(
        Text("{bureau} in {election}: {n} registered", bureau=b, election=e, n=int(n))
        for b, e, n in zip(rows["bureau_id"], rows["election_id"], rows["registered"], strict=True)
    )


def _many(turnout: pd.DataFrame, own: pd.Series) -> Iterator[Text]:
    rows = turnout[_is_strange(turnout, own)]
    if len(rows):
        yield Text(
            "{n} bureau(x) have more than three times the registered of their other rounds, too "
            "many to be slips; they are kept. Compare them with the publisher's, or leave them "
            "out with --leave-out-contradictions: {rows}",
            n=len(rows),
            rows=_named(rows),
        )


def _whole(turnout: pd.DataFrame, own: pd.Series) -> Iterator[Text]:
    elections = pd.Categorical(turnout["election_id"])
    told, usual = (
        np.bincount(elections.codes, weights=one.to_numpy(), minlength=len(elections.categories))
        for one in (turnout["registered"], own)
    )
    ratio = np.divide(told, usual, out=np.zeros_like(told), where=usual > 0)
    for at in np.flatnonzero(ratio > _WHOLE_FACTOR):
        yield Text(
            "{election}: the bureaux have {ratio:.1f} times the registered of their other rounds. "
            "If the counts were multiplied, correct the file or leave this election out of it",
            election=elections.categories[at],
            ratio=ratio[at],
        )


def _alone(turnout: pd.DataFrame) -> Iterator[Text]:
    ids = ("bureau_id", "election_id")
    bureaux, elections = (pd.Categorical(turnout[one]).codes for one in ids)
    registered, rounds = turnout["registered"].to_numpy(), np.bincount(bureaux)
    for election in range(elections.max(initial=-1) + 1):
        rows = np.flatnonzero(elections == election)
        if len(rows) < 2:  # noqa: PLR2004 - nothing to compare with
            continue
        at = rows[registered[rows].argmax()]
        second, first = np.partition(registered[rows], -2)[-2:]
        if first > _ALONE_FACTOR * max(second, 1) and rounds[bureaux[at]] == 1:
            yield Text(
                "one bureau has {ratio:.0f} times the registered of the next largest, and no other "
                "round to compare with: {rows}. If it is a total or a slip, take its row out",
                ratio=np.divide(first, max(second, 1)),
                rows=_named(turnout.iloc[[at]]),
            )

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
    groups = counts.groupby(by, observed=True)["registered"]
    medians = groups.quantile(0.5, interpolation="lower")
    if not isinstance(counts[by].dtype, pd.CategoricalDtype):
        return counts[by].map(medians).astype("float64")
    # By their numbers: a map would make a text of each median.
    known = medians.reindex(counts[by].cat.categories).to_numpy("float64", na_value=np.nan)
    return pd.Series(np.append(known, np.nan)[counts[by].cat.codes], index=counts.index)


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
    usual = turnout.assign(usual=own)
    sums = usual.groupby("election_id", observed=True)[["registered", "usual"]].sum()
    ratio = sums["registered"] / sums["usual"].where(sums["usual"] > 0)
    for election in ratio.index[ratio > _WHOLE_FACTOR]:
        yield Text(
            "{election}: the bureaux have {ratio:.1f} times the registered of their other rounds. "
            "If the counts were multiplied, correct the file or leave this election out of it",
            election=election,
            ratio=ratio[election],
        )


def _alone(turnout: pd.DataFrame) -> Iterator[Text]:
    rounds = turnout["bureau_id"].map(turnout["bureau_id"].value_counts()).astype("int64")
    for _election, part in turnout.groupby("election_id", observed=True):
        if len(part) < 2:  # noqa: PLR2004 - nothing to compare with
            continue
        largest = part["registered"].nlargest(2)
        first, second = largest.to_numpy()
        at = largest.index[0]
        if first > _ALONE_FACTOR * max(second, 1) and rounds[at] == 1:
            yield Text(
                "one bureau has {ratio:.0f} times the registered of the next largest, and no other "
                "round to compare with: {rows}. If it is a total or a slip, take its row out",
                ratio=np.divide(first, max(second, 1)),
                rows=_named(turnout.loc[[at]]),
            )

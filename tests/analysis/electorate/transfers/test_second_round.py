"""Imagined second rounds: sums worked by hand, totals of every bureau met, doubts that widen."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.electorate.transfers.second_round import (
    count_second_round,
    merged,
    mobilised,
    spread_between,
    start_by_blocs,
    withdrawn,
)
from analysis.errors import DataError

FIRST = pd.DataFrame(
    {"A": [100, 40], "B": [60, 80], "C": [40, 20], "blank_null": [0, 10], "abstention": [100, 50]},
    index=["1_0001", "1_0002"],
)
SHARES = pd.DataFrame(
    {
        "A": [1.0, 0.0, 0.5, 0.0, 0.1],
        "B": [0.0, 1.0, 0.25, 0.0, 0.1],
        "blank_null": [0.0, 0.0, 0.25, 1.0, 0.0],
        "abstention": [0.0, 0.0, 0.0, 0.0, 0.8],
    },
    index=["A", "B", "C", "blank_null", "abstention"],
)


def counted(first=FIRST, shares=SHARES, **how):
    return count_second_round(first, shares, rng=np.random.default_rng(0), **how)


def test_votes_are_those_one_works_out_by_hand():
    found = counted()
    votes = found.table.set_index("bureau_id")[[*SHARES.columns]]
    assert votes.loc["1_0001"].tolist() == [130, 80, 10, 80]
    assert votes.loc["1_0002"].tolist() == [55, 90, 15, 40]
    assert found.table["leader"].tolist() == ["A", "B"]
    assert found.table["lead"].tolist() == pytest.approx([50 / 210, 35 / 145], abs=1e-6)
    whole = found.whole.set_index("destination")
    assert whole.loc["A", "share_valid"] == pytest.approx(185 / 355, abs=1e-6)
    assert np.isnan(whole.loc["abstention", "share_valid"])
    assert whole["chance_first"].sum() == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_bureau_keeps_its_electors_whatever_is_written(seed):
    rng = np.random.default_rng(seed)
    first = pd.DataFrame(rng.integers(0, 400, (7, 5)), columns=FIRST.columns)
    shares = pd.DataFrame(rng.dirichlet(np.ones(4), 5), SHARES.index, SHARES.columns)
    found = counted(first, shares)
    assert (found.table[[*SHARES.columns]].sum(axis=1) == first.sum(axis=1)).all()
    assert (found.shares["lower"] <= found.shares["share_valid"]).all()
    assert (found.shares["share_valid"] <= found.shares["upper"]).all()
    # No rounding moves a bureau by a whole person.
    exact = first.to_numpy() @ shares.to_numpy()
    assert np.abs(found.table[[*SHARES.columns]].to_numpy() - exact).max() < 1


def test_more_doubt_widens_and_more_strays_widen():
    def wide(**how):
        found = counted(**how).shares
        return (found["upper"] - found["lower"]).mean()

    assert wide(asked=20) > wide(asked=1000)
    assert wide(spread=0.08) > wide(spread=0.0)


def test_bureaux_of_one_elector_or_none_hide_nothing_of_the_whole():
    alone = pd.DataFrame(0, index=[f"2_{i:04}" for i in range(400)], columns=FIRST.columns)
    alone.loc[alone.index[::2], "C"] = 1
    found = counted(pd.concat([FIRST * 1000, alone]))
    large = counted(FIRST * 1000).whole.set_index("destination")
    whole = found.whole.set_index("destination")
    ends = ["lower", "share_valid", "upper"]
    assert whole.loc["A", ends].tolist() == pytest.approx(large.loc["A", ends].tolist(), abs=0.005)
    assert found.shares[ends].notna().all(axis=None)


def test_mergers_withdrawals_and_those_who_come():
    after = merged(SHARES, "C", "B", follow=0.7)
    assert after.loc["C"].tolist() == pytest.approx([0.2, 0.7, 0.1, 0.0])
    gone = withdrawn(SHARES, "B")
    assert gone.loc["C"].tolist() == pytest.approx([2 / 3, 1 / 3, 0.0])
    # Who had nobody else stays home.
    assert gone.loc["B"].tolist() == [0.0, 0.0, 1.0]
    come = mobilised(SHARES, 0.5)
    assert come.loc["abstention"].tolist() == pytest.approx([0.25, 0.25, 0.0, 0.5])
    for one in (after, gone, come):
        assert one.sum(axis=1).tolist() == pytest.approx([1.0] * 5)
    assert counted(shares=come).table["abstention"].tolist() == [50, 25]
    start = start_by_blocs([*FIRST.columns], ["A", "B"], {"A": "left", "C": "left", "B": "right"})
    assert start.sum(axis=1).tolist() == pytest.approx([1.0] * 5)
    assert start.loc["C", "A"] > start.loc["C", "B"]


def test_a_planted_stray_is_found_again():
    rng = np.random.default_rng(3)
    first = pd.DataFrame(rng.integers(100, 400, (600, 5)), columns=FIRST.columns)
    middle = first.to_numpy() @ SHARES.to_numpy()
    size = middle.sum(axis=1, keepdims=True)
    worth = rng.standard_gamma(middle / size * (1 / (4 * 0.04**2) - 1))
    share = worth / worth.sum(axis=1, keepdims=True)
    votes = np.array(
        [rng.multinomial(n, p) for n, p in zip(size[:, 0].astype(int), share, strict=True)]
    )
    second = pd.DataFrame(votes, first.index, SHARES.columns)
    assert spread_between(first, second, SHARES) == pytest.approx(0.04, abs=0.005)
    found = counted(first, SHARES, asked=10**6, spread=0.04)
    came = (second[["A", "B"]].div(second[["A", "B"]].sum(axis=1), axis=0)).to_numpy().ravel()
    held = (came >= found.shares["lower"]) & (came <= found.shares["upper"])
    assert held.mean() == pytest.approx(0.90, abs=0.04)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.drop(index="C"), "where the voters of"),
        (lambda s: s.assign(A=s["A"] + 0.2), "must sum to 100"),
        (lambda s: pd.DataFrame({"abstention": 1.0}, s.index), "Nobody stands"),
    ],
)
def test_nonsense_is_refused_in_words(change, told):
    with pytest.raises(DataError, match=told):
        counted(shares=change(SHARES))
    with pytest.raises(DataError, match="no such list"):
        merged(SHARES, "C", "abstention", follow=0.5)
    with pytest.raises(DataError, match="one or more who stood"):
        start_by_blocs([*FIRST.columns], ["Nobody"], {})

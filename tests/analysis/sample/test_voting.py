"""Rules of the vote: who is on the roll, who qualifies, where it is counted."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.sample import people
from analysis.sample.offer import NATIONAL_LEANINGS, choices, offer, rounds, transfers
from analysis.sample.voting import QUALIFYING_SHARE


def test_only_qualified_candidates_stand_again(candidates, general):
    registered = general.groupby("id_election")["inscrits"].sum()
    for contest in ("2017_legi", "2022_legi", "2024_legi"):
        first = candidates[candidates["id_election"] == f"{contest}_t1"]
        votes = first.groupby("nom")["voix"].sum().sort_values(ascending=False)
        enough = votes >= QUALIFYING_SHARE * registered[f"{contest}_t1"]
        second = candidates.loc[candidates["id_election"] == f"{contest}_t2", "nom"].unique()
        assert set(second) == set(votes.index[:2]) | set(votes.index[enough])


def test_presidential_finalists_are_those_of_the_nation(candidates):
    for year in (2017, 2022):
        second = candidates.loc[candidates["id_election"] == f"{year}_pres_t2", "nom"]
        assert set(second) == {"MACRON", "LE PEN"}


def test_the_roll_changes_slowly(general):
    roll = general.groupby("id_election", sort=False)["inscrits"].sum()
    assert roll.between(38_500, 43_000).all()
    assert (roll.pct_change().dropna().abs() < 0.03).all()
    same_year = roll.groupby(roll.index.str[:4]).nunique()
    assert (same_year == 1).all()


def test_the_pseudo_bureau_votes_from_2022_on(general):
    held = general.loc[general["code_bv"] == "JUS1", "id_election"]
    assert sorted(held.str[:4].unique()) == ["2022", "2024"]


def test_choices_meet_the_national_result():
    first = rounds()[0]
    stood = offer(first.contest)
    result = NATIONAL_LEANINGS @ choices(stood, first)
    named = result[: len(stood)] / result[: len(stood)].sum()
    assert named == pytest.approx((stood["share"] / stood["share"].sum()).to_numpy(), abs=1e-3)


def test_transfers_of_a_party_go_mostly_to_itself():
    held = next(r for r in rounds() if r.election_id == "2022_legi_t1")
    before, stood = offer("2022_pres"), offer("2022_legi")
    matrix = transfers(before, stood, held)
    assert matrix.sum(axis=1) == pytest.approx(np.ones(len(matrix)))
    for candidate, successor in {"MACRON": "ENS", "LE PEN": "RN", "MÉLENCHON": "NUP"}.items():
        row = matrix[before.index.get_loc(candidate)]
        assert stood["nuance"].iloc[int(np.argmax(row))] == successor


def test_rows_are_drawn_with_their_own_shares():
    shares = np.repeat([[0.2, 0.0, 0.8], [1.0, 0.0, 0.0]], 5000, axis=0)
    drawn = people.draw_rows(shares, np.random.default_rng(1))
    counts = np.array([np.bincount(part, minlength=3) for part in (drawn[:5000], drawn[5000:])])
    assert counts[1].tolist() == [5000, 0, 0]
    assert counts[0, 1] == 0
    # Binomial error of 1,000 in 5,000: 28; allow four of them.
    assert counts[0, 0] == pytest.approx(1000, abs=113)

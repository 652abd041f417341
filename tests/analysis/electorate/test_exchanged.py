"""Tests of `analysis.electorate.exchanged`: votes typed in another candidate's place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.electorate import exchanged
from analysis.electorate.exchanged import doubtful, put_back, votes_as_typed
from analysis.electorate.far_rounds import NEIGHBOURS, without_far_rounds
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.targeting.prospects import prepare
from tests.analysis.electorate.test_far_rounds import ELECTIONS, MIDDLE, a_place
from tests.made import TARGET

LEFT = BLOCS.index("left")
# Two candidates for each of four blocs, in the order of the ballot papers.
BLOC = np.array([1, 3, 2, 4, 3, 1, 4, 2])
PART = np.array([0.7, 0.75, 0.8, 0.6, 0.25, 0.3, 0.4, 0.2])


@pytest.fixture(scope="module")
def place():
    """Return a past, and the votes of every candidate that it is the sum of."""
    past, rng = a_place(), np.random.default_rng(1)
    votes = np.zeros((*past.votes.shape, len(BLOC)))
    for bloc in range(1, 5):
        one, other = np.flatnonzero(bloc == BLOC)
        whole = past.blocs[:, :, bloc].astype(int)
        votes[:, :, one] = rng.binomial(whole, PART[one])
        votes[:, :, other] = whole - votes[:, :, one]
    return past, votes


def typed(past, votes):
    """Return votes as the files have them, and the past that is their sum."""
    blocs = past.blocs.copy()
    for bloc in range(1, 5):
        blocs[:, :, bloc] = votes[:, :, bloc == BLOC].sum(axis=2)
    bureau, election, who = (one.ravel() for one in np.indices(votes.shape))
    rows = pd.DataFrame(
        {
            "election_id": np.array(ELECTIONS)[election],
            "bureau_id": past.units["bureau_id"].to_numpy()[bureau],
            "candidate_id": np.array([f"C{n}" for n in range(len(BLOC))])[who],
            "votes": votes.ravel(),
            "bloc": np.array(BLOCS)[BLOC[who]],
            "chosen": BLOC[who] == LEFT,
        }
    )
    return replace(past, blocs=blocs, votes=np.where(past.votes > -1, blocs[:, :, LEFT], 0)), rows


def slipped(votes, rows, kind, election=MIDDLE):
    """Return votes with an error of a kind in some bureaux."""
    votes = votes.copy()
    for row in rows:
        one = votes[row, election]
        order = np.arange(len(one))
        if kind == "exchanged":
            order[[0, 7]] = order[[7, 0]]
        elif kind == "three in a ring":
            order[[0, 2, 7]] = order[[2, 7, 0]]
        else:
            order = np.roll(order, {"moved on": 1, "moved back": -1}[kind])
        one[:] = one[order]
    return votes


@pytest.mark.parametrize("kind", ["exchanged", "moved on", "moved back", "three in a ring"])
def test_votes_are_put_back_in_place(place, kind):
    past, votes = place
    rows = np.array([7, 11, 29, 37, 64, 71, 90, 113])
    wrong, files = typed(past, slipped(votes, rows, kind))
    sound, far = without_far_rounds(wrong)
    found, told, done = put_back(wrong, sound, far, files)
    # What moves no bloc by six points is none of its business.
    rows = rows[far.votes[rows, MIDDLE]]
    assert len(rows) >= 3
    assert done[rows, MIDDLE].mean() > 0.8
    assert done.sum() == done[rows, MIDDLE].sum()
    rows = rows[done[rows, MIDDLE]]
    assert told.votes[done].all()
    counts = [one.blocs[rows, MIDDLE] for one in (found, sound, past)]
    # Two small candidates with the same votes may stay in each other's place.
    off, drawn = (np.abs(one - counts[2]).sum() / counts[2].sum() for one in counts[:2])
    assert off < 0.005 < 0.01 < drawn
    own = found.blocs[:, :, LEFT][rows, MIDDLE]
    np.testing.assert_array_equal(found.votes[rows, MIDDLE], own)
    # All else is as it was.
    np.testing.assert_array_equal(found.blocs[~done], sound.blocs[~done])
    np.testing.assert_array_equal(found.ballots, sound.ballots)


@pytest.mark.parametrize(
    ("kind", "back"), [("exchanged", True), ("moved on", True), ("unlike", False), (None, False)]
)
def test_a_new_bureau_is_judged_by_those_around_it(place, kind, back):
    """It has no other round to be judged by: only what leaves no doubt is put back."""
    past, votes = place
    row, last, rng = 105, len(ELECTIONS) - 1, np.random.default_rng(3)
    order = np.argsort(past.blocs[:, last, LEFT] / past.valid[:, last])
    tables = {n: getattr(past, n)[order] for n in ("registered", "ballots", "valid", "votes")}
    tables = {name: one.copy() for name, one in tables.items()}
    votes, blocs = votes[order].copy(), past.blocs[order].copy()
    # A quarter: people there are like those around, or like those of the other end of town.
    around = votes[[5] if kind == "unlike" else np.r_[row - 7 : row, row + 1 : row + 8], last]
    shares = around.sum(axis=0) / around.sum()
    votes[row, last] = rng.multinomial(int(tables["valid"][row, last]), shares)
    right = votes.copy()
    if kind in ("exchanged", "moved on"):
        votes = slipped(votes, [row], kind, last)
    wrong, files = typed(replace(past, **tables, blocs=blocs), votes)
    for one in (wrong.registered, wrong.ballots, wrong.valid, wrong.votes, wrong.blocs):
        one[row, :last] = np.nan
    sound, far = without_far_rounds(wrong)
    assert not far.votes[row, last]
    found, told, done = put_back(wrong, sound, far, files)
    assert done[row, last] == told.votes[row, last] == back
    expected = [right[row, last, bloc == BLOC].sum() for bloc in range(1, 5)]
    np.testing.assert_allclose(found.blocs[row, last, 1:5], expected, atol=5)


def test_a_list_that_is_missing_or_counts_handed_on_are_left_out_as_before(place):
    past, votes = place
    wrong, files = typed(past, slipped(votes, [37], "exchanged"))
    sound, far = without_far_rounds(wrong)
    here = (files["bureau_id"] == "31555_0038") & (files["election_id"] == ELECTIONS[MIDDLE])
    gone = files[~(here & (files["candidate_id"] == "C3"))]
    handed_on = files.assign(votes=files["votes"] + 2 * (here & (files["candidate_id"] == "C3")))
    for one in (gone, handed_on):
        found, _, done = put_back(wrong, sound, far, one)
        assert not done.any()
        np.testing.assert_array_equal(found.blocs, sound.blocs)


def test_a_whole_nation_is_not_read_once_more(place, monkeypatch):
    past, votes = place
    wrong, _ = typed(past, slipped(votes, [37], "exchanged"))
    _, far = without_far_rounds(wrong)
    assert doubtful(wrong, far)[37, MIDDLE]
    monkeypatch.setattr(exchanged, "MOST", len(past.votes) - 1)
    assert not doubtful(wrong, far).any()


@pytest.mark.parametrize("bureaux", [1, 2, 3, 8, 13, 14, 15, 16, 40])
def test_few_bureaux_are_all_beside_a_doubtful_one_and_many_are_not(bureaux):
    for one in {0, bureaux // 2, bureaux - 1}:
        doubt = np.zeros((bureaux, 3), dtype=bool)
        doubt[one, 1] = True
        away = np.abs(np.arange(bureaux) - one)
        np.testing.assert_array_equal(exchanged.near(doubt), away <= NEIGHBOURS)


@pytest.mark.parametrize("size", [2, 3, 4, 12])
def test_slips_are_exchanges_and_runs_moved_by_one(size):
    found = {tuple(one) for one in exchanged._slips(size)}
    wanted = set()
    for first in range(size):
        for last in range(first + 1, size):
            order = np.arange(size)
            order[[first, last]] = order[[last, first]]
            wanted.add(tuple(order))
            for by in (1, -1):
                order = np.arange(size)
                order[first : last + 1] = np.roll(order[first : last + 1], by)
                wanted.add(tuple(order))
    assert found == {tuple(map(int, one)) for one in wanted}


def test_real_errors_of_paris_are_put_back(paris):
    """2019: « Neutre et actif » has the votes of the RN, « Alliance jaune » those of another."""
    found = prepare(paris, Choice("left"), TARGET)
    told = found.table.set_index("bureau_id")["put_back"]
    assert told["75056_1016"] == told["75056_1755"] == "2019_euro_t1"
    assert (told != "").sum() <= 4
    (note,) = [note for note in found.notes if "75056_1016" in note]
    assert "put back" in note
    typed_there = votes_as_typed(paris, Choice("left"), ["2019_euro_t1"])
    here = typed_there[typed_there["bureau_id"] == "75056_1016"].set_index("candidate_id")["votes"]
    assert (here["NEUTRE ET ACTIF"], here["PRENEZ LE POUVOIR"]) == (52, 2)


def test_no_bureau_of_paris_that_is_merely_unlike_those_around_is_an_error(paris, monkeypatch):
    """Were every round judged by the bureaux around alone, none would be taken for one."""
    past = prepare(paris, Choice("left"), TARGET).history
    sound, far = without_far_rounds(past)
    monkeypatch.setattr(exchanged, "not_judged", lambda past: np.isfinite(past.valid))
    assert (doubtful(past, far) & ~far.votes).sum() > 100
    typed_there = votes_as_typed(paris, Choice("left"), [e.election_id for e in past.elections])
    _, _, done = put_back(past, sound, far, typed_there)
    assert not (done & ~far.votes).any()

"""Tests of `analysis.targeting.margin`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import DataError
from analysis.tables.elections import Choice
from analysis.tables.schema import BLOCS
from analysis.targeting.margin import Margin, last_margin
from analysis.targeting.prospects import prepare
from analysis.workflows.ranking import target_of


@pytest.fixture(scope="module")
def prospects(valmont):
    return prepare(valmont, Choice("left"), target_of(valmont, "2027_pres_t1"))


def test_the_margin_is_that_of_the_official_file(prospects, valmont):
    margin = last_margin(prospects)
    assert (margin.election_id, margin.comparable) == ("2022_pres_t1", True)
    votes = valmont.read("votes").merge(
        valmont.read("candidates")[["election_id", "candidate_id", "bloc"]],
        on=["election_id", "candidate_id"],
    )
    votes = votes[votes["election_id"] == "2022_pres_t1"].groupby("bloc", observed=True)["votes"]
    sums = votes.sum()
    assert (margin.ours, margin.theirs) == (sums["left"], sums[prospects.rival])
    assert f"{abs(margin.ours - margin.theirs)} " in margin.summary()


def test_another_rival_has_another_margin_and_another_net(prospects, valmont):
    target = target_of(valmont, "2027_pres_t1")
    rival = next(b for b in BLOCS[:-1] if b not in ("left", prospects.rival))
    other = prepare(valmont, Choice("left"), target, rival=rival)
    assert (other.rival, other.rival_by_results) == (rival, prospects.rival)
    assert last_margin(other).rival == rival
    assert not np.allclose(other.table["rival_marginal"], prospects.table["rival_marginal"])
    with pytest.raises(DataError, match="cannot be the rival"):
        prepare(valmont, Choice("left"), target, rival="left")


def test_where_no_election_of_the_kind_was_held_the_latest_stands_for_it(prospects):
    municipal = replace(prospects.target, kind="muni")
    margin = last_margin(replace(prospects, target=municipal))
    assert (margin.election_id, margin.comparable) == ("2024_legi_t1", False)
    assert last_margin(replace(prospects, rival="")) is None
    none = replace(prospects.history, votes=np.full_like(prospects.history.votes, np.nan))
    assert last_margin(replace(prospects, history=none)) is None


@pytest.mark.parametrize(("ours", "side"), [(500, "100 ahead of"), (300, "100 behind")])
def test_a_margin_says_who_led(ours, side):
    assert side in Margin("2022_pres_t1", "centre", ours, 400, comparable=True).summary()

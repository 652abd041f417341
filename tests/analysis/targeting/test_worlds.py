"""Tests of `analysis.targeting.worlds` on the embedded town."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.tables.elections import Choice
from analysis.targeting.prospects import prepare
from analysis.targeting.validation import METHODS
from analysis.targeting.value import ANSWERS
from analysis.targeting.worlds import compare, truths
from analysis.workflows.ranking import target_of


@pytest.fixture(scope="module")
def prospects(valmont):
    return prepare(valmont, Choice("left"), target_of(valmont, "2027_pres_t1"))


def test_no_order_beats_the_one_that_knows_and_the_worst_is_the_least(prospects):
    table = compare(prospects)
    assert list(table.index) == list(METHODS)
    assert table[list(ANSWERS)].to_numpy().max() <= 1 + 1e-9
    np.testing.assert_array_equal(table["worst"], table[list(ANSWERS)].min(axis=1))
    # With all hours spent every order has met everybody.
    assert compare(prospects, share=1.0).to_numpy() == pytest.approx(1)


def test_where_all_respond_alike_a_bureau_is_worth_its_support(prospects):
    won = truths(prospects)
    assert (won >= 0).all(axis=None)
    ranks = won["equal"].rank().corr(prospects.table["support"].rank())
    assert ranks > 0.95
    # In proportion to abstention: the ratio to the world of equals is the index of abstention.
    ratio = won["abstention"] / won["equal"]
    away = prospects.table["abstention"]
    mean = np.average(away, weights=prospects.table["registered"])
    assert ratio.to_numpy() == pytest.approx((away / mean).to_numpy())

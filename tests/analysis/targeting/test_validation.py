"""Tests of `analysis.targeting.validation`, with shares worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.targeting.validation import (
    CELLS,
    PARTS_JUDGED,
    UNTOLD,
    Validation,
    met,
    met_resampled,
    resamples,
)

HOURS = np.array([10.0, 10.0, 20.0, 10.0])
VOTES = np.array([6.0, 1.0, 2.0, 1.0])


def test_the_share_met_is_counted_by_hand():
    # 50 hours in all; a fifth is 10: the first bureau of the order, whole.
    assert met(np.array([4, 3, 2, 1]), HOURS, VOTES, [0.2]) == pytest.approx([0.6])
    # The third first: 10 of its 20 hours meet one of its two votes.
    assert met(np.array([1, 2, 9, 3]), HOURS, VOTES, [0.2, 1.0]) == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("seed", range(5))
def test_a_resample_of_all_bureaux_once_is_the_place_itself(seed):
    score = np.random.default_rng(seed).permutation(4).astype(float)
    once = np.ones((1, 4), dtype="float32")
    assert met_resampled(score, HOURS, VOTES, once) == pytest.approx(
        met(score, HOURS, VOTES, [0.2])
    )


def test_a_bureau_drawn_twice_counts_twice():
    score = np.array([4.0, 3.0, 2.0, 1.0])
    # 60 hours, of which 12: the first 10 twice are 20 hours and 12 votes of 16.
    twice = np.array([[2, 1, 1, 1]], dtype="float32")
    assert met_resampled(score, HOURS, VOTES, twice) == pytest.approx([12 / 20 * 12 / 16])


def test_communes_are_drawn_whole_where_there_are_enough():
    many = np.repeat([f"{n:05d}" for n in range(12)], 3)
    drawn = resamples(many, np.random.default_rng(1))
    assert (drawn.reshape(len(drawn), 12, 3).std(axis=2) == 0).all()
    few = resamples(np.repeat("75056", 36), np.random.default_rng(1))
    assert few.std(axis=1).min() > 0


def test_where_nothing_can_be_told_the_answer_is_empty_not_an_error():
    parts = pd.DataFrame(columns=[*PARTS_JUDGED, "bloc", "to"])
    untold = pd.DataFrame([("left", "a", "b", 12, 0.001)], columns=list(UNTOLD))
    found = Validation(pd.DataFrame(columns=list(CELLS)), untold, parts)
    assert found.to_frame().empty
    assert found.means.empty
    assert found.of_bloc("left").untold["votes"].tolist() == [12]
    assert found.to_json()["cells"] == []

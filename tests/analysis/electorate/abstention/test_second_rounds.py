"""Second rounds: rules beside the model, wider intervals; first rounds as they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.abstention.backtest import backtest_abstention
from analysis.electorate.abstention.second_rounds import WIDEN, WIDEN_OTHERS, with_rules
from analysis.electorate.abstention.series import Series
from analysis.readers.calendar import election_of
from analysis.workflows.ranking import target_of

NAMES = ("2017_pres_t1", "2017_pres_t2", "2019_euro_t1", "2022_pres_t1")


def series(names, rates):
    """Three bureaux of one size, seen at each election; NaN where one was not."""
    rates = np.asarray(rates, dtype=float)
    ids = [f"1_{n}" for n in range(len(rates))]
    units = pd.DataFrame({"bureau_id": ids, "commune_id": "1", "registered": 1000})
    registered = np.full(rates.shape, 1000.0)
    elections = tuple(election_of(name) for name in names)
    return Series(units, elections, registered, registered * (1 - rates))


RATES = [[0.2, 0.25, 0.5, 0.22], [0.3, 0.31, 0.6, 0.28], [0.25, 0.27, 0.55, np.nan]]
EFFECT, VARIANCE = np.array([-0.05, 0.06, 0.02]), np.array([1e-4, 2e-4, 3e-4])


@pytest.mark.parametrize("target", ["2022_legi_t1", "2024_euro_t1"])
def test_first_rounds_are_as_the_model_says(target):
    effect, variance = with_rules(series(NAMES, RATES), election_of(target), EFFECT, VARIANCE)
    np.testing.assert_array_equal(effect, EFFECT)
    np.testing.assert_array_equal(variance, VARIANCE)


def test_a_presidential_second_round_is_a_third_each_by_hand():
    past = series(NAMES, RATES)
    effect, variance = with_rules(past, election_of("2022_pres_t2"), EFFECT, VARIANCE)
    angle = np.arcsin(np.sqrt(np.array(RATES)))
    last = angle[:2, 3] + (EFFECT[:2] - angle[:2, 3]).mean()
    # The last of each kind and of its second round, else of the kind: 2017_pres_t2, 2019_euro_t1.
    kinds = np.arcsin(np.sqrt(np.array(RATES)[:, [1, 2]].mean(axis=1)))
    kinds += (EFFECT - kinds).mean()
    np.testing.assert_allclose(effect[:2], (EFFECT[:2] + last + kinds[:2]) / 3)
    # A bureau that was not there a fortnight ago has the model's word for that third.
    assert effect[2] == pytest.approx((2 * EFFECT[2] + kinds[2]) / 3)
    np.testing.assert_allclose(variance, VARIANCE * WIDEN["pres"] ** 2)


def test_other_second_rounds_keep_the_model_and_are_wider():
    names = (*NAMES, "2022_legi_t1")
    past = series(names, [[*row, 0.5] for row in RATES])
    effect, variance = with_rules(past, election_of("2022_legi_t2"), EFFECT, VARIANCE)
    np.testing.assert_array_equal(effect, EFFECT)
    np.testing.assert_allclose(variance, VARIANCE * WIDEN_OTHERS**2)


def test_without_the_first_round_of_the_vote_rules_are_not_heard():
    past = series(NAMES[:3], np.array(RATES)[:, :3])
    effect, _variance = with_rules(past, election_of("2022_pres_t2"), EFFECT, VARIANCE)
    np.testing.assert_array_equal(effect, EFFECT)


@pytest.mark.slow
def test_paris_2022_errs_less_than_the_model_alone_did(paris):
    found = backtest_abstention(paris, target_of(paris, "2022_pres_t2"))
    own = found.methods.set_index("method").loc["model"]
    # The model alone has 2.09 points and 69%; the mean of kinds 1.70 points.
    assert own["mae_points"] < 1.9
    assert own["coverage_90"] > 0.8
    assert own["n_judged"] == own["n_small"] + own["n_large"] == len(found.bureaux)

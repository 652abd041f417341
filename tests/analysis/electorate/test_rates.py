"""Tests of `analysis.electorate.rates`."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.electorate.rates import _missed, expect_rate, shrink
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from analysis.targeting.prospects import prepare
from tests.made import ROOT, TARGET, history

ONE = "2022_pres_t1"
BASEBALL = ROOT / "tests" / "reference" / "efron_morris_1977.toml"


def as_history(registered, absent, elections=(ONE,), communes=None):
    registered, absent = np.asarray(registered, dtype=float), np.asarray(absent, dtype=float)
    more = {"communes": communes} if communes else {}
    return history(registered, registered - absent, absent * 0, elections=elections, **more)


def expect(given_history, target=TARGET):
    past = given_history
    return expect_rate(past.abstentions, past.registered, past, target)


def test_published_shrinkage_of_eighteen_batting_averages():
    """Efron and Morris shrink by 1 - (k - 3) σ² / S; moments alone give 1 - (k - 1) σ² / S."""
    told = tomllib.loads(BASEBALL.read_text(encoding="utf-8"))
    averages = np.array(told["hits"]) / told["at_bats"]
    mean, k = averages.mean(), len(averages)
    assert mean == pytest.approx(told["grand_mean"], abs=5e-4)
    noise = np.full(k, mean * (1 - mean) / told["at_bats"])
    shrunk, _ = shrink(averages, noise, np.zeros(k, dtype="int64"))
    factor = (shrunk - mean) / (averages - mean)
    assert factor == pytest.approx(np.full(k, factor[0]))
    assert 1 - (1 - factor[0]) * (k - 3) / (k - 1) == pytest.approx(
        told["shrinking_factor"], abs=1e-3
    )


def test_what_is_known_exactly_is_not_shrunk_and_what_is_unknown_takes_its_group():
    values = np.array([0.1, 0.3, 0.5, np.nan, 0.2, 0.6])
    noise = np.array([1e-12, 1e-12, 1e-12, np.inf, 1e-12, 1e-12])
    groups = np.array([0, 0, 0, 0, 1, 1])
    shrunk, spread = shrink(values, noise, groups)
    assert shrunk[[0, 1, 2, 4, 5]] == pytest.approx(values[[0, 1, 2, 4, 5]], abs=1e-6)
    assert 0.1 < shrunk[3] < 0.5
    assert spread[3] > 100 * spread[0]


def test_noise_alone_is_shrunk_to_the_mean():
    rng = np.random.default_rng(0)
    values = rng.normal(0.3, 0.02, 400)
    shrunk, _ = shrink(values, np.full(400, 0.02**2), np.zeros(400, dtype="int64"))
    assert shrunk.std() < 0.25 * values.std()
    assert shrunk.mean() == pytest.approx(values.mean(), abs=1e-3)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(-0.3, 0.3), st.floats(1e-6, 0.01), st.integers(0, 2)),
        min_size=3,
        max_size=12,
    )
)
def test_shrunk_values_lie_between_what_was_seen(rows):
    values, noise = (np.array([row[n] for row in rows]) for n in (0, 1))
    groups = pd.factorize(np.array([row[2] for row in rows]))[0]
    before = values.copy()
    shrunk, spread = shrink(values, noise, groups)
    assert (shrunk >= values.min() - 1e-9).all()
    assert (shrunk <= values.max() + 1e-9).all()
    assert (spread >= 0).all()
    # Nobody becomes less sure by borrowing from the others than from what is left unknown.
    assert np.isfinite(spread).all()
    np.testing.assert_array_equal(values, before)
    order = np.arange(len(values))[::-1]
    again, _ = shrink(values[order], noise[order], groups[order])
    assert again == pytest.approx(shrunk[order], abs=1e-9)


def simulate_rates(rng, units=600, communes=20):
    """Draw communes, bureaux in them and noisy counts from the model that is assumed."""
    commune = np.repeat(np.arange(communes), units // communes)
    truth = rng.normal(0, 0.04, communes)[commune] + rng.normal(0, 0.03, units)
    noise = rng.uniform(0.01, 0.06, units) ** 2
    return truth, truth + rng.normal(0, np.sqrt(noise)), noise, commune


def test_shrinking_beats_the_raw_rates_and_says_how_sure_it_is():
    rng = np.random.default_rng(1)
    gains, scores = [], []
    for _ in range(40):
        truth, seen, noise, commune = simulate_rates(rng)
        shrunk, spread = shrink(seen, noise, commune)
        gains.append(np.mean((shrunk - truth) ** 2) / np.mean((seen - truth) ** 2))
        scores.append((shrunk - truth) / np.sqrt(spread))
    assert np.mean(gains) < 0.6
    z = np.concatenate(scores)
    # 24,000 draws, but a commune's error is shared by its 30 bureaux.
    assert z.std() == pytest.approx(1, abs=0.05)
    assert np.mean(np.abs(z) < 1.645) == pytest.approx(0.90, abs=0.02)


def test_a_small_bureau_is_drawn_further_than_a_large_one():
    big = [[1000.0]] * 8
    rates = [0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.4, 0.4]
    small = [[1000.0]] * 7 + [[40.0]]
    value = expect(as_history(small, np.array(rates)[:, None] * small)).value
    alike = expect(as_history(big, np.array(rates)[:, None] * big)).value
    assert value[7] < value[6]
    assert alike[7] == pytest.approx(alike[6])


def test_an_unknown_bureau_takes_its_communes_value_and_is_less_sure():
    registered = np.array([[900.0], [900], [900], [np.nan], [900], [900]])
    absent = registered * np.array([[0.2], [0.22], [0.21], [0], [0.4], [0.41]])
    rate = expect(as_history(registered, absent, communes=["a"] * 4 + ["b"] * 2))
    assert rate.value[3] == pytest.approx(0.21, abs=0.03)
    assert rate.std_error[3] > rate.std_error[0]


def two_elections(elections, rates):
    registered = np.full((6, 2), 5000.0)
    return as_history(registered, registered * np.array(rates), elections=elections)


def test_the_level_is_that_of_the_latest_election_of_the_same_kind():
    rates = np.column_stack([np.full(6, 0.2), np.full(6, 0.5)])
    past = two_elections(("2022_pres_t1", "2024_euro_t1"), rates)
    assert expect(past).level == pytest.approx(0.2)
    assert expect(past, election_of("2029_euro_t1")).level == pytest.approx(0.5)
    between = expect(past, election_of("2026_muni_t1")).level
    assert 0.2 < between < 0.5


@pytest.mark.parametrize(
    ("elections", "weights"),
    [
        # Ten years are four half-lives.
        (("2012_pres_t1", "2022_pres_t1"), (1, 16)),
        # The same kind counts twice, 2.16 years earlier.
        (("2022_pres_t1", "2024_euro_t1"), (2 * 0.5 ** (2.166 / 2.5), 1)),
        (("2024_legi_t1", "2024_legi_t2"), (10, 1)),
    ],
)
def test_recent_elections_of_the_same_kind_weigh_more(elections, weights):
    """A bureau above by a twentieth at the one and below at the other: the weighted mean."""
    rates = np.array([[0.25, 0.15], *([[0.2, 0.2]] * 5)])
    registered = np.full((6, 2), 5e8)
    rate = expect(as_history(registered, registered * rates, elections=elections))
    gap = rate.value[0] - np.mean(rate.value[1:])
    one, other = weights
    assert gap == pytest.approx(0.05 * (one - other) / (one + other), abs=5e-4)
    assert rate.elections == elections


def test_without_any_election_it_cannot_be_told():
    past = as_history([[np.nan]], [[np.nan]])
    with pytest.raises(ValueError, match="no election"):
        expect(past)


@pytest.mark.parametrize("bureaux", [1, 3])
@pytest.mark.filterwarnings("error")
def test_a_bloc_for_which_nobody_ever_voted_has_an_error_all_the_same(bureaux):
    registered = np.full((bureaux, 3), 31.0)
    elections = ("2017_pres_t1", "2019_euro_t1", ONE)
    past = history(registered, registered, registered * 0, elections=elections)
    rate = expect_rate(past.votes, past.valid, past, TARGET)
    assert (rate.value < 0.01).all()
    assert ((rate.std_error > 0) & (rate.std_error < 0.1)).all()


def test_an_election_without_the_choice_is_not_used():
    registered = np.full((4, 2), 900.0)
    votes = np.column_stack([np.full(4, np.nan), np.full(4, 90.0)])
    past = history(registered, registered, votes, elections=("2019_euro_t1", ONE), blocs=0)
    rate = expect_rate(past.votes, past.valid, past, TARGET)
    assert rate.elections == (ONE,)
    assert rate.value == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_bureaux_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    registered = rng.integers(300, 1500, (30, 3)).astype(float)
    absent = registered * rng.uniform(0.2, 0.5, (30, 1))
    elections = ("2017_pres_t1", "2019_euro_t1", ONE)
    communes = [f"c{n % 4}" for n in range(30)]
    one = expect(as_history(registered, absent, elections, communes))
    order = rng.permutation(30)
    other = expect(
        as_history(registered[order], absent[order], elections, [communes[n] for n in order])
    )
    assert other.value == pytest.approx(one.value[order], abs=1e-12)
    assert other.std_error == pytest.approx(one.std_error[order], abs=1e-12)


TARGETS = ("2019_euro_t1", "2022_pres_t1", "2022_legi_t1", "2024_euro_t1", "2024_legi_t1")


def against_truth(workspace, truth, election, bloc="left"):
    """Return bureaux drawn in both: expected, planted and last seen, less their town's mean."""
    prospects = prepare(workspace, Choice(bloc), election_of(election))
    table = prospects.table.set_index("bureau_id")
    planted = truth["elections"][election]
    known = table.index.isin(planted["abstention"]) & table["vintage"].notna()
    past = prospects.history
    last = past.abstentions[:, -1] / past.registered[:, -1]
    place = planted["bloc_order"].index(bloc)
    frame = pd.DataFrame(
        {
            "expected": table["abstention"],
            "planted": pd.Series(planted["abstention"]),
            "last": pd.Series(last, index=table.index),
            "support": table["support"],
            "planted_support": pd.DataFrame(planted["support_voters"]).T[place],
        }
    ).loc[table.index[known]]
    weights = table.loc[known, "registered"].to_numpy(dtype=float)
    return frame - np.average(frame, axis=0, weights=weights), weights


def test_the_planted_abstention_of_coming_elections_is_found_again(valmont, truth):
    """Which bureaux abstain more, from earlier elections only, against what was planted.

    The level of a town is no matter of bureaux (in 2024 it fell by 20 points): it is taken
    off. A rate seen once in 850 voters is off by 1.3 points on average, and the planted
    distances themselves grow and shrink with the kind of election: 2.5 points are asserted
    for each election, and a fifth less than repeating the last election makes, over all.
    """
    ours, naive, correlations = [], [], []
    for election in TARGETS:
        table, weights = against_truth(valmont, truth, election)
        ours.append(np.average((table["expected"] - table["planted"]).abs(), weights=weights))
        naive.append(np.average((table["last"] - table["planted"]).abs(), weights=weights))
        correlations.append(
            [np.corrcoef(table[name], table["planted"])[0, 1] for name in ("expected", "last")]
        )
    assert max(ours) < 0.025
    assert np.mean(ours) < 0.8 * np.mean(naive)
    assert min(corr for corr, _ in correlations) > 0.96
    assert np.mean(correlations, axis=0)[0] > np.mean(correlations, axis=0)[1] + 0.01


@pytest.mark.parametrize("bloc", ["left", "far_right"])
@pytest.mark.parametrize("election", TARGETS)
def test_the_planted_support_of_coming_elections_is_found_again(valmont, truth, election, bloc):
    """Two and a half points: lists come and go, a bureau has about 450 valid ballots."""
    table, weights = against_truth(valmont, truth, election, bloc)
    error = (table["support"] - table["planted_support"]).abs()
    assert np.average(error, weights=weights) < 0.025
    assert np.corrcoef(table["support"], table["planted_support"])[0, 1] > 0.93


@pytest.mark.parametrize("election", ["2019_euro_t1", "2022_pres_t1", "2024_legi_t1"])
def test_real_abstention_is_as_far_from_expected_as_the_errors_say(paris, election):
    """Paris, forecast from earlier elections only: standard errors against what came."""
    prospects = prepare(paris, Choice("left"), election_of(election))
    table = prospects.table.set_index("bureau_id")
    turnout = paris.read("turnout")
    seen = turnout[turnout["election_id"] == election].set_index("bureau_id")
    ids = [
        name for name in table.index if name in seen.index and table.loc[name, "registered"] > 300
    ]
    n = seen.loc[ids, "registered"].to_numpy(dtype=float)
    rate = 1 - seen.loc[ids, "ballots"].to_numpy() / n
    error = table.loc[ids, "abstention"].to_numpy() - rate
    error -= np.average(error, weights=n)
    z = error / np.sqrt(table.loc[ids, "abstention_se"].to_numpy() ** 2 + rate * (1 - rate) / n)
    assert len(ids) > 800
    assert 0.8 < z.std() < 1.25


def test_a_new_bureau_takes_what_its_commune_was_at_the_elections_it_missed():
    """At the first the commune lay .1 over the level, at the second .4: a quarter on the mean.

    The new bureau, .5 over at the second, is .1 over its commune: .35. Of the third, alone in its
    commune, nobody knows more than itself.
    """
    distances = np.array([[0.1, 0.3], [np.nan, 0.5], [np.nan, 0.2]])
    counts = np.array([[700.0, 500.0], [np.nan, 500.0], [np.nan, 900.0]])
    commune = np.array([0, 0, 1])
    missed = _missed(distances, counts, np.array([1.0, 1.0]), commune)
    assert missed == pytest.approx([0, 0.25 - 0.4, 0])
    assert 0.5 + missed[1] == pytest.approx(0.35)
    # The same where the first election counts thrice.
    assert _missed(distances, counts, np.array([3.0, 1.0]), commune)[1] == pytest.approx(-0.225)
    nobody = np.full((3, 2), np.nan)
    assert (_missed(nobody, nobody, np.ones(2), commune) == 0).all()

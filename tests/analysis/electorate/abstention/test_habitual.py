"""Tests of `analysis.electorate.abstention.habitual`."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.electorate.abstention.habitual import _both_ends, split_abstainers
from analysis.electorate.abstention.series import Series
from analysis.electorate.history import read_history
from analysis.errors import DataError
from analysis.readers.calendar import election_of
from analysis.tables.elections import Choice
from tests.made import TARGET


def test_published_shares_of_2022():
    """Insee Première 1928: 16.3% voted at none of the four rounds of 2022, 36.4% at all.

    The first sets the likeness, to a point; the second checks it, to three points.
    """
    constant, always = _both_ends(np.array([[0.263, 0.280, 0.525, 0.538]]), 0.75)
    assert constant[0] == pytest.approx(0.163, abs=0.005)
    assert always[0] == pytest.approx(0.364, abs=0.03)


def test_the_more_alike_a_persons_elections_the_more_always_do_the_same():
    rates = np.array([[0.3, 0.4], [0.6, 0.9]])
    steps = [_both_ends(rates, likeness) for likeness in (0.0, 0.3, 0.6, 0.9)]
    assert steps[0][0] == pytest.approx(rates.prod(axis=1))
    assert steps[0][1] == pytest.approx((1 - rates).prod(axis=1))
    for before, after in zip(steps[:-1], steps[1:], strict=True):
        assert (after[0] > before[0]).all()
        assert (after[1] > before[1]).all()
    assert (steps[-1][0] < rates.min(axis=1)).all()


def test_estimates_lie_within_the_bounds_and_shares_add_up(simulated):
    table = split_abstainers(simulated[0])
    for name in ("constant", "intermittent"):
        assert (table[f"{name}_low"] <= table[name] + 1e-9).all()
        assert (table[name] <= table[f"{name}_high"] + 1e-9).all()
    assert (table["constant"] + table["intermittent"]).between(0, 1).all()
    assert table["bureau_id"].tolist() == simulated[0].units["bureau_id"].tolist()


def test_bounds_are_those_of_frechet():
    units = simulated_units(1)
    elections = tuple(election_of(f"2022_{kind}_t1") for kind in ("pres", "legi"))
    series = Series(units, elections, np.array([[100.0, 100]]), np.array([[40.0, 20]]))
    row = split_abstainers(series).iloc[0]
    assert row["constant_low"] == pytest.approx(0.4)
    assert row["constant_high"] == pytest.approx(0.6)
    assert row["intermittent_low"] == pytest.approx(0.2)
    assert row["intermittent_high"] == pytest.approx(0.6)


def simulated_units(count):
    import pandas as pd

    names = [f"31555_{n:04d}" for n in range(count)]
    return pd.DataFrame({"bureau_id": names, "commune_id": "31555", "registered": 100})


def test_the_constant_abstainers_of_valmont(valmont, truth):
    """Planted classes: never-voters are among the constant, steady voters are not."""
    history = read_history(valmont, Choice("left"), before=TARGET.date)
    table = split_abstainers(Series.of_history(history)).set_index("bureau_id")
    planted = truth["bureaux"]["2024"]
    ids = [name for name in table.index if name in planted]
    never = np.array([planted[name]["class_shares"]["never"] for name in ids])
    found = table.loc[ids, "constant"].to_numpy()
    assert np.corrcoef(found, never)[0, 1] > 0.5
    # The planted never-voters still come once in twenty; others stay home by chance.
    assert (table.loc[ids, "constant_high"] > 0.8 * never).all()
    assert abs(found.mean() - never.mean()) < 0.06


@pytest.mark.parametrize(
    ("names", "likeness", "says"),
    [
        (("2022_pres_t1",), 0.75, "Two first rounds of different kinds"),
        (("2012_pres_t1", "2022_legi_t1"), 0.75, "Two first rounds of different kinds"),
        (("2022_pres_t1", "2022_legi_t1"), 1.0, "below 1"),
        (("2022_pres_t1", "2022_legi_t1"), -0.1, "below 1"),
    ],
)
def test_what_cannot_be_split_is_said(names, likeness, says):
    elections = tuple(election_of(name) for name in names)
    counts = np.full((1, len(names)), 100.0)
    series = Series(simulated_units(1), elections, counts, counts / 2)
    with pytest.raises(DataError, match=says) as caught:
        split_abstainers(series, likeness=likeness)
    assert caught.value.mend

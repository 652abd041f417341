"""Tests of `analysis.experiments.subgroups`: effects within groups, announced or not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.effects import estimate_impact
from analysis.experiments.subgroups import estimate_subgroups

SPEC = Spec(("vote",), block="block")


@pytest.fixture
def grouped(trial):
    """Give the blocks of the trial a kind: the effect is larger in towns."""
    town = trial["block"] % 2 == 0
    effect = 0.1 * (town & (trial["assigned"] == 1))
    return trial.assign(kind=np.where(town, "town", "village"), vote=trial["vote"] + effect)


def test_an_effect_within_a_group_is_that_of_its_units_alone(grouped):
    found = estimate_subgroups(grouped, SPEC, ["kind"], declared=["kind"])
    for one in found.found:
        alone = grouped[grouped["kind"] == one.group]
        wanted = estimate_impact(alone, SPEC).pick("vote")
        assert one.estimate.value == pytest.approx(wanted.value, abs=1e-12)
        assert one.estimate.std_errors == pytest.approx(dict(wanted.std_errors), abs=1e-12)
        assert one.estimate.interval == pytest.approx(wanted.interval, abs=1e-12)
        assert (one.estimate.n, one.estimate.blocks) == (wanted.n, wanted.blocks)
        assert one.treated + one.control == wanted.n


def test_numbers_are_cut_into_thirds_of_the_units(grouped):
    table = estimate_subgroups(grouped, SPEC, ["registered"]).table
    low, high = np.quantile(grouped["registered"], [1 / 3, 2 / 3])
    assert table["group"].tolist() == [
        f"lowest third (up to {low:.4g})",
        f"middle third ({low:.4g} to {high:.4g})",
        f"highest third (above {high:.4g})",
    ]
    # Blocks with one unit left in a third say nothing.
    assert (table["n"] < len(grouped) / 3).all()


def test_what_the_plan_did_not_announce_is_exploratory(grouped):
    found = estimate_subgroups(grouped, SPEC, ["kind", "registered"], declared=["kind"])
    table = found.table
    assert table["declared"].tolist() == [True, True, False, False, False]
    english, french = found.summary(), found.summary("fr")
    assert english.count("(announced in the plan)") == 2
    assert english.count("(exploratory: not announced in the plan)") == 3
    assert french.count("exploratoire\u202f: non annoncé dans le plan") == 3
    assert "5 estimates in subgroups: about 0.2 of them" in english
    # Holm's step for the announced counts two, for the others three.
    for standing, count in ((True, 2), (False, 3)):
        p = table.loc[table["declared"] == standing]
        least = p["p_value"].idxmin()
        assert p["p_holm"][least] == pytest.approx(min(1, count * p["p_value"][least]))


def test_groups_that_differ_are_said_to(grouped, trial):
    p = estimate_subgroups(grouped, SPEC, ["kind"]).tests["kind", "vote"]
    assert p < 1e-4
    same = trial.assign(kind=grouped["kind"])
    found = estimate_subgroups(same, SPEC, ["kind"])
    (a, b) = (one.estimate for one in found.found)
    # With two groups Cochran's Q is the square of the usual z.
    z = (a.value - b.value) / np.hypot(a.std_error, b.std_error)
    assert found.tests["kind", "vote"] == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert "the groups' effects differ no more than chance" in found.summary()


def test_units_and_groups_without_an_estimate_are_told(grouped):
    kind = grouped["kind"].astype("object").mask(grouped["block"] < 3)
    kind = kind.mask(grouped["block"] == 3, np.where(grouped["assigned"] == 1, "one arm", None))
    found = estimate_subgroups(grouped.assign(kind=kind), SPEC, ["kind"])
    assert found.left_out == (
        ("kind", "(empty)", 16, "no value"),
        ("kind", "one arm", 4, "vote: no block there has both arms"),
    )
    assert "kind = (vide), 16 unités\u202f: pas d’estimation (pas de valeur)" in found.summary("fr")


def test_order_of_rows_changes_nothing(grouped):
    names = ["kind", "registered"]
    turned = grouped.sample(frac=1, random_state=3)
    one = estimate_subgroups(grouped, SPEC, names).table
    pd.testing.assert_frame_equal(one, estimate_subgroups(turned, SPEC, names).table)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("town", "one value only"),
        (None, "one value only"),
        ("each", "No subgroup has both arms"),
    ],
)
def test_groups_that_are_none(grouped, values, says):
    given = "unit " + grouped["unit_id"] if values == "each" else values
    with pytest.raises(DataError, match=says) as error:
        estimate_subgroups(grouped.assign(kind=given), SPEC, ["kind"])
    assert error.value.mend


def test_a_group_that_the_canvass_made_is_none(grouped):
    with pytest.raises(DataError, match="known before the draw"):
        estimate_subgroups(grouped, SPEC, [*SPEC.outcomes])


def test_a_group_that_is_no_column(grouped):
    with pytest.raises(DataError, match="lacks column"):
        estimate_subgroups(grouped, SPEC, ["absent"])

"""Where inference ends: few clusters, clustered blocks, unequal probabilities, flat outcomes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from analysis.errors import DataError
from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import EACH, Lottery
from analysis.experiments.blocked_means import by_blocks, horvitz_thompson
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimators import Layout, Regression
from analysis.experiments.randomisation import Observed, randomisation_test
from analysis.experiments.subgroups import estimate_subgroups
from analysis.experiments.unit_files import read_units
from analysis.i18n import told


def clusters_of(*sizes, treated):
    """Make clusters of some sizes, the first `treated` of them treated; no effect."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    return pd.DataFrame(
        {
            "y": rng.normal(0.5, 0.1, len(cluster)),
            "assigned": (cluster < treated).astype(int),
            "cluster": cluster,
        }
    )


# Few clusters


@pytest.mark.parametrize(
    ("sizes", "treated", "says"),
    [
        ([20, 20], 1, "2 cluster(s) are too few"),
        ([20, 5, 5, 5], 1, "stands alone in its arm"),
        # 40 control clusters: degrees of freedom enough, and the treated one still unseen.
        ([20] + [3] * 40, 1, "stands alone in its arm"),
    ],
)
def test_what_clusters_cannot_tell_is_never_certain(sizes, treated, says):
    impact = estimate_impact(clusters_of(*sizes, treated=treated), Spec(("y",), cluster="cluster"))
    found = impact.pick("y")
    assert np.isnan([found.std_errors["CR2"], *found.interval, found.p_value]).all()
    assert not found.detected
    assert "no interval can be given" in impact.summary()
    assert any(says in note for note in impact.notes)
    told = found.to_json()
    assert (told["p_value"], told["interval_95"]) == (None, [None, None])


def test_below_one_and_a_half_degrees_of_freedom_there_is_no_interval():
    # One arm has a cluster of 200 beside one of 20, the other one unit beside 20.
    table, spec = clusters_of(200, 1, 20, 20, treated=1), Spec(("y",), cluster="cluster")
    table = table.assign(assigned=table["cluster"].isin([0, 3]).astype(int))
    few = Regression(
        Layout.of(len(table), cluster=table["cluster"].to_numpy()),
        table[["assigned"]].to_numpy(float),
    )
    enough = clusters_of(20, 20, 20, 20, treated=2)
    assert few.satterthwaite_df < 1.5
    found = estimate_impact(table, spec).pick("y")
    assert found.std_error > 0
    assert np.isnan([*found.interval, found.p_value]).all()
    found = estimate_impact(enough, spec).pick("y")
    p = 2 * stats.t.sf(abs(found.value) / found.std_error, 2)
    assert found.p_value == pytest.approx(p)


def test_a_group_of_one_block_is_not_certain():
    rng = np.random.default_rng(3)
    block = np.repeat(np.arange(6), 30)
    table = pd.DataFrame(
        {"y": rng.normal(size=180), "assigned": np.tile([0, 1], 90), "block": block}
    )
    groups = estimate_subgroups(table, Spec(("y",), block="block", std_error="CR2"), ["block"])
    assert all(np.isnan(one.estimate.p_value) for one in groups.found)
    robust = estimate_subgroups(table, Spec(("y",), block="block", std_error="HC1"), ["block"])
    assert all(0 < one.p_holm <= 1 for one in robust.found)
    assert groups.tests == {}


def test_anderson_and_rubin_say_nothing_either():
    table = clusters_of(20, 20, treated=1)
    table = table.assign(received=table["assigned"] * (table.index % 2))
    spec = Spec(("y",), cluster="cluster", received="received")
    found = estimate_impact(table, spec).pick("y", "allocation", "anderson_rubin")
    assert np.isnan(found.interval).all()


# The mean of blocks


def clustered_blocks(seed, icc=0.5, blocks=15, per=5, size=10):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(blocks * per), size)
    block = cluster // per
    arms = np.tile(np.arange(per) > 0, blocks)
    noise = rng.normal(0, np.sqrt(icc), len(arms))[cluster]
    y = noise + rng.normal(0, np.sqrt(1 - icc), len(cluster)) + rng.normal(size=blocks)[block]
    return y, arms[cluster].astype(float), block, cluster


def test_the_mean_of_blocks_knows_what_was_drawn_as_one():
    """15 blocks of 5 clusters of 10, a correlation of .5 in clusters, no effect."""
    rejected = np.zeros(2)
    for seed in range(300):
        y, arm, block, cluster = clustered_blocks(seed)
        for k, drawn in enumerate((None, cluster)):
            found = by_blocks(y, arm, block, drawn)
            rejected[k] += abs(found.value) > stats.t.ppf(0.975, found.df_p) * found.hybrid_p
    # Monte Carlo error of a share of .05 over 300 runs: .0126; three of them.
    assert rejected[1] / 300 == pytest.approx(0.05, abs=0.038)
    # One control cluster a block: its blocks are compared with one another, units or clusters.
    y, arm, block, cluster = clustered_blocks(0, per=4)
    two = np.isin(cluster % 4, (0, 1)).astype(float)
    apart, alone = by_blocks(y, two, block, cluster), by_blocks(y, two, block)
    assert apart.hybrid_p > 1.5 * alone.hybrid_p
    assert (apart.df_p, alone.df_p) == (60 - 30, 600 - 30)


def test_the_mean_of_blocks_by_hand():
    """Two blocks of two clusters an arm: the variance of a mean from the means of clusters."""
    size = np.array([2, 3, 4, 1, 2, 2, 5, 3])
    cluster = np.repeat(np.arange(8), size)
    block, arm = cluster // 4, (cluster % 4 > 1).astype(float)
    y = np.random.default_rng(0).normal(size=len(cluster))
    found, variance, value = by_blocks(y, arm, block, cluster), 0.0, 0.0
    for b in (0, 1):
        share, sign = (block == b).mean(), {0: -1, 1: 1}
        for a in (0, 1):
            here = (block == b) & (arm == a)
            value += share * sign[a] * y[here].mean()
            left = [y[here & (cluster != c)].mean() for c in np.unique(cluster[here])]
            # Jackknife of two: half the sum of squares around the mean of all.
            variance += share**2 * ((np.array(left) - y[here].mean()) ** 2).sum() / 2
    assert found.value == pytest.approx(value)
    assert found.hybrid_p == found.hybrid_m == pytest.approx(np.sqrt(variance))
    assert found.df_p == 8 - 4


def test_degrees_of_freedom_are_those_of_the_design():
    def df(*shape):
        block = np.repeat(np.arange(len(shape)), [sum(one) for one in shape])
        arm = np.concatenate([np.repeat([1.0, 0.0], one) for one in shape])
        y = np.random.default_rng(0).normal(size=len(block))
        return by_blocks(y, arm, block)

    assert df((2, 2), (3, 2), (4, 4)).df_p == pytest.approx(17 - 6)
    assert df(*[(4, 1)] * 9).df_p == pytest.approx(8)
    mixed = df(*[(4, 1)] * 9, *[(4, 4)] * 5)
    assert 8 < mixed.df_p < 8 + 40 - 10
    # Where one block holds half of those to be compared the error is not told.
    alone = df((4, 1), (3, 3))
    assert np.isnan([alone.hybrid_p, alone.df_p]).all()


def test_six_cities(experiment):
    persons = experiment("green_gerber_nickerson_2003.dta")
    table = pd.DataFrame(
        {
            "voted": (persons["voted01"] == "Voted").astype(float),
            "z": (persons["treatmen"] == "Treatment").astype(int),
            "city": persons["city"].astype(str),
        }
    )
    spec = Spec(("voted",), assigned="z", block="city")
    found = estimate_impact(table, spec).pick("voted", estimator="block_size_weighted")
    # Neyman's error city by city, t with N − 2B degrees of freedom, worked apart.
    cells = table.groupby(["city", "z"])["voted"].agg(["mean", "var", "size"]).reset_index()
    parts = cells.pivot_table(index="city", columns="z", values=["mean", "var", "size"])
    n = parts["size"].sum(axis=1)
    value = ((parts["mean"][1] - parts["mean"][0]) * n).sum() / n.sum()
    own = parts["var"] / parts["size"]
    error = np.sqrt((n**2 * own.sum(axis=1)).sum()) / n.sum()
    p = 2 * stats.t.sf(abs(value) / error, n.sum() - 12)
    assert (found.value, found.std_error) == pytest.approx((value, error), abs=1e-10)
    assert found.p_value == pytest.approx(p, abs=1e-10)
    assert found.p_value == pytest.approx(0.0046, abs=5e-5)


# Probabilities that differ


def unequal(seed=0, effects=(0.08, 0.02, 0.05), size=20):
    """Nine blocks with half, a fifth and four fifths treated; the truth is .05."""
    rng = np.random.default_rng(seed)
    block = np.repeat(np.arange(9), size)
    share = np.array([0.5, 0.2, 0.8] * 3)
    arms = Lottery(np.arange(len(block)), block, (share * size).astype(int), share).assign(rng)
    level = rng.normal(0.3, 0.1, 9)[block]
    y = level + np.array(effects * 3)[block] * arms + rng.normal(0, 0.02, len(block))
    return pd.DataFrame({"y": y, "assigned": arms.astype(int), "block": block, "p": share[block]})


@pytest.mark.parametrize("probability", ["", "p"])
def test_other_probabilities_are_weighed_and_said(probability):
    table = unequal()
    impact = estimate_impact(table, Spec(("y",), block="block", probability=probability))
    first = impact.pick("y")
    assert (impact.headline, first.estimator) == ("ipw", "ipw")
    assert "inverse probability (Hájek)" in impact.summary()
    assert any("from 0.20 to 0.80" in note for note in impact.notes)
    # The same regression by another program, with the weights of either arm.
    for weight in (
        1 / (table.p * (1 - table.p)),
        1 / np.where(table.assigned, table.p, 1 - table.p),
    ):
        peer = smf.wls("y ~ assigned + C(block)", table, weights=weight).fit()
        assert first.value == pytest.approx(peer.params["assigned"], abs=1e-10)
    peer = smf.wls("y ~ assigned + C(block)", table, weights=1 / (table.p * (1 - table.p)))
    assert first.std_errors["HC1"] == pytest.approx(
        peer.fit(cov_type="HC1").bse["assigned"], abs=1e-10
    )
    total = impact.pick("y", estimator="horvitz_thompson").value
    parts = table.y * np.where(table.assigned, 1 / table.p, -1 / (1 - table.p))
    assert total == pytest.approx(parts.mean(), abs=1e-10)
    asked = estimate_impact(table, Spec(("y",), block="block", estimator="difference"))
    assert asked.pick("y").estimator == "block_fixed_effects"
    assert any("does not weigh by its inverse" in note for note in asked.notes)


def test_without_blocks_each_unit_has_its_own_weight():
    rng = np.random.default_rng(2)
    p = rng.uniform(0.2, 0.8, 400)
    arms = (rng.random(400) < p).astype(int)
    table = pd.DataFrame({"y": p + rng.normal(size=400), "assigned": arms, "p": p})
    found = estimate_impact(table, Spec(("y",), probability="p")).pick("y")
    weight = 1 / np.where(arms, p, 1 - p)
    peer = smf.wls("y ~ assigned", table, weights=weight).fit(cov_type="HC1")
    assert found.value == pytest.approx(peer.params["assigned"], abs=1e-10)
    assert found.std_error == pytest.approx(peer.bse["assigned"], abs=1e-10)


def test_one_probability_for_all_changes_nothing(trial):
    """Incomplete blocks have other shares by chance: the draw was one."""
    spec = Spec(("vote",), block="block")
    impact = estimate_impact(trial, spec)
    assert impact.headline == "difference"
    assert {e.estimator for e in impact.estimates} == {"block_fixed_effects", "block_size_weighted"}
    rng = np.random.default_rng(5)
    alone = trial.assign(assigned=(rng.random(len(trial)) < 0.8).astype(int))
    assert estimate_impact(alone, spec).headline == "difference"


def test_totals_over_all_draws_are_unbiased_and_their_error_is_no_smaller_than_it_is():
    """Two blocks with fixed numbers, units drawn alone in a third: every draw, by hand."""
    rng = np.random.default_rng(4)
    block = np.array([0] * 4 + [1] * 4 + [2] * 3)
    base, effect = rng.normal(size=11), rng.normal(1, 1, 11)
    p = np.array([0.5] * 8 + [0.4] * 3)
    values, variances, chance = [], [], []
    for one in combinations(range(4), 2):
        for other in combinations(range(4, 8), 2):
            for few in range(4):
                for last in combinations(range(8, 11), few):
                    arm = np.zeros(11)
                    arm[[*one, *other, *last]] = 1
                    found = horvitz_thompson(base + effect * arm, arm, p, block)
                    values.append(found.value)
                    variances.append(found.hybrid_p**2)
                    chance.append(0.4**few * 0.6 ** (3 - few) / 36)
    mean = np.average(values, weights=chance)
    assert sum(chance) == pytest.approx(1)
    assert mean == pytest.approx(effect.mean())
    true = np.average((np.array(values) - mean) ** 2, weights=chance)
    assert np.average(variances, weights=chance) >= true


@pytest.mark.parametrize("estimator", ["ancova", "lin"])
def test_a_headline_that_nothing_can_be_adjusted_for(trial, estimator):
    with pytest.raises(DataError, match=r"nothing to adjust[\s\S]*--lag"):
        estimate_impact(trial, Spec(("vote",), block="block", estimator=estimator))
    with pytest.raises(DataError, match="There is no estimator"):
        Spec(("vote",), estimator="best")
    with pytest.raises(DataError, match="needs what was carried out"):
        estimate_impact(trial, Spec(("vote",), block="block", estimator="allocation"))


# Few draws


def test_every_possible_draw_is_looked_at_when_they_are_few():
    lottery = Lottery(
        np.arange(9), np.array([0] * 4 + [1] * 5), np.array([2, 1]), np.array([0.5, 0.2])
    )
    assert lottery.possible == 6 * 5
    arms = lottery.every()
    assert len(np.unique(arms, axis=0)) == 30
    assert (arms[:, :4].sum(axis=1) == 2).all()
    assert (arms[:, 4:].sum(axis=1) == 1).all()
    y = np.random.default_rng(0).normal(size=9)
    seen = Observed(arms[3].astype(float), {"y": y}, lottery.block, np.ones(9))
    test = randomisation_test(lottery, seen, rng=np.random.default_rng(0), draws=50)
    assert (test.exact, test.draws) == (True, 30)
    # The coefficient with block effects, draw by draw.
    swept = arms - np.column_stack([np.full((30, 4), 0.5), np.full((30, 5), 0.2)])
    null = swept @ y / (swept**2).sum(axis=1)
    assert test.value("y") == (np.abs(null) >= np.abs(null[3]) * (1 - 1e-9)).mean()
    alone = replace(lottery, treated=np.array([EACH, 1]))
    assert alone.possible == 16 * 5
    assert len(np.unique(alone.every(), axis=0)) == 80
    # Draws that are not equally probable are not counted as if they were.
    assert np.isinf(replace(alone, share=np.array([0.4, 0.2])).possible)


def test_only_draws_that_count_are_looked_at():
    lottery = Lottery(np.arange(8), np.repeat([0, 1], 4), np.array([2, 2]), np.full(2, 0.5))
    chosen = lottery.accepting(np.random.default_rng(0).normal(size=(8, 1)), 0.3)
    arms = chosen.every()
    assert 0 < len(arms) < 36
    totals = arms.astype(float) @ chosen.acceptance.totals
    assert (chosen.acceptance.distances(totals) <= chosen.acceptance.limit).all()


# What does not vary


def test_an_outcome_that_never_varies(trial):
    table = trial.assign(vote=0.4)
    impact = estimate_impact(
        table, Spec(("vote", "turnout"), block="block"), rng=np.random.default_rng(0), draws=200
    )
    found = impact.pick("vote")
    assert (found.value, found.p_randomisation) == (0, 1)
    assert np.isnan(found.interval).all()
    assert any("the same in every unit" in note for note in impact.notes)
    assert impact.pick("turnout").judged


def test_what_is_told_exactly_is_never_certain():
    """After Spec's own regression nothing is left: the width would be nought, and p 0 or 1."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"assigned": [0, 1] * 20, "y": 0.3 + 0.1 * rng.random(40)})
    made = table.assign(made=3 * table["y"])
    spec = Spec(("y",), covariates=("made",), measured_before=True, estimator="ancova")
    found = estimate_impact(made, spec)
    assert np.isnan([*found.pick("y").interval, found.pick("y").p_value]).all()
    assert found.pick("y", estimator="difference_in_means").p_value > 0
    assert any("is told exactly" in note for note in found.notes)
    # An outcome that is the arm itself: five points without any doubt, said of forty persons.
    plain = estimate_impact(table.assign(y=0.3 + 0.05 * table["assigned"]), Spec(("y",)))
    assert plain.pick("y").value == pytest.approx(0.05)
    assert np.isnan([*plain.pick("y").interval, plain.pick("y").p_value]).all()


def test_shares_that_may_be_chance_are_said_and_choose_nothing():
    table = unequal(size=10)
    few = table[table["block"] < 6]
    found = estimate_impact(few, Spec(("y",), block="block"))
    assert found.pick("y").estimator == "block_fixed_effects"
    assert found.pick("y", estimator="ipw").value != found.pick("y").value
    assert any("from 0.20 to 0.80, as one probability" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("u;y\na;0,25\nb;1,500\n", [0.25, 1.5]),
        ("u;y\na;1,234\nb;2,500\n", [1.234, 2.5]),
        ("u\ty\na\t0,25\nb\t1,5\n", [0.25, 1.5]),
        # Thousands, perhaps: its reader refuses them.
        ("u\ty\na\t1,234\nb\t2,500\n", ["1,234", "2,500"]),
        ('u,y\na,"0,25"\nb,"0,5"\n', ["0,25", "0,5"]),
        ("u;y\na;3,5 rue\nb;0,5\n", ["3,5 rue", "0,5"]),
    ],
)
def test_decimal_commas_where_no_comma_parts_cells(tmp_path, text, cells):
    (tmp_path / "units.csv").write_text(text, encoding="utf-8")
    found = read_units(tmp_path / "units.csv")["y"].tolist()
    assert [type(wanted)(cell) for cell, wanted in zip(found, cells, strict=True)] == cells


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"u,y\n", "is empty"), (b"\x00\x01garbage\nb\n", "cannot be read"), (b" \n", "is empty")],
)
def test_files_without_a_row_and_files_that_are_no_text_are_refused(tmp_path, content, says):
    (tmp_path / "units.csv").write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_units(tmp_path / "units.csv")


def test_a_spreadsheets_unicode_text_is_read(tmp_path):
    (tmp_path / "units.csv").write_bytes("unité\tpart\na\t0,25\n".encode("utf-16"))
    assert read_units(tmp_path / "units.csv").to_dict("list") == {"unité": ["a"], "part": ["0.25"]}


def test_why_a_table_is_cut_is_said_in_french_too(tmp_path):
    (tmp_path / "units.csv").write_text("u,y\na,1\nb,2,3\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_units(tmp_path / "units.csv")
    assert told(refused.value.where, "fr") == (
        "units.csv\N{NO-BREAK SPACE}: la ligne 3 a 3 cellules, la première 2"
    )


def test_names_that_repeat_are_told_where_nobody_said_what_names_a_unit():
    rng = np.random.default_rng(5)
    names = [f"{i:04d}" for i in range(40)]
    table = pd.DataFrame({"code du bureau": names, "vote": rng.random(40).round(3).astype("str")})
    table = table.assign(arm=np.arange(40) % 2)
    spec = Spec(("vote",), assigned="arm")
    told = {note.key for note in estimate_impact(table, spec).notes}
    assert "units_twice" not in told
    table.loc[39, "code du bureau"] = "0003"
    (note,) = (n for n in estimate_impact(table, spec).notes if n.key == "units_twice")
    assert "column code du bureau" in note
    assert "1 of its names stand in several: 0003" in note
    with pytest.raises(DataError, match="stands in several rows"):
        estimate_impact(table, replace(spec, unit="code du bureau"))
    # Two to a household, or an answer in words, name no unit.
    table["code du bureau"] = [names[i // 2] for i in range(40)]
    assert "units_twice" not in {note.key for note in estimate_impact(table, spec).notes}


def test_names_that_repeat_are_no_fault_of_households():
    homes = [f"foyer {max(i, 1)}" for i in range(40)]
    table = pd.DataFrame({"home": homes, "arm": [1, 1, *(np.arange(38) % 2)]})
    table["vote"] = np.arange(40) % 7 / 10
    alone, together = Spec(("vote",), assigned="arm"), Spec(("vote",), "arm", cluster="home")
    assert "units_twice" in {note.key for note in estimate_impact(table, alone).notes}
    assert "units_twice" not in {note.key for note in estimate_impact(table, together).notes}


# A unit alone in its arm of a block


def _with_one_control(blocks, size=5):
    rng = np.random.default_rng(12)
    arm = np.tile([0, *[1] * (size - 1)], blocks)
    y = rng.normal(0.4, 0.05, blocks * size)
    return pd.DataFrame({"assigned": arm, "block": np.repeat(np.arange(blocks), size), "y": y})


def test_one_control_per_block_is_read_with_hc2_and_said():
    table = _with_one_control(20)
    impact = estimate_impact(table, Spec(("y",), block="block"))
    found = impact.pick("y")
    fit = smf.ols("y ~ assigned + C(block)", table).fit(cov_type="HC2")
    assert found.kind == "HC2"
    assert found.std_error == pytest.approx(fit.bse["assigned"], abs=1e-10)
    # Satterthwaite's 28.3 degrees of freedom give t = 2.047; 79 would give 1.990.
    half = (found.interval[1] - found.interval[0]) / 2
    assert half / found.std_error == pytest.approx(2.047, abs=0.001)
    assert any("alone in its arm" in note for note in impact.notes)
    assert impact.to_json()["intervals_from"]["block_fixed_effects"] == "HC2"
    asked = estimate_impact(table, Spec(("y",), block="block", std_error="HC1"))
    assert asked.pick("y").kind == "HC1"
    assert not any("alone in its arm" in note for note in asked.notes)


def test_two_in_each_arm_are_read_with_hc1():
    table = _with_one_control(12, 4).assign(assigned=np.tile([0, 0, 1, 1], 12))
    assert estimate_impact(table, Spec(("y",), block="block")).pick("y").kind == "HC1"


def test_one_unit_against_all_others_has_no_interval():
    impact = estimate_impact(_with_one_control(1, 20), Spec(("y",)))
    assert not impact.pick("y").judged
    assert any("fitted exactly" in note for note in impact.notes)

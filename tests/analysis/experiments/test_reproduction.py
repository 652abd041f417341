"""Every number of other packages, to 1e-8 where the formula is the same; the rest explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.experiments.analysis_spec import Spec
from analysis.experiments.assignment import Lottery
from analysis.experiments.blocked_means import by_blocks
from analysis.experiments.effects import estimate_impact
from analysis.experiments.estimators import Layout, Regression
from analysis.experiments.randomisation import Observed, randomisation_test

KINDS = ("HC0", "HC1", "HC2", "HC3")
PONS = {
    "assigned": "treatment",
    "received": "allocated",
    "block": "stratum_identifier",
    "std_error": "HC1",
}


def exactly(value):
    return pytest.approx(value, abs=1e-8)


@pytest.fixture(scope="module")
def pons(areas):
    return estimate_impact(areas, Spec(("hollande_r1", "turnout_r1"), **PONS))


@pytest.fixture(scope="module")
def strata(areas):
    """Make the regression itself, for the errors that no result carries."""
    size = areas.groupby("stratum_identifier")["treatment"].transform("size")
    kept = areas[size > 1]
    block = np.asarray(pd.factorize(kept["stratum_identifier"])[0])
    layout = Layout.of(len(kept), block=block, cluster=block)
    return kept, Regression(layout, kept[["treatment"]].to_numpy(float))


# Pons 2018


def test_the_assignment_of_2012(pons, reference):
    found, wanted = pons.pick("hollande_r1"), reference["pons_2018"]["fe_itt_hollande_r1"]
    assert (found.n, found.blocks, found.dropped) == (3390, 726, 7)
    assert found.value == exactly(wanted["b"])
    for kind in KINDS:
        assert found.std_errors[kind] == exactly(wanted[f"se_{kind}"])
    assert found.std_errors["CR2"] == exactly(wanted["se_cluster_stratum_CR2"])


def test_the_other_errors_of_2012(strata, reference):
    kept, regression = strata
    wanted = reference["pons_2018"]["fe_itt_hollande_r1"]
    errors = regression.std_errors(kept["hollande_r1"].to_numpy())
    assert errors["classical"] == exactly(wanted["se_classical"])
    assert errors["CR0"] == exactly(wanted["se_cluster_stratum_CR0"])
    assert regression.satterthwaite_df == pytest.approx(wanted["cr2_df"], abs=5e-4)
    assert regression.residual_df == wanted["df"]
    # Two packages scale CR0 by factors of their own, which we do not offer: pyfixest counts
    # G/(G−1)·(n−1)/(n−k) without the nested block effects, estimatr with all of them.
    groups, n, k = regression.layout.blocks, len(kept), 1
    stata = np.sqrt(groups / (groups - 1) * (n - 1) / (n - k - groups))
    assert errors["CR0"] * stata == exactly(wanted["se_cluster_stratum_estimatr100_stata"])
    nested = np.sqrt(groups / (groups - 1) * (n - 1) / (n - k - 1))
    assert errors["CR0"] * nested == pytest.approx(
        wanted["se_cluster_stratum_pyfixest_CRV1_nested"], rel=2e-4
    )


def test_turnout_did_not_move_in_2012(pons, reference):
    found, wanted = pons.pick("turnout_r1"), reference["pons_2018"]["fe_itt_turnout_r1"]
    assert found.value == exactly(wanted["b"])
    assert found.std_errors["HC1"] == exactly(wanted["se_HC1"])
    assert found.std_errors["HC2"] == exactly(wanted["se_HC2"])
    assert "no effect detected" in found.sentence()


def test_the_lists_of_2012(pons, strata, reference):
    found, wanted = pons.pick("turnout_r1", "first_stage"), reference["pons_2018"]
    assert found.value == exactly(wanted["first_stage_allocated"]["b"])
    assert found.std_errors["HC1"] == exactly(wanted["first_stage_allocated"]["se_HC1"])
    for outcome in ("hollande_r1", "turnout_r1"):
        allocation, iv = pons.pick(outcome, "allocation"), wanted[f"iv_{outcome}"]
        assert allocation.value == exactly(iv["b"])
        assert allocation.std_errors["HC1"] == exactly(iv["se_HC1"])
    hc2 = wanted["iv_hollande_r1"]["se_HC2"]
    assert pons.pick("hollande_r1", "allocation").std_errors["HC2"] == exactly(hc2)
    kept, regression = strata
    within = regression.residuals(kept["allocated"].to_numpy(float))
    whole = regression.layout.demean(kept["allocated"].to_numpy(float))
    r2 = 1 - (within**2).sum() / (whole**2).sum()
    assert r2 == pytest.approx(wanted["first_stage_allocated"]["R2_within"], abs=5e-7)


def test_the_printed_table_of_2012(pons, published):
    paper = published("pons_2018")
    for estimand in ("assignment", "allocation"):
        for outcome, (value, error) in paper[estimand].items():
            found = pons.pick(outcome, estimand)
            assert (round(found.value, 4), round(found.std_error, 4)) == (value, error)
    stage = pons.pick("hollande_r1", "first_stage")
    assert [round(stage.value, 4), round(stage.std_error, 4)] == paper["first_stage"]["allocated"]


def test_blocks_weighted_by_size_in_2012(pons, areas, reference):
    wanted = reference["pons_2018"]["block_size_weighted_hollande_r1_669_blocks_3217_rows"]
    found = pons.pick("hollande_r1", estimator="block_size_weighted")
    assert (found.n, found.blocks) == (3217, 669)
    assert found.value == exactly(wanted["b"])
    assert found.std_errors["hybrid_p"] == exactly(wanted["se_hybrid_p"])
    assert found.std_errors["hybrid_m"] == exactly(wanted["se_hybrid_m"])
    # estimatr's matched-pair formula supposes blocks of one size; these have four.
    matched = wanted["se_matched_pair_formula_estimatr100"]
    assert abs(matched - found.std_error) > 1e-5


def test_without_blocks_in_2012(strata, reference):
    kept, _ = strata
    wanted = reference["pons_2018"]["dim_unblocked_hollande_r1_on_3390"]
    found = estimate_impact(kept, Spec(("hollande_r1",), assigned="treatment")).pick("hollande_r1")
    assert found.value == exactly(wanted["b"])
    assert found.std_errors["HC2"] == exactly(wanted["se_neyman"])
    assert (found.estimator, found.blocks) == ("difference_in_means", 0)


def test_the_sample_with_results_of_2007(areas, reference):
    wanted = reference["pons_2018"]["2007_sample_N2660_FE_only"]
    part = areas[areas["in_2007_sample"] == 1]
    spec = Spec(("hollande_r1", "hollande_r2", "turnout_r2"), **PONS)
    impact = estimate_impact(part, spec)
    found = {name: impact.pick(name) for name in spec.outcomes}
    found["first_stage"] = impact.pick("hollande_r1", "first_stage")
    assert found["hollande_r1"].n == 2660
    for name, (value, error) in wanted.items():
        assert found[name].value == pytest.approx(value, abs=5e-7)
        assert found[name].std_error == pytest.approx(error, abs=6e-6)


def test_drawing_2012_again(areas, reference):
    wanted = reference["pons_2018"]["ri_within_strata_20000_draws"]
    spec = Spec(("hollande_r1", "turnout_r1"), **PONS)
    test = estimate_impact(areas, spec, rng=np.random.default_rng(1), draws=4000).randomisation
    # Three Monte Carlo errors of both shares.
    for outcome in spec.outcomes:
        p = wanted[f"{outcome}_p"]
        room = 3 * np.sqrt(p * (1 - p) * (1 / 4000 + 1 / 20_000)) + 1 / 4001
        assert test.value(outcome) == pytest.approx(p, abs=room)
    assert test.null["hollande_r1"].std() == pytest.approx(wanted["null_sd"], rel=0.04)
    part = areas[areas["in_2007_sample"] == 1]
    block = np.asarray(pd.factorize(part["stratum_identifier"])[0])
    arms = part["treatment"].to_numpy(float)
    seen = Observed(arms, {"y": part["hollande_r2"].to_numpy()}, block, np.ones(len(part)))
    rng = np.random.default_rng(2)
    p = randomisation_test(Lottery.of_arms(arms, block), seen, rng=rng, draws=4000, level=None)
    assert p.value("y") == pytest.approx(wanted["hollande_r2_2007sample_p"], abs=0.0123)


def test_control_means_of_2012(areas, reference):
    wanted = reference["pons_2018"]["control_means"]
    control = areas[areas["treatment"] == 0]
    assert control["hollande_r1"].mean() == pytest.approx(wanted["hollande_r1_3397"], abs=5e-6)
    assert control["turnout_r1"].mean() == pytest.approx(wanted["turnout_r1_3397"], abs=5e-6)
    part = control[control["in_2007_sample"] == 1]
    for name, value in wanted["2007_sample"].items():
        assert part[name].mean() == pytest.approx(value, abs=6e-6)


def test_where_the_3_1_points_come_from(areas, reference, published):
    """From 0.44 points of assignment to 3.24 among those reached: a known multiplier."""
    paper, counts = published("pons_2018")["coverage"], reference["pons_2018"]
    counts = counts["multipliers_from_Analysis.do"]
    treated = counts["N_T_alloc"] + counts["N_T_nonalloc"]
    for round_, share, knocked in ((1, "x1", counts["knocked_round1"]), (2, "x2", 1.0)):
        allocated, other, control = counts[share]
        reached = counts["N_T_alloc"] * knocked
        in_treated = reached * (allocated + other) / treated
        in_control = reached * control / counts["N_C"]
        # The archive prints shares with seven digits.
        gap = in_treated - in_control
        assert 1 / gap == pytest.approx(paper[f"m{round_}"], abs=1e-5)
    assert in_treated == pytest.approx(paper["reached_of_treated"], abs=5e-4)
    assert in_control == pytest.approx(paper["reached_of_control"], abs=5e-4)
    spec = Spec(("hollande_r1",), **PONS, gap=1 / paper["m1"])
    impact = estimate_impact(areas, spec)
    coverage, assignment = (impact.pick("hollande_r1", e) for e in ("coverage", "assignment"))
    assert coverage.value == pytest.approx(assignment.value * paper["m1"])
    assert paper["assignment"] * paper["m1"] == pytest.approx(paper["among_reached"], abs=2e-4)
    assert any("taken as known" in note for note in impact.notes)


# Three more


def test_new_haven_1998(experiment, reference, published):
    persons = experiment("new_haven_1998.csv").query("phone_rand == 0")
    spec = Spec(("turnout_98",), assigned="inperson_rand", received="inperson")
    impact = estimate_impact(persons, spec)
    wanted, paper = reference["new_haven_1998_factiv"], published("field_experiments")
    assignment, stage, allocation = (
        impact.pick("turnout_98", e) for e in ("assignment", "first_stage", "allocation")
    )
    assert assignment.n == wanted["N"]
    assert assignment.value == exactly(wanted["itt"])
    assert assignment.std_errors["HC2"] == exactly(wanted["se_HC2"])
    assert stage.value == exactly(wanted["itt_d"])
    assert allocation.value == exactly(wanted["cace"])
    assert allocation.std_errors["HC2"] == exactly(wanted["se_HC2_iv"])
    assert allocation.std_errors["HC1"] == exactly(wanted["se_HC1_iv"])
    assert allocation.std_errors["classical"] == exactly(wanted["se_classical_iv"])
    value, error = paper["new_haven_1998"]["allocation"]
    assert allocation.value == pytest.approx(value, abs=5e-8)
    assert allocation.std_error == pytest.approx(error, abs=2e-5)


def test_arceneaux_2005(experiment, reference):
    persons = experiment("arceneaux_2005.csv")
    spec = Spec(("Y_voted_2003",), assigned="Z", received="D_contact", cluster="precinct")
    impact, wanted = estimate_impact(persons, spec), reference["arceneaux_2005"]
    assignment, allocation = (impact.pick("Y_voted_2003", e) for e in ("assignment", "allocation"))
    assert assignment.kind == "CR2"
    assert assignment.value == exactly(wanted["itt"])
    assert assignment.std_errors["CR2"] == exactly(wanted["se_CR2"])
    assert assignment.std_errors["CR0"] == exactly(wanted["se_CR0"])
    assert allocation.value == exactly(wanted["iv"])
    assert allocation.std_errors["CR2"] == exactly(wanted["iv_se_CR2"])
    # Stata's factor on CR0, which we do not offer: it is one number for all designs.
    groups, n, k = wanted["clusters"], wanted["rows"], 2
    stata = np.sqrt(groups / (groups - 1) * (n - 1) / (n - k))
    assert assignment.std_errors["CR0"] * stata == exactly(wanted["se_stata"])
    assert allocation.std_errors["CR0"] * stata == exactly(wanted["iv_se_stata"])
    means = persons.groupby("precinct", as_index=False)[["Z", "Y_voted_2003"]].mean()
    of_means = estimate_impact(means, Spec(("Y_voted_2003",), assigned="Z")).pick("Y_voted_2003")
    assert of_means.value == exactly(wanted["precinct_mean_diff"])
    assert of_means.std_error == exactly(wanted["precinct_mean_se"])
    # Horvitz and Thompson's totals: another estimand's weights, the same data.
    totals = persons.groupby("precinct").agg(z=("Z", "first"), y=("Y_voted_2003", "sum"))
    chance = totals["z"].mean()
    parts = np.where(totals["z"] == 1, 1 / chance, -1 / (1 - chance)) * totals["y"]
    assert parts.sum() / len(persons) == exactly(wanted["ht_totals"])


def test_arceneaux_2005_degrees_of_freedom(experiment, reference):
    persons = experiment("arceneaux_2005.csv")
    cluster = np.asarray(pd.factorize(persons["precinct"])[0])
    regression = Regression(Layout.of(len(persons), cluster=cluster), persons[["Z"]].to_numpy())
    wanted = reference["arceneaux_2005"]["cr2_df"]
    assert regression.satterthwaite_df == pytest.approx(wanted, abs=5e-3)


def test_green_gerber_nickerson_2003(experiment, reference, published):
    persons = experiment("green_gerber_nickerson_2003.dta")
    # Blocks are the turfs of each city; two cities use the same numbers.
    table = pd.DataFrame(
        {
            "voted": (persons["voted01"] == "Voted").astype(float),
            "z": (persons["treatmen"] == "Treatment").astype(int),
            "contact": (persons["contact"] == "Yes").astype(float),
            "block": persons["city"].astype(str) + "/" + persons["turf"].astype(str),
        }
    )
    spec = Spec(("voted",), assigned="z", received="contact", block="block")
    # Turfs had other shares each: the paper's estimate is not our first choice.
    assert estimate_impact(table, spec).pick("voted").estimator == "ipw"
    impact = estimate_impact(table, replace(spec, estimator="difference"))
    wanted = reference["ggn_2003"]
    paper = published("field_experiments")["green_gerber_nickerson_2003"]
    for estimand, value, error in (
        ("assignment", "itt", "se_ols"),
        ("allocation", "cace", "se_2sls"),
    ):
        found = impact.pick("voted", estimand)
        # The package printed six digits, and errors of equal variances.
        assert found.value == pytest.approx(wanted[value], abs=6e-7)
        assert found.std_errors["classical"] == pytest.approx(wanted[error], abs=2e-6)
        told = [round(100 * found.value, 1), round(100 * found.std_errors["classical"], 1)]
        assert told == paper[estimand]
    # One turf has a single person, whom we leave out and the package kept with its own dummy.
    found = impact.pick("voted")
    assert found.n + found.dropped == wanted["N"] == paper["n"]
    assert found.dropped == 1


def test_lin_2013(experiment, reference, published):
    students = experiment("lin_2013_alo_star_men.csv")
    spec = Spec(("GPA_year1",), assigned="sfsp", covariates=("gpa0",), std_error="HC0")
    impact = estimate_impact(students, spec)
    wanted, paper = reference["lin_2013_table2"], published("field_experiments")["lin_2013"]
    for name, ours in (("unadjusted", "difference_in_means"), ("ols", "ancova"), ("lin", "lin")):
        found = impact.pick("GPA_year1", estimator=ours)
        assert [found.value, found.std_error] == exactly(wanted[name])
        assert [round(found.value, 3), round(found.std_error, 3)] == paper[ours]


def test_hybrid_errors_agree_where_all_blocks_are_of_one_size():
    rng = np.random.default_rng(4)
    block, arm = np.repeat(np.arange(30), 5), np.tile([1.0, 1, 1, 1, 0], 30)
    found = by_blocks(rng.normal(size=150), arm, block)
    assert found.hybrid_p == pytest.approx(found.hybrid_m)

"""The “3.1 points”: published figures, their reproduction, and the trial that stands in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.pons_2012.published import published as figures
from analysis.experiments.pons_2012.reproduction import (
    ARCHIVE,
    FILE,
    VARIABLE,
    Areas,
    estimate_areas,
    from_assignment_to_reached,
    read_areas,
    reproduce,
)
from analysis.experiments.pons_2012.simulation import COLUMNS, simulate_2012
from tests.made import DATA


@pytest.fixture(scope="module")
def made():
    """Draw the simulated trial once."""
    return simulate_2012()


@pytest.fixture(scope="module")
def simulated(made):
    """Give it as areas."""
    return Areas(made.areas, simulated=True, source="simulated")


def test_the_librarys_figures_are_those_of_the_independent_record(published):
    ours, theirs = figures(), published("pons_2018")
    for name, part in theirs.items():
        if isinstance(part, dict):
            assert {key: ours[name][key] for key in part} == part
        else:
            assert ours[name] == part
    assert ours["archive"] == ARCHIVE


def test_published_figures_agree_with_one_another(reference):
    facts, counts = figures(), reference["pons_2018"]["multipliers_from_Analysis.do"]
    # Shares reached by group, from the archive's counts of doors.
    groups = ("allocated", "other_treated", "control")
    registered = [counts["N_T_alloc"], counts["N_T_nonalloc"], counts["N_C"]]
    for round_, shares, knocked in (
        ("round_1", counts["x1"], counts["knocked_round1"]),
        ("round_2", counts["x2"], 1.0),
    ):
        for group, share, people in zip(groups, shares, registered, strict=True):
            reached = counts["N_T_alloc"] * knocked * share / people
            assert facts["reached"][round_][group] == pytest.approx(reached, abs=5e-5)
    coverage = facts["coverage"]
    assert coverage["assignment"] == facts["assignment_adjusted"]["hollande_r1"][0]
    ours = coverage["assignment"] * coverage["m1"]
    assert ours == pytest.approx(coverage["among_reached"], abs=2e-4)
    ours = facts["assignment_adjusted"]["hollande_r2"][0] * coverage["m2"]
    assert ours == pytest.approx(coverage["among_reached_r2"], abs=3e-4)


def test_every_printed_digit_is_found_again_on_the_areas():
    if not (DATA / "experiments" / FILE).is_file():
        pytest.skip("the shared data are not there")
    areas = read_areas(DATA / "experiments")
    found = reproduce(areas)
    assert (areas.simulated, len(areas.main), len(found.table)) == (False, 3397, 5)
    assert found.same
    row = found.table.set_index(["estimand", "outcome"]).loc[("assignment", "hollande_r1")]
    assert row["ours"] == pytest.approx(0.006345757033, abs=1e-12)
    assert row["ours_se"] == pytest.approx(0.002345890828, abs=1e-12)


def test_a_wrong_digit_would_be_seen(simulated):
    table = reproduce(simulated).table
    stage = table.iloc[0]
    assert not stage["same"]
    assert stage["ours"] != stage["published"]


def test_the_simulated_trial_has_the_size_of_2012(made, simulated):
    facts = figures()["design"]
    areas = made.areas
    assert list(areas) == list(COLUMNS)
    assert len(areas) == facts["areas"]
    assert areas["territory"].nunique() == facts["territories"]
    size = areas.groupby("territory").size()
    assert size.max() <= 15
    assert abs(simulated.main["territory"].nunique() - facts["territories_in_sample"]) <= 5
    assert abs(len(simulated.main) - facts["areas_in_sample"]) <= 20
    blocks = areas.groupby("stratum_identifier")["treatment"].agg(["size", "sum"])
    assert (blocks.loc[blocks["size"] == 5, "sum"] == 4).all()
    assert (blocks["size"] <= 5).all()
    assert areas.groupby("stratum_identifier")["territory"].nunique().max() == 1
    assert areas["treatment"].mean() == pytest.approx(0.8, abs=0.01)


def test_the_layout_is_that_of_the_real_file(made, areas):
    assert list(made.areas) == list(areas)
    kinds = {name: areas[name].dtype.kind for name in areas}
    assert {name: made.areas[name].dtype.kind for name in made.areas} == kinds


def test_controls_are_on_no_list_and_57_of_100_treated_are(simulated):
    main = simulated.main
    assert not main.loc[main["treatment"] == 0, "allocated"].any()
    share = main.loc[main["treatment"] == 1, "allocated"].mean()
    assert share == pytest.approx(0.57, abs=0.01)


def test_the_planted_effects_are_found(simulated, made):
    table = reproduce(simulated).table.set_index(["estimand", "outcome"])
    for outcome in ("hollande_r1", "turnout_r1"):
        found = table.loc[("allocation", outcome), "ours"]
        assert found == pytest.approx(made.truth["allocation"][outcome], abs=5e-4)
    second = estimate_areas(simulated.main, ["hollande_r2"]).pick("hollande_r2", "allocation")
    low, high = second.interval
    assert low <= made.truth["allocation"]["hollande_r2"] <= high
    # Errors are of the published size, so that chance is told as it was.
    assert 0.6 < (table["ours_se"] / table["published_se"]).max() < 1.2


def test_over_all_territories_the_effect_is_diluted(simulated):
    whole = estimate_areas(simulated.table, ["hollande_r1"]).pick("hollande_r1")
    main = estimate_areas(simulated.main, ["hollande_r1"]).pick("hollande_r1")
    assert whole.n > 4 * main.n * 0.9
    assert 0 < whole.value < main.value / 2


def test_controls_were_reached_too_and_half_of_the_doors_opened(made):
    doors = made.doors.merge(made.areas[["index", "treatment"]], on="index")
    doors = doors[doors["knocks"] > 0]
    facts = figures()
    assert doors["opened"].sum() / doors["knocks"].sum() == pytest.approx(0.48, abs=0.005)
    for arm, share in ((1, "reached_of_treated"), (0, "reached_of_control")):
        part = doors[doors["treatment"] == arm]
        reached = np.average(part["reached_r2"], weights=part["registered"])
        assert reached == pytest.approx(facts["coverage"][share], abs=0.01)


def test_same_seed_same_trial(made):
    pd.testing.assert_frame_equal(made.areas, simulate_2012().areas)
    other = simulate_2012(1).areas
    assert not made.areas["hollande_r1"].equals(other["hollande_r1"])


def test_the_paths_of_the_areas(monkeypatch, tmp_path, made):
    file = tmp_path / FILE
    made.areas.head(500).to_csv(file, index=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_areas().simulated
    for given in (file, tmp_path):
        monkeypatch.setenv(VARIABLE, str(given))
        found = read_areas()
        assert (found.simulated, len(found.table), found.source) == (False, 500, FILE)
        assert found.main is found.table
        assert found.table["hollande_r1"].dtype == float
    monkeypatch.setenv(VARIABLE, "")
    assert read_areas().simulated


def test_a_file_that_was_asked_for_is_never_replaced_by_a_simulation(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(DataError, match="are not there") as error:
        read_areas()
    assert ARCHIVE in error.value.mend
    (tmp_path / FILE).write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="not the file of areas: it lacks index") as error:
        read_areas()
    assert error.value.mend
    text = ",".join(COLUMNS) + "\n" + ",".join(["x"] * len(COLUMNS)) + "\n"
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="values that are not numbers"):
        read_areas()


def test_how_0_4_becomes_3():
    facts = figures()["coverage"]
    table = from_assignment_to_reached(facts["assignment"], [1, 0.5, 1 / facts["m1"]])
    assert table["reached"].tolist() == pytest.approx([0.0044, 0.0088, 0.0323], abs=1e-4)
    with pytest.raises(DataError, match="between 0 and 1"):
        from_assignment_to_reached(0.0044, [0.2, 0.0])

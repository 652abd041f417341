"""Tests of the verbs design, power, verify and impact, as a shell runs them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.seal import seal, verify, write_seal
from tests.made import DATA


@pytest.fixture
def units(tmp_path, trial):
    """Write a table of units."""
    path = tmp_path / "units.csv"
    trial.to_csv(path, index=False)
    return path


def test_columns_that_nobody_declared_stay_in_the_file_of_units(run, units, tmp_path):
    table = pd.read_csv(units, dtype="str")
    own = {"nom": "Durand", "telephone": "0612345678", "email": "a@b.fr", "addresses": "3 rue X"}
    table.assign(**own).to_csv(units, index=False)
    out = tmp_path / "arms.csv"
    asked = ("--units", units, "--rank-by", "turnout", "--seed", 3, "--out", out)
    code, told, _ = run("design", *asked, "--covariates", "lagged")
    assert code == 0
    assert not set(own) & set(pd.read_csv(out))
    assert {"lagged", "registered", "turnout"} <= set(pd.read_csv(out))
    assert all(name in told for name in own)
    assert "Durand" not in out.read_text(encoding="utf-8")


def test_from_units_to_a_sealed_design_and_back(run, units, tmp_path):
    out = tmp_path / "arms.csv"
    words = ["design", "--units", units, "--rank-by", "turnout", "--seed", 3, "--out", out]
    code, told, _ = run(*words, "--outcome", "vote", "turnout", "--past", "lagged")
    assert code == 0
    assert "203 units, 203 drawn; 40 full blocks of 5 units: exactly 4 treated, 1 control" in told
    arms = pd.read_csv(out, dtype={"unit_id": "str"})
    assert list(arms)[:6] == ["unit_id", "arm", "block", "cluster", "probability", "assigned"]
    assert arms["unit_id"].tolist() == [f"{i:04d}" for i in range(203)]
    assert {"vote", "registered", "lagged"} <= set(arms)
    full = arms[arms["full"]].groupby("block")["assigned"].agg(["size", "sum"])
    assert (full == [5, 4]).all(axis=None)
    plan = (tmp_path / "arms.plan.md").read_text(encoding="utf-8")
    assert "Résultats : `vote`\N{NO-BREAK SPACE}; participation (`turnout`)." in plan
    assert "lagged\N{NO-BREAK SPACE}: " in plan
    seal = tmp_path / "arms.seal.json"
    code, told, _ = run("verify", seal)
    assert code == 0
    assert "unchanged: arms.csv, arms.plan.md, units.csv" in told
    first = seal.read_bytes()
    run(*words, "--outcome", "vote", "turnout", "--past", "lagged")
    assert seal.read_bytes() == first
    out.write_text("moved", encoding="utf-8")
    code, _, err = run("verify", seal)
    assert code == 1
    assert "A file is not the one that was sealed.\n  where: assignment: arms.csv\n  mend:" in err


def test_the_assignment_is_what_impact_reads(run, units, tmp_path):
    arms, out = tmp_path / "arms.csv", tmp_path / "impact.json"
    run(
        "design",
        "--units",
        units,
        "--rank-by",
        "lagged",
        "--seed",
        3,
        "--out",
        arms,
        "--block-size",
        4,
        "--control",
        2,
        "--outcome",
        "turnout",
    )
    words = ["impact", "--units", arms, "--outcome", "turnout", "--assigned", "assigned"]
    code, told, _ = run(*words, "--block", "block", "--draws", 99, "--out", out)
    assert code == 0
    assert "turnout: being drawn for the canvass: no effect detected" in told
    (first, *_) = json.loads(out.read_text(encoding="utf-8"))["estimates"]
    assert (first["n"], first["dropped"]) == (203, 0)


@pytest.fixture
def played(run, units, tmp_path, trial):
    """Seal a design of the trial's units, and write results in another order, some lost."""
    out = tmp_path / "arms.csv"
    run(
        *("design", "--units", units, "--rank-by", "lagged", "--seed", 3, "--out", out),
        *("--balance", "turnout", "--accept", 0.5),
    )
    (tmp_path / "arms.csv").rename(tmp_path / "kept.csv")
    arms = pd.read_csv(tmp_path / "kept.csv", dtype={"unit_id": "str"})
    results = arms[["unit_id", "assigned"]].assign(vote=trial["vote"] + 0.1 * arms["assigned"])
    path = tmp_path / "results.csv"
    results.iloc[5:].sample(frac=1, random_state=1).to_csv(path, index=False)
    return path, tmp_path / "arms.seal.json"


def test_impact_draws_the_sealed_design_again(run, played, tmp_path):
    results, seal = played
    out = tmp_path / "impact.json"
    words = ["impact", "--units", results, "--outcome", "vote", "--assigned", "assigned"]
    code, told, _ = run(*words, "--seal", seal, "--draws", 200, "--out", out)
    assert code == 0
    assert "supposes the draw" not in told
    content = json.loads(out.read_text(encoding="utf-8"))
    first = content["estimates"][0]
    assert (first["estimator"], first["dropped"]) == ("block_fixed_effects", 5)
    assert first["p_randomisation"] == pytest.approx(1 / 201)
    assert sum(row["missing"] for row in content["missing"]) == 5
    assert content["made_from"]["seal"] == json.loads(seal.read_text())["fingerprint"]


def test_results_of_another_design(run, played, tmp_path):
    results, seal = played
    table = pd.read_csv(results, dtype={"unit_id": "str"})
    out = tmp_path / "impact.json"
    words = ["impact", "--units", results, "--outcome", "vote", "--assigned", "assigned"]
    table.assign(assigned=1 - table["assigned"]).to_csv(results, index=False)
    code, _, err = run(*words, "--seal", seal, "--out", out)
    assert (code, "An arm is not the one that was drawn." in err) == (1, True)
    table.assign(unit_id="x" + table["unit_id"]).to_csv(results, index=False)
    code, _, err = run(*words, "--seal", seal, "--out", out)
    assert (code, "No unit of the table is one of the sealed design." in err) == (1, True)


def test_impact_writes_every_quantity(run, units, tmp_path):
    out = tmp_path / "impact.json"
    code, told, _ = run(
        *("impact", "--units", units, "--outcome", "vote", "--outcome", "turnout"),
        *("--assigned", "assigned", "--received", "received", "--reached", "reached"),
        *("--block", "block", "--weight", "registered", "--covariates", "lagged"),
        *("--covariates-before", "--draws", 50, "--seed", 4, "--out", out),
    )
    assert code == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    found = {(e["outcome"], e["estimand"]) for e in content["estimates"]}
    quantities = ("assignment", "first_stage", "allocation", "coverage")
    assert found == {(o, e) for o in ("vote", "turnout") for e in quantities}
    assert content["made_from"]["draws"] == 50
    assert content["made_from"]["file"] == "units.csv"
    assert "contamination" in told
    again = out.read_bytes()
    run(
        *("impact", "--units", units, "--outcome", "vote", "turnout"),
        *("--assigned", "assigned", "--received", "received", "--reached", "reached"),
        *("--block", "block", "--weight", "registered", "--covariates", "lagged"),
        *("--covariates-before", "--draws", 50, "--seed", 4, "--out", out),
    )
    assert out.read_bytes() == again


def test_subgroups_of_the_sealed_plan_are_declared(run, units, trial, tmp_path):
    arms, out = tmp_path / "arms.csv", tmp_path / "impact.json"
    run(
        *("design", "--units", units, "--rank-by", "lagged", "--seed", 3, "--out", arms),
        *("--outcome", "vote", "--subgroup", "lagged"),
    )
    content = json.loads((tmp_path / "arms.seal.json").read_text(encoding="utf-8"))
    announced = {"outcomes": ["vote"], "covariates": [], "subgroups": ["lagged"]}
    assert content["promise"] == announced
    results = tmp_path / "results.csv"
    trial[["unit_id", "vote", "registered"]].to_csv(results, index=False)
    words = ["impact", "--units", results, "--outcome", "vote", "--assigned", "assigned"]
    code, told, _ = run(
        *words, "--seal", tmp_path / "arms.seal.json",
        *("--subgroup", "lagged", "registered", "--out", out),
    )  # fmt: skip
    assert code == 0
    groups = json.loads(out.read_text(encoding="utf-8"))["subgroups"]
    assert [one["declared"] for one in groups] == [True] * 3 + [False] * 3
    assert sum(one["n"] for one in groups if one["column"] == "lagged") <= 203
    assert told.count("announced in the plan),") == 3 + 3
    assert told.count("not announced in the plan),") == 3


def test_a_promise_cannot_be_changed_afterwards(run, units, tmp_path):
    out = tmp_path / "arms.csv"
    run("design", "--units", units, "--rank-by", "lagged", "--seed", 3, "--out", out)
    seal = tmp_path / "arms.seal.json"
    content = json.loads(seal.read_text(encoding="utf-8"))
    content["promise"]["subgroups"] = ["turnout"]
    seal.write_text(json.dumps(content), encoding="utf-8")
    code, _, err = run("verify", seal)
    assert code == 1
    assert "mend:" in err


def test_a_seal_without_a_promise_is_still_read(trial, tmp_path):
    design = declare(trial, Rule("lagged"))
    write_seal(seal(design, 1, {}), tmp_path / "old.seal.json")
    assert verify(tmp_path / "old.seal.json").promise == {}


def test_the_plan_as_pdf(run, units, tmp_path):
    out = tmp_path / "arms.csv"
    words = ["--rank-by", "lagged", "--seed", 3, "--out", out, "--plan-pdf"]
    code, told, _ = run("design", "--units", units, *words)
    assert code == 0
    assert "arms.plan.pdf" in told
    assert (tmp_path / "arms.plan.pdf").read_bytes().startswith(b"%PDF")


def test_impact_reports_on_one_page(run, units, tmp_path):
    words = ["impact", "--units", units, "--outcome", "vote", "--assigned", "assigned"]
    words += ["--block", "block", "--out", tmp_path / "i.json"]
    page = tmp_path / "report.html"
    code, told, _ = run(*words, "--report", page, "--subgroup", "registered")
    assert code == 0
    assert f"written: {page}" in told
    assert "être tiré au sort" in page.read_text(encoding="utf-8")
    run(*words, "--report", page, "--language", "en")
    assert "being drawn for the canvass" in page.read_text(encoding="utf-8")
    (tmp_path / "i.json").unlink()
    code, _, err = run(*words, "--report", tmp_path / "report.doc")
    assert (code, "Reports are not written as “.doc”" in err) == (1, True)
    # Nothing is estimated for a report that cannot be written.
    assert not (tmp_path / "i.json").exists()


@pytest.fixture
def sealed_place(run, valmont, tmp_path):
    """Seal a design of the bureaux of Valmont's older contours."""
    drawn = valmont.read("context").query("vintage == 2017")
    table = pd.DataFrame({"bureau_id": drawn["bureau_id"], "gain": range(len(drawn))})
    table.to_csv(tmp_path / "bureaux.csv", index=False)
    run(
        *("design", "--units", tmp_path / "bureaux.csv", "--rank-by", "gain", "--seed", 8),
        *("--out", tmp_path / "arms.csv"),
    )
    return tmp_path / "arms.csv", tmp_path / "arms.seal.json"


def test_impact_reads_the_elections_of_a_workspace(run, valmont, sealed_place, tmp_path):
    arms, seal = sealed_place
    election = valmont.read("elections").query("vintage == 2024 and round == 1")["election_id"]
    election = election.iloc[-1]
    words = ["impact", "--units", arms, "--assigned", "assigned", "--seal", seal]
    place = ["--workspace", valmont.path, "--election", election, "--bloc", "left"]
    out = tmp_path / "impact.json"
    code, told, _ = run(*words, *place, "--out", out)
    assert code == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    names = [f"{election}_turnout", f"{election}_left_registered"]
    assert list(dict.fromkeys(e["outcome"] for e in content["estimates"])) == names
    lost = pd.DataFrame(content["lost"]).set_index("arm")
    table = pd.read_csv(arms)
    assert lost["units"].to_dict() == table["arm"].value_counts().to_dict()
    assert lost["redrawn"].sum() > 0
    assert f"{election}, control:" in told
    assert content["made_from"]["workspace"] == valmont.digest
    code, _, err = run(*words, *place, "--vintage", 2024, "--out", out)
    assert code == 0
    same = pd.DataFrame(json.loads(out.read_text(encoding="utf-8"))["lost"])
    assert same["redrawn"].sum() == 0
    assert same["without_result"].sum() >= lost["without_result"].sum()
    table.assign(**{names[0]: 1}).to_csv(tmp_path / "clash.csv", index=False)
    words[2] = tmp_path / "clash.csv"
    code, _, err = run(*words, *place, "--out", out)
    assert (code, "already has the column" in err) == (1, True)


def test_impact_needs_an_outcome(run, units, tmp_path):
    words = ["impact", "--units", units, "--assigned", "assigned", "--out", tmp_path / "i.json"]
    code, _, err = run(*words)
    assert (code, "There is no outcome to estimate." in err) == (1, True)


def test_the_impact_of_2012(run, tmp_path):
    areas = DATA / "experiments" / "pons_2018_areas.csv"
    if not areas.is_file():
        pytest.skip("the shared data are not there")
    out = tmp_path / "impact.json"
    run(
        *("impact", "--units", areas, "--outcome", "hollande_r1", "--outcome", "turnout_r1"),
        *("--assigned", "treatment", "--received", "allocated"),
        *("--block", "stratum_identifier", "--draws", 2000, "--seed", 1, "--out", out),
    )
    estimates = json.loads(out.read_text(encoding="utf-8"))["estimates"]
    first = estimates[0]
    assert first["estimate"] == pytest.approx(0.006345757033, abs=1e-11)
    assert first["std_errors"] == pytest.approx(
        {
            "HC0": 0.002079186905,
            "HC1": 0.002345890828,
            "HC2": 0.002332994931,
            "HC3": 0.002619535177,
            "CR2": 0.002337477855,
        },
        abs=1e-11,
    )
    assert first["p_randomisation"] == pytest.approx(0.0064, abs=0.006)
    assert (first["n"], first["blocks"], first["dropped"]) == (3390, 726, 7)


def test_the_allocation_of_2012_and_a_known_difference_in_reach(run, tmp_path):
    areas = DATA / "experiments" / "pons_2018_areas.csv"
    if not areas.is_file():
        pytest.skip("the shared data are not there")
    out = tmp_path / "impact.json"
    words = [
        *("impact", "--units", areas, "--outcome", "hollande_r1", "--assigned", "treatment"),
        *("--received", "allocated", "--block", "stratum_identifier", "--out", out),
    ]
    code, told, _ = run(*words, "--estimator", "allocation", "--gap", 0.31)
    content = json.loads(out.read_text(encoding="utf-8"))
    found = {e["estimand"]: e for e in content["estimates"][::-1]}
    # Two-stage least squares of another program; coverage is the effect of assignment / .31.
    first = content["estimates"][0]
    assert first["estimand"] == "allocation"
    assert first["estimate"] == pytest.approx(0.011228339121, abs=1e-11)
    assert first["std_errors"]["HC1"] == pytest.approx(0.004144830964, abs=1e-11)
    assert code == 0
    assert "the canvass where the draw decided it: +1.12 points" in told.splitlines()[0]
    assert "the canvass among those it reached because of the draw: +2.05 points" in told
    assert found["coverage"]["estimate"] == pytest.approx(0.006345757033 / 0.31, abs=1e-11)
    for wrong in (0, -0.2, 31, "much"):
        assert run(*words, "--gap", wrong)[0] != 0


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_power_writes_a_curve(run, units, tmp_path, suffix):
    out = tmp_path / f"curve{suffix}"
    code, told, _ = run(
        *("power", "--units", units, "--rank-by", "lagged", "--outcome", "vote"),
        *("--coverage", 0.2, 0.4, "--sizes", 100, 200, "--draws", 200, "--out", out),
    )
    assert code == 0
    assert "points among the reached" in told
    table = (
        pd.read_csv(out) if suffix == ".csv" else pd.DataFrame(json.loads(out.read_text())["power"])
    )
    assert table[["units", "coverage"]].to_numpy().tolist() == [
        [100, 0.2],
        [100, 0.4],
        [200, 0.2],
        [200, 0.4],
    ]


def test_power_on_the_past_of_a_workspace(run, valmont, tmp_path):
    ids = valmont.read("turnout")["bureau_id"].astype("str").drop_duplicates().sort_values()
    units, out = tmp_path / "targets.csv", tmp_path / "curve.csv"
    pd.DataFrame({"bureau_id": ids, "gain": range(len(ids))}).to_csv(units, index=False)
    words = ["power", "--units", units, "--rank-by", "gain", "--out", out, "--sizes", 20, 40]
    place = ["--workspace", valmont.path, "--for", "2027_pres_t1", "--draws", 100]
    code, told, _ = run(*words, *place, "--bloc", "left", "--coverage", 0.2)
    assert code == 0
    table = pd.read_csv(out)
    assert f"median over {table['election_id'].nunique()} past elections" in told
    median = table[table["asked"] == 40]["detectable_assignment"].median()
    assert f"40 units see an effect of assignment of {100 * median:.2f} points" in told
    assert "have no result then or before" in told
    code, _, err = run(*words, *place)
    assert (code, "need to know whose votes count" in err) == (1, True)
    code, _, err = run(*words)
    assert (code, "Power needs past outcomes" in err) == (1, True)


def test_neighbours_are_drawn_as_one(run, valmont, tmp_path):
    # A design is entered in the ledger of its workspace.
    place = shutil.copytree(valmont.path, tmp_path / "place")
    bureaux = valmont.read("bureaux")
    ids = bureaux.loc[bureaux["vintage"] == bureaux["vintage"].max(), "bureau_id"].astype("str")
    units, out = tmp_path / "targets.csv", tmp_path / "arms.csv"
    pd.DataFrame({"bureau_id": ids, "gain": range(len(ids))}).to_csv(units, index=False)
    words = ["--units", units, "--rank-by", "gain", "--seed", 1, "--neighbours", 3]
    code, told, _ = run("design", *words, "--workspace", place, "--out", out)
    assert code == 0
    assert "full blocks of 5 clusters" in told
    arms = pd.read_csv(out)
    assert arms.groupby("cluster")["arm"].nunique().eq(1).all()
    assert arms["cluster"].value_counts().median() == 3
    assert run("verify", tmp_path / "arms.seal.json")[0] == 0
    curve = ["--workspace", place, "--for", "2027_pres_t1", "--bloc", "left"]
    code, _, _ = run("power", *words, *curve, "--draws", 100, "--out", tmp_path / "curve.csv")
    assert code == 0
    code, _, err = run("design", *words, "--out", out)
    assert (code, "--workspace FOLDER" in err) == (1, True)


def test_power_chooses_its_own_sizes(run, units, tmp_path):
    out = tmp_path / "curve.csv"
    run(
        *("power", "--units", units, "--rank-by", "lagged", "--outcome", "vote"),
        *("--coverage", 0.2, "--draws", 100, "--out", out),
    )
    assert pd.read_csv(out)["units"].tolist() == [40, 80, 121, 162, 203]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_plan_speaks_both_languages(run, units, tmp_path, language):
    out = tmp_path / "arms.csv"
    run(
        *("design", "--units", units, "--rank-by", "lagged", "--seed", 1, "--out", out),
        *("--subgroup", "block", "--language", language),
    )
    plan = (tmp_path / "arms.plan.md").read_text(encoding="utf-8")
    title = {"fr": "# Plan d’analyse", "en": "# Analysis plan"}[language]
    assert plan.startswith(title)
    assert "{" not in plan


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "bad.csv is empty"),
        (b"a,b\n1,2,3\n", "cannot be read as a table"),
        (b"a,b\n1,2\n3,4,5\n", "cannot be read as a table"),
        (b"a;lagged;lagged\n1;2;3\n", "A column stands twice"),
        (b"a;b\n1;2\n", r"lacks column(s): lagged"),
        ("unité;lagged\né;1\n".encode("cp1252"), "no full block"),
    ],
)
def test_a_bad_file_says_what_where_and_how_to_mend_it(run, tmp_path, content, says):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    out = tmp_path / "arms.csv"
    code, _, err = run("design", "--units", path, "--rank-by", "lagged", "--seed", 1, "--out", out)
    assert code == 1
    assert says in err
    assert "where:" in err
    assert "mend:" in err
    assert not out.exists()


def test_files_of_another_kind(run, units, tmp_path):
    common = ["--units", units, "--rank-by", "lagged", "--seed", 1]
    code, _, err = run("design", *common, "--out", tmp_path / "arms.xlsx")
    assert (code, "not written as “.xlsx”" in err) == (1, True)
    code, _, err = run("design", *common, "--out", tmp_path / "a.csv", "--language", "de")
    assert (code, "Name one of fr, en." in err) == (1, True)
    code, _, _ = run("design", *common[:-1], -1, "--out", tmp_path / "a.csv")
    assert code == 2
    code, _, err = run("verify", tmp_path / "none.json")
    assert (code, "There is no such file." in err) == (1, True)


def test_parquet_is_read_too(run, units, trial, tmp_path):
    path, out = tmp_path / "units.parquet", tmp_path / "impact.json"
    trial.assign(unit_id=np.arange(len(trial))).to_parquet(path)
    words = ["--outcome", "vote", "--assigned", "assigned", "--block", "block", "--out", out]
    assert run("impact", "--units", path, *words)[0] == 0
    found = json.loads(out.read_text(encoding="utf-8"))["estimates"]
    run("impact", "--units", units, *words)
    same = json.loads(out.read_text(encoding="utf-8"))["estimates"]
    assert [e["estimate"] for e in found] == pytest.approx([e["estimate"] for e in same])

"""A promise binds: draws are not shopped for, and what was not announced is marked."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from analysis.experiments.neighbours import adjacent
from analysis.experiments.outcomes import outcomes_of
from analysis.workflows.seal_ledger import LEDGER


@pytest.fixture
def units(tmp_path, trial):
    """Write a table of units."""
    path = tmp_path / "units.csv"
    trial[["unit_id", "lagged", "registered", "block"]].to_csv(path, index=False)
    return path


@pytest.fixture
def design(run, units, tmp_path):
    """Seal a design of the units; more words may follow."""

    def design(*more, seed=3, out="arms.csv"):
        words = ["design", "--units", units, "--rank-by", "lagged", "--seed", seed]
        return run(*words, "--out", tmp_path / out, *more)

    return design


PLAN = ("--outcome", "vote", "turnout", "--covariates", "lagged", "--estimator", "ancova")


@pytest.fixture
def results(trial, tmp_path):
    path = tmp_path / "results.csv"
    trial.assign(other=trial["vote"] / 2 + trial["turnout"] / 9).to_csv(path, index=False)
    return path


@pytest.fixture
def ask(run, design, results, tmp_path):
    """Estimate under the seal: printed text, JSON, and the report's text in a language."""

    def ask(*more, language="fr", sealed=True):
        out, page = tmp_path / "impact.json", tmp_path / "report.html"
        seal = ("--seal", tmp_path / "arms.seal.json") if sealed else ()
        code, told, err = run(
            *("impact", "--units", results, "--out", out, "--report", page, *seal),
            *("--language", language, "--draws", 199, *more),
        )
        assert code == 0, err
        text = unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
        return told, json.loads(out.read_text(encoding="utf-8")), text

    return ask


# Shopping


@pytest.mark.parametrize("out", ["arms.csv", "others.csv"])
def test_another_draw_of_the_same_units_is_refused(design, tmp_path, out):
    assert design()[0] == 0
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    code, _, err = design(seed=4, out=out)
    assert code == 1
    assert "These units were drawn before" in err
    assert "arms.seal.json, seed 3" in err
    assert "--again" in err
    # Nothing was written, and the same command again changes nothing.
    assert kept == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert design()[0] == 0
    assert kept == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


def test_a_new_promise_for_an_old_draw_is_another_draw(design):
    design("--outcome", "vote")
    code, _, err = design("--outcome", "turnout")
    assert (code, "drawn before" in err) == (1, True)


def test_with_a_reason_both_are_kept_and_listed(design, tmp_path, run, valmont, ask):
    place = tmp_path / "place"
    place.mkdir()
    design("--workspace", place)
    first = json.loads((tmp_path / "arms.seal.json").read_text(encoding="utf-8"))["fingerprint"]
    code, told, _ = design("--workspace", place, "--again", "two wards were lost", seed=4)
    assert code == 0
    assert f"replaces the draw of seed 3, {first[:12]}: two wards were lost" in told
    aside = tmp_path / f"arms.{first[:12]}.seal.json"
    assert json.loads(aside.read_text(encoding="utf-8"))["fingerprint"] == first
    assert (tmp_path / f"arms.{first[:12]}.csv").is_file()
    rows = [json.loads(line) for line in (place / LEDGER).read_text(encoding="utf-8").splitlines()]
    assert [row["seed"] for row in rows] == [3, 4]
    assert rows[1]["earlier"][0]["why"] == "two wards were lost"
    code, told, _ = run("verify", tmp_path / "arms.seal.json")
    assert code == 0
    assert "DRAW REPLACED" in told
    _, content, text = ask("--outcome", "vote")
    assert content["plan"]["standing"] == "replaced"
    assert "TIRAGE REMPLACÉ" in text
    assert "two wards were lost" in text


def test_the_ledger_of_a_workspace_remembers_what_a_folder_forgot(design, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    design("--workspace", place)
    for path in tmp_path.glob("arms*"):
        path.unlink()
    code, _, err = design("--workspace", place, seed=5)
    assert (code, "seed 3" in err) == (1, True)
    (place / LEDGER).write_text("{}\n", encoding="utf-8")
    code, _, err = design("--workspace", place, seed=5)
    assert (code, "ledger of sealed designs cannot be read" in err) == (1, True)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[0].replace('"seed": 3', '"seed": 5'), lines[1]],
        lambda lines: [json.dumps(json.loads(lines[0]) | {"units": []}), lines[1]],
        lambda lines: [lines[1], lines[0]],
        lambda lines: [lines[0].replace('"fingerprint": "', '"fingerprint": "0'), lines[1]],
    ],
)
def test_a_ledger_changed_by_hand_is_noticed(design, tmp_path, change):
    place = tmp_path / "place"
    place.mkdir()
    design("--workspace", place)
    design("--workspace", place, "--again", "two wards were lost", seed=4)
    lines = (place / LEDGER).read_text(encoding="utf-8").splitlines()
    (place / LEDGER).write_text("\n".join(change(lines)) + "\n", encoding="utf-8")
    code, _, err = design("--workspace", place, seed=5)
    assert (code, "ledger of sealed designs was changed" in err) == (1, True)


def test_a_ledger_begun_without_digests_goes_on(design, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    design("--workspace", place)
    row = json.loads((place / LEDGER).read_text(encoding="utf-8"))
    old = json.dumps({key: value for key, value in row.items() if key != "digest"})
    (place / LEDGER).write_text(old + "\n", encoding="utf-8")
    again = ("--workspace", place, "--again", "two wards were lost")
    assert design(*again, seed=4)[0] == 0
    # From here on the old line is held too.
    text = (place / LEDGER).read_text(encoding="utf-8")
    (place / LEDGER).write_text(text.replace('"seed": 3', '"seed": 6', 1), encoding="utf-8")
    assert design(*again, seed=5)[0] == 1


@pytest.mark.parametrize("out", ["elsewhere/b.csv", "elsewhere/deeper.csv"])
def test_another_folder_does_not_hide_a_draw(design, tmp_path, out):
    """Seals beside the units and right below are known, wherever the next one goes."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "other").mkdir()
    design(out="other/a.csv" if "deeper" in out else "arms.csv")
    code, _, err = design(seed=4, out=out)
    assert (code, "drawn before" in err) == (1, True)
    assert not (tmp_path / out).exists()


def test_a_lag_that_the_workspace_does_not_hold_is_refused(design, tmp_path, valmont):
    code, _, err = design("--workspace", valmont.path, "--lag", "2022_pres_t9")
    assert (code, "2022_pres_t9 is not in this workspace" in err) == (1, True)
    assert not list(tmp_path.glob("arms*"))


# Standing


def test_announced_replaced_and_tampered_plans_are_told_apart(design, ask, tmp_path):
    design(*PLAN)
    plan, seal = tmp_path / "arms.plan.md", tmp_path / "arms.seal.json"
    _, content, text = ask("--outcome", "vote", "--covariates", "lagged")
    assert content["plan"]["standing"] == "announced"
    assert "ceux qui ont été annoncés et scellés" in text
    assert content["headline"]["announced"] == {"vote": True}
    whole = plan.read_text(encoding="utf-8")
    plan.write_text(whole.replace("vote", "other"), encoding="utf-8")
    _, content, text = ask("--outcome", "vote", "--covariates", "lagged")
    assert content["plan"]["standing"] == "replaced"
    assert "PLAN REMPLACÉ" in text
    # What was announced is in the seal itself.
    assert content["headline"]["announced"] == {"vote": True}
    plan.write_text(whole, encoding="utf-8")
    told = json.loads(seal.read_text(encoding="utf-8"))
    told["promise"]["outcomes"] = ["other"]
    seal.write_text(json.dumps(told), encoding="utf-8")
    _, content, text = ask("--outcome", "other", "--covariates", "lagged")
    assert content["plan"]["standing"] == "tampered"
    assert "SCEAU FALSIFIÉ" in text
    assert content["headline"]["announced"] == {"other": False}
    assert "non annoncé" in text


def test_another_draw_in_the_place_of_the_sealed_one_is_refused(design, run, results, tmp_path):
    design(*PLAN)
    seal = tmp_path / "arms.seal.json"
    told = json.loads(seal.read_text(encoding="utf-8"))
    told["seed"] = 99
    seal.write_text(json.dumps(told), encoding="utf-8")
    words = ["impact", "--units", results, "--outcome", "vote", "--out", tmp_path / "i.json"]
    code, _, err = run(*words, "--seal", seal)
    assert (code, "does not match its fingerprint" in err) == (1, True)


# What is announced


def test_what_was_announced_comes_first_and_the_rest_is_marked(design, ask):
    design(*PLAN)
    told, content, text = ask(
        *("--outcome", "other", "turnout", "vote"), *("--covariates", "lagged", "registered")
    )
    outcomes = list(dict.fromkeys(e["outcome"] for e in content["estimates"]))
    assert outcomes == ["vote", "turnout", "other"]
    first = content["estimates"][0]
    assert (first["outcome"], first["estimator"]) == ("vote", "ancova")
    assert content["headline"]["estimator"] == "ancova"
    assert told.splitlines()[1].startswith("vote: being drawn for the canvass")
    assert "other [not announced]" in told
    assert "not announced in the plan: adjusted for registered" in told
    assert "other «\u00a0non annoncé\u00a0»" in text
    assert "vote «\u00a0non annoncé\u00a0»" not in text
    assert "inscrits «\u00a0non annoncé\u00a0»" in text
    assert "lagged «\u00a0non annoncé\u00a0»" not in text


def test_p_values_are_those_that_were_promised(design, ask):
    design(*PLAN)
    _, content, text = ask("--outcome", "vote", "turnout", "other", "--covariates", "lagged")
    found = {e["outcome"]: e for e in content["estimates"] if e["estimator"] == "ancova"}
    raw = {name: e["p_value"] for name, e in found.items()}
    low, high = sorted((raw["vote"], raw["turnout"]))
    holm = sorted(found[name]["p_holm"] for name in ("vote", "turnout"))
    assert holm == pytest.approx([min(2 * low, 1), max(min(2 * low, 1), high)])
    # What was not announced is judged among its own kind.
    assert found["other"]["p_holm"] == pytest.approx(raw["other"])
    for one in ("vote", "turnout"):
        assert found[one]["p_westfall_young"] >= found[one]["p_randomisation"] * (1 - 1e-12)
    assert "p (Holm)" in text
    assert "Westfall–Young" in text
    shown = f"{found['vote']['p_holm']:.4f}".replace(".", ",")
    assert shown in text


def test_without_a_plan_nothing_is_marked_or_corrected(ask):
    told, content, text = ask(
        *("--outcome", "vote", "turnout", "--assigned", "assigned", "--block", "block"),
        sealed=False,
    )
    assert content["headline"]["announced"] == {"vote": None, "turnout": None}
    assert content["estimates"][0]["p_holm"] is None
    assert "plan" not in content
    assert "annoncé" not in text
    assert "(block effects)" in told


def test_the_headline_names_its_estimator_and_shows_the_other_beside(ask):
    words = ["--outcome", "vote", "--assigned", "assigned", "--block", "block"]
    words += ["--covariates", "lagged", "--covariates-before"]
    told, content, _ = ask(*words, sealed=False)
    values = {e["estimator"]: e["estimate"] for e in content["estimates"]}
    ancova = f"{100 * values['ancova']:+.2f}".replace("-", "−")
    assert f"(block effects; block effects, covariates: {ancova} points" in told
    told, content, _ = ask(*words, "--estimator", "lin", sealed=False)
    assert content["estimates"][0]["estimator"] == "lin"
    assert "(block effects, covariates by arm (Lin); block effects: " in told
    told, _, text = ask(*words, "--estimator", "allocation", "--received", "received", sealed=False)
    assert told.startswith("vote: the canvass where the draw decided it")


def test_another_estimator_than_the_plan_is_said(design, ask):
    design(*PLAN)
    told, content, _ = ask("--outcome", "vote", "--covariates", "lagged", "--estimator", "lin")
    assert content["headline"]["estimator"] == "lin"
    assert "the plan announced the estimator “ancova”" in told
    told, _, _ = ask("--outcome", "vote", "--covariates", "lagged")
    assert "the plan announced the estimator" not in told
    assert "announced in the plan and not shown here: outcome(s) turnout" in told


def test_the_plan_says_which_estimator_and_the_arm_needs_no_name(design, tmp_path, ask):
    design(*PLAN)
    plan = (tmp_path / "arms.plan.md").read_text(encoding="utf-8")
    assert "ajustés sur les covariables" in plan
    content = json.loads((tmp_path / "arms.seal.json").read_text(encoding="utf-8"))
    assert content["promise"]["estimator"] == ["ancova"]
    ask("--outcome", "vote", "--covariates", "lagged")


def test_without_a_seal_somebody_must_say_which_arm(run, results, valmont, tmp_path):
    code, _, err = run(
        "impact", "--units", results, "--outcome", "vote", "--out", tmp_path / "i.json"
    )
    assert (code, "Nobody says which units were drawn" in err) == (1, True)
    place = ["--workspace", valmont.path, "--election", "2024_legi_t1"]
    code, _, err = run("impact", "--units", results, *place, "--out", tmp_path / "i.json")
    assert (code, "Nobody says which units were drawn" in err) == (1, True)


def test_an_unknown_estimator_is_refused(design, run, units, tmp_path):
    code, _, err = design("--estimator", "best")
    assert (code, "There is no estimator “best”" in err) == (1, True)
    words = ["--units", units, "--rank-by", "lagged", "--outcome", "lagged"]
    out = tmp_path / "curve.csv"
    code, _, err = run("power", *words, "--estimator", "ancova", "--out", out)
    assert (code, "nothing to adjust the headline for" in err) == (1, True)


# The election before


@pytest.fixture
def place(valmont, tmp_path):
    """Draw arms for the bureaux of Valmont's latest contours."""
    drawn = valmont.read("context").query("vintage == 2024")["bureau_id"].tolist()
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "bureau_id": drawn,
            "assigned": np.tile([1, 1, 0], len(drawn))[: len(drawn)],
            "block": np.arange(len(drawn)) // 3,
            "gain": rng.random(len(drawn)),
        }
    )
    table.to_csv(tmp_path / "bureaux.csv", index=False)
    known = valmont.read("elections").query("round == 1").sort_values("date")["election_id"]
    return tmp_path / "bureaux.csv", known.tolist()[-3:]


def test_results_of_an_earlier_election_adjust_each_its_own(run, valmont, place, tmp_path):
    units, (earlier, _, last) = place
    out, page = tmp_path / "impact.json", tmp_path / "report.html"
    words = ["impact", "--units", units, "--assigned", "assigned", "--block", "block"]
    words += ["--workspace", valmont.path, "--bloc", "left", "--out", out, "--report", page]
    code, told, err = run(*words, "--election", last, "--lag", earlier, "--estimator", "ancova")
    assert code == 0, err
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [row["election_id"] for row in content["lost"]] == [last] * 2
    first = content["estimates"][0]
    assert (first["outcome"], first["estimator"]) == (f"{last}_turnout", "ancova")
    # The same by columns of a file, for one outcome.
    table = pd.read_csv(units, dtype={"bureau_id": "str"})
    found = outcomes_of(
        valmont, [last, earlier], table["bureau_id"].tolist(), vintage=2024, choices={}
    )
    table = table.assign(y=found.table[f"{last}_turnout"], x=found.table[f"{earlier}_turnout"])
    size = table.dropna().groupby("block")["y"].transform("size")
    peer = smf.ols("y ~ assigned + x + C(block)", table.dropna()[size > 1]).fit(cov_type="HC1")
    assert first["estimate"] == pytest.approx(peer.params["assigned"], abs=1e-10)
    assert first["std_errors"]["HC1"] == pytest.approx(peer.bse["assigned"], abs=1e-10)
    text = page.read_text(encoding="utf-8")
    assert f"{last}_turnout" not in text
    assert "Participation, " in text
    code, _, err = run(*words, "--election", earlier, "--lag", last)
    assert (code, "no earlier election" in err) == (1, True)
    code, _, err = run(*words[:7], "--outcome", "gain", "--out", out, "--lag", earlier)
    assert (code, "are read from a workspace" in err) == (1, True)
    code, _, err = run(*words, "--election", last, "--lag", earlier, "--outcome", "gain")
    assert (code, "same measure" in err) == (1, True)


# Neighbours


def test_what_neighbours_felt_is_told(run, valmont, place, tmp_path):
    units, (*_, last) = place
    out, page = tmp_path / "impact.json", tmp_path / "report.html"
    words = ["impact", "--units", units, "--assigned", "assigned", "--block", "block"]
    words += ["--election", last, "--out", out, "--draws", 99]
    where = ["--workspace", valmont.path, "--spillover", 0]
    code, told, err = run(*words, *where, "--report", page)
    assert code == 0, err
    assert "from none of them treated to all (p = " in told
    (found,) = json.loads(out.read_text(encoding="utf-8"))["spillover"]
    assert found["outcome"] == f"{last}_turnout"
    assert found["draws"] == 99
    assert found["n"] + found["alone"] <= len(pd.read_csv(units))
    assert "voisins" in page.read_text(encoding="utf-8")
    code, _, err = run(*words[:7], "--outcome", "gain", "--out", out, "--spillover", 100)
    assert (code, "known from contours" in err) == (1, True)


def test_bureaux_are_kept_apart_and_power_says_what_it_costs(run, valmont, place, tmp_path):
    units, _ = place
    folder = shutil.copytree(valmont.path, tmp_path / "folder")
    words = ["--units", units, "--rank-by", "gain", "--seed", 1, "--workspace", folder]
    code, told, err = run("design", *words, "--apart", 300, "--out", tmp_path / "far.csv")
    assert code == 0, err
    assert "control by decision" in told
    arms = pd.read_csv(tmp_path / "far.csv", dtype={"unit_id": "str"})
    drawn = arms.loc[arms["block"].notna(), "unit_id"]
    shapes = valmont.read("bureaux").query("vintage == 2024").set_index("bureau_id").geometry
    assert adjacent(shapes.reindex(drawn).to_numpy(), 300).nnz == 0
    assert run("verify", tmp_path / "far.seal.json")[0] == 0
    curve = [*words, "--for", "2027_pres_t1", "--bloc", "left", "--coverage", 0.2]
    seen = {}
    for name, more in (("all", []), ("far", ["--apart", 300])):
        out = tmp_path / f"{name}.curve.csv"
        assert run("power", *curve, *more, "--draws", 100, "--out", out)[0] == 0
        seen[name] = pd.read_csv(out)
    last = {name: table[table["units"] == table["units"].max()] for name, table in seen.items()}
    assert last["far"]["drawn"].max() < last["all"]["drawn"].max()
    detectable = {name: table["detectable_assignment"].median() for name, table in last.items()}
    assert detectable["far"] > detectable["all"]
    both = ["--apart", 300, "--neighbours", 2, "--out", tmp_path / "x.csv"]
    code, _, err = run("design", *words, *both)
    assert (code, "drawn as one or kept apart" in err) == (1, True)

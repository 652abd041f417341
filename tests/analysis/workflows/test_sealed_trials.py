"""Sealed designs of a workspace: kept, verified, retired in words, never written over."""

import json
import tomllib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.preanalysis_plan import Plan, write_plan
from analysis.workflows.ranking import Scenario
from analysis.workflows.seal_ledger import enter, ledger, unexplained
from analysis.workflows.sealed_trials import (
    FOLDER,
    PLAN,
    SCENARIO,
    SEAL,
    in_force,
    keep,
    open_trial,
    retire,
    retired,
    sealed_with,
    texts_in,
)
from analysis.workflows.trial_design import (
    Ledger,
    Promise,
    design_to_file,
    draft,
    seal_in_workspace,
)

TEXTS = {PLAN: "# Plan\n\n- é\n", SCENARIO: 'bloc = "left"\n'}


def design(start=0, size=10):
    units = pd.DataFrame(
        {"unit_id": [f"u{n:03d}" for n in range(start, start + size)], "value": np.arange(size)}
    )
    return declare(units, Rule(rank_by="value"))


@pytest.fixture
def kept(tmp_path):
    """Keep one design; return its folder and its fingerprint."""
    content = sealed_with(design(), 5, TEXTS, {"outcomes": ("turnout",)})
    return tmp_path, keep(tmp_path, content, TEXTS)


def test_a_design_is_kept_with_its_texts_and_opens_as_it_was(kept):
    folder, fingerprint = kept
    assert in_force(folder) == (fingerprint,)
    trial = open_trial(folder, fingerprint)
    assert trial.fingerprint == fingerprint
    assert trial.plan == TEXTS[PLAN]
    assert trial.scenario == TEXTS[SCENARIO]
    assert trial.sealed.seed == 5
    assert trial.sealed.promise["outcomes"] == ("turnout",)
    assert (trial.sealed.assignment["arm"] == "control").sum() == 2


def test_a_seal_carries_its_plan_and_its_scenario(kept, tmp_path):
    content = sealed_with(design(), 5, TEXTS, {"outcomes": ("turnout",)})
    assert texts_in(content) == TEXTS
    elsewhere = tmp_path / "elsewhere"
    trial = open_trial(elsewhere, keep(elsewhere, content))
    assert (trial.plan, trial.scenario) == (TEXTS[PLAN], TEXTS[SCENARIO])
    # A seal names its files itself: it must not choose where they are written.
    strange = sealed_with(design(), 5, {"../../plan.md": "# Plan"})
    assert texts_in(strange) == {}


def test_the_same_design_and_seed_are_the_same_seal(kept):
    folder, fingerprint = kept
    again = sealed_with(design(), 5, TEXTS, {"outcomes": ("turnout",)})
    assert keep(folder, again, TEXTS) == fingerprint
    assert in_force(folder) == (fingerprint,)
    assert sealed_with(design(), 6, TEXTS)["fingerprint"] != fingerprint


def test_two_designs_of_other_bureaux_hold_side_by_side(kept):
    folder, fingerprint = kept
    other = keep(folder, sealed_with(design(start=500), 5, {}), {})
    assert in_force(folder) == (fingerprint, other)


def test_bureaux_of_a_design_in_force_are_not_drawn_again(kept):
    folder, fingerprint = kept
    with pytest.raises(DataError, match="already in a sealed design") as raised:
        keep(folder, sealed_with(design(start=8), 6, {}), {})
    assert "u008" in raised.value.where
    assert in_force(folder) == (fingerprint,)


def test_a_design_is_retired_with_a_reason_that_stays(kept):
    folder, fingerprint = kept
    with pytest.raises(DataError, match="without a reason"):
        retire(folder, fingerprint, " ")
    retire(folder, fingerprint, "The election was called off.")
    assert in_force(folder) == ()
    assert retired(folder) == {fingerprint: "The election was called off."}
    # Who comes second is told, and the first reason stays.
    with pytest.raises(DataError, match="not in force any more") as second:
        retire(folder, fingerprint, "Another reason.")
    assert "called off" in second.value.where
    assert retired(folder) == {fingerprint: "The election was called off."}
    assert open_trial(folder, fingerprint).sealed.seed == 5
    assert keep(folder, sealed_with(design(), 6, {}), {}) != fingerprint


def test_of_many_who_seal_at_once_none_is_lost_and_no_bureau_is_in_two(kept):
    from concurrent.futures import ThreadPoolExecutor

    folder, fingerprint = kept
    # Twelve designs that overlap two by two: one of each pair holds, whichever came first.
    made = [sealed_with(design(start=500 + 100 * (n // 2)), n, {}) for n in range(12)]

    def put(content):
        try:
            return keep(folder, content)
        except DataError:
            return None

    with ThreadPoolExecutor(12) as pool:
        names = list(pool.map(put, made))
    held = in_force(folder)
    assert sorted(held) == sorted([fingerprint, *filter(None, names)])
    assert [sum(one is not None for one in names[n : n + 2]) for n in range(0, 12, 2)] == [1] * 6


def test_a_changed_plan_is_noticed(kept):
    folder, fingerprint = kept
    (folder / FOLDER / fingerprint / PLAN).write_text("# Another plan\n", encoding="utf-8")
    with pytest.raises(DataError, match="not the one that was sealed"):
        open_trial(folder, fingerprint)


def test_a_seal_under_another_name_is_noticed(kept):
    folder, fingerprint = kept
    other = keep(folder, sealed_with(design(start=500), 5, {}), {})
    text = (folder / FOLDER / other / SEAL).read_text("utf-8")
    (folder / FOLDER / fingerprint / SEAL).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="replaced by another"):
        open_trial(folder, fingerprint)


def test_a_seal_that_was_tampered_with_is_not_put_in_force(tmp_path):
    content = sealed_with(design(), 5, {})
    content["assignment"]["arm"].reverse()
    with pytest.raises(DataError, match="fingerprint"):
        keep(tmp_path, content, {})
    assert in_force(tmp_path) == ()
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_false_seal_does_not_take_the_place_of_a_true_one(kept):
    folder, fingerprint = kept
    false = sealed_with(design(), 5, TEXTS) | {"fingerprint": fingerprint}
    with pytest.raises(DataError, match="fingerprint"):
        keep(folder, false, TEXTS)
    assert open_trial(folder, fingerprint).sealed.promise["outcomes"] == ("turnout",)


@pytest.mark.parametrize("text", ["", "{", "7"])
def test_a_broken_list_is_an_error_and_not_an_empty_one(kept, text):
    folder, _fingerprint = kept
    (folder / FOLDER / "in_force.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        in_force(folder)


def test_a_folder_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / FOLDER).write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(DataError, match="could not be written"):
        keep(tmp_path, sealed_with(design(), 5, {}), {})


def test_the_seal_holds_no_date_and_no_place(kept):
    folder, fingerprint = kept
    text = (folder / FOLDER / fingerprint / SEAL).read_text("utf-8")
    assert str(folder) not in text
    assert json.loads(text)["files"]["plan"]["file"] == PLAN


def test_both_ways_to_a_seal_draw_and_promise_the_same(tmp_path):
    """A file of units and a ranking on screen differ in what lies beside the seal, not in it."""
    promise = Promise(("turnout",), ("value",), language="en")
    table = pd.DataFrame({"unit_id": [f"u{n:03d}" for n in range(10)], "value": range(10)})
    table.to_csv(tmp_path / "units.csv", index=False)
    rule = Rule(rank_by="value", unit="unit_id")
    design_to_file(tmp_path / "units.csv", rule, promise, seed=5, out=tmp_path / "arms.csv")
    by_file = json.loads((tmp_path / "arms.seal.json").read_text(encoding="utf-8"))
    made = draft(declare(table, rule), promise, 5)
    scenario = Scenario("left", "2027_pres_t1")
    kept = open_trial(tmp_path, seal_in_workspace(made, tmp_path, scenario))
    by_screen = json.loads(kept.file.read_text(encoding="utf-8"))
    same = ("rule", "seed", "units", "assignment", "promise")
    assert [by_file[name] for name in same] == [by_screen[name] for name in same]
    assert kept.plan == (tmp_path / "arms.plan.md").read_text(encoding="utf-8")
    assert Scenario.from_dict(tomllib.loads(kept.scenario)) == scenario


def drawn_on_screen(folder, seed, again=""):
    made = draft(design(), Promise(("turnout",), language="en"), seed)
    fingerprint = seal_in_workspace(made, folder, Scenario("left", "2027_pres_t1"), again)
    return open_trial(folder, fingerprint)


def test_who_draws_again_on_screen_says_why_as_on_the_command_line(tmp_path):
    table = pd.DataFrame({"unit_id": [f"u{n:03d}" for n in range(10)], "value": range(10)})
    table.to_csv(tmp_path / "units.csv", index=False)
    place = tmp_path / "place"
    place.mkdir()
    rule, promise = Rule(rank_by="value", unit="unit_id"), Promise(("turnout",))
    (tmp_path / "file").mkdir()
    out = tmp_path / "file" / "arms.csv"
    design_to_file(tmp_path / "units.csv", rule, promise, seed=3, out=out, known=Ledger(place))
    by_file = json.loads(out.with_suffix(".seal.json").read_text(encoding="utf-8"))["fingerprint"]
    assert [one.fingerprint for one in unexplained(table["unit_id"], place)] == [by_file]
    assert unexplained(["elsewhere"], place) == []
    with pytest.raises(DataError, match="drawn before"):
        drawn_on_screen(place, 5)
    assert in_force(place) == ()
    trial = drawn_on_screen(place, 5, "two wards were lost")
    (earlier,) = trial.sealed.standing.earlier
    assert (earlier.fingerprint, earlier.seed, earlier.why) == (by_file, 3, "two wards were lost")
    assert trial.sealed.standing.kind == "replaced"


def test_a_design_in_force_is_retired_with_a_reason_which_the_next_seal_repeats(tmp_path):
    first = drawn_on_screen(tmp_path, 5)
    assert first.sealed.standing.kind == "announced"
    # In force it stays, whatever the reason; drawing it once more changes nothing.
    with pytest.raises(DataError, match="in force"):
        drawn_on_screen(tmp_path, 6, "it did not please")
    assert drawn_on_screen(tmp_path, 5).fingerprint == first.fingerprint
    retire(tmp_path, first.fingerprint, "The list of bureaux was wrong.")
    assert unexplained(["u003"], tmp_path) == []
    (earlier,) = drawn_on_screen(tmp_path, 6).sealed.standing.earlier
    assert (earlier.fingerprint, earlier.why) == (
        first.fingerprint,
        "The list of bureaux was wrong.",
    )


def test_draws_that_are_entered_at_once_leave_the_ledger_whole(tmp_path):
    seals = [
        {
            "fingerprint": f"{n:064d}",
            "seed": n,
            "assignment": {"unit_id": ["a", "b"], "block": ["1", "1"]},
        }
        for n in range(24)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: enter(tmp_path, one, f"{one['seed']}.seal.json"), seals))
    assert sorted(one.seed for one in ledger(tmp_path)) == list(range(24))


def test_a_plan_says_names_and_writes_numbers_as_its_language_does():
    units = pd.DataFrame({"unit_id": [f"u{n}" for n in range(10)], "priority": range(10)})
    sight = pd.DataFrame({"outcome": ["2022_pres_t1"], "detectable_assignment": [0.1057]})
    outcomes = ("2027_pres_t1_left_registered", "vote")
    plan = Plan(outcomes, sight=sight, language="fr", lag="2024_legi_t1")
    text = " ".join(write_plan(plan, declare(units, Rule(rank_by="priority")), 3).split())
    left = "Gauche, part des inscrits, Présidentielle 2027, 1er tour"
    assert f"Résultats : {left} (`2027_pres_t1_left_registered`) ; `vote`." in text
    assert f"Le premier, {left}, vient en tête" in text
    assert "à une élection antérieure : Législatives 2024, 1er tour." in text
    assert "Présidentielle 2022, 1er tour : 10,57 points" in text
    assert "Numéro du tirage : 3." in text
    assert "part des tirages acceptée : 100 %" in text

"""Arms on a ranking: who is held back, from whom, and that a file says so and is made again."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.errors import DataError
from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.exports.provenance import read_provenance
from analysis.exports.registry import write
from analysis.tables.workspace import Workspace
from analysis.workflows.hold_back import TOO_FEW, HoldBack, hold_back_of, trial_units, with_arms
from analysis.workflows.ranking import RankingFile, Scenario, answer, provenance_of, shapes_of
from analysis.workflows.reproduce import reproduce
from analysis.workflows.sealed_trials import SEAL, keep, open_trial, sealed_with

LEFT = Scenario("left", "2027_pres_t1")
WHOLE = HoldBack(teams=False)


def ranking(size, **columns):
    """Return a ranking by hand, best first."""
    ranks = np.arange(1, size + 1)
    table = pd.DataFrame(
        {
            "bureau_id": [f"99900_{n:04d}" for n in ranks],
            "rank": ranks,
            "registered": 800,
            "reachable": True,
            "expected_abstention": 0.3,
            "support": 0.4,
            "gain_per_hour": 0.1,
            "hours": 40.0,
            "arm": "",
        }
    )
    return table.assign(**columns)


def test_of_every_five_in_order_of_rank_one_is_held_back(tmp_path):
    table = with_arms(ranking(50), WHOLE, folder=tmp_path, seed=3)
    blocks = (table["arm"] == "control").to_numpy().reshape(10, 5)
    assert (blocks.sum(axis=1) == 1).all()
    assert set(table["arm"]) == {"treated", "control"}


def test_hours_doors_and_votes_announced_are_those_without_controls(answered):
    own, found, prospects = answered
    held = hold_back_of(own.path, found.table)
    assert RankingFile(own, LEFT, found, prospects).announced is found
    told = {
        teams: RankingFile(
            own, LEFT, found, prospects, dataclasses.replace(held, teams=teams)
        ).announced
        for teams in (True, False)
    }
    assert told[True].summary() == told[False].summary() != found.summary()
    first = told[True].table.head(told[True].k)
    assert not (first["arm"] == "control").any()
    assert first["hours"].sum() <= LEFT.settings.hours


def test_a_file_for_teams_has_no_control_and_keeps_ranks_and_order(tmp_path):
    whole = with_arms(ranking(50), WHOLE, folder=tmp_path, seed=3)
    teams = with_arms(ranking(50), HoldBack(), folder=tmp_path, seed=3)
    assert "control" not in set(teams["arm"])
    kept = whole[whole["arm"] != "control"].reset_index(drop=True)
    pd.testing.assert_frame_equal(teams, kept)


def test_the_seed_decides_and_the_order_of_rows_does_not(tmp_path):
    table = ranking(50)
    first = with_arms(table, WHOLE, folder=tmp_path, seed=3).set_index("bureau_id")["arm"]
    mixed = table.sample(frac=1, random_state=1)
    again = with_arms(mixed, WHOLE, folder=tmp_path, seed=3).set_index("bureau_id")["arm"]
    other = with_arms(table, WHOLE, folder=tmp_path, seed=4).set_index("bureau_id")["arm"]
    assert (again[first.index] == first).all()
    assert (other != first).any()
    assert (table["arm"] == "").all()  # the input is left as it is


def test_where_nobody_can_knock_nothing_is_drawn(tmp_path):
    table = ranking(12)
    table.loc[4, "reachable"] = False
    table.loc[7, "registered"] = 0
    drawn = with_arms(table, WHOLE, folder=tmp_path, seed=0)
    assert drawn.loc[[4, 7], "arm"].tolist() == ["", ""]
    assert len(trial_units(table)) == 10
    teams = with_arms(table, HoldBack(), folder=tmp_path, seed=0)
    assert {"99900_0005", "99900_0008"} <= set(teams["bureau_id"])


def test_units_of_a_trial_are_the_best_ranked_with_what_they_are_worth():
    units = trial_units(ranking(12), 4)
    assert units["unit_id"].tolist() == [f"99900_{n:04d}" for n in (1, 2, 3, 4)]
    assert units["priority"].is_monotonic_decreasing
    np.testing.assert_allclose(units["votes"], 4.0)
    np.testing.assert_allclose(units["potential"], 0.12)


def test_too_few_bureaux_are_no_trial_and_the_file_says_why(tmp_path):
    held = hold_back_of(tmp_path, ranking(4))
    assert not held.on
    assert held.given_up == TOO_FEW
    assert (with_arms(ranking(4), held, folder=tmp_path, seed=0)["arm"] == "").all()


def test_a_trial_is_given_up_in_words_only():
    with pytest.raises(DataError, match="what is lost"):
        HoldBack(on=False, given_up="  ")
    given = HoldBack(on=False, given_up="nobody will know")
    assert HoldBack.from_dict(given.to_dict()) == given


def test_a_list_of_controls_alone_is_refused(tmp_path):
    design = declare(trial_units(ranking(10)), Rule(rank_by="priority"))
    seal = keep(tmp_path, sealed_with(design, 0, {}), {})
    table = with_arms(ranking(10), HoldBack(teams=False, seals=(seal,)), folder=tmp_path, seed=0)
    controls = table[table["arm"] == "control"]
    with pytest.raises(DataError, match="held back"):
        with_arms(controls, HoldBack(seals=(seal,)), folder=tmp_path, seed=0)


# With a real place: sealed arms, and the same bytes again.


@pytest.fixture(scope="module")
def own(valmont, tmp_path_factory):
    """Copy Valmont, to write designs into."""
    return Workspace(shutil.copytree(valmont.path, tmp_path_factory.mktemp("own") / "valmont"))


@pytest.fixture(scope="module")
def sealed(own):
    """Seal a design of the 20 best bureaux."""
    table = answer(own, LEFT)[0].table
    units = trial_units(table, 20)
    design = declare(units, Rule(rank_by="potential", block_size=4, unit="unit_id"))
    return keep(own.path, sealed_with(design, 77, {}), {})


@pytest.fixture(scope="module")
def answered(own, sealed):
    """Rank that place once, with its design, and return it too: nobody changes what is ranked."""
    return own, *answer(own, LEFT)


def test_sealed_arms_hold_whatever_is_ranked(own, sealed):
    for scenario in (LEFT, Scenario("right", "2024_legi_t1")):
        table = answer(own, scenario)[0].table
        held = hold_back_of(own.path, table)
        assert held.seals == (sealed,)
        arms = with_arms(
            table, dataclasses.replace(held, teams=False), folder=own.path, seed=5
        ).set_index("bureau_id")["arm"]
        assert (arms == "control").sum() == 5
        assert (arms == "treated").sum() == 15
        teams = with_arms(table, held, folder=own.path, seed=5)
        assert set(arms.index) - set(teams["bureau_id"]) == set(arms.index[arms == "control"])


def test_bureaux_of_another_place_are_drawn_anew(own, sealed):
    elsewhere = ranking(10, bureau_id=[f"75056_{n:04d}" for n in range(10)])
    assert sealed not in hold_back_of(own.path, elsewhere).seals


def test_the_command_line_holds_back_what_is_sealed(own, sealed, tmp_path, capsys):
    teams, whole = tmp_path / "teams.csv", tmp_path / "whole.csv"
    words = ["rank", "--workspace", own.path, "--bloc", "left", "--for", LEFT.election, "--out"]
    for more in ([teams], [whole, "--audience", "analysis"], [teams, "--audience", "press"]):
        with pytest.raises(SystemExit):
            main.main([str(word) for word in (*words, *more)])
    told = capsys.readouterr()
    arms = open_trial(own.path, sealed).sealed.assignment.set_index("unit_id")["arm"]
    controls = set(arms.index[arms == "control"])
    assert f"trial {sealed[:12]}: {len(controls)} bureaux are held back" in told.out
    assert f"{len(controls)} bureaux are controls" in told.out
    # What is announced is what teams can walk, whoever the file is for.
    rows = pd.read_csv(teams)
    spent = rows["hours"].cumsum() <= LEFT.settings.hours
    said = f"volunteer-hours reach {spent.sum()} of {len(rows)} bureaux "
    assert told.out.count(f"{said}({rows['doors'][spent].sum():.0f} doors)") == 2
    assert "whom a file for “press” is for" in told.err
    files = [pd.read_csv(one, dtype="str").set_index("bureau_id")["arm"] for one in (teams, whole)]
    assert set(files[1].index) - set(files[0].index) == controls
    assert files[1].reindex(arms.index).tolist() == arms.tolist()
    assert files[1].drop(arms.index).isna().all()
    assert reproduce(teams, own.path).identical
    assert reproduce(whole, own.path).identical


@pytest.mark.parametrize(
    "kind", ["default", "whole", "sealed", "given up", "without"], ids=lambda k: k
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_file_with_arms_is_made_again_byte_for_byte(answered, sealed, tmp_path, kind, suffix):
    held = {
        "default": HoldBack(),
        "whole": WHOLE,
        "sealed": HoldBack(seals=(sealed,)),
        "given up": HoldBack(on=False, given_up="Nobody will know."),
        "without": None,
    }[kind]
    own, found, prospects = answered
    table = with_arms(found.table, held, folder=own.path, seed=LEFT.settings.seed)
    file = write(
        table,
        tmp_path / f"targets{suffix}",
        bureaux=shapes_of(own, table),
        provenance=provenance_of(own, LEFT, prospects, held),
    )
    told = read_provenance(file).parameters.get("hold_back")
    assert told == (held.to_dict() if held else None)
    assert reproduce(file, own.path).identical


def test_without_its_seal_a_file_is_not_made_again(own, sealed, tmp_path):
    place = Workspace(shutil.copytree(own.path, tmp_path / "moved"))
    found, prospects = answer(place, LEFT)
    held = HoldBack(seals=(sealed,))
    table = with_arms(found.table, held, folder=place.path, seed=0)
    file = write(
        table,
        tmp_path / "targets.csv",
        bureaux=shapes_of(place, table),
        provenance=provenance_of(place, LEFT, prospects, held),
    )
    (place.path / "trials" / sealed / SEAL).unlink()
    with pytest.raises(DataError, match="missing from this workspace"):
        reproduce(file)


def test_the_default_draw_is_kept_for_its_list_and_seed_alone(tmp_path, monkeypatch):
    """Two hundred people look at the page Turfs: the same draw is not made for each of them."""
    made = []
    monkeypatch.setattr(
        "analysis.experiments.design.declare", lambda *given: made.append(1) or declare(*given)
    )
    looked_at = [(45, 11), (45, 11), (46, 11), (45, 12), (45, 11)]
    arms = [
        with_arms(ranking(size), WHOLE, folder=tmp_path, seed=seed)["arm"]
        for size, seed in looked_at
    ]
    assert len(made) == 3
    assert arms[0].equals(arms[1])
    assert arms[0].equals(arms[4])
    assert not arms[0].equals(arms[3])

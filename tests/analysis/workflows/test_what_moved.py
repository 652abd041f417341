"""What moved since an earlier ranking: the reason is what was changed, and nothing else."""

from dataclasses import replace

import pytest

from analysis.cli.main import main
from analysis.errors import DataError
from analysis.targeting.rank import rank_bureaux
from analysis.targeting.weights import Weights
from analysis.workflows.hold_back import HoldBack
from analysis.workflows.ranking import RankingFile, Scenario, answer, with_settings
from analysis.workflows.what_moved import (
    Earlier,
    earlier_at,
    read_earlier,
    reason_text,
    scenario_beside,
    what_moved,
)

SCENARIO = Scenario("left", "2027_pres_t1")


def run(*arguments):
    """Run the command line, which ends well."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert end.value.code == 0


@pytest.fixture(scope="module")
def file(valmont):
    ranking, prospects = answer(valmont, SCENARIO)
    return RankingFile(valmont, SCENARIO, ranking, prospects)


@pytest.fixture(scope="module")
def earlier(file):
    return Earlier(read_earlier(file.to_bytes(".csv"), "old.csv").table, SCENARIO)


def changed(file, **columns):
    """Return the ranking with columns of the prospects changed."""
    found = replace(file.prospects, table=file.prospects.table.assign(**columns))
    ranking = rank_bureaux(found, file.scenario.settings)
    return replace(file, prospects=found, ranking=ranking)


def test_nothing_moved_against_itself(file, earlier):
    assert what_moved(earlier, file).empty


@pytest.mark.parametrize(
    ("reason", "column"), [("support", "movement"), ("abstention", "abstention")]
)
def test_what_was_changed_is_the_reason(file, earlier, reason, column):
    table = file.prospects.table
    other = table[column].to_numpy()[::-1]
    moved = what_moved(earlier, changed(file, **{column: other}))
    assert len(moved) > 5
    assert set(moved["reason"]) <= {reason, "others"}
    assert (moved["reason"] == reason).mean() > 0.7


def test_visited_doors_are_the_reason_of_the_one_that_was_visited(file):
    weighed = Weights(mobilise=1.0, persuade=1.0, visited=1.0)
    asked = with_settings(SCENARIO, preset="custom", weights=weighed)
    ranking = rank_bureaux(file.prospects, asked.settings)
    before = RankingFile(file.workspace, asked, ranking, file.prospects)
    first = ranking.table["bureau_id"].iloc[0]
    covered = file.prospects.table["covered"].where(file.prospects.table["bureau_id"] != first, 1.0)
    earlier = Earlier(read_earlier(before.to_bytes(".csv"), "old.csv").table, asked)
    moved = what_moved(earlier, changed(before, covered=covered)).set_index("bureau_id")
    assert moved.loc[first, "reason"] == "visited"
    assert moved.loc[first, "rank_now"] > moved.loc[first, "rank_before"] == 1
    assert set(moved["reason"]) <= {"visited", "others"}


def test_weights_and_hands_are_told_apart(file, earlier):
    first = str(file.ranking.table["bureau_id"].iloc[0])
    asked = with_settings(SCENARIO, preset="abstainers_first", excluded={first: "not now"})
    ranking = rank_bureaux(file.prospects, asked.settings)
    now = RankingFile(file.workspace, asked, ranking, file.prospects)
    reasons = what_moved(earlier, now).set_index("bureau_id")["reason"]
    assert reasons[first] == "by_hand"
    assert (reasons == "weights").sum() > len(reasons) / 2
    assert set(reasons) <= {"by_hand", "weights", "others"}


def test_new_and_gone(file, earlier):
    fewer = Earlier(earlier.table.iloc[1:], SCENARIO)
    moved = what_moved(fewer, file).set_index("bureau_id")
    assert moved.loc[str(earlier.table["bureau_id"].iloc[0]), "reason"] == "new"


def test_a_list_for_teams_tells_those_held_back_by_lot_last(file, earlier):
    # No design is sealed here: the usual draw is no sealed trial.
    teams = replace(changed(file, movement=0.0), hold_back=HoldBack())
    moved = what_moved(earlier, teams)
    held = (moved["reason"] == "held_back").to_numpy()
    assert 0 < held.sum() < len(held)
    assert held[-held.sum() :].all()
    assert reason_text("held_back", "fr") == "laissé de côté par le sort, pour l’essai"


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"bureau_id,rank\nx,first\n"])
def test_what_is_no_ranking_is_refused(content):
    with pytest.raises(DataError, match="not an earlier ranking"):
        read_earlier(content, "x.csv")


def test_a_ranking_of_another_place_or_with_a_bureau_twice_is_refused(file, earlier):
    elsewhere = earlier.table.assign(bureau_id="01" + earlier.table["bureau_id"].str[2:])
    with pytest.raises(DataError, match="of another place"):
        what_moved(replace(earlier, table=elsewhere), file)
    # One bureau of this place is enough: territories of two rankings may differ.
    one = replace(earlier, table=earlier.table.head(1))
    assert len(what_moved(one, file)) == len(file.table) - 1
    twice = b"bureau_id,rank\n99900_0001,1\n99900_0001,2\n"
    with pytest.raises(DataError, match="not an earlier ranking"):
        read_earlier(twice, "old.csv")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"dc:provenance": "x"}', b"\xff"])
def test_what_stands_beside_no_ranking_is_refused(content):
    with pytest.raises(DataError, match="what a ranking answers"):
        scenario_beside(content, "x.json")


def test_another_bloc_is_another_question(file, earlier):
    other = replace(earlier, scenario=Scenario("right", "2027_pres_t1"))
    with pytest.raises(DataError, match="another question"):
        what_moved(other, file)


@pytest.mark.parametrize("dialect", ["plain", "excel_fr"])
def test_the_command_reads_both_dialects_and_writes_beside(valmont, tmp_path, dialect, capsys):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    asked = ["rank", "--workspace", str(valmont.path), "--for", "2027_pres_t1", "--bloc", "left"]
    run(*asked, "--out", str(old), "--dialect", dialect)
    assert earlier_at(old).scenario == SCENARIO
    beside = (tmp_path / "old.csv-metadata.json").read_bytes()
    assert scenario_beside(beside, "old.csv-metadata.json") == SCENARIO
    run(*asked, "--out", str(new), "--preset", "abstainers_first", "--since", str(old))
    assert "moved:" in capsys.readouterr().out
    lines = (tmp_path / "new.moved.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "bureau_id,label,rank_before,rank_now,moved,reason,reason_text"
    assert len(lines) > 5

"""Changes to a cut on disk: the log grows, undo gives the bytes back, nobody overwrites another."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from analysis.cli import main
from analysis.errors import DataError
from analysis.fieldwork import field_plan, inbox, progress
from analysis.fieldwork.store import open_store
from analysis.tables.schema import OUTCOMES
from analysis.tables.workspace import Workspace
from analysis.turf.editing import Edit
from analysis.workflows.fieldwork import counts_sheet
from analysis.workflows.turf_edits import LOG, change, current, ground_of, history, log_of
from analysis.workflows.turf_output import TABLES, read_walks, write_walks
from analysis.workflows.turf_states import assign, guard, handed_out, turf_states
from analysis.workflows.turfs import Ask, make_walks

TODAY = date(2027, 3, 5)


@pytest.fixture(scope="module")
def first(valmont, tmp_path_factory):
    """Cut two bureaux of the embedded town once."""
    bureaux = sorted(set(valmont.read("addresses")["bureau_id"]) - {""})[:2]
    targets = tmp_path_factory.mktemp("targets") / "targets.csv"
    pd.DataFrame({"bureau_id": bureaux, "rank": [1, 2]}).to_csv(targets, index=False)
    walks = make_walks(valmont, targets, Ask())
    return walks, ground_of(valmont, walks)


@pytest.fixture
def folder(first, tmp_path):
    """Write the cut into a folder of its own."""
    write_walks(first[0], tmp_path / "cut")
    return tmp_path / "cut"


def tables(folder):
    return {name: (folder / name).read_bytes() for name in TABLES}


def test_undo_gives_the_bytes_back_and_redo_the_change(first, folder):
    ground, before = first[1], tables(folder)
    turf = read_walks(folder).turf_ids[0]
    change(folder, [Edit("split", (turf,))], ground)
    split = tables(folder)
    rows = read_walks(folder).turfs
    address = rows.loc[rows["dwellings"] == rows["dwellings_of_building"], "address_id"].iloc[-1]
    change(folder, [Edit("exclude", addresses=(address,), reason="closed")], ground, who="B")
    both = tables(folder)
    assert len({**before, **split, **both}) == len(TABLES)
    assert split != before
    assert both != split
    change(folder, [Edit("undo")], ground)
    assert tables(folder) == split
    change(folder, [Edit("undo")], ground)
    assert tables(folder) == before
    change(folder, [Edit("redo"), Edit("redo")], ground)
    assert tables(folder) == both
    assert [one["op"] for one in log_of(folder).entries] == [
        *("split", "exclude", "undo", "undo", "redo", "redo")
    ]
    assert history(folder)["who"].tolist() == ["", "", "", "", "B", ""]
    with pytest.raises(DataError, match="no change"):
        change(folder, [Edit("redo")], ground)
    assert len(log_of(folder).entries) == 6


def test_a_number_is_never_given_twice(first, folder):
    turf = read_walks(folder).turf_ids[0]
    once = change(folder, [Edit("split", (turf,))], first[1])
    change(folder, [Edit("undo")], first[1])
    again = change(folder, [Edit("split", (turf,))], first[1])
    before = set(first[0].turf_ids)
    assert not (set(once.turf_ids) - before) & (set(again.turf_ids) - before)


def test_a_change_that_fails_leaves_nothing(first, folder):
    before = tables(folder)
    turf = read_walks(folder).turf_ids[0]
    with pytest.raises(DataError, match="no such turf"):
        change(folder, [Edit("split", (turf,)), Edit("split", (turf,))], first[1])
    assert tables(folder) == before
    assert not (folder / LOG).exists()


def test_who_comes_second_sees_what_changed(first, folder):
    one, other = read_walks(folder).turf_ids[:2]
    seen = log_of(folder).version
    change(folder, [Edit("split", (one,))], first[1], who="Nord", seen=seen)
    after = tables(folder)
    with pytest.raises(DataError, match="Somebody else") as error:
        change(folder, [Edit("split", (other,))], first[1], seen=seen)
    assert f"split {one} Nord" in error.value.where
    assert tables(folder) == after


def test_tables_that_lag_behind_the_log_are_made_again(first, folder):
    turf = read_walks(folder).turf_ids[0]
    base = tables(folder)
    now = change(folder, [Edit("split", (turf,))], first[1])
    for name, content in base.items():
        (folder / name).write_bytes(content)
    pd.testing.assert_frame_equal(current(folder, first[1]).turfs, now.turfs)


def test_a_log_that_was_cut_says_so(first, folder):
    (folder / LOG).write_text('{"op": "undo"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="log of changes"):
        current(folder, first[1])


def returned(turf, address, day, doors):
    counts = pd.DataFrame({"address_id": [address], **dict.fromkeys(OUTCOMES, 0)})
    counts["no_answer"] = doors
    return counts_sheet(counts, turf_id=turf, day=date.fromisoformat(day), team_id="A")


def test_states_follow_dates_and_returns(valmont, tmp_path, first):
    place = Workspace(shutil.copytree(valmont.path, tmp_path / "place"))
    cut = place.path / "turfs" / "made"
    write_walks(first[0], cut)
    a, b, c, d = first[0].turf_ids[:4]
    assert set(turf_states(None, cut, TODAY)["state"]) == {"ready"}
    assign(cut, [a], team="Nord", day=TODAY)
    assign(cut, [b, c], team="Sud", day=date(2027, 3, 4))
    assign(cut, [d], team="Sud", day=date(2027, 3, 8))
    store = open_store(place.path)
    field_plan.register(store.engine, first[0].turfs)
    address = first[0].of(c)["address_id"].iloc[0]
    now = datetime(2027, 3, 5, 12, tzinfo=UTC)
    name, content = returned(c, address, "2027-03-04", 1)
    inbox.receive(store, content, name=name, now=now)
    states = turf_states(store, cut, TODAY).set_index("turf_id")
    assert states.loc[[a, b, c, d], "state"].tolist() == ["out", "late", "back", "ready"]
    assert states.loc[c, ["told", "last", "team"]].tolist() == [1, "2027-03-04", "Sud"]
    check = guard(store, cut, TODAY)
    with pytest.raises(DataError, match="in its hands"):
        check(first[0], Edit("split", (a,)))
    check(first[0], Edit("split", (a,), allow=("out",)))
    check(first[0], Edit("split", (d,)))
    with pytest.raises(DataError, match="with returns"):
        check(first[0], Edit("exclude", addresses=(address,), reason="closed", allow=("out",)))
    # A return that comes late for a turf that was merged away still counts.
    change(cut, [Edit("merge", (a, c), allow=("out", "apart"))], first[1])
    field_plan.register(store.engine, read_walks(cut).turfs)
    other = first[0].of(a)["address_id"].iloc[0]
    name, content = returned(a, other, "2027-03-05", 1)
    inbox.receive(store, content, name=name, now=now)
    assert progress.totals(store).doors == 2
    assert progress.coverage(store)["tried"].sum() == 2
    store.engine.dispose()


def test_two_who_assign_the_same_turf(folder):
    turf = read_walks(folder).turf_ids[0]
    seen = handed_out(folder)
    assign(folder, [turf], team="Nord", day=TODAY, seen=seen)
    with pytest.raises(DataError, match="assigned these turfs meanwhile"):
        assign(folder, [turf], team="Sud", day=TODAY, seen=seen)
    assert handed_out(folder)[turf] == {"team": "Nord", "date": "2027-03-05"}
    assert assign(folder, [turf], team="", day=None) == {}
    with pytest.raises(DataError, match="cannot be assigned"):
        assign(folder, ["ZZZZ-001"], team="Nord", day=None)


@pytest.mark.parametrize("suffix", [".json", ".toml"])
def test_the_command_changes_a_folder(valmont, folder, tmp_path, capsys, suffix):
    turf = read_walks(folder).turf_ids[0]
    file = tmp_path / f"changes{suffix}"
    text = json.dumps([{"op": "split", "turfs": [turf]}])
    if suffix == ".toml":
        text = f'[[edit]]\nop = "split"\nturfs = ["{turf}"]\n'
    file.write_text(text, encoding="utf-8")
    words = ["turfs", "--workspace", valmont.path, "--out", folder, "--edit", file, "--no-sheets"]
    with pytest.raises(SystemExit) as end:
        main.main([str(word) for word in words])
    assert not end.value.code
    told = capsys.readouterr().out
    assert turf in told
    assert turf not in read_walks(folder).turf_ids
    assert log_of(folder).version == 1


def test_the_command_wants_targets_or_changes(valmont, folder, capsys):
    with pytest.raises(SystemExit) as end:
        main.main(["turfs", "--workspace", str(valmont.path), "--out", str(folder)])
    assert end.value.code
    assert "--targets" in capsys.readouterr().err


def test_files_tell_what_bureaux_are_called(valmont, folder, first):
    turfs = pd.read_csv(folder / "turfs.csv", dtype=str)
    assert turfs["label"].notna().all()
    labels = first[0].summary["labels"]
    assert (turfs["label"] == turfs["bureau_id"].map(labels)).all()
    assert list(pd.read_csv(folder / "uncut.csv", dtype=str)) == ["address_id", "reason", "label"]

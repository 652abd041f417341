"""Tests of the verb turfs: targets, arms, files, on Valmont and on real Paris."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from datetime import date
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.cli.commands_turfs import start_of
from analysis.errors import DataError
from analysis.fieldwork import field_plan
from analysis.fieldwork.store import open_store
from analysis.tables.schema import OUTCOMES
from analysis.tables.sources import sha256
from analysis.tables.workspace import Workspace
from analysis.turf import cut
from analysis.turf.graph import write_graph
from analysis.turf.planning import Plan
from analysis.turf.walk_list import IN_CONTROL, IN_NO_ARM, IN_NO_BUREAU, LEFT_ALONE, NOT_LISTED
from analysis.turf.work import Work
from analysis.workflows import fieldwork
from analysis.workflows.cut_again import cut_again
from analysis.workflows.known_doors import KnownDoors, place_beside
from analysis.workflows.outing_numbers import read_work
from analysis.workflows.sealed_trials import keep
from analysis.workflows.turf_output import kit_for, turfs_to_folder, write_walks
from analysis.workflows.turf_targets import read_targets
from analysis.workflows.turfs import Ask, make_walks
from tests.made import DATA, folder_bytes

FIRST = ["turf_id", "stop", "address_id", "bureau_id", "latitude", "longitude"]
FIRST += ["dwellings", "minutes", "walk_m"]


@pytest.fixture(scope="module", autouse=True)
def searched():
    """Search what is the same once: these tests cut the same bureaux again and again."""
    search, kept = cut._feasible, {}

    def once(work_min, metres, *asked):
        key = (work_min.tobytes(), metres.tobytes(), *asked)
        if key not in kept:
            kept[key] = search(work_min, metres, *asked)
        return deepcopy(kept[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "_feasible", once)
        yield kept


@pytest.fixture
def run(capsys):
    """Run a verb: exit code, and what it printed and complained of."""

    def run(*words):
        with pytest.raises(SystemExit) as end:
            main.main([str(word) for word in words])
        told = capsys.readouterr()
        return end.value.code or 0, told.out, told.err

    return run


@pytest.fixture(scope="module")
def bureaux(valmont):
    """List bureaux of Valmont that have addresses, in the order of a made ranking."""
    ids = valmont.read("addresses")["bureau_id"]
    return sorted(set(ids) - {""})[:10]


def targets_file(folder, bureaux, **columns):
    table = pd.DataFrame({"bureau_id": bureaux, "rank": range(1, len(bureaux) + 1), **columns})
    path = folder / "targets.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture
def targets(tmp_path, bureaux):
    """Write a file of six targets."""
    return targets_file(tmp_path, bureaux[:6])


@pytest.fixture(scope="module")
def two(valmont, tmp_path_factory, bureaux):
    """Cut the first two of six targets: nobody changes what is cut."""
    file = targets_file(tmp_path_factory.mktemp("two"), bureaux[:6])
    return make_walks(valmont, file, Ask(top=2))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, bureaux):
    """Seal a trial on the ten bureaux; return the seal and the arms."""
    folder = tmp_path_factory.mktemp("trial")
    units = pd.DataFrame({"bureau_id": bureaux, "value": np.arange(10, 0, -1)})
    units.to_csv(folder / "units.csv", index=False)
    words = ["design", "--units", folder / "units.csv", "--rank-by", "value", "--seed", "1"]
    with pytest.raises(SystemExit) as end:
        main.main([*map(str, words), "--out", str(folder / "arms.csv")])
    assert not end.value.code
    arms = pd.read_csv(folder / "arms.csv", dtype=str).set_index("unit_id")["arm"]
    return folder / "arms.seal.json", arms


def test_from_targets_to_files(run, valmont, targets, tmp_path, bureaux):
    out = tmp_path / "out"
    words = ("turfs", "--workspace", valmont.path, "--targets", targets, "--out", out)
    code, told, _ = run(*words, "--no-sheets", "--start", "48.69,4.21", "--top", "2")
    assert code == 0
    turfs = pd.read_csv(out / "turfs.csv", dtype={"address_id": str})
    assert list(turfs)[:9] == FIRST
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert f"{summary['count']} turfs in 2 bureau(x)" in told
    assert summary["start"] == [48.69, 4.21]
    assert summary["fictional"] is True
    assert set(turfs["bureau_id"]) == set(bureaux[:2])
    addresses = valmont.read("addresses")
    meant = addresses.loc[addresses["bureau_id"].isin(bureaux[:2]), "address_id"]
    uncut = pd.read_csv(out / "uncut.csv")
    assert list(uncut) == ["address_id", "reason", "label"]
    assert sorted({*turfs["address_id"], *uncut["address_id"]}) == sorted(meant)
    assert summary["made_from"]["targets.csv"]


def test_the_same_question_gives_the_same_bytes(valmont, targets, two, tmp_path, searched):
    searched.clear()
    for name, walks in (("one", two), ("two", make_walks(valmont, targets, Ask(top=2)))):
        write_walks(walks, tmp_path / name)
    assert folder_bytes(tmp_path / "one") == folder_bytes(tmp_path / "two")


def test_the_order_of_the_targets_file_is_irrelevant(valmont, targets, tmp_path):
    mixed = tmp_path / "mixed.csv"
    pd.read_csv(targets).sample(frac=1, random_state=1).to_csv(mixed, index=False)
    ask = Ask(top=3)
    first, second = (make_walks(valmont, file, ask).turfs for file in (targets, mixed))
    pd.testing.assert_frame_equal(first, second)


def test_only_the_bureaux_asked_for_are_cut_and_again(valmont, targets, tmp_path, bureaux):
    # Neither first nor beside one another: the rank does not choose.
    wanted = (bureaux[4], bureaux[2])
    ask = Ask(top=2, bureaux=wanted)
    turfs_to_folder(valmont.path, targets, ask, tmp_path, sheets=None)
    file = tmp_path / "turfs.csv"
    assert set(pd.read_csv(file)["bureau_id"]) == set(wanted)
    assert cut_again(file, valmont.path) == file.read_bytes()
    order = json.loads((tmp_path / "made_from" / "order.json").read_text(encoding="utf-8"))
    assert Ask.from_order(order).bureaux == wanted
    with pytest.raises(DataError, match="None of the bureaux asked for"):
        make_walks(valmont, targets, Ask(bureaux=("99999_0001",)))


def test_a_list_of_doors_cuts_these_doors_and_lists_the_others(valmont, tmp_path, bureaux):
    every = valmont.read("addresses")[["bureau_id", "address_id"]].astype("str")
    mine = every[every["bureau_id"].isin(bureaux[:2])]
    file = tmp_path / "door.csv"
    # As a universe leaves it, for a French spreadsheet.
    mine[::2].to_csv(file, index=False, sep=";", encoding="utf-8-sig", lineterminator="\r\n")
    walks = make_walks(valmont, file, Ask(top=2))
    assert set(walks.turfs["address_id"]) == set(mine["address_id"][::2])
    others = walks.uncut[walks.uncut["reason"] == NOT_LISTED]
    assert set(others["address_id"]) == set(mine["address_id"][1::2])
    mine.assign(address_id="elsewhere").head(1).to_csv(file, index=False)
    with pytest.raises(DataError, match="None of the doors"):
        make_walks(valmont, file, Ask(top=1))


def test_doors_that_asked_not_to_be_disturbed_are_left_out_and_named_by_street(
    valmont, targets, two
):
    plain = two
    stops = plain.turfs.drop_duplicates("address_id")
    doors = stops.set_index("address_id")["dwellings_of_building"]
    large, whole = doors[doors >= 3].index[0], doors[doors < 3].index[0]
    alone = {
        large: {"doors": 2, "floors": ["1"]},
        whole: {"doors": int(doors[whole]), "floors": []},
        "elsewhere": {"doors": 1, "floors": []},
    }
    walks = make_walks(valmont, targets, Ask(top=2, known=KnownDoors(alone)))
    left = int(2 + doors[whole])
    assert walks.summary["doors"] == plain.summary["doors"] - left
    assert (
        walks.turfs.loc[walks.turfs["address_id"] == large, "dwellings"].sum() == doors[large] - 2
    )
    assert whole not in set(walks.turfs["address_id"])
    assert walks.uncut.loc[walks.uncut["reason"] == LEFT_ALONE, "address_id"].tolist() == [whole]
    street = stops.set_index("address_id")["street"]
    (note,) = [one for one in walks.summary["notes"] if "not to be disturbed" in one]
    assert f": {left}. " in note
    assert f"{street[large]} (" in note
    assert f"{street[whole]} (" in note
    told = {one["address_id"]: one["doors"] for one in walks.summary["left_alone"]}
    assert told == {large: 2, whole: int(doors[whole])}


def test_a_cut_asks_the_returns_and_is_made_again_after_others_came(
    valmont, targets, two, tmp_path
):
    place = Workspace(shutil.copytree(valmont.path, tmp_path / "place"))
    first = two
    store = open_store(place.path)
    field_plan.register(store.engine, first.turfs)
    ask = partial(alone_sheet, first.turfs.iloc[0])
    store.close()
    with fieldwork.opened(place.path) as store:
        fieldwork.take_in(store, [ask("2025-03-04")])
    out = place.path / "turfs" / "made"
    walks, *_ = turfs_to_folder(place.path, targets, Ask(top=2), out, sheets=None)
    assert walks.summary["doors"] == first.summary["doors"] - 1
    with fieldwork.opened(place.path) as store:
        fieldwork.take_in(store, [ask("2025-03-05")])
    again = kit_for(walks, place)
    stop = first.turfs.iloc[0]
    # Who takes the same cut out again reads what was noted since; the cut stays as it is.
    assert again.left_alone[stop["address_id"]]["doors"] == 2
    assert walks.summary["left_alone"][0]["doors"] == 1
    # The files say what was known when they were written.
    assert cut_again(out / "turfs.csv") == (out / "turfs.csv").read_bytes()


def test_a_building_that_was_found_is_in_the_next_cut_between_its_neighbours(valmont, targets, two):
    addresses = gpd.GeoDataFrame(valmont.read("addresses"))
    first = two
    # Two neighbours of one side of a street, with a number between them that nobody has.
    stops = first.turfs.drop_duplicates("address_id")
    stops = stops[stops["number"].notna()].sort_values(["street", "side", "number"])
    step = stops.groupby(["street", "side"])["number"].diff()
    after = stops[step == 4].iloc[0] if (step == 4).any() else stops[step == 2].iloc[0]
    same = (stops["street"] == after["street"]) & (stops["side"] == after["side"])
    before = stops[same & (stops["number"] < after["number"])].iloc[-1]
    number = int(after["number"]) - 2
    place = place_beside(addresses, after["address_id"], number)
    share = (number - before["number"]) / (after["number"] - before["number"])
    for at, name in zip(place, ("latitude", "longitude"), strict=True):
        wanted = before[name] + share * (after[name] - before[name])
        assert at == pytest.approx(wanted, abs=2e-6)
    added = {
        "address_id": "added-1",
        "beside": after["address_id"],
        "number": number,
        "suffix": "bis",
        "doors": 3,
        "latitude": place[0],
        "longitude": place[1],
    }
    gone = {**added, "address_id": "added-2", "beside": "no longer there"}
    walks = make_walks(valmont, targets, Ask(top=2, known=KnownDoors(added=[added, gone])))
    (row,) = walks.turfs[walks.turfs["address_id"].str.startswith("added")].to_dict("records")
    told = ("street", "number", "suffix", "dwellings", "bureau_id", "dwellings_from")
    assert [row[name] for name in told] == [
        *(after["street"], number, "bis", 3, after["bureau_id"], "dwellings")
    ]
    assert walks.summary["doors"] >= first.summary["doors"]
    assert any("volunteers found" in one for one in walks.summary["notes"])


def alone_sheet(stop, day):
    counts = pd.DataFrame({"address_id": [stop["address_id"]], **dict.fromkeys(OUTCOMES, 0)})
    counts["do_not_disturb"] = 1
    day = date.fromisoformat(day)
    return fieldwork.counts_sheet(counts, turf_id=stop["turf_id"], day=day, team_id="A")


def test_no_control_bureau_is_visited_and_its_doors_are_listed(valmont, tmp_path, bureaux, sealed):
    seal, arms = sealed
    walks = make_walks(valmont, targets_file(tmp_path, bureaux), Ask(design=seal))
    treated, control = (set(arms.index[arms == arm]) for arm in ("treated", "control"))
    assert control
    assert set(walks.turfs["bureau_id"]) == treated
    addresses = valmont.read("addresses").set_index("address_id")["bureau_id"]
    listed = walks.uncut[walks.uncut["reason"] == IN_CONTROL]
    assert set(listed["address_id"]) == set(addresses.index[addresses.isin(control)])
    assert walks.seal == walks.summary["seal"] == json.loads(seal.read_text())["fingerprint"]
    assert set(walks.by_turf()["arm"]) == {"treated"}


def test_a_bureau_that_was_not_drawn_is_not_visited(valmont, tmp_path, sealed):
    seal, arms = sealed
    known = sorted(set(valmont.read("addresses")["bureau_id"]))
    other = next(one for one in known if one and one not in arms.index)
    treated = arms.index[arms == "treated"][0]
    file = targets_file(tmp_path, [other, treated])
    walks = make_walks(valmont, file, Ask(design=seal, top=2))
    assert set(walks.turfs["bureau_id"]) == {treated}
    assert set(walks.uncut["reason"]) == {IN_NO_ARM}
    without_top = make_walks(valmont, file, Ask(design=seal))
    assert without_top.uncut.empty


def test_arms_of_the_targets_file_hold_without_a_seal(valmont, tmp_path, bureaux):
    arms = ["treated", "control", "treated"]
    walks = make_walks(valmont, targets_file(tmp_path, bureaux[:3], arm=arms), Ask())
    assert set(walks.turfs["bureau_id"]) == {bureaux[0], bureaux[2]}


def test_a_control_of_a_design_in_force_is_never_visited(valmont, tmp_path, bureaux, sealed):
    seal, arms = sealed
    copy = Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))
    fingerprint = keep(copy.path, json.loads(seal.read_text(encoding="utf-8")), {})
    walks = make_walks(copy, targets_file(tmp_path, bureaux[:6]), Ask())
    assert set(walks.turfs["bureau_id"]) == {one for one in bureaux[:6] if arms[one] == "treated"}
    assert set(walks.uncut["reason"]) == {IN_CONTROL}
    assert walks.seal == fingerprint


def test_all_controls_is_an_error(valmont, tmp_path, bureaux):
    file = targets_file(tmp_path, bureaux[:2], arm=["control", "control"])
    with pytest.raises(DataError, match="nobody may be visited") as error:
        make_walks(valmont, file, Ask())
    assert bureaux[0] in error.value.where


def test_a_seal_of_other_bureaux_is_refused(valmont, tmp_path, sealed):
    seal, arms = sealed
    known = sorted(set(valmont.read("addresses")["bureau_id"]) - {""} - set(arms.index))
    with pytest.raises(DataError, match="none of the targets"):
        make_walks(valmont, targets_file(tmp_path, known[:2]), Ask(design=seal))


def test_a_changed_seal_is_refused(valmont, targets, tmp_path, sealed):
    changed = tmp_path / "arms.seal.json"
    changed.write_text(sealed[0].read_text().replace('"seed": 1', '"seed": 2'), encoding="utf-8")
    with pytest.raises(DataError, match="fingerprint"):
        make_walks(valmont, targets, Ask(design=changed))


def test_the_hours_of_a_ranking_tell_how_many_bureaux_are_meant(run, valmont, tmp_path):
    file = tmp_path / "ranked.csv"
    words = ("rank", "--workspace", valmont.path, "--bloc", "left", "--for", "2027_pres_t1")
    code, told, _ = run(*words, "--hours", "200", "--out", file)
    assert code == 0
    reached = int(told.split("reach ")[1].split()[0])
    found = read_targets(file, valmont)
    assert found.hours == 200
    walks = make_walks(valmont, file, Ask())
    assert walks.summary["targets"] == reached < len(found.table)


def test_a_table_of_a_french_spreadsheet_is_read(valmont, tmp_path, bureaux):
    file = tmp_path / "cibles.csv"
    rows = "\r\n".join(f"{bureau};{n},5" for n, bureau in enumerate(bureaux[:2]))
    file.write_bytes(f"bureau_id;rank\r\n{rows}\r\n".encode("utf-8-sig"))
    assert read_targets(file, valmont).table["rank"].tolist() == [0.5, 1.5]


def test_without_ranks_all_count_the_same_and_it_says_so(valmont, tmp_path, bureaux):
    file = tmp_path / "list.csv"
    pd.DataFrame({"bureau_id": bureaux[:2]}).to_csv(file, index=False)
    found = read_targets(file, valmont)
    assert found.table["rank"].tolist() == [1, 1]
    assert any("ranks no bureaux" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("name\nx\n", "names no bureaux"),
        ("bureau_id,rank\n,1\n", "names no bureaux"),
        ("bureau_id\n75056_0101\n75056_0102\n", "another place"),
        ("bureau_id\n{0}\n{0}\n", "twice"),
        ("bureau_id,rank\n{0},first\n", "numbers"),
        ("", "empty"),
    ],
)
def test_targets_that_cannot_be_are_refused(valmont, tmp_path, bureaux, text, match):
    file = tmp_path / "targets.csv"
    file.write_text(text.format(bureaux[0]), encoding="utf-8")
    with pytest.raises(DataError, match=match) as error:
        make_walks(valmont, file, Ask())
    assert error.value.mend


def test_a_target_without_addresses_is_told(valmont, tmp_path, bureaux):
    turnout = set(valmont.read("turnout")["bureau_id"])
    bare = sorted(turnout - set(valmont.read("addresses")["bureau_id"]))
    assert bare
    walks = make_walks(valmont, targets_file(tmp_path, [bare[0], bureaux[0]]), Ask())
    assert walks.summary["without_addresses"] == [bare[0]]
    assert any("have no address" in note for note in walks.summary["notes"])
    with pytest.raises(DataError, match="None of the targets has an address"):
        make_walks(valmont, targets_file(tmp_path, [bare[0]]), Ask())


def test_targets_unknown_to_the_workspace_are_told(valmont, tmp_path, bureaux):
    walks = make_walks(valmont, targets_file(tmp_path, [bureaux[0], "75056_0101"]), Ask())
    assert any("75056_0101" in note for note in walks.summary["notes"])


def test_a_ranking_of_other_data_is_told(valmont, tmp_path, bureaux):
    told = json.dumps({"data": {"addresses": "another"}, "parameters": {}})
    file = targets_file(tmp_path, bureaux[:1], provenance=[told])
    notes = make_walks(valmont, file, Ask()).summary["notes"]
    assert any("other addresses" in note for note in notes)


def test_addresses_of_no_bureau_are_listed_where_they_lie_among_the_turfs(
    valmont, tmp_path, targets, bureaux
):
    copy = Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))
    addresses = copy.read("addresses")
    here = addresses.index[addresses["bureau_id"] == bureaux[0]][:3]
    visited = addresses[addresses["bureau_id"] == bureaux[0]].geometry.union_all()
    away = addresses.index[addresses.distance(visited) > 500][:3]
    lost, far = (addresses.loc[rows, "address_id"].tolist() for rows in (here, away))
    addresses.loc[[*here, *away], "bureau_id"] = ""
    file = copy.path / "addresses.parquet"
    addresses.to_parquet(file, index=False)
    copy.manifest["tables"]["addresses"]["sha256"] = sha256(file)
    walks = make_walks(copy, targets, Ask(top=1))
    listed = walks.uncut[walks.uncut["reason"] == IN_NO_BUREAU]
    assert set(lost) <= set(listed["address_id"])
    assert len(far) == 3
    assert not set(far) & set(listed["address_id"])
    assert walks.summary["uncut"][IN_NO_BUREAU] == len(listed)


@pytest.mark.parametrize("absent", [("addresses",), ("addresses", "bureaux")])
def test_a_workspace_without_addresses_says_so(valmont, tmp_path, targets, absent):
    bare = shutil.copytree(valmont.path, tmp_path / "copy")
    manifest = json.loads((bare / "manifest.json").read_text(encoding="utf-8"))
    for name in absent:
        del manifest["tables"][name]
    (bare / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(DataError, match="no addresses") as error:
        make_walks(Workspace(bare), targets, Ask())
    assert "--addresses" in error.value.mend


def test_a_graph_saved_in_the_workspace_is_walked_on(valmont, tmp_path, targets):
    copy = Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))
    places = copy.read("addresses").geometry.to_crs("EPSG:4326")
    # Streets every hundred metres or so, both ways, over the whole town.
    west, south, east, north = places.total_bounds
    columns, rows = 60, 60
    lat, lon = np.meshgrid(np.linspace(south, north, rows), np.linspace(west, east, columns))
    node = np.arange(lat.size).reshape(lat.shape)
    ends = [node[:, :-1].ravel(), node[:-1].ravel()], [node[:, 1:].ravel(), node[1:].ravel()]
    edges = pd.DataFrame({"from": np.concatenate(ends[0]), "to": np.concatenate(ends[1])})
    edges = edges.assign(direction=2, time_s=60, length_m=80.0)
    write_graph(np.c_[lat.ravel(), lon.ravel()], edges, copy.path / "streets.txt")
    walks = make_walks(copy, targets, Ask(top=1))
    assert "streets.txt" in walks.summary["distance"]
    assert not walks.summary["uncut"]
    named = make_walks(copy, targets, Ask(top=1, streets=str(copy.path / "streets.txt")))
    pd.testing.assert_frame_equal(walks.turfs, named.turfs)


def test_a_long_run_tells_how_far_the_usual_one_was_off(valmont, targets):
    usual = make_walks(valmont, targets, Ask(top=1))
    long = make_walks(valmont, targets, Ask(top=1, long_run=True))
    assert 0 <= long.summary["gap"]["usual_to_long_run"] < 0.1
    assert long.summary["walk_m_total"] <= usual.summary["walk_m_total"]


@pytest.mark.parametrize(("text", "point"), [("", None), ("48.85, 2.35", (48.85, 2.35))])
def test_a_start_point_is_read(text, point):
    assert start_of(text) == point


@pytest.mark.parametrize("text", ["here", "48.85", "48,85,2,35"])
def test_a_start_point_that_is_none_is_refused(text):
    with pytest.raises(DataError, match="two numbers"):
        start_of(text)


def test_numbers_of_the_ranking_serve_the_outing(tmp_path):
    file = tmp_path / "params.toml"
    file.write_text("effect_vote = 0.02\n[params]\nshare_open = {value = 0.3}\n", encoding="utf-8")
    work = read_work(file, {"hours": 3.0})
    assert (work.share_open, work.hours) == (0.3, 3.0)
    file.write_text("share_open = 0.5\nshare_talk = {value = 0.6, low = 0.5}\n", encoding="utf-8")
    assert read_work(file, {}).share_open == pytest.approx(0.3)  # of doors, those that talk
    file.write_text("share_opne = 0.3\n", encoding="utf-8")
    with pytest.raises(DataError, match="share_opne"):
        read_work(file, {})


def test_top_must_be_one_or_more(valmont, targets):
    with pytest.raises(DataError, match="At least one bureau"):
        make_walks(valmont, targets, Ask(top=0))


def test_a_folder_that_cannot_be_written_is_refused(two, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_walks(two, tmp_path / "file")


@pytest.mark.slow
def test_paris_from_real_targets_to_turfs(paris, tmp_path):
    rows = paris.read("addresses")
    meant = rows["bureau_id"].value_counts().iloc[200:204].index.tolist()
    targets = targets_file(tmp_path, meant)
    graph = DATA / "paris" / "street_graph.txt"
    plan = Plan(work=Work(hours=2.0))
    walks = make_walks(paris, targets, Ask(plan=plan, streets=str(graph)))
    told = walks.summary
    assert told["minutes_max_over_mean"] <= 1.25
    in_turf, left = set(walks.turfs["address_id"]), set(walks.uncut["address_id"])
    assert in_turf | left >= set(rows.loc[rows["bureau_id"].isin(meant), "address_id"])
    assert not told["without_addresses"]
    # Registered of 2012 over today's bureaux: doors are the bureaux's, within a tenth.
    doors = told["doors"] / len(meant)
    assert 600 < doors < 1400
    assert 20 <= 60 * told["doors"] / (told["count"] * told["minutes_mean"]) <= 30

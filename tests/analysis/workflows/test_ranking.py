"""Tests of `analysis.workflows.ranking` and `analysis.workflows.reproduce`."""

from __future__ import annotations

import shutil
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.exports import read_provenance, write
from analysis.exports.registry import beside
from analysis.tables.workspace import Workspace
from analysis.targeting.params import Params
from analysis.targeting.rank import Settings
from analysis.targeting.weights import PARTS, PRESETS, Weights
from analysis.workflows import reproduce as reproducing
from analysis.workflows.ranking import (
    Scenario,
    answer,
    open_workspace,
    provenance_of,
    read_scenario,
    scenario_of,
    shapes_of,
    target_of,
    with_settings,
)
from analysis.workflows.reproduce import reproduce
from tests.made import VALMONT

PLAIN = Scenario("left", "2027_pres_t1", settings=Settings(draws=40))

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
numbers = st.floats(0.01, 3)
chosen = st.one_of(
    st.sampled_from(list(PRESETS)).map(lambda name: Settings(preset=name)),
    st.builds(Weights, mobilise=numbers, need=numbers, visited=numbers).map(
        lambda w: Settings(preset="custom", weights=w)
    ),
)
params = st.builds(
    Params.from_dict,
    st.fixed_dictionaries(
        {}, optional={"share_open": st.floats(0.05, 0.9), "detour": st.floats(1, 2)}
    ),
)
scenarios = st.builds(
    Scenario,
    bloc=texts,
    election=texts,
    candidates=st.lists(texts, max_size=3).map(tuple),
    places=st.lists(texts, max_size=3).map(tuple),
    settings=st.builds(
        lambda s, p, hours, seed: replace(s, params=p, hours=hours, seed=seed),
        chosen,
        params,
        st.floats(1, 1e5),
        st.integers(0, 2**31),
    ),
)


@settings(deadline=None, max_examples=25)
@given(scenarios)
def test_what_is_saved_as_toml_is_reopened_as_it_was(scenario):
    assert Scenario.from_dict(tomllib.loads(scenario.to_toml())) == scenario


def test_only_changed_numbers_are_written():
    assert PLAIN.to_dict()["params"] == {}
    changed = with_settings(PLAIN, params=Params.from_dict({"detour": 1.4}))
    assert list(changed.to_dict()["params"]) == ["detour"]
    assert changed.bloc == PLAIN.bloc
    assert PLAIN.settings.params == Params()


def test_picked_candidates_take_the_place_of_the_bloc():
    assert PLAIN.choice.bloc == "left"
    picked = replace(PLAIN, candidates=("MACRON",))
    assert (picked.choice.bloc, picked.choice.candidates) == ("", ("MACRON",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('bloc = "left"', "does not say: election"),
        ('election = "2027_pres_t1"', "neither a bloc nor candidates"),
        ('bloc = "left"\nelection = "x"\nplaces = "75056"', "lists of texts"),
        ('bloc = "left"\nelection = "x"\ncandidates = 3', "lists of texts"),
        ('bloc = "left"\nelection = "x"\ncandidates = [3]', "lists of texts"),
        ('bloc = "left"\nelection = "x"\ncolour = "red"', r"Unknown setting\(s\): colour"),
        ('bloc = "left"\nelection = "x"\nweights = 3', "Not a table: weights"),
        ('bloc = "left"\nelection = "x"\nteam_size = 0', "outside what it can be"),
        ("bloc: left", "cannot be read as TOML"),
    ],
)
def test_a_wrong_scenario_says_where_and_how_to_mend(tmp_path, text, says):
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=says) as caught:
        read_scenario(path)
    assert "scenario.toml" in caught.value.where
    assert caught.value.mend


def test_an_unknown_key_lists_those_of_its_own_level(tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_text('bloc = "left"\nelection = "2027_pres_t1"\ncolour = "red"')
    with pytest.raises(DataError) as caught:
        read_scenario(path)
    known = (
        "bloc, candidates, draws, election, excluded, hours, params, pinned, places, preset, "
        "rival, seed, weights"
    )
    assert caught.value.mend == f"Known ones: {known}."
    path.write_text('bloc = "left"\nelection = "2027_pres_t1"\n[weights]\ncolour = 1')
    with pytest.raises(DataError) as caught:
        read_scenario(path)
    assert caught.value.mend == f"Known ones: {', '.join(PARTS)}."


def test_parameters_may_stand_alone_in_a_file(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text("share_open = 0.2\n[params]\ndetour = 1.4\n")
    scenario = read_scenario(path, bloc="left", election="2027_pres_t1", hours=10.0)
    assert scenario.settings.params.share_open.value == 0.2
    assert scenario.settings.params.detour.value == 1.4
    assert scenario.settings.hours == 10


def test_an_election_of_the_workspace_has_its_own_day(valmont):
    assert target_of(valmont, "2024_legi_t1").date.isoformat() == "2024-06-30T00:00:00"
    assert target_of(valmont, "2027_pres_t1").kind == "pres"
    with pytest.raises(DataError, match="does not name an election"):
        target_of(valmont, "next")


def test_an_answer_carries_where_it_comes_from(valmont):
    ranking, prospects = answer(valmont, PLAIN)
    provenance = provenance_of(valmont, PLAIN, prospects)
    assert provenance.data == valmont.digests
    assert provenance.parameters["fictional"] is True
    assert provenance.parameters["beliefs"] == Params().to_dict()
    assert provenance.seed == 0
    assert {source["role"] for source in provenance.sources} >= {"general_results", "electors"}
    assert scenario_of(provenance) == PLAIN
    assert len(ranking.table) == 49


def test_shapes_are_those_of_the_vintage_of_each_bureau(valmont):
    for election, vintage, drawn in (("2027_pres_t1", 2024, 48), ("2022_legi_t1", 2017, 46)):
        ranking, _ = answer(valmont, replace(PLAIN, election=election))
        shapes = shapes_of(valmont, ranking.table)
        assert len(shapes) == drawn
        assert shapes.crs == valmont.crs
        bureaux = valmont.read("bureaux")
        known = bureaux[bureaux["vintage"] == vintage].set_index("bureau_id").geometry
        assert (
            shapes.set_index("bureau_id")
            .geometry.geom_equals(known.loc[shapes["bureau_id"]], align=False)
            .all()
        )


def test_a_past_election_is_answered_without_its_future(valmont):
    ranking, prospects = answer(valmont, replace(PLAIN, election="2022_pres_t1"))
    day = target_of(valmont, "2022_pres_t1").date
    assert all(election.date < day for election in prospects.history.elections)
    assert len(ranking.table) == 46


@pytest.fixture
def folder(valmont, tmp_path):
    return shutil.copytree(valmont.path, tmp_path / "w")


def exported(folder, path, scenario=PLAIN):
    place = open_workspace(folder)
    ranking, prospects = answer(place, scenario)
    shapes = shapes_of(place, ranking.table)
    return write(
        ranking.table,
        path,
        bureaux=shapes,
        provenance=provenance_of(place, scenario, prospects),
        language="en",
    )


CUSTOM = Scenario(
    "",
    "2027_pres_t1",
    candidates=("MACRON",),
    places=("99900",),
    settings=Settings(
        params=Params.from_dict({"detour": {"value": 1.4, "source": "our own walks"}}),
        preset="custom",
        weights=Weights(mobilise=1, need=0.5),
        hours=123.5,
        seed=7,
        draws=40,
    ),
)


@pytest.mark.parametrize(
    ("scenario", "suffix"),
    [(PLAIN, ".csv"), (replace(PLAIN, rival="right"), ".geojson"), (CUSTOM, ".csv"),
     (CUSTOM, ".xlsx"),
     (CUSTOM, ".kml"), (CUSTOM, ".parquet")],
)  # fmt: skip
def test_an_export_is_made_again_byte_for_byte(folder, tmp_path, scenario, suffix):
    file = exported(folder, tmp_path / f"r{suffix}", scenario)
    result = reproduce(file)
    assert result.identical
    assert result.content == file.read_bytes()
    assert scenario_of(read_provenance(file)) == scenario


def test_a_file_compressed_on_another_machine_is_made_again(folder, tmp_path):
    file = exported(folder, tmp_path / "r.xlsx")
    with zipfile.ZipFile(file) as book:
        members = {info: book.read(info) for info in book.infolist()}
    with zipfile.ZipFile(file, "w") as book:
        for info, content in members.items():
            book.writestr(info, content, zipfile.ZIP_DEFLATED, 1)
    result = reproduce(file)
    assert (result.identical, result.same) == (False, True)
    assert "another version" in result.summary()
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(file, "w") as book:
        for info, content in members.items():
            moved = content.replace(b"<v>1</v>", b"<v>2</v>", 1)
            book.writestr(info, moved if info.filename == name else content)
    result = reproduce(file)
    assert (result.identical, result.same, result.summary()) == (False, False, "DIFFERENT")


def test_other_data_are_refused_and_named(folder, tmp_path):
    file = exported(folder, tmp_path / "r.csv")
    (folder / "covered.csv").write_text("bureau_id,covered\n99900_0001,0.5\n")
    with pytest.raises(DataError, match="data are not those") as caught:
        reproduce(file)
    assert "covered.csv" in caught.value.where
    assert "--workspace" in caught.value.mend
    (folder / "covered.csv").unlink()
    assert reproduce(file).identical


def test_a_workspace_that_is_elsewhere_is_named(folder, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = exported(Path("w"), tmp_path / "r.csv")
    assert reproduce(made).identical, "beside its workspace"
    away = tmp_path_factory.mktemp("away")
    for one in (made, beside(made)):
        one.rename(away / one.name)
    file = away / "r.csv"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    with pytest.raises(DataError, match="“w” that this file was made from") as caught:
        reproduce(file)
    assert str(tmp_path / "other" / "w") in caught.value.where
    assert "--workspace" in caught.value.mend
    assert reproduce(file, folder).identical


def test_a_file_of_visited_doors_belongs_to_the_data(folder, tmp_path):
    before, _ = answer(Workspace(folder), PLAIN)
    (folder / "covered.csv").write_text("bureau_id,covered\n99900_0001,0.5\n")
    file = exported(folder, tmp_path / "r.csv")
    assert reproduce(file).identical
    after, _ = answer(Workspace(folder), PLAIN)
    doors = [r.table.set_index("bureau_id").loc["99900_0001", "doors"] for r in (before, after)]
    assert doors[1] == pytest.approx(doors[0] / 2)


def test_blocs_edited_by_hand_are_taken_at_once(folder):
    blocs = folder / "blocs.csv"
    text = blocs.read_text(encoding="utf-8")
    blocs.write_text(text.replace("2022_pres,MACRON,centre", "2022_pres,MACRON,left"), "utf-8")
    plain, _ = answer(Workspace(folder), PLAIN)
    edited, _ = answer(open_workspace(folder), PLAIN)
    assert edited.table["support"].mean() > plain.table["support"].mean()
    assert not Workspace(folder).blocs_edited
    blocs.write_text("election,key\n")
    with pytest.raises(DataError, match="table of blocs lacks"):
        open_workspace(folder)


def test_another_version_says_which_one_to_install(folder, tmp_path, monkeypatch):
    file = exported(folder, tmp_path / "r.csv")
    monkeypatch.setattr(reproducing, "__version__", "9.9")
    with pytest.raises(DataError, match=r"made by Palier .*; this is 9.9") as caught:
        reproduce(file)
    assert "Install version" in caught.value.mend


def test_a_file_of_an_unknown_question_is_refused(folder, tmp_path):
    file = exported(folder, tmp_path / "r.csv")
    told = beside(file)
    text = told.read_text(encoding="utf-8")
    told.write_text(text.replace(r"\"command\":\"rank\"", r"\"command\":\"guess\""), "utf-8")
    with pytest.raises(DataError, match="“guess” are not made again") as caught:
        reproduce(file)
    assert caught.value.mend


def test_a_file_of_others_is_refused():
    with pytest.raises(DataError, match="provenance") as caught:
        reproduce(VALMONT / "general_results.csv")
    assert caught.value.where
    assert caught.value.mend


@pytest.mark.parametrize(
    "election",
    ["2026_muni_t1", "2026_muni_t2", "2028_regi_t1", "2028_dpmt_t1", "2029_euro_t1"]
    + ["2032_muni_t1"],
)
def test_an_election_of_any_kind_can_be_prepared(valmont, election):
    """Valmont's files end in 2024: those to come are far enough ahead to use them all."""
    scenario = Scenario("left", election, settings=Settings(draws=20))
    ranking, prospects = answer(valmont, scenario)
    table = prospects.table
    assert len(ranking.table) == len(table) > 40
    assert table["abstention"].between(0.05, 0.95).all()
    assert table["support"].between(0.01, 0.95).all()

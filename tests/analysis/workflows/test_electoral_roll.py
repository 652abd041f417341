"""A place built from results and the electoral roll: with contours or without any."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import geopandas as gpd
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports import to_bytes
from analysis.geography.bureau_names import bureau_labels
from analysis.targeting.rank import Settings
from analysis.workflows.build import build
from analysis.workflows.build_inputs import Given, inputs_of
from analysis.workflows.place_files import build_command
from analysis.workflows.ranking import Scenario, answer, provenance_of, shapes_of
from tests import roll


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write both tables of the roll of Valmont."""
    folder = tmp_path_factory.mktemp("reu")
    roll.addresses().to_csv(folder / "table-adresses-reu.csv", index=False)
    roll.polling_places().to_parquet(folder / "table-bv-reu.parquet")
    return folder


@pytest.fixture(scope="module")
def bare(valmont_inputs, files):
    """Name results and the roll, and nothing else."""
    return replace(
        valmont_inputs,
        contours={},
        streets=None,
        squares=None,
        addresses=None,
        electors=None,
        reu=files / "table-adresses-reu.csv",
        reu_bureaux=files / "table-bv-reu.parquet",
    )


@pytest.fixture(scope="module")
def made(bare, tmp_path_factory):
    """Build Valmont without contours."""
    return build(bare, tmp_path_factory.mktemp("made") / "w")


def notes(place):
    return {e["source"]["role"]: e["notes"] for e in place.manifest["sources"]}


def test_without_contours_they_are_made_and_marked(made):
    bureaux = made.read("bureaux")
    assert len(bureaux) == 48
    assert bureaux.geometry.is_valid.all()
    assert set(bureaux["vintage"]) == {2022}
    assert bureaux["name"].iloc[0] == "École 0001, 3 rue des Cyprès"
    assert "not official" in notes(made)["contours_made 2022"][0]
    told = made.manifest["contours_made"]
    quality = pd.read_csv(StringIO((made.path / told["file"]).read_text(encoding="utf-8")))
    assert (told["vintage"], told["bureaux"], told["positions"]) == (
        2022,
        48,
        quality["positions"].sum(),
    )
    places = made.read("addresses").geometry.set_precision(0.5).nunique()
    assert told["positions"] == pytest.approx(places, rel=0.002)
    assert quality["bureau_id"].tolist() == sorted(bureaux["bureau_id"])
    mean = (quality["held_out_share"] * quality["positions"]).sum() / quality["positions"].sum()
    assert told["held_out_share"] == pytest.approx(mean, abs=1e-3)


def test_they_are_near_the_contours_that_were_drawn(made, valmont):
    drawn = valmont.read("bureaux")
    drawn = drawn[drawn["vintage"] == 2024].set_index("bureau_id").geometry
    mine = made.read("bureaux").set_index("bureau_id").geometry
    held = valmont.read("addresses").sjoin(
        gpd.GeoDataFrame(geometry=mine).rename_axis("made"), predicate="within"
    )
    assert set(drawn.index) == set(mine.index)
    assert (held["bureau_id"] == held["made"]).mean() > 0.97


def test_addresses_have_their_own_bureau(made):
    addresses = made.read("addresses").set_index("address_id")["bureau_id"]
    table = roll.addresses().set_index("id")["id_brut_bv_reu"]
    assert addresses.to_dict() == table.to_dict()


def test_the_place_is_ranked_and_its_map_says_that_contours_are_made(made):
    scenario = Scenario("left", "2027_pres_t1", settings=Settings(draws=100))
    ranking, prospects = answer(made, scenario)
    assert ranking.table["vintage"].eq(2022).sum() == 48
    page = to_bytes(
        ranking.table,
        ".html",
        bureaux=shapes_of(made, ranking.table),
        provenance=provenance_of(made, scenario, prospects),
    )
    assert "2022, non officiels" in page.decode() or "2022, not official" in page.decode()


def test_with_contours_they_are_drawn_and_addresses_keep_their_own_bureau(
    bare, valmont_inputs, files, tmp_path
):
    table = roll.addresses()
    last = table["id_brut_bv_reu"].iloc[-1]
    table.loc[0, "id_brut_bv_reu"] = last
    table.loc[0, ["longitude", "latitude"]] = table[["longitude", "latitude"]].iloc[-1].to_numpy()
    table.to_csv(tmp_path / "a.csv", index=False)
    drawn = replace(bare, contours=valmont_inputs.contours, reu=tmp_path / "a.csv")
    place = build(drawn, tmp_path / "w")
    assert place.manifest["contours_made"] == {}
    assert set(place.read("bureaux")["vintage"]) == {2017, 2024}
    assert place.read("bureaux")["name"].str.startswith("École").any()
    addresses = place.read("addresses").set_index("address_id")["bureau_id"]
    assert addresses[table.loc[0, "id"]] == last
    with_ban = build(replace(drawn, addresses=valmont_inputs.addresses), tmp_path / "w")
    addresses = with_ban.read("addresses").set_index("address_id")["bureau_id"]
    assert addresses[table.loc[0, "id"]] == last
    (note,) = [n for n in notes(with_ban)["addresses"] if "electoral roll names" in n]
    assert note.startswith(f"{len(table)} address(es)")
    assert "1 of them another" in note


def test_bureaux_the_results_do_not_know_are_named(bare, tmp_path):
    table = roll.addresses()
    table.loc[table["id_brut_bv_reu"] == "99900_0003", "id_brut_bv_reu"] = "99900_0903"
    table.to_csv(tmp_path / "a.csv", index=False)
    place = build(replace(bare, reu=tmp_path / "a.csv", reu_bureaux=None), tmp_path / "w")
    assert "1 bureau(x) unknown to the results: 99900_0903" in notes(place)["reu"]


def test_a_roll_of_another_town_is_refused_and_leaves_no_workspace(bare, tmp_path):
    table = roll.addresses()
    table["id_brut_bv_reu"] = "31555_" + table["id_brut_bv_reu"].str[-4:]
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="they are of another place"):
        build(replace(bare, reu=tmp_path / "a.csv", reu_bureaux=None), tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_polling_places_alone_name_the_bureaux_of_a_place_without_contours(bare, tmp_path):
    place = build(replace(bare, reu=None), tmp_path / "w")
    assert place.read("bureaux").empty
    assert bureau_labels(place, ["99900_0001"]).tolist() == ["bureau 1, École 0001, Valmont"]


def test_the_command_line_names_both_files(files, tmp_path):
    given = Given(
        results=(files / "g.csv", files / "c.csv"), reu=files / "a.csv", reu_bureaux=files / "b.csv"
    )
    command = build_command(inputs_of(given), tmp_path)
    assert f"--reu {files / 'a.csv'}" in command
    assert f"--reu-bureaux {files / 'b.csv'}" in command

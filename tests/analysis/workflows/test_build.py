"""Tests of `analysis.workflows.build`: from official files to a workspace, and nothing lost."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports import to_bytes
from analysis.readers.aggregated import read_aggregated
from analysis.tables.elections import Election
from analysis.targeting.rank import Settings
from analysis.workflows.build import Inputs, build, build_from
from analysis.workflows.ranking import Scenario, answer, provenance_of, shapes_of
from tests.made import (
    DATA,
    RESULTS,
    VALMONT,
    candidates,
    folder_bytes,
    general,
    sample_results,
    write_results,
)

COUNTS = {"registered": "inscrits", "ballots": "votants", "valid": "exprimes"}


def official_totals(folder):
    """Add the raw columns of a folder's files up, by nothing but pandas."""
    counts = pd.read_csv(folder / RESULTS[0], sep=";", dtype={"code_bv": str})
    groups = counts.groupby("id_election")
    totals = groups[list(COUNTS.values())].sum()
    return totals.assign(bureaux=groups.size())


@pytest.mark.parametrize("place", ["valmont", "paris"])
def test_totals_are_the_official_ones(place, request):
    workspace = request.getfixturevalue(place)
    totals = official_totals(VALMONT if place == "valmont" else DATA / "paris")
    told = workspace.manifest["elections"]
    assert set(told) == set(totals.index)
    for election, row in totals.iterrows():
        assert told[election]["bureaux"] == row["bureaux"]
        for ours, theirs in COUNTS.items():
            assert told[election][ours] == row[theirs], (election, ours)
    turnout = workspace.read("turnout")
    for ours, theirs in COUNTS.items():
        sums = turnout.groupby("election_id", observed=True)[ours].sum()
        assert sums.to_dict() == totals[theirs].to_dict()


@pytest.mark.parametrize("place", ["valmont", "paris"])
def test_votes_are_the_official_ones_but_for_what_is_listed(place, request):
    workspace = request.getfixturevalue(place)
    folder = VALMONT if place == "valmont" else DATA / "paris"
    raw = pd.read_csv(folder / RESULTS[1], sep=";", dtype={"code_bv": str}, low_memory=False)
    official = raw.groupby("id_election")["voix"].sum()
    votes = workspace.read("votes").groupby("election_id", observed=True)["votes"].sum()
    stood = workspace.read("candidates")
    assert stood.groupby("election_id")["votes"].sum().to_dict() == votes.to_dict()
    for election, told in workspace.manifest["elections"].items():
        if told["left_out"]:
            assert (place, election) == ("paris", "2024_legi_t1")
            assert told["left_out"] == {"votes do not sum to valid": 2}
            assert 0.99 * official[election] < votes[election] < official[election]
        else:
            assert votes[election] == official[election] == told["valid"]


def test_blocs_share_the_votes_out(paris):
    stood = paris.read("candidates")
    with_bloc = stood[stood["bloc"] != ""].groupby("election_id")["votes"].sum()
    without = {}
    for row in paris.manifest["without_bloc"]:
        without[row["election_id"]] = without.get(row["election_id"], 0) + row["votes"]
    for election, votes in stood.groupby("election_id")["votes"].sum().items():
        assert with_bloc[election] + without.get(election, 0) == votes


def test_pseudo_bureaux_stay_in_the_totals_and_are_counted_as_not_drawn(paris):
    turnout = paris.read("turnout")
    bureaux = paris.read("bureaux")
    drawn = set(bureaux.loc[bureaux["vintage"] == 2017, "bureau_id"])
    rows = turnout[turnout["election_id"] == "2022_pres_t1"]
    missing = rows[~rows["bureau_id"].astype("str").isin(drawn)]
    told = ["75056_1599", "75056_1768", "75056_1971", "75056_JUS1"]
    assert sorted(missing["bureau_id"].astype("str")) == told
    (match,) = [
        m for m in paris.manifest["vintages"] if m["election_id"] == "2022_pres_t1" and m["chosen"]
    ]
    assert match["bureaux"] - match["matched"] == 4
    share = 1 - missing["registered"].sum() / rows["registered"].sum()
    assert match["registered_share"] == pytest.approx(share)
    assert share > 0.98


def test_the_manifest_accounts_for_every_source(paris):
    for entry in paris.manifest["sources"]:
        source = entry["source"]
        assert len(source["sha256"]) == 64
        assert source["licence"]
        assert source["date"]
        assert entry["rows_kept"] <= entry["rows_read"]
    roles = {entry["source"]["role"] for entry in paris.manifest["sources"]}
    assert {"general_results", "candidats_results", "addresses", "electors"} <= roles
    assert sum(role.startswith("contours") for role in roles) == 3
    assert paris.manifest["crs"] == "EPSG:2154"
    assert not paris.fictional
    assert json.dumps(paris.manifest)


def answered(workspace, settings=None):
    scenario = Scenario("left", "2027_pres_t1", settings=settings or Settings(draws=100))
    ranking, prospects = answer(workspace, scenario)
    return ranking, provenance_of(workspace, scenario, prospects)


def exported(workspace, provenance):
    ranking, _ = answered(workspace)
    shapes = shapes_of(workspace, ranking.table)
    return to_bytes(ranking.table, ".csv", bureaux=shapes, provenance=provenance)


def test_the_same_files_give_the_same_bytes(valmont, valmont_inputs, tmp_path):
    again = build(valmont_inputs, tmp_path / "again")
    assert again.digests == valmont.digests
    _, provenance = answered(valmont)
    assert exported(valmont, provenance) == exported(again, provenance)


def shuffled(folder, rng):
    """Write the files of Valmont again, rows in another order."""
    files = write_results(folder, *(f.sample(frac=1, random_state=rng) for f in sample_results()))
    with gzip.open(VALMONT / "adresses-99.csv.gz", "rt", encoding="utf-8") as stream:
        head, *rows = stream.read().splitlines()
    rng.shuffle(rows)
    addresses = folder / "adresses-99.csv.gz"
    addresses.write_bytes(gzip.compress("\n".join([head, *rows, ""]).encode()))
    electors = pd.read_csv(VALMONT / "electeurs_par_adresse.csv", dtype=str, keep_default_na=False)
    electors.sample(frac=1, random_state=rng).to_csv(folder / "electors.csv", index=False)
    contours = {}
    for year in (2017, 2024):
        contours[year] = folder / f"contours_{year}.geojson"
        shapes = gpd.read_file(VALMONT / contours[year].name)
        shapes.sample(frac=1, random_state=rng).to_file(contours[year])
    return Inputs(
        *files,
        contours=contours,
        squares=VALMONT / "carreaux_200m.csv",
        reu_bureaux=VALMONT / "lieux_de_vote.csv",
        addresses=addresses,
        electors=folder / "electors.csv",
        places=("99900",),
        fictional=True,
    )


def test_the_order_of_official_rows_does_not_matter(valmont, tmp_path):
    rng = np.random.default_rng(11)
    other = build(shuffled(tmp_path, rng), tmp_path / "workspace")
    for name in ("elections", "places", "candidates", "crosswalk"):
        pd.testing.assert_frame_equal(valmont.read(name), other.read(name))
    for name in ("turnout", "votes", "context", "bureaux"):
        keys = list(valmont.read(name))[:3]
        one, two = (
            w.read(name).astype(dict.fromkeys(keys, "object")).sort_values(keys, ignore_index=True)
            for w in (valmont, other)
        )
        assert len(one) == len(two)
        for column in [c for c in one if c != "geometry"]:
            pd.testing.assert_series_equal(one[column], two[column], rtol=1e-12)
    _, provenance = answered(valmont)
    assert exported(valmont, provenance) == exported(other, provenance)


def test_inputs_are_left_as_they_were(valmont_inputs, tmp_path):
    before = folder_bytes(VALMONT)
    build(replace(valmont_inputs, squares=None, addresses=None, electors=None), tmp_path / "w")
    assert folder_bytes(VALMONT) == before


def test_progress_is_told_from_start_to_end(valmont_inputs, tmp_path):
    told = []
    build(valmont_inputs, tmp_path / "w", progress=lambda step, share: told.append((step, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert [step for step, _ in told][:3] == ["results", "checks", "contours"]


def test_a_table_of_blocs_edited_by_hand_is_kept_and_used(valmont_inputs, tmp_path):
    plain = replace(
        valmont_inputs, contours={}, squares=None, addresses=None, electors=None, streets=None
    )
    place = build(plain, tmp_path)
    blocs = (tmp_path / "blocs.csv").read_text(encoding="utf-8")
    assert "2022_pres,MACRON,centre" in blocs
    edited = blocs.replace("2022_pres,MACRON,centre", "2022_pres,MACRON,right")
    (tmp_path / "blocs.csv").write_text(edited, encoding="utf-8")
    again = build(plain, tmp_path)
    assert (tmp_path / "blocs.csv").read_text(encoding="utf-8") == edited
    for workspace, bloc in ((place, "centre"), (again, "right")):
        if workspace is again:
            stood = workspace.read("candidates").set_index(["election_id", "candidate_id"])
            assert stood.loc[("2022_pres_t1", "MACRON"), "bloc"] == bloc
    (tmp_path / "blocs.csv").write_text("election;key\n")
    with pytest.raises(DataError, match="table of blocs lacks"):
        build(plain, tmp_path)


def test_what_has_no_bloc_is_listed_most_votes_first(tmp_path):
    election = "2022_pres_t1"
    counts = general((election, "31555", "1", 900, 600, 0, 0))
    votes = candidates(
        (election, "31555", "1", "", "NOBODY KNOWS", 100),
        (election, "31555", "1", "", "NOR HER", 200),
        (election, "31555", "1", "", "MACRON", 300),
    )
    place = build(Inputs(*write_results(tmp_path, counts, votes)), tmp_path / "w")
    assert [row["candidate_id"] for row in place.manifest["without_bloc"]] == [
        "NOR HER",
        "NOBODY KNOWS",
    ]


def test_a_day_that_is_only_usual_is_said(tmp_path):
    counts = general(("2031_muni_t1", "31555", "1", 900, 600, 0, 0))
    votes = candidates(("2031_muni_t1", "31555", "1", "", "X", 600))
    place = build(Inputs(*write_results(tmp_path, counts, votes)), tmp_path / "w")
    assert place.manifest["usual_date"] == ["2031_muni_t1"]


def test_results_of_another_reader_are_dated_by_it(tmp_path):
    counts = general(("2022_pres_t1", "31555", "1", 900, 600, 0, 0))
    votes = candidates(("2022_pres_t1", "31555", "1", "", "MACRON", 600))
    inputs = Inputs(*write_results(tmp_path, counts, votes))
    raw = read_aggregated(inputs.general, inputs.candidates)

    def dated(name):
        return Election(name, pd.Timestamp("2019-05-05").to_pydatetime(), "muni", 1)

    place = build_from(raw, inputs, tmp_path / "w", dated=dated)
    assert place.read("elections")["kind"].tolist() == ["muni"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"contours": {}},
            "--squares and --addresses and --streets cannot be used without contours",
        ),
        (
            {"contours": {}, "squares": None, "addresses": None, "streets": None},
            "need the addresses",
        ),
    ],
)
def test_files_that_need_others_say_so(valmont_inputs, tmp_path, changes, says):
    with pytest.raises(DataError, match=says) as caught:
        build(replace(valmont_inputs, **changes), tmp_path / "w")
    assert caught.value.mend
    assert not (tmp_path / "w").exists()


def test_a_town_of_no_french_code_may_lie_in_the_mainland_or_abroad(valmont_inputs, tmp_path):
    """Valmont's code is of no commune: the CRS follows from where its contours lie."""
    shapes = gpd.read_file(VALMONT / "contours_2024.geojson")
    abroad = shapes.set_geometry(shapes.translate(xoff=20.0))
    abroad.to_file(tmp_path / "abroad.geojson")
    plain = replace(valmont_inputs, squares=None, addresses=None, electors=None, streets=None)
    moved = replace(plain, contours={2024: tmp_path / "abroad.geojson"})
    assert build(moved, tmp_path / "w").crs == "EPSG:32635"


def test_adding_a_source_changes_what_is_measured_not_the_results(
    valmont, valmont_inputs, tmp_path
):
    plain = replace(
        valmont_inputs, contours={}, squares=None, addresses=None, electors=None, streets=None
    )
    place = build(plain, tmp_path / "w")
    for name in ("turnout", "votes", "candidates"):
        pd.testing.assert_frame_equal(place.read(name), valmont.read(name))
    ranking, _ = answered(place)
    assert ranking.table["assumed"].str.contains("doors_per_hour").all()
    drawn, _ = answered(valmont)
    measured = drawn.table.set_index("bureau_id")["measured"]
    assert measured.drop("99900_JUS1").str.contains("doors_per_hour doors social_need").all()
    assert not (place.path / "bureaux.parquet").exists()


def test_building_without_contours_over_an_old_workspace_leaves_no_old_shapes(
    valmont, valmont_inputs, tmp_path
):
    target = shutil.copytree(valmont.path, tmp_path / "w")
    plain = replace(
        valmont_inputs, contours={}, squares=None, addresses=None, electors=None, streets=None
    )
    place = build(plain, target)
    assert not place.has("bureaux")
    assert not (target / "crosswalk.parquet").exists()

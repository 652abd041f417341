"""One seed, one town: the same bytes every time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from analysis.exports.same_content import same_content
from analysis.sample.town_files import write_sample

FILES = (
    "general_results.csv",
    "candidats_results.csv",
    "contours_2017.geojson",
    "contours_2024.geojson",
    "carreaux_200m.csv",
    "adresses-99.csv.gz",
    "electeurs_par_adresse.csv",
    "lieux_de_vote.csv",
    "rues_osm.json",
    "truth.json",
    "SOURCE.md",
)

EMBEDDED = Path(__file__).parents[3] / "data_samples" / "valmont"


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    assert digests(write_sample(tmp_path / "again", seed=2027)) == digests(folder)


def test_another_seed_gives_another_town(folder, tmp_path):
    other, ours = digests(write_sample(tmp_path, seed=3)), digests(folder)
    assert other.keys() == ours.keys() == set(FILES)
    assert not set(other.values()) & set(ours.values())


def test_the_embedded_place_is_what_the_command_writes(folder):
    if not EMBEDDED.exists():
        pytest.skip("no embedded place: run `make sample`")
    # gzip is written by the machine's zlib, so that its bytes are not ours to promise.
    unlike = [
        name
        for name in FILES
        if not same_content((EMBEDDED / name).read_bytes(), (folder / name).read_bytes())
    ]
    assert not unlike


def test_the_folder_is_small(folder):
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000


@pytest.mark.parametrize(("vintage", "n"), [(2017, 46), (2024, 48)])
def test_contours_fit_together_after_rounding(folder, vintage, n):
    bureaux = gpd.read_file(folder / f"contours_{vintage}.geojson")
    assert bureaux.crs.to_epsg() == 4326
    assert len(bureaux) == n
    assert bureaux.is_valid.all()
    assert shapely.coverage_is_valid(bureaux.geometry.to_numpy())


@pytest.mark.parametrize(("vintage", "election"), [(2017, "2022_pres_t1"), (2024, "2024_euro_t1")])
def test_only_the_pseudo_bureau_lacks_a_polygon(folder, general, vintage, election):
    bureaux = gpd.read_file(folder / f"contours_{vintage}.geojson")
    counted = general.loc[general["id_election"] == election, "id_brut_miom"]
    assert set(counted) - set(bureaux["codeBureauVote"]) == {"99900_JUS1"}
    assert set(bureaux["codeBureauVote"]) <= set(counted)


def test_the_truth_on_disk_is_json_with_what_was_planted(folder, valmont):
    told = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(valmont.truth))


def test_the_source_says_in_both_languages_that_the_town_is_invented(folder):
    text = (folder / "SOURCE.md").read_text(encoding="utf-8")
    assert "does not exist" in text
    assert "n'existe pas" in text
    assert "--seed 2027" in text
    assert all(name in text for name in FILES if name != "SOURCE.md")

"""What the files of a place say of one another: set aside or told, and never a refusal."""

from __future__ import annotations

import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from analysis.errors import DataError
from analysis.tables.sources import Report, Source
from analysis.workflows.build import build
from analysis.workflows.build_checks import in_place

BUREAU, ROUND = "99900_0007", "2022_pres_t1"


def written(inputs, folder, role, change):
    """Return the inputs with one file changed by a function of its table, all text."""
    old = getattr(inputs, role)
    delimiter = ";" if role == "general" else ","
    table = pd.read_csv(old, sep=delimiter, dtype="str", keep_default_na=False)
    new = folder / old.name
    change(table).to_csv(new, sep=delimiter, index=False)
    return replace(inputs, **{role: new})


def account(workspace, role):
    return next(s for s in workspace.manifest["sources"] if s["source"]["role"] == role)


def one_giant(table):
    row = (table["id_election"] == ROUND) & (table["code_bv"].str.zfill(4) == "0007")
    assert row.sum() == 1
    return table.assign(inscrits=table["inscrits"].mask(row, "9999999"))


def impossible_squares(table):
    changed = table.copy()
    names = {name.lower(): name for name in table}
    changed.loc[3, names["ind"]] = "inf"
    changed.loc[5, names["men_pauv"]] = "400"
    return changed


@pytest.fixture(scope="module")
def nonsense(valmont_inputs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nonsense")
    inputs = written(valmont_inputs, folder, "general", one_giant)
    inputs = written(inputs, folder, "squares", impossible_squares)
    inputs = written(inputs, folder, "electors", lambda t: pd.concat([t, t]))
    return build(inputs, folder / "place")


def test_a_bureau_of_ten_millions_is_set_aside_and_the_others_count(nonsense, valmont):
    ours, usual = (
        place.read("turnout").astype({"bureau_id": "str"}) for place in (nonsense, valmont)
    )
    there = (usual["election_id"] == ROUND) & (usual["bureau_id"] == BUREAU)
    expected = usual[~there].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        ours.astype({"election_id": "str"}), expected.astype({"election_id": "str"})
    )
    (out,) = account(nonsense, "general_results")["left_out"]
    assert (out["reason"], out["count"], out["election_id"]) == (
        "more than three times the registered of its other rounds",
        1,
        ROUND,
    )
    assert f"{BUREAU} (9999999 registered" in out["examples"]


def test_impossible_squares_are_set_aside_and_named(nonsense, valmont):
    (out,) = account(nonsense, "squares")["left_out"]
    assert out["count"] == 2
    assert "inf people" in out["examples"]
    assert "400 poor" in out["examples"]
    assert len(nonsense.read("areas")) == len(valmont.read("areas")) - 2
    assert nonsense.read("areas")["population"].max() < 500


def test_electors_counted_twice_are_told(nonsense, valmont):
    notes = account(nonsense, "electors")["notes"]
    assert any(note.startswith("the addresses hold 2.00 times the registered") for note in notes)
    assert not any("times the registered" in n for n in account(valmont, "electors")["notes"])


def test_all_counts_times_ten_are_told_by_the_squares(valmont_inputs, valmont, tmp_path):
    def tenfold(table):
        counts = [name for name in table if table[name].str.fullmatch(r"\d+").all()]
        counts = [n for n in counts if n in ("inscrits", "votants", "blancs", "nuls", "exprimes")]
        return table.assign(**{n: table[n] + "0" for n in counts})

    def votes(table):
        return table.assign(voix=table["voix"] + "0")

    inputs = written(valmont_inputs, tmp_path, "general", tenfold)
    old = pd.read_csv(inputs.candidates, sep=";", dtype="str", keep_default_na=False)
    votes(old).to_csv(tmp_path / inputs.candidates.name, sep=";", index=False)
    inputs = replace(inputs, candidates=tmp_path / inputs.candidates.name)
    place = build(inputs, tmp_path / "place")
    (note,) = [n for n in account(place, "squares")["notes"] if "per adult" in n]
    context = valmont.read("context").astype({"bureau_id": "str"})
    turnout = valmont.read("turnout").astype({"bureau_id": "str", "election_id": "str"})
    newest = context[context["vintage"] == context["vintage"].max()]
    both = newest.merge(turnout[turnout["election_id"] == "2024_legi_t2"], on="bureau_id")
    ratio = 10 * both["registered"].sum() / both["adults"].sum()
    assert note.startswith(f"{ratio:.2f} registered per adult of the squares in 2024_legi_t2")


REPORT = Report(Source("contours 2024", "c.geojson", "", 1, "", ""), 1, 1)
BREST, LYON, SAINT_DENIS = (-4.49, 48.39), (4.84, 45.76), (55.45, -20.88)


def contours(*where, crs="EPSG:2154"):
    """Return a bureau of some hundred metres for each (commune, longitude and latitude)."""
    table = {
        "bureau_id": [f"{code}_{n:04d}" for n, (code, _) in enumerate(where, 1)],
        "commune_id": [code for code, _ in where],
    }
    grounds = [shapely.box(x, y, x + 0.004, y + 0.003) for _, (x, y) in where]
    return gpd.GeoDataFrame(table, geometry=grounds, crs="EPSG:4326").to_crs(crs)


@pytest.mark.parametrize(
    ("code", "there", "says", "crs"),
    [
        ("29019", LYON, r"Brest \(7[56]\d km\)", "EPSG:2154"),
        ("69123", BREST, r"Lyon \(7[56]\d km\)", "EPSG:2154"),
        ("97411", LYON, r"Saint-Denis \(\d+ km\)", "EPSG:2975"),
        ("29019", SAINT_DENIS, r"Brest \(\d+ km\)", "EPSG:2154"),
    ],
)
def test_contours_of_another_town_with_the_same_numbers_are_refused(code, there, says, crs):
    with pytest.raises(DataError, match="far from the commune") as refused:
        in_place(contours((code, there), (code, there), crs=crs), REPORT)
    assert re.search(says, refused.value.where)


def test_contours_in_their_commune_are_taken_and_one_astray_is_named():
    at_home = contours(("29019", BREST), ("97411", SAINT_DENIS), ("99900", LYON))
    assert in_place(at_home, REPORT) == REPORT
    # A bureau drawn astray leaves its commune where it is; a commune astray is told.
    assert in_place(contours(("29019", BREST), ("29019", LYON)), REPORT) == REPORT
    (note,) = in_place(contours(("29019", BREST), ("29232", LYON)), REPORT).notes
    assert "Quimper (7" in str(note)
    assert "Brest" not in str(note)

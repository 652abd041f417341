"""Every format: the same bytes anywhere, its provenance inside, faults explained."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports import SUFFIXES, Provenance, read_provenance, to_bytes, write
from analysis.exports.registry import MAPS, beside

ROOT = Path(__file__).parents[3]
AGAIN = """
import hashlib, json, sys
import geopandas as gpd, pandas as pd
from analysis.exports import SUFFIXES, Provenance, to_bytes
folder = sys.argv[1]
ranking = pd.read_pickle(f"{folder}/ranking.pkl")
bureaux = pd.read_pickle(f"{folder}/bureaux.pkl")
provenance = Provenance(**json.load(open(f"{folder}/provenance.json")))
print(json.dumps({
    suffix: hashlib.sha256(
        to_bytes(ranking, suffix, bureaux=bureaux, provenance=provenance)
    ).hexdigest()
    for suffix in SUFFIXES
}))
"""


def test_two_processes_write_the_same_bytes(ranking, bureaux, provenance, written, tmp_path):
    ranking.to_pickle(tmp_path / "ranking.pkl")
    bureaux.to_pickle(tmp_path / "bureaux.pkl")
    (tmp_path / "provenance.json").write_text(json.dumps(asdict(provenance)))
    here = {suffix: hashlib.sha256(written(suffix)).hexdigest() for suffix in SUFFIXES}
    there = subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Pacific/Auckland"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(there.stdout) == here


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_provenance_comes_back_and_makes_the_file_again(
    suffix, ranking, bureaux, provenance, tmp_path
):
    before = ranking.copy(deep=True)
    path = write(
        ranking, tmp_path / f"targets{suffix}", bureaux=bureaux, provenance=provenance,
        language="en", dialect="excel_fr", title="A (title) \\ of ours",
    )  # fmt: skip
    back = read_provenance(path)
    assert {**asdict(back), "written": {}} == asdict(provenance)
    again = to_bytes(
        ranking.sample(frac=1, random_state=1), suffix, bureaux=bureaux.iloc[::-1],
        provenance=back, **back.written,
    )  # fmt: skip
    assert again == path.read_bytes(), "row order does not matter either"
    pd.testing.assert_frame_equal(ranking, before)
    names = {path.name, beside(path).name} if suffix == ".csv" else {path.name}
    assert {file.name for file in tmp_path.iterdir()} == names


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_in_the_middle_is_said_to_be_cut(suffix, written, tmp_path):
    content = written(suffix, "plain+provenance" if suffix == ".csv" else "plain")
    path = tmp_path / f"cut{suffix}"
    # A CSV's rows have no end mark: cut it inside its provenance.
    end = content.index(b"sources") if suffix == ".csv" else len(content) * 2 // 3
    path.write_bytes(content[:end])
    with pytest.raises(DataError, match="cut"):
        read_provenance(path)


def test_files_of_others_and_missing_files_are_refused(tmp_path):
    others = {
        ".csv": b"a,b\n1,2\n",
        ".geojson": b'{"type":"FeatureCollection","features":[]}',
        ".kml": b'<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>',
        ".html": b"<html></html>",
        ".pdf": b"%PDF-1.4\n%%EOF",
        ".png": b"not a picture",
        ".xlsx": b"PK",
        ".parquet": b"PAR1",
    }
    for suffix, content in others.items():
        (tmp_path / f"other{suffix}").write_bytes(content)
        with pytest.raises(DataError, match="no provenance"):
            read_provenance(tmp_path / f"other{suffix}")
    with pytest.raises(DataError, match="cannot be read"):
        read_provenance(tmp_path / "absent.csv")
    with pytest.raises(DataError, match=r"\.csv, \.xlsx"):
        read_provenance(tmp_path / "targets.docx")


def test_a_provenance_of_another_shape_is_refused(tmp_path):
    path = tmp_path / "x.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "palier": {"version": "1"}}))
    with pytest.raises(DataError, match="not Palier's"):
        read_provenance(path)


def test_what_json_cannot_hold_is_refused_at_once():
    with pytest.raises(DataError, match="only what JSON can"):
        Provenance("1", "rank", {"hours": float("nan")}, None, {})
    with pytest.raises(DataError, match="only what JSON can"):
        Provenance("1", "rank", {"bloc": {1, 2}}, None, {})


def test_an_unknown_suffix_names_those_there_are(ranking, bureaux, provenance, tmp_path):
    for name in ("targets.shp", "targets"):
        with pytest.raises(DataError, match=r"\.csv, \.xlsx, \.geojson, \.kml"):
            write(ranking, tmp_path / name, bureaux=bureaux, provenance=provenance)
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_explained(ranking, bureaux, provenance, tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        write(ranking, tmp_path / "no" / "t.csv", bureaux=bureaux, provenance=provenance)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r, b: (r.drop(columns="score"), b), "lacks column.* score"),
        (lambda r, b: (r.iloc[:0], b), "no row"),
        (lambda r, b: (pd.concat([r, r.iloc[:1]]), b), "more than once"),
        (lambda r, b: (r, pd.concat([b, b.iloc[:1]])), "polygons: 99001_0001"),
        (lambda r, b: (r, b.set_crs(None, allow_override=True)), "no coordinate reference"),
    ],
)
def test_tables_that_cannot_be_exported_are_refused(spoil, message, ranking, bureaux, provenance):
    ranking, bureaux = spoil(ranking, bureaux)
    with pytest.raises(DataError, match=message):
        to_bytes(ranking, ".geojson", bureaux=bureaux, provenance=provenance)


@pytest.mark.parametrize("option", [{"language": "de"}, {"dialect": "excel_de"}])
def test_unknown_options_are_refused(option, ranking, bureaux, provenance):
    with pytest.raises(DataError, match="Choose one of"):
        to_bytes(ranking, ".csv", bureaux=bureaux, provenance=provenance, **option)


@pytest.mark.parametrize("suffix", MAPS)
def test_a_map_without_any_polygon_is_refused(suffix, ranking, provenance):
    nothing = gpd.GeoDataFrame({"bureau_id": []}, geometry=[], crs="EPSG:2154")
    with pytest.raises(DataError, match="no map to draw"):
        to_bytes(ranking, suffix, bureaux=nothing, provenance=provenance)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".geojson", ".parquet"])
def test_tables_need_no_polygon(suffix, ranking, provenance, tmp_path):
    nothing = gpd.GeoDataFrame({"bureau_id": []}, geometry=[], crs="EPSG:2154")
    path = write(ranking, tmp_path / f"t{suffix}", bureaux=nothing, provenance=provenance)
    assert read_provenance(path).seed == 7

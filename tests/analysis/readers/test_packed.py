"""Official files as people have them: packed, in a spreadsheet, spaced, turned, swapped."""

from __future__ import annotations

import io
import json
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box

from analysis.errors import DataError
from analysis.readers import reader_registry
from analysis.readers.addresses import read_addresses
from analysis.readers.aggregated import read_aggregated
from analysis.readers.glance import look
from analysis.readers.packed import plain_file
from analysis.readers.shapes import read_shapes
from analysis.tables.whole_numbers import plain_counts
from analysis.workflows.build import Inputs
from analysis.workflows.build_refusals import licensed
from tests.made import candidates, general, grid, write_results

COUNTS = general(("2022_pres_t1", "31555", "0001", 1900, 1500, 10, 5))
VOTES = candidates(
    ("2022_pres_t1", "31555", "0001", "", "A", 1110),
    ("2022_pres_t1", "31555", "0001", "", "B", 375),
)


def zipped(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return path


def in_workbooks(folder):
    paths = []
    for name, table in (("g", COUNTS), ("c", VOTES)):
        path = folder / f"{name}.xlsx"
        with pd.ExcelWriter(path) as book:
            pd.DataFrame({"Note": ["Source: ministry", "2022"]}).to_excel(book, sheet_name="Note")
            # Empty cells at the end of a row are not stored.
            table.assign(more="").to_excel(book, sheet_name="data", index=False)
        paths.append(path)
    return paths


def in_zips(folder):
    csv = write_results(folder, COUNTS, VOTES)
    return [
        zipped(folder / f"{n}.zip", data__a_dot_csv=one.read_bytes(), readme_dot_txt=b"x")
        for n, one in enumerate(csv)
    ]


def spaced(folder):
    told = {"inscrits": "1\u202f900", "votants": "1 500", "exprimes": "1\u00a0485,0", "nuls": "NA"}
    votes = VOTES.assign(voix=["1 110", "375,00"])
    return write_results(folder, COUNTS.assign(**told), votes)


def turned(folder):
    return write_results(folder, COUNTS, VOTES)[::-1]


@pytest.mark.parametrize("given", [in_workbooks, in_zips, spaced, turned])
def test_results_are_read_however_they_come(tmp_path, given):
    raw = read_aggregated(*given(tmp_path))
    assert raw.counts[["registered", "ballots", "valid"]].to_numpy().tolist() == [
        [1900, 1500, 1485]
    ]
    assert raw.ballots.set_index("name")["votes"].to_dict() == {"A": 1110, "B": 375}
    assert raw.unreadable.empty


@pytest.mark.parametrize(
    ("cell", "right"),
    [("1 110", "1110"), ("631,0", "631"), ("-", ""), ("1 1100", "1 1100"), ("-4", "-4")]
    # One, or a thousand: nobody knows.
    + [("1.000", "1.000?"), ("1,110", "1,110")],
)
def test_a_count_is_what_it_must_be_or_stays_as_it_is(cell, right):
    assert plain_counts(pd.Series([cell])).tolist() == [right]


def test_several_tables_in_one_file_and_a_broken_one_are_refused(tmp_path):
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        for sheet in ("tour 1", "tour 2"):
            COUNTS.iloc[[0, 0]].to_excel(book, sheet_name=sheet, index=False)
    with pytest.raises(DataError, match=r"several sheets[\s\S]*tour 1, tour 2"):
        plain_file(tmp_path / "a.xlsx")
    two = zipped(tmp_path / "b.zip", a_dot_csv=b"x", b_dot_csv=b"y")
    with pytest.raises(DataError, match=r"exactly one table[\s\S]*a.csv, b.csv"):
        plain_file(two)
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match="cut or damaged"):
        plain_file(tmp_path / "c.xlsx")


def several(path, **sheets):
    with pd.ExcelWriter(path) as book:
        for name, table in sheets.items():
            table.to_excel(book, sheet_name=name, index=False)
    return path


HISTORY = pd.DataFrame({"year": [2017, 2022], "who": ["a", "b"], "how": ["x", "y"]})
PLACED = pd.DataFrame(
    {
        "id": ["31555_1"], "numero": ["3"], "rep": [""], "nom_voie": ["Rue A"],
        "code_insee": ["31555"], "lon": ["1.3"], "lat": ["43.6"],
    }
)  # fmt: skip


def test_the_sheet_that_a_reader_knows_is_read_and_the_others_are_named(tmp_path):
    general_, votes = (
        several(tmp_path / f"{name}.xlsx", history=HISTORY, data=table, more=HISTORY)
        for name, table in (("g", COUNTS), ("c", VOTES))
    )
    raw = read_aggregated(general_, votes)
    assert raw.counts[["registered", "ballots"]].to_numpy().tolist() == [[1900, 1500]]
    told = licensed(raw.reports[0], Inputs())
    assert told.notes[0] == "read the sheet data, not history, more"
    glance = look("g.xlsx", io.BytesIO(general_.read_bytes()))
    assert reader_registry.role_of(glance) == "general_results"


@pytest.mark.parametrize("more", [{"b": PLACED}, {"b": COUNTS}])
def test_two_sheets_that_readers_know_are_refused_by_name(tmp_path, more):
    file = several(tmp_path / "a.xlsx", a=PLACED, history=HISTORY, **more)
    with pytest.raises(DataError, match=r"could be meant: a, b") as caught:
        plain_file(file)
    assert "Keep one of them" in caught.value.mend


def test_of_a_column_map_the_sheet_with_its_columns_is_read(tmp_path):
    file = several(tmp_path / "a.xlsx", a=PLACED, history=HISTORY)
    assert plain_file(file, ("Who", "year")).read_text(encoding="utf-8").startswith("year;who")
    assert "Rue A" in plain_file(file).read_text(encoding="utf-8")
    with pytest.raises(DataError, match="nothing tells which is meant"):
        plain_file(file, ("absent",))


def test_a_packed_table_is_recognised_by_its_columns(tmp_path):
    for path in (*in_workbooks(tmp_path)[:1], *in_zips(tmp_path)[:1]):
        glance = look(path.name, io.BytesIO(path.read_bytes()))
        assert reader_registry.role_of(glance) == "general_results"


def test_shapes_in_a_folder_of_a_zip_and_topojson_without_crs(tmp_path):
    shape = gpd.GeoDataFrame({"id": ["31555_0001"]}, geometry=[box(1, 43, 2, 44)], crs=4326)
    shape.to_file(tmp_path / "bv.shp")
    members = {f"export__bv_dot_{p.suffix[1:]}": p.read_bytes() for p in tmp_path.glob("bv.*")}
    read, _ = read_shapes(zipped(tmp_path / "bv.zip", **members))
    assert read.total_bounds.tolist() == [1, 43, 2, 44]
    ring = [[1, 43], [2, 43], [2, 44], [1, 44], [1, 43]]
    area = {"type": "Polygon", "arcs": [[0]], "properties": {"id": "31555_0001"}}
    topology = {
        "type": "Topology",
        "objects": {"bv": {"type": "GeometryCollection", "geometries": [area]}},
        "arcs": [ring],
    }
    (tmp_path / "bv.topojson").write_text(json.dumps(topology))
    read, _ = read_shapes(tmp_path / "bv.topojson")
    assert read.total_bounds.tolist() == [1, 43, 2, 44]
    assert read.crs == "EPSG:4326"


def test_longitude_in_the_column_of_latitude_is_read_and_said(tmp_path):
    bureaux = grid(["31555_0001"])
    (at,) = gpd.GeoSeries([Point(565_050, 6_530_050)], crs=2154).to_crs(4326)
    row = f"31555_1;3;;Rue A;31000;31555;Bourg;{at.y};{at.x}"
    (tmp_path / "a.csv").write_text(
        "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\n" + row
    )
    table, report = read_addresses(tmp_path / "a.csv", crs_metric="EPSG:2154", bureaux=bureaux)
    assert table["bureau_id"].tolist() == ["31555_0001"]
    assert "each other" in str(report.notes[0])

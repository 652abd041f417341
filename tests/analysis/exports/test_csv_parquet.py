"""CSV, Excel and Parquet: read back by the programs people use."""

from __future__ import annotations

import io
import re

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from analysis.exports import to_bytes, write
from analysis.exports.document import FIRST
from tests.made import ROOT


@pytest.fixture
def save(ranking, bureaux, provenance, tmp_path):
    def save(name, **options):
        return write(ranking, tmp_path / name, bureaux=bureaux, provenance=provenance, **options)

    return save


def test_plain_csv_is_read_without_any_option(save, ranking):
    back = pd.read_csv(save("t.csv"))
    assert tuple(back.columns[:9]) == FIRST
    assert back.columns[-1] == "provenance"
    assert back["provenance"].notna().tolist() == [True] + [False] * 11
    for column in ("score", "gain_lower", "registered", "top_k_probability", "part_mobilise"):
        pd.testing.assert_series_equal(back[column], ranking[column], rtol=1e-9)
    assert back["bureau_id"].tolist() == ranking["bureau_id"].tolist()
    assert back["assumed"][0] == "doors, contact"
    assert back["arm"].isna().all()


def test_a_long_csv_is_read_as_the_manual_says(ranking, bureaux, provenance):
    nation = pd.concat([ranking] * 3000, ignore_index=True)
    numbers = pd.Series(range(len(nation)))
    communes = numbers.map(lambda n: "01004" if n < 34_000 else "2A004")
    nation = nation.assign(
        bureau_id=communes + "_" + numbers.astype("str"), commune_id=communes, rank=1 + numbers
    )
    text = to_bytes(nation, ".csv", bureaux=bureaux, provenance=provenance)
    with pytest.warns(pd.errors.DtypeWarning):
        pd.read_csv(io.BytesIO(text))
    manual = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    (how,) = re.findall(r"`pandas\.read_csv\(FILE, (.*?)\)`", manual, re.DOTALL)
    back = pd.read_csv(io.BytesIO(text), **eval(f"dict({how})"))  # noqa: S307 - our own manual
    assert back["commune_id"].tolist() == communes.tolist()


def test_a_french_excel_reads_the_other_dialect(save, ranking):
    path = save("t.csv", dialect="excel_fr")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfbureau_id;rank;")
    back = pd.read_csv(path, sep=";", decimal=",")
    pd.testing.assert_series_equal(back["score"], ranking["score"], rtol=1e-9)
    assert "." not in path.read_text(encoding="utf-8-sig").splitlines()[3].split("doors")[0]


@pytest.mark.parametrize("dialect", ["plain", "excel_fr"])
def test_no_text_is_run_as_a_formula(save, dialect):
    back = pd.read_csv(
        save("t.csv", dialect=dialect), sep=None, engine="python", encoding="utf-8-sig"
    )
    assert back["name"][1] == '\'=HYPERLINK("x");a'


def test_the_workbook_holds_numbers_units_and_sources(save, ranking):
    book = openpyxl.load_workbook(save("t.xlsx"))
    assert book.sheetnames == ["Cibles", "Unités", "Sources"]
    targets = book["Cibles"]
    header = [cell.value for cell in targets[1]]
    assert tuple(header[:9]) == FIRST
    assert targets.freeze_panes == "B2"
    assert targets.auto_filter.ref == f"A1:{targets.cell(13, len(header)).coordinate}"
    score = targets.cell(2, header.index("score") + 1)
    assert (score.data_type, score.number_format) == ("n", "0.0")
    assert score.value == pytest.approx(ranking["score"][0])
    assert targets.cell(3, header.index("name") + 1).data_type == "s", "not a formula"
    assert targets.cell(5, header.index("top_k_probability") + 1).value is None, "unknown is blank"
    units = {row[0].value: row for row in book["Unités"].iter_rows(min_row=2)}
    assert list(units) == header
    assert all(row[1].value and row[2].value for row in units.values())
    words = [cell.value for row in book["Sources"].iter_rows() for cell in row]
    assert {"Données des élections agrégées", "ab" * 32, "2027_pres_t1"} <= set(words)
    assert len(book.custom_doc_props["palier_provenance_sha256"].value) == 64


def test_the_workbook_speaks_english(save):
    book = openpyxl.load_workbook(save("t.xlsx", language="en"))
    assert book.sheetnames == ["Targets", "Units", "Sources"]


def test_parquet_is_geoparquet_in_wgs84(save, bureaux, ranking):
    back = gpd.read_parquet(save("t.parquet"))
    assert back.crs.to_authority() == ("OGC", "CRS84")
    pd.testing.assert_series_equal(back["score"], ranking["score"])
    assert back.geometry.isna().tolist() == [False] * 11 + [True]
    there = back.geometry[:11].to_crs(bureaux.crs)
    assert (there.symmetric_difference(bureaux.geometry).area < 150).all(), "0.1 m at most"

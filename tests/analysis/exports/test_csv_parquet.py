"""CSV, Excel and Parquet: read back by the programs people use."""

from __future__ import annotations

import csv
import io
import json
import re

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.experiments.unit_files import read_content
from analysis.exports import csv_parquet, read_provenance, to_bytes, write
from analysis.exports.column_units import heading_of
from analysis.exports.document import FIRST
from analysis.exports.registry import beside
from tests.made import ROOT


@pytest.fixture
def save(ranking, bureaux, provenance, tmp_path):
    def save(name, **options):
        return write(ranking, tmp_path / name, bureaux=bureaux, provenance=provenance, **options)

    return save


def test_plain_csv_is_read_without_any_option(save, ranking):
    back = pd.read_csv(save("t.csv"))
    assert tuple(back.columns[:9]) == FIRST
    assert "provenance" not in back, "5 kB of JSON are no cell"
    for column in ("score", "gain_lower", "registered", "top_k_probability", "part_mobilise"):
        pd.testing.assert_series_equal(back[column], ranking[column], rtol=1e-9)
    assert back["bureau_id"].tolist() == ranking["bureau_id"].tolist()
    assert back["assumed"][0] == "doors, contact"
    assert back["arm"].isna().all()


def test_what_a_csv_is_stands_beside_it(save, ranking):
    path = save("t.csv", dialect="excel_fr")
    told = json.loads((path.parent / "t.csv-metadata.json").read_text(encoding="utf-8"))
    columns = {one["name"]: one for one in told["tableSchema"]["columns"]}
    assert list(columns) == path.read_text(encoding="utf-8-sig").splitlines()[0].split(";")
    assert columns["gain_per_hour"]["titles"] == {"fr": "Voix par heure"}
    # Codes are texts: whoever reads them by what is said here keeps their zeros.
    assert columns["bureau_id"]["datatype"] == "string"
    assert columns["registered"]["datatype"] == "integer"
    assert columns["score"]["datatype"]["format"] == {"decimalChar": ","}
    assert told["dialect"]["delimiter"] == ";"
    assert read_provenance(path) == read_provenance(beside(path))
    beside(path).unlink()
    with pytest.raises(DataError, match="no provenance"):
        read_provenance(path)


@pytest.mark.parametrize("dialect", ["plain", "excel_fr"])
def test_one_file_may_carry_its_provenance_in_a_column(save, dialect):
    path = save("t.csv", dialect=f"{dialect}+provenance")
    assert not beside(path).exists()
    assert read_provenance(path).written["dialect"] == dialect


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
    assert beside(path).is_file()
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
    assert book.sheetnames == ["Cibles", "Pour les équipes", "Unités", "Sources"]
    targets = book["Cibles"]
    header = [cell.value for cell in targets[1]]
    assert header[:4] == ["Code du bureau", "Rang", "Priorité", "Voix par heure"]
    assert targets.freeze_panes == "B2"
    assert targets.auto_filter.ref == f"A1:{targets.cell(13, len(header)).coordinate}"
    score = targets.cell(2, header.index("Priorité") + 1)
    assert (score.data_type, score.number_format) == ("n", "0.0")
    assert score.value == pytest.approx(ranking["score"][0])
    assert targets.cell(3, header.index("Lieu de vote") + 1).data_type == "s", "not a formula"
    assert targets.cell(5, header.index("Chances d’être parmi les premiers") + 1).value is None, (
        "unknown is blank"
    )
    units = {row[0].value: row for row in book["Unités"].iter_rows(min_row=2)}
    assert list(units) == header
    assert all(row[1].value and row[3].value for row in units.values())
    team = [cell.value for cell in book["Pour les équipes"][1]]
    assert team[:2] == ["Rang", "Lieu de vote"]
    assert len(team) <= 10
    for sheet in book.worksheets[:3]:
        setup = sheet.page_setup
        assert (setup.paperSize, setup.orientation, setup.fitToHeight) == (9, "landscape", 0)
        assert sheet.print_title_rows == "$1:$1"


def test_our_own_reader_finds_the_columns_of_a_workbook(save, ranking):
    path = save("t.xlsx")
    back = read_content("t.xlsx", path.read_bytes())
    assert tuple(back.columns[:9]) == FIRST
    assert back["bureau_id"].tolist() == ranking["bureau_id"].tolist()


def test_years_yes_and_counts_look_like_themselves(ranking, bureaux, provenance):
    table = ranking.assign(
        vintage=pd.array([2024] * 12, dtype="Int64"),
        households=[np.nan, *range(1, 12)],
        by_hand=[True, *[False] * 11],
        poverty_rate=0.125,
    )
    content = to_bytes(table, ".xlsx", bureaux=bureaux, provenance=provenance)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    row = {sheet.cell(1, n).value: sheet.cell(3, n) for n in range(1, sheet.max_column + 1)}
    shown = {name: row[name].number_format for name in ("Année des contours", "Ménages")}
    assert shown == {"Année des contours": "0", "Ménages": "#,##0"}
    assert row["Choisi à la main"].value == "non"
    assert row["Ménages pauvres"].number_format == "0.0%"


def test_the_books_words_are_all_there(save, ranking):
    book = openpyxl.load_workbook(save("t.xlsx"))
    words = [cell.value for row in book["Sources"].iter_rows() for cell in row]
    assert {"Données des élections agrégées", "ab" * 32, "2027_pres_t1"} <= set(words)
    assert len(book.custom_doc_props["palier_provenance_sha256"].value) == 64


def test_the_workbook_speaks_english(save):
    book = openpyxl.load_workbook(save("t.xlsx", language="en"))
    assert book.sheetnames == ["Targets", "For the teams", "Units", "Sources"]


def test_parquet_is_geoparquet_in_wgs84(save, bureaux, ranking):
    back = gpd.read_parquet(save("t.parquet"))
    assert back.crs.to_authority() == ("OGC", "CRS84")
    pd.testing.assert_series_equal(back["score"], ranking["score"])
    assert back.geometry.isna().tolist() == [False] * 11 + [True]
    there = back.geometry[:11].to_crs(bureaux.crs)
    assert (there.symmetric_difference(bureaux.geometry).area < 150).all(), "0.1 m at most"


@pytest.mark.parametrize("dialect", ["plain", "excel_fr"])
def test_numbers_and_texts_are_spelt_as_pandas_spells_them(
    ranking, bureaux, provenance, dialect, monkeypatch
):
    # Several pieces of lines, the last one of other length.
    monkeypatch.setattr(csv_parquet, "_ROWS", 300)
    rng = np.random.default_rng(0)
    size = 2000
    wide = rng.choice([-1, 1], size) * 10.0 ** rng.uniform(-12, 9, size)
    ends = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-4, 9.999e-5, 1e9, 1e15, 1e16, 1e-9, 2.5]
    texts = ["", "a,b", "a;b", 'say "so"', "two\nlines", "plain", "é", "1.5", "a\rb"]
    table = pd.concat([ranking] * 400, ignore_index=True).head(size)
    table = table.assign(
        bureau_id=[f"31555_{n:04d}" for n in range(size)],
        rank=np.arange(1, size + 1),
        wide=np.where(np.arange(size) < len(ends), np.resize(ends, size), wide),
        whole=rng.integers(-5, 5, size),
        maybe=pd.array(np.where(rng.random(size) < 0.5, 2024, None), dtype="Int64"),
        yes=rng.random(size) < 0.5,
        text=pd.Series(np.resize(texts, size), dtype="str"),
    )
    found = to_bytes(table, ".csv", bureaux=bureaux, provenance=provenance, dialect=dialect)
    back = found.decode("utf-8-sig")
    french = dialect == "excel_fr"
    own = table[["wide", "whole", "maybe", "yes", "text"]]
    # Ten digits, as the files promise.
    own = own.assign(wide=[one if one != one else float(f"{one:.10g}") for one in own["wide"]])  # noqa: PLR0124
    expected = own.to_csv(
        index=False,
        sep=";" if french else ",",
        decimal="," if french else ".",
        lineterminator="\r\n",
    )
    how = {"delimiter": ";" if french else ","}
    cells = list(csv.reader(io.StringIO(back, newline=""), **how))
    place = [cells[0].index(name) for name in own]
    assert [[row[n] for n in place] for row in cells] == list(
        csv.reader(io.StringIO(expected, newline=""), **how)
    )


def test_ten_digits_are_ten_however_small_the_number(ranking, bureaux, provenance):
    """A float has no tenth power of its own beyond 10²²: what is rounded by one has 17 digits."""
    rng = np.random.default_rng(0)
    powers = rng.uniform(-60, 40, len(ranking))
    told = ranking.assign(score=rng.uniform(1, 10, len(ranking)) * 10**powers)
    content = to_bytes(told, ".csv", bureaux=bureaux, provenance=provenance).decode()
    cells = [row["score"] for row in csv.DictReader(io.StringIO(content))]
    figures = [re.sub(r"e.*|\D", "", cell).strip("0") for cell in cells if float(cell) < 1e15]
    assert max(map(len, figures)) == 10
    np.testing.assert_allclose([float(cell) for cell in cells], told["score"], rtol=1e-9)


def test_columns_of_models_have_a_heading_in_french():
    told = pd.read_csv(ROOT / "analysis" / "workflows" / "model_columns.csv")["column"]
    bare = {one: one.replace("_", " ")[:1].upper() + one.replace("_", " ")[1:] for one in told}
    same = {one for one, name in bare.items() if heading_of(one, "fr") == name}
    assert same == {"bureaux", "source"}
    assert heading_of("in_words", "fr") == "En toutes lettres"

"""Files that are not what their name says: read as what they are, or told with a way out."""

from __future__ import annotations

import gzip
import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.contours import read_contours
from analysis.readers.glance import look
from analysis.readers.mistaken import mistaken, suffix_told
from analysis.readers.reader_registry import role_of, why_nothing, why_unused
from analysis.readers.tabular import read_columns

TEXT = "id;voix\n99900_0001;12\n99900_0002;30\n"
ALIASES = {"bureau": ("id",), "votes": ("voix",)}


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("t.csv", TEXT)
    return stream.getvalue()


def workbook() -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in TEXT.splitlines():
        book.active.append(row.split(";"))
    # Notes in one column are no table: three columns are.
    for row in book.active.iter_rows(min_row=1, max_row=3):
        row[0].offset(column=2).value = "x"
    book.save(stream)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    pd.read_csv(io.StringIO(TEXT), sep=";", dtype=str).to_parquet(stream)
    return stream.getvalue()


CALLED = {
    "zip.csv": zipped(),
    "workbook.csv": workbook(),
    "workbook.xls": workbook(),
    "parquet.csv": parquet(),
    "gzip.csv": gzip.compress(TEXT.encode()),
    "text.parquet": TEXT.encode(),
    "text.csv.gz": TEXT.encode(),
    "text.xlsx": TEXT.encode(),
    "without_mark.csv": TEXT.encode("utf-16-le"),
    "other_end.csv": TEXT.encode("utf-16-be"),
}


@pytest.mark.parametrize("name", CALLED)
def test_a_table_is_read_whatever_its_name_says(tmp_path, name):
    (file := tmp_path / name).write_bytes(CALLED[name])
    table = read_columns(file, ALIASES, left_out=[])
    assert table["bureau"].to_pylist() == ["99900_0001", "99900_0002"]
    assert table["votes"].to_pylist() == ["12", "30"]
    with file.open("rb") as stream:
        assert {"id", "voix"} <= look(name, stream).columns


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
OTHERS = {
    "old.xls": (OLE, "an old Excel workbook", "save it as XLSX or CSV"),
    "old_called.csv": (OLE, "an old Excel workbook", "save it as XLSX or CSV"),
    "saved.xls": (b"<table><tr><td>1</td></tr></table>", "saved as a web page", "save it as XLSX"),
    "page.csv": (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html>", "a web page", "the file itself"),
    "page.xlsx": (b"<HTML><head>", "a web page", "the file itself"),
    "error.csv": (b'{"error": "not found"}', "an error of the site", "the file itself"),
    "error_xml.csv": (b'<?xml version="1.0"?>\n<Error>', "an error of the site", "the file itself"),
    "pdf.csv": (b"%PDF-1.7\n", "a PDF", "as CSV or XLSX"),
    "scan.csv": (b"\x89PNG\r\n\x1a\n\0\0", "a picture", "as CSV or XLSX"),
    "pointer.csv": (b"version https://git-lfs.github.com/spec/v1\n", "a pointer", "publisher"),
    "packed.csv": (b"7z\xbc\xaf\x27\x1c\0\4", "packed", "Unpack it"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_table_is_told_by_what_it_is(tmp_path, name):
    content, what, way = OTHERS[name]
    (file := tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{what}[\s\S]*{way}"):
        read_columns(file, ALIASES, left_out=[])
    with pytest.raises(DataError, match=what):
        read_contours(file, vintage=2024, crs_metric="EPSG:2154")
    with file.open("rb") as stream:
        # Whoever asked for its size left it at its end.
        stream.seek(0, 2)
        glance = look(name, stream)
    assert role_of(glance) == "unused"
    assert what in str(why_unused(glance))


@pytest.mark.parametrize(
    "start",
    [
        b'{"type": "GeometryCollection", "detail": 1, "geometries": []}',
        b'{"version": 0.6, "elements": [{"type": "node", "tags": {"message": "x"}}]}',
        b'{"name": "x", "error": 1, "type": "Polygon", "coordinates": []}',
    ],
)
def test_shapes_of_another_kind_are_no_error_of_a_site(start):
    assert mistaken(start) is None
    assert mistaken(b'{"status": 404, "message": "Not found"}') is not None


@pytest.mark.parametrize(
    ("suffix", "content", "read_as"),
    [
        (".zip", workbook(), ".xlsx"),
        (".xlsx", zipped(), ".zip"),
        (".xlsm", workbook(), ".xlsm"),
        (".csv", zipped(), ".zip"),
    ],
    ids=["a workbook called zip", "a zip called xlsx", "with macros", "a zip called csv"],
)
def test_zips_and_workbooks_are_told_apart_by_their_first_part(suffix, content, read_as):
    assert suffix_told(suffix, content[:4096]) == read_as


def test_an_open_document_is_told_to_be_saved_otherwise(tmp_path):
    file = tmp_path / "table.ods"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(DataError, match=r"LibreOffice[\s\S]*XLSX or CSV"):
        read_columns(file, ALIASES, left_out=[])


def test_a_kml_without_a_layer_holds_no_shapes(tmp_path):
    (file := tmp_path / "c.kml").write_text(
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>'
    )
    with pytest.raises(DataError, match="shapes"):
        read_contours(file, vintage=2024, crs_metric="EPSG:2154")


def test_a_file_of_one_long_line_is_named_in_short(tmp_path):
    (file := tmp_path / "l.csv").write_bytes(b"x" * 3_000_000)
    with pytest.raises(DataError, match=r"lacks column\(s\)") as found:
        read_columns(file, ALIASES, left_out=[])
    assert len(str(found.value)) < 500


def _zip():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("adresses.csv", "id;numero\n1;2\n")
    return packed.getvalue()


def _parquet():
    stream = io.BytesIO()
    pd.DataFrame({"id_election": ["2022_pres_t1"] * 999, "inscrits": range(999)}).to_parquet(stream)
    return stream.getvalue()


HALVES = {
    "vide.csv": (b"", "an empty file"),
    "general_results.parquet": (_parquet()[:4000], "cut or damaged"),
    "adresses.zip": (_zip()[:60], "cut or damaged"),
    "adresses-75.xlsx": (_zip()[:60], "cut or damaged"),
    "general_results.csv": (b"id_election;code_bv;inscrits\r\n\r\n", "a header and no rows"),
    "candidats_results.txt": (b"id_election;code_bv;voix", "a header and no rows"),
    "contours.geojson": (b'{"type": "FeatureCollection", "features": [{"ty', "cut or damaged"),
    "rues.json": (b'{"version": 0.6, "elements": [{"type": "way"}, {', "cut or damaged"),
    "autre.csv": (b"alpha;beta\n1;2\n", "has this header: alpha, beta"),
}


@pytest.mark.parametrize("name", HALVES)
def test_a_file_of_which_nothing_can_be_read_is_told_at_once(name):
    content, what = HALVES[name]
    glance = look(name, io.BytesIO(content))
    assert what in str(why_unused(glance))
    whole = {"a.zip": _zip(), "a.parquet": _parquet(), "a.csv": b"id_election;inscrits\n2;3\n"}
    whole["a.geojson"] = b'{"type": "FeatureCollection", "features": []}\n'
    for other, good in whole.items():
        assert why_nothing(look(other, io.BytesIO(good))) is None

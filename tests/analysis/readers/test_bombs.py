"""Files of a few kB that would open out to more than a machine holds are refused in a sentence."""

from __future__ import annotations

import gzip
import io
import re
import tracemalloc
import zipfile

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.errors import DataError
from analysis.experiments.unit_files import read_units
from analysis.fieldwork import paper_sheets
from analysis.readers import packed, shapes, tabular
from analysis.readers.packed import Opened
from analysis.readers.people_files import read_people_file
from analysis.readers.raw_layouts import read_raw
from analysis.readers.roll_layout import RollSource, text_blocks
from analysis.readers.tabular import pieces, read_columns
from analysis.tables.parquet_size import unpacked_bytes
from tests.mutations import damaged

CODE = {"code": ("code",)}


@pytest.fixture
def little_room(monkeypatch):
    """Cap what is read at numbers that a test reaches."""
    monkeypatch.setattr(packed, "_MOST_BYTES", 4_000_000)
    monkeypatch.setattr(tabular, "MOST_ROWS", 100_000)


def gz(file, content):
    file.write_bytes(gzip.compress(content, 9))
    return file


def test_a_gzipped_table_is_read_no_further_than_its_cap(tmp_path, little_room):
    bomb = gz(tmp_path / "t.csv.gz", b"code\n" + b"1\n" * 5_000_000)
    assert bomb.stat().st_size < 20_000
    for read in (lambda: read_columns(bomb, CODE, left_out=[], keep=lambda t: t.slice(0, 0)),
                 lambda: list(pieces(bomb))):  # fmt: skip
        with pytest.raises(DataError, match="unpack to more") as refused:
            read()
        assert "4 MB" in str(refused.value)
    sound = gz(tmp_path / "s.csv.gz", b"code\n" + b"1\n" * 90_000)
    assert read_columns(sound, CODE, left_out=[]).num_rows == 90_000


def test_rows_that_would_all_be_kept_are_counted_and_those_let_go_are_not(tmp_path, little_room):
    many = gz(tmp_path / "t.csv.gz", b"code\n" + b"1\n" * 1_500_000)
    with pytest.raises(DataError, match="unpack to more"):
        read_columns(many, CODE, left_out=[])
    assert read_columns(many, CODE, left_out=[], keep=lambda t: t.slice(0, 1)).num_rows < 10


def repeated(file, text, rows):
    """Write a Parquet that says one text once and how often it stands there."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text])
    table = pa.table({"unit_id": column, "n": pa.array([1] * rows, pa.int64())})
    pq.write_table(table, file, store_schema=False)
    return file


def test_what_a_parquet_takes_once_it_is_read_is_known_before(tmp_path):
    file = repeated(tmp_path / "t.parquet", "x" * 1000, 20_000)
    assert file.stat().st_size < 20_000
    assert 20e6 < unpacked_bytes(file) < 21e6  # 20,000 texts of 1,000 bytes, and as many numbers
    plain = tmp_path / "p.parquet"
    pq.write_table(pa.table({"a": [f"{n:08d}" for n in range(5_000)]}), plain, use_dictionary=False)
    assert 8 * 5_000 <= unpacked_bytes(plain) < 20 * 5_000
    # R parts the words of a name by points: that is no list.
    points = tmp_path / "r.parquet"
    pq.write_table(pa.table({"code.commune": [f"{n % 500:05d}" for n in range(5_000)]}), points)
    assert 5 * 5_000 <= unpacked_bytes(points) < 20 * 5_000
    lists = tmp_path / "l.parquet"
    pq.write_table(pa.table({"a": [[1] * 30_000]}), lists)
    assert unpacked_bytes(lists) >= 8 * 30_000


def test_a_text_that_stands_in_every_row_of_a_parquet_fills_no_memory(tmp_path, monkeypatch):
    bomb = repeated(tmp_path / "t.parquet", "x" * 8_000, 300_000)
    assert bomb.stat().st_size < 20_000
    tracemalloc.start()
    with pytest.raises(DataError, match="more memory than a table of units"):
        read_units(bomb)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    monkeypatch.setattr(packed, "_MOST_MEMORY", 1_000_000)
    with pytest.raises(DataError, match="unpack to more"):
        shapes._open(bomb, "")


def test_a_parquet_of_more_rows_than_any_known_one_is_refused(tmp_path, little_room):
    table = pa.table({"code": pa.array(np.zeros(2_000_000, dtype="int8"))})
    file = tmp_path / "t.parquet"
    pq.write_table(table, file, compression="zstd")
    assert file.stat().st_size < 20_000
    with pytest.raises(DataError, match="unpack to more"):
        read_columns(file, CODE, left_out=[])


def test_units_of_a_trial_in_a_parquet_of_too_many_rows_are_refused(tmp_path):
    table = pa.table({"unit": pa.nulls(11_000_000, pa.int8())})
    pq.write_table(table, tmp_path / "u.parquet", compression="zstd")
    tracemalloc.start()
    with pytest.raises(DataError, match="more rows than a trial"):
        read_units(tmp_path / "u.parquet")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_roll_without_an_end_of_line_is_not_gathered(tmp_path):
    file = gz(tmp_path / "roll.csv.gz", b"x" * 40_000_000)
    with pytest.raises(DataError, match="unpack to more"):
        list(text_blocks(RollSource.of(file), "utf-8"))


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv", "t.txt"])
def test_raw_results_and_a_roll_have_a_cap_whatever_they_are_called(tmp_path, little_room, name):
    head = "CodeArrdt;CodeBV;CodeCirco;CodeInsee;Inscrits;Votants;Exprimés;Liste;Voix;Blancs;Nuls"
    # The cap counts bytes: of wide rows there are fewer to read up to it.
    row = f"15;3;1;75115;1052;595;587;{'LAMASSOURE' * 40};500;7;1\n"
    bomb = gz(tmp_path / name, f"{head}\n{row * 12_000}".encode())
    in_memory = RollSource("liste.csv", memoryview(bomb.read_bytes()))
    for read in (
        lambda: read_raw(bomb, election_id="2014_euro_t1"),
        lambda: list(text_blocks(RollSource.of(bomb), "utf-8")),
        lambda: list(text_blocks(in_memory, "utf-8")),
    ):
        with pytest.raises(DataError, match="unpack to more") as refused:
            read()
        assert "4 MB" in str(refused.value)


def test_a_cap_tells_and_closes(tmp_path):
    file = gz(tmp_path / "a.gz", b"0123456789" * 10)
    with Opened(file, 100) as opened:
        assert opened.read() == b"0123456789" * 10
        assert opened.read(5) == b""
    assert opened.closed
    with Opened(file, 99) as opened, pytest.raises(DataError, match="unpack"):
        opened.read()


def workbook():
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in [["code", "nom", "email"], *([n, f"n{n}", "x@example.org"] for n in range(9))]:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def with_part(content, name, part):
    """Put a part of a workbook in the place of another; None takes it out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for one in {*old.namelist(), name} - ({name} if part is None else set()):
            new.writestr(one, part if one == name else old.read(one))
    return out.getvalue()


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path, little_room, monkeypatch, part):
    monkeypatch.setattr(packed, "_MOST_BESIDE", 1_000_000)
    size = 5_000_000 if "sheet1" in part else 2_000_000
    (tmp_path / "t.xlsx").write_bytes(with_part(workbook(), part, b" " * size))
    with pytest.raises(DataError, match="unpack to more"):
        read_columns(tmp_path / "t.xlsx", CODE, left_out=[])


STRINGS = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def laborious(what):
    """Return a workbook of some kilobytes that takes minutes before its first row is read."""
    content = workbook()
    if what == "formats":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            styles = book.read("xl/styles.xml")
        more = styles.replace(b"</cellXfs>", b"<xf/>" * 400_001 + b"</cellXfs>")
        return with_part(content, "xl/styles.xml", more)
    if what == "parts":
        return with_part(content, "[Content_Types].xml", b"<Override/>" * 400_001)
    # Under the name of a sheet.
    hidden = "xl/worksheets/sheet9.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        types = book.read("[Content_Types].xml")
    types = re.sub(rb'<Override PartName="/xl/sharedStrings[^>]*>', b"", types)
    named = f'<Override PartName="/{hidden}" ContentType="'.encode() + STRINGS + b'"/></Types>'
    content = with_part(content, "[Content_Types].xml", types.replace(b"</Types>", named))
    return with_part(content, hidden, b"<sst>" + b"<si><r/></si>" * 700_000 + b"</sst>")


@pytest.mark.parametrize("what", ["formats", "parts", "texts"])
def test_a_workbook_whose_formats_or_texts_take_minutes_is_refused(tmp_path, monkeypatch, what):
    content, loaded = laborious(what), []
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_, **__: loaded.append(1))
    monkeypatch.setattr(packed, "_MOST_MARKS", 2_000_000)
    assert len(content) < 60_000
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(DataError, match="unpack to more"):
        read_columns(tmp_path / "t.xlsx", CODE, left_out=[])
    with pytest.raises(DataError, match="too large"):
        read_people_file(content, "t.xlsx")
    with pytest.raises(DataError, match="more texts and formats"):
        paper_sheets._table(content, "t.xlsx")
    assert loaded == []


@pytest.mark.parametrize(
    "content", [b"Nom;E-mail\n" + b"a\n" * 1_000_001, b"Nom" + b";" * 300 + b"\nx;y\n"]
)
def test_a_text_of_more_rows_or_columns_than_a_workbook_may_have_is_no_file_of_people(content):
    with pytest.raises(DataError, match="too large"):
        read_people_file(content, "t.csv")


ENTITIES = b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>'
PARTS = ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml"]


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("part", [None, b"", b"<worksheet><row", ENTITIES, b"\xff\xfe<"])
def test_a_damaged_workbook_is_read_or_told(tmp_path, name, part):
    """A mangled XML is a SyntaxError to Python, a workbook without sheets an IndexError."""
    content = with_part(workbook(), name, part)
    file = tmp_path / "t.xlsx"
    file.write_bytes(content)
    told = 0
    for read in (
        lambda: read_columns(file, CODE, left_out=[]),
        lambda: read_people_file(content, "t.xlsx"),
    ):
        try:
            read()
        except DataError:
            told += 1
    assert told or name == "xl/styles.xml"
    packed.start_of(io.BytesIO(content), ".xlsx")


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
def test_two_hundred_damaged_workbooks_are_read_or_told(tmp_path):
    rng, sound, told = np.random.default_rng(20_261_128), workbook(), 0
    file = tmp_path / "t.xlsx"
    for _ in range(200):
        file.write_bytes(damaged(sound, rng))
        for read in (
            lambda: read_columns(file, CODE, left_out=[]),
            lambda: read_people_file(file.read_bytes(), "t.xlsx"),
        ):
            try:
                read()
            except DataError:
                told += 1
    assert told > 100

"""Files of a few kB that would open out to more than a machine holds are refused in a sentence."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.errors import DataError
from analysis.experiments.unit_files import read_units
from analysis.readers import packed, tabular
from analysis.readers.packed import Opened
from analysis.readers.roll_layout import RollSource, text_blocks
from analysis.readers.tabular import pieces, read_columns

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
    for read in (lambda: read_columns(bomb, CODE, keep=lambda t: t.slice(0, 0)),
                 lambda: list(pieces(bomb))):  # fmt: skip
        with pytest.raises(DataError, match="unpack to more") as refused:
            read()
        assert "4 MB" in str(refused.value)
    sound = gz(tmp_path / "s.csv.gz", b"code\n" + b"1\n" * 90_000)
    assert read_columns(sound, CODE).num_rows == 90_000


def test_rows_that_would_all_be_kept_are_counted_and_those_let_go_are_not(tmp_path, little_room):
    many = gz(tmp_path / "t.csv.gz", b"code\n" + b"1\n" * 1_500_000)
    with pytest.raises(DataError, match="unpack to more"):
        read_columns(many, CODE)
    assert read_columns(many, CODE, keep=lambda t: t.slice(0, 1)).num_rows < 10


def test_a_parquet_of_more_rows_than_any_known_one_is_refused(tmp_path, little_room):
    table = pa.table({"code": pa.array(np.zeros(2_000_000, dtype="int8"))})
    file = tmp_path / "t.parquet"
    pq.write_table(table, file, compression="zstd")
    assert file.stat().st_size < 20_000
    with pytest.raises(DataError, match="unpack to more"):
        read_columns(file, CODE)


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


def test_a_cap_tells_and_closes(tmp_path):
    file = gz(tmp_path / "a.gz", b"0123456789" * 10)
    with Opened(file, 100) as opened:
        assert opened.read() == b"0123456789" * 10
        assert opened.read(5) == b""
    assert opened.closed
    with Opened(file, 99) as opened, pytest.raises(DataError, match="unpack"):
        opened.read()


def test_a_workbook_that_says_it_is_larger_than_memory_is_refused(tmp_path, little_room):
    packed_book = io.BytesIO()
    with zipfile.ZipFile(packed_book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 5_000_000)
    (tmp_path / "t.xlsx").write_bytes(packed_book.getvalue())
    with pytest.raises(DataError, match="cannot be opened"):
        read_columns(tmp_path / "t.xlsx", CODE)

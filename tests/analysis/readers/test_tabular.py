"""Tests of `analysis.readers.tabular`."""

from __future__ import annotations

import gzip
import subprocess
import sys
import textwrap

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analysis.errors import DataError
from analysis.readers import tabular
from analysis.readers.tabular import LINE, header, read_columns
from tests.made import ROOT

ALIASES = {"code": ("code", "Code"), "count": ("nb", "Nombre")}

# Compressed at no time, so that its case is named alike on every worker.
CUT = gzip.compress(b"code;nb\n" + b"x;1\n" * 10_000, mtime=0)[:-9]


def read(path, **options):
    return read_columns(path, ALIASES, left_out=[], **options).to_pandas().astype({"code": "str"})


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_delimiter_and_encoding_are_told_from_the_file(tmp_path, delimiter, encoding):
    path = tmp_path / "a.csv"
    text = f"Nombre{delimiter}x{delimiter}Code\n7{delimiter}é{delimiter}École\n"
    path.write_bytes(text.encode(encoding))
    table = read(path)
    assert table["code"].tolist() == ["École"]
    assert table["count"].tolist() == ["7"]
    assert table[LINE].tolist() == [2]


def test_codes_stay_texts(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('code;nb\n01004;1\n2A004;\n"NA";3\n')
    assert read(path)["code"].tolist() == ["01004", "2A004", "NA"]
    assert read(path)["count"].tolist() == ["1", "", "3"]


def test_csv_gzip_and_parquet_say_the_same(tmp_path):
    text = "code;nb\n01004;1\n2A004;2\n"
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    pd.DataFrame({"code": ["01004", "2A004"], "nb": ["1", "2"]}).to_parquet(tmp_path / "a.parquet")
    frames = [read(tmp_path / name) for name in ("a.csv", "a.csv.gz", "a.parquet")]
    assert [frame["code"].tolist() for frame in frames] == [["01004", "2A004"]] * 3
    assert [frame["count"].tolist() for frame in frames] == [["1", "2"]] * 3
    assert [frame[LINE].tolist() for frame in frames] == [[2, 3], [2, 3], [1, 2]]


def test_an_optional_column_may_be_absent(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("code\nx\n")
    assert list(read(path, optional=frozenset({"count"}))) == ["code", LINE]
    with pytest.raises(DataError, match=r"lacks column\(s\): nb / Nombre") as caught:
        read(path)
    assert "a.csv" in caught.value.where
    assert "code" in caught.value.where
    assert caught.value.mend


def test_a_header_is_read_without_the_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes('\ufeff"Nombre" ; Code\n1;2\n'.encode())
    assert header(path) == ["Nombre", "Code"]
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "a.parquet")
    assert header(tmp_path / "a.parquet") == ["x"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "is empty"),
        ("a.parquet", b"", "is empty"),
        ("a.csv", b"code;nb\n", "a header and no rows"),
        ("a.csv", b"code;nb\nx;1\ny", "cut or damaged"),
        ("a.csv", b"code;nb\n\0\0\0", "not a text file"),
        ("a.parquet", b"<html>not found</html>", "a web page"),
        ("a.csv.gz", CUT, "cut or damaged"),
    ],
)
def test_bad_files_say_what_is_wrong_and_where(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read(path)
    assert name in caught.value.where
    assert caught.value.mend


def test_the_first_accent_may_stand_far_below_the_beginning(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"code;nb\n" + b"e;1\n" * 40_000 + "é;1\n".encode("cp1252"))
    assert read(path)["code"].tolist()[-2:] == ["e", "é"]
    path.write_bytes(b"code;nb\n" + b"e;1\n" * 400_000 + "é;1\n".encode())
    assert read(path)["code"].tolist()[-2:] == ["e", "é"]


def test_a_file_in_two_encodings_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"code;nb\n" + "é;1\n".encode() * 20_000 + "é;1\n".encode("cp1252"))
    with pytest.raises(DataError, match="not all in one encoding"):
        read(path)


def test_a_missing_file_and_a_parquet_without_rows(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "absent.csv")
    pd.DataFrame({"code": [], "nb": []}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no rows"):
        read(tmp_path / "a.parquet")


def pieces_of(path, monkeypatch):
    """Read `path`, keeping one code; return what was kept and the size of each piece."""
    sizes = []

    def keep(piece):
        sizes.append(piece.num_rows)
        return piece.filter(pc.equal(pc.cast(piece["code"], pa.string()), "75056"))

    monkeypatch.setattr(tabular, "_BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr(tabular, "_BATCH_ROWS", 5_000)
    return read(path, keep=keep), sizes


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_a_place_is_read_piece_by_piece(tmp_path, monkeypatch, suffix):
    rows = 50_000
    frame = pd.DataFrame({"code": "31555", "nb": [str(n) for n in range(rows)]})
    frame.loc[[3, rows // 2, rows - 1], "code"] = "75056"
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep=";", index=False)
    kept, sizes = pieces_of(path, monkeypatch)
    assert kept["count"].astype(str).tolist() == ["3", str(rows // 2), str(rows - 1)]
    # Lines are those of the file, though each piece counts from its own start.
    first = 1 if suffix == ".parquet" else 2
    assert (kept[LINE] - first).astype(str).tolist() == kept["count"].astype(str).tolist()
    assert sum(sizes) == rows
    assert max(sizes) <= rows / 4


_TOWN_OF_A_NATION = """
import resource, sys
from pathlib import Path
from analysis.readers import tabular
from analysis.readers.aggregated import read_aggregated
tabular._BLOCK_BYTES = 1 << 18
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux: kB
small = read_aggregated(Path(sys.argv[1]), Path(sys.argv[2]), places=("75056",))
before = peak()
large = read_aggregated(Path(sys.argv[1]), Path(sys.argv[3]), places=("75056",))
assert len(large.ballots) == len(small.ballots) == 1, (len(large.ballots), len(small.ballots))
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in kB on Linux only")
def test_a_town_is_read_from_a_large_file_in_little_memory(tmp_path):
    general = tmp_path / "general.csv"
    general.write_text(
        "id_election;code_departement;code_commune;code_bv;inscrits;votants;exprimes\n"
        "2022_pres_t1;75;75056;0101;900;700;700\n"
    )
    names = "id_election;code_departement;code_commune;code_bv;nuance;nom;libelle;voix\n"
    town = "2022_pres_t1;75;75056;0101;;MACRON;x;700\n"
    filler = f"2022_pres_t1;31;31555;0101;;ARTHAUD;{'y' * 60};12\n"
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_text(names + town + filler * 1000)
    with large.open("w") as file:
        file.write(names)
        for _ in range(8):
            file.write(filler * 100_000)
        file.write(town)
    megabytes = large.stat().st_size / 1e6
    script = textwrap.dedent(_TOWN_OF_A_NATION)
    done = subprocess.run(
        [sys.executable, "-c", script, general, small, large],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    # Arrow reads 32 blocks ahead, here of 256 kB; the file never is there as a whole.
    assert megabytes > 79
    assert float(done.stdout) < 0.6 * megabytes
    assert 40 * tabular._BLOCK_BYTES < 100e6

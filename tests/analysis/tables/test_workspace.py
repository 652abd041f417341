"""Tests of `analysis.tables.workspace`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.errors import DataError
from analysis.tables.schema import PLACES, TABLES, is_geographic
from analysis.tables.sources import sha256
from analysis.tables.workspace import MANIFEST, Workspace, writing
from tests.made import folder_bytes

PLACE = pd.DataFrame({"commune_id": ["99900"], "name": ["Valmont"], "department_id": ["99"]})


@pytest.fixture
def copy(valmont, tmp_path):
    """Return a copy of Valmont that may be spoilt."""
    return Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))


# Walks and returns have places of their own: what `turfs` writes, and a store.
KEPT = [name for name in TABLES if name not in {"turfs", "walklists", "attempts"}]


@pytest.mark.parametrize("name", KEPT)
def test_every_table_comes_back_as_it_was_checked(valmont, name):
    table = valmont.read(name)
    assert len(table) == valmont.manifest["tables"][name]["rows"] > 0
    assert valmont.has(name)
    assert isinstance(table, gpd.GeoDataFrame) is is_geographic(TABLES[name])
    again = TABLES[name].check(table)
    assert again.dtypes.astype(str).to_dict() == table.dtypes.astype(str).to_dict()
    if is_geographic(TABLES[name]):
        assert table.crs == valmont.crs == "EPSG:2154"


def test_the_manifest_fingerprints_what_is_there(valmont):
    for name, told in valmont.manifest["tables"].items():
        assert told["sha256"] == sha256(valmont.path / told["file"])
        assert valmont.digests[name] == told["sha256"]
    assert valmont.digests["blocs.csv"] == sha256(valmont.path / "blocs.csv")
    assert valmont.fictional


def test_columns_may_be_picked(valmont):
    assert list(valmont.read("turnout", columns=["ballots"])) == ["ballots"]
    table = valmont.read_arrow("votes", columns=["bureau_id", "votes"])
    assert table.column_names == ["bureau_id", "votes"]
    assert table.num_rows == valmont.manifest["tables"]["votes"]["rows"]


@pytest.mark.parametrize("rows", [97, 1_000_000])
def test_rows_of_some_elections_are_those_of_all_filtered(copy, rows):
    """Whatever groups of rows the file was written in."""
    file = copy.path / "votes.parquet"
    columns = ["election_id", "bureau_id", "votes"]
    pq.write_table(pq.read_table(file), file, row_group_size=rows)
    copy.manifest["tables"]["votes"]["sha256"] = sha256(file)
    every = copy.read_arrow("votes", columns=columns).to_pandas().astype({"election_id": "str"})
    for wanted in (["2022_pres_t1"], ["2024_legi_t2", "2019_euro_t1"], ["1789_pres_t1"]):
        found = copy.read_arrow("votes", columns=columns, elections=wanted).to_pandas()
        mine = every[every["election_id"].isin(wanted)]
        assert found["votes"].tolist() == mine["votes"].tolist()
        assert found["bureau_id"].astype("str").tolist() == mine["bureau_id"].astype("str").tolist()


def test_the_digest_follows_tables_and_edited_files(copy, valmont):
    assert copy.digest == valmont.digest
    assert not copy.blocs_edited
    with (copy.path / "blocs.csv").open("a") as file:
        file.write("2022_pres,X,other,me\n")
    edited = Workspace(copy.path)
    assert edited.digest != valmont.digest
    assert edited.blocs_edited
    (copy.path / "covered.csv").write_text("bureau_id,covered\n")
    assert Workspace(copy.path).digest != edited.digest


def test_whoever_changes_a_table_changes_nobody_elses(valmont):
    for name in ("elections", "bureaux"):
        first, whole = valmont.read(name), valmont.read(name)
        first.iloc[0, 0] = first.iloc[1, 0]
        first["more"] = 1
        pd.testing.assert_frame_equal(valmont.read(name), whole)
        assert len(whole) > 2
        assert whole.iloc[0, 0] != whole.iloc[1, 0]
    assert list(valmont.read("elections", columns=["date"])) == ["date"]


def test_a_table_that_was_written_anew_is_read_anew(copy):
    table = copy.read("elections")
    with writing(copy.path) as writer:
        for name in copy.manifest["tables"]:
            writer.put(name, copy.read(name) if name != "elections" else table.iloc[:3])
        writer.describe({"crs": copy.crs})
    assert len(Workspace(copy.path).read("elections")) == 3 < len(table)


def test_an_absent_table_is_empty(tmp_path):
    with writing(tmp_path / "w") as writer:
        writer.put("turnout", PLACE)
        writer.describe({"crs": "EPSG:2154"})
    workspace = Workspace(tmp_path / "w")
    for name in ("areas", "places"):
        assert list(workspace.read(name)) == list(TABLES[name].columns)
        assert workspace.read(name).empty
        assert not workspace.has(name)
        columns = list(TABLES[name].columns)[:1]
        found = workspace.read_arrow(name, columns=columns)
        assert found.column_names == columns
        assert not len(found)
    assert not workspace.fictional


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", "3", "{}", '{"tables": 3}', '{"tables": []}']
)
def test_a_manifest_that_is_none_is_refused(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(DataError, match="manifest of this workspace cannot be read") as caught:
        Workspace(tmp_path)
    assert MANIFEST in caught.value.where
    assert caught.value.mend


def test_a_folder_without_manifest_is_no_workspace(tmp_path):
    with pytest.raises(DataError, match="not a workspace") as caught:
        Workspace(tmp_path)
    assert str(tmp_path) in caught.value.where
    assert "build" in caught.value.mend


@pytest.mark.parametrize("name", ["turnout", "bureaux"])
@pytest.mark.parametrize("spoil", [lambda f: f.unlink(), lambda f: f.write_bytes(b"PAR1 cut")])
def test_a_table_that_is_gone_or_damaged_is_named(copy, name, spoil):
    spoil(copy.path / f"{name}.parquet")
    with pytest.raises(DataError, match=f"table {name} of this workspace is") as caught:
        copy.read(name)
    assert f"{name}.parquet" in caught.value.where
    assert caught.value.mend


def test_damaged_votes_are_named_too(copy):
    (copy.path / "votes.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="table votes"):
        copy.read_arrow("votes", columns=["votes"])


@pytest.mark.parametrize("bit", range(0, 8))
@pytest.mark.parametrize("name", ["votes", "turnout", "bureaux"])
def test_one_flipped_bit_anywhere_in_a_table_is_an_error(copy, name, bit):
    file = copy.path / f"{name}.parquet"
    content = bytearray(file.read_bytes())
    where = (len(content) * (bit + 1)) // 9
    content[where] ^= 1 << bit
    file.write_bytes(bytes(content))
    with pytest.raises(DataError, match="bytes have changed"):
        copy.read(name)
    with pytest.raises(DataError, match=f"{name}.parquet"):
        copy.read_arrow(name, columns=["bureau_id"])


def test_a_failed_writing_leaves_everything_as_it_was(copy):
    before = folder_bytes(copy.path)
    with pytest.raises(RuntimeError, match="power cut"), writing(copy.path) as writer:  # noqa: PT012
        writer.put("places", PLACE)
        writer.put_text("blocs.csv", "spoilt")
        raise RuntimeError("power cut")
    assert folder_bytes(copy.path) == before


def test_a_failed_first_writing_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="power cut"), writing(tmp_path / "new"):
        raise RuntimeError("power cut")
    assert not (tmp_path / "new").exists()


def test_other_files_of_the_folder_are_left_alone(tmp_path):
    folder = tmp_path / "w"
    (folder / "downloads").mkdir(parents=True)
    (folder / "downloads" / "a.csv").write_text("x")
    (folder / "covered.csv").write_text("bureau_id,covered\n")
    with pytest.raises(RuntimeError, match="power cut"), writing(folder):
        raise RuntimeError("power cut")
    assert folder_bytes(folder) == {
        "covered.csv": b"bureau_id,covered\n",
        "downloads/a.csv": b"x",
    }


def test_a_new_writing_takes_the_place_of_the_old(copy):
    with writing(copy.path) as writer:
        writer.put("turnout", PLACE)
        writer.put_text("blocs.csv", "é\n")
    tables = {file.stem for file in copy.path.glob("*.parquet")}
    assert tables == {"turnout"}
    manifest = json.loads((copy.path / MANIFEST).read_text(encoding="utf-8"))
    assert list(manifest["tables"]) == ["turnout"]
    assert (copy.path / "blocs.csv").read_bytes() == "é\n".encode()
    assert not list(copy.path.glob(".building-*"))


def test_the_manifest_is_put_in_place_last(tmp_path, monkeypatch):
    moved = []
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: moved.append(b.name) or rename(a, b))
    with writing(tmp_path) as writer:
        writer.put("places", PLACE)
        writer.put("turnout", PLACE)
    assert moved[-1] == MANIFEST
    assert len(moved) == 3


@pytest.mark.parametrize("at", range(5))
def test_an_error_while_files_are_put_in_place_puts_the_old_ones_back(copy, monkeypatch, at):
    before, rename, count = folder_bytes(copy.path), os.replace, iter(range(100))

    def failing(one, other):
        if next(count) == at:
            raise OSError(28, "No space left on device")
        rename(one, other)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="No space"), writing(copy.path) as writer:  # noqa: PT012
        writer.put("places", PLACE)
        writer.put_text("new.csv", "new")
    assert folder_bytes(copy.path) == before


@pytest.mark.parametrize("moved", range(1, 12))
def test_a_machine_that_stops_half_way_leaves_no_mixture(copy, monkeypatch, moved):
    """What is left is the new workspace, or a folder that is none."""
    rename, count = os.replace, iter(range(100))

    class PowerCut(BaseException):
        """Nothing runs after it."""

    def stopping(one, other):
        if next(count) == moved:
            raise PowerCut
        rename(one, other)

    monkeypatch.setattr(os, "replace", stopping)
    with contextlib.suppress(PowerCut), writing(copy.path) as writer:
        writer.put("places", PLACE)
    manifest = copy.path / MANIFEST
    if manifest.is_file():
        assert list(json.loads(manifest.read_text(encoding="utf-8"))["tables"]) == ["places"]


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        with writing(tmp_path / name) as writer:
            writer.put("places", PLACES.check(PLACE))
            writer.put("turnout", PLACE)
    assert folder_bytes(tmp_path / "one") == folder_bytes(tmp_path / "two")


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "file").write_text("x")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataError, match="cannot be written there") as caught, writing(target):
            pass
        assert str(target) in caught.value.where
        assert caught.value.mend
    assert (tmp_path / "file").read_text() == "x"

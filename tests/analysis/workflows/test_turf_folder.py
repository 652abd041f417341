"""A run into a folder that another run wrote into: its own files go, all others stay."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from analysis.cli import main
from analysis.errors import DataError
from analysis.workflows import turf_folder
from analysis.workflows.turf_output import write_walks
from analysis.workflows.turfs import Ask, make_walks
from tests.made import folder_bytes


@pytest.fixture(scope="module")
def walks(valmont, tmp_path_factory):
    """Cut one bureau, and another."""
    names = sorted(set(valmont.read("addresses")["bureau_id"]) - {""})[:2]
    found = []
    for name in names:
        file = tmp_path_factory.mktemp("targets") / "targets.csv"
        pd.DataFrame({"bureau_id": [name], "rank": [1]}).to_csv(file, index=False)
        found.append(make_walks(valmont, file, Ask()))
    return found


def pages(out, walks):
    """Return what writes a page for every turf and a form."""

    def write():
        (out / "phone").mkdir(exist_ok=True)
        files = [out / "phone" / f"{turf_id}.html" for turf_id in walks.turf_ids]
        files.append(out / "form.csv")
        for file in files:
            file.write_text(file.stem, encoding="utf-8")
        return files

    return write


def test_pages_of_an_earlier_cut_go_and_foreign_files_stay(walks, tmp_path):
    first, second = walks
    write_walks(first, tmp_path, pages(tmp_path, first))
    for name in ("notes.txt", "phone/T0001.html"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    written, said = write_walks(second, tmp_path, pages(tmp_path, second))
    phone = {file.name for file in (tmp_path / "phone").iterdir()}
    assert phone == {"T0001.html", *(f"{turf_id}.html" for turf_id in second.turf_ids)}
    assert said == [f"removed: {len(first.turf_ids)} file(s) of the earlier run"]
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert all(file.is_file() for file in written)


def test_the_same_run_again_changes_nothing(walks, tmp_path):
    write = pages(tmp_path, walks[0])
    write_walks(walks[0], tmp_path, write)
    before = folder_bytes(tmp_path)
    _, said = write_walks(walks[0], tmp_path, write)
    assert (folder_bytes(tmp_path), said) == (before, [])


def test_a_form_that_was_filled_in_is_kept(walks, tmp_path):
    write_walks(walks[0], tmp_path, pages(tmp_path, walks[0]))
    (tmp_path / "form.csv").write_text("filled", encoding="utf-8")
    _, said = write_walks(walks[1], tmp_path, pages(tmp_path, walks[1]))
    assert "form.csv was changed since the earlier run: kept as form.kept1.csv" in said
    assert (tmp_path / "form.kept1.csv").read_text(encoding="utf-8") == "filled"
    assert (tmp_path / "form.csv").read_text(encoding="utf-8") == "form"


@pytest.mark.parametrize("told", ["no JSON", '{"files": 3}', "{}", '{"files": {"a/b": 1}}'])
def test_a_summary_that_is_not_ours_removes_nothing(walks, tmp_path, told):
    (tmp_path / "summary.json").write_text(told, encoding="utf-8")
    (tmp_path / "a.txt").write_text("mine", encoding="utf-8")
    _, said = write_walks(walks[0], tmp_path)
    assert said == []
    assert (tmp_path / "a.txt").is_file()


def test_nothing_outside_the_folder_is_touched(walks, tmp_path):
    outside, out = tmp_path / "outside.txt", tmp_path / "out"
    outside.write_text("mine", encoding="utf-8")
    out.mkdir()
    for name in ("../outside.txt", str(outside)):
        files = {name: turf_folder.sha256(outside)}
        (out / "summary.json").write_text(json.dumps({"files": files}), encoding="utf-8")
        write_walks(walks[0], out)
        assert outside.is_file()


def test_a_file_that_cannot_be_removed_is_told(tmp_path, monkeypatch):
    file = tmp_path / "old.html"
    file.write_text("old", encoding="utf-8")

    def held(_self):
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr("pathlib.Path.unlink", held)
    with pytest.raises(DataError, match="cannot be removed") as error:
        turf_folder.clear({file: ""}, [])
    assert "--out" in error.value.mend


def test_the_verb_prints_large_and_names_who_answers(valmont, walks, tmp_path, capsys):
    targets = tmp_path / "targets.csv"
    bureau = walks[0].turfs["bureau_id"][0]
    pd.DataFrame({"bureau_id": [bureau], "rank": [1]}).to_csv(targets, index=False)
    # The sheets begin a campaign: not in the place that other tests share.
    place = shutil.copytree(valmont.path, tmp_path / "place")
    words = ["turfs", "--workspace", place, "--targets", targets, "--out", tmp_path / "out"]
    words += ["--large", "--controller", "Collectif de Valmont", "--contact", "01 00 00 00 00"]
    words += ["--slot", "weekday_evening"]
    with pytest.raises(SystemExit) as end:
        main.main([str(word) for word in words])
    assert not end.value.code
    told = capsys.readouterr().out
    assert "weekday_evening: house 0.30" in told
    page = next((tmp_path / "out" / "phone").iterdir()).read_text(encoding="utf-8")
    assert "Collectif de Valmont" in page
    assert "01 00 00 00 00" in page
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    there = {p for p in folder_bytes(tmp_path / "out") if p != "summary.json"}
    assert set(summary["files"]) == {str(name) for name in there}

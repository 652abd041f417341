"""Tests of scenarios that a place keeps under names."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from analysis.errors import DataError
from analysis.workflows.kept_scenarios import duplicate, forget, keep, kept, shelf
from analysis.workflows.ranking import Scenario, with_settings

LEFT = Scenario("left", "2027_pres_t1")
MORE = with_settings(LEFT, hours=900.0, pinned={"99001_1": "marché"})


@pytest.fixture
def place(tmp_path):
    return SimpleNamespace(path=tmp_path)


def test_a_scenario_is_the_next_version_of_its_name(place):
    assert kept(place) == {}
    keep(place, "Tour 1", LEFT)
    keep(place, " Tour  1", LEFT)
    one = keep(place, "Tour 1", MORE)
    assert [version.scenario() for version in one.versions] == [LEFT, MORE]
    assert kept(place) == {"Tour 1": one}


def test_names_that_a_disk_does_not_tell_apart_are_two(place):
    for name in ("a/b", "a_b", "A_b", "../x"):
        keep(place, name, LEFT)
    assert sorted(kept(place)) == ["../x", "A_b", "a/b", "a_b"]
    forget(place, "a_b")
    assert sorted(kept(place)) == ["../x", "A_b", "a/b"]
    assert not [*place.path.parent.glob("*.json")]


def test_a_copy_has_a_name_of_its_own_and_how_it_stands(place):
    keep(place, "Tour 1", LEFT)
    keep(place, "Tour 1", MORE)
    assert duplicate(place, "Tour 1").name == "Tour 1 (2)"
    copy = duplicate(place, "Tour 1")
    assert copy.name == "Tour 1 (3)"
    assert [version.scenario() for version in copy.versions] == [MORE]
    keep(place, "x" * 60, LEFT)
    assert duplicate(place, "x" * 60).name == "x" * 54 + " (2)"
    forget(place, "Tour 1")
    with pytest.raises(DataError, match="not kept any more"):
        duplicate(place, "Tour 1")


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b"])
def test_no_name_is_refused(place, name):
    with pytest.raises(DataError, match="under a name") as refused:
        keep(place, name, LEFT)
    assert bool(refused.value.where) == bool(name.strip())


def test_a_file_that_cannot_be_read_hides_no_other_and_is_told(place):
    keep(place, "Tour 1", LEFT)
    whole = (place.path / "scenarios" / "Tour 1.json").read_text(encoding="utf-8")
    undated = re.sub('"when": ".*?"', '"when": "yesterday"', whole)
    broken = "{", "[]", '{"name": "x", "versions": []}', "[" * 100_000, undated
    for n, text in enumerate(broken):
        (place.path / "scenarios" / f"{n}.json").write_text(text, encoding="utf-8")
    assert [*kept(place)] == ["Tour 1"]
    assert [file.name for file in shelf(place).unread] == [f"{n}.json" for n in range(5)]


def test_an_earlier_version_that_cannot_be_read_is_told(place):
    keep(place, "Tour 1", LEFT)
    keep(place, "Tour 1", MORE)
    file = place.path / "scenarios" / "Tour 1.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    told["versions"][0]["text"] = "bloc ="
    file.write_text(json.dumps(told), encoding="utf-8")
    assert shelf(place).unread == (file,)


def test_a_copy_of_a_file_hides_neither(place):
    keep(place, "Tour 1", LEFT)
    folder = place.path / "scenarios"
    shutil.copy(folder / "Tour 1.json", folder / "copie.json")
    assert [*kept(place)] == ["Tour 1", "Tour 1 (copie)"]
    forget(place, "Tour 1")
    assert [file.name for file in folder.iterdir()] == ["copie.json"]


def test_a_name_of_the_longest_letters_fits_on_a_disk(place):
    keep(place, "𝐀" * 60, LEFT)
    keep(place, "𝐀" * 59 + "B", MORE)
    assert [*kept(place)] == ["𝐀" * 59 + "B", "𝐀" * 60]


def test_what_cannot_be_deleted_is_said(place, monkeypatch):
    keep(place, "Tour 1", LEFT)

    def refuse(*_args, **_told):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(DataError, match="cannot be deleted") as said:
        forget(place, "Tour 1")
    assert "Tour 1.json: Permission denied" in str(said.value.where)


def test_keeping_writes_over_nothing_that_cannot_be_read(place):
    file = place.path / "scenarios" / "Tour 1.json"
    file.parent.mkdir()
    file.write_text("{half a", encoding="utf-8")
    keep(place, "Tour 1", MORE)
    assert file.read_text(encoding="utf-8") == "{half a"
    assert kept(place)["Tour 1"].versions[-1].scenario() == MORE
    forget(place, "Tour 1")
    assert [*file.parent.iterdir()] == [file]


def test_a_place_that_cannot_be_written_to_is_said(place):
    (place.path / "scenarios").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be kept"):
        keep(place, "Tour 1", LEFT)

"""What is written aside takes its place whole, or leaves what was there."""

from __future__ import annotations

import pytest

from analysis.tables.whole_files import written_whole


def half_written(file):
    with written_whole(file) as aside:
        aside.write_text("ne", encoding="utf-8")
        raise OSError("the disk is full")


def test_what_fails_half_way_leaves_what_was_there(tmp_path):
    (file := tmp_path / "a.txt").write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match="full"):
        half_written(file)
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text(encoding="utf-8") == "old"


def test_two_that_write_at_once_do_not_meet(tmp_path):
    file = tmp_path / "a.txt"
    with written_whole(file) as first, written_whole(file) as second:
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text(encoding="utf-8") == "first"

"""The examples in docstrings run, and every room has one."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("tables", "geography", "electorate", "targeting", "experiments", "turf", "fieldwork"),
    *("charts", "exports", "readers", "workflows"),
)


@pytest.fixture
def beside_the_house(valmont, tmp_path, monkeypatch):
    """Stand in a folder that has what a clone has: the embedded town, read and unread."""
    (tmp_path / "workspaces").mkdir()
    (tmp_path / "workspaces" / "valmont").symlink_to(valmont.path)
    (tmp_path / "data_samples").symlink_to(ROOT / "data_samples")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("room", ROOMS)
def test_the_examples_of_a_room_run(room, beside_the_house):
    folder = ROOT / "analysis" / room
    files = [file for file in folder.rglob("*.py") if ">>> " in file.read_text(encoding="utf-8")]
    assert files, f"no example in {room}"
    for file in files:
        dotted = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        result = doctest.testmod(import_module(dotted), raise_on_error=False)
        assert result.attempted
        assert not result.failed, f"{dotted}: python -m doctest says more"

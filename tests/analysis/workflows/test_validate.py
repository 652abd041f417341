"""Tests of `analysis.workflows.validate`: what is read, and what is kept."""

from __future__ import annotations

import json
import shutil
from datetime import datetime

import pandas as pd
import pytest

import analysis.workflows.validate
from analysis.cli.commands_validation import _table
from analysis.errors import DataError
from analysis.tables.workspace import Workspace
from analysis.targeting.calibration import COVERED, MOVEMENTS, RELIABILITY, Calibration
from analysis.targeting.validation import CELLS, METHODS, PARTS_JUDGED, Validation
from analysis.workflows.validate import KEPT, keep, kept, kept_calibration, validate


@pytest.fixture(scope="module")
def left(valmont):
    """Look back at the left of Valmont."""
    return validate(valmont, blocs=("left",))


@pytest.fixture
def copy(valmont, tmp_path):
    return Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))


def test_every_pair_has_every_method_within_its_interval(left):
    cells = left.cells
    assert cells.groupby(["from", "to"])["method"].agg(set).map(lambda m: m == {*METHODS}).all()
    assert (
        cells[["met_10", "met_20", "met_40"]]
        .apply(lambda row: row.is_monotonic_increasing, axis=1)
        .all()
    )
    assert cells["met_40"].between(0, 1).all()
    assert (cells["lower"] <= cells["upper"]).all()


def test_nothing_of_the_day_or_later_is_looked_at(valmont, left):
    day = datetime(2022, 6, 12)
    earlier = validate(valmont, blocs=("left",), before=day)
    both = left.cells[left.cells["to"].isin(earlier.cells["to"])].reset_index(drop=True)
    assert set(earlier.cells["to"]) < set(left.cells["to"])
    assert both["met_20"].tolist() == earlier.cells["met_20"].tolist()
    with pytest.raises(DataError, match="three first rounds"):
        validate(valmont, blocs=("left",), before=datetime(2017, 6, 1))


def test_what_is_kept_comes_back_until_data_or_program_change(copy, left):
    assert kept(copy) is None
    file = keep(copy, left.to_json())
    again = kept(copy)
    # The file holds four decimals.
    assert again.means.to_dict() == pytest.approx(left.means.to_dict(), abs=1e-4)
    assert again.untold["votes"].tolist() == left.untold["votes"].tolist()
    told = json.loads(file.read_text(encoding="utf-8"))
    for change in ({"version": "0"}, {"program": "0"}, {"data": {}}, {"cells": "cut"}):
        (copy.path / KEPT).write_text(json.dumps({**told, **change}), encoding="utf-8")
        assert kept(copy) is None
    file.write_text("{", encoding="utf-8")
    assert kept(copy) is None


def test_what_other_code_of_the_same_version_found_is_not_read(copy, left, monkeypatch):
    covered = pd.DataFrame([(m, "equal", 0.9) for m in MOVEMENTS], columns=[*COVERED])
    came = pd.DataFrame([(m, 0.9, 1, 0.95, 0.9, 1) for m in MOVEMENTS], columns=[*RELIABILITY])
    held = Calibration(covered, came, 1, 1)
    file = keep(copy, {**left.to_json(), "calibration": {"left": held.to_json()}})
    assert kept(copy) is not None
    assert kept_calibration(copy, "left") is not None
    told = json.loads(file.read_text(encoding="utf-8"))
    monkeypatch.setattr(analysis.workflows.validate, "program_digest", lambda: "another")
    assert kept(copy) is None
    assert kept_calibration(copy, "left") is None
    monkeypatch.undo()
    # A file of a program that did not say which it was.
    del told["program"]
    file.write_text(json.dumps(told), encoding="utf-8")
    assert kept(copy) is None


def test_a_past_that_tells_nothing_is_said_in_words_not_in_empty_columns():
    empty = Validation(
        pd.DataFrame(columns=list(CELLS)),
        pd.DataFrame([{"bloc": "left", "from": "a", "to": "b", "votes": 12, "share": 0.003}]),
        pd.DataFrame(columns=[*PARTS_JUDGED, "bloc", "to"]),
    )
    said = _table(empty, {"worlds_worst": {}, "calibration": {}})
    assert "cannot tell one order from another" in said
    assert "1 pairs" in said
    assert "nan" not in said

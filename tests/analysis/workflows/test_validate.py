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
from analysis.targeting.value import ANSWERS
from analysis.workflows.validate import (
    KEPT,
    keep,
    kept,
    kept_calibration,
    validate,
    validate_to_json,
)
from benchmarks import look_back_tables


@pytest.fixture(scope="module")
def left(valmont):
    """Look back at the left of Valmont."""
    return validate(valmont, blocs=("left",))


@pytest.fixture
def copy(valmont, tmp_path):
    return Workspace(shutil.copytree(valmont.path, tmp_path / "copy"))


def held():
    """Return a calibration of one interval and one chance for each belief."""
    covered = pd.DataFrame([(m, "equal", 0.9) for m in MOVEMENTS], columns=[*COVERED])
    came = pd.DataFrame([(m, 0.9, 1, 0.95, 0.9, 1) for m in MOVEMENTS], columns=[*RELIABILITY])
    return Calibration(covered, came, 1, 1)


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
    file = keep(copy, {**left.to_json(), "calibration": {"left": held().to_json()}})
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


def test_the_file_keeps_all_five_worlds_beside_the_worst(valmont, left, monkeypatch):
    monkeypatch.setattr(analysis.workflows.validate, "validate", lambda *_, **__: left)
    monkeypatch.setattr(analysis.workflows.validate, "calibration_of", lambda *_: held())
    told = json.loads(json.dumps(validate_to_json(valmont)[1]))
    assert {*told["worlds"]} == {*told["worlds_worst"]} == {"left"}
    for method, by_world in told["worlds"]["left"].items():
        assert {*by_world} == {*ANSWERS}
        assert min(by_world.values()) == told["worlds_worst"]["left"][method]
    assert {*told["worlds"]["left"]} == {*METHODS}
    # A line per world; a file of before that kept the worst alone has no such table.
    lines = look_back_tables.worlds(told)
    assert len(lines) == 2 + len(ANSWERS)
    assert lines[2].startswith("| left, equal | ")
    assert look_back_tables.worlds({"worlds_worst": told["worlds_worst"]}) == []


def test_the_seven_pairs_are_those_of_two_springs_where_the_bloc_moved_that_way():
    met = {"default": {"met_20": 0.3}, "size": {"met_20": 0.2}}
    met |= {name: {"met_20": 0.25} for name in look_back_tables.RULES}
    spring = {"from": "2022_pres_t1", "to": "2022_legi_t1"}
    cells = [
        {"bloc": "left", **spring, "kind": "L", "methods": met},
        {"bloc": "centre", **spring, "kind": "G", "methods": met},
        {"bloc": "left", "from": "2017_pres_t1", "to": "2017_legi_t1", "kind": "L", "methods": met},
    ]
    told = dict.fromkeys(look_back_tables.RULES, 0.25)
    assert look_back_tables.seven({"cells": cells}) == {"left L": {"default": 0.3, **told}}


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

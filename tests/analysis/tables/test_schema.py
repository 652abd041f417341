"""Tests of `analysis.tables.schema`."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from analysis.errors import DataError, some
from analysis.tables.schema import (
    BUREAUX,
    CONTEXT,
    TABLES,
    TURNOUT,
    commune_of,
    empty,
    is_geographic,
)
from tests.made import grid


def turnout(**changes):
    row = {
        "election_id": "2022_pres_t1",
        "bureau_id": "31555_0001",
        "registered": 900,
        "ballots": 700,
        "blank": 10,
        "null": 5,
        "valid": 685,
    }
    other = {**row, "bureau_id": "31555_0002"}
    return pd.DataFrame([row | changes, other])


def test_a_table_keeps_its_columns_in_order_and_drops_others():
    given_frame = turnout().assign(note="x")[["note", *reversed(list(TURNOUT.columns))]]
    before = given_frame.copy()
    table = TURNOUT.check(given_frame)
    assert list(table) == list(TURNOUT.columns)
    assert table["registered"].dtype == "int64"
    pd.testing.assert_frame_equal(given_frame, before)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"ballots": 901, "valid": 886}, "0 ≤ ballots ≤ registered"),
        ({"valid": 701, "blank": 0, "null": -1}, "0 ≤ valid ≤ ballots"),
        ({"blank": 11}, r"blank \+ null \+ valid = ballots"),
    ],
)
def test_counts_that_contradict_one_another_name_the_bureau(changes, rule):
    with pytest.raises(DataError, match=f"{rule} fails for 1 row") as caught:
        TURNOUT.check(turnout(**changes))
    assert caught.value.where == "2022_pres_t1/31555_0001"
    assert caught.value.mend


def test_unpublished_blanks_are_no_contradiction():
    table = TURNOUT.check(turnout(blank=pd.NA, null=pd.NA, valid=600))
    assert table["blank"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (turnout().drop(columns="valid"), "missing column"),
        (turnout(registered="many"), "does not hold what it should"),
        (turnout(registered=pd.NA), "does not hold what it should"),
        (turnout(bureau_id="31555_0002"), "more than one row"),
    ],
)
def test_a_wrong_table_is_refused(frame, says):
    with pytest.raises(DataError, match=says) as caught:
        TURNOUT.check(frame)
    assert caught.value.where
    assert caught.value.mend


def test_an_invalid_polygon_is_refused():
    bureaux = grid(["31555_0001", "31555_0002"])
    assert isinstance(BUREAUX.check(bureaux), gpd.GeoDataFrame)
    tie = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(DataError, match="geometry is valid fails for 1 row"):
        BUREAUX.check(bureaux.set_geometry([bureaux.geometry[0], tie], crs=bureaux.crs))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_a_table_without_rows_passes_its_own_check(table):
    nothing = empty(table, "EPSG:2154")
    assert list(nothing) == list(table.columns)
    assert list(table.check(nothing)) == list(table.columns)
    assert isinstance(nothing, gpd.GeoDataFrame) is is_geographic(table)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_every_column_says_its_unit_and_meaning(table):
    assert set(table.key) <= set(table.columns)
    assert all(column.unit and column.meaning for column in table.columns.values())


def test_context_is_keyed_by_bureau_and_vintage():
    assert CONTEXT.key == ("bureau_id", "vintage")


@given(st.lists(st.sampled_from(["31555_0001", "2A004_JUS1", "be_x_1"])))
def test_the_commune_is_what_stands_before_the_last_underscore(ids):
    expected = [name.rsplit("_", 1)[0] for name in ids]
    assert commune_of(pd.Series(ids, dtype="str")).tolist() == expected
    assert commune_of(pd.Series(ids, dtype="category")).tolist() == expected


def test_offenders_are_named_and_counted():
    assert some([1, 2]) == "1, 2"
    assert some(range(5)) == "0, 1, 2… (5 in all)"

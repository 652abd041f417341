"""Tests of `analysis.geography.context`."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from analysis.geography.context import describe_bureaux
from analysis.tables.schema import ADDRESSES, AREAS, empty
from tests.made import SOUTH, WEST, grid

CRS = "EPSG:2154"
NONE = {"addresses": empty(ADDRESSES, CRS), "squares": empty(AREAS, CRS)}


def points(*spots):
    return gpd.GeoDataFrame(geometry=[Point(WEST + x, SOUTH + y) for x, y in spots], crs=CRS)


def squares(*cells):
    """Draw squares of 100 m at (x, y) with households and mean living standard."""
    return gpd.GeoDataFrame(
        {
            "population": [2.0 * n for *_, n, _ in cells],
            "adults": [1.5 * n for *_, n, _ in cells],
            "households": [float(n) for *_, n, _ in cells],
            "poor_households": [0.25 * n for *_, n, _ in cells],
            "social_dwellings": [0.5 * n for *_, n, _ in cells],
            "living_standard_eur": [s for *_, s in cells],
            "imputed": [n < 11 for *_, n, _ in cells],
        },
        geometry=[box(WEST + x, SOUTH + y, WEST + x + 100, SOUTH + y + 100) for x, y, *_ in cells],
        crs=CRS,
    )


TWO = grid(["31555_0001", "31555_0002"])


def test_without_sources_the_columns_are_missing_not_nought():
    table = describe_bureaux(TWO, **NONE)
    assert table["area_m2"].tolist() == [1e4, 1e4]
    unknown = table.drop(columns=["bureau_id", "vintage", "name", "area_m2"])
    assert unknown.isna().all(axis=None)


def test_addresses_are_counted_in_their_bureau():
    spots = points((10, 10), (20, 20), (150, 50), (900, 900))
    table = describe_bureaux(TWO, **NONE | {"addresses": spots})
    assert table["addresses"].tolist() == [2, 1]


def test_a_square_is_shared_by_area():
    table = describe_bureaux(TWO, **NONE | {"squares": squares((75, 0, 80, 20e3))})
    assert table["households"].tolist() == [20, 60]
    assert table["poor_households"].tolist() == [5, 15]
    assert table["living_standard_eur"].tolist() == pytest.approx([20e3, 20e3])
    assert table["imputed_share"].tolist() == [0, 0]


def test_the_living_standard_is_a_mean_over_people_who_have_one_known():
    cells = squares((0, 0, 30, 10e3), (0, 0, 10, 30e3), (0, 0, 50, np.nan))
    table = describe_bureaux(TWO, **NONE | {"squares": cells})
    assert table["living_standard_eur"][0] == pytest.approx((30 * 10e3 + 10 * 30e3) / 40)
    assert table["imputed_share"][0] == pytest.approx(10 / 90)


def test_a_bureau_of_few_households_says_nothing_of_income():
    cells = squares((0, 0, 10, 20e3), (100, 0, 11, 20e3))
    table = describe_bureaux(TWO, **NONE | {"squares": cells})
    hidden = ["poor_households", "social_dwellings", "living_standard_eur"]
    assert table.loc[0, hidden].isna().all()
    assert table.loc[1, hidden].notna().all()
    assert table["households"].tolist() == [10, 11]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.floats(0, 300), st.floats(0, 300), st.integers(1, 200)),
        min_size=1,
        max_size=8,
    )
)
def test_what_lies_inside_the_town_is_conserved(cells):
    town = grid([f"31555_{n:04d}" for n in range(16)])
    frame = squares(*((x, y, n, 20e3) for x, y, n in cells))
    before = frame.copy()
    table = describe_bureaux(town, **NONE | {"squares": frame})
    for name in ("population", "adults", "households"):
        assert table[name].sum() == pytest.approx(frame[name].sum(), rel=1e-6)
    pd.testing.assert_frame_equal(frame, before)


def test_vintages_are_described_apart(valmont):
    table = valmont.read("context")
    bureaux = valmont.read("bureaux")
    assert len(table) == len(bureaux)
    sums = table.groupby("vintage")[["households", "addresses", "area_m2"]].sum()
    assert sums.loc[2017].to_list() == pytest.approx(sums.loc[2024].to_list(), rel=0.01)

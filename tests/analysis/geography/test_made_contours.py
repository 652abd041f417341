"""Contours made from addresses: whose ground, how sure, and what no mishap may break."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.geography.made_contours import far_points, make_contours

CRS = "EPSG:2154"
X, Y = 565_000.0, 6_530_000.0


def points(rows, **more):
    """Return addresses of rows (bureau, x, y), metres from a corner."""
    table = pd.DataFrame(rows, columns=["bureau_id", "x", "y"])
    return gpd.GeoDataFrame(
        {"bureau_id": table["bureau_id"], **more},
        geometry=gpd.points_from_xy(table["x"] + X, table["y"] + Y),
        crs=CRS,
    )


def street(bureau, west, n=20, *, y=0.0):
    """Return n addresses in two rows, every 10 m from `west`."""
    return [(bureau, west + 10 * (k // 2), y + 20 * (k % 2)) for k in range(n)]


def shape(made, bureau):
    return made.bureaux.set_index("bureau_id").geometry.loc[bureau]


TWO = [*street("99900_0001", 0), *street("99900_0002", 100)]


def test_the_border_runs_half_way_between_two_bureaux():
    made = make_contours(points(TWO), vintage=2022)
    west, _, east, _ = shape(made, "99900_0001").bounds
    assert (west, east) == pytest.approx((X - 50, X + 95), abs=0.01)
    assert made.bureaux["vintage"].tolist() == [2022, 2022]
    assert made.bureaux["commune_id"].tolist() == ["99900", "99900"]
    assert made.quality["positions"].tolist() == [20, 20]
    assert made.quality["inside_share"].tolist() == [1.0, 1.0]


def test_the_commune_s_outline_cuts_where_it_is_known():
    outline = gpd.GeoSeries({"99900": shapely.box(X - 500, Y - 500, X + 900, Y + 500)}, crs=CRS)
    made = make_contours(points(TWO), vintage=2022, outlines=outline)
    whole = made.bureaux.geometry.area.sum()
    assert whole == pytest.approx(1400 * 1000)
    assert made.bureaux.geometry.union_all().area == pytest.approx(whole)


def test_a_share_held_out_is_worked_by_hand():
    # Every second address of a street is of the other bureau: none is next to its own.
    rows = [("99900_0001" if k % 2 else "99900_0002", 10.0 * k, 0.0) for k in range(20)]
    made = make_contours(points(rows), vintage=2022)
    assert made.quality["held_out_share"].tolist() == [0.0, 0.0]
    rows = [
        ("99900_0001" if k < 10 else "99900_0002", 10.0 * k + 0.1 * k * k, 0) for k in range(20)
    ]
    made = make_contours(points(rows), vintage=2022)
    # Gaps grow along the street, so each one's nearest is the one before: only the first address
    # of the second bureau falls to the first.
    assert made.quality["held_out_share"].tolist() == [1.0, 0.9]


def test_far_points_lower_the_share_and_draw_nothing():
    rows = [*TWO, ("99900_0001", 190.0, 10.0), ("99900_0002", 9_000.0, 0.0)]
    lost = points(rows)
    assert far_points(lost).tolist() == [False] * 40 + [False, True]
    # 190 m is within three times the least reach of 100 m: the same in a town ten times as wide.
    wide = lost.set_geometry(
        lost.geometry.affine_transform([10, 0, 0, 10, -9 * X, -9 * Y]), crs=CRS
    )
    assert far_points(wide).tolist() == [False] * 40 + [True, True]
    made = make_contours(wide, vintage=2022)
    assert made.bureaux.geometry.geom_type.tolist() == ["Polygon", "Polygon"]
    assert made.quality["inside_share"].tolist() == pytest.approx([20 / 21, 20 / 21])
    assert made.quality["positions"].tolist() == [20, 20]


def test_a_hamlet_of_one_s_own_is_not_far():
    hamlet = [("99900_0001", 5_000.0 + 30 * k, 4_000.0) for k in range(3)]
    assert not far_points(points([*TWO, *hamlet])).any()


def test_where_several_bureaux_share_a_position_the_heaviest_has_it():
    rows = [*TWO, ("99900_0002", 0.0, 0.0)]
    light = make_contours(points(rows, weight=[1.0] * 41), vintage=2022)
    heavy = make_contours(points(rows, weight=[1.0] * 40 + [5.0]), vintage=2022)
    corner = shapely.Point(X, Y)
    assert shape(light, "99900_0001").contains(corner)
    assert shape(heavy, "99900_0002").contains(corner)


def test_one_bureau_one_address_and_two_communes():
    made = make_contours(points([("99900_0001", 0.0, 0.0)]), vintage=2022)
    assert made.bureaux.geometry.area.iloc[0] == pytest.approx(np.pi * 50**2, rel=0.02)
    assert made.quality["held_out_share"].tolist() == [0.0]
    rows = [*street("99900_0001", 0), *street("99901_0001", 200)]
    made = make_contours(points(rows), vintage=2022)
    one, other = made.bureaux.geometry
    assert made.bureaux["commune_id"].tolist() == ["99900", "99901"]
    assert one.intersection(other).area == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["99900_0001", "99900_0002", "99901_0001"]),
            st.integers(0, 40),
            st.integers(0, 40),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_polygons_are_valid_never_overlap_and_hold_their_addresses(rows):
    table = points([(bureau, 7.0 * x, 7.0 * y) for bureau, x, y in rows])
    made = make_contours(table, vintage=2022)
    shapes = made.bureaux.geometry
    assert shapes.is_valid.all()
    assert shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    assert shapes.union_all().area == pytest.approx(shapes.area.sum(), rel=1e-9)
    assert made.quality["inside_share"].between(0, 1).all()
    single = table[~table.geometry.duplicated(keep=False)]
    held = single.sjoin(made.bureaux[["bureau_id", "geometry"]], predicate="within")
    near = far_points(table)[held.index]
    assert (held["bureau_id_left"] == held["bureau_id_right"])[~near].all()

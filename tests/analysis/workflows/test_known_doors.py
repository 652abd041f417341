"""Where a building that volunteers found stands, by its number in its street."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from analysis.errors import DataError
from analysis.workflows.known_doors import metres_from_any, place_beside, street_round


def street(numbers, points):
    return gpd.GeoDataFrame(
        {
            "address_id": [f"a{n}" for n in range(len(points))],
            "commune_id": "99900",
            "street": "Rue Haute",
            "number": pd.array(numbers, dtype="Int64"),
        },
        geometry=points,
        crs="OGC:CRS84",
    )


@pytest.mark.parametrize(
    ("number", "place"),
    [(14, (48.0, 2.4)), (2, (48.0, 2.0)), (90, (48.0, 3.0)), (15, (49.0, 2.0))],
)
def test_a_number_stands_between_its_neighbours_or_at_the_end(number, place):
    points = [Point(2, 48), Point(3, 48), Point(2, 49)]
    found = place_beside(street([10, 20, 15], points), "a2", number)
    assert found == pytest.approx(place)


def test_in_a_street_without_numbers_it_stands_beside_the_address():
    assert place_beside(street([None], [Point(2, 48)]), "a0", 7) == pytest.approx((48, 2))


@pytest.mark.parametrize("nowhere", [None, Point()])
def test_where_nobody_knows_where_the_street_is_that_is_said(nowhere):
    with pytest.raises(DataError, match="reported beside"):
        place_beside(street([10], [nowhere]), "a0", 12)
    with pytest.raises(DataError, match="reported beside"):
        place_beside(street([10], [Point(2, 48)]), "elsewhere", 12)


def test_the_street_is_seen_round_the_point_and_not_round_the_address_alone():
    # A street of three kilometres, in metres.
    points = [Point(700_000 + 100 * n, 6_600_000) for n in range(31)]
    table = street([*range(1, 32)], points).set_crs(2154, allow_override=True)
    (middle,) = gpd.GeoSeries([Point(702_000, 6_600_000)], crs=2154).to_crs("OGC:CRS84")
    at = middle.y, middle.x
    assert [*street_round(table, "a0", at, round_m=150)["number"]] == [20, 21, 22]
    assert [*street_round(table, "a0", None, round_m=150)["number"]] == [1, 2]
    assert [*street_round(table, "a0", (0.0, 0.0), round_m=150)["number"]] == [1, 2]
    assert street_round(table, "elsewhere", at, round_m=150).empty
    assert metres_from_any(table, at) < 0.1
    assert metres_from_any(table, (0.0, 0.0)) > 1e6

"""Tests of `analysis.geography.crs`."""

from __future__ import annotations

import geopandas as gpd
import pytest
from pyproj import CRS
from shapely import Point

from analysis.errors import DataError
from analysis.geography.crs import checked_metric, metric_crs, utm_crs

# A place of each territory: longitude and latitude of its main town.
TOWNS = {
    "75056": (2.35, 48.86),
    "2A004": (8.74, 41.93),
    "97105": (-61.73, 16.00),
    "97209": (-61.07, 14.60),
    "97302": (-52.33, 4.94),
    "97411": (55.45, -20.88),
    "97502": (-56.18, 46.78),
    "97611": (45.23, -12.78),
    "97701": (-62.85, 17.90),
    "97801": (-63.08, 18.07),
    "98613": (-176.17, -13.28),
    "98735": (-149.57, -17.54),
    "98818": (166.45, -22.27),
}


@pytest.mark.parametrize("commune", TOWNS)
def test_each_system_is_metric_and_holds_in_its_territory(commune):
    crs = CRS.from_user_input(metric_crs(commune))
    lon, lat = TOWNS[commune]
    area = crs.area_of_use
    # Wallis-et-Futuna reaches across the antimeridian.
    assert (area.west <= lon) + (lon <= area.east) == (1 if area.west > area.east else 2)
    assert area.south <= lat <= area.north
    assert checked_metric(metric_crs(commune)) == crs


def test_a_departement_has_the_system_of_its_communes():
    assert metric_crs("29") == metric_crs("29019") == "EPSG:2154"
    assert metric_crs("2b") == "EPSG:2154"
    assert metric_crs("974") == "EPSG:2975"


@pytest.mark.parametrize("code", ["ZZ123", "96000", "", "00123", "DE001"])
def test_an_unknown_code_is_not_guessed(code):
    with pytest.raises(DataError, match=r"No metric[\s\S]*mend: .*column map"):
        metric_crs(code)


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [(6.04, 50.63, "EPSG:32632"), (4.35, 50.85, "EPSG:32631"), (-58.4, -34.6, "EPSG:32721")],
)
def test_abroad_the_data_give_the_utm_zone(lon, lat, zone):
    assert utm_crs(gpd.GeoSeries([Point(lon, lat).buffer(0.01)], crs="EPSG:4326")) == zone


def test_without_a_crs_there_is_no_utm_zone():
    with pytest.raises(DataError, match="UTM zone"):
        utm_crs(gpd.GeoSeries([Point(1, 2)]))


@pytest.mark.parametrize(
    ("crs", "says"),
    [
        ("EPSG:999999", "no known coordinate system"),
        ("Lambert", "no known coordinate system"),
        ("EPSG:4326", "does not measure in metres"),
        ("EPSG:2263", "does not measure in metres"),
    ],
)
def test_degrees_feet_and_fantasy_are_refused(crs, says):
    with pytest.raises(DataError, match=says):
        checked_metric(crs)

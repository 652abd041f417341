"""Quarters of a place whose bureaux were drawn twice under other numbers."""

from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
from shapely.geometry import box

from analysis.workflows.build import Inputs
from analysis.workflows.place_names import with_quarters

CRS = "EPSG:2154"
WEST, EAST = (box(x, 6_860_000, x + 1000, 6_861_000) for x in (650_000, 651_000))


def test_contours_of_the_latest_result_say_where_a_bureau_is(tmp_path):
    quarters = gpd.GeoDataFrame({"quartier": ["Ouest", "Est"]}, geometry=[WEST, EAST], crs=CRS)
    quarters.to_crs(4326).to_file(file := tmp_path / "quartiers.geojson")
    # New contours, drawn after the vote, give one number to the other side and add a third.
    bureaux = gpd.GeoDataFrame(
        {
            "bureau_id": ["99900_0001", "99900_0002", "99900_0001", "99900_0003"],
            "vintage": [2017, 2017, 2026, 2026],
        },
        geometry=[WEST, EAST, EAST, WEST],
        crs=CRS,
    )
    results = SimpleNamespace(
        elections=pd.DataFrame(
            {"election_id": ["2022_pres_t1"], "date": [pd.Timestamp(2022, 4, 10)]}
        ),
        turnout=pd.DataFrame(
            {
                "election_id": "2022_pres_t1",
                "bureau_id": ["99900_0001", "99900_0002"],
                "registered": [900, 1100],
            }
        ),
    )
    known = pd.DataFrame(
        {"bureau_id": ["99900_0002"], "kind": "canton", "zone_id": "99-01", "name": "Nord"}
    )
    addresses = pd.DataFrame({"street": ["Rue de l'Est", None]})
    zones, (report,) = with_quarters(known, Inputs(quarters=file), results, bureaux, addresses)
    told = zones[zones["kind"] == "quartier"].set_index("bureau_id")["name"].to_dict()
    assert told == {"99900_0001": "Ouest", "99900_0002": "Est", "99900_0003": "Ouest"}
    assert zones.iloc[0]["name"] == "Nord"
    assert report.source.role == "quarters"


def test_without_a_file_nothing_is_added():
    zones, reports = with_quarters(pd.DataFrame(), Inputs(), None, None, None)
    assert (zones.empty, reports) == (True, ())

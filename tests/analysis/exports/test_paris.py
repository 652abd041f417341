"""Every map format on the real polygons of Paris."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest

from analysis.exports import to_bytes
from tests.analysis.exports.conftest import fabricate

FILE = (
    Path(__file__).parents[3].parent / "shared/data/paris/secteurs-des-bureaux-de-vote-2017.geojson"
)
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the shared data are not there")


@pytest.fixture(scope="module")
def paris():
    raw = gpd.read_file(FILE).to_crs("EPSG:2154")
    raw["geometry"] = raw.geometry.make_valid()
    district = raw["id_bv"].str.split("-")
    raw["bureau_id"] = "75056_" + district.str[0].str.zfill(2) + district.str[1].str.zfill(2)
    return raw[["bureau_id", "geometry"]]


def test_the_page_of_paris_is_under_two_megabytes(paris, provenance):
    page = to_bytes(fabricate(paris["bureau_id"]), ".html", bureaux=paris, provenance=provenance)
    assert 200_000 < len(page) < 2_000_000


def test_all_of_paris_is_there(paris, provenance):
    ranking = fabricate(["75056_9999", *paris["bureau_id"]])
    collection = json.loads(to_bytes(ranking, ".geojson", bureaux=paris, provenance=provenance))
    drawn = [feature for feature in collection["features"] if feature["geometry"]]
    assert len(drawn) == 896
    assert len(collection["features"]) == 897


def test_paris_is_printed(paris, provenance):
    sheet = to_bytes(fabricate(paris["bureau_id"]), ".pdf", bureaux=paris, provenance=provenance)
    assert sheet.startswith(b"%PDF-")
    assert sheet.count(b"/Type /Page\n") + sheet.count(b"/Type /Page ") == 1

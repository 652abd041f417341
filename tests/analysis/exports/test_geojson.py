"""GeoJSON and KML: valid, whole, and read back by GDAL."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import geopandas as gpd
import pytest
from shapely.geometry import shape

from analysis.charts.colours import classes
from analysis.exports import to_bytes

KML = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture
def geojson(ranking, bureaux, provenance):
    return json.loads(to_bytes(ranking, ".geojson", bureaux=bureaux, provenance=provenance))


@pytest.fixture
def kml(ranking, bureaux, provenance):
    return to_bytes(ranking, ".kml", bureaux=bureaux, provenance=provenance)


def test_geojson_keeps_every_bureau_in_order(geojson, ranking):
    features = geojson["features"]
    assert [f["properties"]["bureau_id"] for f in features] == ranking["bureau_id"].tolist()
    assert [f["geometry"] is None for f in features] == [False] * 11 + [True]
    assert features[3]["properties"]["top_k_probability"] is None
    assert geojson["palier"]["seed"] == 7


def test_geojson_follows_rfc_7946(geojson):
    assert "crs" not in geojson
    for feature in geojson["features"][:11]:
        drawn = shape(feature["geometry"])
        assert drawn.is_valid
        assert 0 < drawn.centroid.x < 3
        assert 45 < drawn.centroid.y < 47
        parts = getattr(drawn, "geoms", [drawn])
        assert all(part.exterior.is_ccw for part in parts)
        assert not any(hole.is_ccw for part in parts for hole in part.interiors)
    decimals = re.findall(r"\d\.(\d+)", json.dumps([f["geometry"] for f in geojson["features"]]))
    assert max(map(len, decimals)) <= 6


def test_neighbours_still_share_their_border(geojson):
    first, second = (shape(feature["geometry"]) for feature in geojson["features"][:2])
    assert first.intersection(second).area == 0
    assert first.touches(second)


def test_kml_places_are_read_by_gdal(kml, ranking, bureaux, tmp_path):
    path = tmp_path / "t.kml"
    path.write_bytes(kml)
    back = gpd.read_file(path)
    assert len(back) == 11
    there = back.to_crs(bureaux.crs).geometry
    assert there.area.to_numpy() == pytest.approx(bureaux.area.to_numpy(), rel=0.01)
    assert back["Name"][0] == f"1 · {ranking['bureau_id'][0]}"


def test_a_name_from_a_file_is_no_page_in_the_balloon_of_a_place(ranking, bureaux, provenance):
    label = '<img src="https://evil.example/x.png"> Jules & fils'
    told = to_bytes(
        ranking.assign(label=label), ".kml", bureaux=bureaux, provenance=provenance,
        title="<b>Valmont</b>",
    )  # fmt: skip
    root = ET.fromstring(told)
    for one in root.iter(f"{KML}description"):
        # Google Earth shows a description as HTML.
        assert "<img" not in one.text
        assert "<b>" not in one.text
    first = root.find(f".//{KML}Placemark/{KML}description").text
    assert "&lt;img src=" in first
    assert "Jules &amp; fils" in first


def test_kml_says_its_numbers_and_colours_backwards(kml, ranking):
    root = ET.fromstring(kml)
    graded = classes(ranking["score"])
    styles = {
        style.get("id"): style.findtext(f"{KML}PolyStyle/{KML}color")
        for style in root.iter(f"{KML}Style")
    }
    for mark, index in zip(root.iter(f"{KML}Placemark"), graded.index, strict=False):
        colour = styles[mark.findtext(f"{KML}styleUrl").removeprefix("#")]
        red, green, blue = (graded.palette[index][at : at + 2] for at in (1, 3, 5))
        assert colour == "b3" + blue + green + red
    first = root.find(f".//{KML}Placemark")
    assert "voix par heure de bénévole" in first.findtext(f"{KML}description")
    data = {d.get("name"): d.text for d in first.iter(f"{KML}SimpleData")}
    assert float(data["score"]) == pytest.approx(ranking["score"][0])
    assert "99001_JUS1" in root.findtext(f"{KML}Document/{KML}description")


def test_kml_drops_what_xml_forbids(ranking, bureaux, provenance):
    ranking.loc[0, "name"] = "École\x0bn° 1 <A&B>"
    root = ET.fromstring(to_bytes(ranking, ".kml", bureaux=bureaux, provenance=provenance))
    assert root.findtext(f".//{KML}Placemark/{KML}name") == "1 · Écolen° 1 <A&B>"

"""Streets from every layout: what is kept, what each is, and where they meet."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import geopandas as gpd
import numpy as np
import osmium
import pytest
import shapely

from analysis.errors import DataError
from analysis.geography.street_names import name_streets
from analysis.readers.bd_topo import read_bd_topo
from analysis.readers.glance import look
from analysis.readers.openstreetmap import read_extract, read_overpass
from analysis.readers.reader_registry import reader_of, role_of
from analysis.readers.street_graphs import read_street_graph
from analysis.turf.graph import graph_of, read_graph

CRS = "EPSG:2154"
# A crossroads at Paris: 0.001° of longitude are 73 m there, of latitude 111 m.
LON, LAT = 2.3500, 48.8500
WAYS = {
    1: ({"highway": "residential", "name": "Rue Haute"}, [(0, 0), (1, 0), (2, 0)]),
    2: ({"highway": "primary", "name": "Avenue Basse", "oneway": "yes"}, [(1, 0), (1, 1)]),
    3: ({"highway": "footway"}, [(1, 1), (2, 1)]),
    4: ({"highway": "motorway", "name": "Voie rapide"}, [(0, 0), (0, 3)]),
    5: ({"highway": "construction"}, [(2, 0), (3, 0)]),
    6: ({"waterway": "river", "name": "La Seine"}, [(-1, -1), (3, -1)]),
    7: ({"highway": "service", "access": "private"}, [(2, 1), (2, 2)]),
    8: ({"highway": "service", "access": "private", "foot": "yes"}, [(2, 1), (3, 1)]),
    9: ({"highway": "residential", "name": "Rue d'ailleurs"}, [(90, 0), (91, 0)]),
    10: ({"waterway": "stream"}, [(0, 0), (1, 1)]),
}
KINDS = {1: "street", 2: "main", 3: "path", 4: "motorway", 6: "water", 7: "street", 8: "street"}


def degrees(spot):
    return LON + spot[0] / 1000, LAT + spot[1] / 1000


@pytest.fixture
def within():
    box = gpd.GeoSeries([shapely.box(LON, LAT, LON + 0.002, LAT + 0.002)], crs="OGC:CRS84")
    return box.to_crs(CRS).iloc[0]


@pytest.fixture
def overpass(tmp_path):
    elements = [
        {
            "type": "way",
            "id": number,
            "tags": tags,
            "geometry": [dict(zip(("lon", "lat"), degrees(s), strict=True)) for s in spots],
        }
        for number, (tags, spots) in WAYS.items()
    ]
    file = tmp_path / "rues.json"
    file.write_text(json.dumps({"version": 0.6, "elements": elements}), encoding="utf-8")
    return file


@pytest.fixture
def extract(tmp_path):
    file = tmp_path / "place.osm.pbf"
    spots = sorted({spot for _, shape in WAYS.values() for spot in shape})
    with osmium.SimpleWriter(str(file)) as writer:
        for number, spot in enumerate(spots, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=degrees(spot)))
        for number, (tags, shape) in WAYS.items():
            nodes = [spots.index(spot) + 1 for spot in shape]
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags))
    return file


@pytest.mark.parametrize(("name", "read"), [("overpass", read_overpass), ("extract", read_extract)])
def test_openstreetmap_in_both_layouts(request, within, name, read):
    streets, report = read(request.getfixturevalue(name), crs_metric=CRS, within=within)
    told = streets.set_index("street_id")
    assert dict(told["kind"]) == {f"way/{n}": kind for n, kind in KINDS.items()}
    assert told["name"]["way/2"] == "Avenue Basse"
    assert told["name"]["way/3"] == ""
    assert sorted(told.index[~told["walkable"]]) == ["way/4", "way/6", "way/7"]
    assert list(told.index[told["one_way"]]) == ["way/2"]
    # 0.001° of latitude: 111.2 m on this ellipsoid.
    assert told["length_m"]["way/2"] == pytest.approx(111.2, abs=0.2)
    assert report.rows_read == report.rows_kept + sum(item.count for item in report.left_out)
    assert any("no street" in item.reason for item in report.left_out)


def test_streets_meet_where_they_have_a_point_in_common(overpass, within):
    streets, _ = read_overpass(overpass, crs_metric=CRS, within=within)
    graph = graph_of(streets, "rues")
    # Rue Haute in two pieces, Avenue Basse, the footway, the private way open on foot.
    assert len(graph.edges) == 5
    assert set(graph.part) == {0}
    assert graph.length_m.sum() == pytest.approx(4 * 73.3 + 111.2, abs=1)
    assert graph.crossable.all()


def test_overpass_with_nodes_instead_of_shapes(tmp_path):
    file = tmp_path / "rues.json"
    nodes = [{"type": "node", "id": n, "lon": LON + n / 1000, "lat": LAT} for n in (1, 2)]
    way = {"type": "way", "id": 7, "nodes": [1, 2], "tags": {"highway": "steps"}}
    file.write_text(json.dumps({"elements": [*nodes, way]}), encoding="utf-8")
    streets, _ = read_overpass(file, crs_metric=CRS)
    assert list(streets["kind"]) == ["path"]
    assert streets["length_m"].iloc[0] == pytest.approx(73.3, abs=0.2)


def bd_topo(tmp_path, suffix, rename=None):
    rows = [
        ("T1", "Route à 1 chaussée", "5", "En service", "Double sens", "Rue Haute", "R HAUTE"),
        ("T2", "Route à 1 chaussée", "3", "En service", "Sens direct", "", "AV BASSE"),
        ("T3", "Sentier", "6", "En service", "Sans objet", "", ""),
        ("T4", "Type autoroutier", "1", "En service", "Sens direct", "", "NC"),
        ("T5", "Route à 1 chaussée", "5", "En projet", "Double sens", "Rue future", ""),
        ("T6", "Bac ou liaison maritime", "5", "En service", "Double sens", "", ""),
    ]
    names = ["cleabs", "nature", "importance", "etat_de_l_objet", "sens_de_circulation"]
    names += ["nom_voie_ban_gauche", "nom_collaboratif_gauche"]
    lines = [
        shapely.linestrings([(652_000 + 50 * n, 6_861_000, 40), (652_100, 6_861_050 + n, 41)])
        for n in range(len(rows))
    ]
    table = gpd.GeoDataFrame(rows, columns=names, geometry=lines, crs=CRS)
    file = tmp_path / f"troncon_de_route{suffix}"
    if suffix == ".gpkg":
        other = gpd.GeoDataFrame({"cleabs": ["B1"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)
        other.to_file(file, layer="batiment")
        table.to_file(file, layer="troncon_de_route")
    else:
        table.rename(columns=rename or {}).to_file(file)
    return file


SHORT = {
    "cleabs": "ID",
    "nature": "NATURE",
    "importance": "IMPORTANCE",
    "etat_de_l_objet": "ETAT",
    "sens_de_circulation": "SENS",
    "nom_voie_ban_gauche": "NOM_V_BAN_G"[:10],
    "nom_collaboratif_gauche": "NOM_COLL_G",
}


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_bd_topo_in_every_file_of_shapes(tmp_path, suffix):
    file = bd_topo(tmp_path, suffix, SHORT if suffix == ".shp" else None)
    streets, report = read_bd_topo(file, crs_metric=CRS)
    told = streets.set_index("street_id")
    assert dict(told["kind"]) == {"T1": "street", "T2": "main", "T3": "path", "T4": "motorway"}
    assert told["name"]["T1"] == "Rue Haute"
    assert told["name"]["T2"] == "AV BASSE"
    assert told["name"]["T4"] == ""
    assert list(told.index[~told["walkable"]]) == ["T4"]
    assert sorted(told.index[told["one_way"]]) == ["T2", "T4"]
    assert not told.geometry.has_z.any()
    assert sorted((item.reason, item.count) for item in report.left_out) == [
        ("no way on the ground", 1),
        ("not in service", 1),
    ]
    if suffix != ".shp":  # whose names have ten letters
        assert told["name"]["T1"] == "Rue Haute"


def graph_text(tmp_path):
    file = tmp_path / "graph.txt"
    spots = [(0, 0), (1, 0), (1, 1), (0, 1)]
    lines = ["4 4 1 1 0", *(f"{degrees(s)[1]} {degrees(s)[0]}" for s in spots)]
    lines += ["0 1 2 10 73", "1 2 1 10 111", "2 3 2 4.6 73", "3 0 2 6 111"]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_a_graph_and_the_table_made_of_it_are_walked_alike(tmp_path):
    file = graph_text(tmp_path)
    streets, _ = read_street_graph(file, crs_metric=CRS)
    # 73 m in 4.6 s are 57 km/h, 111 m in 6 s are 67 km/h.
    assert list(streets["kind"]) == ["street", "street", "fast", "motorway"]
    assert list(streets["one_way"]) == [False, True, False, False]
    ours, theirs = graph_of(streets, "table"), read_graph(file, CRS)
    for a, b in ((ours, theirs), (theirs, ours)):
        assert sorted(zip(a.length_m, a.crossable, strict=True)) == sorted(
            zip(b.length_m, b.crossable, strict=True)
        )
    assert {tuple(xy) for xy in ours.nodes} <= {tuple(xy) for xy in theirs.nodes}


def test_every_layout_is_told_by_its_beginning(tmp_path, overpass, extract):
    files = {
        overpass: "read_overpass",
        extract: "read_extract",
        bd_topo(tmp_path, ".gpkg"): "read_bd_topo",
        bd_topo(tmp_path, ".geojson"): "read_bd_topo",
        graph_text(tmp_path): "read_street_graph",
    }
    for file, name in files.items():
        assert reader_of("streets", file).reads.endswith(name)
        with file.open("rb") as stream:
            assert role_of(look(file.name, stream)) == "streets"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rues.json", '{"elements": [', "not an answer of the Overpass API"),
        ("rues.json", '{"features": []}', "not an answer of the Overpass API"),
        ("rues.json", '{"elements": []}', "No street of this file"),
        ("place.osm.pbf", "nothing of the kind", "not an extract of OpenStreetMap"),
    ],
)
def test_a_bad_file_of_openstreetmap_is_named(tmp_path, name, content, said):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    read = read_extract if name.endswith(".pbf") else read_overpass
    with pytest.raises(DataError, match=said) as error:
        read(file, crs_metric=CRS)
    assert name in str(error.value)


def test_streets_of_another_place_are_refused(overpass):
    elsewhere = shapely.box(0, 0, 100, 100)
    with pytest.raises(DataError, match="No street of this file lies in the place"):
        read_overpass(overpass, crs_metric=CRS, within=elsewhere)


def test_bd_topo_in_capitals_and_a_piece_without_a_line(tmp_path):
    file = bd_topo(tmp_path, ".geojson")
    table = gpd.read_file(file)
    table["nature"] = table["nature"].str.upper()
    table.loc[table["cleabs"] == "T3", "geometry"] = None
    table.to_file(file)
    streets, report = read_bd_topo(file, crs_metric=CRS)
    assert dict(zip(streets["street_id"], streets["kind"], strict=True)) == {
        "T1": "street", "T2": "main", "T4": "motorway"
    }  # fmt: skip
    assert ("no shape", 1) in [(item.reason, item.count) for item in report.left_out]


def test_other_shapes_are_not_taken_for_bd_topo(tmp_path):
    file = tmp_path / "troncon_de_route.geojson"
    gpd.GeoDataFrame(
        {"a": [1]}, geometry=[shapely.linestrings([(0, 0), (1, 1)])], crs=4326
    ).to_file(file)
    with pytest.raises(DataError, match="not BD TOPO"):
        read_bd_topo(file, crs_metric=CRS)


def test_nameless_streets_take_the_name_of_most_addresses_along_them(tmp_path):
    streets, _ = read_street_graph(graph_text(tmp_path), crs_metric=CRS)
    one, other = (shapely.line_interpolate_point(streets.geometry.iloc[n], 30) for n in (0, 1))
    addresses = gpd.GeoDataFrame(
        {"street": ["Rue A", "Rue A", "Rue B", "Rue C", "Rue D", "Rue E"]},
        geometry=[one, one, one, other, other, other],
        crs=CRS,
    )
    named = name_streets(streets, addresses)
    # Three names share the second alike: it stays without.
    assert list(named["name"]) == ["Rue A", "", "", ""]
    assert (streets["name"] == "").all()
    assert np.array_equal(named["length_m"], streets["length_m"])


def test_a_virtual_layer_named_gpkg_is_not_even_listed(tmp_path):
    """GDAL would ask the address of its source for the names of its layers."""
    asked = []

    class Asked(BaseHTTPRequestHandler):
        def handle_one_request(self):
            asked.append(self.rfile.readline())

    with HTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = tmp_path / "TRONCON_DE_ROUTE.gpkg"
        file.write_text(
            '<OGRVRTDataSource><OGRVRTLayer name="troncon_de_route"><SrcDataSource>'
            f"/vsicurl/http://127.0.0.1:{server.server_port}/x.geojson</SrcDataSource>"
            "</OGRVRTLayer></OGRVRTDataSource>"
        )
        with pytest.raises(DataError, match="not a file of shapes that is read here"):
            read_bd_topo(file, crs_metric=CRS)
        server.shutdown()
    assert asked == []

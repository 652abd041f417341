"""A file of shapes makes nobody read another file of the machine, nor ask another machine."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import geopandas as gpd
import pytest
import shapely

from analysis.errors import DataError
from analysis.readers.shapes import layers_of, read_shapes

READ_HERE = {
    *("ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GPKG", "GeoJSON", "GeoJSONSeq", "JSONFG"),
    *("KML", "LIBKML", "MEM", "TopoJSON"),
}
RING = [[[0, 0], [1, 0], [1, 1], [0, 0]]]
SECRET = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "Secret"},
            "geometry": {"type": "Polygon", "coordinates": RING},
        }
    ],
}


@pytest.fixture(scope="module")
def listener():
    """Note who asks this machine."""
    asked = []

    class Noting(BaseHTTPRequestHandler):
        def parse_request(self):
            there = super().parse_request()
            asked.append(self.path)
            return there

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Noting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def pipeline(read):
    line = f"gdal vector pipeline ! read {read} ! filter --where 1=1"
    return json.dumps({"type": "gdal_streamed_alg", "command_line": line})


ATTACKS = {
    "algorithm": lambda url, secret: pipeline(secret),
    "algorithm on the network": lambda url, secret: pipeline(f"/vsicurl/{url}/a.geojson"),
    "service": lambda url, secret: (
        f"<OGRWFSDataSource><URL>{url}/wfs</URL><!-- <kml --></OGRWFSDataSource>"
    ),
    "schema": lambda url, secret: (
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://x {url}/d?REQUEST=DescribeFeatureType"><!-- <kml -->'
        f'<gml:featureMember><a fid="1"><gml:polygonProperty xlink:href="{url}/x"/></a>'
        "</gml:featureMember></wfs:FeatureCollection>"
    ),
}
NAMES = ["c.geojson", "c.json", "c.kml", "c.gdalg.json", "c.xml", "c.txt", "c.html"]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("zipped", [False, True])
def test_no_other_file_is_read_and_no_machine_asked(tmp_path, listener, attack, name, zipped):
    url, asked = listener
    secret = tmp_path / "secret.geojson"
    secret.write_text(json.dumps(SECRET))
    file = tmp_path / name
    file.write_text(ATTACKS[attack](url, secret))
    if zipped:
        file = tmp_path / "c.zip"
        with zipfile.ZipFile(file, "w") as into:
            into.write(tmp_path / name, name)
    with pytest.raises(DataError):
        read_shapes(file)
    with contextlib.suppress(DataError):
        assert layers_of(file) == []
    assert asked == []


ENDLESS = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
    "SELECT fid, geom, (SELECT count(*) FROM c) AS n FROM plain"
)
ORDERS = {
    "a view that never ends": [
        "ALTER TABLE bureaux RENAME TO plain",
        f"CREATE VIEW bureaux AS {ENDLESS}",
    ],
    "a view beside": [f"CREATE VIEW beside AS {ENDLESS.replace('plain', 'bureaux')}"],
    "a column out of nothing": ["ALTER TABLE bureaux ADD COLUMN n AS (zeroblob(900000000))"],
}


@pytest.fixture
def geopackage(tmp_path):
    """Write a GeoPackage with one layer."""
    file = tmp_path / "bureaux.gpkg"
    shapes = gpd.GeoDataFrame({"name": ["1"]}, geometry=[shapely.box(2, 48, 3, 49)], crs=4326)
    shapes.to_file(file, driver="GPKG", layer="bureaux")
    return file


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("orders", ORDERS)
def test_a_geopackage_has_nothing_computed_for_it(geopackage, orders, zipped):
    with contextlib.closing(sqlite3.connect(geopackage)) as store:
        kept = store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for order in [*(f'DROP TRIGGER "{name}"' for (name,) in kept), *ORDERS[orders]]:
            store.execute(order)
        store.commit()
    if zipped:
        into = geopackage.with_suffix(".zip")
        with zipfile.ZipFile(into, "w") as archive:
            archive.write(geopackage, geopackage.name)
        geopackage = into
    for read in (read_shapes, layers_of):
        with pytest.raises(DataError, match="orders of its own"):
            read(geopackage)


def test_a_plain_geopackage_is_read(geopackage):
    assert layers_of(geopackage) == ["bureaux"]
    assert read_shapes(geopackage)[0]["name"].tolist() == ["1"]


def test_the_secret_would_be_read_if_it_were_given(tmp_path):
    secret = tmp_path / "secret.geojson"
    secret.write_text(json.dumps(SECRET))
    assert read_shapes(secret)[0]["name"].tolist() == ["Secret"]


def test_what_the_app_loads_opens_no_other_format_and_asks_nobody_who_it_is():
    # As a process of its own: here the tests have loaded everything already.
    code = (
        "from streamlit import net_util; asks = net_util.get_external_ip\n"
        "import json, serve, pyogrio\n"
        "drivers = sorted(pyogrio.list_drivers())\n"
        "print(json.dumps([net_util.get_external_ip is not asks, drivers]))\n"
        "assert net_util.get_external_ip() is None"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours, drivers = json.loads(done.stdout.splitlines()[-1])
    assert ours
    assert set(drivers) <= READ_HERE
    assert "GDAL_SKIP" not in done.stderr

"""Tests of `analysis.readers.contours` and `shapes`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from analysis.errors import DataError
from analysis.readers import outside_links
from analysis.readers.contours import Layout, expect_known, read_contours
from analysis.readers.shapes import read_shapes

DATA = Path(__file__).parents[3].parent / "shared" / "data"
LAMBERT = "EPSG:2154"
BREST = (147_000.0, 6_835_000.0)
real = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


def square(column, row, side=100.0):
    x, y = BREST[0] + 100 * column, BREST[1] + 100 * row
    return box(x, y, x + side, y + side)


def frame(ids, shapes, *, column="codeBureauVote", **columns):
    return gpd.GeoDataFrame({column: ids, **columns}, geometry=shapes, crs=LAMBERT)


def write(path, shapes):
    """Write shapes as the portals do: WGS 84 in GeoJSON."""
    shapes.to_crs("EPSG:4326").to_file(path)
    return path


def read(path, *communes, **layout):
    return read_contours(
        path, vintage=2022, crs_metric=LAMBERT, communes=communes, layout=Layout(**layout)
    )


def test_a_small_file_gives_polygons_in_metres(tmp_path):
    shapes = frame(["29019_2", "29019_0001"], [square(0, 0), square(1, 0)], llieu=["École", None])
    bureaux, report = read(write(tmp_path / "c.geojson", shapes))
    assert bureaux["bureau_id"].tolist() == ["29019_0002", "29019_0001"]
    assert bureaux["name"].tolist() == ["École", ""]
    assert bureaux["commune_id"].unique().tolist() == ["29019"]
    assert bureaux.crs == LAMBERT
    assert bureaux.area.tolist() == pytest.approx([1e4, 1e4], rel=1e-3)
    assert (report.rows_read, report.rows_kept, report.left_out, report.notes) == (2, 2, (), ())


@pytest.mark.parametrize(
    ("column", "ids", "first"),
    [
        ("id_bv", ["19-5", "19-6"], "75056_1905"),
        ("ID", ["750060019", "750060020"], "75056_0619"),
        ("code_bv", ["0327", "0328"], "75056_0327"),
        ("Code_BV", [327, 328], "75056_0327"),
        ("numero", [327.0, 328.0], "75056_0327"),
    ],
)
def test_ids_are_found_under_many_names_and_spellings(tmp_path, column, ids, first):
    path = write(tmp_path / "c.gpkg", frame(ids, [square(0, 0), square(1, 0)], column=column))
    assert read(path, "75056")[0]["bureau_id"][0] == first


@pytest.mark.parametrize("of", ["code_insee", "INSEE_COM", "codeCommune"])
@pytest.mark.parametrize("number", ["num", "NUM_BV", "codeBureau"])
def test_numbers_are_of_the_commune_that_stands_beside_them(tmp_path, of, number):
    shapes = [square(n, 0) for n in range(4)]
    communes = {of: ["29019", "29019", "75115", None]}
    table = frame(["0001", "2", "3", "0004"], shapes, column=number, **communes)
    found = read(write(tmp_path / "c.gpkg", table))[0]["bureau_id"].tolist()
    assert found == ["29019_0001", "29019_0002", "75056_1503"]
    assert read(tmp_path / "c.gpkg", "29019")[0]["bureau_id"].tolist() == [
        *found[:2],
        "29019_0004",
    ]


def test_an_arrondissement_beside_the_ids_of_paris_is_part_of_it(tmp_path):
    table = frame(["19-5", "19-6"], [square(0, 0), square(1, 0)], column="num", insee="75119")
    found = read(write(tmp_path / "c.gpkg", table))[0]
    assert found["bureau_id"].tolist() == ["75056_1905", "75056_1906"]


def test_a_shapefile_that_cut_the_name_of_the_ids_is_read(tmp_path):
    # What a Shapefile leaves of codeBureauVote.
    cut = frame(["29019_1", "29019_2"], [square(0, 0), square(1, 0)], column="codeBureau")
    cut.to_file(tmp_path / "bv.shp")
    assert read(tmp_path / "bv.shp")[0]["bureau_id"].tolist() == ["29019_0001", "29019_0002"]


def test_a_row_number_called_id_is_not_taken_for_a_bureau(tmp_path):
    shapes = frame(["a b c d", "e f g h"], [square(0, 0), square(1, 0)], column="id")
    shapes["id_bv"] = ["29019_1", "29019_2"]
    assert read(write(tmp_path / "c.geojson", shapes), "29019")[0]["bureau_id"][1] == "29019_0002"


def test_a_column_that_repeats_is_no_id(tmp_path):
    shapes = frame(["1", "2"] * 2, [square(i, 0) for i in range(4)], column="bureau")
    shapes["id"] = ["101", "102", "201", "202"]
    ids = read(write(tmp_path / "c.geojson", shapes), "29019")[0]["bureau_id"]
    assert ids.tolist() == ["29019_0101", "29019_0102", "29019_0201", "29019_0202"]


def test_rows_of_other_communes_without_id_or_shape_are_left_out_and_listed(tmp_path):
    shapes = frame(
        ["29019_0001", "29061_0001", None, "29019_0003", "29019_0004"],
        [square(0, 0), square(1, 0), square(2, 0), None, Point(*BREST)],
    )
    bureaux, report = read(write(tmp_path / "c.geojson", shapes), "29019")
    assert bureaux["bureau_id"].tolist() == ["29019_0001"]
    assert {o.reason: o.count for o in report.left_out} == {
        "no id of a bureau": 1,
        "outside the place": 1,
        "no shape": 1,
        "not a polygon": 1,
    }
    assert report.rows_read == report.rows_kept + sum(o.count for o in report.left_out)


def test_parts_of_a_bureau_are_joined_and_areas_conserved(tmp_path):
    shapes = frame(
        ["29019_0001", "29019_0002", "29019_0001"], [square(0, 0), square(1, 0), square(5, 0)]
    )
    bureaux, report = read(write(tmp_path / "c.geojson", shapes))
    assert sorted(bureaux["bureau_id"]) == ["29019_0001", "29019_0002"]
    assert bureaux.area.sum() == pytest.approx(3e4, rel=1e-3)
    assert "2 rows joined into 1 bureau(x) in parts: 29019_0001" in report.notes


def test_a_bow_tie_is_repaired_and_reported(tmp_path):
    x, y = BREST
    tie = Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])
    bureaux, report = read(
        write(tmp_path / "c.geojson", frame(["29019_0001", "29019_0002"], [tie, square(3, 0)]))
    )
    assert bureaux.is_valid.all()
    assert bureaux.area[0] == pytest.approx(5e3, rel=1e-3)
    assert report.notes == ("1 invalid polygon(s) repaired: 29019_0001",)


def test_overlaps_above_one_percent_are_noted_and_touching_is_not(tmp_path):
    shapes = frame(
        ["29019_0001", "29019_0002", "29019_0003"],
        [square(0, 0), square(1, 0), square(1.9, 0)],
    )
    _, report = read(write(tmp_path / "c.geojson", shapes))
    assert report.notes == (
        "1 pair(s) of bureaux overlap by more than 1%: 29019_0002 and 29019_0003 (10%)",
    )


def test_heights_are_forgotten_and_multipolygons_kept(tmp_path):
    shapes = frame(
        ["29019_0001", "29019_0002"],
        [MultiPolygon([square(0, 0), square(3, 3)]), shapely.force_3d(square(1, 0), 12.0)],
    )
    bureaux, _ = read(write(tmp_path / "c.gpkg", shapes))
    assert not bureaux.has_z.any()


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "parquet", "geojson"])
def test_any_format(tmp_path, suffix):
    shapes = frame(["29019_0001", "29019_0002"], [square(0, 0), square(1, 0)], column="id_bv")
    path = tmp_path / f"c.{suffix}"
    if suffix == "parquet":
        shapes.to_parquet(path)
    else:
        write(path, shapes)
    assert len(read(path)[0]) == 2


def test_a_terrain_abroad_keeps_its_own_ids(tmp_path):
    shapes = frame(["W-1/a", "W-2/b"], [square(0, 0), square(1, 0)], column="Wahlbezirk", g=1)
    path = write(tmp_path / "c.geojson", shapes.assign(g=["63023", "63067"]))
    bureaux, _ = read(path, id_column="Wahlbezirk", commune_column="g")
    assert bureaux["bureau_id"].tolist() == ["63023_W-1/a", "63067_W-2/b"]
    assert bureaux["commune_id"].tolist() == ["63023", "63067"]
    bureaux, _ = read(path, id_column="Wahlbezirk", commune="eupen")
    assert bureaux["bureau_id"][0] == "eupen_W-1/a"


def test_contours_of_another_town_name_both_towns(tmp_path):
    path = write(tmp_path / "c.geojson", frame(["29019_0001"], [square(0, 0)]))
    with pytest.raises(DataError, match=r"another place[\s\S]*29019; asked for: 75056[\s\S]*mend"):
        read(path, "75056")
    bureaux, _ = read(path)
    expect_known(bureaux, {"29019_0001", "29019_0002"}, file=path.name)
    with pytest.raises(
        DataError, match=r"different places[\s\S]*29019_0001; results r\.csv: .*35238"
    ):
        expect_known(bureaux, {"35238_0001"}, file=path.name, results="r.csv")
    # The same commune: it is the numbers that differ, and no file is of another place.
    with pytest.raises(DataError, match=r"same commune, but no bureau has the same number"):
        expect_known(bureaux, {"29019_0099"}, file=path.name, results="r.csv")


def _geojson(coordinates, crs=None):
    shape = {"type": "Polygon", "coordinates": [coordinates]}
    feature = {"type": "Feature", "properties": {"id_bv": "29019_1"}, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", "features": [feature]} | (crs or {}))


DEGREES = [(-4.5, 48.4), (-4.4, 48.4), (-4.4, 48.5), (-4.5, 48.4)]
# Metres of Lambert II; those of Lambert-93 are known by their numbers.
METRES = [(97e3, 2.4e6), (98e3, 2.4e6), (98e3, 2.41e6), (97e3, 2.4e6)]
SWAPPED = [(y, x) for x, y in DEGREES]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("c.geojson", "", "is empty"),
        ("c.geojson", _geojson(DEGREES)[:120], "cut or damaged"),
        ("c.geojson", '{"type": "FeatureCollection", "features": []}', "holds no shapes"),
        ("c.csv", "bureau;voix\n1;2\n", "not a file of shapes"),
        ("c.txt", "not shapes at all", "not a file of shapes"),
        ("c.parquet", "PAR1 and nothing else", "not a file of shapes"),
        ("c.geojson", _geojson(METRES), "says it is in degrees"),
        ("c.geojson", _geojson(SWAPPED), r"do not lie where EPSG:2154 holds[\s\S]*swapped"),
        ("c.geojson", _geojson(DEGREES).replace("id_bv", "secteur"), "no column of bureau ids"),
        ("c.geojson", _geojson(DEGREES).replace("29019_1", "Mairie du Bourg"), "no column of bur"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=says) as caught:
        read(path)
    assert caught.value.where
    assert caught.value.mend


def test_a_file_cut_in_the_middle_is_refused(tmp_path):
    shapes = frame([f"29019_{i}" for i in range(200)], [square(i, 0) for i in range(200)])
    for suffix in ("geojson", "gpkg"):
        path = write(tmp_path / f"c.{suffix}", shapes)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(DataError, match="cut or damaged"):
            read(path)


def test_a_missing_file_and_a_missing_column_of_the_map(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "absent.geojson")
    path = write(tmp_path / "c.geojson", frame(["1"], [square(0, 0)]))
    with pytest.raises(DataError, match=r"lacks column\(s\) Wahlbezirk"):
        read(path, id_column="Wahlbezirk", commune="eupen")


def test_without_a_crs_it_is_refused_unless_the_map_names_one(tmp_path):
    shapes = frame(["29019_1"], [square(0, 0)], column="id_bv").to_crs("EPSG:27572")
    shapes.to_file(tmp_path / "c.shp")
    (tmp_path / "c.prj").unlink()
    with pytest.raises(DataError, match=r"does not say in which[\s\S]*2\.39[\s\S]*\.prj"):
        read(tmp_path / "c.shp")
    assert read(tmp_path / "c.shp", crs="EPSG:27572")[0].area[0] == pytest.approx(1e4, rel=1e-3)
    with pytest.raises(DataError, match="no known coordinate system"):
        read(tmp_path / "c.shp", crs="EPSG:0")


def _crs(name):
    return {"crs": {"type": "name", "properties": {"name": name}}}


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::999999", "EPSG::999999", "Lambert"])
def test_a_declared_crs_that_is_unknown_is_refused(tmp_path, name, after):
    path = tmp_path / "c.geojson"
    whole = json.loads(_geojson(DEGREES, _crs(name)))
    keys = ("type", "features", "crs") if after else ("type", "crs", "features")
    # Longer than what is looked at on either side.
    whole["features"] *= 2000
    path.write_text(json.dumps({key: whole[key] for key in keys}))
    with pytest.raises(DataError, match=f"“{name}” is no known coordinate system") as caught:
        read(path)
    assert caught.value.where == "c.geojson"
    assert "EPSG" in caught.value.mend
    assert len(read_shapes(path, crs="EPSG:4326")[0]) == 2000, "a column map knows better"


@pytest.mark.parametrize(
    "crs",
    [
        None,
        {"crs": None},
        _crs("urn:ogc:def:crs:OGC:1.3:CRS84"),
        _crs("urn:ogc:def:crs:EPSG::4326"),
    ],
)
def test_a_geojson_without_crs_is_in_wgs84(tmp_path, crs):
    path = tmp_path / "c.geojson"
    path.write_text(_geojson(DEGREES, crs))
    bureaux, _ = read(path)
    west, south, _, _ = bureaux.to_crs("EPSG:4326").total_bounds
    assert (west, south) == pytest.approx((-4.5, 48.4), abs=1e-6)


def test_points_are_not_contours(tmp_path):
    path = write(tmp_path / "c.geojson", frame(["29019_1"], [Point(*BREST)]))
    with pytest.raises(DataError, match=r"no polygon[\s\S]*not a polygon: 1[\s\S]*voting places"):
        read(path)


@real
@pytest.mark.parametrize(
    ("file", "commune", "polygons"),
    [
        ("paris/bureaux_2012.geojson", "75056", 867),
        ("paris/secteurs-des-bureaux-de-vote-2017.geojson", "75056", 896),
        ("paris/bureaux_2026.geojson", "75056", 903),
        ("brest/contours_bureaux.geojson", "29019", 104),
    ],
)
def test_real_contours(file, commune, polygons):
    bureaux, _ = read(DATA / file, commune)
    assert len(bureaux) == polygons
    assert bureaux["bureau_id"].str.fullmatch(rf"{commune}_\d{{4}}").all()


@real
@pytest.mark.parametrize(
    ("election", "joined"),
    [("2017_pres_t1", 896), ("2019_euro_t1", 896), ("2022_pres_t1", 896), ("2024_legi_t1", 857)],
)
def test_paris_2017_joins_as_many_bureaux_as_counted(election, joined):
    bureaux, _ = read(DATA / "paris/secteurs-des-bureaux-de-vote-2017.geojson", "75056")
    results = pd.read_csv(DATA / "paris/general_results.csv", sep=";", dtype=str)
    ids = "75056_" + results.loc[results["id_election"] == election, "code_bv"]
    assert bureaux["bureau_id"].isin(ids).sum() == joined


VIRTUAL = b"""<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1:9/x.geojson
</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""


@pytest.mark.parametrize("name", ["c.geojson", "c.kml", "c.gpkg", "c.xml"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"<!-- <kml -->\n", b"\n" * 200])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_virtual_layer_is_never_opened(tmp_path, monkeypatch, name, before, zipped):
    file = tmp_path / name
    file.write_bytes(before + VIRTUAL)
    if zipped:
        archive = tmp_path / "c.zip"
        with zipfile.ZipFile(archive, "w") as into:
            into.write(file, name)
        file = archive
    monkeypatch.setattr(
        "pyogrio.read_dataframe", lambda *_, **__: pytest.fail("the file was opened")
    )
    with pytest.raises(DataError, match="not a file of shapes that is read here") as caught:
        read_shapes(file)
    assert name in caught.value.where


ADDRESS = "http://127.0.0.1:9/crs"
FETCHED = [
    '"crs": {"type": "link", "properties": {"href": "%s"}}',
    '"crs":{"properties":{"url":"%s"},"type":"URL"}',
    '"cr\\u0073": {"type": "link", "properties": {"href": "%s"}}',
    '"crs": {"type": "\\u006cink", "properties": {"href": "%s"}}',
    '"crs" /* */ : {"type": "link", "properties": {"href": "%s"}}',
    '"crs": {"type": "link", "properties": {"href": "%s", "x": {"y": {}}}, }',
    "'crs': {'type': 'link', 'properties': {'href': '%s'}}",
]


@pytest.mark.parametrize("member", FETCHED)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_coordinate_system_by_address_is_never_fetched(tmp_path, monkeypatch, member, zipped):
    monkeypatch.setattr(
        "pyogrio.read_dataframe", lambda *_, **__: pytest.fail("the file was opened")
    )
    # Far from both ends, across two of the pieces in which a file is looked through.
    padding, told = f'"x": "{"a" * ((1 << 20) - 20)}"', member % ADDRESS
    text = f'{{"type": "FeatureCollection", {padding}, {told}, "features": []}}'
    file = tmp_path / "c.geojson"
    file.write_text(text)
    if zipped:
        with zipfile.ZipFile(tmp_path / "c.zip", "w") as into:
            into.write(file, file.name)
        file = tmp_path / "c.zip"
    with pytest.raises(DataError, match="address of another machine"):
        read_shapes(file)


def test_an_archive_that_swells_is_not_unpacked(tmp_path, monkeypatch):
    file = tmp_path / "c.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as into:
        into.writestr("c.geojson", b"{" + b" " * 5_000_000)
    monkeypatch.setattr(outside_links.refuse_bomb, "__defaults__", (4_000_000,))
    with pytest.raises(DataError, match="would unpack to more"):
        read_shapes(file)


def test_a_column_of_any_name_that_holds_the_ids_of_the_results_is_found(tmp_path):
    shapes = frame(["0001", "0002"], [square(0, 0), square(1, 0)], column="uniq_bdv", nom="École")
    path = write(tmp_path / "c.geojson", shapes)
    with pytest.raises(DataError, match="no column of bureau ids") as caught:
        read(path, "29019")
    assert "--contours-id" in caught.value.mend
    found, _ = read_contours(
        path,
        vintage=2022,
        crs_metric=LAMBERT,
        communes=("29019",),
        known={"29019_0001", "29019_0002", "29019_0003"},
    )
    assert found["bureau_id"].tolist() == ["29019_0001", "29019_0002"]
    assert read(path, "29019", id_column="uniq_bdv")[0]["bureau_id"].tolist() == [
        "29019_0001",
        "29019_0002",
    ]


@pytest.mark.parametrize("vague", ["id", "num", "numero", "code"])
@pytest.mark.parametrize("surer", ["n_bv", "bdv_num", "code_du_bureau"])
def test_a_number_of_rows_or_places_is_not_taken_for_that_of_the_bureau(tmp_path, vague, surer):
    """Both columns hold numbers of the results; taken for one another, bureaux change places."""
    shapes = [square(n, 0) for n in range(4)]
    table = frame([3, 1, 4, 2], shapes, column=vague, **{surer: ["0001", "0002", "0003", "0004"]})
    found, _ = read_contours(
        write(tmp_path / "c.gpkg", table),
        vintage=2022,
        crs_metric=LAMBERT,
        communes=("29019",),
        known={f"29019_000{n}" for n in range(1, 5)},
    )
    west = found.set_index("bureau_id").bounds["minx"]
    assert west.sort_values().index.tolist() == [f"29019_000{n}" for n in range(1, 5)]


@pytest.mark.parametrize("ids", ["29019{:03d}", "Bureau {} - École", "29_{}", "29019-{:04d}"])
def test_more_spellings_of_ids(tmp_path, ids):
    shapes = [square(n, 0) for n in range(3)]
    table = frame([ids.format(n) for n in (1, 2, 3)], shapes, column="bureau")
    found = read(write(tmp_path / "c.gpkg", table), "29019")[0]["bureau_id"].tolist()
    of = "29" if ids == "29_{}" else "00"
    assert found == [f"29019_{of}0{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize("as_text", [shapely.to_geojson, shapely.to_wkt])
def test_shapes_in_a_column_of_a_table(tmp_path, as_text):
    """Portals of towns export them so: « Geo Shape » beside the other columns."""
    shapes = frame([1, 2], [square(0, 0), square(1, 0)], column="num_bureau").to_crs(4326)
    table = pd.DataFrame({"Geo Shape": as_text(shapes.geometry.to_numpy()), "num_bureau": [1, 2]})
    table.to_csv(tmp_path / "c.csv", sep=";", index=False, encoding="utf-8-sig")
    found = read(tmp_path / "c.csv", "29019")[0]
    assert found["bureau_id"].tolist() == ["29019_0001", "29019_0002"]
    assert found.area.sum() == pytest.approx(shapes.to_crs(LAMBERT).area.sum(), rel=1e-3)


def test_degrees_under_a_metric_crs_are_read_as_degrees(tmp_path):
    shapes = frame(["29019_1"], [square(0, 0)]).to_crs("EPSG:4326")
    path = tmp_path / "c.gpkg"
    shapes.set_crs("EPSG:3946", allow_override=True).to_file(path)
    found, report = read(path)
    assert found.area.tolist() == pytest.approx([1e4], rel=1e-3)
    assert report.notes[0].startswith("the file says EPSG:3946, but its coordinates are degrees")


# A ring that crosses itself and touches its own hole, which one repair leaves invalid.
def bow_tie(x, y):
    return Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (lambda x, y: bow_tie(x, y), 5_000),
        (lambda x, y: Polygon([(x, y), (x + 100, y), (x + 100, y + 100), (x, y)] * 2), 5_000),
        (lambda x, y: MultiPolygon([box(x, y, x + 60, y + 60), box(x + 30, y, x + 90, y + 60)]), 0),
        (
            lambda x, y: Polygon(
                box(x, y, x + 100, y + 100).exterior, [box(x, y, x + 50, y + 50).exterior.coords]
            ),
            7_500,
        ),
    ],
)
def test_every_repair_ends_in_a_valid_polygon_or_sets_one_aside(tmp_path, shape, area):
    shapes = frame(["29019_1", "29019_2"], [shape(*BREST), square(3, 3)])
    path = tmp_path / "c.gpkg"
    shapes.to_file(path)
    found, report = read(path)
    assert found.geometry.is_valid.all()
    assert "29019_0002" in found["bureau_id"].tolist()
    mended = found.set_index("bureau_id").geometry.area.get("29019_0001", 0.0)
    if area:
        assert mended == pytest.approx(area, rel=1e-3)
    assert any("repaired" in note for note in report.notes)


@pytest.mark.parametrize(("columns", "read"), [(1_900, True), (2_100, False)])
def test_more_columns_than_any_table_has_are_refused_before_they_are_read(tmp_path, columns, read):
    feature = {
        "type": "Feature",
        "properties": {f"p{n}": "x" for n in range(columns)},
        "geometry": shapely.geometry.mapping(box(2.0, 48.0, 2.1, 48.1)),
    }
    path = tmp_path / "wide.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    if read:
        assert len(read_shapes(path)[0].columns) == columns + 1
        return
    with pytest.raises(DataError) as caught:
        read_shapes(path)
    assert str(caught.value).startswith("wide.geojson has 2100 columns")

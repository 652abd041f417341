"""Coordinates without a name: told by their commune, or by numbers only Lambert-93 has."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS, Transformer
from shapely import box

from analysis.errors import DataError
from analysis.geography.crs import is_lambert
from analysis.readers.addresses import read_addresses
from analysis.readers.contours import Layout, read_contours
from tests.made import grid

LAMBERT, GUADELOUPE = "EPSG:2154", "EPSG:5490"
HEADER = "id;numero;rep;nom_voie;code_insee;"


def squares(west, south, commune="31555"):
    ids = [f"{commune}_0001", f"{commune}_0002"]
    shapes = [box(west, south, west + 100, south + 100)]
    shapes += [box(west + 100, south, west + 200, south + 100)]
    return gpd.GeoDataFrame({"codeBureau": ids}, geometry=shapes)


def geojson(folder, shapes, **member):
    told = json.loads(shapes.to_json())
    told.pop("crs", None)
    (folder / "c.geojson").write_text(json.dumps(told | member))
    return folder / "c.geojson"


def degrees(folder, shapes):
    name = "urn:ogc:def:crs:OGC:1.3:CRS84"
    return geojson(folder, shapes, crs={"type": "name", "properties": {"name": name}})


def package(folder, shapes):
    shapes.to_file(folder / "c.gpkg")
    return folder / "c.gpkg"


def shapefile(folder, shapes):
    shapes.to_file(folder / "c.shp")
    (folder / "c.prj").unlink(missing_ok=True)
    return folder / "c.shp"


def read(file, metric=LAMBERT, **layout):
    return read_contours(file, vintage=2024, crs_metric=metric, layout=Layout(**layout))


pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided")


@pytest.mark.parametrize("written", [geojson, degrees, package, shapefile])
@pytest.mark.parametrize("corner", [(574_000, 6_279_000), (1_180_000, 6_110_000)])
def test_lambert_without_a_name_stays_where_it_is_and_is_said(tmp_path, written, corner):
    """Toulouse, Ajaccio."""
    table, report = read(written(tmp_path, squares(*corner)))
    assert table.total_bounds.tolist() == [*corner, corner[0] + 200, corner[1] + 100]
    assert any("Lambert-93 (EPSG:2154)" in note for note in report.notes)


@pytest.mark.parametrize(
    ("corner", "crs"),
    [
        ((527_000, 1_843_000), LAMBERT),  # Lambert II
        ((1_574_000, 2_266_000), LAMBERT),  # CC43
        ((374_000, 4_828_000), LAMBERT),  # UTM 31N
        ((655_000, 1_797_000), GUADELOUPE),  # UTM 20N
        ((574_000, 6_279_000), GUADELOUPE),  # Lambert-93 in Guadeloupe
    ],
)
@pytest.mark.parametrize("written", [geojson, shapefile])
def test_other_metres_are_refused_with_the_system_of_the_place(tmp_path, corner, crs, written):
    with pytest.raises(DataError, match=r"says it is in degrees|does not say in which") as caught:
        read(written(tmp_path, squares(*corner)), crs)
    assert "RGF93" in caught.value.mend or "RGAF09" in caught.value.mend


@pytest.mark.parametrize("crs", ["EPSG:2154", "EPSG:3857", "EPSG:3943", "EPSG:27572", "EPSG:32631"])
@pytest.mark.parametrize("written", [geojson, degrees, shapefile])
def test_where_the_commune_lies_tells_the_system_that_is_not_named(tmp_path, crs, written):
    """The results are of Toulouse: one system alone puts these metres there."""
    right = squares(574_000, 6_279_000).set_crs(LAMBERT)
    told = right.to_crs(crs).set_crs(None, allow_override=True)
    table, report = read_contours(
        written(tmp_path, told), vintage=2024, crs_metric=LAMBERT, known={"31555_0001"}
    )
    assert table.total_bounds == pytest.approx([574_000, 6_279_000, 574_200, 6_279_100], abs=1)
    assert any(crs in note for note in report.notes)


def test_latitude_before_longitude_is_turned_where_the_commune_tells(tmp_path):
    """Servers that keep the order of EPSG:4326 to the letter send it so."""
    right = squares(574_000, 6_279_000).set_crs(LAMBERT).to_crs(4326)
    turned = shapely.transform(right.geometry.to_numpy(), lambda at: at[:, ::-1])
    file = geojson(tmp_path, right.set_geometry(turned, crs=4326))
    table, report = read_contours(file, vintage=2024, crs_metric=LAMBERT, known={"31555_0001"})
    assert table.total_bounds == pytest.approx([574_000, 6_279_000, 574_200, 6_279_100], abs=1)
    assert any("latitude stands before longitude" in note for note in report.notes)


def test_degrees_without_a_name_are_read_where_they_lie_in_their_place(tmp_path):
    right = squares(574_000, 6_279_000).set_crs(LAMBERT).to_crs(4326)
    file = shapefile(tmp_path, right.set_crs(None, allow_override=True))
    table, report = read_contours(file, vintage=2024, crs_metric=LAMBERT, known={"31555_0001"})
    assert table.total_bounds == pytest.approx([574_000, 6_279_000, 574_200, 6_279_100], abs=1)
    assert any("read as longitude and latitude" in note for note in report.notes)
    with pytest.raises(DataError, match="does not say in which"):
        read_contours(file, vintage=2024, crs_metric=LAMBERT, known={"75056_0101"})


def test_what_the_user_says_is_taken_and_a_foreign_place_is_not_guessed(tmp_path):
    # The metres of Stockholm are numbers that Lambert-93 has too.
    file = shapefile(tmp_path, squares(674_000, 6_580_000, "stockholm"))
    with pytest.raises(DataError, match="does not say in which"):
        read(file, "EPSG:3006", id_column="codeBureau", commune="stockholm")
    table, report = read(
        file, "EPSG:3006", id_column="codeBureau", commune="stockholm", crs="EPSG:3006"
    )
    assert table.total_bounds[0] == pytest.approx(674_000)
    assert not any("Lambert" in note for note in report.notes)
    assert is_lambert((674_000, 6_580_000, 674_200, 6_580_100))


# Addresses


def addresses(folder, columns, values, bureaux, crs=LAMBERT):
    told = ";".join(f"{value:.6f}" for value in values)
    file = folder / "a.csv"
    file.write_text(f"{HEADER}{columns}\n31555_1;3;;Rue A;31555;{told}\n")
    return read_addresses(file, crs_metric=crs, bureaux=bureaux)


def test_positions_are_read_wherever_metres_or_degrees_stand(tmp_path):
    bureaux = grid(["31555_0001"])
    (x, y) = bureaux.geometry.iloc[0].centroid.coords[0]
    lon, lat = Transformer.from_crs(LAMBERT, "EPSG:4326", always_xy=True).transform(x, y)
    for columns, values in (("x;y", (x, y)), ("x;y", (lon, lat)), ("lon;lat", (x, y))):
        table, report = addresses(tmp_path, columns, values, bureaux)
        assert table["bureau_id"].tolist() == ["31555_0001"]
        assert table.geometry.x[0] == pytest.approx(x, abs=0.2)
        said = any("RGF93 v1 / Lambert-93" in note for note in report.notes)
        assert said == (values[0] > 180)


@pytest.mark.parametrize(
    ("values", "crs", "system"),
    [
        # Lambert II and the zone of 50 km, 200 km from the commune of the address.
        ((527_000, 2_043_000), LAMBERT, "Lambert-93"),
        ((1_774_000, 2_266_000), LAMBERT, "Lambert-93"),
        ((574_000, 6_279_000), GUADELOUPE, "UTM zone 20N"),
    ],
)
def test_metres_that_lie_in_their_commune_in_no_system_are_never_put_somewhere(
    tmp_path, values, crs, system
):
    empty = grid(["31555_0001"]).iloc[:0]
    with pytest.raises(DataError, match="No address of this file can be placed") as caught:
        addresses(tmp_path, "x;y", values, empty, crs)
    assert system in caught.value.where
    assert system in caught.value.mend


def test_one_row_far_away_does_not_hide_the_system_of_the_others(tmp_path):
    rows = [f"31555_{n};{n};;Rue A;31555;{527_000 + n};1843000" for n in range(1, 5)]
    file = tmp_path / "a.csv"
    file.write_text("\n".join([f"{HEADER}x;y", *rows, "31555_9;9;;Rue A;31555;0.5;9e6"]) + "\n")
    table, report = read_addresses(file, crs_metric=LAMBERT, bureaux=grid(["31555_0001"]).iloc[:0])
    # By pyproj from EPSG:27572.
    assert table.geometry.x[0] == pytest.approx(573_488, abs=5)
    assert table.geometry.y[0] == pytest.approx(6_277_488, abs=5)
    assert [item.count for item in report.left_out] == [1]


@pytest.mark.parametrize("system", [3943, 3857, 27572, 32631])
def test_metres_of_another_system_are_told_by_the_commune_of_the_address(tmp_path, system):
    bureaux = grid(["31555_0001"])
    bureaux = bureaux.set_geometry([box(574_000, 6_279_000, 574_200, 6_279_100)], crs=LAMBERT)
    at = bureaux.geometry.iloc[[0]].centroid
    told = at.to_crs(system)
    for columns, values in (("x;y", (told.x[0], told.y[0])), ("x;y", (told.y[0], told.x[0]))):
        table, report = addresses(tmp_path, columns, values, bureaux)
        assert table["bureau_id"].tolist() == ["31555_0001"]
        assert table.distance(at).tolist() == pytest.approx([0], abs=5)
        assert any(CRS.from_epsg(system).name in note for note in report.notes)
    assert any("x and y stand in each other's column" in note for note in report.notes)

"""Quarters put on bureaux: IRIS, a town's own polygons, and files that are neither."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from analysis.errors import DataError
from analysis.readers.quarters import read_quarters
from tests.made import DATA

CRS = "EPSG:2154"
IRIS = DATA / "paris" / "iris_contours.geojson"
# Four bureaux side by side, 1 km each.
WEST, SOUTH = 650_000, 6_860_000


def ground(start, end):
    return box(WEST + 1000 * start, SOUTH, WEST + 1000 * end, SOUTH + 1000)


@pytest.fixture(scope="module")
def bureaux():
    table = pd.DataFrame({"bureau_id": [f"99900_{n:04d}" for n in range(4)]})
    return gpd.GeoDataFrame(table, geometry=[ground(n, n + 1) for n in range(4)], crs=CRS)


def written(tmp_path, rows, name="a.geojson"):
    table = gpd.GeoDataFrame([properties for properties, _shape in rows])
    shapes = gpd.GeoDataFrame(table, geometry=[shape for *_, shape in rows], crs=CRS)
    shapes.to_crs(4326).to_file(tmp_path / name)
    return tmp_path / name


def iris(name, kind="H"):
    return {"NOM_IRIS": name, "TYP_IRIS": kind}


def test_a_bureau_lies_in_the_quarter_that_covers_most_of_it(tmp_path, bureaux):
    file = written(
        tmp_path,
        [
            # Two pieces of one quarter cover 0.6 of the second bureau, the other 0.4.
            (iris("PLAINE D'EPINETTES 1"), ground(0, 1.3)),
            (iris("PLAINE D'EPINETTES 12"), ground(1.3, 1.6)),
            (iris("GARE 3", "A"), ground(1.6, 3)),
            (iris("SEINE ET BERGES 1", "D"), ground(3, 4)),
        ],
    )
    streets = ["Rue des Épinettes", "Avenue des Épinettes", "Rue Epinettes"]
    zones, report = read_quarters(file, bureaux=bureaux, streets=streets)
    assert zones.set_index("bureau_id")["name"].to_dict() == {
        "99900_0000": "Plaine d'Épinettes",
        "99900_0001": "Plaine d'Épinettes",
        "99900_0002": "Gare",
    }
    assert set(zones["kind"]) == {"quartier"}
    assert zones["zone_id"].iloc[2] == "99900-Gare"
    assert (report.rows_read, report.rows_kept) == (4, 3)
    assert [(str(one.reason), one.count) for one in report.left_out] == [
        ("parks, rivers: nobody's quarter", 1)
    ]


def test_words_that_no_street_writes_with_their_accents_have_them_too(tmp_path, bureaux):
    file = written(
        tmp_path,
        [
            (iris("CHAMPS ELYSEES 3"), ground(0, 1)),
            (iris("ARTS ET METIERS 1"), ground(1, 2)),
            (iris("VAL DE GRACE 2"), ground(2, 3)),
            (iris("SALPETRIERE 1"), ground(3, 4)),
        ],
    )
    streets = ["Avenue des Champs Elysées", "Rue Grace de Monaco", "Square Grace Kelly"]
    zones, _report = read_quarters(file, bureaux=bureaux, streets=streets)
    assert {*zones["name"]} <= {
        *("Champs Élysées", "Arts et Métiers", "Val de Grâce", "Salpêtrière")
    }
    assert zones["name"].iloc[0] == "Champs Élysées"


def test_a_town_s_own_polygons_keep_their_names(tmp_path, bureaux):
    file = written(tmp_path, [({"quartier": "Les Forges 2"}, ground(0, 4))])
    zones, report = read_quarters(file, bureaux=bureaux)
    assert set(zones["name"]) == {"Les Forges 2"}
    assert str(report.source.licence) == "not stated in the file"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([({"code": "1"}, ground(0, 4))], "does not say what its quarters are called"),
        ([(iris("ELSEWHERE 1"), ground(40, 44))], "No bureau lies in a quarter"),
        ([(iris("TOWN", "Z"), ground(0, 4))], "No bureau lies in a quarter"),
    ],
)
def test_what_is_no_file_of_quarters_is_refused(tmp_path, bureaux, rows, says):
    with pytest.raises(DataError, match=says):
        read_quarters(written(tmp_path, rows), bureaux=bureaux)


@pytest.mark.skipif(not IRIS.is_file(), reason="no IRIS of Paris in ../shared/data")
def test_paris_has_its_eighty_quarters(paris):
    bureaux = paris.read("bureaux")
    own = gpd.GeoDataFrame(bureaux[bureaux["vintage"] == 2017])
    zones, _report = read_quarters(IRIS, bureaux=own)
    assert zones["name"].nunique() == 80
    named = zones.set_index("bureau_id")["name"]
    # First bureaux vote in town halls: place Gambetta, place Léon Blum, rue de Grenelle.
    assert named[["75056_2001", "75056_1101", "75056_0701"]].tolist() == [
        *("Pere Lachaise", "Roquette", "Invalides"),
    ]

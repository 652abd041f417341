"""Tests of `analysis.readers.addresses` and `electors`."""

from __future__ import annotations

import gzip
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Transformer
from shapely import box

from analysis.errors import DataError
from analysis.readers.addresses import read_addresses, sniff
from analysis.readers.contours import read_contours
from analysis.readers.electors import read_electors
from analysis.readers.glance import SURE, look

DATA = Path(__file__).parents[3].parent / "shared" / "data"
LAMBERT = "EPSG:2154"
HEADER = "id;numero;rep;nom_voie;code_insee;lon;lat"
# One bureau west, one east of longitude 2.35; the border itself belongs to both.
ROWS = [
    "75101_a_00001;1;;Rue de l'Abbaye;75101;2.340;48.855",
    "75101_a_00001_b;1;b;Rue de l'Abbaye;75101;2.341;48.855",
    "75101_a_00002;2;;Rue de l'Abbaye;75101;2.360;48.855",
    "75102_b_00007;7;;Boulevard Saint-Michel;75102;2.361;48.855",
    "75102_b_00009;9;;Boulevard Saint-Michel;75102;2.400;48.855",
]
real = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")


def write(path, rows=ROWS, header=HEADER):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def bureaux():
    shapes = [box(2.33, 48.85, 2.35, 48.86), box(2.35, 48.85, 2.37, 48.86)]
    table = {
        "bureau_id": ["75056_0102", "75056_0101"],
        "vintage": 2017,
        "commune_id": "75056",
        "name": "",
    }
    # EPSG:4326 in, so that the border is exactly a meridian; the reader gets it in metres.
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326").to_crs(LAMBERT)


@pytest.fixture
def nothing():
    columns = {"bureau_id": [], "vintage": [], "commune_id": [], "name": []}
    return gpd.GeoDataFrame(columns, geometry=[], crs=LAMBERT)


def read(path, bureaux, *places):
    return read_addresses(path, crs_metric=LAMBERT, bureaux=bureaux, places=places)


@pytest.fixture
def addresses(tmp_path, bureaux):
    return read(write(tmp_path / "ban.csv"), bureaux)[0]


def test_each_address_is_in_its_bureau_or_counted(tmp_path, bureaux):
    table, report = read(write(tmp_path / "ban.csv"), bureaux)
    assert table["bureau_id"].tolist() == ["75056_0102"] * 2 + ["75056_0101"] * 2 + [""]
    assert table["commune_id"].unique().tolist() == ["75056"]
    assert table["number"].tolist() == [1, 1, 2, 7, 9]
    assert table["suffix"].tolist() == ["", "b", "", "", ""]
    assert table["registered"].isna().all()
    assert table["dwellings"].isna().all()
    assert table.crs == LAMBERT
    assert (report.rows_read, report.rows_kept, report.left_out) == (5, 5, ())
    assert report.notes == ("1 address(es) in no contour: kept, without a bureau",)


def test_a_street_that_begins_with_its_own_number_and_suffix_is_the_street(tmp_path, bureaux):
    rows = [
        "a;34;p1;34P1 Rue de la Goutte d'Or;75101;2.340;48.855",
        "b;8;bis;8 Mai 1945;75101;2.341;48.855",
        "c;8;;8 Mai 1945;75101;2.342;48.855",
        "d;7;s1;7S2 Rue de l'Abbaye;75101;2.343;48.855",
    ]
    table, _report = read(write(tmp_path / "ban.csv", rows), bureaux)
    assert table["street"].tolist() == [
        "Rue de la Goutte d'Or", "8 Mai 1945", "8 Mai 1945", "7S2 Rue de l'Abbaye"
    ]  # fmt: skip
    assert table["suffix"].tolist() == ["p1", "bis", "", "s1"]


def test_a_point_on_a_border_goes_to_the_first_bureau_whatever_their_order(tmp_path):
    x, y = Transformer.from_crs("EPSG:4326", LAMBERT, always_xy=True).transform(3.0, 48.862)
    squares = [box(x - 100, y - 50, x, y + 50), box(x, y - 50, x + 100, y + 50)]
    table = {"bureau_id": ["b", "a"], "vintage": 1, "commune_id": "c", "name": ""}
    bureaux = gpd.GeoDataFrame(table, geometry=squares, crs=LAMBERT)
    path = write(tmp_path / "ban.csv", ["1;1;;Rue X;75101;3.0;48.862"])
    for ordered in (bureaux, bureaux[::-1]):
        table, report = read(path, ordered)
        assert table["bureau_id"].tolist() == ["a"]
        assert report.notes == ("1 on a border or overlap: given to the first bureau",)


def test_without_coordinates_or_twice_is_left_out_and_listed(tmp_path, bureaux):
    rows = [*ROWS, "x1;3;;Rue X;75101;;", "x2;3;;Rue X;75101;0;0", "x3;3;;Rue X;75101;2.34;abc"]
    table, report = read(write(tmp_path / "ban.csv", [*rows, ROWS[0]]), bureaux)
    assert len(table) == 5
    assert {o.reason: (o.count, o.examples) for o in report.left_out} == {
        "without coordinates": (3, "x1, x2, x3"),
        "another position": (1, "75101_a_00001"),
    }
    assert report.rows_read == report.rows_kept + 4


def test_only_the_place_is_read(tmp_path, bureaux):
    other = "29019_a_1;1;;Rue de Siam;29019;-4.49;48.39"
    path = write(tmp_path / "ban.csv", [*ROWS, other])
    assert len(read(path, bureaux, "75056")[0]) == 5
    assert len(read(path, bureaux, "75")[0]) == 5
    with pytest.raises(DataError, match=r"no address of the place[\s\S]*asked for: 35"):
        read(path, bureaux, "35")


def test_gzip_parquet_and_no_contours(tmp_path, bureaux, nothing):
    path = write(tmp_path / "ban.csv")
    expected, _ = read(path, bureaux)
    with gzip.open(tmp_path / "ban.csv.gz", "wb") as packed:
        packed.write(path.read_bytes())
    pd.testing.assert_frame_equal(expected, read(tmp_path / "ban.csv.gz", bureaux)[0])
    raw = pd.read_csv(path, sep=";", dtype={"code_insee": str})
    raw.to_parquet(tmp_path / "ban.parquet")
    pd.testing.assert_frame_equal(expected, read(tmp_path / "ban.parquet", bureaux)[0])
    table, report = read(path, nothing)
    assert (table["bureau_id"] == "").all()
    assert report.notes == ("no contours: addresses have no bureau",)


def test_row_order_is_irrelevant_and_inputs_are_unchanged(tmp_path, bureaux):
    before = bureaux.copy()
    one, _ = read(write(tmp_path / "a.csv"), bureaux)
    two, _ = read(write(tmp_path / "b.csv", ROWS[::-1]), bureaux)
    pd.testing.assert_frame_equal(
        one,
        two.sort_values(
            "address_id", key=one.set_index("address_id").index.get_indexer
        ).reset_index(drop=True),
    )
    pd.testing.assert_frame_equal(before, bureaux)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        (HEADER + "\n", "has a header and no rows"),
        ("\n".join([HEADER.replace("lon", "abscisse"), *ROWS]), r"lacks column\(s\): lon"),
        ("\n".join([HEADER, *ROWS]).replace(";", ":"), r"lacks column\(s\)"),
        ("\n".join([HEADER, *ROWS, "75101_c;1;;Ru"]), "cut or damaged"),
        ("\n".join([HEADER, ROWS[4]]), r"different places[\s\S]*75056"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, bureaux, content, says):
    path = tmp_path / "ban.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=says) as caught:
        read(path, bureaux)
    assert caught.value.mend


def test_a_cut_archive_is_refused(tmp_path, bureaux):
    path = tmp_path / "ban.csv.gz"
    packed = gzip.compress("\n".join([HEADER, *(ROWS * 2000)]).encode())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match="cut or damaged"):
        read(path, bureaux)


def test_cut_or_absent_electors_are_refused(tmp_path, addresses):
    path = tmp_path / "e.csv.gz"
    path.write_bytes(
        gzip.compress("\n".join([PARIS, *["01,01,1,RUE,X,4,0101"] * 99]).encode())[:60]
    )
    for file, says in ((path, "cut or damaged"), (tmp_path / "absent.csv", "no such file")):
        with pytest.raises(DataError, match=says):
            read_electors(file, addresses)


PARIS = "arrondissement,bureau,numero,voie,nom,nb,ID"


def electors(path, rows, header=PARIS):
    return write(path, rows, header)


def test_registered_meet_their_address_by_street_and_number(tmp_path, addresses):
    rows = [
        "01,01,1,RUE DE L,ABBAYE,20,0101",
        "01,01,2,RUE DE L,ABBAYE,5,0101",
        "01,02,2,RUE DE L,ABBAYE,6,0102",
        "02,01,7,BOULEVARD,ST MICHEL,40,0201",
        "02,01,11,BOULEVARD,ST MICHEL,8,0201",
        "02,01,1,RUE DE,ROCHECHOUART,21,0201",
    ]
    table, report = read_electors(electors(tmp_path / "e.csv", rows), addresses)
    assert table["registered"].fillna(-1).tolist() == [20, -1, 11, 40, -1]
    assert addresses["registered"].isna().all()
    assert (report.rows_read, report.rows_kept) == (6, 4)
    assert {o.reason: (o.count, o.examples) for o in report.left_out} == {
        "street not among the addresses": (1, "RUE DE ROCHECHOUART (21 registered)"),
        "number not in its street": (1, "BOULEVARD ST MICHEL (8 registered)"),
    }
    assert report.notes == ("71 of 100 registered (71.0%) have an address",)


def test_a_general_layout_with_suffix_and_commune(tmp_path, addresses):
    rows = [
        "1 BIS;Rue de l'Abbaye;75101;3",
        "1;Rue de l'Abbaye;75101;4",
        "7 ter;Bd St Michel;75102;5",
    ]
    path = electors(tmp_path / "e.csv", rows, "number;street;insee;registered")
    table, report = read_electors(path, addresses)
    assert table["registered"].fillna(0).tolist() == [4, 3, 0, 5, 0]
    assert "1 row(s) met their number with another suffix" in report.notes


def test_a_number_without_suffix_goes_to_the_bare_door_else_to_its_first_suffix(tmp_path, bureaux):
    numbers = ["3;t", "3;b", "5;b", "5;"]
    rows = [f"id{k};{n};Rue X;75101;2.34;48.855" for k, n in enumerate(numbers)]
    table, _ = read(write(tmp_path / "ban.csv", rows), bureaux)
    path = electors(tmp_path / "e.csv", ["01,01,3,RUE,X,4,0101", "01,01,5,RUE,X,6,0101"])
    assert read_electors(path, table)[0]["registered"].fillna(0).tolist() == [0, 4, 0, 6]


def test_a_person_s_name_is_not_taken_for_a_street(tmp_path, addresses):
    rows = ["2;Rue de l'Abbaye;Dupont;1"]
    path = electors(tmp_path / "e.csv", rows, "numero;voie;nom;nb")
    assert read_electors(path, addresses)[0]["registered"].sum() == 1


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        (PARIS, ["01,01,1,RUE DE L,ABBAYE,many,0101"], r"not a whole number[\s\S]*line 2: 'many'"),
        (PARIS, ["01,01,1,RUE DE L,ABBAYE,-4,0101"], r"not a whole number[\s\S]*line 2: '-4'"),
        (PARIS, ["01,01,1,RUE DE L,ABBAYE,1.5,0101"], r"not a whole number[\s\S]*line 2: '1.5'"),
        (PARIS, ["01,01,1,RUE DE,SIAM,4,0101"], r"None of these addresses[\s\S]*RUE DE SIAM"),
        (PARIS.replace("nb", "people"), ["01,01,1,RUE,X,4,0101"], r"lacks column\(s\): nb"),
        (PARIS, [], "has a header and no rows"),
    ],
)
def test_bad_electors_say_what_is_wrong(tmp_path, addresses, header, rows, says):
    path = electors(tmp_path / "e.csv", rows, header)
    with pytest.raises(DataError, match=says) as caught:
        read_electors(path, addresses)
    assert caught.value.mend


def test_two_communes_need_a_column_that_says_which(tmp_path, addresses):
    two = addresses.assign(commune_id=["75056"] * 4 + ["93001"])
    path = electors(tmp_path / "e.csv", ["01,01,1,RUE DE L,ABBAYE,20,0101"])
    with pytest.raises(DataError, match=r"in which commune[\s\S]*code_insee"):
        read_electors(path, two)


@real
def test_paris_addresses_and_electors_as_counted_by_hand():
    contours, _ = read_contours(
        DATA / "paris/secteurs-des-bureaux-de-vote-2017.geojson",
        vintage=2017,
        crs_metric=LAMBERT,
        communes=("75056",),
    )
    table, report = read(DATA / "paris/adresses-75.csv.gz", contours, "75056")
    assert len(table) == 158_048
    assert (table["bureau_id"] != "").mean() == pytest.approx(0.987, abs=5e-4)
    path = DATA / "paris/electeurs_par_adresse_2012.csv"
    table, report = read_electors(path, table)
    total = pd.read_csv(path)["nb"].sum()
    assert report.rows_read == 72_107
    assert table["registered"].sum() / total > 0.99


@real
def test_spatial_assignment_agrees_with_geopandas():
    contours, _ = read_contours(
        DATA / "paris/bureaux_2012.geojson", vintage=2012, crs_metric=LAMBERT, communes=("75056",)
    )
    table, _ = read(DATA / "paris/adresses-75.csv.gz", contours)
    part = table[::50]
    joined = part[["geometry"]].sjoin(contours[["bureau_id", "geometry"]], predicate="intersects")
    first = joined.groupby(level=0)["bureau_id"].min().reindex(part.index).fillna("")
    assert (first == part["bureau_id"]).all()


@pytest.fixture
def twice(tmp_path, bureaux):
    """Give one street name in two former communes: numbers 1 and 3 in either bureau."""
    rows = [
        f"{commune}_{number};{number};;Rue de la Gare;75101;{lon};48.855"
        for commune, lon in (("west", 2.340), ("east", 2.360))
        for number in (1, 3)
    ]
    return read(write(tmp_path / "twice.csv", rows), bureaux)[0]


def persons(table):
    return dict(zip(table["address_id"], table["registered"].fillna(0), strict=True))


RIGHT = {"west_1": 4, "west_3": 6, "east_1": 40, "east_3": 60}
TOLD = {
    "Paris's own columns": (
        PARIS,
        [f"01,{b},{n},RUE DE LA,GARE,{v},x" for b, n, v in (("02", 1, 4), ("02", 3, 6))]
        + ["01,01,1,RUE DE LA,GARE,40,x", "01,01,3,RUE DE LA,GARE,60,x"],
    ),
    "the bureau's id": (
        "bureau_id;numero;voie;nb",
        [f"75056_{b};{n};rue de la gare;{v}" for b, n, v in (("0102", 1, 4), ("0102", 3, 6))]
        + ["75056_0101;1;r. de la Gare;40", "75056_0101;3;r. de la Gare;60"],
    ),
    "coordinates": (
        "numero;voie;nb;lon;lat",
        ["1;Rue de la Gare;4;2.3401;48.855", "3;Rue de la Gare;6;2.3401;48.855"]
        + ["1;Rue de la Gare;40;2.3599;48.8551", "3;Rue de la Gare;60;2.3599;48.855"],
    ),
}


@pytest.mark.parametrize(("header", "rows"), TOLD.values(), ids=TOLD)
def test_what_tells_two_addresses_of_one_name_apart_is_used(tmp_path, twice, header, rows):
    table, report = read_electors(electors(tmp_path / "e.csv", rows, header), twice)
    assert persons(table) == RIGHT
    assert report.left_out == ()


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("numero;voie;nb", ["1;Rue de la Gare;4", "3;Rue de la Gare;6"]),
        ("bureau;numero;voie;nb", ["0909;1;Rue de la Gare;4", ";3;Rue de la Gare;6"]),
        (
            "numero;voie;nb;lon;lat",
            ["1;Rue de la Gare;4;2.35;48.855", "3;Rue de la Gare;6;;"],
        ),
    ],
)
def test_what_stays_ambiguous_is_counted_and_named_and_given_to_none(tmp_path, twice, header, rows):
    table, report = read_electors(electors(tmp_path / "e.csv", rows, header), twice)
    assert table["registered"].isna().all()
    (item,) = report.left_out
    assert item.reason == "the same address in several bureaux, and nothing tells which"
    assert item.count == 2
    assert item.examples == "Rue de la Gare (10 registered)"
    assert report.notes[0] == "0 of 10 registered (0.0%) have an address"


def test_one_address_told_twice_in_one_bureau_is_no_doubt(tmp_path, bureaux):
    rows = [f"id{k};1;;Rue X;75101;2.34{k};48.855" for k in range(2)]
    table, _ = read(write(tmp_path / "ban.csv", rows), bureaux)
    path = electors(tmp_path / "e.csv", ["1;Rue X;7"], "numero;voie;nb")
    assert read_electors(path, table)[0]["registered"].sum() == 7


def test_a_place_without_a_number_gets_no_doors(tmp_path, bureaux):
    rows = [*ROWS, "h1;99999;;Le Hameau;75101;2.341;48.855", "h2;099999;;La Ferme;75101;2.34;48.85"]
    table, report = read(write(tmp_path / "ban.csv", rows), bureaux)
    assert len(table) == len(ROWS)
    (item,) = report.left_out
    assert (item.reason, item.count) == ("a place without a number (99999)", 2)


def test_metres_are_read_where_there_are_no_degrees(tmp_path, bureaux):
    to_metres = Transformer.from_crs("EPSG:4326", LAMBERT, always_xy=True).transform
    header = "cle_interop;numero;suffixe;voie_nom;commune_insee;x;y;long;lat"
    x, y = to_metres(2.340, 48.855)
    rows = [f"a;1;;Rue X;75101;{x};{y};;", f"b;2;;Rue X;75101;{x};{y};2.360;48.855"]
    table, report = read(write(tmp_path / "bal.csv", rows, header), bureaux)
    assert table["bureau_id"].tolist() == ["75056_0102", "75056_0101"]
    assert report.left_out == ()
    alone = read(
        write(tmp_path / "xy.csv", [rows[0][:-2]], header.removesuffix(";long;lat")), bureaux
    )
    assert alone[0].geometry.x.tolist() == pytest.approx([x])


def test_a_file_of_which_nothing_can_be_placed_stops(tmp_path, bureaux):
    rows = [row.rsplit(";", 2)[0] + ";;" for row in ROWS]
    with pytest.raises(DataError, match="No address of this file can be placed") as caught:
        read(write(tmp_path / "ban.csv", rows), bureaux)
    assert "without coordinates: 5" in caught.value.where


def test_headers_are_known_without_case_accents_points_and_spaces(tmp_path, bureaux):
    header = "ID;Numéro;Rép.;Nom Voie;Code INSEE;Lon;Lat"
    table, _ = read(write(tmp_path / "ban.csv", header=header), bureaux)
    assert table["number"].tolist() == [1, 1, 2, 7, 9]


def test_a_list_of_a_spreadsheet_is_read_by_its_short_headings(tmp_path, bureaux):
    west, south, east, north = bureaux.to_crs(4326).total_bounds
    at = f"{(west + east) / 2:.6f};{(south + north) / 2:.6f}".replace(".", ",")
    rows = [f"{n};{s};Rue du Pré;80001;{at}" for n, s in ((1, ""), (3, "bis"), (9999, ""))]
    file = tmp_path / "liste.csv"
    file.write_text("\n".join(["N°;Rép;Voie;Code commune;Longitude;Latitude", *rows]) + "\n")
    with file.open("rb") as stream:
        assert sniff(look(file.name, stream)) == SURE
    table, report = read_addresses(file, crs_metric="EPSG:2154", bureaux=bureaux)
    assert table["address_id"].tolist() == ["80001_ruedupre_1", "80001_ruedupre_3bis"]
    assert table["number"].tolist() == [1, 3]
    (item,) = report.left_out
    assert (str(item.reason), item.count) == ("a place without a number (9999)", 1)


def test_a_list_of_the_format_bal_1_1_has_the_commune_in_its_key_alone(tmp_path, bureaux):
    header = "cle_interop;numero;suffixe;voie_nom;long;lat"
    rows = [";".join(cell for n, cell in enumerate(row.split(";")) if n != 4) for row in ROWS]
    table, _ = read(write(tmp_path / "bal.csv", rows, header), bureaux, "75056")
    assert table["commune_id"].unique().tolist() == ["75056"]
    assert table["bureau_id"].tolist() == ["75056_0102"] * 2 + ["75056_0101"] * 2 + [""]
    nameless = [row.replace("75101_", "x").replace("75102_", "x") for row in rows]
    two = bureaux.assign(commune_id=["75056", "93001"])
    with pytest.raises(DataError, match="lacks column.* code_insee / commune_insee"):
        read(write(tmp_path / "bal.csv", nameless, header), two)
